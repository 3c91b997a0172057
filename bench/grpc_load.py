"""One round of load over gRPC: h2load drives a method, /proc tells what it cost."""

import re
import subprocess

from load import Round
from processes import Failure

COUNTS = re.compile(r"requests: (\d+) total, (\d+) started, (\d+) done, (\d+) succeeded, "
                    r"(\d+) failed, (\d+) errored, (\d+) timeout")
RATE = re.compile(r"finished in [^,]+, ([\d.]+) req/s")
DATA = re.compile(r"\((\d+)\) data")


def h2load(binary, url, frame, connections, streams, *length):
    """`length` is -n or -D with its value. Its output, whole."""
    command = [binary, "-t1", f"-c{connections}", f"-m{streams}", *length, "-d", str(frame),
               "-H", "content-type: application/grpc", "-H", "te: trailers", url]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    except subprocess.TimeoutExpired as error:
        raise Failure(f"h2load doesn't come to an end: {error}") from error


def check_answer(binary, name, url, messages, calls=1):
    """One call by itself, or so many, one after another: each answer must be the message of the
    node, whole. A call that fails has status 200 too, but no message."""
    run = h2load(binary, url, messages.frame, 1, 1, f"-n{calls}")
    counts, data = COUNTS.search(run.stdout), DATA.search(run.stdout)
    if not counts or int(counts[4]) != calls:
        raise Failure(f"{name} doesn't answer:\n{run.stdout}{run.stderr}")
    size = int(data[1]) / calls
    if abs(size - messages.frame_size) > 16:
        raise Failure(f"{name} answers {size:g} bytes instead of about {messages.frame_size}")


def drive(binary, process, url, messages, load, seconds):
    """Drives `url` for `seconds` and charges it to `process`."""
    log = messages.frame.with_suffix(".log")
    log.unlink(missing_ok=True)  # h2load appends
    process.check_alive()
    before = process.cpu()
    run = h2load(binary, url, messages.frame, load.connections, load.streams, f"-D{seconds}",
                 "--log-file", str(log))
    cpu = process.cpu() - before
    process.check_alive()
    counts, rate, data = (found.search(run.stdout) for found in (COUNTS, RATE, DATA))
    if not (counts and rate and data):
        raise Failure(f"h2load gave no result for {process.name}:\n{run.stdout}{run.stderr}")
    done, succeeded, failed, errored, timeout = (int(counts[i]) for i in (3, 4, 5, 6, 7))
    errors = {"failed": failed, "errored": errored, "timeout": timeout}
    # Without a message it was an error that gRPC tells in a trailer, and h2load takes for a success.
    answered = int(data[1]) / messages.frame_size
    if answered < 0.98 * succeeded - load.in_flight:
        errors["without a message"] = int(succeeded - answered)
    if not succeeded:
        errors["no answer"] = 1
    times = sorted(int(line.rpartition("\t")[2]) for line in log.read_text().splitlines())
    return Round(cpu_us=cpu * 1e6 / max(done, 1), p50_ms=at(times, 0.5), p99_ms=at(times, 0.99),
                 per_second=float(rate[1]), requests=done,
                 errors={kind: count for kind, count in errors.items() if count})


def at(times, share):
    """That quantile of the microseconds, as milliseconds."""
    return times[min(len(times) - 1, int(len(times) * share))] / 1e3 if times else 0.0
