"""Large messages beside small ones: they go to threads of their own, within bounds."""

import gzip
import json
import threading
import time
import unittest

import raw_http
from engine import BODY, JSON, LONG, PREDICTIONS, Engine, sanitized, unit
from grpc_node import GrpcNode, Reply
from model_nodes import Served, speaking, v2_grpc, v2_rest
from stub_node import Answer, StubNode

SIMPLE = {"name": "m", "implementation": "SIMPLE_MODEL"}
MEAN = {"name": "mean", "implementation": "AVERAGE_COMBINER",
        "children": [unit("a", implementation="SIMPLE_MODEL", kind="MODEL"),
                     unit("b", implementation="SIMPLE_MODEL", kind="MODEL")]}


def numbers(megabytes):
    return b'{"data":{"ndarray":[[' + b",".join([b"1.2345678"] * (megabytes * 100_000)) + b"]]}}"


def worked(engine):
    """How often a thread for work was at it."""
    return engine.metrics().value("infergraph_work_seconds_count", phase="running")


class Victim:
    """Asks for /live again and again, on one connection, and remembers when it was answered."""

    def __init__(self, port):
        self.client = raw_http.Client(port, timeout=LONG)
        self.stopped = threading.Event()
        self.answered = []
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.stopped.is_set():
            self.client.ask("GET", "/live")
            self.answered.append(time.monotonic())
            time.sleep(0.002)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.thread.join()
        self.client.close()


class LargeMessages(unittest.TestCase):
    def test_others_are_served_beside_one(self):
        """On the one loop, the others would wait as long as the message takes."""
        with Engine(SIMPLE, "--threads", "1") as engine:
            beside = []
            # However slow the machine is: on the loop it would be one, or two. That others of the
            # machine keep the victim from asking is for once.
            while len(beside) < 10 and max(beside, default=0) <= 5:
                with engine.client(timeout=120) as caller, Victim(engine.port) as victim:
                    caller.send(raw_http.request_bytes("POST", PREDICTIONS, numbers(40), JSON))
                    sent = time.monotonic()
                    answer = caller.read()
                    ended = time.monotonic()
                self.assertEqual(answer.status, 200)
                self.assertEqual(worked(engine), len(beside) + 1)
                beside.append(sum(sent < when < ended for when in victim.answered))
            self.assertGreater(max(beside), 5, beside)
            metrics = engine.metrics()
            count = metrics.value("infergraph_loop_lag_seconds_count", thread="io-0")
            self.assertGreater(count, 0)

    def test_small_ones_stay_on_the_loop(self):
        with Engine(SIMPLE) as engine:
            self.assertEqual(engine.predict(BODY).status, 200)
            metrics = engine.metrics()
            self.assertEqual(metrics.value("infergraph_work_seconds_count", phase="running"), 0)
            self.assertNotIn("work", threads(engine))

    def test_the_metrics_of_work(self):
        with Engine(SIMPLE) as engine:
            self.assertEqual(engine.predict(numbers(2)).status, 200)
            # The thread that worked counts itself out behind the answer, which is held until it is sent.
            metrics = engine.metrics_once(lambda found: (
                found.value("infergraph_work_messages", state="running") == 0 and
                found.value("infergraph_work_bytes") == 0))
            for state in ("running", "waiting"):
                self.assertEqual(metrics.value("infergraph_work_messages", state=state), 0)
            for phase in ("queued", "running"):
                self.assertEqual(metrics.value("infergraph_work_seconds_count", phase=phase), 1)
            self.assertIn("work", threads(engine))

    def test_more_than_the_bound_is_refused(self):
        with Engine(SIMPLE, "--max_work_bytes", "1Mi") as engine:
            answer = engine.predict(numbers(2))
            self.assertEqual(answer.status, 503)
            self.assertEqual(answer.get("Retry-After"), "1")
            self.assertEqual(answer.json()["status"]["reason"], "OVERLOADED")
            metrics = engine.metrics()
            self.assertEqual(metrics.value("infergraph_work_refused_total"), 1)
            self.assertEqual(metrics.value("infergraph_requests_failed_total",
                                           reason="OVERLOADED"), 1)
            self.assertEqual(engine.predict(BODY).status, 200, "small ones are served on")
            with engine.grpc() as client:
                import protos
                message = protos.SeldonMessage(strData="x" * (2 << 20))
                outcome = client.predict(message.SerializeToString())
                self.assertEqual(outcome.code, "RESOURCE_EXHAUSTED", outcome)

            engine.wait_for_line("(--max_work_bytes)")

    def test_small_packed_ones_that_are_large_leave_the_loop(self):
        packed = gzip.compress(b'{"data":{"ndarray":[[1]]}' + b" " * (60 << 20) + b"}")
        self.assertLess(len(packed), 64 << 10)
        headers = (*JSON, ("Content-Encoding", "gzip"))
        with Engine(SIMPLE) as engine:
            self.assertEqual(engine.predict(packed, headers, timeout=LONG).status, 200)
            self.assertEqual(worked(engine), 1)
        with Engine(SIMPLE, "--max_work_bytes", "8Mi") as engine:
            self.assertEqual(engine.predict(packed, headers, timeout=LONG).status, 503)
            self.assertEqual(engine.metrics().value("infergraph_work_refused_total"), 1)

    def test_a_large_request_is_not_read_on_the_loop_for_a_small_answer(self):
        """What an answer takes over from the request is read when it is first converted."""
        seldon = b'{"data":{"ndarray":[[1.5]]}}'
        v2 = {"inputs": [{"name": "x", "shape": [1, 1], "datatype": "FP64", "data": [1.5]}],
              "id": "7", "parameters": {"note": "x" * (2 << 20)}}
        with (StubNode(Answer(body=seldon)) as stub, v2_rest(Served({"x": "FP64"})) as model):
            graph = unit("a", stub, kind="TRANSFORMER", children=[
                unit("b", model, parameters=speaking("v2"))])
            with self.subTest("by a node"), Engine(graph, "--protocol", "seldon,v2") as engine:
                answer = engine.predict(b'{"strData":"' + b"x" * (2 << 20) + b'"}')
                self.assertEqual(answer.status, 200, answer.body)
                self.assertEqual(worked(engine), 1)
            graph = unit("a", model, parameters=speaking("v2"), children=[unit("b", stub)])
            with self.subTest("by the front"), Engine(graph, "--protocol", "seldon,v2") as engine:
                answer = engine.ask("POST", "/v2/models/m/infer", json.dumps(v2).encode(), JSON)
                self.assertEqual((answer.status, answer.json()["id"]), (200, "7"))
                self.assertEqual(worked(engine), 1)

    def test_nor_over_grpc(self):
        import protos
        request = protos.message("inference.ModelInferRequest")()
        request.id = "7"
        request.inputs.add(name="x", shape=[1, 1], datatype="FP64").contents.fp64_contents.append(1)
        request.parameters["note"].string_param = "x" * (2 << 20)
        reply = Reply(protos.from_json({"data": {"ndarray": [[1.5]]}}))
        with v2_grpc(Served({"x": "FP64"})) as model, GrpcNode(reply) as stub:
            graph = unit("a", model, parameters=speaking("v2"), children=[unit("b", stub)])
            with Engine(graph, "--protocol", "seldon,v2") as engine, engine.grpc() as client:
                outcome = client.call("/inference.GRPCInferenceService/ModelInfer", request)
                self.assertEqual(outcome.code, "OK", outcome)
                answer = protos.message("inference.ModelInferResponse").FromString(outcome.body)
                self.assertEqual(answer.id, "7")
                self.assertEqual(worked(engine), 1)

    def test_a_scrape_is_answered_when_there_is_no_room_for_messages(self):
        children = [unit(f"n{i}", implementation="SIMPLE_MODEL") for i in range(500)]
        graph = unit("mean", implementation="AVERAGE_COMBINER", kind="COMBINER", children=children)
        with Engine(graph, "--max_work_bytes", "1Mi") as engine:
            # The first page is taken for a larger one: 3000 bytes for each node.
            page = engine.get("/prometheus")
            self.assertEqual(page.status, 200, page.body[:300])

    def test_a_caller_who_goes_away_takes_its_work_along(self):
        with Engine(SIMPLE, "--threads", "1") as engine:
            callers = [engine.client(timeout=LONG) for _ in range(6)]
            body = numbers(10)
            for caller in callers:
                caller.send(raw_http.request_bytes("POST", PREDICTIONS, body, JSON))
            for caller in callers[1:]:
                caller.reset()
            self.assertEqual(callers[0].read().status, 200)
            callers[0].close()
            metrics = engine.metrics_once(lambda found: (
                found.value("infergraph_requests_in_flight") == 0 and
                found.value("infergraph_work_bytes") == 0))
            self.assertEqual(metrics.value("infergraph_work_messages", state="waiting"), 0)

    def test_a_drain_waits_for_work(self):
        engine = Engine(SIMPLE, "--threads", "1", "--graceful_timeout", "60s")
        with engine.client(timeout=LONG) as caller:
            caller.send(raw_http.request_bytes("POST", PREDICTIONS, numbers(20), JSON))
            engine.terminate()
            self.assertEqual(caller.read().status, 200)
        self.assertEqual(engine.wait(60), 0)
        engine.kill()

    def test_a_mean_is_made_beside_others(self):
        with Engine(MEAN, "--threads", "1") as engine, Victim(engine.port):
            self.assertEqual(engine.predict(numbers(2), timeout=LONG).status, 200)


