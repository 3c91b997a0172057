"""/prometheus: names, labels, counts, bounds and formats, as existing dashboards need them."""

import gzip
import shutil
import subprocess
import time
import unittest

from engine import BODY, Engine, JSON, LONG, samples, sanitized, unit
from raw_http import request_bytes
from stub_node import Answer, Drop, Held, Raw, RefusedPort, Stall, StubNode

SERVER = "seldon_api_executor_server_requests_seconds"
CLIENT = "seldon_api_executor_client_requests_seconds"
OF_THE_DEPLOYMENT = {"deployment_name": "seldon-model", "predictor_name": "example",
                     "predictor_version": "v7"}
BOUNDS = ["0.0001", "0.00025", "0.0005", "0.001", "0.0025", "0.005", "0.01", "0.025", "0.05",
          "0.075", "0.1", "0.25", "0.5", "0.75", "1", "2.5", "5", "7.5", "10", "+Inf"]


class MetricsTest(unittest.TestCase):
    def start(self, graph, *flags, **more):
        engine = Engine(graph, *flags, **{"annotations": {"version": "v7"}, **more})
        self.addCleanup(engine.stop)
        return engine

    def node(self, answer=None):
        node = StubNode(answer)
        self.addCleanup(node.close)
        return node

    def counts(self, engine, family, *labels):
        """{label values: count} of a histogram."""
        return {tuple(got[label] for label in labels): value
                for got, value in engine.metrics().find(family + "_count")}


