"""Golden exchanges: what a caller gets, and what the node gets, byte for byte (data/exchanges.txt)."""

import gzip
import json
import pathlib
import re
import unittest

import raw_http
from engine import Engine, PREDICTIONS, unit
from stub_node import Answer, Drop, RefusedPort, SELDON_ANSWER, StubNode, gzipped

TABLE = pathlib.Path(__file__).parent.parent / "data" / "exchanges.txt"
UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
DATE = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT")
GZIPPED = gzip.compress(SELDON_ANSWER, mtime=0)
METADATA = (b'{"name":"classifier","versions":["fake/v1"],"platform":"seldon","inputs":[{"messagetype":'
            b'"tensor","schema":{"names":["a"],"shape":[1]}}],"outputs":[{"messagetype":"tensor",'
            b'"schema":{"names":["b"],"shape":[1]}}]}')
COMMON = {
    "access-control-allow-headers":
        "Accept, Accept-Encoding, Authorization, Content-Length, Content-Type, X-CSRF-Token",
    "access-control-allow-origin": "*",
    "x-content-type-options": "nosniff",
    "seldon-puid": UUID4,
    "date": DATE,
}
METHODS = {"POST": "OPTIONS,POST", "GET": "GET,OPTIONS"}


def classifier(request):
    """The recorded node: what it answers is asked for in the body."""
    ask = re.search(rb"MAKE([A-Z0-9]+)", request.body)
    if request.target == "/metadata":
        return Answer(body=METADATA)
    if not ask:
        return Answer()
    kind = ask.group(1).decode()
    own_type = request.get("Content-Type")
    return {
        "ECHO": lambda: Answer(body=request.body,
                               headers=[("Content-Type", own_type)] if own_type else []),
        "GZIP": lambda: gzipped(SELDON_ANSWER),
        "500": lambda: Answer(500, body=b'{"status":{"code":-1,"info":"model broke","reason":'
                                        b'"MICROSERVICE_INTERNAL_ERROR","status":1}}'),
        "400": lambda: Answer(400, body=b'{"status":{"code":-1,"info":"bad input","reason":'
                                        b'"MICROSERVICE_BAD_DATA","status":1}}'),
        "418": lambda: Answer(418, [("Content-Type", "text/html")], b"<p>teapot</p>"),
        "201": lambda: Answer(201),
        "204": lambda: Answer(204, [], b""),
        "302": lambda: Answer(302, [("Content-Type", "text/plain"), ("Location", "/elsewhere")],
                              b"moved"),
        "EMPTY": lambda: Answer(body=b""),
        "NOCT": lambda: Answer(headers=[]),
        "CLOSE": lambda: Drop(),
    }[kind]()


class Part:
    """The lines of one side: first line, headers, body (None when the table has none)."""

    def __init__(self, lines):
        self.first = lines[0] if lines else None
        split = lines.index("") if "" in lines else len(lines)
        self.headers = lines[1:split]
        self.body = to_bytes("".join(lines[split + 1:])) if split < len(lines) else None


def to_bytes(text):
    plain = text.replace("$ANSWER", SELDON_ANSWER.decode()).encode()
    plain = re.sub(rb"\\(r|n|x[0-9a-f]{2})", lambda m: {b"r": b"\r", b"n": b"\n"}.get(m.group(1))
                   or bytes([int(m.group(1)[1:], 16)]), plain)
    return plain.replace(b"$GZIPPED", GZIPPED)


def cases():
    for block in re.split(r"^=== ", TABLE.read_text(), flags=re.M)[1:]:
        name, *lines = block.strip("\n").split("\n")
        sides = {">": [], "N": [], "<": [], "<~": []}
        for line in filter(None, lines):
            mark, _, rest = line.partition(" ")
            sides[mark].append(rest)
        yield name, Part(sides[">"]), Part(sides["N"]), Part(sides["<"]), "".join(sides["<~"])


def pairs(lines):
    return [tuple(line.split(": ", 1)) for line in lines]


class ExchangesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.node = StubNode(classifier)
        cls.dead = RefusedPort()
        cls.engine = Engine(unit("classifier", cls.node))
        cls.dead_engine = Engine(unit("classifier", cls.dead), wait="/live")

    @classmethod
    def tearDownClass(cls):
        for thing in (cls.node, cls.dead):
            thing.close()
        for engine in (cls.engine, cls.dead_engine):
            engine.stop()

    def test_table(self):
        count = 0
        for name, sent, at_node, expected, members in cases():
            count += 1
            with self.subTest(name):
                dead = name.endswith("[dead]")
                self.node.forget()
                verb, path = sent.first.split(" ")
                engine = self.dead_engine if dead else self.engine
                answer = engine.ask(verb, path, sent.body, pairs(sent.headers))
                self.check_answer(answer, expected, verb)
                if members:
                    port = str((self.dead if dead else self.node).port)
                    self.check_members(answer.json(), json.loads(members.replace("$PORT", port)))
                elif verb != "HEAD":
                    self.assertEqual(answer.body, expected.body or b"")
                if not dead:
                    self.check_node(at_node, sent, answer)
        self.assertGreater(count, 60)

    def check_answer(self, answer, expected, verb):
        self.assertEqual(answer.status, int(expected.first), answer)
        wanted = {}
        for line in expected.headers:
            if line.startswith("common"):
                wanted.update(COMMON)
                if line != "common":
                    wanted["access-control-allow-methods"] = METHODS[line.split(" ")[1]]
            else:
                key, value = line.split(": ", 1)
                wanted[key.lower()] = value
        if answer.status != 204:
            wanted["content-length"] = str(len(answer.body))
        got = {key.lower(): value for key, value in answer.headers}
        self.assertEqual(len(got), len(answer.headers), f"a header twice: {answer.headers}")
        if verb == "HEAD":
            wanted.pop("content-length", None)
            got.pop("content-length", None)
        self.assertEqual(sorted(got), sorted(wanted))
        for key, value in wanted.items():
            if isinstance(value, str):
                same = (re.split(", ?", got[key]), re.split(", ?", value)) if key == "allow" else (
                    [got[key]], [value])
                self.assertEqual(sorted(same[0]), sorted(same[1]), key)
            else:
                self.assertRegex(got[key], value, key)

    def check_members(self, got, wanted, path=""):
        for key, value in wanted.items():
            self.assertIn(key, got, path)
            if isinstance(value, dict):
                self.check_members(got[key], value, f"{path}.{key}")
            elif key == "info":
                for text in [value] if isinstance(value, str) else value:
                    self.assertIn(text, got[key])
            else:
                self.assertEqual(got[key], value, f"{path}.{key}")

    def check_node(self, at_node, sent, answer):
        calls = self.node.calls()
        if at_node.first is None:
            self.assertEqual(calls, [])
            return
        # A connection that ends without an answer may have been a kept one: then a fresh one is tried.
        self.assertIn(len(calls), (1, 2) if b"MAKECLOSE" in (sent.body or b"") else (1,))
        call = calls[-1]
        self.assertEqual(call.start_line, at_node.first + " HTTP/1.1")
        for line in at_node.headers:
            if line.startswith("!"):
                self.assertEqual(call.all(line[1:]), [], line)
            else:
                key, value = line.split(": ", 1)
                self.assertEqual(call.get(key), value)
        self.assertEqual(call.get("Host"), f"127.0.0.1:{self.node.port}")
        self.assertEqual(call.get("Seldon-Puid"), answer.get("Seldon-Puid"))
        self.assertEqual(call.body, sent.body or b"")
        if call.verb == "POST":
            self.assertEqual(call.get("Content-Length"), str(len(sent.body)))
            self.assertEqual(call.get("Content-Type"), dict(pairs(sent.headers)).get("Content-Type"))
        if at_node.body is not None:
            self.assertEqual(call.body, at_node.body)

    def test_a_mebibyte(self):
        body = b'{"strData":"MAKEECHO' + b"x" * (1 << 20) + b'"}'
        answer = self.engine.predict(body)
        self.assertEqual(answer.status, 200)
        self.assertTrue(answer.body == body)
        self.assertTrue(self.node.last.body == body)

    def test_sixteen_mebibytes(self):
        body = b"MAKEECHO" + bytes(range(256)) * (1 << 16)
        answer = self.engine.predict(body, [("Content-Type", "application/octet-stream")])
        self.assertEqual(answer.status, 200)
        self.assertTrue(answer.body == body)

    def test_puids_differ(self):
        puids = {self.engine.get("/live").get("Seldon-Puid") for _ in range(50)}
        self.assertEqual(len(puids), 50)

    def test_repeated_headers_reach_the_node_in_order(self):
        self.engine.predict(headers=[("Content-Type", "application/json"), ("X-A", "1"),
                                     ("X-B", "2"), ("X-A", "3")])
        self.assertEqual(self.node.last.all("X-A"), ["1", "3"])

    def test_doc_page(self):
        for version in ("v0.1", "v1.0"):
            page = self.engine.get(f"/api/{version}/doc/")
            self.assertEqual((page.status, page.get("Content-Type").split(";")[0]),
                             (200, "text/html"))
            self.assertNotRegex(page.body, rb"(src|href)=.?https?://")

    def test_absolute_form_of_the_target(self):
        self.assertEqual(self.engine.get("http://example.org/live").status, 200)

    def test_node_names_are_percent_decoded(self):
        self.assertEqual(self.engine.get("/api/v1.0/status/class%69fier").status, 200)


class CorsTest(unittest.TestCase):
    def test_origins_and_headers_from_the_environment(self):
        with StubNode() as node, Engine(unit("m", node), env={
                "CORS_ALLOWED_ORIGINS": "https://a.example", "CORS_ALLOWED_HEADERS": "X-One"}) as engine:
            for answer in (engine.get("/live"), engine.predict(), engine.get("/nope"),
                           engine.ask("OPTIONS", PREDICTIONS)):
                self.assertEqual(answer.get("Access-Control-Allow-Origin"), "https://a.example")
                self.assertEqual(answer.get("Access-Control-Allow-Headers"), "X-One")

    def test_set_but_empty_gives_an_empty_header(self):
        with StubNode() as node, Engine(unit("m", node),
                                        env={"CORS_ALLOWED_HEADERS": ""}) as engine:
            self.assertEqual(engine.get("/live").get("Access-Control-Allow-Headers"), "")


class MetricsPathTest(unittest.TestCase):
    def test_default_and_any_verb(self):
        with StubNode() as node, Engine(unit("m", node)) as engine:
            for verb in ("GET", "POST", "PUT"):
                answer = engine.ask(verb, "/prometheus")
                self.assertEqual(answer.status, 200)
                self.assertEqual(answer.get("Content-Type"),
                                 "text/plain; version=0.0.4; charset=utf-8")
            head = raw_http.ask(engine.port, "HEAD", "/prometheus")
            self.assertEqual((head.status, head.body), (200, b""))

    def test_set_by_flag(self):
        with StubNode() as node, Engine(unit("m", node), "--prometheus_path", "/m") as engine:
            self.assertEqual(engine.get("/m").status, 200)
            self.assertEqual(engine.get("/prometheus").status, 404)


if __name__ == "__main__":
    unittest.main()
