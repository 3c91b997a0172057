"""/ready: what a balancer is told, and what asking costs."""

import itertools
import json
import time
import unittest

from engine import LONG, Engine, unit
from load import Load
from raw_http import request_bytes
from stub_node import Answer, DeafNode, RefusedPort, Stall, StubNode


class ReadyTest(unittest.TestCase):
    def start(self, graph, *flags, **more):
        engine = Engine(graph, *flags, **more)
        self.addCleanup(engine.stop)
        return engine

    def wait_for_report(self, engine, condition):
        """The first 503 whose JSON is as it shall be."""
        deadline = time.monotonic() + LONG
        while True:
            answer = engine.get("/ready")
            if answer.status == 503 and condition(answer.json()):
                return answer
            self.assertLess(time.monotonic(), deadline, answer)
            time.sleep(0.01)

    def node(self, answer=None):
        node = StubNode(answer)
        self.addCleanup(node.close)
        return node


class MissingNodesTest(ReadyTest):
    def test_503_names_the_missing_until_they_come(self):
        here, a, b = self.node(), RefusedPort(), RefusedPort()
        engine = self.start(unit("top", here, "COMBINER", [unit("gone-a", a), unit("gone-b", b)]),
                            wait="/live")
        answer = self.wait_for_report(
            engine, lambda told: sorted(told["missing"]) == ["gone-a", "gone-b"])
        self.assertEqual(answer.get("Content-Type"), "application/json")
        text, told = answer.body.decode(), answer.json()
        self.assertEqual((told["status"]["code"], told["status"]["status"]), (503, "FAILURE"))
        self.assertIn("gone-a", text)
        self.assertIn("gone-b", text)
        self.assertNotIn("top", text)
        for path in ("/api/v1.0/health/status", "/api/v1.0/status"):
            self.assertEqual(engine.get(path).status, 503)
        self.assertEqual(engine.get("/live").status, 200)

        self.addCleanup(a.start_node().close)
        text = self.wait_for_report(engine, lambda told: told["missing"] == ["gone-b"]).body.decode()
        self.assertNotIn("gone-a", text)
        self.assertIn("gone-b", text)
        self.addCleanup(b.start_node().close)
        ready = engine.wait_until("/ready", 200)
        self.assertEqual(ready.body, b"")

    def test_a_node_that_goes_away(self):
        node = self.node()
        engine = self.start(unit("m", node))
        self.assertEqual(engine.get("/ready").status, 200)
        port = node.port
        node.close()
        engine.wait_until("/ready", 503)
        self.addCleanup(StubNode(port=port).close)
        engine.wait_until("/ready", 200)

    def test_built_in_units_are_always_there(self):
        engine = self.start(unit("s", None, None, implementation="SIMPLE_MODEL"), wait="/live")
        engine.wait_until("/ready", 200)

    def test_probes_the_service_port(self):
        """Readiness asks service_port, while the walk calls httpPort."""
        with RefusedPort() as dead:
            node = self.node()
            graph = unit("m", node)
            graph["endpoint"]["service_port"] = dead.port
            engine = self.start(graph, wait="/live")
            time.sleep(0.3)
            self.assertEqual(engine.get("/ready").status, 503)
            self.assertEqual(engine.predict().status, 200)

    def test_without_service_port_that_of_the_walk(self):
        node = self.node()
        graph = unit("m", node)
        del graph["endpoint"]["service_port"]
        self.start(graph)

    def test_on_head(self):
        with RefusedPort() as dead:
            engine = self.start(unit("m", dead), wait="/live")
            with engine.client() as client:
                client.send(request_bytes("HEAD", "/ready") + request_bytes("GET", "/live"))
                self.assertEqual(client.read(head_only=True).status, 503)
                self.assertEqual(client.read().status, 200)