class LabelsTest(MetricsTest):
    def test_server_and_client(self):
        node = self.node()
        engine = self.start(unit("m", node), containers={
            "m": "registry.example:5000/team/model:2.0", "sidecar": "x:1"})
        for _ in range(3):
            engine.predict()
        engine.ask("POST", "/api/v0.1/predictions", BODY, JSON)
        engine.feedback(b"{}")
        engine.get("/api/v1.0/status/m")
        engine.get("/api/v1.0/metadata/m")
        engine.get("/api/v1.0/metadata")
        engine.get("/ready")
        engine.get("/nope")
        engine.ask("PUT", "/api/v1.0/predictions", b"")
        engine.ask("OPTIONS", "/api/v1.0/predictions")

        found = engine.metrics()
        expected = [("predictions", "post", 4), ("feedback", "post", 1), ("status", "get", 1),
                    ("metadata", "get", 2)]
        got = found.find(SERVER + "_count")
        self.assertEqual(sorted((l["service"], l["method"], v) for l, v in got if l["code"] == "200"),
                         sorted(expected))
        for labels, _ in got:
            self.assertEqual(set(labels), set(OF_THE_DEPLOYMENT) | {"service", "method", "code"})
            self.assertLessEqual(OF_THE_DEPLOYMENT.items(), labels.items())

        got = found.find(CLIENT + "_count")
        self.assertEqual(sorted((l["service"], l["method"], l["code"], v) for l, v in got), sorted([
            ("/predict", "post", "200", 4), ("/send-feedback", "post", "200", 1),
            ("/health/status", "get", "200", 1), ("/metadata", "get", "200", 2)]))
        model = {"model_name": "m", "model_image": "registry.example:5000/team/model",
                 "model_version": "2.0"}
        for labels, _ in got:
            self.assertEqual(labels, {**OF_THE_DEPLOYMENT, **model, "service": labels["service"],
                                      "method": labels["method"], "code": labels["code"]})

    # Each route of each protocol, and what it counts as; docs/wire/engine.md §6.
    ROUTES = {
        "seldon": (("POST", "/api/v0.1/predictions", "predictions"),
                   ("POST", "/api/v1.0/predictions", "predictions"),
                   ("POST", "/api/v1.0/feedback", "feedback"), ("GET", "/api/v0.1/status/m", "status"),
                   ("GET", "/api/v1.0/status/m", "status"), ("GET", "/api/v1.0/status", "status"),
                   ("GET", "/api/v1.0/health/status", "status"),
                   ("GET", "/api/v1.0/metadata/m", "metadata"),
                   ("GET", "/api/v1.0/metadata", "metadata"), ("GET", "/api/v1.0/doc/", None)),
        "tensorflow": (("POST", "/v1/models/m:predict", "predictions"),
                       ("GET", "/v1/models/m", "status"), ("GET", "/v1/models/m/metadata", "metadata")),
        "v2": (("POST", "/v2/models/m/infer", "predictions"), ("GET", "/v2/models/m/ready", "status"),
               ("GET", "/v2/health/ready", "status"), ("GET", "/v2/models/m", "metadata"),
               ("GET", "/v2/health/live", None), ("GET", "/v2", None))}

    def test_every_route_of_every_protocol(self):
        for protocol, routes in self.ROUTES.items():
            engine = self.start(unit("m", self.node()), "--protocol", protocol)
            expected = {}
            for verb, path, service in (*routes, ("GET", "/ready", None), ("GET", "/live", None),
                                        ("GET", "/ping", None), ("GET", "/nope", None)):
                with self.subTest(protocol=protocol, path=path):
                    engine.ask(verb, path, BODY if verb == "POST" else None, JSON)
                    if service:
                        key = (service, verb.lower())
                        expected[key] = expected.get(key, 0) + 1
                    self.assertEqual(self.counts(engine, SERVER, "service", "method"), expected)

    def test_a_status_that_is_not_ready(self):
        with RefusedPort() as dead:
            engine = self.start(unit("m", dead), wait="/live")
            engine.wait_until("/ready", 503)
            self.assertEqual(engine.get("/api/v1.0/health/status").status, 503)
            self.assertEqual(self.counts(engine, SERVER, "service", "code"), {("status", "503"): 1})

    def test_images_of_all_shapes(self):
        for image, name, version in (("plain", "plain", ""), ("host:5000/a/b", "host:5000/a/b", ""),
                                     ("a/b:1.2-x", "a/b", "1.2-x")):
            with self.subTest(image):
                engine = self.start(unit("m", self.node()), containers={"m": image})
                engine.predict()
                labels = engine.metrics().find(CLIENT + "_count")[0][0]
                self.assertEqual((labels["model_image"], labels["model_version"]), (name, version))

    def test_without_a_container(self):
        engine = self.start(unit("m", self.node()))
        engine.predict()
        labels = engine.metrics().find(CLIENT + "_count")[0][0]
        self.assertEqual((labels["model_name"], labels["model_image"], labels["model_version"]),
                         ("m", "", ""))

    def test_version_by_annotation_then_label(self):
        for annotations, labels, version in (({"version": "a"}, {"version": "l"}, "a"),
                                             (None, {"version": "l"}, "l"), (None, None, "")):
            engine = self.start(unit("m", self.node()), annotations=annotations, labels=labels)
            engine.predict()
            got = engine.metrics().find(SERVER + "_count")[0][0]
            self.assertEqual(got["predictor_version"], version)

    def test_every_node_and_method_of_a_walk(self):
        nodes = {name: self.node() for name in "rcab"}
        nodes["r"].on("/route", Answer(body=b"[0]"))
        engine = self.start(unit("r", nodes["r"], "ROUTER", [
            unit("c", nodes["c"], "COMBINER", [unit("a", nodes["a"]), unit("b", nodes["b"])],
                 methods=["TRANSFORM_INPUT", "TRANSFORM_OUTPUT"])]))
        for _ in range(2):
            self.assertEqual(engine.predict().status, 200)
        self.assertEqual(self.counts(engine, CLIENT, "model_name", "service"), {
            ("r", "/route"): 2, ("c", "/transform-input"): 2, ("a", "/predict"): 2,
            ("b", "/predict"): 2, ("c", "/aggregate"): 2, ("c", "/transform-output"): 2})

    def test_built_in_units_make_no_call(self):
        engine = self.start(unit("s", None, None, implementation="SIMPLE_MODEL"))
        engine.predict()
        self.assertEqual(engine.metrics().find(CLIENT + "_count"), [])
        self.assertEqual(self.counts(engine, SERVER, "service", "code"), {("predictions", "200"): 1})

    def test_names_are_escaped(self):
        engine = self.start(unit('odd "name\\', self.node()))
        engine.predict()
        text = engine.get("/prometheus").body.decode()
        self.assertIn(r'model_name="odd \"name\\"', text)


