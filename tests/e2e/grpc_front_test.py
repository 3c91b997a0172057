"""The gRPC front over gRPC nodes, as a stock client sees it: services, metadata, limits, cancellation."""

import re
import time
import unittest

import protos
from engine import LONG, Engine, unit
from grpc_client import FEEDBACK, GRAPH_METADATA, MODEL_METADATA, PREDICT
from grpc_node import Failure, GrpcNode, Hang, Reply, text

PREDICTS = (PREDICT, "/seldon.protos.Model/Predict", "/seldon.protos.Generic/TransformInput")
FEEDBACKS = (FEEDBACK, "/seldon.protos.Model/SendFeedback", "/seldon.protos.Generic/SendFeedback")
# A message of a later schema: field 900 of SeldonMessage, and 901 within meta.
UNKNOWN = (b"\x12\x06" + b"\x0a\x01p" + b"\xa8\x38\x07" + b"\x2a\x01x" + b"\xa2\x38\x03new")


class FrontTest(unittest.TestCase):
    def node(self, answer=None, **more):
        node = GrpcNode(answer, **more)
        self.addCleanup(node.close)
        return node

    def start(self, graph, *flags, **more):
        engine = Engine(graph, *flags, **more)
        self.addCleanup(engine.stop)
        client = engine.grpc()
        self.addCleanup(client.close)
        return engine, client

    def model(self, answer=None, *flags, **more):
        """(node, engine, client) of a single MODEL."""
        node = self.node(answer)
        return (node, *self.start(unit("m", node), *flags, **more))

    def ok(self, outcome):
        self.assertEqual(outcome.code, "OK", outcome)
        return outcome


class ServicesTest(FrontTest):
    def test_three_ways_to_predict(self):
        node, _, client = self.model(lambda call: Reply(call.body))
        for method in PREDICTS:
            with self.subTest(method):
                node.forget()
                self.assertEqual(self.ok(client.call(method, text("hi"))).message(), text("hi"))
                self.assertEqual([c.method for c in node.calls()], ["/seldon.protos.Model/Predict"])
                self.assertEqual(node.last.message(), text("hi"))

    def test_three_ways_to_send_feedback(self):
        node, _, client = self.model(Reply(text("thanks")))
        for method in FEEDBACKS:
            with self.subTest(method):
                node.forget()
                feedback = protos.Feedback(reward=0.5, request=text("hi"))
                self.assertEqual(self.ok(client.call(method, feedback)).message(), text("thanks"))
                self.assertEqual([c.method for c in node.calls()],
                                 ["/seldon.protos.Model/SendFeedback"])
                self.assertEqual(node.last.message("Feedback"), feedback)

    def test_empty_messages(self):
        node, _, client = self.model(Reply(b""))
        self.assertEqual(self.ok(client.predict(b"")).body, b"")
        self.assertEqual(node.last.body, b"")

    def test_metadata(self):
        told = {name: protos.from_json({
            "name": name, "versions": ["1"], "platform": "p", "custom": {"k": "v"},
            "inputs": [{"messagetype": "tensor", "schema": {"shape": [1, None]}, "name": name + "-in"}],
            "outputs": [{"name": name + "-out", "datatype": "FP64", "shape": ["-1", "9007199254740993"]}],
        }, "SeldonModelMetadata") for name in "tm"}
        nodes = {name: self.node(Reply(told[name])) for name in told}
        _, client = self.start(unit("t", nodes["t"], "TRANSFORMER", [unit("m", nodes["m"])]))
        for name in told:
            request = protos.SeldonModelMetadataRequest(name=name)
            self.assertEqual(self.ok(client.call(MODEL_METADATA, request)).message(), told[name])
            self.assertEqual(nodes[name].last.method, "/seldon.protos.Model/Metadata")
        # As a node of another graph, the engine tells the metadata of its root.
        self.assertEqual(self.ok(client.call("Model/Metadata")).message(), told["t"])
        graph = self.ok(client.call(GRAPH_METADATA)).message()
        self.assertEqual(graph.name, "example")
        self.assertEqual(dict(graph.models), told)
        self.assertEqual(([i.name for i in graph.inputs], [o.name for o in graph.outputs]),
                         (["t-in"], ["m-out"]))
        outcome = client.call(MODEL_METADATA, protos.SeldonModelMetadataRequest(name="nobody"))
        self.assertEqual(outcome.code, "NOT_FOUND")
        self.assertIn("nobody", outcome.details)

    def test_what_is_not_served(self):
        node, engine, client = self.model()
        for method in ("Generic/TransformOutput", "Generic/Route", "Generic/Aggregate",
                       "Router/Route", "Router/SendFeedback", "Transformer/TransformInput",
                       "OutputTransformer/TransformOutput", "Combiner/Aggregate", "Seldon/Nothing",
                       "/other.Service/Predict", "/", "/x", "//", "/seldon.protos.Seldon/"):
            with self.subTest(method):
                self.assertEqual(client.call(method, text("x")).code, "UNIMPLEMENTED")
        self.assertEqual(node.calls(), [])
        self.assertTrue(engine.alive())

    def test_unknown_fields_survive(self):
        node, _, client = self.model(lambda call: Reply(call.body))
        self.assertEqual(self.ok(client.predict(UNKNOWN)).body, UNKNOWN)
        self.assertEqual(node.last.body, UNKNOWN)

    def test_bytes_that_are_no_message_pass(self):
        """A single MODEL needs no values: what is sent is not parsed."""
        node, engine, client = self.model(lambda call: Reply(call.body))
        for body in (b"\xff\xff\xff", b"nonsense", bytes(range(256))):
            self.assertEqual(self.ok(client.predict(body)).body, body)
        self.assertTrue(engine.alive())

    def test_a_stream_of_none_or_two_messages(self):
        """No unary call; of two, grpc++ takes the first."""
        node, engine, client = self.model()
        call = client.channel.stream_unary(PREDICT).future(iter([]), timeout=LONG)
        self.assertIsNotNone(call.exception())
        self.assertNotEqual(call.code().name, "DEADLINE_EXCEEDED")
        call = client.channel.stream_unary(PREDICT).future(iter([b"", b""]), timeout=LONG)
        call.exception()
        self.assertNotEqual(call.code().name, "DEADLINE_EXCEEDED")
        self.assertEqual(self.ok(client.predict(text("x"))).message(), text("answer"))
        self.assertTrue(engine.alive())


