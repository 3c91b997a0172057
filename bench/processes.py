"""What the benchmark runs, and what each of it costs by /proc. Everything binds to 127.0.0.1."""

import ctypes
import glob
import json
import os
import pathlib
import signal
import socket
import subprocess
import time
import urllib.request

PREDICTIONS = "/api/v1.0/predictions"
PREDICT = "/seldon.protos.Seldon/Predict"
TICK = os.sysconf("SC_CLK_TCK")
LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1

NGINX_CONF = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
worker_processes {threads};
{user}
events {{ worker_connections 4096; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  keepalive_requests 100000000;
  client_max_body_size 0;
  {buffers}
  upstream node {{
    server 127.0.0.1:{upstream};
    keepalive 256;
    keepalive_requests 100000000;
  }}
  server {{
    listen 127.0.0.1:{port} {listen};
    location / {{
      {proxy}
    }}
  }}
}}
"""

# What of it differs between the two: a body that fits is buffered in memory.
REST_NGINX = {
    "buffers": """client_body_buffer_size 256k;
  proxy_buffer_size 16k;
  proxy_buffers 8 256k;
  proxy_busy_buffers_size 256k;
  proxy_max_temp_file_size 0;""",
    "listen": "",
    "proxy": """proxy_pass http://node;
      proxy_http_version 1.1;
      proxy_set_header Connection "";""",
}
# Over HTTP/2. A connection to the node is kept for each call in flight, since nginx runs one at a
# time over each.
GRPC_NGINX = {
    "buffers": """client_body_buffer_size 2048k;
  grpc_buffer_size 64k;
  http2_max_concurrent_streams 1024;""",
    "listen": "http2",
    "proxy": """grpc_pass grpc://node;
      grpc_socket_keepalive on;""",
}


class Failure(Exception):
    """Ends the run with its text."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def cores():
    """As many threads as the engine takes by default: the CPU limit or the affinity, at most 8."""
    count = len(os.sched_getaffinity(0))
    try:
        quota, period = pathlib.Path("/sys/fs/cgroup/cpu.max").read_text().split()
        if quota != "max":
            count = min(count, -(-int(quota) // int(period)))
    except (OSError, ValueError):
        pass
    return max(1, min(count, 8))


def die_with_parent():
    """In the child: a benchmark that is killed takes its servers along."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Process:
    """A server under test or beside it; `tree` is what it and its children cost."""

    def __init__(self, name, command, log):
        self.name = name
        self.log = log
        with open(log, "ab") as out:
            self.started = time.monotonic()
            self.child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                          preexec_fn=die_with_parent, start_new_session=True)

    def pids(self):
        found, todo = [], [self.child.pid]
        while todo:
            pid = todo.pop()
            found.append(pid)
            for path in glob.glob(f"/proc/{pid}/task/*/children"):
                try:
                    todo += [int(word) for word in pathlib.Path(path).read_text().split()]
                except OSError:
                    pass
        return found

    def cpu(self):
        """Seconds of CPU so far, user and system, of the whole tree.

        From each thread's schedstat (nanoseconds) where the kernel has it, else from stat (ticks)."""
        return sum(cpu_of(pid) for pid in self.pids())

    def memory(self):
        """(resident now, highest resident) of the tree in MiB."""
        now = peak = 0
        for pid in self.pids():
            for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
                if line.startswith("VmRSS:"):
                    now += int(line.split()[1])
                elif line.startswith("VmHWM:"):
                    peak += int(line.split()[1])
        return now / 1024, peak / 1024

    def check_alive(self):
        if self.child.poll() is not None:
            raise Failure(f"{self.name} ended by itself with {self.child.returncode}:\n{self.tail()}")

    def tail(self):
        try:
            return "\n".join(pathlib.Path(self.log).read_text(errors="replace").splitlines()[-15:])
        except OSError:
            return ""

    def wait_for(self, url, seconds=20):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.check_alive()
            try:
                with urllib.request.urlopen(url, timeout=2) as answer:
                    if answer.status == 200:
                        return
            except OSError:
                time.sleep(0.02)
        raise Failure(f"{self.name} doesn't answer {url}:\n{self.tail()}")

    def wait_for_port(self, port, seconds=20):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.check_alive()
            try:
                socket.create_connection(("127.0.0.1", port), 2).close()
                return
            except OSError:
                time.sleep(0.02)
        raise Failure(f"{self.name} doesn't listen on port {port}:\n{self.tail()}")

    def stop(self):
        if self.child.poll() is None:
            self.child.terminate()
            try:
                self.child.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(self.child.pid, signal.SIGKILL)
                self.child.wait()


def cpu_of(pid):
    nanoseconds = 0
    threads = glob.glob(f"/proc/{pid}/task/*/schedstat")
    for path in threads:
        try:
            nanoseconds += int(pathlib.Path(path).read_text().split()[0])
        except OSError:
            pass
    if nanoseconds:
        return nanoseconds / 1e9
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICK


def start_upstream(binary, answer, folder):
    """The node that answers everything with the content of a file; gives back (process, port)."""
    port = free_port()
    process = Process("bench_upstream", [binary, "--answer", str(answer), "--port", str(port)],
                      f"{folder}/upstream-{port}.log")
    process.wait_for(f"http://127.0.0.1:{port}/")
    return process, port


def start_grpc_upstream(binary, answer, folder):
    """The same over gRPC."""
    port = free_port()
    process = Process("bench_grpc_upstream", [binary, "--answer", str(answer), "--port", str(port)],
                      f"{folder}/grpc-upstream-{port}.log")
    process.wait_for_port(port)
    return process, port


def start_nginx(binary, upstream, threads, folder, grpc=False):
    """A reverse proxy that keeps connections and writes no files; (process, base url, error log)."""
    folder = pathlib.Path(folder, f"nginx-{upstream}")
    folder.mkdir()
    port = free_port()
    user = "user root;" if os.getuid() == 0 else ""
    conf = folder / "nginx.conf"
    conf.write_text(NGINX_CONF.format(
        folder=folder, threads=threads, user=user, upstream=upstream, port=port,
        **(GRPC_NGINX if grpc else REST_NGINX)), encoding="ascii")
    process = Process("grpc-nginx" if grpc else "nginx", [
        binary, "-p", str(folder), "-e", f"{folder}/error.log", "-c", str(conf)],
        f"{folder}/output.log")
    process.wait_for_port(port)
    return process, f"http://127.0.0.1:{port}", folder / "error.log"


def node(name, kind, upstream, transport, children=()):
    return {"name": name, "type": kind, "children": list(children),
            "endpoint": {"service_host": "127.0.0.1", "service_port": upstream, "httpPort": upstream,
                         "grpcPort": upstream, "type": transport}}


def graph_of(shape, upstream, transport="REST"):
    """The graph of one shape; every node is the upstream."""
    if shape == "model":
        return node("model", "MODEL", upstream, transport)
    if shape == "chain":
        model = node("model", "MODEL", upstream, transport)
        second = node("second", "TRANSFORMER", upstream, transport, [model])
        return node("first", "TRANSFORMER", upstream, transport, [second])
    models = [node(f"model-{i}", "MODEL", upstream, transport) for i in range(4)]
    return node("combiner", "COMBINER", upstream, transport, models)


def start_engine(binary, shape, upstream, threads, folder, ready=True, transport="REST", under=(),
                 patience=20):
    """The engine over the graph of one shape; (process, base url of REST, base url of gRPC). `under`
    is a command that runs it, `patience` the seconds that it has to get ready."""
    port, grpc_port = free_port(), free_port()
    file = pathlib.Path(folder, f"{shape}-{upstream}.json")
    file.write_text(json.dumps({
        "apiVersion": "machinelearning.seldon.io/v1", "kind": "SeldonDeployment",
        "metadata": {"name": "bench", "namespace": "bench"},
        "spec": {"predictors": [{"name": "p", "graph": graph_of(shape, upstream, transport)}]}}),
        encoding="ascii")
    command = [*under, binary, "--sdep", "bench", "--namespace", "bench", "--predictor", "p",
               "--file", str(file), "--http_port", str(port), "--grpc_port", str(grpc_port),
               "--threads", str(threads)]
    process = Process(shape, command, f"{folder}/{shape}-{port}.log")
    url = f"http://127.0.0.1:{port}"
    if ready:
        process.wait_for(f"{url}/ready", patience)
    return process, url, f"http://127.0.0.1:{grpc_port}"
