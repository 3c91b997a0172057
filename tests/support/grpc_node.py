"""A node that speaks gRPC, does as it is told, and remembers what it was sent: stub_node's twin.

    node = GrpcNode(Reply(protos.SeldonMessage(strData="x")))
    node.on("Router/Route", Reply(route(1)))
    node.on("Model/Predict", lambda call: Reply(call.body))
    node.on("Model/Predict", Failure("NOT_FOUND", "no such model"))

Messages are bytes at this border, so that what a parser would not know is seen, too.
"""

import concurrent.futures
import threading
import time

import grpc

import protos
from raw_http import LONG


def full_name(method):
    """"Model/Predict" is that of seldon; a name that begins with / is taken as it is."""
    return method if method.startswith("/") else f"/seldon.protos.{method}"


def serialized(message):
    return message if isinstance(message, bytes) else message.SerializeToString()


def text(value):
    return protos.SeldonMessage(strData=value)


def route(branch):
    return protos.from_json({"data": {"ndarray": [[branch]]}})


class Reply:
    """What a node answers: a message or bytes. `delay` is in seconds before it."""

    def __init__(self, message=b"", *, delay=0.0, initial=(), trailing=(), compression=None):
        self.body = serialized(message)
        self.delay, self.compression = delay, compression
        self.initial, self.trailing = tuple(initial), tuple(trailing)

    def play(self, call, context):
        if self.initial:
            context.send_initial_metadata(self.initial)
        if self.trailing:
            context.set_trailing_metadata(self.trailing)
        if self.compression:
            context.set_compression(self.compression)
        call.pause(self.delay)
        return self.body


class Failure(Reply):
    """An error of the node's own: code by its name."""

    def __init__(self, code, details="", **more):
        super().__init__(**more)
        self.code, self.details = getattr(grpc.StatusCode, code), details

    def play(self, call, context):
        super().play(call, context)
        context.abort(self.code, self.details)


class Hang(Reply):
    """Takes the call and never answers."""

    def __init__(self):
        super().__init__(delay=3600)


class Held(Reply):
    """Answers when the test lets it go."""

    def __init__(self, message=b""):
        super().__init__(message)
        self.gate = threading.Event()

    def play(self, call, context):
        while not self.gate.is_set():
            call.pause(0.02)
            if call.over.is_set() or not call.node.running:
                break
        return super().play(call, context)

    def let_go(self):
        self.gate.set()


class Call:
    """One call as the node got it. Metadata keys are lower case; -bin values are bytes."""

    def __init__(self, node, method, body, context):
        self.node, self.method, self.body = node, method, body
        self.at = time.monotonic()
        self.time_remaining = context.time_remaining()
        self.peer = context.peer()
        self.metadata = [(item.key, item.value) for item in context.invocation_metadata()]
        self.ended_at = None
        self.answered = False
        self.over = threading.Event()
        if not context.add_callback(self.end):
            self.end()

    def end(self):
        self.ended_at = time.monotonic()
        self.over.set()
        with self.node.changed:
            self.node.changed.notify_all()

    @property
    def cancelled(self):
        """It ended before it was answered."""
        return self.over.is_set() and not self.answered

    def message(self, kind="SeldonMessage"):
        return protos.__getattr__(kind).FromString(self.body)

    def get(self, key, default=None):
        return next((value for name, value in self.metadata if name == key), default)

    def pause(self, seconds):
        """Waits; shorter when the call ends or the node stops."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0 and self.node.running:
            if self.over.wait(min(left, 0.1)):
                return


class Handler(grpc.GenericRpcHandler):
    """Takes every method, unless the node knows only some."""

    def __init__(self, node):
        self.node = node

    def service(self, details):
        if self.node.only is not None and details.method not in self.node.only:
            return None
        return grpc.unary_unary_rpc_method_handler(
            lambda body, context: self.node.serve(details.method, body, context))


class GrpcNode:
    """Threads: `workers` calls at a time. Use as a context manager, or close().

    `only` are the methods that it has; others are UNIMPLEMENTED.
    """

    transport = "GRPC"

    def __init__(self, answer=None, host="127.0.0.1", port=0, *, only=None, workers=64, options=()):
        self.rules = {}
        self.default = answer if answer is not None else Reply(text("answer"))
        self.only = None if only is None else {full_name(method) for method in only}
        self.requests = []
        self.changed = threading.Condition()
        self.host, self.port = host, port
        self.workers, self.options = workers, tuple(options)
        self.server = None
        self.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def start(self):
        """Listens, again on the port that it had."""
        self.running = True
        self.pool = concurrent.futures.ThreadPoolExecutor(self.workers)
        options = (("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", -1),
                   ("grpc.max_send_message_length", -1)) + self.options
        self.server = grpc.server(self.pool, handlers=(Handler(self),), options=options)
        host = f"[{self.host}]" if ":" in self.host else self.host
        deadline = time.monotonic() + LONG
        while True:
            try:
                port = self.server.add_insecure_port(f"{host}:{self.port}")
            except RuntimeError:
                port = 0
            if port:
                break
            if time.monotonic() > deadline:
                raise OSError(f"{host}:{self.port} is taken")
            time.sleep(0.02)
        self.port = port
        self.server.start()
        return self

    def stop(self):
        """Abruptly: what is in flight is cut off, and nobody listens any more."""
        self.running = False
        self.server.stop(None).wait()
        self.pool.shutdown(wait=False)

    close = stop

    def restart(self):
        self.stop()
        return self.start()

    def on(self, method, answer):
        """Answers that method so: a Reply, a list of them (one each, the last for good) or a
        function from the call to one."""
        self.rules[full_name(method)] = list(answer) if isinstance(answer, (list, tuple)) else answer
        return self

    def serve(self, method, body, context):
        call = Call(self, method, body, context)
        with self.changed:
            self.requests.append(call)
            rule = self.rules.get(method, self.default)
            if isinstance(rule, list):
                rule = rule.pop(0) if len(rule) > 1 else rule[0]
            self.changed.notify_all()
        answer = rule(call) if callable(rule) else rule
        try:
            body = answer.play(call, context)
        finally:
            call.answered = not call.over.is_set()
        return body

    def calls(self, method=None):
        with self.changed:
            return [c for c in self.requests if method is None or c.method == full_name(method)]

    @property
    def last(self):
        return self.calls()[-1]

    def forget(self):
        with self.changed:
            self.requests.clear()

    def peers(self):
        """The addresses of the connections that carried calls."""
        return {call.peer for call in self.calls()}

    def wait_for(self, condition, timeout=LONG):
        """Until condition(self) holds; False when it doesn't within the time."""
        deadline = time.monotonic() + timeout
        with self.changed:
            while not condition(self):
                if time.monotonic() > deadline:
                    return False
                self.changed.wait(0.01)
        return True