class MetadataTest(FrontTest):
    def test_a_puid_is_kept_or_made(self):
        node, _, client = self.model()
        outcome = self.ok(client.predict(metadata=[("seldon-puid", "mine")]))
        self.assertEqual((outcome.get("seldon-puid"), node.last.get("seldon-puid")), ("mine", "mine"))
        made = set()
        for _ in range(20):
            outcome = self.ok(client.predict())
            self.assertRegex(outcome.get("seldon-puid"), "^[A-Za-z0-9-]{10,}$")
            self.assertEqual(node.last.get("seldon-puid"), outcome.get("seldon-puid"))
            made.add(outcome.get("seldon-puid"))
        self.assertEqual(len(made), 20)

    def test_a_puid_is_told_with_a_failure_too(self):
        _, _, client = self.model(Failure("INVALID_ARGUMENT", "no"))
        outcome = client.predict(metadata=[("seldon-puid", "mine")])
        self.assertEqual(outcome.code, "INVALID_ARGUMENT")
        self.assertIn(("seldon-puid", "mine"), outcome.initial + outcome.trailing)

    def test_end_to_end_keys_reach_every_node(self):
        t, m = self.node(), self.node()
        _, client = self.start(unit("t", t, "TRANSFORMER", [unit("m", m)]))
        sent = [("x-tenant", "blue"), ("authorization", "Bearer t"), ("twice", "1"), ("twice", "2"),
                ("trace-bin", bytes(range(256))), ("empty", ""), ("seldon-puid", "p")]
        self.ok(client.predict(metadata=sent))
        for node in (t, m):
            for pair in sent:
                self.assertIn(pair, node.last.metadata)
            self.assertEqual([v for k, v in node.last.metadata if k == "twice"], ["1", "2"])

    def test_hop_by_hop_keys_do_not(self):
        node, _, client = self.model()
        self.ok(client.predict(metadata=[("x", "y")]))
        keys = [key for key, _ in node.last.metadata]
        for key in ("te", "content-type", "grpc-timeout", "grpc-encoding", "grpc-accept-encoding",
                    "connection", "host", "accept-encoding", ":authority"):
            self.assertNotIn(key, keys)
        agents = [value for key, value in node.last.metadata if key == "user-agent"]
        self.assertLessEqual(len(agents), 1)
        self.assertNotIn("grpc-python", "".join(agents))

    def test_metadata_of_a_failing_node_comes_back(self):
        _, _, client = self.model(Failure("FAILED_PRECONDITION", "warm up", trailing=[
            ("x-reason", "cold"), ("more-bin", b"\x00\xff")]))
        outcome = client.predict()
        self.assertEqual(outcome.code, "FAILED_PRECONDITION")
        self.assertIn("warm up", outcome.details)

    def test_details_of_any_text(self):
        node, _, client = self.model()
        for details in ("100% of \"it\"", "zwölf Äpfel ✓", "two\nlines\ttab", "x" * 3000, ""):
            node.default = Failure("ABORTED", details)
            outcome = client.predict()
            self.assertEqual(outcome.code, "ABORTED")
            self.assertIn(details, outcome.details)

    def test_every_code_comes_through(self):
        node, _, client = self.model()
        for code in ("CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND",
                     "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED",
                     "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL",
                     "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"):
            with self.subTest(code):
                node.default = Failure(code, f"this is {code}")
                outcome = client.predict()
                self.assertEqual(outcome.code, code)
                self.assertIn(f"this is {code}", outcome.details)


