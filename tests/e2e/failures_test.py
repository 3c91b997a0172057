"""Requests that fail: the line that each leaves in the log, and the header that names the node."""

import json
import time
import unittest

import protos
import raw_http
from engine import BODY, Engine, JSON, LONG, PREDICTIONS, unit
from grpc_client import FEEDBACK, GRAPH_METADATA, PREDICT
from grpc_node import Failure, GrpcNode, Hang, text
from stub_node import Answer, Drop, RefusedPort, Stall, StubNode


class FailuresTest(unittest.TestCase):
    def start(self, graph, *flags, **more):
        engine = Engine(graph, *flags, **more)
        self.addCleanup(engine.stop)
        return engine

    def rest(self, answer=None):
        node = StubNode(answer)
        self.addCleanup(node.close)
        return node

    def rpc(self, answer=None):
        node = GrpcNode(answer)
        self.addCleanup(node.close)
        return node

    def lines(self, engine, message="request failed", **fields):
        found = []
        for line in engine.stderr().splitlines():
            try:
                told = json.loads(line)
            except ValueError:
                continue  # still being written
            if told["msg"] == message and all(told.get(k) == v for k, v in fields.items()):
                found.append(told)
        return found

    def wait_for_lines(self, engine, count, message="request failed", **fields):
        deadline = time.monotonic() + LONG
        while len(found := self.lines(engine, message, **fields)) < count:
            self.assertLess(time.monotonic(), deadline, (fields, engine.stderr()))
            time.sleep(0.01)
        return found

    def line(self, engine, **fields):
        """The one line with these fields."""
        found = self.wait_for_lines(engine, 1, **fields)
        self.assertEqual(len(found), 1, found)
        return found[0]


