"""One port for REST and gRPC, told apart by the first bytes, or a port for each."""

import socket
import threading
import time
import unittest

import raw_h2
import raw_http
from engine import BODY, Engine, JSON, LONG, ONE_PORT, PREDICTIONS, unit
from grpc_client import PREDICT
from grpc_node import GrpcNode, Reply, text
from stub_node import StubNode

MESSAGE = text("x").SerializeToString()
CALL = raw_h2.PREFACE + raw_h2.frame(raw_h2.SETTINGS, 0, 0) + raw_h2.request(PREDICT, MESSAGE)
REST = raw_http.request_bytes("POST", PREDICTIONS, BODY, JSON)


class PortTest(unittest.TestCase):
    def start(self, ports, *flags, node=None):
        self.node = node or GrpcNode(lambda call: Reply(call.body))
        self.addCleanup(self.node.close)
        engine = Engine(unit("m", self.node), *flags, ports=ports)
        self.addCleanup(engine.stop)
        return engine


class OnePortTest(PortTest):
    def test_the_log_tells_the_same_port_twice(self):
        engine = self.start(ONE_PORT)
        self.assertEqual(engine.port, engine.grpc_port)

    def test_both_at_once(self):
        engine = self.start(ONE_PORT)
        wrong = []

        def rest():
            with engine.client() as client:
                for _ in range(100):
                    answer = client.ask("POST", PREDICTIONS, BODY, JSON)
                    if (answer.status, answer.json()) != (200, {"data": {"ndarray": [[1]]}}):
                        wrong.append(answer)

        def rpc():
            with engine.grpc() as client:
                for _ in range(100):
                    outcome = client.predict(MESSAGE)
                    if outcome.body != MESSAGE:
                        wrong.append(outcome)

        threads = [threading.Thread(target=way) for way in (rest, rpc) * 4]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])
        self.assertEqual(len(self.node.calls()), 800)

    def test_first_bytes_in_pieces(self):
        engine = self.start(ONE_PORT)
        for data, cuts in ((CALL, (1, 2, 3, 4, 10, 23, 24, 25, 33)), (REST, (1, 2, 3, 4, 5, 10, 24))):
            for cut in cuts:
                with self.subTest((data[:4], cut)), raw_h2.Connection(engine.port) as connection:
                    connection.send(data[:cut])
                    time.sleep(0.05)
                    connection.send(data[cut:])
                    if data is CALL:
                        self.assertEqual(connection.answer()[1], raw_h2.grpc_frame(MESSAGE))
                    else:
                        self.assertTrue(connection.exactly(15).startswith(b"HTTP/1.1 200"))

    def test_a_byte_at_a_time(self):
        engine = self.start(ONE_PORT)
        with raw_h2.Connection(engine.port) as connection:
            for at in range(len(CALL)):
                connection.send(CALL[at:at + 1])
                time.sleep(0.001)
            self.assertEqual(connection.answer()[1], raw_h2.grpc_frame(MESSAGE))

    def test_everything_in_one_piece(self):
        engine = self.start(ONE_PORT)
        for _ in range(20):
            with raw_h2.Connection(engine.port) as connection:
                self.assertEqual(connection.send(CALL).answer()[1], raw_h2.grpc_frame(MESSAGE))

    def test_verbs_that_begin_alike(self):
        engine = self.start(ONE_PORT)
        for verb in ("P", "PR", "PRI", "PRIVATE", "PROPFIND", "PUT", "PATCH"):
            with self.subTest(verb):
                answer = engine.ask(verb, PREDICTIONS, b"")
                self.assertIn(answer.status, (400, 405), answer)
        for data in (b"PRI * HTTP/1.1\r\nHost: x\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n",
                     b"PRI / HTTP/1.1\r\nHost: x\r\n\r\n"):
            with self.subTest(data), raw_http.Client(engine.port) as client:
                client.send(data)
                try:
                    self.assertIn(client.read().status, (400, 404, 405))
                except (raw_http.Closed, OSError) as error:
                    self.assertNotIsInstance(error, TimeoutError)
        self.assertEqual(engine.predict().status, 200)

    def test_silence_and_half_a_preface(self):
        """Both are let go by the time in which a head must come, and hold nobody up."""
        engine = self.start(ONE_PORT, "--read_timeout", "2s")
        silent = [raw_h2.Connection(engine.port).send(raw_h2.PREFACE[:cut]) for cut in (0, 1, 2, 3, 10)]
        with engine.grpc() as client:
            self.assertEqual(client.predict(MESSAGE).body, MESSAGE)
        self.assertEqual(engine.predict().status, 200)
        for connection in silent[1:]:
            try:
                while connection.sock.recv(1 << 16):
                    pass
            except ConnectionResetError:
                pass
            except TimeoutError:
                self.fail("a connection that said half a preface is still open")
        for connection in silent:
            connection.sock.close()

    def test_where_there_is_no_room_it_is_told_to_go(self):
        """A connection beyond the limit would keep its descriptor for as long as it likes."""
        engine = self.start(ONE_PORT, "--max_connections", "1")
        with engine.placed_client() as client:
            for _ in range(100):  # more than the reserve has
                refused = raw_h2.Connection(engine.port).send(CALL)
                told = b""
                while piece := refused.sock.recv(1 << 16):
                    told += piece
                refused.sock.close()
                self.assertEqual(told, raw_h2.frame(raw_h2.SETTINGS, 0, 0) +
                                 raw_h2.frame(raw_h2.GOAWAY, 0, 0, bytes(8)))
            with engine.client() as probe:
                self.assertEqual(probe.send(raw_http.request_bytes("GET", "/live")).read().status, 200)
            self.assertEqual(client.send(REST).read().status, 200)

    def test_connections_that_leave_while_undecided(self):
        engine = self.start(ONE_PORT)
        before = engine.descriptors()
        for cut in (0, 1, 2, 3, 23, 24) * 20:
            raw_h2.Connection(engine.port).send(CALL[:cut]).sock.close()
        deadline = time.monotonic() + LONG
        while engine.descriptors() > before + 3 and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertLessEqual(engine.descriptors(), before + 3)
        with engine.grpc() as client:
            self.assertEqual(client.predict(MESSAGE).body, MESSAGE)

    def test_over_ipv6_too(self):
        engine = self.start(ONE_PORT)
        try:
            rest = raw_http.Client(engine.port, host="::1")
        except OSError:
            self.skipTest("the engine does not listen on ::1 here")
        with rest:
            self.assertEqual(rest.ask("POST", PREDICTIONS, BODY, JSON).status, 200)
        with raw_h2.Connection(engine.port, host="::1") as connection:
            self.assertEqual(connection.send(CALL).answer()[1], raw_h2.grpc_frame(MESSAGE))