class CostTest(ReadyTest):
    def test_10000_calls_open_no_connection(self):
        node = self.node()
        engine = self.start(unit("m", node))
        before, began = len(node.connections), time.monotonic()
        load = Load(engine.port, connections=4, count=10000, pipeline=50, verb="GET",
                    path="/ready", body=None, headers=()).start().join()
        self.assertEqual(load.statuses, {200: 10000})
        seconds = time.monotonic() - began
        self.assertLessEqual(len(node.connections) - before, 2 + 2 * seconds)

    def test_a_node_that_hangs_does_not_hang_it(self):
        nodes = [DeafNode(), self.node(Stall())]
        self.addCleanup(nodes[0].__exit__)
        for node in nodes:
            engine = self.start(unit("m", node), "--full_health_checks", wait="/live")
            began = time.monotonic()
            for _ in range(100):
                answer = engine.get("/ready")
                self.assertEqual(answer.status, 503)
                self.assertIn(b"m", answer.body)
            # A look takes a second.
            self.assertLess(time.monotonic() - began, LONG / 2)


class FullHealthChecksTest(ReadyTest):
    PATHS = ("/api/v1.0/health/status", "/health/status")

    def health(self, node, *answers):
        for path, answer in zip(self.PATHS, answers):
            node.on(path, answer)

    def test_asks_the_health_path(self):
        node = self.node()
        self.health(node, Answer(500), Answer(500))
        engine = self.start(unit("m", node), "--full_health_checks", wait="/live")
        self.assertTrue(node.wait_for(lambda n: len(n.requests) >= 2))
        self.assertEqual([(call.verb, call.target) for call in node.calls()[:2]],
                         [("GET", path) for path in self.PATHS])
        answer = self.wait_for_report(
            engine, lambda told: "the health path answered 500" in json.dumps(told))
        self.assertIn(b"m", answer.body)
        self.health(node, Answer(), Answer())
        engine.wait_until("/ready", 200)
        self.health(node, Stall(), Stall())
        engine.wait_until("/ready", 503)
        self.assertEqual(engine.get("/live").status, 200)

    def test_either_path_counts(self):
        for answers, ready in (((Answer(), Answer(404)), True), ((Answer(404), Answer()), True),
                               ((Answer(500), Answer()), True), ((Answer(503), Answer(404)), False),
                               ((Answer(404), Answer(503)), False),
                               # it answers, and has no such path: as good as a connection
                               ((Answer(404), Answer(404)), True)):
            with self.subTest([answer.status for answer in answers]):
                node = self.node()
                self.health(node, *answers)
                engine = self.start(unit("m", node), "--full_health_checks", wait="/live")
                if ready:
                    engine.wait_until("/ready")
                else:
                    self.assertTrue(node.wait_for(lambda n: len(n.requests) >= 6))
                    self.assertEqual(engine.get("/ready").status, 503)

    def test_keeps_to_the_path_that_answered(self):
        node = self.node()
        self.health(node, Answer(404), Answer())
        engine = self.start(unit("m", node), "--full_health_checks")
        # It asks for the other between two of them where it doesn't keep to it, or hears nothing for
        # a second.
        node.forget()
        self.assertTrue(node.wait_for(lambda n: any(
            first.target == second.target == self.PATHS[1]
            for first, second in itertools.pairwise(n.requests))))
        node.forget()
        self.health(node, Answer(), Answer(404))
        self.assertTrue(node.wait_for(lambda n: n.calls(self.PATHS[0])))
        engine.wait_until("/ready")

    def test_paths_of_the_other_protocols(self):
        for protocol, path in (("tensorflow", "/v1/models/m"), ("v2", "/v2/health/ready")):
            node = self.node(Answer(404))
            engine = self.start(unit("m", node), "--full_health_checks", "--protocol", protocol,
                                wait="/live")
            self.assertTrue(node.wait_for(lambda n: len(n.requests) >= 2))
            self.assertEqual({call.target for call in node.calls()}, {path})
            # Of tensorflow the path is the model's: it is not there.
            if protocol == "v2":
                engine.wait_until("/ready")
            else:
                self.assertEqual(engine.get("/ready").status, 503)
                node.default = Answer()
                engine.wait_until("/ready")

    def test_off_by_default(self):
        node = self.node()
        node.on("/health/status", Answer(500))
        self.start(unit("m", node))
        time.sleep(0.3)
        self.assertEqual(node.calls(), [])

    def test_off_as_the_operator_writes_it(self):
        node = self.node()
        self.start(unit("m", node), "--full_health_checks=false")
        self.assertEqual(node.calls(), [])


if __name__ == "__main__":
    unittest.main()
