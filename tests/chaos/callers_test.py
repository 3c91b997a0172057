"""Callers who mean ill or are merely slow: others must not notice."""

import resource
import threading
import time
import unittest

from engine import BODY, Engine, JSON, LONG, PREDICTIONS, unit
from faulty_proxy import FaultyProxy
from load import Load
from raw_http import Client, Closed, ask, request_bytes
from stub_node import Answer, StubNode

HEAD = b"POST " + PREDICTIONS.encode() + b" HTTP/1.1\r\nHost: x\r\n"


def allow_descriptors(count):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(count, hard), hard))


class CallersTest(unittest.TestCase):
    def start(self, *flags, answer=None):
        self.node = StubNode(answer)
        self.addCleanup(self.node.close)
        engine = Engine(unit("m", self.node), *flags)
        self.addCleanup(engine.stop)
        return engine

    def others_are_served(self, engine):
        load = Load(engine.port, connections=4, count=400).start().join()
        self.assertEqual((load.statuses, load.errors), ({200: 400}, []))
        # Who waits for a slow caller waits until that is let go, which takes 2 s at least; a busy
        # machine lets some wait, too.
        self.assertLess(sorted(load.latencies)[len(load.latencies) // 2], 1)

    def demand_descriptors(self, engine, most):
        """No more than that, once all is closed."""
        deadline = time.monotonic() + LONG
        while engine.descriptors() > most:
            self.assertLess(time.monotonic(), deadline, engine.descriptors())
            time.sleep(0.05)


class SlowlorisTest(CallersTest):
    def drip(self, engine, start, most, count=200):
        """Connections that send `start` and then a byte now and then, until they are let go: the
        engine has at most so many descriptors again."""
        clients = [engine.client().send(start) for _ in range(count)]
        done = threading.Event()

        def loop():
            while not done.wait(0.1):
                for client in clients:
                    try:
                        client.sock.send(b"x")
                    except OSError:
                        pass

        thread = threading.Thread(target=loop)
        thread.start()
        try:
            self.others_are_served(engine)
            self.demand_descriptors(engine, most)
        finally:
            done.set()
            thread.join()
        return clients

    def test_heads_that_never_end(self):
        engine = self.start("--read_timeout", "2s")
        before = engine.descriptors()
        clients = self.drip(engine, b"GET /live HTTP/1.1\r\nHost: x\r\nX-Slow: ", before + 30)
        self.assertEqual(len(self.node.calls()), 400)
        for client in clients:
            client.close()
        self.others_are_served(engine)

    def test_bodies_that_never_end(self):
        engine = self.start("--progress_timeout", "2s")
        clients = [engine.client() for _ in range(200)]
        for client in clients:
            client.send(HEAD + b"Content-Length: 1000\r\n\r\nabc")
        self.others_are_served(engine)
        self.assertEqual({client.read().status for client in clients}, {408})
        for client in clients:
            client.close()

    def test_callers_who_never_read(self):
        engine = self.start("--progress_timeout", "2s", answer=lambda request: Answer(
            body=b"z" * (4 << 20) if request.body == b"big" else b"{}"))
        before = engine.descriptors()
        clients = [engine.client() for _ in range(20)]
        for client in clients:
            client.send(request_bytes("POST", PREDICTIONS, b"big"))
        self.assertTrue(self.node.wait_for(lambda n: len(n.requests) == 20))
        self.others_are_served(engine)
        # Those of the walk's own pool may stay; the callers' may not.
        engine.metrics_once(lambda found: found.value("infergraph_connections_open") < 5)
        for client in clients:
            client.close()
        self.demand_descriptors(engine, before + 60)


class ManyConnectionsTest(CallersTest):
    def test_2000_idle_connections(self):
        allow_descriptors(8192)
        engine = self.start()
        before_rss, before = engine.rss(), engine.descriptors()
        clients = [engine.client() for _ in range(2000)]
        for client in clients[::2]:
            client.send(request_bytes("GET", "/live"))
        for client in clients[::2]:
            self.assertEqual(client.read().status, 200)
        self.assertGreaterEqual(engine.descriptors(), before + 1990)
        self.others_are_served(engine)
        self.assertLess(engine.rss() - before_rss, 64 * 1024)
        for client in clients:
            self.assertEqual(client.ask("GET", "/live").status, 200)
            client.close()
        self.demand_descriptors(engine, before + 30)

    def test_a_storm_of_connections(self):
        engine = self.start()
        before = engine.descriptors()

        def storm():
            for i in range(300):
                client = Client(engine.port)
                if i % 3 == 0:
                    client.send(HEAD[:20 + i % 40])
                elif i % 3 == 1:
                    client.send(request_bytes("POST", PREDICTIONS, BODY, JSON))
                (client.reset if i % 2 else client.close)()

        threads = [threading.Thread(target=storm) for _ in range(6)]
        for thread in threads:
            thread.start()
        self.others_are_served(engine)
        for thread in threads:
            thread.join()
        self.assertTrue(engine.alive())
        self.demand_descriptors(engine, before + 60)

    def test_out_of_descriptors(self):
        """accept() fails with EMFILE: the engine lives on, and serves again when some are free."""
        node = StubNode()
        self.addCleanup(node.close)
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (100, hard))
        try:
            engine = Engine(unit("m", node))
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        self.addCleanup(engine.stop)
        clients = [engine.client() for _ in range(150)]
        time.sleep(0.5)
        cpu = engine.cpu_seconds()
        time.sleep(1)
        self.assertLess(engine.cpu_seconds() - cpu, 0.5, "spins while it has no descriptor")
        self.assertTrue(engine.alive())
        for client in clients:
            client.close()
        deadline = time.monotonic() + LONG
        while not self.is_served(engine):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)

    def is_served(self, engine):
        try:
            return engine.predict().status == 200
        except (OSError, Closed):
            return False


class FaultyWireTest(CallersTest):
    def test_cut_reset_and_trickled_callers(self):
        engine = self.start()
        with FaultyProxy(engine.port) as proxy:
            proxy.trickle, proxy.delay = 40, 0.002
            self.assertEqual(ask(proxy.port, "POST", PREDICTIONS, b"x" * 300).status, 200)
            proxy.trickle, proxy.delay = None, 0
            for reset in (False, True):
                proxy.reset = reset
                for size in (1, 50, 200, 400):
                    proxy.cut_after = size
                    for _ in range(10):
                        try:
                            ask(proxy.port, "POST", PREDICTIONS, BODY)
                        except Exception as error:  # noqa: BLE001: whatever the cut makes of it
                            self.assertIn(type(error).__name__, ("Closed", "ConnectionResetError",
                                                                 "BrokenPipeError", "ValueError"))
        self.others_are_served(engine)


if __name__ == "__main__":
    unittest.main()