class LogTest(FailuresTest):
    def test_one_line_for_each_failure_over_rest(self):
        node = self.rest()
        hasty = self.start(unit("m", node), annotations={"seldon.io/rest-timeout": "300"})
        patient = self.start(unit("m", node))
        address = f"127.0.0.1:{node.port}"
        for puid, answer, fields in (
                ("p-500", Answer(500, body=b'{"status":{"info":"no such column"}}'),
                 {"level": "error", "status": 500, "error": "no such column"}),
                ("p-404", Answer(404, body=b"gone"), {"level": "warn", "status": 404,
                                                     "error": "the node answered 404: gone"}),
                ("p-bad", Answer(999), {"level": "error", "status": 502, "reason": "BAD_UPSTREAM"}),
                ("p-slow", Stall(), {"level": "error", "status": 504, "reason": "DEADLINE_EXCEEDED"}),
                ("p-cut", Drop(), {"level": "error", "status": 503, "reason": "UNAVAILABLE"})):
            with self.subTest(puid):
                node.default = answer
                engine = hasty if puid == "p-slow" else patient
                engine.predict(headers=[*JSON, ("Seldon-Puid", puid)])
                told = self.line(engine, puid=puid)
                self.assertEqual({key: told[key] for key in fields}, fields)
                self.assertEqual((told["service"], told["verb"], told["path"], told["node"],
                                  told["address"]),
                                 ("predictions", "POST", PREDICTIONS, "m", address))
                self.assertIsInstance(told["ms"], (int, float))
        self.assertGreaterEqual(self.line(hasty, puid="p-slow")["ms"], 250)

    def test_the_address_really_called(self):
        with RefusedPort() as dead:
            engine = self.start(unit("m", dead, host="localhost"), wait="/live")
            engine.predict(headers=[*JSON, ("Seldon-Puid", "p")])
            told = self.line(engine, puid="p")
            self.assertRegex(told["address"], rf"^(127\.0\.0\.1|\[::1\]):{dead.port}$")
            self.assertIn(f"localhost:{dead.port}", told["error"])

    def test_what_never_reaches_a_node(self):
        engine = self.start(unit("m", self.rest()), "--max_body_bytes", 1000, "--max_header_bytes", 2000)
        hasty = self.start(unit("m", self.rest()), "--read_timeout", "300ms")
        for fields, ask in (
                ({"status": 404, "path": "/nope", "verb": "GET"}, lambda: engine.get("/nope")),
                ({"status": 405, "verb": "PUT", "service": "predictions"},
                 lambda: engine.ask("PUT", PREDICTIONS, b"")),
                ({"status": 404, "service": "status"}, lambda: engine.get("/api/v1.0/status/nobody")),
                ({"status": 400}, lambda: engine.raw(b"GET / HTTP/1.1\r\nbad head\r\n\r\n")),
                ({"status": 408}, lambda: hasty.raw(b"GET / HTTP/1.1\r\n")),
                ({"status": 413}, lambda: engine.predict(b"x" * 2000)),
                ({"status": 431}, lambda: engine.get("/", [("X-Long", "x" * 4000)]))):
            with self.subTest(fields):
                answer = ask()
                self.assertEqual(answer.status, fields["status"])
                told = self.line(hasty if fields["status"] == 408 else engine, **fields)
                self.assertEqual(told["puid"], answer.get("Seldon-Puid"))
                self.assertEqual(told["level"], "warn")
                self.assertTrue(told["reason"] and told["error"])

    def test_over_the_limit_of_connections(self):
        engine = self.start(unit("m", self.rest()), "--max_connections", 1)
        with engine.placed_client():
            before = len(self.lines(engine, status=503, reason="OVERLOADED"))
            self.assertEqual(engine.predict().status, 503)
            self.wait_for_lines(engine, before + 1, status=503, reason="OVERLOADED")

    def test_a_caller_who_goes_is_information(self):
        node = self.rest(Stall())
        engine = self.start(unit("m", node))
        client = engine.client()
        client.send(raw_http.request_bytes("POST", PREDICTIONS, BODY, [*JSON, ("Seldon-Puid", "gone")]))
        self.assertTrue(node.wait_for(lambda n: n.requests))
        client.close()
        told = self.line(engine, puid="gone")
        self.assertEqual((told["level"], told["status"], told["reason"]), ("info", 499, "CANCELLED"))

    def test_one_line_for_each_failure_over_grpc(self):
        node = self.rpc()
        patient = self.start(unit("m", node))
        hasty = self.start(unit("m", node), annotations={"seldon.io/grpc-timeout": "300"})
        clients = {engine: engine.grpc() for engine in (patient, hasty)}
        for client in clients.values():
            self.addCleanup(client.close)
        deadline = time.monotonic() + LONG
        while clients[hasty].predict(text("x")).code != "OK":  # then it is connected
            self.assertLess(time.monotonic(), deadline)
        for puid, answer, fields in (
                ("p-a", Failure("INTERNAL", "no such column"), {"level": "error", "code": "INTERNAL",
                                                               "error": "no such column"}),
                ("p-b", Failure("NOT_FOUND", "gone"), {"level": "warn", "code": "NOT_FOUND"}),
                ("p-c", Hang(), {"level": "error", "code": "DEADLINE_EXCEEDED"})):
            with self.subTest(puid):
                node.default = answer
                engine = hasty if puid == "p-c" else patient
                clients[engine].predict(text("x"), metadata=[("seldon-puid", puid)])
                told = self.line(engine, puid=puid)
                self.assertEqual({key: told[key] for key in fields}, fields)
                self.assertEqual((told["service"], told["node"], told["address"]),
                                 (PREDICT, "m", f"127.0.0.1:{node.port}"))
        clients[patient].call("Seldon/ModelMetadata",
                              protos.SeldonModelMetadataRequest(name="nobody"),
                              metadata=[("seldon-puid", "p-d")])
        self.assertEqual(self.line(patient, puid="p-d")["code"], "NOT_FOUND")

    def test_successes_leave_no_line(self):
        engine = self.start(unit("m", self.rest()))
        engine.predict()
        engine.get("/ready")
        self.assertEqual(self.lines(engine), [])

    def test_a_flood_is_held_back_and_counted(self):
        engine = self.start(unit("m", self.rest(Answer(500))))
        began = time.monotonic()
        with engine.client() as client:
            for _ in range(1000):
                client.ask("POST", PREDICTIONS, BODY, JSON)
        seconds = time.monotonic() - began
        time.sleep(1.1)  # the second of the limit has passed
        engine.predict(headers=[*JSON, ("Seldon-Puid", "last")])
        self.line(engine, puid="last")
        written = len(self.lines(engine))
        self.assertLessEqual(written, 50 * (seconds + 2) + 1)
        held = sum(told["held_back"] for told in self.lines(engine, "failed requests were not logged"))
        self.assertEqual(written + held, 1001)

    def test_debug_tells_each_call(self):
        node = self.rest()
        rpc = self.rpc()
        engine = self.start(unit("t", node, "TRANSFORMER", [unit("m", rpc)]), "--log_level", "DEBUG")
        self.assertEqual(engine.predict(b'{"strData":"x"}', [*JSON, ("Seldon-Puid", "p")]).status, 200)
        told = self.wait_for_lines(engine, 2, "called a node", puid="p")
        self.assertEqual([(each["node"], each["call"], each["status"], each["host"]) for each in told],
                         [("t", "transform-input", 200, f"127.0.0.1:{node.port}"),
                          ("m", "predict", 200, f"127.0.0.1:{rpc.port}")])
        for each in told:
            self.assertEqual(each["level"], "debug")
            self.assertGreater(each["ms"], 0)
            self.assertGreater(each["bytes_received"], 0)


