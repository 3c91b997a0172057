"""/prometheus of gRPC calls: the labels that existing dashboards of the reference ask for."""

import time
import unittest

import protos
from engine import LONG, Engine, unit
from grpc_client import FEEDBACK, GRAPH_METADATA, MODEL_METADATA, PREDICT
from grpc_node import Failure, GrpcNode, Hang, Reply, route, text
from stub_node import Answer, RefusedPort, StubNode

SERVER = "seldon_api_executor_server_requests_seconds"
CLIENT = "seldon_api_executor_client_requests_seconds"


class MetricsTest(unittest.TestCase):
    def node(self, answer=None):
        node = GrpcNode(answer)
        self.addCleanup(node.close)
        return node

    def start(self, graph, *flags, **more):
        engine = Engine(graph, *flags, **{"annotations": {"version": "v7"}, **more})
        self.addCleanup(engine.stop)
        client = engine.grpc()
        self.addCleanup(client.close)
        return engine, client

    def counts(self, engine, family):
        """{(service, method, code): count} of a histogram, summed over what else differs."""
        found = {}
        for labels, value in engine.metrics().find(family + "_count"):
            key = (labels["service"], labels["method"], labels["code"])
            found[key] = found.get(key, 0) + value
        return found

    def settle(self, engine, family, key, count=1):
        """A cancelled call is counted when it ends, a little after the caller has left."""
        deadline = time.monotonic() + LONG
        while self.counts(engine, family).get(key) != count:
            self.assertLess(time.monotonic(), deadline, self.counts(engine, family))
            time.sleep(0.02)

    def test_server_and_client(self):
        node = self.node().on("Model/Metadata", Reply(protos.SeldonModelMetadata(name="m")))
        engine, client = self.start(unit("m", node), containers={"m": "registry:5000/team/model:2.0"})
        for _ in range(3):
            client.predict(text("x"))
        client.call("Model/Predict", text("x"))
        client.call("Generic/TransformInput", text("x"))
        client.call(FEEDBACK, protos.Feedback())
        client.call(MODEL_METADATA, protos.SeldonModelMetadataRequest(name="m"))
        client.call(GRAPH_METADATA)
        client.check()
        self.assertEqual(self.counts(engine, SERVER), {
            (PREDICT, "unary", "OK"): 3, ("/seldon.protos.Model/Predict", "unary", "OK"): 1,
            ("/seldon.protos.Generic/TransformInput", "unary", "OK"): 1,
            (FEEDBACK, "unary", "OK"): 1, (MODEL_METADATA, "unary", "OK"): 1,
            (GRAPH_METADATA, "unary", "OK"): 1})
        self.assertEqual(self.counts(engine, CLIENT), {
            ("/seldon.protos.Model/Predict", "unary", "OK"): 5,
            ("/seldon.protos.Model/SendFeedback", "unary", "OK"): 1,
            ("/seldon.protos.Model/Metadata", "unary", "OK"): 2})
        deployment = {"deployment_name": "seldon-model", "predictor_name": "example",
                      "predictor_version": "v7"}
        for family, more in ((SERVER, {}), (CLIENT, {
                "model_name": "m", "model_image": "registry:5000/team/model", "model_version": "2.0"})):
            for labels, _ in engine.metrics().find(family + "_count"):
                expected = {**deployment, **more}
                self.assertEqual({k: labels[k] for k in expected}, expected)
                self.assertEqual(set(labels), set(expected) | {"service", "method", "code"})

    # Go's names, as the reference has them.
    CODES = {"CANCELLED": "Canceled", "UNKNOWN": "Unknown", "INVALID_ARGUMENT": "InvalidArgument",
             "DEADLINE_EXCEEDED": "DeadlineExceeded", "NOT_FOUND": "NotFound",
             "ALREADY_EXISTS": "AlreadyExists", "PERMISSION_DENIED": "PermissionDenied",
             "RESOURCE_EXHAUSTED": "ResourceExhausted", "FAILED_PRECONDITION": "FailedPrecondition",
             "ABORTED": "Aborted", "OUT_OF_RANGE": "OutOfRange", "UNIMPLEMENTED": "Unimplemented",
             "INTERNAL": "Internal", "UNAVAILABLE": "Unavailable", "DATA_LOSS": "DataLoss",
             "UNAUTHENTICATED": "Unauthenticated"}

    def test_codes(self):
        node = self.node()
        engine, client = self.start(unit("m", node))
        for code in self.CODES:
            node.default = Failure(code, "no")
            self.assertEqual(client.predict(text("x")).code, code)
        counts = {name: 1 for name in self.CODES.values()}
        for family, service in ((SERVER, PREDICT), (CLIENT, "/seldon.protos.Model/Predict")):
            got = self.counts(engine, family)
            self.assertEqual({code: count for (s, _, code), count in got.items() if s == service}, counts)
        client.call(MODEL_METADATA, protos.SeldonModelMetadataRequest(name="nobody"))
        self.assertEqual(self.counts(engine, SERVER)[MODEL_METADATA, "unary", "NotFound"], 1)

    def test_every_method_of_a_node(self):
        node = self.node(lambda call: Reply(route(0) if call.method.endswith("Route") else text("x")))
        graph = unit("o", node, "OUTPUT_TRANSFORMER", [unit("t", node, "TRANSFORMER", [
            unit("r", node, "ROUTER", [unit("c", node, "COMBINER", [unit("m", node)])])])])
        engine, client = self.start(graph)
        self.assertEqual(client.predict(text("x")).code, "OK")
        self.assertEqual(client.call(FEEDBACK, protos.Feedback()).code, "OK")
        self.assertEqual(
            {service for service, _, _ in self.counts(engine, CLIENT)},
            {f"/seldon.protos.{name}" for name in (
                "OutputTransformer/TransformOutput", "Transformer/TransformInput", "Router/Route",
                "Combiner/Aggregate", "Model/Predict", "Model/SendFeedback")})

    def test_deadlines_cancellations_and_the_unreachable(self):
        node = self.node(Hang())
        engine, client = self.start(unit("m", node), annotations={"seldon.io/grpc-timeout": "200"})
        client.predict(text("x"))
        self.settle(engine, CLIENT, ("/seldon.protos.Model/Predict", "unary", "DeadlineExceeded"))
        self.settle(engine, SERVER, (PREDICT, "unary", "DeadlineExceeded"))
        engine, client = self.start(unit("m", node))
        before = len(node.calls())
        call = client.start(PREDICT, text("x"))
        self.assertTrue(node.wait_for(lambda n: len(n.calls()) > before))
        call.cancel()
        self.settle(engine, SERVER, (PREDICT, "unary", "Canceled"))
        with RefusedPort() as dead:
            dead.transport = "GRPC"
            engine, client = self.start(unit("m", dead), wait="/live")
            client.predict(text("x"))
            self.assertEqual(self.counts(engine, SERVER), {(PREDICT, "unary", "Unavailable"): 1})
            self.assertEqual(self.counts(engine, CLIENT), {
                ("/seldon.protos.Model/Predict", "unary", "Unavailable"): 1})

    def test_mixed(self):
        with StubNode(Answer(body=b'{"strData":"x"}')) as rest:
            rpc = self.node()
            engine, client = self.start(unit("t", rest, "TRANSFORMER", [unit("m", rpc)]))
            client.predict(text("x"))
            engine.predict(b'{"strData":"x"}')
            self.assertEqual(self.counts(engine, SERVER), {
                (PREDICT, "unary", "OK"): 1, ("predictions", "post", "200"): 1})
            self.assertEqual(self.counts(engine, CLIENT), {
                ("/transform-input", "post", "200"): 2, ("/seldon.protos.Model/Predict", "unary", "OK"): 2})

    def test_methods_that_are_not_served_make_no_series(self):
        """A caller must not be able to make series without end."""
        engine, client = self.start(unit("m", self.node()))
        for number in range(200):
            client.call(f"/any.Service{number}/Method", b"")
        self.assertLess(len(self.counts(engine, SERVER)), 3)

    def test_time_is_measured(self):
        engine, client = self.start(unit("m", self.node(Reply(delay=0.2))))
        began = time.monotonic()
        client.predict(text("x"))
        seen = time.monotonic() - began
        found = engine.metrics()
        for family in (SERVER, CLIENT):
            self.assertTrue(0.19 < found.value(family + "_sum") < seen, seen)
        self.assertEqual(found.value("infergraph_node_calls_in_flight"), 0)


if __name__ == "__main__":
    unittest.main()
