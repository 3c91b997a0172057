"""gRPC by the byte: frames as they are on the wire, for what a stock client hides or never does."""

import gzip
import socket
import struct
import zlib

from raw_http import LONG

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
END_STREAM, ACK, END_HEADERS = 1, 1, 4
FRAME_LIMIT = 16_384
PACKERS = {"gzip": gzip.compress, "deflate": zlib.compress}
UNPACKERS = {"gzip": gzip.decompress, "deflate": zlib.decompress}


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def header_block(headers):
    """HPACK with neither table nor Huffman code. Names and values up to 126 bytes."""
    block = b""
    for name, value in headers:
        name, value = name.encode(), value.encode()
        block += b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value
    return block


def grpc_frame(message, encoding=None):
    """A message behind its 5 bytes of length and flag."""
    if encoding:
        message = PACKERS[encoding](message)
    return struct.pack(">BI", 1 if encoding else 0, len(message)) + message


def request(path, message, stream=1, headers=(), encoding=None):
    """HEADERS and DATA of one call. Nobody waits for a window: up to 65,535 bytes in all."""
    fields = [(":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "x"),
              ("content-type", "application/grpc"), ("te", "trailers")]
    if encoding:
        fields.append(("grpc-encoding", encoding))
    block = header_block(fields + list(headers))
    data = grpc_frame(message, encoding)
    pieces = [data[at:at + FRAME_LIMIT] for at in range(0, len(data), FRAME_LIMIT)]
    return frame(HEADERS, END_HEADERS, stream, block) + b"".join(
        frame(DATA, END_STREAM if number == len(pieces) - 1 else 0, stream, piece)
        for number, piece in enumerate(pieces))


class Connection:
    """One HTTP/2 connection over which frames are written and read as they are.

    What HEADERS carry is not decoded: grpc++ writes names and values that it sends for the first
    time as they are, so that `in` finds them.
    """

    def __init__(self, port, host="127.0.0.1", timeout=LONG):
        self.sock = socket.create_connection((host, port), timeout=timeout)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def send(self, data):
        self.sock.sendall(data)
        return self

    def open(self):
        return self.send(PREFACE + frame(SETTINGS, 0, 0))

    def exactly(self, size):
        while len(self.buffer) < size:
            piece = self.sock.recv(1 << 16)
            if not piece:
                raise EOFError(f"closed after {self.buffer!r}")
            self.buffer += piece
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        return data

    def read_frame(self):
        """(kind, flags, stream, payload); SETTINGS and PING are answered on the way."""
        while True:
            head = self.exactly(9)
            kind, flags, stream = struct.unpack(">BBI", head[3:])
            payload = self.exactly(int.from_bytes(head[:3], "big"))
            if kind in (SETTINGS, PING) and not flags & ACK:
                self.send(frame(kind, ACK, 0, payload if kind == PING else b""))
            return kind, flags, stream & 0x7FFFFFFF, payload

    def answer(self, stream=1):
        """(the HEADERS payloads, the DATA) of that stream until it ends."""
        blocks, data = [], b""
        while True:
            kind, flags, of, payload = self.read_frame()
            if kind == GOAWAY:
                raise EOFError(f"GOAWAY {payload!r}")
            if of != stream:
                continue
            if kind == RST_STREAM:
                raise EOFError(f"RST_STREAM {payload!r}")
            if kind == HEADERS:
                blocks.append(payload)
            elif kind == DATA:
                data += payload
                if payload:
                    grown = struct.pack(">I", len(payload))
                    self.send(frame(WINDOW_UPDATE, 0, 0, grown))
                    if not flags & END_STREAM:
                        self.send(frame(WINDOW_UPDATE, 0, stream, grown))
            if kind in (HEADERS, DATA) and flags & END_STREAM:
                return blocks, data

    def call(self, path, message, **more):
        """(blocks, flag, message as sent) of one call on stream 1."""
        blocks, data = self.send(request(path, message, **more)).answer(more.get("stream", 1))
        if not data:
            return blocks, None, b""
        flag, size = struct.unpack(">BI", data[:5])
        if len(data) != 5 + size:
            raise AssertionError(f"{len(data)} bytes of a message of {size}")
        return blocks, flag, data[5:]
