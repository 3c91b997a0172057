"""A node of the graph that does as it is told, and remembers every byte that it was sent.

    node = StubNode(Answer(body=b"{}"))
    node.on("/route", Answer(body=b'{"data":{"ndarray":[[1]]}}'))
    node.on("/predict", lambda request: Answer(body=request.body))
"""

import gzip
import select
import socket
import struct
import threading
import time

from raw_http import LONG, Closed, Message, Reader, parse_head

JSON = (("Content-Type", "application/json"),)
SELDON_ANSWER = b'{"data":{"names":["t:0","t:1","t:2"],"ndarray":[[0.9,0.05,0.05]]},"meta":{}}'


class Answer:
    """What a node answers, and how it does so.

    `framing` is "length", "chunked" or "close" (the body ends with the connection). `delay` is in
    seconds before the first byte. `cut` sends that many bytes of the whole answer and then does
    `then`: "close", "reset" or "stall" (keeps the connection open and says no more).
    """

    def __init__(self, status=200, headers=JSON, body=SELDON_ANSWER, *, delay=0.0, framing="length",
                 interim=b"", cut=None, then="close", reason="Whatever", close_after=False):
        self.status, self.headers, self.body = status, tuple(headers), body
        self.delay, self.framing, self.interim = delay, framing, interim
        self.cut, self.then, self.reason, self.close_after = cut, then, reason, close_after

    def bytes(self):
        lines = [f"HTTP/1.1 {self.status} {self.reason}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        body = self.body
        if self.framing == "chunked":
            lines.append("Transfer-Encoding: chunked")
            pieces = [body[at:at + 1000] for at in range(0, len(body), 1000)] + [b""]
            body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
        elif self.framing == "close":
            lines.append("Connection: close")
        elif self.status not in (204, 304):
            lines.append(f"Content-Length: {len(body)}")
        return self.interim + "\r\n".join(lines).encode() + b"\r\n\r\n" + body

    def play(self, connection):
        if not connection.pause(self.delay):
            return False
        data = self.bytes()
        if self.cut is None:
            connection.send(data)
            return self.framing != "close" and not self.close_after
        connection.send(data[:self.cut])
        if self.then == "stall":
            connection.pause(3600)
        elif self.then == "reset":
            connection.reset()
        return False


class Drop(Answer):
    """Closes (or resets) without a byte of answer."""

    def __init__(self, then="close", delay=0.0):
        super().__init__(cut=0, then=then, delay=delay)


class Stall(Answer):
    """Takes the request and never answers."""

    def __init__(self):
        super().__init__(cut=0, then="stall")


class Held(Answer):
    """Answers when the test lets it go."""

    def __init__(self, **more):
        super().__init__(**more)
        self.gate = threading.Event()

    def play(self, connection):
        while not self.gate.is_set():
            if not connection.pause(0.02):
                return False
        return super().play(connection)

    def let_go(self):
        self.gate.set()


class Raw(Answer):
    """Exactly these bytes, whatever they are; then the connection is closed."""

    def __init__(self, data):
        super().__init__()
        self.data = data

    def play(self, connection):
        connection.send(self.data)
        return False


class Flood(Answer):
    """An answer that never ends, as fast as it is taken."""

    def play(self, connection):
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                        b"Transfer-Encoding: chunked\r\n\r\n")
        chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
        while connection.node.running:
            connection.send(chunk)
            connection.flooded += len(chunk)
        return False


def gzipped(body, headers=JSON, **more):
    return Answer(headers=tuple(headers) + (("Content-Encoding", "gzip"),),
                  body=gzip.compress(body, mtime=0), **more)


class Request(Message):
    """A request as the node got it."""

    def __init__(self, start_line, headers, body, connection):
        super().__init__(start_line, headers, body)
        self.connection = connection
        self.at = time.monotonic()

    @property
    def verb(self):
        return self.start_line.split(" ")[0]

    @property
    def target(self):
        return self.start_line.split(" ")[1]


