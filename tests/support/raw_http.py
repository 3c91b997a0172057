"""An HTTP/1.1 client that sends exactly the bytes it is given and shows exactly those it gets."""

import socket
import time

# How long what must come is waited for, in seconds: a test fails by it and never passes by it. It is
# less than the engine gives an idle connection, and half of it is soon.
LONG = 60


class Closed(Exception):
    """The peer closed (or reset) before a whole message had come; `seen` is what came of it."""

    def __init__(self, why, seen=b""):
        super().__init__(f"{why} after {seen[:200]!r}")
        self.seen = seen


class Message:
    """A message as it was on the wire: start line, header list in order, body."""

    def __init__(self, start_line, headers, body, interim=()):
        self.start_line = start_line
        self.headers = headers
        self.body = body
        self.interim = list(interim)  # statuses of the 1xx answers before it

    @property
    def status(self):
        return int(self.start_line.split(" ")[1])

    @property
    def version(self):
        return self.start_line.split(" ")[0]

    def all(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def get(self, name):
        """The one value of a header; None when absent. Several are an error."""
        values = self.all(name)
        if len(values) > 1:
            raise AssertionError(f"{name} appears {len(values)} times: {values}")
        return values[0] if values else None

    def json(self):
        import json
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.start_line} {self.headers} {self.body[:300]!r}>"


def parse_head(head):
    lines = head.decode("latin-1").split("\r\n")
    headers = []
    for line in lines[1:]:
        name, _, value = line.partition(":")
        headers.append((name, value.strip(" \t")))
    return lines[0], headers


class Reader:
    """Whole HTTP messages out of a socket, of either side."""

    def __init__(self, sock):
        self.sock = sock
        self.buffer = b""

    def more(self):
        try:
            piece = self.sock.recv(1 << 16)
        except ConnectionResetError:
            raise Closed("reset", self.buffer) from None
        if not piece:
            raise Closed("end of file", self.buffer)
        self.buffer += piece

    def until(self, mark):
        start = 0
        while (at := self.buffer.find(mark, start)) < 0:
            start = max(0, len(self.buffer) - len(mark))
            self.more()
        taken, self.buffer = self.buffer[:at], self.buffer[at + len(mark):]
        return taken

    def exactly(self, size):
        pieces, have = [self.buffer], len(self.buffer)
        while have < size:
            self.buffer = b""
            try:
                self.more()
            except Closed as closed:
                raise Closed("end of file in a body", b"".join(pieces) + closed.seen) from None
            pieces.append(self.buffer)
            have += len(self.buffer)
        whole = b"".join(pieces)
        self.buffer = whole[size:]
        return whole[:size]

    def chunks(self):
        body = []
        while size := int(self.until(b"\r\n").split(b";")[0], 16):
            body.append(self.exactly(size))
            self.exactly(2)
        while self.until(b"\r\n"):
            pass
        return b"".join(body)

    def to_the_end(self):
        pieces = [self.buffer]
        self.buffer = b""
        while True:
            try:
                self.more()
            except Closed:
                return b"".join(pieces)
            pieces.append(self.buffer)
            self.buffer = b""

    def body(self, headers, until_close):
        fields = {name.lower(): value for name, value in headers}
        if "chunked" in fields.get("transfer-encoding", "").lower():
            return self.chunks()
        if "content-length" in fields:
            return self.exactly(int(fields["content-length"]))
        return self.to_the_end() if until_close else b""


class Client:
    """One connection."""

    def __init__(self, port, host="127.0.0.1", timeout=LONG):
        self.sock = socket.create_connection((host, port), timeout=timeout)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.reader = Reader(self.sock)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.sock.close()

    def reset(self):
        """Closes with RST instead of FIN."""
        import struct
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def send(self, data):
        self.sock.sendall(data)
        return self

    def read(self, head_only=False):
        """The next answer, 1xx ones skipped (but listed in `interim`)."""
        interim = []
        while True:
            start_line, headers = parse_head(self.reader.until(b"\r\n\r\n"))
            status = int(start_line.split(" ")[1])
            if 100 <= status < 200:
                interim.append(status)
                continue
            bodiless = head_only or status in (204, 304)
            body = b"" if bodiless else self.reader.body(headers, until_close=True)
            return Message(start_line, headers, body, interim)

    def ask(self, verb, path, body=None, headers=()):
        return self.send(request_bytes(verb, path, body, headers)).read(verb == "HEAD")

    def is_closed(self, within=LONG):
        """Whether the peer closes within that time; what it sends until then is dropped."""
        self.sock.settimeout(within)
        deadline = time.monotonic() + within
        try:
            while time.monotonic() < deadline:
                if not self.sock.recv(1 << 16):
                    return True
        except ConnectionResetError:
            return True
        except TimeoutError:
            pass
        return False


def request_bytes(verb, path, body=None, headers=(), version="HTTP/1.1", host="localhost:8000"):
    """A request as the recorded clients write it. Content-Length is added when there is a body."""
    lines = [f"{verb} {path} {version}"]
    names = {name.lower() for name, _ in headers}
    if "host" not in names and host is not None:
        lines.append(f"Host: {host}")
    lines += [f"{name}: {value}" for name, value in headers]
    if body is not None and not names & {"content-length", "transfer-encoding"}:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + (body or b"")


def ask(port, verb, path, body=None, headers=(), timeout=LONG):
    """One request on a connection of its own."""
    with Client(port, timeout=timeout) as client:
        return client.ask(verb, path, body, headers)


def wait_until_refused(connect):
    """The time at which connect() finds nobody listening any more."""
    deadline = time.monotonic() + LONG
    while time.monotonic() < deadline:
        try:
            connect().close()
        except TimeoutError:
            continue  # the last handshakes are dropped
        except OSError:
            return time.monotonic()
        time.sleep(0.01)
    raise AssertionError("new connections are still taken")