class CodesTest(MetricsTest):
    def code(self, engine, expected, server=None):
        engine.predict()
        self.assertEqual(self.counts(engine, CLIENT, "code"), {(expected,): 1})
        self.assertEqual(self.counts(engine, SERVER, "code"), {(server or expected,): 1})

    def test_the_nodes_own(self):
        for status in (201, 204, 302, 400, 418, 500, 503):
            with self.subTest(status):
                answer = Answer(status, body=b"") if status == 204 else Answer(status)
                self.code(self.start(unit("m", self.node(answer))), str(status))

    def test_of_failures(self):
        self.code(self.start(unit("m", self.node(Drop()))), "503")
        self.code(self.start(unit("m", self.node(Raw(b"nonsense\r\n\r\n")))), "502")
        self.code(self.start(unit("m", self.node(Stall())), annotations={
            "version": "v7", "seldon.io/rest-timeout": "100"}), "504")
        with RefusedPort() as dead:
            self.code(self.start(unit("m", dead), wait="/live"), "503")

    def test_of_a_wrong_route(self):
        node = self.node(Answer(body=b"[9]"))
        self.code(self.start(unit("r", node, "ROUTER", [unit("m", self.node())])), "200", "500")

    def test_of_an_unknown_node(self):
        engine = self.start(unit("m", self.node()))
        engine.get("/api/v1.0/status/unknown")
        self.assertEqual(self.counts(engine, SERVER, "service", "code"), {("status", "404"): 1})


class HistogramTest(MetricsTest):
    def bounds(self, engine, family=SERVER):
        return [labels["le"] for labels, _ in engine.metrics().find(family + "_bucket")]

    def test_bounds(self):
        engine = self.start(unit("m", self.node()))
        engine.predict()
        self.assertEqual(self.bounds(engine), BOUNDS)
        self.assertEqual(self.bounds(engine, CLIENT), BOUNDS)

    def test_buckets_add_up(self):
        node = self.node(lambda request: Answer(delay=float(request.body)))
        engine = self.start(unit("m", node))
        delays, seen = [0, 0, 0.03, 0.3], []
        for delay in delays:
            began = time.monotonic()
            engine.predict(b"%g" % delay)
            seen.append(time.monotonic() - began)
        found = engine.metrics()
        # What is measured lies between what the node takes and what the caller sees: close together,
        # unless the machine is busy.
        for family in (SERVER, CLIENT):
            values = [value for _, value in found.find(family + "_bucket")]
            self.assertEqual(values, sorted(values))
            self.assertEqual(values[-1], 4)
            self.assertEqual(found.value(family + "_count"), 4)
            self.assertTrue(sum(delays) <= found.value(family + "_sum") <= sum(seen),
                            (seen, found.value(family + "_sum")))
            for bound in BOUNDS[:-1]:
                least, most = (sum(each <= float(bound) for each in all) for all in (seen, delays))
                self.assertTrue(least <= found.value(family + "_bucket", le=bound) <= most, bound)

    def test_bounds_by_flag(self):
        engine = self.start(unit("m", self.node()), "--histogram_buckets", "0.001,0.5,2")
        engine.predict()
        self.assertEqual(self.bounds(engine), ["0.001", "0.5", "2", "+Inf"])
        self.assertEqual(self.bounds(engine, CLIENT), ["0.001", "0.5", "2", "+Inf"])

    def test_summaries_by_flag(self):
        engine = self.start(unit("m", self.node(Answer(delay=0.02))), "--metrics_summaries")
        seen = []
        for _ in range(20):
            began = time.monotonic()
            engine.predict()
            seen.append(time.monotonic() - began)
        found = engine.metrics()
        for family in (SERVER, CLIENT):
            self.assertEqual(found.value(family + "_summary_count"), 20)
            median = found.value(family + "_summary", quantile="0.5")
            self.assertTrue(0.015 < median < 2 * sorted(seen)[10], (seen, median))
            self.assertEqual(found.value(family + "_count"), 20)

    def test_no_summary_by_default(self):
        engine = self.start(unit("m", self.node()))
        engine.predict()
        self.assertNotIn("_summary", engine.get("/prometheus").body.decode())

    def test_counts_over_many_connections(self):
        from load import Load
        engine = self.start(unit("s", None, None, implementation="SIMPLE_MODEL"))
        Load(engine.port, connections=8, count=4000, pipeline=5).start().join()
        self.assertEqual(engine.metrics().value(SERVER + "_count"), 4000)


