"""SIGTERM: nobody who reached the engine is let down, and it ends in time."""

import signal
import socket
import threading
import time
import unittest

import raw_http
from engine import BODY, Engine, JSON, PREDICTIONS, unit
from fast_node import FastNode
from load import Load
from raw_http import LONG, request_bytes
from stub_node import Held, Stall, StubNode

PREDICT = request_bytes("POST", PREDICTIONS, BODY, JSON)
# Who would hold up the drain for as long as this gives it is seen to do so.
PATIENT = ("--graceful_timeout", f"{LONG}s")
# Nobody waits for its end.
WIND_DOWN = ("--shutdown_delay", f"{LONG}s")


class DrainTest(unittest.TestCase):
    def start(self, answer=None, *flags):
        node = StubNode(answer)
        self.addCleanup(node.close)
        engine = Engine(unit("m", node), *flags)
        self.addCleanup(engine.kill)
        return node, engine

    def begin(self, engine, node):
        """A request that is at the node when this returns."""
        client = engine.client()
        self.addCleanup(client.close)
        before = len(node.requests)
        client.send(PREDICT)
        self.assertTrue(node.wait_for(lambda n: len(n.requests) > before))
        return client

    def ends_soon(self, engine, sent):
        self.assertEqual(engine.wait(), 0)
        self.assertLess(engine.exited - sent, LONG / 2)

    def wait_until_refused(self, engine):
        """The time at which nobody listens any more: the wind down is over."""
        return raw_http.wait_until_refused(lambda: engine.client(timeout=0.1))


