"""Any front over any node: the same answers, and errors that cross from one transport to the other."""

import json
import pathlib
import unittest

import protos
from engine import Engine, JSON, unit
from grpc_client import FEEDBACK, GRAPH_METADATA, MODEL_METADATA
from grpc_node import Failure, GrpcNode, Reply, route, text
from stub_node import Answer, StubNode, gzipped

GOLDEN = pathlib.Path(__file__).resolve().parents[1] / "data" / "grpc_golden.txt"
JSON_TYPE = "application/json"


def golden():
    """(name, body of a REST caller, the tree after a pass through proto)."""
    blocks = GOLDEN.read_text(encoding="utf-8").split("\n\n")[1:]
    for name, body, out in (block.strip("\n").split("\n") for block in blocks):
        yield name, body.encode(), json.loads(body if out == "=" else out)


def tree(data):
    """JSON of which all numbers are floats: 1, 1.0 and 1e0 are the same."""
    def as_floats(value):
        if isinstance(value, bool) or not isinstance(value, (int, list, dict)):
            return value
        if isinstance(value, int):
            return float(value)
        if isinstance(value, list):
            return [as_floats(each) for each in value]
        return {key: as_floats(each) for key, each in value.items()}

    return as_floats(json.loads(data) if isinstance(data, (bytes, str)) else data)


class MixedTest(unittest.TestCase):
    maxDiff = None

    def rest(self, answer=None):
        node = StubNode(answer)
        self.addCleanup(node.close)
        return node

    def grpc(self, answer=None):
        node = GrpcNode(answer)
        self.addCleanup(node.close)
        return node

    def start(self, graph, *flags, **more):
        engine = Engine(graph, *flags, **more)
        self.addCleanup(engine.stop)
        client = engine.grpc()
        self.addCleanup(client.close)
        return engine, client

    def ok(self, outcome):
        self.assertEqual(outcome.code, "OK", outcome)
        return outcome


class GoldenTest(MixedTest):
    """An echo behind the engine; what reaches it and what comes back."""

    def setUp(self):
        self.rest_node = self.rest(lambda request: Answer(body=request.body))
        self.grpc_node = self.grpc(lambda call: Reply(call.body))

    def same_json(self, data, expected):
        self.assertEqual(tree(data), tree(expected))

    def same_message(self, data, expected):
        got = protos.SeldonMessage.FromString(data)
        self.assertEqual(got.SerializeToString(deterministic=True),
                         expected.SerializeToString(deterministic=True), got)

    def each(self, check):
        cases = list(golden())
        self.assertGreater(len(cases), 35)
        for name, body, expected in cases:
            with self.subTest(name):
                check(body, expected)

    def test_rest_over_rest(self):
        engine, _ = self.start(unit("m", self.rest_node))

        def check(body, _):
            answer = engine.predict(body)
            self.assertEqual((answer.status, answer.body), (200, body))
            self.assertEqual(self.rest_node.last.body, body)

        self.each(check)

    def test_rest_over_grpc(self):
        engine, _ = self.start(unit("m", self.grpc_node))

        def check(body, expected):
            answer = engine.predict(body)
            self.assertEqual((answer.status, answer.get("Content-Type")), (200, JSON_TYPE), answer)
            self.same_message(self.grpc_node.last.body, protos.from_json(expected))
            self.same_json(answer.body, expected)
            for token in (b": ", b", \"", b"\n"):
                if token not in json.dumps(expected, ensure_ascii=False).encode().replace(
                        b": ", b":").replace(b", ", b","):
                    self.assertNotIn(token, answer.body, "not compact")

        self.each(check)

    def test_grpc_over_rest(self):
        _, client = self.start(unit("m", self.rest_node))

        def check(_, expected):
            message = protos.from_json(expected)
            outcome = self.ok(client.predict(message))
            self.assertEqual(self.rest_node.last.get("Content-Type"), JSON_TYPE)
            self.assertEqual(self.rest_node.last.target, "/predict")
            self.same_json(self.rest_node.last.body, expected)
            self.same_message(outcome.body, message)

        self.each(check)

    def test_grpc_over_grpc(self):
        _, client = self.start(unit("m", self.grpc_node))

        def check(_, expected):
            message = protos.from_json(expected)
            outcome = self.ok(client.predict(message))
            self.assertEqual(self.grpc_node.last.body, message.SerializeToString())
            self.assertEqual(outcome.body, message.SerializeToString())

        self.each(check)

    def test_there_and_back_and_there_again(self):
        """gRPC, REST, gRPC, REST in one walk."""
        hops = [self.grpc_node, self.rest_node, self.grpc_node, self.rest_node]
        graph = unit("n3", hops[3])
        for number, node in enumerate(hops[:3]):
            graph = unit(f"t{number}", node, "TRANSFORMER", [graph])
        for node in (self.grpc_node, self.rest_node):
            node.default = (lambda call: Reply(call.body)) if node is self.grpc_node else (
                lambda request: Answer(body=request.body))
        engine, client = self.start(graph)

        def check(body, expected):
            self.same_json(engine.predict(body).body, expected)
            self.same_message(self.ok(client.predict(protos.from_json(expected))).body,
                              protos.from_json(expected))

        self.each(check)

    def test_a_large_tensor(self):
        values = [0.1 * i for i in range(100_000)]
        message = protos.from_json({"data": {"tensor": {"shape": [100, 1000], "values": values}}})
        body = json.dumps({"data": {"tensor": {"shape": [100, 1000], "values": values}}}).encode()
        over_grpc, _ = self.start(unit("m", self.grpc_node))
        self.assertEqual(json.loads(over_grpc.predict(body).body)["data"]["tensor"]["values"], values)
        self.assertEqual(self.grpc_node.last.body, message.SerializeToString())
        _, client = self.start(unit("m", self.rest_node))
        self.assertEqual(self.ok(client.predict(message)).body, message.SerializeToString())


