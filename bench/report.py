"""Turns rounds into what is printed: medians over the rounds, and ratios within a round."""

import statistics

BASE = {"REST": "nginx", "gRPC": "grpc-nginx"}
MODEL = {"REST": "model", "gRPC": "grpc-model"}
MIB = 1 << 20

# What the engine is held to: (what, at most, family, size, in flight, system, column).
GOALS = (
    ("model to nginx, CPU per request, 100 B, 16 in flight", 1.0,
     "REST", 100, 16, "model", "to_nginx"),
    ("chain to model, CPU per request, 100 B, 16 in flight", 3.2,
     "REST", 100, 16, "chain", "to_model"),
    ("gRPC model to nginx, CPU per call, 100 B, 16 in flight", 1.1,
     "gRPC", 100, 16, "grpc-model", "to_nginx"),
    ("gRPC model to nginx, CPU per call, 100 B, 1 in flight", 1.8,
     "gRPC", 100, 1, "grpc-model", "to_nginx"),
    ("gRPC model to nginx, CPU per call, 1 MiB, 16 in flight", 1.5,
     "gRPC", MIB, 16, "grpc-model", "to_nginx"),
    ("gRPC model, peak RSS in MiB, 1 MiB, 16 in flight", 1.5 * 16 + 40,
     "gRPC", MIB, 16, "grpc-model", "peak_rss_mib"),
)
START_GOALS = (("idle RSS, MiB", 25.0, "idle_rss_mib"), ("exec to ready, ms", 60.0, "ready_ms"))

HEAD = ("system", "CPU µs/req", "p50 ms", "p99 ms", "req/s", "RSS MiB", "peak MiB", "to nginx",
        "to halves")


def ratio(rounds, system, base):
    """The median over the rounds of CPU per request of `system` to that of `base`, or None."""
    if system not in rounds or base not in rounds:
        return None
    return statistics.median(mine.cpu_us / theirs.cpu_us
                             for mine, theirs in zip(rounds[system], rounds[base])
                             if theirs.cpu_us)


def to_halves(rounds, name):
    """Of a system that converts: its CPU to half of REST's and half of gRPC's, which leaves the
    conversion. The median over the rounds, or None."""
    parts = ("rest-model", "grpc-model")
    if name not in ("rest-grpc", "grpc-rest") or not all(part in rounds for part in parts):
        return None
    return statistics.median(2 * mine.cpu_us / (rest.cpu_us + grpc.cpu_us) for mine, rest, grpc in
                             zip(rounds[name], *(rounds[part] for part in parts)))


def median(rounds, field):
    return statistics.median(getattr(one, field) for one in rounds)


def errors_of(rounds):
    total = {}
    for one in rounds:
        for kind, count in one.errors.items():
            total[kind] = total.get(kind, 0) + count
    return total


def block_of(family, size, load, rounds, memory):
    """One setting as plain data: what --json holds, and what `print_block` shows."""
    systems = {}
    for name, of_system in rounds.items():
        resident, peak = memory[name]
        original = name.partition(":")[0]
        systems[name] = {
            "cpu_us": median(of_system, "cpu_us"), "p50_ms": median(of_system, "p50_ms"),
            "p99_ms": median(of_system, "p99_ms"), "per_second": median(of_system, "per_second"),
            "requests": sum(one.requests for one in of_system),
            "rss_mib": resident, "peak_rss_mib": peak,
            "to_nginx": ratio(rounds, name, BASE[family]),
            "to_other": ratio(rounds, name, f"{name}:other"),
            "to_model": None if original == BASE[family] else ratio(
                rounds, name, name.replace(original, MODEL[family], 1)),
            "to_halves": to_halves(rounds, name),
            "cpu_us_rounds": [one.cpu_us for one in of_system],
            "errors": errors_of(of_system),
        }
    return {"family": family, "size": size, "connections": load.connections,
            "streams": load.streams, "load": str(load), "systems": systems}


def print_block(block):
    compare = any(row["to_other"] is not None for row in block["systems"].values())
    head = HEAD + (("to other",) if compare else ())
    print(f"\n{block['family']}, {block['size']} B both ways, {block['load']}")
    rows = [head]
    for name, row in block["systems"].items():
        cells = [name, f"{row['cpu_us']:.1f}", f"{row['p50_ms']:.3f}", f"{row['p99_ms']:.3f}",
                 f"{row['per_second']:.0f}", f"{row['rss_mib']:.1f}", f"{row['peak_rss_mib']:.1f}",
                 number(row["to_nginx"]), number(row["to_halves"])]
        rows.append(tuple(cells) + ((number(row["to_other"]),) if compare else ()))
    print_table(rows)
    for name, row in block["systems"].items():
        if row["errors"]:
            print(f"  ERRORS of {name}: "
                  + ", ".join(f"{kind} {count}" for kind, count in row["errors"].items()))


def print_table(rows):
    """Of cells, the head among them; names to the left, figures to the right."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows)]
    for row in rows:
        print("  " + "  ".join(cell.ljust(width) if i == 0 else cell.rjust(width)
                               for i, (cell, width) in enumerate(zip(row, widths))))


def print_instructions(counts, size):
    print(f"\nby callgrind, single MODEL, {size} B both ways, 1 connection, 1 thread")
    print_table([("system", "instructions/req", "mallocs/req", "to other")] + [
        (name, f"{row['instructions']:.0f}", number(row["mallocs"]), number(row["to_other"]))
        for name, row in counts.items()])


def number(value):
    return "-" if value is None else f"{value:.2f}"


def goals_of(blocks, starts):
    """Each goal with what was measured (None if it wasn't)."""
    measured = []
    for what, goal, family, size, in_flight, system, column in GOALS:
        found = [block["systems"].get(system, {}).get(column) for block in blocks
                 if (block["family"], block["size"], block["connections"] * block["streams"])
                 == (family, size, in_flight)]
        measured.append((what, goal, next((value for value in found if value is not None), None)))
    mine = starts.get("engine", {})
    measured += [(what, goal, mine.get(column)) for what, goal, column in START_GOALS]
    return verdicts(measured)


def instruction_goals_of(counts):
    """The same for what callgrind counts. Of thousands of requests, a few mallocs aren't theirs."""
    mallocs = counts.get("model", {}).get("mallocs")
    return verdicts([("model, mallocs a request", 1.0,
                      None if mallocs is None else round(mallocs, 2))])


def verdicts(measured):
    return [{"what": what, "goal": goal, "measured": value,
             "met": None if value is None else value <= goal} for what, goal, value in measured]


def print_starts(starts):
    if starts:
        print("\nstart and rest, single MODEL, node up")
    for name, row in starts.items():
        print(f"  {name}: idle RSS {row['idle_rss_mib']:.1f} MiB, exec to /ready 200 in "
              f"{row['ready_ms']:.1f} ms (median; slowest of {row['starts']}: "
              f"{row['slowest_ms']:.1f} ms)")


def print_goals(goals):
    print("\ngoals")
    for goal in goals:
        verdict = {True: "met", False: "MISSED", None: "not measured"}[goal["met"]]
        print(f"  {goal['what']}: {number(goal['measured'])} of at most {goal['goal']:g}: {verdict}")
