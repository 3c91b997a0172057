"""The examples do what their READMEs say: each graph is right, and its request takes the way told."""

import json
import pathlib
import re
import subprocess
import time
import unittest

import engine
import raw_http

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
EXAMPLES = ROOT / "examples"

# folder -> the nodes that every request visits; of the A/B tests one branch more.
VISITED = {
    "model": {"classifier"},
    "chain": {"labeller", "scaler", "encoder", "classifier"},
    "router": {"by-language", "german"},
    "combiner": {"vote", "forest", "boosted-trees", "linear", "network"},
    "abtest": {"ab-test"},
    "quickstart": {"ab-test"},
    "tfserving": {"mnist-model"},
    "mixed": {"scaler", "digits", "calibration"},
}


def try_once(name, *flags):
    folder = EXAMPLES / name
    run = engine.run("try", str(folder / "graph.yaml"), "--json", "--request",
                     str(folder / "request.json"), *flags)
    if run.returncode:
        raise AssertionError(f"{name}: {run.stdout}{run.stderr}")
    return json.loads(run.stdout)


def visited(answer):
    return {node["name"] for node in answer["nodes"] if node["visited"]}


class ExamplesTest(unittest.TestCase):
    def test_every_folder_is_in_the_table_and_in_the_readme(self):
        folders = {path.name for path in EXAMPLES.iterdir() if path.is_dir()}
        self.assertEqual(folders, set(VISITED))
        readme = (EXAMPLES / "README.md").read_text(encoding="utf-8")
        for name in folders:
            self.assertIn(f"[{name}]({name})", readme)

    def test_the_graphs_are_valid(self):
        for name in VISITED:
            with self.subTest(name):
                run = engine.run("check", str(EXAMPLES / name / "graph.yaml"))
                self.assertEqual(run.returncode, 0, run.stdout + run.stderr)

    def test_a_request_takes_the_way_that_the_readme_tells(self):
        for name, nodes in VISITED.items():
            with self.subTest(name):
                answer = try_once(name, "--stub")
                self.assertEqual(answer["status"], 200)
                if name in ("abtest", "quickstart"):
                    self.assertLess(nodes, visited(answer))
                else:
                    self.assertEqual(visited(answer), nodes)

    def test_the_commands_name_files_that_are_there(self):
        for readme in EXAMPLES.glob("**/README.md"):
            for path in re.findall(r"examples/[\w./-]+", readme.read_text(encoding="utf-8")):
                self.assertTrue((ROOT / path).exists(), f"{readme}: {path}")

    def test_the_stand_ins_can_be_set_as_the_readmes_say(self):
        settings = 0
        for name in VISITED:
            text = (EXAMPLES / name / "README.md").read_text(encoding="utf-8")
            for setting in re.findall(r"--set ([\w-]+\.[\w=.-]+)", text):
                settings += 1
                if "error_rate" in setting:
                    with self.assertRaisesRegex(AssertionError, "500"):
                        try_once(name, "--stub", "--set", setting)
                else:
                    try_once(name, "--stub", "--set", setting)
        self.assertGreater(settings, 3)

    def test_the_quickstart_answers_without_a_node(self):
        port = engine.free_port()
        command = [engine.BINARY, "--file", str(EXAMPLES / "quickstart/graph.yaml"),
                   "--http_port", str(port), "--grpc_port", "0"]
        with subprocess.Popen(command, env=engine.clean_environment(),
                              stderr=subprocess.DEVNULL) as process:
            try:
                end = time.monotonic() + engine.LONG
                while time.monotonic() < end:
                    try:
                        if raw_http.ask(port, "GET", "/ready").status == 200:
                            break
                    except (OSError, raw_http.Closed):
                        pass
                    time.sleep(0.02)
                body = (EXAMPLES / "quickstart/request.json").read_bytes()
                for _ in range(20):  # both branches
                    answer = raw_http.ask(port, "POST", engine.PREDICTIONS, body, engine.JSON)
                    self.assertEqual(answer.status, 200)
                    values = json.loads(answer.body)["data"]["tensor"]["values"]
                    self.assertEqual([round(value, 9) for value in values], [0.1, 0.9, 0.5])
            finally:
                process.kill()


if __name__ == "__main__":
    unittest.main()
