"""A node that redirects: 307 and 308 within it are followed once, all else is its error."""

import unittest

from engine import BODY, Engine, JSON, unit
from stub_node import Answer, Drop, StubNode

FEEDBACK_BODY = b'{"reward":1.0}'


def redirect(status, location):
    return Answer(status, [("Location", location), ("X-Its", "own")], b"moved")


class OverNodesTest(unittest.TestCase):
    def start(self, graph, *flags, **more):
        engine = Engine(graph, *flags, **more)
        self.addCleanup(engine.stop)
        return engine

    def node(self, answer=None):
        node = StubNode(answer)
        self.addCleanup(node.close)
        return node

    def targets(self, node):
        return [request.target for request in node.requests]


class RedirectsTest(OverNodesTest):
    def test_within_the_host(self):
        node = self.node()
        engine = self.start(unit("m", node))
        own = f"http://127.0.0.1:{node.port}"
        for status in (307, 308):
            for location, target in (("/predict/", "/predict/"), (own + "/v2", "/v2"),
                                     (own + "/a?b=c#d", "/a?b=c"), ("predict/", "/predict/"),
                                     ("../x", "/x"), (f"//127.0.0.1:{node.port}/y", "/y"),
                                     ("?again", "/predict?again")):
                with self.subTest(status=status, location=location):
                    node.requests.clear()
                    node.on("/predict", redirect(status, location))
                    node.on(target.split("?")[0], [redirect(status, location), Answer()]
                            if target.startswith("/predict?") else Answer())
                    answer = engine.predict()
                    self.assertEqual(answer.status, 200, answer)
                    self.assertEqual(self.targets(node), ["/predict", target])
                    first, second = node.requests
                    self.assertEqual((second.verb, second.body), ("POST", BODY))
                    self.assertEqual(first.headers, second.headers)
                    self.assertIsNone(answer.get("Location"))

    def test_every_method_of_a_node(self):
        node = self.node(lambda request: Answer() if request.target.endswith("/new") else
                         redirect(308, request.target + "/new"))
        engine = self.start(unit("m", node, "MODEL"))
        self.assertEqual(engine.get("/api/v1.0/metadata/m").status, 200)
        self.assertEqual(engine.get("/api/v1.0/status/m").status, 200)
        self.assertEqual(engine.feedback(FEEDBACK_BODY).status, 200)
        self.assertEqual(self.targets(node), ["/metadata", "/metadata/new", "/health/status",
                                              "/health/status/new", "/send-feedback",
                                              "/send-feedback/new"])
        self.assertEqual([request.verb for request in node.requests],
                         ["GET", "GET", "GET", "GET", "POST", "POST"])
        self.assertEqual(node.requests[-1].body, FEEDBACK_BODY)

    def test_models_of_other_protocols(self):
        for protocol, path in (("tensorflow", "/v1/models/x:predict"), ("v2", "/v2/models/x/infer")):
            node = self.node().on(path, redirect(307, "/there"))
            engine = self.start(unit("m", node), "--protocol", protocol)
            self.assertEqual(engine.ask("POST", path, b'{"inputs":[]}', JSON).status, 200)
            self.assertEqual(self.targets(node), [path, "/there"])

    def test_elsewhere_is_the_nodes_error(self):
        node = self.node()
        engine = self.start(unit("m", node))
        for status in (307, 308):
            for location in (f"http://127.0.0.1:{node.port + 1}/x", f"https://127.0.0.1:{node.port}/x",
                             "http://127.0.0.1/x", f"http://localhost:{node.port}/x", "//other/x",
                             f"http://u@127.0.0.1:{node.port}/x", "/with space", "javascript:x"):
                with self.subTest(status=status, location=location):
                    node.on("/predict", redirect(status, location))
                    node.requests.clear()
                    self.check_error(engine.predict(), status)
                    self.assertEqual(self.targets(node), ["/predict"])
            node.on("/predict", Answer(status, [("X-Its", "own")], b"moved"))
            self.check_error(engine.predict(), status)

    def test_other_redirects_are_the_nodes_error(self):
        node = self.node()
        engine = self.start(unit("m", node))
        for status in (300, 301, 302, 303, 305, 399):
            node.on("/predict", redirect(status, "/x"))
            node.requests.clear()
            self.check_error(engine.predict(), status)
            self.assertEqual(self.targets(node), ["/predict"])

    def check_error(self, answer, status):
        self.assertEqual((answer.status, answer.body), (status, b"moved"), answer)
        self.assertEqual(answer.get("X-Its"), "own")
        self.assertIsNone(answer.get("Location"))
        self.assertEqual(answer.get("Seldon-Failed-Node"), "m")

    def test_only_once(self):
        node = self.node(redirect(307, "/predict"))
        engine = self.start(unit("m", node))
        self.check_error(engine.predict(), 307)
        self.assertEqual(self.targets(node), ["/predict", "/predict"])

    def test_a_location_of_a_success_stays(self):
        node = self.node(Answer(201, [*JSON, ("Location", "/it")]))
        engine = self.start(unit("m", node))
        answer = engine.predict()
        self.assertEqual((answer.status, answer.get("Location")), (201, "/it"))

    def test_feedback_is_not_given_twice(self):
        """What the redirect led to took the reward, perhaps, and said nothing: not once more."""
        node = self.node().on("/send-feedback", redirect(307, "/there")).on("/there", Drop())
        engine = self.start(unit("m", node))
        self.assertEqual(engine.feedback(FEEDBACK_BODY).status, 503)
        self.assertEqual(self.targets(node), ["/send-feedback", "/there"])

    def test_a_grpc_caller(self):
        from grpc_node import text  # only here: the rest has no use for grpc
        node = self.node(Answer(body=b'{"strData":"y"}')).on("/predict", redirect(308, "/there"))
        engine = self.start(unit("m", node))
        with engine.grpc() as client:
            self.assertEqual(client.predict(text("x")).message().strData, "y")

    def test_one_call_in_the_metrics(self):
        node = self.node().on("/predict", redirect(307, "/there"))
        engine = self.start(unit("m", node))
        engine.predict()
        found = engine.metrics().find("seldon_api_executor_client_requests_seconds_count")
        self.assertEqual([(labels["service"], labels["code"], count) for labels, count in found],
                         [("/predict", "200", 1)])


