"""What no stock client sends, and what must not take the process, or a request, down."""

import json
import os
import signal
import socket
import time
import unittest

import raw_h2
from engine import BODY, LONG, ONE_PORT, Engine, unit
from fast_grpc_node import FastGrpcNode
from grpc_client import PREDICT
from grpc_node import GrpcNode, Reply, text
from stub_node import Answer, StubNode

MESSAGE = text("x").SerializeToString()


class HostileTest(unittest.TestCase):
    def start(self, node, *flags, **options):
        engine = Engine(unit("m", node), *flags, **options)
        self.addCleanup(engine.kill)
        return engine

    def grpc_node(self, answer=None):
        return self.enterContext(GrpcNode(answer or Reply(text("x"))))

    def call(self, engine, headers):
        with raw_h2.Connection(engine.grpc_port) as connection:
            connection.open()
            return connection.call(PREDICT, b"", headers=headers)

    def test_puids_that_no_header_can_hold(self):
        """grpc++ ends the process that tries to send one."""
        engine = self.start(self.grpc_node())
        for puid in (b"a\tb", b"\xe9"):
            with socket.create_connection(("127.0.0.1", engine.port), timeout=LONG) as sock:
                sock.sendall(b"POST /api/v1.0/predictions HTTP/1.1\r\nHost: x\r\n"
                             b"Content-Type: application/json\r\nSeldon-Puid: " + puid +
                             b"\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY)
                self.assertIn(b"200 OK", sock.recv(4096))
        for puid in ("a\x01b", "a\r\nX-Evil: 1"):
            self.assertEqual(self.call(engine, [("seldon-puid", puid)])[2], MESSAGE, puid)
        self.assertTrue(engine.alive())

    def test_metadata_cannot_write_header_lines(self):
        node = self.enterContext(StubNode(Answer(body=b'{"strData":"x"}')))
        engine = self.start(node)
        for header in (("x-foo", "a\r\nX-Evil: 1"), ("x-foo\r\nx-evil", "1"), ("x-foo: 1", "a"),
                       ("seldon-puid", "a\r\nX-Evil: 1"), ("x-foo", "\x01")):
            self.call(engine, [header, ("x-good", "1")])
            names = [name.lower() for name, _ in node.calls()[-1].headers]
            self.assertIn("x-good", names, header)
            self.assertFalse({"x-evil", "x-foo", "x-foo: 1"} & set(names), header)

    def test_deadlines_beyond_all_clocks(self):
        engine = self.start(self.grpc_node())
        for timeout in ("99999999H", "2562047H", "99999999M"):
            self.assertEqual(self.call(engine, [("grpc-timeout", timeout)])[2], MESSAGE, timeout)

    def test_a_preface_that_comes_in_the_drain(self):
        with FastGrpcNode() as node:
            for _ in range(3):
                engine = Engine(unit("m", node), ports=ONE_PORT)
                os.kill(engine.process.pid, signal.SIGTERM)
                time.sleep(0.4)
                connections = [raw_h2.Connection(engine.port) for _ in range(4)]
                for connection in connections:
                    time.sleep(0.06)
                    try:
                        connection.open()
                        connection.call(PREDICT, b"")
                    except (OSError, EOFError):
                        pass  # told to go elsewhere
                self.assertEqual(engine.wait(), 0)
                engine.kill()

    def test_an_answer_over_the_limit_is_the_nodes_fault(self):
        engine = self.start(self.grpc_node(Reply(text("x" * 100_000))), "--max_response_bytes", "1Ki")
        answer = engine.ask("POST", "/api/v1.0/predictions", BODY, [("Content-Type", "application/json")])
        self.assertEqual(answer.status, 502, answer.body)
        self.assertEqual(json.loads(answer.body)["status"]["reason"], "BAD_UPSTREAM")
        self.assertIn('node \\"m\\"', answer.body.decode())

    def test_a_reward_acknowledged_with_nothing(self):
        node = self.enterContext(StubNode(Answer(body=b"")))
        engine = self.start(node)
        with engine.grpc() as client:
            self.assertEqual(client.call("/seldon.protos.Seldon/SendFeedback").code, "OK")


if __name__ == "__main__":
    unittest.main()
