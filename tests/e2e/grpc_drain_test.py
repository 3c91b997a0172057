"""SIGTERM with gRPC callers: GOAWAY, what is in flight ends well, and the process ends in time."""

import signal
import threading
import time
import unittest

import raw_h2
import raw_http
from engine import BODY, Engine, JSON, ONE_PORT, PREDICTIONS, TWO_PORTS, unit
from grpc_client import PREDICT
from grpc_node import GrpcNode, Hang, Reply, text
from stub_node import Answer, StubNode


class DrainTest(unittest.TestCase):
    def start(self, answer=None, *flags, ports=TWO_PORTS):
        node = GrpcNode(answer)
        self.addCleanup(node.close)
        engine = Engine(unit("m", node), *flags, ports=ports)
        self.addCleanup(engine.kill)
        client = engine.grpc()
        self.addCleanup(client.close)
        return node, engine, client

    def begin(self, node, client, count=1):
        before = len(node.calls())
        calls = [client.start(PREDICT, text("x")) for _ in range(count)]
        self.assertTrue(node.wait_for(lambda n: len(n.calls()) == before + count))
        return calls


class InFlightTest(DrainTest):
    def test_calls_in_flight_finish(self):
        for ports in (TWO_PORTS, ONE_PORT):
            with self.subTest(ports):
                node, engine, client = self.start(Reply(text("late"), delay=1.5), ports=ports)
                calls = self.begin(node, client, 10)
                engine.terminate()
                for call in calls:
                    outcome = client.finish(PREDICT, call)
                    self.assertEqual((outcome.code, outcome.message().strData), ("OK", "late"))
                self.assertEqual(engine.wait(), 0)

    def test_health_turns_first_while_calls_are_served(self):
        for ports in (TWO_PORTS, ONE_PORT):
            with self.subTest(ports):
                _, engine, client = self.start(ports=ports)
                self.assertEqual(client.check(), "SERVING")
                sent = engine.terminate()
                while client.check() == "SERVING":
                    self.assertLess(time.monotonic() - sent, 0.2)
                while time.monotonic() - sent < 0.4:
                    self.assertEqual(client.check("seldon.protos.Seldon"), "NOT_SERVING")
                    with engine.grpc() as fresh:
                        self.assertEqual(fresh.predict(text("x")).code, "OK")
                    time.sleep(0.02)
                self.assertEqual(engine.wait(), 0)

    def test_goaway(self):
        for ports in (TWO_PORTS, ONE_PORT):
            with self.subTest(ports):
                node, engine, _ = self.start(Reply(text("late"), delay=1.2), ports=ports)
                with raw_h2.Connection(engine.grpc_port) as connection:
                    connection.open().send(raw_h2.request(PREDICT, b""))
                    self.assertTrue(node.wait_for(lambda n: n.calls()))
                    engine.terminate()
                    seen = []
                    try:
                        while True:
                            kind, flags, stream, _ = connection.read_frame()
                            seen.append((kind, stream, bool(flags & raw_h2.END_STREAM)))
                    except EOFError:
                        pass
                kinds = [kind for kind, _, _ in seen]
                self.assertIn(raw_h2.GOAWAY, kinds)
                self.assertLess(kinds.index(raw_h2.GOAWAY), kinds.index(raw_h2.DATA),
                                "told to go before the answer was there")
                self.assertIn((raw_h2.HEADERS, 1, True), seen)
                self.assertEqual(engine.wait(), 0)

    def test_no_new_connections_after_it(self):
        node, engine, client = self.start(Reply(delay=2))
        calls = self.begin(node, client)
        sent = engine.terminate()
        refused = None
        while refused is None and time.monotonic() - sent < 1.8:
            time.sleep(0.02)
            try:
                raw_h2.Connection(engine.grpc_port).sock.close()
            except OSError:
                refused = time.monotonic() - sent
        self.assertIsNotNone(refused)
        self.assertGreater(refused, 0.45)
        self.assertEqual(client.finish(PREDICT, calls[0]).code, "OK")
        self.assertEqual(engine.wait(), 0)

    def test_over_the_graceful_timeout(self):
        node, engine, client = self.start(Hang(), "--graceful_timeout", "1s")
        calls = self.begin(node, client, 3)
        sent = engine.terminate()
        self.assertEqual(engine.wait(), 1)
        self.assertTrue(0.9 < engine.exited - sent < 3.5, engine.exited - sent)
        for call in calls:
            self.assertIn(client.finish(PREDICT, call).code, ("UNAVAILABLE", "CANCELLED"))
        self.assertTrue(node.wait_for(lambda n: all(c.over.is_set() for c in n.calls()), 2))

    def test_a_preface_that_ends_after_grpc_has_stopped(self):
        """On a shared port a connection may turn out to be HTTP/2 when gRPC has drained already."""
        node = StubNode(Answer(delay=4))
        self.addCleanup(node.close)
        engine = Engine(unit("m", node), ports=ONE_PORT)
        self.addCleanup(engine.kill)
        with engine.client() as slow, raw_h2.Connection(engine.port) as late:
            slow.send(raw_http.request_bytes("POST", PREDICTIONS, BODY, JSON))
            self.assertTrue(node.wait_for(lambda n: n.requests))
            late.send(raw_h2.PREFACE[:10])
            time.sleep(0.05)
            engine.terminate()
            time.sleep(2)  # gRPC has nothing to do and stops; the REST request holds the drain
            late.send(raw_h2.PREFACE[10:] + raw_h2.frame(raw_h2.SETTINGS, 0, 0) +
                      raw_h2.request("/grpc.health.v1.Health/Check", b""))
            try:
                late.answer()  # it was in time after all
            except EOFError as told:
                # That no stream of his was looked at: he may repeat it elsewhere.
                self.assertIn("GOAWAY " + repr(bytes(8)), str(told))
            self.assertEqual(slow.read().status, 200)
        self.assertEqual(engine.wait(), 0)

    def test_idle_ends_soon(self):
        for ports in (TWO_PORTS, ONE_PORT):
            for number in (signal.SIGTERM, signal.SIGINT):
                _, engine, client = self.start(ports=ports)
                self.assertEqual(client.predict(text("x")).code, "OK")
                silent = [raw_h2.Connection(engine.grpc_port) for _ in range(5)]
                sent = engine.terminate(number)
                self.assertEqual(engine.wait(), 0)
                self.assertLess(engine.exited - sent, 3)
                for connection in silent:
                    connection.sock.close()


