"""Nodes that drop, stall, flood or come and go: the process stays up, the other branch is served."""

import random
import time
import unittest

from engine import BODY, Engine, JSON, LONG, unit
from faulty_proxy import FaultyProxy
from fast_node import FastNode
from load import Load
from raw_http import request_bytes
from stub_node import Answer, Drop, Flood, Raw, Stall, StubNode


class SickNodeTest(unittest.TestCase):
    def start(self, sick, *flags, **more):
        """A router: body 1 goes to the sick node, everything else to the healthy one."""
        self.router = StubNode()
        self.router.on("/route", lambda r: Answer(body=b"[1]" if r.body == b"1" else b"[0]"))
        self.healthy = FastNode()
        for node in (self.router, self.healthy):
            self.addCleanup(node.close)
        engine = Engine(unit("r", self.router, "ROUTER", [
            unit("healthy", self.healthy), unit("sick", sick)]), *flags, **more)
        self.addCleanup(engine.stop)
        return engine

    def others_are_served(self, engine):
        load = Load(engine.port, connections=4, count=300).start().join()
        self.assertEqual((load.statuses, load.errors), ({200: 300}, []))

    def test_drops(self):
        for then in ("close", "reset"):
            with StubNode(Drop(then)) as sick:
                engine = self.start(sick)
                load = Load(engine.port, connections=8, count=400, body=b"1").start()
                self.others_are_served(engine)
                load.join()
                self.assertEqual((load.statuses, load.errors), ({503: 400}, []))

    def test_stalls(self):
        with StubNode(Stall()) as sick:
            engine = self.start(sick, annotations={"infergraph.io/sick.timeout": "300ms"})
            load = Load(engine.port, connections=50, count=150, body=b"1").start()
            self.others_are_served(engine)
            load.join()
            self.assertEqual((load.statuses, load.errors), ({504: 150}, []))
            self.assertLess(load.took, LONG / 2)  # 45 s of waiting, 50 at a time

    def test_stalls_without_a_timeout_and_impatient_callers(self):
        with StubNode(Stall()) as sick:
            engine = self.start(sick)
            clients = [engine.client() for _ in range(100)]
            for client in clients:
                client.send(request_bytes("POST", "/api/v1.0/predictions", b"1"))
            self.assertTrue(sick.wait_for(lambda n: len(n.requests) == 100))
            self.others_are_served(engine)
            for client in clients:
                client.close()
            self.assertTrue(sick.wait_for(
                lambda n: all(r.connection.closed_at for r in n.requests)))
            engine.metrics_once(lambda found: (
                found.value("infergraph_connections_open") < 5 and
                found.value("infergraph_node_calls_in_flight") == 0))

    def test_floods(self):
        with StubNode(Flood()) as sick:
            engine = self.start(sick, "--max_response_bytes", "4000000")
            before = engine.rss()
            load = Load(engine.port, connections=4, count=40, body=b"1").start()
            self.others_are_served(engine)
            load.join()
            self.assertEqual((load.statuses, load.errors), ({502: 40}, []))
            self.assertLess(engine.rss() - before, 100 * 1024)

    def test_everything_at_random(self):
        source = random.Random(3)
        whole = Answer().bytes()

        def mood(_):
            return source.choice([
                Answer(), Answer(), Answer(framing="chunked"), Answer(framing="close"), Drop(),
                Drop("reset"), Answer(500), Answer(cut=source.randrange(len(whole))),
                Raw(source.randbytes(source.randrange(200))), Answer(delay=0.05),
                Answer(cut=40, then="reset"), Answer(204, [], b""), Raw(whole + b"more"), Stall()])

        with StubNode(mood) as sick:
            engine = self.start(sick, annotations={"infergraph.io/sick.timeout": "150ms"})
            load = Load(engine.port, connections=16, count=2500, body=b"1").start()
            self.others_are_served(engine)
            load.join()
            self.assertEqual(load.errors, [])
            self.assertEqual(load.total, 2500)
            self.assertLessEqual(set(load.statuses), {200, 204, 500, 502, 503, 504})
            self.assertTrue(engine.alive())

    def test_comes_and_goes(self):
        node = StubNode()
        port = node.port
        engine = Engine(unit("m", node))
        self.addCleanup(engine.stop)
        for _ in range(5):
            node.close()
            engine.wait_until("/ready", 503)
            self.assertEqual(engine.predict().status, 503)
            node = StubNode(port=port)
            engine.wait_until("/ready", 200)
            self.assertEqual(engine.predict().status, 200)
        node.close()

    def test_a_wire_that_worsens(self):
        with FastNode() as node, FaultyProxy(node.port) as proxy:
            engine = self.start(proxy, annotations={"infergraph.io/sick.timeout": "400ms"})
            load = Load(engine.port, connections=8, body=b"1").start()
            for fault in ({"delay": 0.01}, {"trickle": 30}, {"stall": True}, {"stall": False},
                          {"trickle": None, "delay": 0}, {"cut_after": 100}, {"reset": True},
                          {"cut_after": None, "reset": False}, {"refuse": True}, {"refuse": False}):
                for key, value in fault.items():
                    setattr(proxy, key, value)
                time.sleep(0.25)
                proxy.cut_all()
            before = self.answered(engine.metrics())
            engine.metrics_once(lambda found: self.answered(found) > before + 10)
            load.stop()
            self.assertEqual(load.errors, [])
            self.assertLessEqual(set(load.statuses), {200, 502, 503, 504})
            self.assertGreater(load.statuses[200], 10)

    def answered(self, found):
        return found.value("seldon_api_executor_server_requests_seconds_count", code="200") or 0


class FlatTest(unittest.TestCase):
    def test_memory_and_descriptors_over_100000_requests(self):
        with FastNode() as a, FastNode() as b:
            combined = Engine(unit("avg", None, None, [unit("a", a), unit("b", b)],
                                   implementation="AVERAGE_COMBINER"))
            self.addCleanup(combined.stop)
            engine = Engine(unit("m", a))
            self.addCleanup(engine.stop)
            for running, count in ((engine, 85000), (combined, 15000)):
                def batch(size, running=running):
                    load = Load(running.port, connections=8, count=size, pipeline=32).start().join()
                    self.assertEqual((load.statuses, load.errors), ({200: size}, []))

                batch(count // 5)
                descriptors, grown = running.descriptors(), []
                while len(grown) < 3 and min(grown, default=1500) >= 1500:  # what leaks does each time
                    rss = running.rss()
                    batch(count - count // 5)
                    grown.append(running.rss() - rss)
                self.assertLess(min(grown), 1500, "memory grows")
                self.assertLessEqual(running.descriptors(), descriptors + 8)

    def test_memory_after_large_bodies(self):
        with StubNode(lambda request: Answer(body=request.body)) as node:
            engine = Engine(unit("m", node))
            self.addCleanup(engine.stop)
            before = engine.rss()
            for _ in range(3):
                for _ in range(8):
                    self.assertEqual(engine.predict(b"x" * (16 << 20)).status, 200)
                after = engine.rss()
            self.assertLess(after - before, 120 * 1024)
            with engine.client() as client:
                for _ in range(200):
                    client.ask("POST", "/api/v1.0/predictions", BODY, JSON)


if __name__ == "__main__":
    unittest.main()
