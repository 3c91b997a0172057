"""The systems that a round visits, each with how it is driven: those over REST alone, and those with
gRPC in front, behind or both."""

import dataclasses
import typing

import grpc_load
import load
import messages
import processes

REST = ("nginx", "model", "chain", "combiner")
GRPC = ("grpc-nginx", "grpc-model", "grpc-chain", "grpc-combiner", "rest-model", "rest-grpc",
        "grpc-rest")


@dataclasses.dataclass
class System:
    """A running one. `drive` is from (load, seconds) to a round."""
    process: processes.Process
    drive: typing.Callable


class Tools:
    """Where the binaries are, and where everything else goes. `programs` is name -> path of those
    that aren't of this project."""

    def __init__(self, options, folder, programs):
        self.folder, self.threads, self.programs = folder, options.threads, programs
        self.upstreams = []  # those that serve now
        self.upstream = options.build / "bench_upstream"
        self.grpc_upstream = options.build / "bench_grpc_upstream"
        self.engines = {"engine": options.build / "infergraph"}
        if options.engine:
            self.engines["other"] = options.engine
        for binary in (self.upstream, self.grpc_upstream, *self.engines.values()):
            if not binary.exists():
                raise processes.Failure(f"{binary} isn't there")

    def started(self, stack, process, *rest):
        stack.callback(process.stop)
        return process, *rest

    def start_upstream(self, stack, answer):
        return self.keep(*self.started(stack, *processes.start_upstream(
            str(self.upstream), answer, self.folder)))

    def start_grpc_upstream(self, stack, answer):
        return self.keep(*self.started(stack, *processes.start_grpc_upstream(
            str(self.grpc_upstream), answer, self.folder)))

    def keep(self, upstream, port):
        self.upstreams.append(upstream)
        return port

    def check_upstreams(self):
        """Without one of them, everybody's errors would look like their own."""
        for upstream in self.upstreams:
            upstream.check_alive()

    def start_nginx(self, stack, upstream, grpc=False):
        process, url, log = self.started(stack, *processes.start_nginx(
            self.programs["nginx"], upstream, self.threads, self.folder, grpc))
        stack.callback(check_nginx_log, log)
        return process, url

    def start_engines(self, stack, name, shape, upstream, transport):
        """(full name, process, url of REST, url of gRPC) of each binary that is compared."""
        for label, binary in self.engines.items():
            process, rest, grpc = self.started(stack, *processes.start_engine(
                str(binary), shape, upstream, self.threads, self.folder, transport=transport))
            process.name = name if label == "engine" else f"{name}:{label}"
            yield process.name, process, rest, grpc

    def by_wrk(self, process, url, body, script):
        url += processes.PREDICTIONS
        load.check_answer(process.name, url, body)
        return System(process, lambda how, seconds: load.drive(
            self.programs["wrk"], process, url, script, how, seconds))

    def by_h2load(self, process, url, files):
        url += processes.PREDICT
        h2load = self.programs["h2load"]
        grpc_load.check_answer(h2load, process.name, url, files)
        return System(process, lambda how, seconds: grpc_load.drive(
            h2load, process, url, files, how, seconds))


def start_rest(tools, stack, names, size):
    """name -> System, all over REST; the upstream answers what is sent."""
    body = load.write_body(tools.folder, size)
    script = load.write_script(body)
    upstream = tools.start_upstream(stack, body)
    systems = {}
    for name in names:
        if name == "nginx":
            systems[name] = tools.by_wrk(*tools.start_nginx(stack, upstream), body, script)
            continue
        for full, process, url, _ in tools.start_engines(stack, name, name, upstream, "REST"):
            systems[full] = tools.by_wrk(process, url, body, script)
    return systems


def start_grpc(tools, stack, names, size):
    """name -> System with gRPC on one side at least, and its REST counterpart."""
    files = messages.write_messages(tools.folder, size)
    script = load.write_script(files.json)
    upstreams = {"GRPC": tools.start_grpc_upstream(stack, files.proto),
                 "REST": tools.start_upstream(stack, files.json)}
    systems = {}
    for name in names:
        if name == "grpc-nginx":
            systems[name] = tools.by_h2load(
                *tools.start_nginx(stack, upstreams["GRPC"], grpc=True), files)
            continue
        front, _, shape = name.partition("-")
        behind = "REST" if name in ("rest-model", "grpc-rest") else "GRPC"
        shape = "model" if shape in ("rest", "grpc") else shape
        for full, process, rest, grpc in tools.start_engines(stack, name, shape, upstreams[behind],
                                                             behind):
            systems[full] = (tools.by_h2load(process, grpc, files) if front == "grpc" else
                             tools.by_wrk(process, rest, files.json, script))
    return systems


def check_nginx_log(log):
    """nginx must not have touched the disk, or run out of something: its cost would be another's."""
    lines = [line for line in log.read_text(errors="replace").splitlines()
             if "temporary file" in line or "[emerg]" in line or "[alert]" in line
             or "not enough" in line]
    if lines:
        raise processes.Failure("nginx complains:\n" + "\n".join(lines[:5]))
