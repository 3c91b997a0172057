"""A real Prometheus server scrapes the engine, and its own arithmetic makes sense of it."""

import json
import pathlib
import shutil
import subprocess
import tempfile
import time
import unittest
import urllib.parse
import urllib.request

from engine import LONG, Engine, free_port, unit
from load import Load
from stub_node import Answer, StubNode

CONFIG = """
global: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs:
- job_name: engine
  metrics_path: /prometheus
  static_configs: [{targets: ["127.0.0.1:%d"]}]
"""


class Prometheus:
    """A server over one target, on loopback, with its data in a folder of its own."""

    def __init__(self, target):
        self.folder = tempfile.TemporaryDirectory(prefix="infergraph-prometheus-")
        folder = pathlib.Path(self.folder.name)
        (folder / "prometheus.yml").write_text(CONFIG % target)
        self.port = free_port()
        with open(folder / "log", "wb") as log:
            self.process = subprocess.Popen([
                "prometheus", f"--config.file={folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{self.port}"], stdout=log, stderr=log)
        self.log = folder / "log"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.folder.cleanup()

    def api(self, path, **query):
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(url, timeout=LONG) as answer:
            return json.load(answer)["data"]

    def value(self, query):
        """The one value of an instant query; None while there is none."""
        try:
            found = self.api("query", query=query)["result"]
        except OSError:
            return None
        if len(found) > 1:
            raise AssertionError(f"{query} has {len(found)} results: {found}")
        return float(found[0]["value"][1]) if found else None

    def wait_for(self, query, condition, timeout=LONG):
        deadline = time.monotonic() + timeout
        value = None
        while time.monotonic() < deadline:
            value = self.value(query)
            if value is not None and condition(value):
                return value
            time.sleep(0.2)
        raise AssertionError(f"{query} is {value}\n{self.log.read_text()[-2000:]}")


@unittest.skipUnless(shutil.which("prometheus"), "no Prometheus server here")
class PrometheusTest(unittest.TestCase):
    def test_scrape_and_quantile(self):
        with StubNode(Answer(delay=0.02)) as node, Engine(unit("m", node)) as engine, \
                Prometheus(engine.port) as prometheus:
            prometheus.wait_for('up{job="engine"}', lambda v: v == 1)
            # rate() needs the series in two scrapes: one request first makes them exist.
            self.assertEqual(engine.predict().status, 200)
            count = "sum(seldon_api_executor_server_requests_seconds_count)"
            prometheus.wait_for(count, lambda v: v == 1)
            load = Load(engine.port, connections=4, count=400).start().join()
            self.assertEqual(load.statuses, {200: 400})
            prometheus.wait_for(count, lambda v: v == 401)
            # On a busy machine some requests are slow indeed: what the callers saw is the measure.
            seen = sorted(load.latencies)
            limit = 2.5 * max(seen[len(seen) * 99 // 100], 0.04)  # it lies anywhere within its bucket

            for side in ("server", "client"):
                family = f"seldon_api_executor_{side}_requests_seconds"
                p99 = prometheus.wait_for(
                    f"histogram_quantile(0.99, sum by (le) (rate({family}_bucket[1m])))",
                    lambda v: v == v)
                self.assertTrue(0.02 <= p99 <= limit, (p99, limit))
                mean = prometheus.value(f"sum(rate({family}_sum[1m])) / sum(rate({family}_count[1m]))")
                self.assertTrue(0.02 <= mean <= limit, (mean, limit))
            own = prometheus.value("histogram_quantile(0.5, sum by (le) (rate("
                                   "infergraph_request_self_seconds_bucket[1m])))")
            # Of what the callers saw, the node's part is none of it.
            self.assertLess(own, max(0.005, 2.5 * (seen[len(seen) // 2] - 0.02)))
            prometheus.wait_for("infergraph_ready", lambda v: v == 1)

            # A scrape may be late for once.
            deadline = time.monotonic() + LONG
            while True:
                target = prometheus.api("targets")["activeTargets"][0]
                if (target["health"], target["lastError"]) == ("up", ""):
                    break
                self.assertLess(time.monotonic(), deadline, target)
                time.sleep(0.2)
            names = {series["type"] for series in prometheus.api(
                "metadata", metric="seldon_api_executor_server_requests_seconds")[
                    "seldon_api_executor_server_requests_seconds"]}
            self.assertEqual(names, {"histogram"})


if __name__ == "__main__":
    unittest.main()