class DeadlineTest(FrontTest):
    def test_what_is_left_reaches_the_nodes(self):
        t, m = self.node(Reply(delay=0.4)), self.node()
        _, client = self.start(unit("t", t, "TRANSFORMER", [unit("m", m)]))
        self.ok(client.predict(timeout=LONG))
        # On the wire it is rounded to three digits.
        self.assertTrue(LONG / 2 < t.last.time_remaining < LONG + 0.1, t.last.time_remaining)
        self.assertTrue(LONG / 2 < m.last.time_remaining < t.last.time_remaining - 0.25,
                        (t.last.time_remaining, m.last.time_remaining))

    def test_none_is_none(self):
        node, _, client = self.model()
        self.ok(client.predict(timeout=None))
        self.assertTrue(node.last.time_remaining is None or node.last.time_remaining > 3600,
                        node.last.time_remaining)

    def test_over(self):
        node, engine, client = self.model(Hang())
        self.predict_until(node, client, 0.3)
        self.assertTrue(node.wait_for(lambda n: n.last.cancelled))
        node.default = Reply()
        self.ok(client.predict())

    def test_over_in_the_second_step(self):
        t, m = self.node(Reply(delay=0.2)), self.node(Hang())
        _, client = self.start(unit("t", t, "TRANSFORMER", [unit("m", m)]))
        self.predict_until(m, client, 0.5)
        self.assertLess(m.last.time_remaining, 0.35)
        self.assertTrue(m.wait_for(lambda n: n.last.cancelled))

    def predict_until(self, node, client, timeout):
        """Calls that end by their deadline, until one has come as far as the node."""
        deadline = time.monotonic() + LONG
        while not node.calls():
            self.assertEqual(client.predict(timeout=timeout).code, "DEADLINE_EXCEEDED")
            self.assertLess(time.monotonic(), deadline)


class CancellationTest(FrontTest):
    def gone(self, node, engine, client, leave):
        call = client.start(PREDICT, text("x"))
        self.assertTrue(node.wait_for(lambda n: n.calls()))
        leave(call)
        self.assertTrue(node.wait_for(lambda n: n.last.cancelled))
        self.assertTrue(engine.alive())

    def test_a_cancelled_call(self):
        node, engine, client = self.model(Hang())
        self.gone(node, engine, client, lambda call: call.cancel())
        node.default = Reply()
        self.ok(client.predict())

    def test_a_caller_whose_connection_goes(self):
        node, engine, client = self.model(Hang())
        self.gone(node, engine, client, lambda call: client.close())
        node.default = Reply()
        with engine.grpc() as other:
            self.ok(other.predict())

    def test_in_a_wide_walk(self):
        top, nodes = self.node(), [self.node(Hang()) for _ in range(4)]
        engine, client = self.start(unit("c", top, "COMBINER", [
            unit(f"m{i}", node) for i, node in enumerate(nodes)]))
        call = client.start(PREDICT, text("x"))
        for node in nodes:
            self.assertTrue(node.wait_for(lambda n: n.calls()))
        call.cancel()
        for node in nodes:
            self.assertTrue(node.wait_for(lambda n: n.last.cancelled))
        self.assertEqual(top.calls(), [])


