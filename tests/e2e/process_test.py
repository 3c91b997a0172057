"""The process among others: its log's reader, its signals, its limits."""

import json
import os
import pathlib
import resource
import signal
import subprocess
import tempfile
import time
import unittest

import raw_http
from engine import (BINARY, LONG, TWO_PORTS, Engine, clean_environment, deployment, free_port, run,
                    samples, sanitized, unit)
from stub_node import StubNode

SIMPLE = {"name": "s", "implementation": "SIMPLE_MODEL"}
DROPPED = "infergraph_log_lines_dropped_total"


class ProcessTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="infergraph-process-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.folder.chmod(0o755)

    def graph(self, root=None):
        path = self.folder / "graph.json"
        path.write_text(json.dumps(deployment(root or SIMPLE)))
        path.chmod(0o644)
        return str(path)

    def start(self, *arguments, root=None, **options):
        """An engine on a port of its own, since its log may not be there to tell it."""
        self.port = free_port()
        process = subprocess.Popen(
            [BINARY, "--file", self.graph(root), "--http_port", str(self.port), "--grpc_port", "0",
             *arguments], env=clean_environment(), stdout=subprocess.DEVNULL, **options)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def wait_for(self, what, timeout=LONG):
        deadline = time.monotonic() + timeout
        while True:
            try:
                if found := what():
                    return found
            except (OSError, raw_http.Closed):
                pass
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)

    def alive(self):
        return raw_http.ask(self.port, "GET", "/live").status == 200

    def dropped(self):
        text = raw_http.ask(self.port, "GET", "/prometheus").body.decode()
        return samples(text).value(DROPPED)

    def ends(self, process, code=0, number=signal.SIGTERM):
        process.send_signal(number)
        self.assertEqual(process.wait(LONG), code)


class LogTest(ProcessTest):
    def test_a_reader_that_is_gone(self):
        node = StubNode()
        process = self.start(root=unit("m", node), stderr=subprocess.PIPE)
        self.wait_for(self.alive)
        self.assertEqual(self.dropped(), 0)
        process.stderr.close()
        node.close()  # that is told in the log
        self.wait_for(self.dropped)
        self.assertTrue(self.alive())
        self.ends(process)

    def test_a_reader_that_stalls(self):
        reading, writing = os.pipe()
        self.addCleanup(os.close, reading)
        os.set_blocking(writing, False)
        try:
            while True:
                os.write(writing, b"x" * 4096)
        except BlockingIOError:
            os.set_blocking(writing, True)
        process = self.start(stderr=writing)
        os.close(writing)
        self.wait_for(self.alive)
        self.ends(process)

    def test_the_last_lines_are_written(self):
        process = self.start(stderr=subprocess.PIPE)
        self.wait_for(self.alive)
        self.ends(process)
        last = json.loads(process.stderr.read().splitlines()[-1])
        process.stderr.close()
        self.assertEqual(last["msg"], "stopped")

    def test_a_full_disk(self):
        with open("/dev/full", "wb") as full:
            process = self.start(stderr=full)
        self.wait_for(self.alive)
        self.wait_for(self.dropped)
        self.ends(process)

    def test_a_terminal(self):
        leader, follower = os.openpty()
        self.addCleanup(os.close, leader)
        process = self.start("--debug", stderr=follower)
        os.close(follower)
        self.wait_for(self.alive)
        told = b""
        while b"listening" not in told:  # an error once nobody can write there any more
            told += os.read(leader, 1 << 16)
        self.ends(process)

    def test_no_descriptor_of_its_number(self):
        """Closed, it would be that of a socket."""
        for closed in (2, 1, 0):
            with self.subTest(closed):
                process = self.start(preexec_fn=lambda number=closed: os.close(number),
                                     stderr=None if closed == 2 else subprocess.DEVNULL)
                self.wait_for(self.alive)
                self.assertEqual(os.readlink(f"/proc/{process.pid}/fd/{closed}"), "/dev/null")
                self.ends(process)