class TwoPortsTest(PortTest):
    def test_nothing_is_sniffed(self):
        engine = self.start(("--http_port", "0", "--grpc_port", "0"))
        self.assertNotEqual(engine.port, engine.grpc_port)
        with engine.grpc() as client:
            self.assertEqual(client.predict(MESSAGE).body, MESSAGE)
        with raw_http.Client(engine.port) as client:
            try:
                self.assertGreaterEqual(client.send(CALL).read().status, 400)
            except raw_http.Closed:
                pass
        with raw_http.Client(engine.grpc_port) as client:
            try:
                answer = client.send(REST).read()
                self.assertNotEqual(answer.status, 200)
            except (raw_http.Closed, OSError, ValueError, IndexError):
                pass  # SETTINGS, or nothing
        self.assertEqual(engine.predict().status, 200)

    def test_a_taken_port_ends_the_start(self):
        """grpc++ shares ports unasked: two engines must not."""
        engine = self.start(("--http_port", "0", "--grpc_port", "0"))
        for ports in (("--http_port", "0", "--grpc_port", str(engine.grpc_port)),
                      ("--http_port", str(engine.grpc_port), "--grpc_port", "0"),
                      ("--http_port", "0", "--grpc_port", str(engine.port)),
                      ("--port", str(engine.grpc_port))):
            with self.subTest(ports):
                second = Engine(unit("m", self.node), ports=ports, wait=None)
                self.addCleanup(second.kill)
                self.assertEqual(second.wait(), 1)
                self.assertIn(ports[-1] if ports[-1] != "0" else ports[1], second.stderr())

    def test_one_taken_by_somebody_else(self):
        with socket.create_server(("127.0.0.1", 0)) as taken, StubNode() as node:
            port = str(taken.getsockname()[1])
            engine = Engine(unit("m", node), ports=("--http_port", "0", "--grpc_port", port), wait=None)
            self.addCleanup(engine.kill)
            self.assertEqual(engine.wait(), 1)
            self.assertIn(port, engine.stderr())

    def test_with_port_and_another(self):
        """--port is that of REST; the other flag still moves gRPC away."""
        engine = self.start(("--port", "0", "--grpc_port", "0"))
        self.assertNotEqual(engine.port, engine.grpc_port)
        with engine.grpc() as client:
            self.assertEqual(client.predict(MESSAGE).body, MESSAGE)
        self.assertEqual(engine.predict().status, 200)


if __name__ == "__main__":
    unittest.main()
