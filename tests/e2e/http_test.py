"""The front as HTTP/1.1 sees it: framing, connections, limits, and what is malformed."""

import base64
import json
import select
import socket
import threading
import time
import unittest

import raw_http
from engine import BODY, Engine, JSON, LONG, ONE_PORT, PREDICTIONS, TWO_PORTS, run, sanitized, unit
from raw_http import request_bytes
from stub_node import Answer, Raw, Stall, StubNode

PREDICT = request_bytes("POST", PREDICTIONS, BODY, JSON)
HEAD = b"POST " + PREDICTIONS.encode() + b" HTTP/1.1\r\nHost: x\r\n"


class FrontTest(unittest.TestCase):
    flags = ()

    @classmethod
    def setUpClass(cls):
        cls.node = StubNode(lambda request: Answer(body=request.body))
        cls.engine = Engine(unit("m", cls.node), *cls.flags)

    @classmethod
    def tearDownClass(cls):
        cls.engine.stop()
        cls.node.close()

    def tearDown(self):
        self.assertTrue(self.engine.alive())
        self.assertEqual(self.engine.predict().status, 200)

    def refused(self, data, status, reason=None):
        """The engine answers so, in its own JSON, and closes."""
        with self.engine.client() as client:
            try:
                client.send(data)
            except OSError:
                pass  # it may have answered and closed before all was sent
            answer = client.read()
            self.assertEqual(answer.status, status, answer)
            self.assertEqual(answer.get("Content-Type"), "application/json")
            told = answer.json()["status"]
            self.assertEqual((told["code"], told["status"]), (status, "FAILURE"))
            if reason:
                self.assertEqual(told["reason"], reason)
            self.assertEqual(answer.get("Connection"), "close")
            self.assertTrue(client.is_closed())
            return told


class ConnectionsTest(FrontTest):
    def test_keep_alive(self):
        with self.engine.client() as client:
            for i in range(100):
                answer = client.ask("POST", PREDICTIONS, b"%d" % i)
                self.assertEqual((answer.status, answer.body), (200, b"%d" % i))
                self.assertIsNone(answer.get("Connection"))

    def test_pipelining_keeps_the_order(self):
        bodies = [b"%d" % i + b"x" * (i * 13) for i in range(200)]
        with self.engine.client() as client:
            client.send(b"".join(request_bytes("POST", PREDICTIONS, body) for body in bodies))
            self.assertEqual([client.read().body for _ in bodies], bodies)

    def test_pipelining_of_all_kinds(self):
        chunked = HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
        with self.engine.client() as client:
            client.send(request_bytes("GET", "/live") + chunked + request_bytes("GET", "/nope") +
                        request_bytes("HEAD", "/ready") + PREDICT)
            self.assertEqual(client.read().status, 200)
            self.assertEqual(client.read().body, b"abc")
            self.assertEqual(client.read().status, 404)
            self.assertEqual(client.read(head_only=True).status, 200)
            self.assertEqual(client.read().body, BODY)

    def test_byte_by_byte(self):
        with self.engine.client() as client:
            for at in range(len(PREDICT)):
                client.send(PREDICT[at:at + 1])
            self.assertEqual(client.read().body, BODY)

    def test_split_at_every_place(self):
        data = HEAD + b"Transfer-Encoding: chunked\r\n\r\n3;ext=1\r\nabc\r\n2\r\nde\r\n0\r\nX-T: 1\r\n\r\n"
        with self.engine.client() as client:
            for at in range(1, len(data), 3):
                client.send(data[:at])
                time.sleep(0.001)
                client.send(data[at:])
                self.assertEqual(client.read().body, b"abcde", at)

    def test_connection_close(self):
        for value in ("close", "Close", "keep-alive, close"):
            with self.engine.client() as client:
                answer = client.ask("POST", PREDICTIONS, BODY, [("Connection", value)])
                self.assertEqual((answer.status, answer.get("Connection")), (200, "close"))
                self.assertTrue(client.is_closed())

    def test_http_1_0(self):
        with self.engine.client() as client:
            client.send(request_bytes("POST", PREDICTIONS, BODY, JSON, "HTTP/1.0"))
            answer = client.read()
            self.assertEqual((answer.status, answer.version), (200, "HTTP/1.0"))
            self.assertEqual(answer.body, BODY)
            self.assertTrue(client.is_closed())

    def test_http_1_0_without_host(self):
        self.assertEqual(self.engine.raw(b"GET /live HTTP/1.0\r\n\r\n").status, 200)

    def test_http_1_0_keep_alive(self):
        with self.engine.client() as client:
            for _ in range(3):
                client.send(request_bytes("POST", PREDICTIONS, BODY, [("Connection", "keep-alive")],
                                          "HTTP/1.0"))
                answer = client.read()
                self.assertEqual((answer.status, answer.get("Connection").lower()),
                                 (200, "keep-alive"))

    def test_half_closed_caller(self):
        """An end of file during the walk cancels it: the caller went away."""
        with self.engine.client() as client:
            client.send(PREDICT)
            self.assertEqual(client.read().status, 200)
            client.sock.shutdown(socket.SHUT_WR)
            self.assertTrue(client.is_closed())

    def test_empty_lines_before_a_request(self):
        """RFC 9112 section 2.2: at least one should be ignored."""
        with self.engine.client() as client:
            self.assertEqual(client.send(b"\r\n" + PREDICT).read().status, 200)
            self.assertEqual(client.send(b"\r\n" + PREDICT).read().status, 200)


