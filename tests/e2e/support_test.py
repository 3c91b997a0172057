"""The tools of the other tests, against themselves: a test that leans on them is worth no more."""

import gzip
import threading
import time
import unittest

import raw_http
from engine import samples
from fast_node import FastNode
from faulty_proxy import FaultyProxy
from load import Load
from stub_node import Answer, Drop, Flood, Raw, RefusedPort, Stall, StubNode, gzipped


class StubNodeTest(unittest.TestCase):
    def test_records_what_it_gets_and_answers_by_rule(self):
        with StubNode() as node, raw_http.Client(node.port) as client:
            node.on("/a", Answer(201, (("X-One", "1"), ("X-One", "2")), b"hello"))
            node.on("/echo", lambda request: Answer(body=request.body))
            answer = client.ask("POST", "/a?x=1", b"body", (("X-Mine", "v"),))
            self.assertEqual((answer.status, answer.body), (201, b"hello"))
            self.assertEqual(answer.all("x-one"), ["1", "2"])
            self.assertEqual(client.ask("POST", "/echo", b"sent").body, b"sent")
            first, second = node.requests
            self.assertEqual((first.verb, first.target, first.body), ("POST", "/a?x=1", b"body"))
            self.assertIn(("X-Mine", "v"), first.headers)
            self.assertIs(first.connection, second.connection)

    def test_framings(self):
        body = bytes(range(256)) * 20
        for framing in ("length", "chunked", "close"):
            with StubNode(Answer(body=body, framing=framing)) as node:
                self.assertEqual(raw_http.ask(node.port, "GET", "/").body, body, framing)

    def test_reads_chunked_requests(self):
        with StubNode(lambda r: Answer(body=r.body)) as node, raw_http.Client(node.port) as client:
            client.send(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
            self.assertEqual(client.read().body, b"abc")

    def test_gzip_and_interim(self):
        with StubNode(gzipped(b"text")) as node:
            answer = raw_http.ask(node.port, "GET", "/")
            self.assertEqual(gzip.decompress(answer.body), b"text")
        with StubNode(Answer(interim=b"HTTP/1.1 102 Processing\r\n\r\n", body=b"x")) as node:
            answer = raw_http.ask(node.port, "GET", "/")
            self.assertEqual((answer.interim, answer.body), ([102], b"x"))

    def test_faults(self):
        cut = Answer(body=b"x" * 100, cut=90)
        for rule in (Drop(), Drop("reset"), cut, Raw(b"garbage")):
            with StubNode(rule) as node, self.assertRaises(raw_http.Closed):
                raw_http.ask(node.port, "GET", "/")
        with StubNode(Stall()) as node, self.assertRaises(TimeoutError):
            raw_http.ask(node.port, "GET", "/", timeout=0.2)
        with StubNode(Flood()) as node, raw_http.Client(node.port) as client:
            client.send(b"GET / HTTP/1.1\r\n\r\n")
            self.assertEqual(len(client.reader.exactly(1 << 20)), 1 << 20)

    def test_notices_the_peers_end_during_a_delay(self):
        with StubNode(Answer(delay=3600)) as node:
            client = raw_http.Client(node.port)
            client.send(b"GET / HTTP/1.1\r\n\r\n")
            self.assertTrue(node.wait_for(lambda n: n.requests))
            client.close()
            self.assertTrue(node.wait_for(lambda n: n.connections[0].closed_at))

    def test_closes_idle_connections(self):
        with StubNode(close_idle_after=0.05) as node, raw_http.Client(node.port) as client:
            client.ask("GET", "/")
            self.assertTrue(client.is_closed())

    def test_list_of_answers(self):
        with StubNode([Answer(500), Answer(200)]) as node:
            node.on("/", [Answer(500), Answer(200)])
            self.assertEqual([raw_http.ask(node.port, "GET", "/").status for _ in range(3)],
                             [500, 200, 200])

    def test_refused_port(self):
        with RefusedPort() as port:
            with self.assertRaises(ConnectionRefusedError):
                raw_http.Client(port.port)
            with port.start_node() as node:
                self.assertEqual(node.port, port.port)
                self.assertEqual(raw_http.ask(node.port, "GET", "/").status, 200)


class FaultyProxyTest(unittest.TestCase):
    def test_passes_delays_trickles(self):
        with StubNode(Answer(body=b"x" * 50)) as node, FaultyProxy(node.port) as proxy:
            self.assertEqual(len(raw_http.ask(proxy.port, "GET", "/").body), 50)
            proxy.trickle, proxy.delay = 10, 0.01
            began = time.monotonic()
            self.assertEqual(len(raw_http.ask(proxy.port, "GET", "/").body), 50)
            self.assertGreater(time.monotonic() - began, 0.1)

    def test_cuts_resets_stalls(self):
        with StubNode() as node, FaultyProxy(node.port) as proxy:
            proxy.cut_after = 20
            with self.assertRaises(raw_http.Closed) as caught:
                raw_http.ask(proxy.port, "GET", "/")
            self.assertEqual(len(caught.exception.seen), 20)
            proxy.reset = True
            with self.assertRaises(raw_http.Closed):
                raw_http.ask(proxy.port, "GET", "/")
            proxy.cut_after, proxy.stall = None, True
            began = time.monotonic()
            threading.Timer(0.2, setattr, (proxy, "stall", False)).start()
            self.assertEqual(raw_http.ask(proxy.port, "GET", "/").status, 200)
            self.assertGreater(time.monotonic() - began, 0.15)


class LoadTest(unittest.TestCase):
    def test_counts(self):
        with FastNode() as node:
            load = Load(node.port, connections=4, count=1000, pipeline=10).start().join()
            self.assertEqual((load.statuses, load.errors), ({200: 1000}, []))

    def test_a_drop_is_an_error(self):
        with StubNode(Drop()) as node:
            load = Load(node.port, connections=1, count=3).start().join()
            self.assertEqual((load.total, len(load.errors)), (0, 3))


class SamplesTest(unittest.TestCase):
    def test_reads_an_exposition(self):
        found = samples('# HELP a b\na_bucket{x="1",le="+Inf"} 3\na_bucket{x="2",le="+Inf"} 4\nb 1.5\n')
        self.assertEqual(found.value("a_bucket", le="+Inf"), 7)
        self.assertEqual(found.find("a_bucket", x="2"), [({"x": "2", "le": "+Inf"}, 4)])
        self.assertEqual(found.value("b"), 1.5)
        self.assertIsNone(found.value("c"))


if __name__ == "__main__":
    unittest.main()