class FailedNodeTest(FailuresTest):
    def test_over_rest(self):
        good, bad = self.rest(), self.rest()
        engine = self.start(unit("c", good, "COMBINER", [unit("good", good), unit("bad", bad)]))
        own = [*JSON, ("Seldon-Failed-Node", "inner"), ("X-Its", "own")]
        for answer, status in ((Answer(500, body=b'{"its":"own"}'), 500), (Answer(404), 404),
                               (Answer(503, own, b"x"), 503), (Answer(302), 302), (Drop(), 503),
                               (Answer(700), 502)):
            with self.subTest(answer.status):
                bad.default = answer
                got = engine.predict()
                self.assertEqual(got.status, status)
                self.assertEqual([v for k, v in got.headers if k.lower() == "seldon-failed-node"], ["bad"])
                if status < 500 or answer.body == b"x":
                    self.assertEqual(got.body, answer.body)
        bad.default = Answer()
        got = engine.predict()
        self.assertEqual((got.status, got.get("Seldon-Failed-Node")), (200, None))

    def test_names_no_node_where_none_had_a_part(self):
        engine = self.start(unit("m", self.rest()))
        for got in (engine.get("/nope"), engine.get("/api/v1.0/status/nobody"),
                    engine.ask("PUT", PREDICTIONS, b"")):
            self.assertIsNone(got.get("Seldon-Failed-Node"))

    def test_a_router_that_answers_a_wrong_route(self):
        router = self.rest(Answer(body=b"[7]"))
        engine = self.start(unit("r", router, "ROUTER", [unit("m", self.rest())]))
        self.assertEqual(engine.predict().get("Seldon-Failed-Node"), "r")

    def test_odd_names(self):
        for name, value in (('odd "name\\', 'odd "name\\'), ("größe 100%", "gr%C3%B6%C3%9Fe 100%25")):
            engine = self.start(unit(name, self.rest(Answer(500))))
            self.assertEqual(engine.predict().get("Seldon-Failed-Node"), value)
            client = engine.grpc()
            self.addCleanup(client.close)
            self.assertEqual(dict(client.predict(text("x")).trailing)["seldon-failed-node"], value)

    def test_over_grpc(self):
        rpc, rest = self.rpc(Failure("ABORTED", "no")), self.rest(Answer(500))
        engine = self.start(unit("t", rest, "TRANSFORMER", [unit("m", rpc)]))
        client = engine.grpc()
        self.addCleanup(client.close)

        def names(outcome):
            return [v for k, v in outcome.trailing if k == "seldon-failed-node"]
        self.assertEqual(names(client.predict(text("x"))), ["t"])
        rest.default = Answer(body=b'{"strData":"y"}')
        self.assertEqual(names(client.predict(text("x"))), ["m"])
        rpc.default = Failure("ABORTED", "no", trailing=[("seldon-failed-node", "inner")])
        self.assertEqual(names(client.predict(text("x"))), ["m"])
        outcome = client.call("Seldon/ModelMetadata", protos.SeldonModelMetadataRequest(name="nobody"))
        self.assertEqual(names(outcome), [])


class LongTextTest(FailuresTest):
    """A stock client takes 8 KiB of metadata, and reports RESOURCE_EXHAUSTED for more."""

    def test_of_a_grpc_node(self):
        node = self.rpc()
        engine = self.start(unit("m", node))
        with engine.grpc() as client:
            for details in ("x" * 7000, "ü" * 3000, "%" * 2000, "tail \U0001f600" * 700):
                node.default = Failure("ABORTED", details)
                outcome = client.predict(text("x"))
                self.assertEqual(outcome.code, "ABORTED", outcome)
                self.assertTrue(outcome.details.startswith(details[:500]))
                self.assertTrue(outcome.details.endswith('(node "m")'), outcome)

    def test_details_that_are_long_too(self):
        status = protos.message("google.rpc.Status")(code=10, message="no")
        body = protos.message("google.api.HttpBody")(data=b"d" * 4000)
        status.details.add().Pack(body)
        node = self.rpc(Failure("ABORTED", "x" * 2000, trailing=[
            ("grpc-status-details-bin", status.SerializeToString())]))
        engine = self.start(unit("m", node))
        with engine.grpc() as client:
            outcome = client.predict(text("x"))
            self.assertEqual(outcome.code, "ABORTED", outcome)
            self.assertIn("x" * 2000, outcome.details)


class MetadataTest(FailuresTest):
    def test_a_node_without(self):
        there = Answer(body=b'{"name":"b","custom":{},"inputs":[{"a":1}],"outputs":[]}')
        without, other = self.rest().on("/metadata", Answer(404, body=b"<h1>Not Found</h1>")), self.rest()
        other.on("/metadata", there)
        rpc = GrpcNode(only=["Model/Predict"])
        self.addCleanup(rpc.close)
        engine = self.start(unit("a", without, "ROUTER", [unit("b", other), unit("c", rpc)]))
        got = engine.get("/api/v1.0/metadata")
        self.assertEqual(got.status, 200, got)
        self.assertEqual(got.json()["models"],
                         {"a": {}, "b": {"name": "b", "inputs": [{"a": 1}], "outputs": []}, "c": {}})
        self.assertEqual(got.json()["graphinputs"], [{"a": 1}])
        with engine.grpc() as client:
            self.assertEqual(client.call(GRAPH_METADATA).code, "OK")
        without.on("/metadata", Answer(500, body=b"oops"))
        got = engine.get("/api/v1.0/metadata")
        self.assertEqual((got.status, got.body, got.get("Seldon-Failed-Node")), (500, b"oops", "a"))


if __name__ == "__main__":
    unittest.main()