class AmountTest(FrontTest):
    """Cost in proportion to the bytes: what a naive buffer makes quadratic. It is the engine's own,
    in seconds of processors, and as many times as much is compared with less."""

    TIMES = 8

    def proportional(self, cost, count):
        """cost(n) is 8 times that of n / 8, or so; quadratic, it is 64 times that."""
        cost(count // self.TIMES)  # the first time takes its own
        less, more = cost(count // self.TIMES), cost(count)
        self.assertLess(more, 3 * self.TIMES * less)

    def cost(self, data, answers):
        began = self.engine.cpu_seconds()
        self.answered(data, answers)
        return self.engine.cpu_seconds() - began

    def answered(self, data, answers):
        with self.engine.client() as client:
            sender = threading.Thread(target=client.send, args=(data,))
            sender.start()
            last = None
            for _ in range(answers):
                last = client.read()
                self.assertEqual(last.status, 200)
            sender.join()
        return last

    def test_20000_pipelined_requests(self):
        self.proportional(lambda n: self.cost(request_bytes("GET", "/live") * n, n), 20000)

    def test_pipelined_requests_after_a_large_one(self):
        large = request_bytes("POST", PREDICTIONS, b"x" * (4 << 20))
        small = request_bytes("GET", "/live") * 20000
        apart = self.cost(large * 2, 2) + self.cost(small, 20000)
        self.assertLess(self.cost(large + small + large, 20002), 3 * apart)

    def test_300000_chunks_of_one_byte(self):
        def data(count):
            return (HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * count +
                    b"0\r\n\r\n")

        self.assertEqual(len(self.answered(data(300000), 1).body), 300000)
        self.proportional(lambda n: self.cost(data(n), 1), 300000)

    def test_node_with_300000_chunks_of_one_byte(self):
        with StubNode() as node, Engine(unit("m", node)) as engine:
            def cost(count):
                node.default = Raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" +
                                   b"1\r\nx\r\n" * count + b"0\r\n\r\n")
                began = engine.cpu_seconds()
                self.assertEqual(len(engine.predict().body), count)
                return engine.cpu_seconds() - began

            self.proportional(cost, 300000)

    def test_as_many_headers_as_fit(self):
        def cost(count):
            headers = b"".join(b"a%d: b\r\n" % i for i in range(count))
            return self.cost((HEAD + headers + b"Content-Length: 1\r\n\r\nx") * 20, 20)

        self.proportional(cost, 5000)

    def test_a_caller_who_pipelines_and_leaves(self):
        self.node.default = Stall()
        try:
            for leave in (raw_http.Client.close, raw_http.Client.reset):
                client = self.engine.client()
                client.send(PREDICT * 50)
                time.sleep(0.1)
                leave(client)
            self.engine.metrics_once(lambda found: (
                found.value("infergraph_connections_open") < 3 and
                found.value("infergraph_requests_in_flight") == 0))
        finally:
            self.node.default = lambda request: Answer(body=request.body)


class BodiesTest(FrontTest):
    def test_chunked(self):
        body = bytes(range(256)) * 300
        pieces = [body[at:at + 777] for at in range(0, len(body), 777)] + [b""]
        data = b"".join(b"%X\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
        answer = self.engine.raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + data)
        self.assertEqual(answer.body, body)
        self.assertEqual(self.node.last.body, body)
        self.assertEqual(self.node.last.all("Trailer"), [])

    def test_coding_names_have_no_case(self):
        answer = self.engine.raw(HEAD + b"Transfer-Encoding: Chunked\r\n\r\n1\r\na\r\n0\r\n\r\n")
        self.assertEqual(answer.body, b"a")

    def test_trailers_do_not_reach_the_node(self):
        self.engine.raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Evil: 1\r\n\r\n")
        self.assertEqual(self.node.last.all("X-Evil"), [])

    def test_expect_continue(self):
        with self.engine.client() as client:
            client.send(HEAD + b"Content-Length: 3\r\nExpect: 100-continue\r\n\r\n")
            self.assertEqual(client.reader.until(b"\r\n\r\n"), b"HTTP/1.1 100 Continue")
            client.send(b"abc")
            self.assertEqual(client.read().body, b"abc")
            # And without waiting for it, as some clients do.
            client.send(HEAD + b"Content-Length: 3\r\nExpect: 100-continue\r\n\r\nxyz")
            self.assertEqual(client.read().body, b"xyz")
        self.assertEqual(self.node.last.all("Expect"), [])

    def test_get_with_a_body_keeps_the_framing(self):
        with self.engine.client() as client:
            client.send(request_bytes("GET", "/live", b"ignored") + PREDICT)
            self.assertEqual(client.read().status, 200)
            self.assertEqual(client.read().body, BODY)

    def test_refused_verb_with_a_body_keeps_the_framing(self):
        with self.engine.client() as client:
            client.send(request_bytes("PUT", PREDICTIONS, b"GET / HTTP/1.1\r\n\r\n") + PREDICT)
            self.assertEqual(client.read().status, 405)
            self.assertEqual(client.read().body, BODY)

    def test_head_answers_have_no_body(self):
        with self.engine.client() as client:
            client.send(request_bytes("HEAD", "/prometheus") + request_bytes("HEAD", "/nope") + PREDICT)
            self.assertEqual(client.read(head_only=True).status, 200)
            self.assertEqual(client.read(head_only=True).status, 404)
            self.assertEqual(client.read().body, BODY)

    def test_folded_and_odd_headers(self):
        """RFC 9112 section 5.2: a folded line is refused or read as one with spaces."""
        with self.engine.client() as client:
            answer = client.send(HEAD + b"X-Folded: a\r\n b\r\nContent-Length: 1\r\n\r\nz").read()
            if answer.status == 200:
                self.assertEqual(self.node.last.get("X-Folded").split(), ["a", "b"])
            else:
                self.assertEqual(answer.status, 400)
        headers = [("X-Empty", ""), ("X-Colon", "a:b: c"), ("X-Latin", "h\xe9")]
        self.assertEqual(self.engine.predict(headers=headers).status, 200)
        for name, value in headers:
            self.assertEqual(self.node.last.get(name), value)

    def test_many_headers(self):
        headers = [(f"X-H{i}", str(i)) for i in range(500)]
        self.assertEqual(self.engine.predict(headers=headers).status, 200)
        self.assertEqual(self.node.last.get("X-H499"), "499")


class MalformedTest(FrontTest):
    def settled_calls(self):
        """How many calls the node got, once those of earlier tests that nobody waits for are over:
        the engine has but the connection that asks."""
        self.engine.metrics_once(lambda found: (
            found.value("infergraph_connections_open") == 1 and
            found.value("infergraph_requests_in_flight") == 0))
        return len(self.node.calls())

    def test_refused_with_400(self):
        chunked = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
        for data in (
                b"GARBAGE\r\n\r\n",
                b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
                b"GET /live\r\n\r\n",
                b"GET  /live HTTP/1.1\r\nHost: x\r\n\r\n",
                b"GET /live HTTP/9\r\nHost: x\r\n\r\n",
                b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                b"GET /live HTTP/1.1\r\n\r\n",
                b"GET /live HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
                b"GET /live HTTP/1.1\r\nHost : x\r\n\r\n",
                b"GET /live HTTP/1.1\r\nHost: x\r\nno colon here\r\n\r\n",
                b"GET /live HTTP/1.1\r\nHost: x\r\n: empty name\r\n\r\n",
                b"GET /live HTTP/1.1\r\nHost: x\r\nX-Nul: a\x00b\r\n\r\n",
                b"GET /li\x00ve HTTP/1.1\r\nHost: x\r\n\r\n",
                HEAD + b"Content-Length: abc\r\n\r\nxyz",
                HEAD + b"Content-Length: -1\r\n\r\n",
                HEAD + b"Content-Length: +3\r\n\r\nabc",
                HEAD + b"Content-Length: 99999999999999999999999\r\n\r\n",
                HEAD + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
                HEAD + b"Content-Length: 3, 4\r\n\r\nabcd",
                HEAD + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
                HEAD + b"Transfer-Encoding: gzip\r\n\r\n",
                HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
                HEAD + b"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
                HEAD + b"Transfer-Encoding: identity\r\n\r\n",
                HEAD + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n\r\n0\r\n\r\n",
                HEAD + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
                chunked + b"xyz\r\nabc\r\n0\r\n\r\n",
                chunked + b"3\r\nabcd\r\n0\r\n\r\n",
                chunked + b"-1\r\n\r\n",
                chunked + b"\r\n\r\n",
                chunked + b"ffffffffffffffffff\r\nabc\r\n0\r\n\r\n"):
            with self.subTest(data[:120]):
                calls = self.settled_calls()
                self.refused(data, 400, "INVALID_ARGUMENT")
                self.assertEqual(len(self.node.calls()), calls, "the node got a call")

    def test_both_lengths_alike_are_no_smuggling(self):
        answer = self.engine.raw(HEAD + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc")
        self.assertIn(answer.status, (200, 400))

    def test_cut_requests(self):
        whole = HEAD + b"Content-Length: 10\r\n\r\n0123456789"
        calls = self.settled_calls()
        for at in (1, 10, len(HEAD), len(whole) - 5, len(whole) - 1):
            client = self.engine.client()
            client.send(whole[:at])
            client.close()
        chunked = self.engine.client()
        chunked.send(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab")
        chunked.reset()
        self.assertEqual(self.settled_calls(), calls)

    def test_garbage_of_all_lengths(self):
        import random
        source = random.Random(7)
        for size in (1, 3, 100, 5000, 100000):
            client = self.engine.client()
            try:
                client.send(source.randbytes(size))
            except OSError:
                pass
            client.close()

    def test_mutated_requests(self):
        import random
        source = random.Random(11)
        seed = bytearray(HEAD + b"Content-Length: 3\r\nX-A: b\r\n\r\nabc")
        for _ in range(400):
            data = bytearray(seed)
            for _ in range(source.randrange(1, 4)):
                data[source.randrange(len(data))] = source.randrange(256)
            client = self.engine.client()
            client.send(bytes(data))
            client.sock.shutdown(socket.SHUT_WR)
            client.close()


class LimitsTest(FrontTest):
    flags = ("--max_header_bytes", "8192", "--max_body_bytes", "100000")

    def test_header_limit(self):
        ok = request_bytes("GET", "/live", headers=[("X-Big", "x" * 7000)])
        self.assertEqual(self.engine.raw(ok).status, 200)
        self.refused(request_bytes("GET", "/live", headers=[("X-Big", "x" * 9000)]), 431,
                     "RESOURCE_EXHAUSTED")
        self.refused(request_bytes("GET", "/live", headers=[("X-Big", "x" * (2 << 20))]), 431,
                     "RESOURCE_EXHAUSTED")
        self.refused(b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 431)

    def test_header_limit_after_a_good_request(self):
        with self.engine.client() as client:
            client.send(PREDICT + request_bytes("GET", "/live", headers=[("X-Big", "x" * 20000)]))
            self.assertEqual([client.read().status, client.read().status], [200, 431])

    def test_body_limit(self):
        self.assertEqual(self.engine.predict(b"x" * 100000).status, 200)
        self.refused(request_bytes("POST", PREDICTIONS, b"x" * 100001), 413, "RESOURCE_EXHAUSTED")

    def test_body_limit_is_told_before_the_body_comes(self):
        told = self.refused(HEAD + b"Content-Length: 1000000000\r\n\r\n", 413, "RESOURCE_EXHAUSTED")
        self.assertIn("100000 bytes (--max_body_bytes)", told["info"])
        self.refused(HEAD + b"Expect: 100-continue\r\nContent-Length: 1000000\r\n\r\n", 413)

    def test_body_limit_of_chunks(self):
        head = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
        ok = b"".join(b"3e8\r\n" + b"x" * 1000 + b"\r\n" for _ in range(100)) + b"0\r\n\r\n"
        self.assertEqual(len(self.engine.raw(head + ok).body), 100000)
        more = b"".join(b"3e8\r\n" + b"x" * 1000 + b"\r\n" for _ in range(101)) + b"0\r\n\r\n"
        self.refused(head + more, 413, "RESOURCE_EXHAUSTED")

    def test_refusal_is_seen_by_a_caller_who_sends_on(self):
        """The answer must not be lost to the reset that unread bytes provoke."""
        for _ in range(5):
            with self.engine.client() as client:
                client.send(HEAD + b"Content-Length: 50000000\r\n\r\n")

                def pour():
                    try:
                        for _ in range(50):
                            client.sock.sendall(b"x" * 20000)
                    except OSError:
                        pass

                pouring = threading.Thread(target=pour)
                pouring.start()
                self.assertEqual(client.read().status, 413)
                pouring.join()


class DefaultLimitsTest(FrontTest):
    def test_header_64_kib(self):
        fits = [("X-Big", "x" * 60000)]
        self.assertEqual(self.engine.ask("GET", "/live", headers=fits).status, 200)
        self.refused(request_bytes("GET", "/live", headers=[("X-Big", "x" * 70000)]), 431)

    def test_body_128_mib(self):
        self.refused(HEAD + b"Content-Length: %d\r\n\r\n" % ((128 << 20) + 1), 413)


class LargeLimitsTest(FrontTest):
    flags = ("--max_header_bytes", "4Gi", "--max_body_bytes", "512Gi")

    def test_they_do_not_wrap(self):
        with self.engine.grpc() as client:
            self.assertEqual(client.check(), "SERVING")
        headers = [("X-Big", "x" * 200000)]
        self.assertEqual(self.engine.ask("GET", "/live", headers=headers).status, 200)


class TimeoutsTest(FrontTest):
    flags = ("--read_timeout", "500ms", "--progress_timeout", "700ms", "--idle_timeout", "1s")
    SOON = 8  # seconds: less than the least of the defaults

    def tearDown(self):
        """A busy machine may keep us for half a second from saying what we want."""
        self.assertTrue(self.engine.alive())
        self.kept().close()

    def kept(self):
        """A caller who has been served."""
        deadline = time.monotonic() + LONG
        while time.monotonic() < deadline:
            client = self.engine.client()
            try:
                answer = client.send(PREDICT).read()
                if answer.status == 200:
                    return client
                self.assertEqual(answer.status, 408)
            except (OSError, raw_http.Closed):
                pass
            client.close()
        self.fail("never in time")

    def timed(self, data, status, low):
        with self.engine.client() as client:
            began = time.monotonic()
            client.send(data)
            answer = client.read()
            self.assertEqual(answer.status, status)
            self.assertEqual(answer.json()["status"]["reason"], "RESOURCE_EXHAUSTED")
            self.assertTrue(low <= time.monotonic() - began <= self.SOON, time.monotonic() - began)
            self.assertTrue(client.is_closed())

    def test_head_that_does_not_end(self):
        self.timed(b"GET /live HTTP/1.1\r\nHo", 408, 0.4)

    def test_head_that_drips(self):
        with self.engine.client() as client:
            began = time.monotonic()
            client.send(b"GET /live HTTP/1.1\r\nHost: x\r\nX-Drip: ")
            try:
                while not select.select([client.sock], [], [], 0.05)[0]:
                    self.assertLess(time.monotonic() - began, self.SOON)
                    client.send(b"x")
            except OSError:
                pass
            self.assertEqual(client.read().status, 408)

    def test_body_without_progress(self):
        self.timed(HEAD + b"Content-Length: 10\r\n\r\n01234", 408, 0.6)
        self.timed(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nabc", 408, 0.6)

    def test_second_head_on_a_connection_counts_too(self):
        with self.kept() as client:
            client.send(b"GET /li")
            self.assertEqual(client.read().status, 408)

    def test_idle_connections_close_quietly(self):
        for begin in (self.engine.client, self.kept):
            began = time.monotonic()
            with begin() as client:
                idle = time.monotonic()
                self.assertEqual(client.sock.recv(100), b"")
                self.assertGreater(time.monotonic() - began, 0.95)
                self.assertLess(time.monotonic() - idle, self.SOON)

    def test_a_caller_who_does_not_read_is_let_go(self):
        body = b"x" * (30 << 20)
        client = self.engine.client()
        client.send(request_bytes("POST", PREDICTIONS, body))
        self.assertTrue(self.node.wait_for(lambda n: n.requests and len(n.last.body) == len(body)))
        self.engine.metrics_once(lambda found: found.value("infergraph_connections_open") == 1)
        got = 0
        try:
            while piece := client.sock.recv(1 << 20):
                got += len(piece)
        except OSError:
            pass
        client.close()
        self.assertLess(got, len(body))
        self.node.forget()


class ProgressTest(FrontTest):
    flags = ("--progress_timeout", "3s")

    def test_slow_body_with_progress_is_served(self):
        with self.engine.client() as client:
            client.send(HEAD + b"Content-Length: 8\r\n\r\n")
            for i in range(8):
                time.sleep(0.5)
                client.send(b"%d" % i)
            self.assertEqual(client.read().body, b"01234567")


class MaxConnectionsTest(FrontTest):
    flags = ("--max_connections", "20")

    def setUp(self):
        self.clients = [self.engine.placed_client() for _ in range(20)]

    def tearDown(self):
        for client in self.clients:
            client.close()
        deadline = time.monotonic() + LONG
        while self.engine.predict().status != 200:
            self.assertLess(time.monotonic(), deadline)

    def test_over_the_limit_is_503(self):
        for _ in range(100):
            with self.engine.client() as late:
                answer = late.ask("POST", PREDICTIONS, BODY, JSON)
                told = answer.json()["status"]
                self.assertEqual((answer.status, told["reason"]), (503, "OVERLOADED"))
                self.assertIn("--max_connections", told["info"])
                self.assertIsNotNone(answer.get("Retry-After"))
                self.assertEqual(answer.get("Connection"), "close")
                self.assertTrue(late.is_closed())
        self.assertEqual(self.clients[0].ask("GET", "/live").status, 200)
        refused = self.engine.metrics().value("infergraph_connections_refused_total")
        self.assertGreaterEqual(refused, 100)

    def test_probes_and_metrics_are_answered_still(self):
        for path in ("/live", "/ready", "/ping", "/prometheus", "/%6Cive", "/live?x") * 20:
            answer = self.engine.get(path)
            self.assertEqual((answer.status, answer.get("Connection")), (200, "close"), path)
        self.assertEqual(self.engine.get("/nope").status, 503)

    def test_silent_callers_do_not_keep_the_reserve(self):
        silent = [self.engine.client() for _ in range(100)]
        deadline = time.monotonic() + LONG
        while self.engine.get("/live").status != 200:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.1)
        for client in silent:
            client.close()


class LingeringTest(FrontTest):
    flags = ("--max_connections", "10")

    def test_refused_connections_that_linger_take_no_place(self):
        clients = [self.engine.client().send(b"NONSENSE\r\n\r\n") for _ in range(60)]
        statuses = [client.read().status for client in clients]
        self.assertIn(400, statuses)
        self.assertEqual(self.engine.predict().status, 200)
        for client in clients:
            client.close()


@unittest.skipIf(sanitized(), "UBSan wants descriptors of its own to look at an object")
class DescriptorsTest(unittest.TestCase):
    def test_callers_are_answered_without_descriptors(self):
        """What is left of them goes to whoever comes, one after another."""
        node = StubNode()
        self.addCleanup(node.close)
        engine = Engine(unit("m", node), wrapper=("prlimit", "--nofile=128:128", "--"))
        self.addCleanup(engine.stop)
        kept = []
        for _ in range(200):
            client = engine.client()
            kept.append(client)
            answer = client.ask("GET", "/live")
            self.assertIn(answer.status, (200, 503))
        for _ in range(30):
            self.assertIn(engine.get("/live").status, (200, 503))
        refused = engine.predict()
        self.assertEqual((refused.status, refused.get("Retry-After")), (503, "1"))
        self.assertIn(b"out of file descriptors (ulimit -n)", refused.body)
        self.assertEqual(kept[0].ask("GET", "/live").status, 200)
        engine.wait_for_line("can't accept")
        for client in kept:
            client.close()
        deadline = time.monotonic() + LONG
        while True:
            try:
                if engine.predict().status == 200:
                    break
            except (OSError, raw_http.Closed):
                pass
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)


class BindTest(unittest.TestCase):
    def test_listens_on_those_addresses_alone(self):
        node = StubNode()
        self.addCleanup(node.close)
        for ports in (TWO_PORTS, ONE_PORT):
            with self.subTest(ports), Engine(unit("m", node), "--bind", "127.0.0.1,127.0.0.2",
                                             ports=ports) as engine:
                for port in (engine.port, engine.grpc_port):
                    for host in ("127.0.0.1", "127.0.0.2"):
                        socket.create_connection((host, port), 10).close()
                    with self.assertRaises(OSError):
                        socket.create_connection(("127.0.0.3", port), 10)
                with raw_http.Client(engine.port, host="127.0.0.2") as client:
                    self.assertEqual(client.ask("POST", PREDICTIONS, BODY, JSON).status, 200)

    def test_what_is_no_address_of_ours(self):
        graph = json.dumps({"name": "p", "graph": {"name": "m", "implementation": "SIMPLE_MODEL"}})
        given = ("--sdep", "s", "--namespace", "n", "--predictor", "p", *TWO_PORTS)
        env = {"ENGINE_PREDICTOR": base64.b64encode(graph.encode()).decode()}
        for value in ("localhost", "", "127.0.0.1,", "300.1.1.1"):
            with self.subTest(value):
                ended = run(*given, "--bind", value, env=env)
                self.assertEqual(ended.returncode, 2)
                self.assertIn("IP addresses", ended.stderr)
        ended = run(*given, "--bind", "192.0.2.1", env=env)
        self.assertEqual(ended.returncode, 1)
        self.assertIn("failed to listen on", ended.stderr)


if __name__ == "__main__":
    unittest.main()