class FormatsTest(MetricsTest):
    def test_negotiation(self):
        engine = self.start(unit("m", self.node()))
        engine.predict()
        plain = "text/plain; version=0.0.4; charset=utf-8"
        om = "application/openmetrics-text"
        for accept, expected in ((None, plain), ("*/*", plain), ("text/plain", plain),
                                 (om, om), (om + ";version=1.0.0,text/plain;q=0.5", om),
                                 ("text/plain;q=0.9," + om + ";q=0.1", plain),
                                 ("text/html", plain)):
            with self.subTest(accept):
                answer = engine.get("/prometheus", [("Accept", accept)] if accept else [])
                self.assertTrue(answer.get("Content-Type").startswith(expected),
                                answer.get("Content-Type"))
                self.assertEqual(answer.body.endswith(b"# EOF\n"), expected == om)

    def test_open_metrics_has_the_same_series(self):
        engine = self.start(unit("m", self.node()))
        engine.predict()
        text = engine.get("/prometheus", [("Accept", "application/openmetrics-text")]).body.decode()
        found = samples(text)
        self.assertEqual(found.value(SERVER + "_count", service="predictions"), 1)
        self.assertEqual(found.value(SERVER + "_bucket", le="+Inf"), 1)

    @unittest.skipUnless(shutil.which("promtool"), "no promtool here")
    def test_promtool_is_content(self):
        node = self.node(lambda r: Answer(500 if b"bad" in r.body else 200))
        engine = self.start(unit("m", node), containers={"m": "a/b:1"})
        for body in (b"ok", b"bad"):
            engine.predict(body)
        engine.get("/api/v1.0/status/nobody")
        done = subprocess.run(["promtool", "check", "metrics"], capture_output=True, check=False,
                              input=engine.get("/prometheus").body, timeout=LONG)
        self.assertEqual((done.returncode, done.stderr, done.stdout), (0, b"", b""))

    def test_every_family_has_help_and_type_once(self):
        engine = self.start(unit("m", self.node()))
        engine.predict()
        lines = engine.get("/prometheus").body.decode().splitlines()
        for mark in ("# HELP ", "# TYPE "):
            names = [line.split(" ")[2] for line in lines if line.startswith(mark)]
            self.assertEqual(len(names), len(set(names)))
            self.assertIn(SERVER, names)


