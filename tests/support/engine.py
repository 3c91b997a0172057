"""The built binary as a test sees it: start it over a graph, talk to it, measure it, stop it."""

import functools
import json
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import tempfile
import time
import unittest

import raw_http
from raw_http import LONG

BINARY = os.environ.get("INFERGRAPH", "build/infergraph")
PREDICTIONS = "/api/v1.0/predictions"
FEEDBACK = "/api/v1.0/feedback"
JSON = (("Content-Type", "application/json"),)
BODY = b'{"data":{"ndarray":[[1.0]]}}'
TWO_PORTS = ("--http_port", "0", "--grpc_port", "0")
ONE_PORT = ("--port", "0")


given_ports = set()


def free_port():
    """One that nobody is given unasked before it is used, and no other call here."""
    while True:
        port = random.SystemRandom().randrange(20_000, 32_768)
        if port in given_ports:
            continue
        given_ports.add(port)
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                sock.bind(("", port))
            except OSError:
                continue
            return port


def unit(name, node=None, kind="MODEL", children=(), host=None, **more):
    """A predictive unit. `node` has .host and .port, and .transport unless it is REST; `more` are
    further keys, as they are."""
    tree = {"name": name, **more}
    if kind:
        tree["type"] = kind
    if node is not None:
        tree["endpoint"] = {"service_host": host or node.host, "service_port": node.port,
                            "httpPort": node.port, "grpcPort": node.port,
                            "type": getattr(node, "transport", "REST")}
    if children:
        tree["children"] = list(children)
    return tree


def deployment(graph, *, annotations=None, spec_annotations=None, containers=None, labels=None,
               predictor="example", name="seldon-model"):
    """A SeldonDeployment with one predictor. `containers` maps a container's name to its image."""
    tree = {"name": predictor, "graph": graph, "replicas": 1}
    if annotations:
        tree["annotations"] = annotations
    if labels:
        tree["labels"] = labels
    if containers:
        tree["componentSpecs"] = [{"spec": {"containers": [
            {"name": key, "image": image} for key, image in containers.items()]}}]
    spec = {"predictors": [tree]}
    if spec_annotations:
        spec["annotations"] = spec_annotations
    return {"apiVersion": "machinelearning.seldon.io/v1", "kind": "SeldonDeployment",
            "metadata": {"name": name, "namespace": "default"}, "spec": spec}


def clean_environment(more=None):
    """That of the test run without what steers the engine."""
    steering = re.compile(r"ENGINE_PREDICTOR|SELDON_.*|CORS_.*|GOMAXPROCS|JAEGER_.*|KAFKA_.*|"
                          r"REQUEST_LOGGER_.*|POD_NAME|INFERGRAPH_.*|HTTPS?_PROXY|https?_proxy|"
                          r"LOGGER_KAFKA_.*")
    env = {key: value for key, value in os.environ.items() if not steering.fullmatch(key)}
    env.update(more or {})
    return env


def run(*arguments, env=None, timeout=LONG):
    """Runs the binary to its end; for those starts that are meant to fail."""
    return subprocess.run([BINARY, *arguments], env=clean_environment(env), timeout=timeout,
                          capture_output=True, text=True, check=False)


@functools.cache
def sanitized():
    binary = pathlib.Path(BINARY).read_bytes()
    return b"__asan_init" in binary or b"__tsan_init" in binary


