"""The tools of the gRPC tests themselves: a test that uses them must be able to fail."""

import subprocess
import unittest

import grpc

import protos
import raw_h2
from fast_grpc_node import BODY, FastGrpcNode
from grpc_client import FEEDBACK, GrpcClient, PREDICT
from grpc_node import Failure, GrpcNode, Hang, Reply, route, text
from names import Names
from raw_http import LONG


class NodeTest(unittest.TestCase):
    def setUp(self):
        self.node = GrpcNode(lambda call: Reply(call.body))
        self.addCleanup(self.node.close)
        self.client = GrpcClient(self.node.port)
        self.addCleanup(self.client.close)

    def test_echo_and_what_it_remembers(self):
        sent = [("x", "y"), ("a-bin", b"\0\xff")]
        outcome = self.client.predict(text("hi"), metadata=sent, timeout=LONG)
        self.assertEqual((outcome.code, outcome.message()), ("OK", text("hi")))
        self.assertEqual(self.node.last.message(), text("hi"))
        self.assertLessEqual(set(sent), set(self.node.last.metadata))
        self.assertTrue(LONG / 2 < self.node.last.time_remaining < LONG + 0.1)
        self.assertTrue(self.node.last.answered)
        self.assertFalse(self.node.last.cancelled)

    def test_failure(self):
        self.node.on("Seldon/SendFeedback", Failure("NOT_FOUND", "no", trailing=[("t", "1")]))
        outcome = self.client.call(FEEDBACK)
        self.assertEqual((outcome.code, outcome.details, outcome.trailing),
                         ("NOT_FOUND", "no", [("t", "1")]))
        self.assertEqual(self.client.predict(text("x")).code, "OK")

    def test_body_in_the_details(self):
        body = protos.message("google.api.HttpBody")(content_type="a/b", data=b"\0")
        status = protos.message("google.rpc.Status")(code=5, message="m")
        status.details.add().Pack(body)
        self.node.default = Failure("NOT_FOUND", "m", trailing=[
            ("grpc-status-details-bin", status.SerializeToString())])
        self.assertEqual(self.client.predict().http_body(), ("a/b", b"\0"))

    def test_cancellation_and_deadline(self):
        self.node.default = Hang()
        call = self.client.start(PREDICT)
        self.assertTrue(self.node.wait_for(lambda n: n.calls()))
        self.assertFalse(self.node.last.cancelled)
        call.cancel()
        self.assertTrue(self.node.wait_for(lambda n: n.last.cancelled))
        self.assertEqual(self.client.finish(PREDICT, call).code, "CANCELLED")
        self.assertEqual(self.client.predict(timeout=0.2).code, "DEADLINE_EXCEEDED")

    def test_stop_and_start(self):
        self.node.stop()
        self.assertEqual(self.client.predict(timeout=LONG).code, "UNAVAILABLE")
        self.node.start()
        self.assertEqual(self.client.predict(text("x"), wait=True).code, "OK")

    def test_only_some_methods(self):
        with GrpcNode(only=["Model/Predict"]) as node, GrpcClient(node.port) as client:
            self.assertEqual(client.call("Model/Predict").message(), text("answer"))
            self.assertEqual(client.predict().code, "UNIMPLEMENTED")

    def test_raw_frames(self):
        with raw_h2.Connection(self.node.port) as connection:
            blocks, flag, body = connection.open().call(PREDICT, b"x" * 60_000)
            self.assertEqual((flag, body), (0, b"x" * 60_000))
            self.assertIn(b"\x0bgrpc-status\x010", blocks[-1])
        for encoding in ("gzip", "deflate"):
            with raw_h2.Connection(self.node.port) as connection:
                connection.open().call(PREDICT, b"x" * 1000, encoding=encoding)
                self.assertEqual(self.node.last.body, b"x" * 1000)

    def test_compressed_answers(self):
        self.node.default = Reply(b"x" * 1000, compression=grpc.Compression.Gzip)
        with raw_h2.Connection(self.node.port) as connection:
            _, flag, body = connection.open().call(
                PREDICT, b"", headers=[("grpc-accept-encoding", "gzip")])
            self.assertEqual((flag, raw_h2.UNPACKERS["gzip"](body)), (1, b"x" * 1000))


class OthersTest(unittest.TestCase):
    def test_fast_node_is_killed_and_starts_again(self):
        with FastGrpcNode() as node, GrpcClient(node.port) as client:
            self.assertEqual(client.predict().body, BODY)
            port = node.port
            node.kill()
            self.assertEqual(client.predict(timeout=LONG).code, "UNAVAILABLE")
            node.start()
            self.assertEqual(node.port, port)
            self.assertEqual(client.predict(wait=True).body, BODY)

    def test_names(self):
        names = Names("127.0.0.1", "127.0.0.7")
        self.addCleanup(names.close)
        if not names.works():
            self.skipTest("no mount namespaces here")

        def seen():
            return subprocess.run([*names.wrapper, "getent", "ahosts", names.host], check=False,
                                  capture_output=True, text=True).stdout

        self.assertIn("127.0.0.7", seen())
        names.set("127.0.0.8")
        self.assertIn("127.0.0.8", seen())
        self.assertNotIn("127.0.0.7", seen())

    def test_messages(self):
        message = protos.from_json({"data": {"tensor": {"shape": [1], "values": [0.1]}}, "meta": {}})
        self.assertEqual(message.SerializeToString(),
                         bytes.fromhex("1200" "1a0f" "120d" "0a0101" "1208") +
                         bytes.fromhex("9a9999999999b93f"))
        self.assertEqual(protos.to_json(route(1)), {"data": {"ndarray": [[1.0]]}})
        self.assertIn(PREDICT, protos.services())
        with self.assertRaises(AttributeError):
            protos.NoSuchMessage  # noqa: B018


if __name__ == "__main__":
    unittest.main()