class SignalTest(DrainTest):
    def test_idle_ends_with_0_soon(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            _, engine = self.start(None, *PATIENT)
            idle = engine.client()
            self.assertEqual(idle.send(PREDICT).read().status, 200)
            sent = engine.terminate(number)
            self.ends_soon(engine, sent)
            self.assertGreater(engine.exited - sent, 0.45)
            self.assertTrue(idle.is_closed())
            idle.close()

    def test_ready_turns_at_once_while_live_and_work_go_on(self):
        _, engine = self.start(None, *WIND_DOWN)
        with engine.client() as kept:
            self.assertEqual(kept.ask("GET", "/ready").status, 200)
            sent = engine.terminate()
            while kept.ask("GET", "/ready").status == 200:
                self.assertLess(time.monotonic() - sent, LONG / 2)
            # New connections are taken and served.
            for _ in range(10):
                self.assertEqual(engine.get("/ready").status, 503)
                self.assertEqual(engine.get("/live").status, 200)
                self.assertEqual(engine.predict().status, 200)

    def test_shutdown_delay(self):
        _, engine = self.start(None, *PATIENT, "--shutdown_delay", "1500ms")
        sent = engine.terminate()
        self.ends_soon(engine, sent)
        self.assertGreater(engine.exited - sent, 1.45)

    def test_no_new_connections_after_it(self):
        held = Held()
        node, engine = self.start(held, *PATIENT)
        client = self.begin(engine, node)
        sent = engine.terminate()
        self.assertGreater(self.wait_until_refused(engine) - sent, 0.45)
        held.let_go()
        self.assertEqual(client.read().status, 200)
        self.assertEqual(engine.wait(), 0)

    def test_a_second_sigterm_changes_nothing(self):
        held = Held()
        node, engine = self.start(held, *PATIENT)
        client = self.begin(engine, node)
        for _ in range(3):
            engine.terminate()
            time.sleep(0.1)
        self.wait_until_refused(engine)
        held.let_go()
        self.assertEqual(client.read().status, 200)
        self.assertEqual(engine.wait(), 0)

    def test_a_second_interrupt_ends_it_at_once(self):
        node, engine = self.start(Stall(), *WIND_DOWN)
        self.begin(engine, node)
        engine.terminate(signal.SIGINT)
        engine.wait_until("/ready", 503)  # it minds the second one by now
        sent = engine.terminate(signal.SIGINT)
        self.assertEqual(engine.wait(), -signal.SIGINT)
        self.assertLess(engine.exited - sent, LONG / 2)


class InFlightTest(DrainTest):
    def test_in_flight_requests_finish_and_are_told_to_close(self):
        held = Held()
        node, engine = self.start(held, *PATIENT)
        clients = [self.begin(engine, node) for _ in range(10)]
        engine.terminate()
        self.wait_until_refused(engine)
        held.let_go()
        for client in clients:
            answer = client.read()
            self.assertEqual(answer.status, 200)
            self.assertEqual(answer.get("Connection"), "close")
            self.assertTrue(client.is_closed())
        self.assertEqual(engine.wait(), 0)

    def test_pipelined_and_half_sent_requests_finish(self):
        node, engine = self.start(None, *PATIENT)
        piped, half, chunked = (engine.client() for _ in range(3))
        for client in (half, chunked):
            self.assertEqual(client.send(PREDICT).read().status, 200)
        node.default = held = Held()
        before = len(node.requests)
        piped.send(PREDICT * 3)
        self.assertTrue(node.wait_for(lambda n: len(n.requests) > before))
        head = (b"POST " + PREDICTIONS.encode() + b" HTTP/1.1\r\nHost: x\r\n"
                b"Expect: 100-continue\r\n")
        half.send(head + b"Content-Length: 3\r\n\r\na")
        chunked.send(head + b"Transfer-Encoding: chunked\r\n\r\n3\r\na")
        for client in (half, chunked):  # by which the engine says that it is at it
            self.assertEqual(client.reader.until(b"\r\n\r\n"), b"HTTP/1.1 100 Continue")
        engine.terminate()
        self.wait_until_refused(engine)
        held.let_go()
        half.send(b"bc")
        chunked.send(b"bc\r\n0\r\n\r\n")
        self.assertEqual(half.read().status, 200)
        self.assertEqual(chunked.read().status, 200)
        self.assertEqual([piped.read().status for _ in range(3)], [200] * 3)
        self.assertEqual(engine.wait(), 0)
        for client in (piped, half, chunked):
            client.close()

    def test_over_the_graceful_timeout(self):
        node, engine = self.start(Stall(), "--graceful_timeout", "1s")
        client = self.begin(engine, node)
        sent = engine.terminate()
        self.assertEqual(engine.wait(), 1)
        self.assertGreater(engine.exited - sent, 1.4)
        self.assertTrue(client.is_closed())
        line = next(line for line in engine.stderr().splitlines() if "requests cut" in line)
        self.assertIn(PREDICTIONS + ": 1", line)
        self.assertIn(f"{node.host}:{node.port}: 1", line)

    def test_a_silent_connection_does_not_hold_it(self):
        _, engine = self.start(None, *PATIENT, "--read_timeout", f"{LONG}s")
        silent = [engine.client() for _ in range(20)]
        self.ends_soon(engine, engine.terminate())
        for client in silent:
            client.close()

    def test_silent_connections_made_while_it_begins_do_not_hold_it(self):
        """Some are accepted after the idle ones have been told to go."""
        for _ in range(4):
            _, engine = self.start(None, *PATIENT)
            port, done, made = engine.port, threading.Event(), []

            def churn():
                while not done.is_set():
                    try:
                        made.append(socket.create_connection(("127.0.0.1", port), 0.2))
                    except OSError:
                        time.sleep(0.001)

            threads = [threading.Thread(target=churn) for _ in range(3)]
            for thread in threads:
                thread.start()
            self.ends_soon(engine, engine.terminate())
            done.set()
            for thread in threads:
                thread.join()
            for client in made:
                client.close()


class LoadTest(DrainTest):
    # HTTP/1.1 lets an idle connection be closed while a request is on its way to it. Who goes on
    # within the wind down, or the time that a new connection has for its first request, has read
    # Connection: close by then; a busy machine makes callers pause for longer.
    PATIENCE = 0.5

    def wait_for_requests(self, engine, count):
        engine.metrics_once(lambda found: (found.value(
            "seldon_api_executor_server_requests_seconds_count") or 0) > count)

    def drain_under(self, delay, **load_options):
        with FastNode(delay) as node:
            engine = Engine(unit("m", node), *PATIENT)
            self.addCleanup(engine.kill)
            load = Load(engine.port, patience=self.PATIENCE, **load_options).start()
            self.wait_for_requests(engine, 100)
            engine.terminate()
            self.assertEqual(engine.wait(), 0)
            load.join()
            self.assertEqual((set(load.statuses), load.errors), ({200}, []))
            self.assertGreater(load.total, 100)

    def test_no_request_is_lost_over_kept_connections(self):
        self.drain_under(0.0, connections=8)

    def test_no_request_is_lost_with_a_slow_node(self):
        self.drain_under(0.05, connections=32)

    def test_no_request_is_lost_on_new_connections(self):
        """Each request on a connection of its own: what is accepted is answered."""
        with FastNode() as node:
            engine = Engine(unit("m", node), *PATIENT)
            self.addCleanup(engine.kill)
            statuses, lost = [], []
            done = threading.Event()

            def loop():
                while not done.is_set():
                    began = time.monotonic()
                    try:
                        client = raw_http.Client(engine.port)
                    except OSError:
                        return  # nobody listens any more
                    sent = None
                    try:
                        client.send(PREDICT)
                        sent = time.monotonic()
                        statuses.append(client.read().status)
                    except (OSError, raw_http.Closed) as error:
                        if (sent or time.monotonic()) - began < self.PATIENCE:
                            lost.append(error)
                    client.close()

            threads = [threading.Thread(target=loop) for _ in range(8)]
            for thread in threads:
                thread.start()
            self.wait_for_requests(engine, 50)
            engine.terminate()
            self.assertEqual(engine.wait(), 0)
            done.set()
            for thread in threads:
                thread.join()
            self.assertEqual((set(statuses), lost), ({200}, []))
            self.assertGreater(len(statuses), 50)

    def test_many_times(self):
        for _ in range(4):
            self.drain_under(0.002, connections=16)


if __name__ == "__main__":
    unittest.main()