class OwnTest(MetricsTest):
    def test_process_build_and_gauges(self):
        held = Held()
        node = self.node(held)
        engine = self.start(unit("m", node))
        with engine.client() as client:
            client.send(request_bytes("POST", "/api/v1.0/predictions", BODY, JSON))
            self.assertTrue(node.wait_for(lambda n: n.requests))
            began = time.monotonic()
            # The caller's connection and the one that asks, once that of /ready has gone.
            found = engine.metrics_once(lambda f: f.value("infergraph_connections_open") == 2)
            self.assertEqual(found.value("infergraph_requests_in_flight"), 1)
            self.assertEqual(found.value("infergraph_node_calls_in_flight", model_name="m"), 1)
            self.assertEqual(found.value("infergraph_node_connections", state="busy"), 1)
            time.sleep(0.2)
            waited = time.monotonic() - began
            held.let_go()
            client.read()
        found = engine.metrics_once(lambda f: f.value("infergraph_requests_in_flight") == 0)
        self.assertEqual(found.value("infergraph_node_connections", state="idle"), 1)
        self.assertEqual(found.value("infergraph_node_connects_total"), 1)
        self.assertEqual(found.value("infergraph_ready"), 1)
        self.assertEqual(found.value("infergraph_build_info"), 1)
        # The engine's own time is what is left when the node's is taken off.
        self.assertLess(found.value("infergraph_request_self_seconds_sum"),
                        found.value(SERVER + "_sum") - waited)
        for name in ("process_cpu_seconds_total", "process_open_fds",
                     "process_start_time_seconds", "process_resident_memory_bytes"):
            self.assertIsNotNone(found.value(name), name)
        if not sanitized():
            self.assertAlmostEqual(found.value("process_resident_memory_bytes") / 1024,
                                   engine.rss(), delta=3000)

    def test_failures_by_reason(self):
        with RefusedPort() as dead:
            engine = self.start(unit("m", dead), wait="/live")
            for _ in range(3):
                engine.predict()
            engine.get("/nope")
            found = engine.metrics()
            self.assertEqual(found.value("infergraph_node_connects_total"), 0)
            self.assertEqual(found.value("infergraph_node_connect_failures_total", model_name="m"), 3)
            self.assertEqual(found.value("infergraph_requests_failed_total", reason="UNAVAILABLE"), 3)
            self.assertEqual(found.value("infergraph_requests_failed_total", reason="NOT_FOUND"), 1)
            self.assertEqual(found.value("infergraph_ready"), 0)


class EncodingTest(MetricsTest):
    def test_gzip(self):
        engine = self.start(unit("m", self.node()))
        engine.predict()
        for accepted, packed in (
                (None, False), ("gzip", True), ("deflate, gzip;q=0.5", True), ("*", True),
                ("identity;q=0", True), ("gzip;q=0", False), ("gzip;q=0, *", False), ("br", False),
                ("gzip;q=0.4, identity;q=0.9", False), ("*;q=0", False)):
            for verb in ("GET", "POST", "HEAD"):
                with self.subTest(accepted=accepted, verb=verb):
                    headers = [] if accepted is None else [("Accept-Encoding", accepted)]
                    if verb == "HEAD":
                        lines = "".join(f"{k}: {v}\r\n" for k, v in headers)
                        answer = engine.raw(f"HEAD /prometheus HTTP/1.1\r\nHost: x\r\n{lines}\r\n".encode(),
                                            head_only=True)
                        self.assertGreater(int(answer.get("Content-Length")), 100)
                    else:
                        answer = engine.ask(verb, "/prometheus", None, headers)
                        body = gzip.decompress(answer.body) if packed else answer.body
                        self.assertIn(b"seldon_api_executor_server_requests_seconds_count", body)
                        self.assertTrue(body.endswith(b"\n"))
                    self.assertEqual(answer.get("Content-Encoding"), "gzip" if packed else None)
                    self.assertEqual(answer.get("Content-Type"),
                                     "text/plain; version=0.0.4; charset=utf-8")
                    self.assertIn("Accept-Encoding", answer.get("Vary"))

    def test_lists_in_several_headers(self):
        engine = self.start(unit("m", self.node()))
        answer = engine.get("/prometheus", [("Accept-Encoding", "br"), ("accept-encoding", "gzip"),
                                            ("Accept", "text/html"),
                                            ("Accept", "application/openmetrics-text")])
        self.assertEqual(answer.get("Content-Encoding"), "gzip")
        self.assertTrue(gzip.decompress(answer.body).endswith(b"# EOF\n"))

    def test_it_is_worth_it(self):
        engine = self.start(unit("m", self.node()))
        for node in range(20):
            engine.get(f"/api/v1.0/metadata/{node}")
        engine.predict()
        plain = engine.get("/prometheus").body
        self.assertLess(len(engine.get("/prometheus", [("Accept-Encoding", "gzip")]).body),
                        len(plain) / 3)


if __name__ == "__main__":
    unittest.main()
