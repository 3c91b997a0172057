"""A caller over gRPC, as any client in Python is one: stock channels, raw or typed messages."""

import grpc

import protos
from grpc_node import full_name, serialized
from raw_http import LONG

PREDICT = "/seldon.protos.Seldon/Predict"
FEEDBACK = "/seldon.protos.Seldon/SendFeedback"
GRAPH_METADATA = "/seldon.protos.Seldon/GraphMetadata"
MODEL_METADATA = "/seldon.protos.Seldon/ModelMetadata"
HEALTH = "/grpc.health.v1.Health/"


class Outcome:
    """How a call ended: code by its name, details, the answer's bytes, both kinds of metadata."""

    def __init__(self, method, call, body):
        self.method, self.body = method, body
        self.code = call.code().name
        self.details = call.details()
        self.initial = [(item.key, item.value) for item in call.initial_metadata() or ()]
        self.trailing = [(item.key, item.value) for item in call.trailing_metadata() or ()]

    def message(self, kind=None):
        """The answer as the class of that name, by default the one that the method answers."""
        if kind is None:
            return protos.services()[self.method][1].FromString(self.body)
        return protos.message(kind).FromString(self.body)

    def status(self):
        """google.rpc.Status of grpc-status-details-bin, or None."""
        for key, value in self.trailing:
            if key == "grpc-status-details-bin":
                return protos.message("google.rpc.Status").FromString(value)
        return None

    def http_body(self):
        """(content type, bytes) of the google.api.HttpBody in status(), or None."""
        status = self.status()
        for detail in status.details if status else ():
            if detail.type_url.endswith("/google.api.HttpBody"):
                body = protos.message("google.api.HttpBody").FromString(detail.value)
                return body.content_type, body.data
        return None

    def get(self, key, default=None):
        """Of the initial metadata."""
        return next((value for name, value in self.initial if name == key), default)

    def __repr__(self):
        return f"{self.method} {self.code} {self.details!r} {self.body[:200]!r} {self.trailing}"


class GrpcClient:
    """One channel with a connection of its own. Use as a context manager, or close()."""

    def __init__(self, port, host="127.0.0.1", options=()):
        self.channel = grpc.insecure_channel(f"{host}:{port}", options=(
            ("grpc.use_local_subchannel_pool", 1), ("grpc.enable_retries", 0),
            ("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1),
            *options))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.channel.close()

    def stub(self, method):
        return self.channel.unary_unary(full_name(method))

    def start(self, method, message=b"", *, metadata=(), timeout=LONG, compression=None, wait=False):
        """A call in flight; finish() waits for its end, and it can be cancelled."""
        return self.stub(method).future(serialized(message), metadata=tuple(metadata),
                                        timeout=timeout, compression=compression,
                                        wait_for_ready=wait)

    def finish(self, method, call):
        try:
            body = call.result()
        except (grpc.RpcError, grpc.FutureCancelledError):
            body = b""
        return Outcome(full_name(method), call, body)

    def call(self, method, message=b"", **options):
        return self.finish(method, self.start(method, message, **options))

    def predict(self, message=b"", **options):
        return self.call(PREDICT, message, **options)

    def check(self, service="", timeout=LONG):
        """The serving status by its name, or the code of the failure."""
        request = protos.message("grpc.health.v1.HealthCheckRequest")(service=service)
        outcome = self.call(HEALTH + "Check", request, timeout=timeout)
        if outcome.code != "OK":
            return outcome.code
        return status_name(outcome.body)

    def watch(self, service="", timeout=LONG):
        """An iterator over the names of the serving status; .cancel() ends it."""
        request = protos.message("grpc.health.v1.HealthCheckRequest")(service=service)
        return self.channel.unary_stream(HEALTH + "Watch", response_deserializer=status_name)(
            request.SerializeToString(), timeout=timeout)


def status_name(body):
    kind = protos.message("grpc.health.v1.HealthCheckResponse")
    return kind.ServingStatus.Name(kind.FromString(body).status)