class Connection:
    """The node's side of one connection."""

    def __init__(self, node, sock, number):
        self.node, self.sock, self.number = node, sock, number
        self.reader = Reader(sock)
        self.requests = 0
        self.flooded = 0
        self.closed_at = None  # when the engine was seen to have closed it

    def send(self, data):
        self.sock.sendall(data)

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def pause(self, seconds):
        """Waits; False at once when the peer goes away or the node stops."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if not self.node.running:
                return False
            if select.select([self.sock], [], [], min(left, 0.05))[0]:
                try:
                    gone = not self.sock.recv(1, socket.MSG_PEEK)
                except OSError:
                    gone = True
                if gone:
                    self.closed_at = time.monotonic()
                    return False
                time.sleep(min(left, 0.005))
        return True

    def read_request(self):
        start_line, headers = parse_head(self.reader.until(b"\r\n\r\n"))
        fields = {name.lower(): value for name, value in headers}
        if fields.get("expect", "").lower() == "100-continue":
            self.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        return Request(start_line, headers, self.reader.body(headers, until_close=False), self)

    def serve(self):
        try:
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while self.node.running:
                idle = self.node.close_idle_after
                if idle is not None and self.requests and not self.reader.buffer:
                    if not select.select([self.sock], [], [], idle)[0]:
                        return
                request = self.read_request()
                self.requests += 1
                with self.node.changed:
                    self.node.requests.append(request)
                    self.node.changed.notify_all()
                if not self.node.answer_to(request).play(self):
                    return
        except (Closed, OSError):
            self.closed_at = self.closed_at or time.monotonic()
        finally:
            self.sock.close()


class StubNode:
    """Threads: one for each connection. Use as a context manager, or close()."""

    def __init__(self, answer=None, host="127.0.0.1", port=0, close_idle_after=None):
        self.rules = {}
        self.default = answer or Answer()
        self.close_idle_after = close_idle_after  # seconds, as gunicorn does after 2
        self.requests = []
        self.connections = []
        self.changed = threading.Condition()
        self.running = True
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.listener = socket.create_server((host, port), family=family, backlog=1024)
        self.host = host
        self.port = self.listener.getsockname()[1]
        self.acceptor = threading.Thread(target=self.accept, daemon=True)
        self.acceptor.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def on(self, path, answer):
        """Answers that path so: an Answer, a list of them (one each, the last for good) or a
        function from the request to one."""
        self.rules[path] = list(answer) if isinstance(answer, (list, tuple)) else answer
        return self

    def answer_to(self, request):
        rule = self.rules.get(request.target.split("?")[0], self.default)
        if isinstance(rule, list):
            with self.changed:
                return rule.pop(0) if len(rule) > 1 else rule[0]
        return rule(request) if callable(rule) else rule

    def accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            with self.changed:
                connection = Connection(self, sock, len(self.connections))
                self.connections.append(connection)
                self.changed.notify_all()
            threading.Thread(target=connection.serve, daemon=True).start()

    def calls(self, path=None):
        with self.changed:
            return [r for r in self.requests if path is None or r.target == path]

    @property
    def last(self):
        return self.calls()[-1]

    def forget(self):
        with self.changed:
            self.requests.clear()

    def wait_for(self, condition, timeout=LONG):
        """Until condition(self) holds; False when it doesn't within the time."""
        deadline = time.monotonic() + timeout
        with self.changed:
            while not condition(self):
                if time.monotonic() > deadline:
                    return False
                self.changed.wait(0.01)
        return True

    def serving_connections(self):
        """Those that carried at least one request: a bare readiness probe does not count."""
        with self.changed:
            return [c for c in self.connections if c.requests]

    def close(self):
        self.running = False
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
        for connection in list(self.connections):
            try:
                connection.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class RefusedPort:
    """A port that nobody listens on, and nobody else can take meanwhile."""

    def __init__(self, host="127.0.0.1"):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.sock = socket.socket(family)
        # Those who both say so may share a port on which nobody listens.
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.sock.bind((host, 0))
        self.host = host
        self.port = self.sock.getsockname()[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.sock.close()

    def start_node(self, answer=None):
        """A node on this port."""
        node = StubNode(answer, host=self.host, port=self.port)
        self.sock.close()
        return node


class DeafNode:
    """Accepts TCP (the kernel does) and never reads, never answers."""

    def __init__(self, backlog=64):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=backlog)
        self.host, self.port = "127.0.0.1", self.listener.getsockname()[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()