class SizeTest(FrontTest):
    def sized(self, size):
        return text("x" * size)

    def test_large_messages_by_default(self):
        node, _, client = self.model(lambda call: Reply(call.body))
        for size in (1, 16 << 10, 1 << 20, 5 << 20, 40 << 20):
            self.assertEqual(len(self.ok(client.predict(self.sized(size))).body),
                             len(self.sized(size).SerializeToString()))

    def limited(self, client, node):
        self.ok(client.predict(self.sized(90_000)))
        calls = len(node.calls())
        outcome = client.predict(self.sized(101_000))
        self.assertEqual(outcome.code, "RESOURCE_EXHAUSTED", outcome)
        self.assertEqual(len(node.calls()), calls)
        self.ok(client.predict(self.sized(90_000)))

    def test_limit_of_the_annotation(self):
        node, _, client = self.model(annotations={"seldon.io/grpc-max-message-size": "100000"})
        self.limited(client, node)

    def test_limit_of_the_flag(self):
        node, _, client = self.model(None, "--grpc_max_message_size", "100000")
        self.limited(client, node)

    def test_bad_limits_are_none(self):
        for value in ("lots", "0", "-3", ""):
            with self.subTest(value):
                _, _, client = self.model(annotations={"seldon.io/grpc-max-message-size": value})
                self.ok(client.predict(self.sized(5 << 20)))

    def test_many_at_once(self):
        node, _, client = self.model(lambda call: Reply(call.body))
        calls = [client.start(PREDICT, self.sized(i * 10_007)) for i in range(100)]
        for i, call in enumerate(calls):
            self.assertEqual(client.finish(PREDICT, call).message(), self.sized(i * 10_007))

    def test_deep_and_many_metadata(self):
        node, _, client = self.model()
        self.ok(client.predict(metadata=[(f"k{i}", "v" * 50) for i in range(50)]))
        self.assertEqual(len([k for k, _ in node.last.metadata if re.fullmatch(r"k\d+", k)]), 50)


class InAnotherGraphTest(FrontTest):
    def test_an_engine_is_a_node_of_another(self):
        node = self.node(lambda call: Reply(call.body if call.method.endswith("Predict")
                                            else text(call.method)))
        node.on("Model/Metadata", Reply(protos.SeldonModelMetadata(name="deep")))
        inner, _ = self.start(unit("m", node))

        class Inner:
            host, port, transport = "127.0.0.1", inner.grpc_port, "GRPC"

        _, client = self.start(unit("e", Inner()))
        outcome = self.ok(client.predict(UNKNOWN, metadata=[("seldon-puid", "p"), ("x", "y")], timeout=LONG))
        self.assertEqual((outcome.body, outcome.get("seldon-puid")), (UNKNOWN, "p"))
        self.assertEqual((node.last.get("x"), node.last.get("seldon-puid")), ("y", "p"))
        self.assertEqual([v for k, v in outcome.initial if k == "seldon-puid"], ["p"])
        self.assertTrue(LONG / 2 < node.last.time_remaining < LONG + 0.2)
        self.assertEqual(self.ok(client.call(FEEDBACK, protos.Feedback(reward=1))).message(),
                         text("/seldon.protos.Model/SendFeedback"))
        self.assertEqual(self.ok(client.call(GRAPH_METADATA)).message().models["e"].name, "deep")
        node.default = Failure("OUT_OF_RANGE", "too far")
        outcome = client.predict()
        self.assertEqual(outcome.code, "OUT_OF_RANGE")
        self.assertIn("too far", outcome.details)

    def test_without_a_type_it_is_called_by_generic(self):
        node = self.node(lambda call: Reply(call.body))
        inner, _ = self.start(unit("m", node))

        class Inner:
            host, port, transport = "127.0.0.1", inner.grpc_port, "GRPC"

        _, client = self.start(unit("e", Inner(), None, methods=["TRANSFORM_INPUT"]))
        self.assertEqual(self.ok(client.predict(text("x"))).message(), text("x"))
        self.assertEqual(node.last.method, "/seldon.protos.Model/Predict")


if __name__ == "__main__":
    unittest.main()