@unittest.skipIf(sanitized(), "a sanitizer wants terabytes of addresses")
class LittleMemory(unittest.TestCase):
    def test_the_engine_lives_on(self):
        """What can't be held is answered, counted and forgotten."""
        wrapper = ("prlimit", f"--as={900_000 * 1024}")
        with Engine(SIMPLE, "--max_body_bytes", "1Gi", "--max_work_bytes", "4Gi",
                    wrapper=wrapper) as engine:
            # More than there is, for the body alone.
            with engine.client(timeout=LONG) as caller:
                head = (b"POST /api/v1.0/predictions HTTP/1.1\r\nHost: a\r\n"
                        b"Content-Type: application/json\r\nContent-Length: 1000000000\r\n\r\n")
                caller.send(head)
                chunk = b" " * (1 << 20)
                answer = None
                try:
                    for _ in range(953):
                        caller.send(chunk)
                except OSError:
                    pass  # refused in the middle of it
                try:
                    answer = caller.read()
                except (OSError, raw_http.Closed):
                    pass  # a reset may overtake what was said
            if answer is not None:
                self.assertIn(answer.status, (500, 503))
            self.assertEqual(engine.predict(BODY).status, 200)
            metrics = engine.metrics_once(
                lambda found: found.value("infergraph_requests_in_flight") == 0)
            self.assertEqual(metrics.value("infergraph_exceptions_total"), 1)


def threads(engine):
    import pathlib
    folder = pathlib.Path(f"/proc/{engine.process.pid}/task")
    return [(task / "comm").read_text().strip() for task in folder.iterdir()]


if __name__ == "__main__":
    unittest.main()