class LoadTest(DrainTest):
    def drain_under(self, delay, ports=TWO_PORTS):
        """Callers who go on until the connection is refused lose no call that was accepted."""
        _, engine, _ = self.start(Reply(text("x"), delay=delay), ports=ports)
        outcomes, done = [], threading.Event()

        def loop():
            with engine.grpc() as client:
                while not done.is_set():
                    outcome = client.predict(text("x"))
                    if "onnect" in outcome.details:
                        return  # nobody listens any more: it never reached the engine
                    outcomes.append((outcome.code, outcome.details))

        threads = [threading.Thread(target=loop) for _ in range(8)]
        for thread in threads:
            thread.start()
        time.sleep(0.5)
        engine.terminate()
        self.assertEqual(engine.wait(), 0)
        done.set()
        for thread in threads:
            thread.join()
        self.assertEqual(set(outcomes), {("OK", "")})
        self.assertGreater(len(outcomes), 50)

    def test_no_call_is_lost(self):
        for ports in (TWO_PORTS, ONE_PORT):
            for delay in (0.0, 0.05):
                with self.subTest((ports, delay)):
                    self.drain_under(delay, ports)


class AgeTest(DrainTest):
    def test_old_connections_are_told_to_go(self):
        """So that callers spread anew; the calls on them end well."""
        node, engine, client = self.start(Reply(text("x"), delay=0.02), "--grpc_max_connection_age", "1s")
        began, codes = time.monotonic(), set()
        with raw_h2.Connection(engine.grpc_port) as connection:
            connection.open()
            while time.monotonic() - began < 4:
                codes.add(client.predict(text("x")).code)
            kinds = []
            try:
                while True:
                    kinds.append(connection.read_frame()[0])
            except EOFError:
                pass
        self.assertEqual(codes, {"OK"})
        self.assertIn(raw_h2.GOAWAY, kinds)


if __name__ == "__main__":
    unittest.main()
