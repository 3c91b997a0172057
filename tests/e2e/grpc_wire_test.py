"""gRPC by the byte: compression, and what no stock client would send."""

import gzip
import struct
import unittest

import grpc

import raw_h2
from engine import Engine, unit
from grpc_client import PREDICT
from grpc_node import GrpcNode, Reply, text

LARGE = text("abc" * 20_000).SerializeToString()


class WireTest(unittest.TestCase):
    def setUp(self):
        self.node = GrpcNode(lambda call: Reply(call.body))
        self.addCleanup(self.node.close)

    def start(self, *flags, **more):
        engine = Engine(unit("m", self.node), *flags, **more)
        self.addCleanup(engine.stop)
        return engine

    def call(self, engine, message, **more):
        with raw_h2.Connection(engine.grpc_port) as connection:
            return connection.open().call(PREDICT, message, **more)

    def refused(self, engine, message, **more):
        """The HEADERS of a call that gets no message; b"" when the stream was reset."""
        try:
            blocks, flag, _ = self.call(engine, message, **more)
        except EOFError:
            return b""
        self.assertIsNone(flag)
        return b"".join(blocks)


class CompressionTest(WireTest):
    ACCEPTS = (("grpc-accept-encoding", "identity,deflate,gzip"),)

    def test_an_answer_is_compressed_as_its_request_was(self):
        engine = self.start()
        for encoding in ("gzip", "deflate"):
            with self.subTest(encoding):
                blocks, flag, answer = self.call(engine, LARGE, encoding=encoding,
                                                 headers=self.ACCEPTS)
                self.assertEqual(flag, 1)
                self.assertLess(len(answer), len(LARGE) // 10)
                self.assertEqual(raw_h2.UNPACKERS[encoding](answer), LARGE)
                self.assertIn(encoding.encode(), blocks[0])
                self.assertEqual(self.node.last.body, LARGE)

    def test_clients_that_merely_can_get_none(self):
        engine = self.start()
        for headers in (self.ACCEPTS, ()):
            _, flag, answer = self.call(engine, LARGE, headers=headers)
            self.assertEqual((flag, answer), (0, LARGE))

    def test_nor_those_that_send_but_cannot_take(self):
        engine = self.start()
        _, flag, answer = self.call(engine, LARGE, encoding="gzip",
                                    headers=(("grpc-accept-encoding", "identity"),))
        self.assertEqual((flag, answer), (0, LARGE))

    def test_stock_clients(self):
        engine = self.start()
        with engine.grpc() as client:
            for compression in (grpc.Compression.Gzip, grpc.Compression.Deflate,
                                grpc.Compression.NoCompression):
                for body in (b"", b"\x2a\x01x", LARGE):
                    outcome = client.predict(body, compression=compression)
                    self.assertEqual((outcome.code, outcome.body), ("OK", body))

    def test_what_a_node_compressed_goes_out_plain(self):
        self.node.default = lambda call: Reply(call.body, compression=grpc.Compression.Gzip)
        engine = self.start()
        _, flag, answer = self.call(engine, LARGE, headers=self.ACCEPTS)
        self.assertEqual((flag, answer), (0, LARGE))

    def test_an_unknown_coding(self):
        """UNIMPLEMENTED; grpc++ 1.51 does not look, and takes what is packed for the message."""
        engine = self.start()
        raw_h2.PACKERS["snappy"] = packed = lambda data: gzip.compress(data, mtime=0)
        self.addCleanup(raw_h2.PACKERS.pop, "snappy")
        blocks, _, answer = self.call(engine, LARGE, encoding="snappy")
        if b"\x0bgrpc-status\x0212" not in b"".join(blocks):
            self.assertEqual(answer, packed(LARGE))
        self.assertEqual(self.call(engine, LARGE)[2], LARGE)

    def test_broken_compression(self):
        engine = self.start()
        raw_h2.PACKERS["gzip"] = lambda data: gzip.compress(data)[:-20]
        self.addCleanup(raw_h2.PACKERS.update, gzip=gzip.compress)
        self.refused(engine, LARGE, encoding="gzip")
        self.assertEqual(self.node.calls(), [])
        self.assertEqual(self.call(engine, LARGE)[2], LARGE)

    def test_a_bomb_counts_as_what_it_unpacks_to(self):
        engine = self.start(annotations={"seldon.io/grpc-max-message-size": "1000000"})
        bomb = text("0" * 50_000_000).SerializeToString()
        before = engine.rss()
        self.assertIn(b"\x0bgrpc-status\x018", self.refused(engine, bomb, encoding="gzip"))
        self.assertEqual(self.node.calls(), [])
        self.assertLess(engine.rss() - before, 40 * 1024)


class OddTest(WireTest):
    def served(self, engine):
        with engine.grpc() as client:
            self.assertEqual(client.predict(text("x")).message(), text("x"))

    def test_in_small_pieces(self):
        engine = self.start()
        data = raw_h2.PREFACE + raw_h2.frame(raw_h2.SETTINGS, 0, 0) + raw_h2.request(PREDICT, b"\x2a\x01x")
        with raw_h2.Connection(engine.grpc_port) as connection:
            for at in range(0, len(data), 3):
                connection.send(data[at:at + 3])
            self.assertEqual(connection.answer()[1], raw_h2.grpc_frame(b"\x2a\x01x"))

    def test_a_length_that_lies(self):
        engine = self.start()
        for head in (struct.pack(">BI", 0, 0xFFFFFFFF), struct.pack(">BI", 0, 100), b"\0\0"):
            with self.subTest(head), raw_h2.Connection(engine.grpc_port) as connection:
                request = raw_h2.request(PREDICT, b"")
                block = request[:9 + int.from_bytes(request[:3], "big")]
                connection.open().send(block + raw_h2.frame(raw_h2.DATA, raw_h2.END_STREAM, 1, head + b"abc"))
                try:
                    blocks, data = connection.answer()
                except EOFError:
                    continue  # the stream or the connection was refused as a whole
                self.assertEqual(data, b"")
                self.assertNotIn(b"\x0bgrpc-status\x010", b"".join(blocks))
        self.served(engine)

    def test_what_is_not_http_2(self):
        engine = self.start()
        for data in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x02\x00", b"\0" * 100,
                     raw_h2.PREFACE + b"\xff" * 200, raw_h2.PREFACE[:-1] + b"X" * 30):
            with self.subTest(data), raw_h2.Connection(engine.grpc_port) as connection:
                connection.send(data)
                try:
                    while connection.sock.recv(1 << 16):
                        pass
                except ConnectionResetError:
                    pass
        self.served(engine)

    def test_a_call_that_is_no_grpc(self):
        engine = self.start()
        with raw_h2.Connection(engine.grpc_port) as connection:
            block = raw_h2.header_block([(":method", "GET"), (":scheme", "http"), (":path", PREDICT),
                                         (":authority", "x")])
            connection.open().send(raw_h2.frame(raw_h2.HEADERS, 5, 1, block))
            try:
                blocks, _ = connection.answer()
                self.assertNotIn(b"\x0bgrpc-status\x010", b"".join(blocks))
            except EOFError:
                pass
        self.assertEqual(self.node.calls(), [])
        self.served(engine)


if __name__ == "__main__":
    unittest.main()