class OutputTest(ProcessTest):
    def test_who_reads_no_further(self):
        wide = {"name": "top", "implementation": "AVERAGE_COMBINER", "children": [
            {"name": f"node-{i}", "implementation": "SIMPLE_MODEL"} for i in range(5000)]}
        for command in (("check", self.graph(wide)), ("check", "--json", self.graph(wide)),
                        ("--help",)):
            with self.subTest(command):
                process = subprocess.Popen([BINARY, *command], env=clean_environment(),
                                           stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                process.stdout.read(10)
                process.stdout.close()
                self.assertEqual(process.stderr.read(), b"")
                process.stderr.close()
                self.assertEqual(process.wait(LONG), 0)

    def test_no_room(self):
        for command in (("check", self.graph()), ("--help",), ("version",)):
            with self.subTest(command), open("/dev/full", "wb") as full:
                done = subprocess.run([BINARY, *command], env=clean_environment(), stdout=full,
                                      stderr=subprocess.PIPE, check=False, timeout=LONG)
                self.assertEqual(done.returncode, 1)
                self.assertEqual(done.stderr, b"infergraph: can't write to stdout\n")


class SignalTest(ProcessTest):
    def test_those_that_mean_nothing(self):
        with Engine(SIMPLE) as engine:
            for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGPIPE):
                engine.terminate(number)
                self.assertEqual(engine.get("/ready").status, 200)
            engine.terminate()
            self.assertEqual(engine.wait(), 0)

    def test_a_second_one(self):
        """^C twice ends the process at once; SIGTERM twice changes nothing."""
        for number, code, delay in ((signal.SIGTERM, 0, 1), (signal.SIGINT, -signal.SIGINT, LONG)):
            process = self.start("--shutdown_delay", f"{delay}s", stderr=subprocess.DEVNULL)
            self.wait_for(self.alive)
            process.send_signal(number)
            self.wait_for(self.drains)
            self.ends(process, code, number)

    def drains(self):
        try:
            return raw_http.ask(self.port, "GET", "/ready").status == 503
        except (OSError, raw_http.Closed):
            return True


class LimitsTest(ProcessTest):
    def test_open_files(self):
        def few():
            resource.setrlimit(resource.RLIMIT_NOFILE, (256, 2000))

        for flags, warned in (((), True), (("--max_connections", "100"), False)):
            process = self.start(*flags, stderr=subprocess.PIPE, preexec_fn=few)
            self.wait_for(self.alive)
            limits = pathlib.Path(f"/proc/{process.pid}/limits").read_text()
            self.assertRegex(limits, r"Max open files +2000 +2000 ")
            self.ends(process)
            lines = [json.loads(line) for line in process.stderr.read().splitlines()]
            process.stderr.close()
            told = [line for line in lines if line["msg"] == "listening"]
            self.assertEqual(told[0]["open_files"], 2000)
            self.assertIs(type(told[0]["http_port"]), int)
            self.assertEqual(any("--max_connections" in line["msg"] for line in lines), warned)

    @unittest.skipUnless(os.getuid() == 0, "only root can become a user without processes")
    @unittest.skipIf(sanitized(), "sanitizers have threads of their own")
    def test_few_threads(self):
        user = 61234
        if subprocess.run([BINARY, "--version"], user=user, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, check=False).returncode != 0:
            self.skipTest("the binary is not for everybody here")
        served = []
        for most in (1, 2, 3, 4, 6, 8, 10, 12, 16, 24, 40):
            process = subprocess.Popen(
                [BINARY, "--file", self.graph(), *TWO_PORTS, "--threads", "2"], user=user,
                env=clean_environment(), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NPROC, (most, most)))
            self.addCleanup(process.kill)
            first = process.stderr.readline().decode()
            if "listening" in first:
                served.append(most)
                self.ends(process)
            else:
                self.assertEqual(process.wait(LONG), 1)
                self.assertRegex(first, r"^infergraph: can't start \d+ threads, only \d+: .*ulimit")
                self.assertEqual(process.stderr.read(), b"")
            process.stderr.close()
        self.assertIn(40, served)
        self.assertNotIn(1, served)


if __name__ == "__main__":
    unittest.main()
