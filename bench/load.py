"""One round of load: wrk drives a URL, /proc tells what it cost."""

import dataclasses
import http.client
import json
import pathlib
import socket
import subprocess
import urllib.parse
import urllib.request

from processes import Failure

# The body is one string for the whole run: a request() function would cost wrk more than the server.
SCRIPT = """
local file = io.open("{body}", "rb")
wrk.method = "POST"
wrk.body = file:read("*a")
wrk.headers["Content-Type"] = "application/json"
file:close()
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format(
    '\\nRESULT {{"requests":%d,"us":%d,"p50":%f,"p99":%f,' ..
    '"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d}}\\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    e.connect, e.read, e.write, e.status, e.timeout))
end
"""


@dataclasses.dataclass(frozen=True)
class Load:
    """How many requests are in flight: streams are calls at a time on one connection, 1 in REST."""
    connections: int
    streams: int = 1

    @property
    def in_flight(self):
        return self.connections * self.streams

    def __str__(self):
        connections = f"{self.connections} connection{'s' if self.connections > 1 else ''}"
        return connections if self.streams == 1 else f"{connections} x {self.streams} calls"


@dataclasses.dataclass
class Round:
    """What one system did in one round."""
    cpu_us: float  # per request, of the whole process tree
    p50_ms: float
    p99_ms: float
    per_second: float
    requests: int
    errors: dict  # kind -> count, only what isn't zero


def request_body(size):
    front, back = b'{"data":{"ndarray":[[1.5', b"]]}}"
    numbers = b",0.25" * ((size - len(front) - len(back)) // 5)
    return (front + numbers).ljust(max(size - len(back), len(front)), b"5") + back


def write_body(folder, size):
    body = pathlib.Path(folder, f"body-{size}")
    body.write_bytes(request_body(size))
    return body


def write_script(body):
    """For wrk: posts the content of that file."""
    script = body.with_suffix(".lua")
    script.write_text(SCRIPT.format(body=body), encoding="ascii")
    return script


def check_answer(name, url, body):
    """One request by hand: what is measured must be the answer of the node, whole, which is as long
    as the request."""
    size = body.stat().st_size
    request = urllib.request.Request(url, data=body.read_bytes(),
                                     headers={"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            status, got = answer.status, len(answer.read())
    except OSError as error:
        raise Failure(f"{name} doesn't answer a request of {size} bytes: {error}") from error
    # A converted number may be spelt in another way.
    if status != 200 or abs(got - size) > size / 4:
        raise Failure(f"{name} answers {status} with {got} bytes instead of 200 with {size}")


def post(name, url, body, count):
    """So many requests, one after another over one connection, each written at once. Each answer must
    be the message of the node, which is the request's."""
    host, port = urllib.parse.urlsplit(url).netloc.split(":")
    content = body.read_bytes()
    head = (f"POST {urllib.parse.urlsplit(url).path} HTTP/1.1\r\nHost: {host}:{port}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n")
    try:
        with socket.create_connection((host, int(port)), 30) as connection:
            for _ in range(count):
                connection.sendall(head.encode() + content)
                answer = http.client.HTTPResponse(connection, method="POST")
                answer.begin()
                got = answer.read()
                if answer.status != 200 or got != content:
                    raise Failure(f"{name} answers {answer.status} with {got[:200]}")
    except (OSError, http.client.HTTPException) as error:
        raise Failure(f"{name} doesn't answer {count} requests: {error}") from error


def drive(wrk, process, url, script, load, seconds):
    """Drives `url` for `seconds` and charges it to `process`."""
    command = [wrk, "-t1", f"-c{load.in_flight}", f"-d{seconds}s", "--timeout", "10s", "-s",
               str(script), url]
    process.check_alive()
    before = process.cpu()
    run = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60, check=False)
    cpu = process.cpu() - before
    process.check_alive()
    line = next((l for l in run.stdout.splitlines() if l.startswith("RESULT ")), None)
    if line is None:
        raise Failure(f"wrk gave no result for {process.name}:\n{run.stdout}{run.stderr}")
    result = json.loads(line.removeprefix("RESULT "))
    errors = {kind: result[kind] for kind in ("connect", "read", "write", "status", "timeout")
              if result[kind]}
    requests = result["requests"]
    if not requests:
        errors["no answer"] = 1
    return Round(cpu_us=cpu * 1e6 / max(requests, 1), p50_ms=result["p50"] / 1e3,
                 p99_ms=result["p99"] / 1e3, per_second=requests * 1e6 / result["us"],
                 requests=requests, errors=errors)
