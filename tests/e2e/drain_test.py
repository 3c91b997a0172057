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
from raw_http import request_bytes
from stub_node import Answer, StubNode

PREDICT = request_bytes("POST", PREDICTIONS, BODY, JSON)


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


class SignalTest(DrainTest):
    def test_idle_ends_with_0_soon(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            _, engine = self.start()
            idle = engine.client()
            self.assertEqual(idle.send(PREDICT).read().status, 200)
            sent = engine.terminate(number)
            self.assertEqual(engine.wait(), 0)
            self.assertTrue(0.4 < engine.exited - sent < 2, engine.exited - sent)
            self.assertTrue(idle.is_closed())
            idle.close()

    def test_ready_turns_at_once_while_live_and_work_go_on(self):
        node, engine = self.start()
        with engine.client() as kept:
            self.assertEqual(kept.ask("GET", "/ready").status, 200)
            sent = engine.terminate()
            while kept.ask("GET", "/ready").status == 200:
                self.assertLess(time.monotonic() - sent, 0.1)
            # The floor of half a second: new connections are taken and served.
            while time.monotonic() - sent < 0.4:
                self.assertEqual(engine.get("/ready").status, 503)
                self.assertEqual(engine.get("/live").status, 200)
                self.assertEqual(engine.predict().status, 200)
                time.sleep(0.02)
        self.assertEqual(engine.wait(), 0)

    def test_shutdown_delay(self):
        _, engine = self.start(None, "--shutdown_delay", "1500ms")
        sent = engine.terminate()
        time.sleep(0.05)
        while time.monotonic() - sent < 1.3:
            self.assertEqual(engine.get("/ready").status, 503)
            self.assertEqual(engine.predict().status, 200)
            time.sleep(0.05)
        self.assertEqual(engine.wait(), 0)
        self.assertTrue(1.4 < engine.exited - sent < 3, engine.exited - sent)

    def test_no_new_connections_after_it(self):
        node, engine = self.start(Answer(delay=2))
        client = self.begin(engine, node)
        sent = engine.terminate()
        refused = None
        while refused is None and time.monotonic() - sent < 1.6:
            time.sleep(0.02)
            try:
                engine.client().close()
            except OSError:
                refused = time.monotonic() - sent
        self.assertIsNotNone(refused)
        self.assertGreater(refused, 0.45)
        self.assertEqual(client.read().status, 200)
        self.assertEqual(engine.wait(), 0)

    def test_a_second_sigterm_changes_nothing(self):
        node, engine = self.start(Answer(delay=1))
        client = self.begin(engine, node)
        for _ in range(3):
            engine.terminate()
            time.sleep(0.1)
        self.assertEqual(client.read().status, 200)
        self.assertEqual(engine.wait(), 0)

    def test_a_second_interrupt_ends_it_at_once(self):
        node, engine = self.start(Answer(delay=5))
        self.begin(engine, node)
        engine.terminate(signal.SIGINT)
        time.sleep(0.1)
        sent = engine.terminate(signal.SIGINT)
        self.assertEqual(engine.wait(), -signal.SIGINT)
        self.assertLess(engine.exited - sent, 0.3)


class InFlightTest(DrainTest):
    def test_in_flight_requests_finish_and_are_told_to_close(self):
        node, engine = self.start(Answer(delay=1.5))
        clients = [self.begin(engine, node) for _ in range(10)]
        engine.terminate()
        for client in clients:
            answer = client.read()
            self.assertEqual(answer.status, 200)
            self.assertEqual(answer.get("Connection"), "close")
            self.assertTrue(client.is_closed(2))
        self.assertEqual(engine.wait(), 0)

    def test_pipelined_and_half_sent_requests_finish(self):
        node, engine = self.start(Answer(delay=0.1))
        piped, half, chunked = (engine.client() for _ in range(3))
        for client in (half, chunked):
            self.assertEqual(client.send(PREDICT).read().status, 200)
        piped.send(PREDICT * 3)
        half.send(PREDICT[:-5])
        chunked.send(b"POST " + PREDICTIONS.encode() + b" HTTP/1.1\r\nHost: x\r\n"
                     b"Transfer-Encoding: chunked\r\n\r\n3\r\na")
        time.sleep(0.05)
        engine.terminate()
        time.sleep(0.7)
        half.send(PREDICT[-5:])
        chunked.send(b"bc\r\n0\r\n\r\n")
        self.assertEqual(half.read().status, 200)
        self.assertEqual(chunked.read().status, 200)
        self.assertEqual([piped.read().status for _ in range(3)], [200] * 3)
        self.assertEqual(engine.wait(), 0)
        for client in (piped, half, chunked):
            client.close()

    def test_over_the_graceful_timeout(self):
        node, engine = self.start(Answer(delay=30), "--graceful_timeout", "1s")
        client = self.begin(engine, node)
        sent = engine.terminate()
        self.assertEqual(engine.wait(), 1)
        self.assertTrue(0.9 < engine.exited - sent < 3.5, engine.exited - sent)
        self.assertTrue(client.is_closed(1))
        line = next(line for line in engine.stderr().splitlines() if "requests cut" in line)
        self.assertIn(PREDICTIONS + ": 1", line)
        self.assertIn(f"{node.host}:{node.port}: 1", line)

    def test_a_silent_connection_does_not_hold_it(self):
        _, engine = self.start(None, "--graceful_timeout", "10s")
        silent = [engine.client() for _ in range(20)]
        sent = engine.terminate()
        self.assertEqual(engine.wait(), 0)
        self.assertLess(engine.exited - sent, 3)
        for client in silent:
            client.close()


    def test_silent_connections_made_while_it_begins_do_not_hold_it(self):
        """Some are accepted after the idle ones have been told to go."""
        for _ in range(4):
            _, engine = self.start()
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
            sent = engine.terminate()
            self.assertEqual(engine.wait(), 0)
            # The default --graceful_timeout is 15 s.
            self.assertLess(engine.exited - sent, 8)
            done.set()
            for thread in threads:
                thread.join()
            for client in made:
                client.close()


class LoadTest(DrainTest):
    def drain_under(self, delay, *flags, **load_options):
        with FastNode(delay) as node:
            engine = Engine(unit("m", node), *flags)
            self.addCleanup(engine.kill)
            load = Load(engine.port, **load_options).start()
            time.sleep(0.5)
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
            engine = Engine(unit("m", node))
            self.addCleanup(engine.kill)
            statuses, lost = [], []
            done = threading.Event()

            def loop():
                while not done.is_set():
                    try:
                        client = raw_http.Client(engine.port)
                    except OSError:
                        return  # nobody listens any more
                    try:
                        statuses.append(client.ask("POST", PREDICTIONS, BODY, JSON).status)
                    except (OSError, raw_http.Closed) as error:
                        lost.append(error)
                    client.close()

            threads = [threading.Thread(target=loop) for _ in range(8)]
            for thread in threads:
                thread.start()
            time.sleep(0.4)
            engine.terminate()
            self.assertEqual(engine.wait(), 0)
            done.set()
            for thread in threads:
                thread.join()
            self.assertEqual((set(statuses), lost), ({200}, []))
            self.assertGreater(len(statuses), 50)

    def test_many_times(self):
        # HTTP/1.1 lets an idle connection be closed while a request is on its way to it. A busy
        # machine makes callers pause, so they get long enough to have read Connection: close.
        for _ in range(4):
            self.drain_under(0.002, "--shutdown_delay", "1500ms", connections=16)


if __name__ == "__main__":
    unittest.main()
