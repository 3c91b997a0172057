"""SIGTERM with gRPC callers: GOAWAY, what is in flight ends well, and the process ends in time."""

import signal
import threading
import time
import unittest

import raw_h2
import raw_http
from engine import BODY, Engine, JSON, LONG, ONE_PORT, PREDICTIONS, TWO_PORTS, unit
from grpc_client import PREDICT
from grpc_node import GrpcNode, Hang, Held, Reply, text
from stub_node import Held as HeldAnswer, StubNode

PATIENT = ("--graceful_timeout", f"{LONG}s")
WIND_DOWN = ("--shutdown_delay", f"{LONG}s")  # nobody waits for its end


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

    def wait_until_refused(self, port):
        """The time at which nobody listens there any more."""
        return raw_http.wait_until_refused(lambda: raw_h2.Connection(port, timeout=0.1).sock)


class InFlightTest(DrainTest):
    def test_calls_in_flight_finish(self):
        for ports in (TWO_PORTS, ONE_PORT):
            with self.subTest(ports):
                held = Held(text("late"))
                node, engine, client = self.start(held, *PATIENT, ports=ports)
                calls = self.begin(node, client, 10)
                engine.terminate()
                self.wait_until_refused(engine.grpc_port)
                held.let_go()
                for call in calls:
                    outcome = client.finish(PREDICT, call)
                    self.assertEqual((outcome.code, outcome.message().strData), ("OK", "late"))
                self.assertEqual(engine.wait(), 0)

    def test_health_turns_first_while_calls_are_served(self):
        for ports in (TWO_PORTS, ONE_PORT):
            with self.subTest(ports):
                _, engine, client = self.start(None, *WIND_DOWN, ports=ports)
                self.assertEqual(client.check(), "SERVING")
                sent = engine.terminate()
                while client.check() == "SERVING":
                    self.assertLess(time.monotonic() - sent, LONG / 2)
                for _ in range(10):
                    self.assertEqual(client.check("seldon.protos.Seldon"), "NOT_SERVING")
                    with engine.grpc() as fresh:
                        self.assertEqual(fresh.predict(text("x")).code, "OK")

    def test_goaway(self):
        for ports in (TWO_PORTS, ONE_PORT):
            with self.subTest(ports):
                held = Held(text("late"))
                node, engine, _ = self.start(held, *PATIENT, ports=ports)
                with raw_h2.Connection(engine.grpc_port) as connection:
                    connection.open().send(raw_h2.request(PREDICT, b""))
                    self.assertTrue(node.wait_for(lambda n: n.calls()))
                    engine.terminate()
                    seen = []
                    try:
                        while True:
                            kind, flags, stream, _ = connection.read_frame()
                            seen.append((kind, stream, bool(flags & raw_h2.END_STREAM)))
                            if kind == raw_h2.GOAWAY:
                                held.let_go()
                    except EOFError:
                        pass
                # Told to go before the answer was there.
                self.assertIn(raw_h2.GOAWAY, [kind for kind, _, _ in seen])
                self.assertIn((raw_h2.HEADERS, 1, True), seen)
                self.assertEqual(engine.wait(), 0)

    def test_no_new_connections_after_it(self):
        held = Held()
        node, engine, client = self.start(held, *PATIENT)
        calls = self.begin(node, client)
        sent = engine.terminate()
        self.assertGreater(self.wait_until_refused(engine.grpc_port) - sent, 0.45)
        held.let_go()
        self.assertEqual(client.finish(PREDICT, calls[0]).code, "OK")
        self.assertEqual(engine.wait(), 0)

    def test_over_the_graceful_timeout(self):
        node, engine, client = self.start(Hang(), "--graceful_timeout", "1s")
        calls = self.begin(node, client, 3)
        sent = engine.terminate()
        self.assertEqual(engine.wait(), 1)
        self.assertGreater(engine.exited - sent, 1.4)
        for call in calls:
            self.assertIn(client.finish(PREDICT, call).code, ("UNAVAILABLE", "CANCELLED"))
        self.assertTrue(node.wait_for(lambda n: all(c.over.is_set() for c in n.calls())))

    def test_a_preface_that_ends_after_grpc_has_stopped(self):
        """On a shared port a connection may turn out to be HTTP/2 when gRPC has drained already."""
        held = HeldAnswer()
        node = StubNode(held)
        self.addCleanup(node.close)
        engine = Engine(unit("m", node), *PATIENT, "--read_timeout", f"{LONG}s", ports=ONE_PORT)
        self.addCleanup(engine.kill)
        with engine.client() as slow, raw_h2.Connection(engine.port) as late:
            slow.send(raw_http.request_bytes("POST", PREDICTIONS, BODY, JSON))
            self.assertTrue(node.wait_for(lambda n: n.requests))
            late.send(raw_h2.PREFACE[:10])
            engine.metrics_once(lambda found: found.value("infergraph_connections_open") >= 3)
            engine.terminate()
            self.wait_until_refused(engine.port)
            time.sleep(1)  # gRPC has nothing to do and stops; the REST request holds the drain
            late.send(raw_h2.PREFACE[10:] + raw_h2.frame(raw_h2.SETTINGS, 0, 0) +
                      raw_h2.request("/grpc.health.v1.Health/Check", b""))
            try:
                late.answer()  # it was in time after all
            except EOFError as told:
                # That no stream of his was looked at: he may repeat it elsewhere.
                self.assertIn("GOAWAY " + repr(bytes(8)), str(told))
            held.let_go()
            self.assertEqual(slow.read().status, 200)
        self.assertEqual(engine.wait(), 0)

    def test_idle_ends_soon(self):
        for ports in (TWO_PORTS, ONE_PORT):
            for number in (signal.SIGTERM, signal.SIGINT):
                _, engine, client = self.start(None, *PATIENT, "--read_timeout", f"{LONG}s",
                                               ports=ports)
                self.assertEqual(client.predict(text("x")).code, "OK")
                silent = [raw_h2.Connection(engine.grpc_port) for _ in range(5)]
                sent = engine.terminate(number)
                self.assertEqual(engine.wait(), 0)
                self.assertLess(engine.exited - sent, LONG / 2)
                for connection in silent:
                    connection.sock.close()


class LoadTest(DrainTest):
    def drain_under(self, delay, ports=TWO_PORTS):
        """Callers who go on until the connection is refused lose no call that was accepted."""
        _, engine, _ = self.start(Reply(text("x"), delay=delay), *PATIENT, ports=ports)
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
        deadline = time.monotonic() + LONG
        while len(outcomes) <= 50 and time.monotonic() < deadline:
            time.sleep(0.01)
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