class OddAnswersTest(OverNodesTest):
    def test_statuses_that_there_are_not(self):
        node = self.node()
        engine = self.start(unit("m", node))
        for status in ("600", "601", "777", "999", "000", "099"):
            with self.subTest(status):
                node.default = Answer(status)
                answer = engine.predict()
                self.assertEqual(answer.status, 502, answer)
                self.assertEqual(answer.json()["status"]["reason"], "BAD_UPSTREAM")
        for status in (599, 418, 400):
            node.default = Answer(status)
            self.assertEqual(engine.predict().status, status)

    def test_dots_in_the_name_of_a_model(self):
        for protocol, paths in (
                ("tensorflow", ("/v1/models/..:predict", "/v1/models/../labels/..:predict",
                                "/v1/models/m/labels/..:predict", "/v1/models/../metadata")),
                ("v2", ("/v2/models/../infer", "/v2/models/./infer", "/v2/models/../ready",
                        "/v2/models/%2e%2e/infer", "/v2/models/..", "/v2/models/../versions/1/infer"))):
            node = self.node()
            engine = self.start(unit("m", node), "--protocol", protocol)
            for path in paths:
                for verb in ("POST", "GET"):
                    engine.ask(verb, path, b'{"inputs":[]}' if verb == "POST" else None, JSON)
            for target in self.targets(node):
                self.assertNotIn("..", target.replace(":", "/").split("/"), target)
                self.assertNotIn(".", target.replace(":", "/").split("/"), target)


if __name__ == "__main__":
    unittest.main()