class Engine:
    """One running engine. Use as a context manager, or stop().

    `graph` is a predictive unit, a whole SeldonDeployment, or None (then `env` or `flags` bring it).
    `wait` is the path that must answer 200 before the constructor returns; None: only exec.
    `ports` are the flags of the ports; ONE_PORT has REST and gRPC share one. `wrapper` is a command
    that ends in exec of what follows it.
    """

    def __init__(self, graph, *flags, env=None, wait="/ready", annotations=None, ports=TWO_PORTS,
                 wrapper=(), **spec):
        self.folder = tempfile.TemporaryDirectory(prefix="infergraph-e2e-")
        command = [*wrapper, BINARY, "--sdep", "seldon-model", "--namespace", "default",
                   "--predictor", "example", "--prometheus_path", "/prometheus", *ports]
        if graph is not None:
            if "spec" not in graph:
                graph = deployment(graph, annotations=annotations, **spec)
            self.file = pathlib.Path(self.folder.name, "graph.json")
            self.file.write_text(json.dumps(graph))
            command += ["--file", str(self.file)]
        self.stderr_path = pathlib.Path(self.folder.name, "stderr")
        self.started = time.monotonic()
        with open(self.stderr_path, "wb") as stderr:
            self.process = subprocess.Popen(command + [str(flag) for flag in flags],
                                            env=clean_environment(env), stderr=stderr,
                                            stdout=subprocess.DEVNULL)
        if wait:
            try:
                self.wait_until(wait)
            except BaseException:
                self.kill()
                raise

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None and self.process.poll() is None:
            self.stop()
        else:
            self.kill()

    def wait_until(self, path, status=200, timeout=LONG):
        deadline = time.monotonic() + timeout
        last = None
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise AssertionError(f"exited with {self.process.returncode}: {self.stderr()}")
            try:
                last = raw_http.ask(self.port, "GET", path)
                if last.status == status:
                    return last
            except (OSError, raw_http.Closed) as error:
                last = error
            time.sleep(0.01)
        raise AssertionError(f"{path} is not {status} within {timeout} s: {last}\n{self.stderr()}")

    @functools.cached_property
    def port(self):
        """That of REST, as the log tells it."""
        return self.told_port("http_port")

    @functools.cached_property
    def grpc_port(self):
        return self.told_port("grpc_port")

    def told_port(self, key, timeout=LONG):
        pattern = re.compile(rf'"?{key}"?[:=] ?"?(\d+)')
        deadline = time.monotonic() + timeout
        while True:
            for line in self.stderr().splitlines():
                if "listening" in line and (told := pattern.search(line)):
                    return int(told[1])
            if self.process.poll() is not None:
                raise AssertionError(f"exited with {self.process.returncode}: {self.stderr()}")
            if time.monotonic() > deadline:
                raise AssertionError(f"no {key} in the log: {self.stderr()}")
            time.sleep(0.005)

    def stderr(self):
        """Whole lines while it runs."""
        text = self.stderr_path.read_text(errors="replace")
        return text[:text.rfind("\n") + 1] if self.alive() else text

    def wait_for_line(self, part):
        """The log is written behind what it tells of."""
        deadline = time.monotonic() + LONG
        while part not in self.stderr():
            if not self.alive() or time.monotonic() > deadline:
                raise AssertionError(f"no line with {part!r}: {self.stderr()}")
            time.sleep(0.01)

    def client(self, **options):
        return raw_http.Client(self.port, **options)

    def placed_client(self):
        """A client who has been served, and so has one of --max_connections: at first somebody else
        may be on his way out."""
        deadline = time.monotonic() + LONG
        while True:
            client = self.client()
            answer = client.ask("POST", PREDICTIONS, BODY, JSON)
            if answer.status == 200:
                return client
            client.close()
            if time.monotonic() > deadline:
                raise AssertionError(f"no place: {answer}")

    def grpc(self, port=None):
        """A channel of its own; to be closed."""
        import grpc_client  # only where it is needed: most tests have no use for grpc
        return grpc_client.GrpcClient(port or self.grpc_port)

    def ask(self, verb, path, body=None, headers=(), **options):
        return raw_http.ask(self.port, verb, path, body, headers, **options)

    def get(self, path, headers=()):
        return self.ask("GET", path, None, headers)

    def predict(self, body=BODY, headers=JSON, **options):
        return self.ask("POST", PREDICTIONS, body, headers, **options)

    def feedback(self, body, headers=JSON):
        return self.ask("POST", FEEDBACK, body, headers)

    def raw(self, data, head_only=False, timeout=LONG):
        """Sends exactly these bytes and reads one answer."""
        with self.client(timeout=timeout) as client:
            return client.send(data).read(head_only)

    def alive(self):
        return self.process.poll() is None

    def rss(self):
        """Resident memory in KiB; 0 under a sanitizer, whose quarantine tells nothing of ours."""
        if sanitized():
            return 0
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        raise AssertionError("no VmRSS")

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def cpu_seconds(self):
        """Of all its threads: the clock of a process by the number of that process (Linux)."""
        return time.clock_gettime(~self.process.pid << 3 | 2)

    def metrics(self):
        return samples(self.get("/prometheus").body.decode())

    def metrics_once(self, condition):
        """Those of the first scrape for which condition(metrics) holds."""
        deadline = time.monotonic() + LONG
        while True:
            answer = self.get("/prometheus")
            if answer.status == 200 and condition(found := samples(answer.body.decode())):
                return found
            if time.monotonic() > deadline:
                raise AssertionError(f"it does not come to that: {answer.body.decode()}")
            time.sleep(0.01)

    def terminate(self, number=signal.SIGTERM):
        """Gives the time just before."""
        now = time.monotonic()
        self.process.send_signal(number)
        return now

    def wait(self, timeout=LONG):
        code = self.process.wait(timeout)
        self.exited = time.monotonic()
        return code

    def stop(self):
        """SIGTERM. A drain takes its time, so that its clean end is demanded after the module."""
        if not leaving:
            unittest.addModuleCleanup(demand_clean_ends)
        leaving.append(self)
        self.terminate()

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.folder.cleanup()


leaving = []


def demand_clean_ends():
    bad = []
    while leaving:
        engine = leaving.pop()
        try:
            code = engine.wait()
        except subprocess.TimeoutExpired:
            code = f"nothing within {LONG} s"
        if code != 0:
            bad.append(f"{engine.process.args} ended with {code}: {engine.stderr()}")
        engine.kill()
    if bad:
        raise AssertionError("\n".join(bad))


SAMPLE = re.compile(r'^([a-zA-Z_:][\w:]*)(?:\{(.*?)\})? (\S+)(?: \S+)?$')
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


class Samples(list):
    """(name, labels, value) of an exposition."""

    def find(self, name, **labels):
        return [(got, value) for key, got, value in self
                if key == name and all(got.get(k) == v for k, v in labels.items())]

    def value(self, name, **labels):
        """The sum over the matching samples; None when there is none."""
        found = self.find(name, **labels)
        return sum(value for _, value in found) if found else None


def samples(text):
    found = Samples()
    for line in text.splitlines():
        if line and not line.startswith("#"):
            match = SAMPLE.match(line.split(" # ")[0])
            if not match:
                raise AssertionError(f"not a sample: {line!r}")
            name, labels, value = match.groups()
            found.append((name, dict(LABEL.findall(labels or "")), float(value)))
    return found
