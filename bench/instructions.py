"""What a request costs in instructions and in calls of malloc, counted by callgrind. Unlike time, that
doesn't depend on what else the machine does.

One engine with one thread serves a single MODEL, one request at a time over one connection. It runs
twice, with few and with many requests, so that what isn't a request's cancels in the difference. Start
and stop are left out besides: they differ from run to run by up to half a million instructions (the
dynamic linker's look-ups, locks that spin).
"""

import contextlib
import dataclasses
import pathlib
import re
import subprocess

import grpc_load
import load
import messages
import processes

SIZE = 100  # bytes both ways
REQUESTS = {"model": (500, 5_500), "grpc-model": (500, 3_500)}
SLOW = 120  # seconds: valgrind runs an engine fifty times slower, and others may want the CPU too

FUNCTION = re.compile(r"(c?)fn=\((\d+)\)(?: (.*))?")
# What the compiler and the linker add to a name, and callgrind where functions call each other.
ADDED = re.compile(r"@.*|\.(?:constprop|part|isra)\..*|'\d+$")
ALLOCATORS = {"malloc", "calloc", "realloc", "memalign", "aligned_alloc", "posix_memalign",
              "_mid_memalign", "valloc", "pvalloc"}


@dataclasses.dataclass
class Count:
    """Of a whole run, or of a request."""
    instructions: float
    mallocs: float

    def per_request(self, fewer, requests):
        """`fewer` is the run with so many requests less; a malloc more in it is nobody's."""
        return Count((self.instructions - fewer.instructions) / requests,
                     max(0, self.mallocs - fewer.mallocs) / requests)


def read(file):
    """What callgrind has counted; the format: https://valgrind.org/docs/manual/cl-format.html."""
    names = {}  # a name is written once, with a number that stands for it from there on
    instructions = mallocs = 0
    caller = called = None
    with open(file, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if function := FUNCTION.match(line):
                kind, number, name = function.groups()
                if name:
                    names[number] = ADDED.sub("", name)
                if kind:
                    called = names[number]
                else:
                    caller = names[number]
            elif line.startswith("calls="):
                # They call each other: realloc malloc, say. That is one.
                if called in ALLOCATORS and caller not in ALLOCATORS:
                    mallocs += int(line[len("calls="):].split()[0])
            elif line.startswith("totals:"):
                instructions = int(line.split()[1])
    if not instructions:
        raise processes.Failure(f"no instructions in what callgrind wrote, {file}")
    return Count(instructions, mallocs)


def tell(tools, engine, command):
    """Tells callgrind something while the engine runs on."""
    try:
        done = subprocess.run([tools.programs["vgdb"], f"--pid={engine.child.pid}", command],
                              capture_output=True, text=True, timeout=SLOW, check=False)
    except subprocess.TimeoutExpired as error:
        raise processes.Failure(f"callgrind doesn't listen: {error}") from error
    engine.check_alive()
    if done.returncode:
        raise processes.Failure(f"callgrind can't {command}:\n{done.stdout}{done.stderr}")


def run(tools, binary, system, requests):
    """What an engine does from ready to the last of so many requests."""
    out = pathlib.Path(tools.folder, "callgrind.out")
    dump = out.with_suffix(".out.1")
    dump.unlink(missing_ok=True)
    under = [tools.programs["valgrind"], "--tool=callgrind", f"--callgrind-out-file={out}"]
    with contextlib.ExitStack() as stack:
        stack.callback(tools.upstreams.clear)
        if system == "model":
            body, transport = load.write_body(tools.folder, SIZE), "REST"
            upstream = tools.start_upstream(stack, body)
        else:
            files, transport = messages.write_messages(tools.folder, SIZE), "GRPC"
            upstream = tools.start_grpc_upstream(stack, files.proto)
        engine, rest, grpc = processes.start_engine(
            str(binary), "model", upstream, 1, tools.folder, transport=transport, under=under,
            patience=SLOW)
        stack.callback(engine.stop)
        tell(tools, engine, "zero")
        if system == "model":
            load.post(engine.name, rest + processes.PREDICTIONS, body, requests)
        else:
            grpc_load.check_answer(tools.programs["h2load"], engine.name,
                                   grpc + processes.PREDICT, files, requests)
        tell(tools, engine, "dump")
        tools.check_upstreams()
    return read(dump)


def measure(tools, names):
    """Rows as plain data, by system: what --json holds, and what the report shows."""
    rows = {}
    for system in names:
        few, many = REQUESTS[system]
        for label, binary in tools.engines.items():
            fewer, more = (run(tools, binary, system, requests)
                           for requests in (few, many))
            name = system if label == "engine" else f"{system}:{label}"
            rows[name] = dataclasses.asdict(more.per_request(fewer, many - few))
    for name, row in rows.items():
        other = rows.get(f"{name}:other")
        row["to_other"] = row["instructions"] / other["instructions"] if other else None
    return rows