class RefusedTest(MixedTest):
    """What has no other form: an error of the caller, and nothing reaches the node."""

    BODIES = (b'{"data":{"ndarray":[NaN]}}', b'{"data":{"ndarray":[[Infinity]]}}', b'{"jsonData":NaN}',
              b'{"binData":"*"}', b'{"strData":1}', b'{"strData":"a","binData":"AA=="}',
              b'{"data":[]}', b'{"data":{"tensor":{"values":["x"]}}}',
              b'{"data":{"tensor":{"shape":[1.5]}}}', b'{"data":{"tensor":{"shape":[2147483648]}}}',
              b'{"data":{"tensor":[1]}}', b'{"meta":{"routing":{"r":"x"}}}', b'{"meta":7}',
              b'{"meta":{"metrics":[{"type":"NO_SUCH"}]}}', b'{"customData":{"@type":"x/no.Such"}}',
              b'{"customData":{"a":1}}', b'{"strData":"\\ud800"}', b'{"strData":"\xff"}', b"[]", b"1",
              b'"x"', b"null", b"", b"{", b'{"strData":"x"', b'{"strData":"x"}}', b"{}{}", b"{,}",
              b'{"data":{"tensor":{"values":[01]}}}', b'{"data":{"tensor":{"values":[1,]}}}',
              b'{"data":{"ndarray":' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
              b'{"jsonData":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}")

    def test_rest_bodies(self):
        node = self.grpc()
        engine, _ = self.start(unit("m", node))
        for body in self.BODIES:
            with self.subTest(body[:60]):
                answer = engine.predict(body)
                self.assertEqual(answer.status, 400, answer)
                told = answer.json()["status"]
                self.assertEqual((told["code"], told["reason"], told["status"]),
                                 (400, "INVALID_ARGUMENT", "FAILURE"))
        self.assertEqual(node.calls(), [])
        self.assertTrue(engine.alive())

    def test_messages(self):
        nan = protos.SeldonMessage()
        nan.data.ndarray.values.add().number_value = float("nan")
        infinite = protos.SeldonMessage()
        infinite.jsonData.number_value = float("inf")
        deep = protos.SeldonMessage()
        value = deep.jsonData
        for _ in range(90):
            value = value.list_value.values.add()
        unknown = protos.SeldonMessage()
        unknown.customData.type_url, unknown.customData.value = "x/no.Such", b"\xff"
        node = self.rest()
        engine, client = self.start(unit("m", node))
        for body in (nan, infinite, unknown, b"\xff\xff", b"\x2a\x05ab", b"\x2a\x02\xff\xfe",
                     b"\x1a\x02\x12\x05"):
            with self.subTest(body):
                outcome = client.predict(body)
                self.assertEqual(outcome.code, "INVALID_ARGUMENT", outcome)
        self.assertEqual(node.calls(), [])
        self.assertIn(client.predict(deep).code, ("OK", "INVALID_ARGUMENT"))
        self.assertTrue(engine.alive())

    def test_what_a_node_answers(self):
        """The same, said by a node, is its fault: 502 or INTERNAL."""
        rest, rpc = self.rest(), self.grpc()
        over_grpc, _ = self.start(unit("modest", rpc))
        _, client = self.start(unit("modest", rest))
        for body in self.BODIES:
            with self.subTest(body[:60]):
                rest.default = Answer(body=body)
                outcome = client.predict(text("x"))
                self.assertEqual(outcome.code, "INTERNAL", outcome)
                self.assertIn("modest", outcome.details)
        for body in (b"\xff\xff", b"\x2a\x05ab"):
            with self.subTest(body):
                rpc.default = Reply(body)
                answer = over_grpc.predict()
                self.assertEqual((answer.status, answer.json()["status"]["reason"]),
                                 (502, "BAD_UPSTREAM"))
                self.assertIn("modest", answer.json()["status"]["info"])


class NotJsonTest(MixedTest):
    def setUp(self):
        self.node = self.grpc()
        self.engine, _ = self.start(unit("m", self.node))

    def sent(self, body, kind):
        answer = self.engine.predict(body, [("Content-Type", kind)])
        self.assertEqual(answer.status, 200, answer)
        return protos.to_json(self.node.last.message())

    def test_text_and_bytes(self):
        for kind in ("text/plain", "text/plain; charset=utf-8", "text/csv", "TEXT/Plain"):
            self.assertEqual(self.sent("grüße".encode(), kind), {"strData": "grüße"})
        for kind in ("application/octet-stream", "Application/Octet-Stream"):
            self.assertEqual(self.sent(b"\x00\xff", kind), {"binData": "AP8="})

    def test_json_by_any_name(self):
        for kind in ("application/json", "application/json; charset=utf-8", "Application/JSON"):
            self.assertEqual(self.sent(b'{"strData":"x"}', kind), {"strData": "x"})
        answer = self.engine.predict(b'{"strData":"x"}', [])
        self.assertEqual((answer.status, self.node.last.message().strData), (200, "x"))

    def test_form_field(self):
        self.assertEqual(self.sent(b"json=%7B%22strData%22%3A%22a+b%26%22%7D&other=1",
                                   "application/x-www-form-urlencoded"), {"strData": "a b&"})

    def test_multipart(self):
        def part(name, body, more=b""):
            return (b'--XX\r\nContent-Disposition: form-data; name="' + name + b'"' + more
                    + b"\r\n\r\n" + body + b"\r\n")

        kind, end = "multipart/form-data; boundary=XX", b"--XX--\r\n"
        self.assertEqual(self.sent(part(b"strData", b"plain {text}") + end, kind),
                         {"strData": "plain {text}"})
        self.assertEqual(self.sent(part(b"data", b'{"ndarray":[[1]]}') + part(b"meta", b"{}") + end,
                                   kind), {"meta": {}, "data": {"ndarray": [[1.0]]}})
        self.assertEqual(self.sent(part(b"binData", b"\x00\xff\r\n-", b'; filename="f"') + end, kind),
                         {"binData": "AP8NCi0="})
        self.assertEqual(self.sent(part(b"strData", b"of a file", b'; filename="f.txt"') + end,
                                   'multipart/form-data; boundary="XX"'), {"strData": "of a file"})

    def test_anything_else(self):
        for body, kind in ((b"<a/>", "application/xml"), (b"x", "image/png"),
                           (b"a=b", "application/x-www-form-urlencoded"),
                           (b"nothing", "multipart/form-data; boundary=XX"),
                           (b"x", "multipart/form-data"), (b"\xff", "text/plain")):
            with self.subTest(kind):
                answer = self.engine.predict(body, [("Content-Type", kind)])
                self.assertEqual(answer.status, 400, answer)
        self.assertEqual(self.node.calls(), [])


class WalkTest(MixedTest):
    """Routers and combiners over children of both transports."""

    def router(self, kind, body=None):
        """A router of that transport over a gRPC and a REST child, by the branch in the request."""
        if kind == "grpc":
            node = self.grpc()
            node.on("Router/Route", lambda call: Reply(route(int(call.message().strData))))
        else:
            node = self.rest()
            node.on("/route", lambda request: Answer(body=b'{"data":{"ndarray":[[%d]]}}' % int(
                json.loads(request.body)["strData"])))
        children = [unit("a", self.grpc(Reply(text("a")))),
                    unit("b", self.rest(Answer(body=b'{"strData":"b"}')))]
        return node, *self.start(unit("r", node, "ROUTER", children))

    def test_routers(self):
        for kind in ("grpc", "rest"):
            _, engine, client = self.router(kind)
            for branch, expected in (("0", "a"), ("1", "b"), ("-1", "a"), ("-2", "-2")):
                with self.subTest((kind, branch)):
                    self.assertEqual(self.ok(client.predict(text(branch))).message(), text(expected))
                    body = json.dumps({"strData": branch}).encode()
                    self.assertEqual(engine.predict(body).json(), {"strData": expected})
            for branch in ("2", "1000000", "-3"):
                with self.subTest((kind, branch)):
                    outcome = client.predict(text(branch))
                    self.assertEqual(outcome.code, "INTERNAL", outcome)
                    self.assertIn("r", outcome.details)
                    answer = engine.predict(json.dumps({"strData": branch}).encode())
                    self.assertEqual((answer.status, answer.json()["status"]["reason"]),
                                     (500, "INVALID_ROUTING"))
                    self.assertTrue(engine.alive())

    def test_every_form_of_a_route(self):
        node, engine, client = self.router("grpc")
        for told in ({"ndarray": [[1]]}, {"ndarray": [1]}, {"ndarray": [1.0]},
                     {"tensor": {"shape": [1, 1], "values": [1]}}, {"tensor": {"values": [1]}},
                     {"tftensor": {"dtype": "DT_INT32", "intVal": [1]}},
                     {"tftensor": {"dtype": "DT_INT64", "tensorShape": {"dim": [{"size": "1"}]},
                                   "int64Val": ["1"]}},
                     {"tftensor": {"dtype": "DT_DOUBLE", "doubleVal": [1]}}):
            with self.subTest(told):
                node.on("Router/Route", Reply(protos.from_json({"data": told})))
                self.assertEqual(self.ok(client.predict(text("x"))).message(), text("b"))

    def test_odd_routes_are_taken_as_the_reference_takes_them(self):
        node, engine, client = self.router("grpc")
        for told, child in (({"data": {"ndarray": [[1.9]]}}, "b"), ({"data": {"ndarray": [0.5]}}, "a"),
                            ({"data": {"tensor": {"values": [-0.5]}}}, "a"), ({"data": {}}, "a")):
            with self.subTest(told):
                node.on("Router/Route", Reply(protos.from_json(told)))
                self.assertEqual(self.ok(client.predict(text("x"))).message(), text(child))
                self.assertEqual(engine.predict().json()["strData"], child)

    def test_answers_that_are_no_route(self):
        """The reference dies of some of them."""
        node, engine, client = self.router("grpc")
        for told in ({}, {"data": {"names": ["a"]}}, {"data": {"ndarray": []}},
                     {"data": {"ndarray": [[]]}}, {"data": {"ndarray": [["a"]]}},
                     {"data": {"ndarray": [[None]]}}, {"strData": "1"}, {"data": {"tensor": {}}},
                     {"data": {"tensor": {"values": ["NaN"]}}}, {"data": {"tensor": {"values": [1e300]}}},
                     {"data": {"tftensor": {}}}, {"jsonData": 1}):
            with self.subTest(told):
                node.on("Router/Route", Reply(protos.from_json(told)))
                self.assertEqual(client.predict(text("x")).code, "INTERNAL")
                self.assertIn(engine.predict().status, (500, 502))
                self.assertTrue(engine.alive())
        for body in (b"\xff\xff", b"\x1a\x05a"):
            node.on("Router/Route", Reply(body))
            self.assertEqual(client.predict(text("x")).code, "INTERNAL")
            self.assertTrue(engine.alive())

    def test_combiners(self):
        children = lambda: [unit("a", self.grpc(Reply(protos.from_json(
            {"meta": {}, "data": {"tensor": {"shape": [1], "values": [0.1]}}})))),
            unit("b", self.rest(gzipped(b'{"data": {"ndarray": [[1, "x"]]}, "extra": 1}'))),
            unit("c", self.rest(Answer(body=b'{"strData":"c"}')))]
        expected = [{"meta": {}, "data": {"tensor": {"shape": [1], "values": [0.1]}}},
                    {"data": {"ndarray": [[1, "x"]]}}, {"strData": "c"}]
        rpc, rest = self.grpc(Reply(text("combined"))), self.rest(Answer(body=b'{"strData":"combined"}'))
        for top in (rpc, rest):
            engine, client = self.start(unit("top", top, "COMBINER", children()))
            for ask in (lambda: client.predict(text("x")).message().strData,
                        lambda: engine.predict(b'{"strData":"x"}').json()["strData"]):
                self.assertEqual(ask(), "combined")
                if top is rpc:
                    got = top.last.message("SeldonMessageList")
                    self.assertEqual(list(got.seldonMessages), [protos.from_json(e) for e in expected])
                else:
                    got = tree(top.last.body)
                    got[1].pop("extra", None)
                    self.assertEqual(got, tree(expected))

    def test_the_built_in_combiner(self):
        tensor = {"data": {"names": ["x", "y"], "tensor": {"shape": [1, 2], "values": [1, 3]}}}
        rpc, rest = self.grpc(Reply(protos.from_json(tensor))), self.rest(Answer(
            body=b'{"data":{"ndarray":[[2,4]]}}'))
        expected = {"names": ["x", "y"], "tensor": {"shape": [1, 2], "values": [1.5, 3.5]}}
        engine, client = self.start(unit("avg", None, None, [unit("a", rpc), unit("b", rest)],
                                         implementation="AVERAGE_COMBINER"))
        self.assertEqual(tree(engine.predict(b"{}").json()["data"]), tree(expected))
        self.assertEqual(tree(protos.to_json(self.ok(client.predict(text("x"))).message())["data"]),
                         tree(expected))

    def test_built_in_units_over_grpc(self):
        engine, client = self.start(unit("s", None, None, implementation="SIMPLE_MODEL"))
        told = protos.to_json(self.ok(client.predict(protos.from_json(
            {"data": {"ndarray": [[1]]}}))).message())
        self.assertEqual(told["data"], {"names": ["class0", "class1", "class2"],
                                        "tensor": {"shape": [1, 3], "values": [0.1, 0.9, 0.5]}})
        self.assertEqual(self.ok(client.predict(text("hé"))).message().strData, "hé")

    def test_feedback(self):
        rpc, rest, top = (self.grpc(Reply(text("rpc"))), self.rest(Answer(body=b'{"strData":"rest"}')),
                          self.grpc(Reply(text("top"))))
        engine, client = self.start(unit("r", top, "ROUTER", [unit("a", rpc), unit("b", rest)]))
        told = {"request": {"strData": "q"}, "response": {"meta": {"routing": {"r": 1}}},
                "reward": 0.1, "truth": {"data": {"ndarray": [[1]]}}}
        self.assertEqual(engine.feedback(json.dumps(told).encode()).json(), {"strData": "top"})
        self.assertEqual(self.ok(client.call(FEEDBACK, protos.from_json(told, "Feedback"))).message(),
                         text("top"))
        for call in top.calls():
            self.assertEqual(call.message("Feedback"), protos.from_json(told, "Feedback"))
        self.assertEqual(rpc.calls(), [])
        self.assertEqual([tree(r.body) for r in rest.calls("/send-feedback")], [tree(told)] * 2)
        told["response"]["meta"]["routing"]["r"] = 0
        self.ok(client.call(FEEDBACK, protos.from_json(told, "Feedback")))
        self.assertEqual(len(rpc.calls("Model/SendFeedback")), 1)
        told["response"]["meta"]["routing"]["r"] = 7
        self.assertEqual(client.call(FEEDBACK, protos.from_json(told, "Feedback")).code,
                         "INVALID_ARGUMENT")
        self.assertEqual(client.call(FEEDBACK, b"\xff\xff").code, "INVALID_ARGUMENT")

    def test_metadata(self):
        told = {"name": "a", "versions": ["1"], "platform": "p", "custom": {"k": "v"},
                "inputs": [{"name": "i", "messagetype": "tensor", "schema": {"shape": [2]},
                            "datatype": "FP64", "shape": ["2"]}], "outputs": [{"name": "o"}]}
        rpc = self.grpc(Reply(protos.from_json(told, "SeldonModelMetadata")))
        rest = self.rest(Answer(body=json.dumps({**told, "name": "b"}).encode()))
        engine, client = self.start(unit("a", rpc, "TRANSFORMER", [unit("b", rest)]))
        self.assertEqual(tree(engine.get("/api/v1.0/metadata/a").body), tree(told))
        request = protos.SeldonModelMetadataRequest(name="b")
        self.assertEqual(self.ok(client.call(MODEL_METADATA, request)).message(),
                         protos.from_json({**told, "name": "b"}, "SeldonModelMetadata"))
        graph = self.ok(client.call(GRAPH_METADATA)).message()
        self.assertEqual({k: v.name for k, v in graph.models.items()}, {"a": "a", "b": "b"})
        self.assertEqual(([i.name for i in graph.inputs], [o.name for o in graph.outputs]), (["i"], ["o"]))
        over_rest = engine.get("/api/v1.0/metadata").json()
        self.assertEqual(sorted(over_rest["models"]), ["a", "b"])
        self.assertEqual(over_rest["graphinputs"][0]["name"], "i")

    def test_a_puid_and_headers_cross(self):
        rest, rpc = self.rest(Answer(body=b"{}")), self.grpc(Reply(text("x")))
        engine, client = self.start(unit("t", rest, "TRANSFORMER", [unit("m", rpc)]))
        outcome = self.ok(client.predict(text("x"), metadata=[("x-tenant", "blue")]))
        self.assertEqual((rest.last.get("X-Tenant"), rpc.last.get("x-tenant")), ("blue", "blue"))
        self.assertEqual({rest.last.get("Seldon-Puid"), rpc.last.get("seldon-puid")},
                         {outcome.get("seldon-puid")})
        self.assertIsNone(rest.last.get("te"))
        answer = engine.predict(b"{}", [*JSON, ("X-Tenant", "red"), ("Connection", "X-Hop"), ("X-Hop", "1")])
        self.assertEqual((rest.last.get("X-Tenant"), rpc.last.get("x-tenant")), ("red", "red"))
        self.assertEqual(rpc.last.get("seldon-puid"), answer.get("Seldon-Puid"))
        for key in ("content-length", "host", "x-hop", "accept-encoding", "connection"):
            self.assertIsNone(rpc.last.get(key), key)


class ErrorTest(MixedTest):
    TO_GRPC = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED",
               404: "NOT_FOUND", 408: "DEADLINE_EXCEEDED", 409: "ABORTED", 413: "RESOURCE_EXHAUSTED",
               429: "RESOURCE_EXHAUSTED", 499: "CANCELLED", 500: "INTERNAL", 501: "UNIMPLEMENTED",
               502: "UNAVAILABLE", 503: "UNAVAILABLE", 504: "DEADLINE_EXCEEDED",
               405: "UNIMPLEMENTED", 415: "INVALID_ARGUMENT", 418: "INVALID_ARGUMENT",
               422: "INVALID_ARGUMENT", 302: "INTERNAL", 599: "INTERNAL"}
    TO_HTTP = {"CANCELLED": 499, "UNKNOWN": 500, "INVALID_ARGUMENT": 400, "DEADLINE_EXCEEDED": 504,
               "NOT_FOUND": 404, "ALREADY_EXISTS": 409, "PERMISSION_DENIED": 403,
               "RESOURCE_EXHAUSTED": 429, "FAILED_PRECONDITION": 400, "ABORTED": 409,
               "OUT_OF_RANGE": 400, "UNIMPLEMENTED": 501, "INTERNAL": 500, "UNAVAILABLE": 503,
               "DATA_LOSS": 500, "UNAUTHENTICATED": 401}

    def test_a_rest_nodes_error_under_grpc(self):
        node = self.rest()
        _, client = self.start(unit("modest", node))
        body = b'{"status":{"code":-1,"info":"no such thing","reason":"R","status":1}}'
        for status, code in self.TO_GRPC.items():
            with self.subTest(status):
                node.default = Answer(status, body=body)
                outcome = client.predict(text("x"))
                self.assertEqual(outcome.code, code, outcome)
                self.assertIn("modest", outcome.details)
                self.assertIn("no such thing", outcome.details)
                self.assertEqual(outcome.http_body(), (JSON_TYPE, body))
                self.assertEqual((outcome.status().code, outcome.status().message),
                                 (grpc_number(code), outcome.details))

    def test_a_body_that_is_no_json(self):
        node = self.rest(Answer(404, [("Content-Type", "text/html; charset=utf-8")], b"<p>gone</p>"))
        _, client = self.start(unit("modest", node))
        outcome = client.predict(text("x"))
        self.assertEqual(outcome.code, "NOT_FOUND")
        self.assertIn("modest", outcome.details)
        self.assertEqual(outcome.http_body(), ("text/html; charset=utf-8", b"<p>gone</p>"))

    def test_large_and_odd_bodies_of_errors(self):
        """Metadata has a limit of its own, usually 8 KiB: the call must still tell its status."""
        node = self.rest()
        engine, client = self.start(unit("modest", node))
        for body in (b"x" * 100_000, b"", b"\xff\x00\r\n" * 10, ("ü" * 3000).encode()):
            node.default = Answer(404, body=body)
            outcome = client.predict(text("x"))
            self.assertEqual(outcome.code, "NOT_FOUND", outcome)
            self.assertIn("modest", outcome.details)
        self.assertTrue(engine.alive())

    def test_a_grpc_nodes_error_under_rest(self):
        node = self.grpc()
        engine, _ = self.start(unit("modest", node))
        for code, status in self.TO_HTTP.items():
            with self.subTest(code):
                node.default = Failure(code, f'it says "{code}"')
                answer = engine.predict()
                self.assertEqual((answer.status, answer.get("Content-Type")), (status, JSON_TYPE), answer)
                told = answer.json()["status"]
                self.assertEqual((told["code"], told["status"]), (status, "FAILURE"))
                self.assertTrue(told["reason"])
                self.assertIn("modest", told["info"])
                self.assertIn(f'it says "{code}"', told["info"])

    def test_a_child_of_the_other_transport(self):
        """The node is named, whichever way the error came."""
        rpc, rest = self.grpc(Failure("NOT_FOUND", "no row")), self.rest(Answer(409, body=b'{"no":1}'))
        top = self.rest()
        engine, client = self.start(unit("c", top, "COMBINER", [unit("a", rpc)]))
        self.assertEqual(engine.predict().status, 404)
        self.assertEqual(client.predict(text("x")).code, "NOT_FOUND")
        engine, client = self.start(unit("c", top, "COMBINER", [unit("b", rest)]))
        answer = engine.predict()
        self.assertEqual((answer.status, answer.body), (409, b'{"no":1}'))
        self.assertEqual(client.predict(text("x")).code, "ABORTED")
        self.assertEqual(top.calls(), [])


def grpc_number(code):
    import grpc
    return getattr(grpc.StatusCode, code).value[0]


if __name__ == "__main__":
    unittest.main()
