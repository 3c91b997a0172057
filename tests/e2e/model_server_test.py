"""A TENSORFLOW_SERVER whose endpoints nobody gives: the engine finds TensorFlow Serving behind its
proxy, and goes back to the proxy. The ports are set, so that none must be free."""

import json
import time
import unittest

import protos
from engine import LONG, Engine, deployment, unit
from grpc_node import Failure, GrpcNode, Hang, Reply, text
from model_nodes import Served, tensorflow_grpc, tensorflow_rest
from stub_node import Answer, DeafNode, Drop, Raw, RefusedPort, Stall, StubNode

BODY = json.dumps({"data": {"ndarray": [[1.5, 2.5]]}}).encode()
PREDICT = "/tensorflow.serving.PredictionService/Predict"
STATUS = "/tensorflow.serving.ModelService/GetModelStatus"


class ModelServerTest(unittest.TestCase):
    def keep(self, node):
        self.addCleanup(node.close)
        return node

    def proxy(self):
        return self.keep(StubNode())

    def start(self, proxy, rest=None, grpc=None, name="digits", model_name=None, wait="/ready",
              flags=()):
        """`rest` and `grpc` have .port, where the server is looked for."""
        annotations = {f"infergraph.io/{name}.server_rest_port": str(rest.port if rest else 0),
                       f"infergraph.io/{name}.server_grpc_port": str(grpc.port if grpc else 0)}
        parameters = [{"name": "model_name", "value": model_name, "type": "STRING"}]
        graph = unit(name, proxy, kind=None, implementation="TENSORFLOW_SERVER",
                     modelUri="gs://bucket/model", parameters=parameters if model_name else [])
        engine = Engine(graph, *flags, annotations=annotations, wait=wait)
        self.addCleanup(engine.stop)
        return engine

    def predict_until(self, engine, condition):
        """Predicts until `condition` holds; every one of them must succeed."""
        deadline = time.monotonic() + LONG
        while time.monotonic() < deadline:
            self.assertEqual(engine.predict(BODY).status, 200)
            if condition():
                return
            time.sleep(0.01)
        self.fail(f"it never came: {engine.stderr()}")

    def ready_is(self, engine, status):
        deadline = time.monotonic() + LONG
        while (response := engine.get("/ready")).status != status:
            self.assertLess(time.monotonic(), deadline, response)
            time.sleep(0.01)
        return response

    def demand_proxy(self, engine, proxy):
        proxy.forget()
        self.assertEqual(engine.predict(BODY).status, 200)
        self.assertEqual([r.target for r in proxy.calls()], ["/predict"])


class ComingAndGoingTest(ModelServerTest):
    def test_over_rest(self):
        proxy = self.proxy()
        place = RefusedPort()
        engine = self.start(proxy, rest=place)
        self.demand_proxy(engine, proxy)

        place.close()
        server = tensorflow_rest(Served({"x": "FP32"}), port=place.port)
        self.predict_until(engine, lambda: server.calls("/v1/models/digits:predict"))
        engine.wait_for_line("the model server is called directly")

        server.close()
        proxy.forget()
        deadline = time.monotonic() + LONG
        while not proxy.calls():  # meanwhile the server is missed
            engine.predict(BODY)
            self.assertLess(time.monotonic(), deadline)
        self.demand_proxy(engine, proxy)
        engine.wait_for_line("the model server has stopped answering")

        again = self.keep(tensorflow_rest(Served({"x": "FP32"}), port=place.port))
        self.predict_until(engine, lambda: again.calls("/v1/models/digits:predict"))

    def test_over_grpc(self):
        proxy = self.proxy()
        place = RefusedPort()
        engine = self.start(proxy, grpc=place)
        self.demand_proxy(engine, proxy)

        place.close()
        server = self.keep(tensorflow_grpc(Served({"x": "FP32"}), port=place.port))
        self.predict_until(engine, lambda: server.calls(PREDICT))

        server.stop()
        proxy.forget()
        deadline = time.monotonic() + LONG
        while not proxy.calls():
            engine.predict(BODY)
            self.assertLess(time.monotonic(), deadline)
        self.demand_proxy(engine, proxy)

    def test_a_model_that_is_unloaded(self):
        for make, by in ((tensorflow_rest, "rest"), (tensorflow_grpc, "grpc")):
            with self.subTest(by):
                served = Served({"x": "FP32"})
                served.state = "LOADING"
                server, proxy = self.keep(make(served)), self.proxy()
                engine = self.start(proxy, **{by: server})
                self.assertTrue(server.wait_for(lambda n: len(n.requests) > 2, LONG))
                self.demand_proxy(engine, proxy)
                path = "/v1/models/digits:predict" if by == "rest" else PREDICT
                served.state = "AVAILABLE"
                self.predict_until(engine, lambda: server.calls(path))
                served.state = "UNLOADING"
                proxy.forget()
                self.predict_until(engine, proxy.calls)

    def test_a_server_that_begins_to_hang(self):
        server, proxy = self.keep(tensorflow_rest(Served({"x": "FP32"}))), self.proxy()
        engine = self.start(proxy, rest=server)
        self.predict_until(engine, lambda: server.calls("/v1/models/digits:predict"))
        server.on("/v1/models/digits", Stall())
        proxy.forget()
        self.predict_until(engine, proxy.calls)
        self.demand_proxy(engine, proxy)


class ImpostorTest(ModelServerTest):
    """What listens at the server's port and isn't the server of this model."""

    def test_over_rest(self):
        garbage = [Answer(404), Answer(body=b"hello"), Answer(body=b"{}"), Answer(body=b""),
                   Answer(body=b'{"model_version_status":[]}'),
                   Answer(body=b'{"model_version_status":[{"version":"1","state":"START"}]}'),
                   Answer(500), Raw(b"220 mail.example.org ESMTP\r\n"), Drop()]
        for number, answer in enumerate(garbage):
            with self.subTest(number):
                proxy, impostor = self.proxy(), self.keep(StubNode(answer))
                engine = self.start(proxy, rest=impostor)
                self.assertTrue(impostor.wait_for(lambda n: len(n.requests) > 3, LONG))
                self.demand_proxy(engine, proxy)
                self.assertEqual(engine.get("/ready").status, 200)
                self.assertEqual([r for r in impostor.calls() if r.verb != "GET"], [])

    def test_over_grpc(self):
        empty = Reply(protos.message("tensorflow.serving.GetModelStatusResponse")())
        for answer in (Failure("UNIMPLEMENTED"), Failure("NOT_FOUND"), Reply(b"\xff"), empty,
                       Reply(text("SERVING"))):
            proxy, impostor = self.proxy(), self.keep(GrpcNode(answer))
            engine = self.start(proxy, grpc=impostor)
            self.assertTrue(impostor.wait_for(lambda n: len(n.requests) > 3, LONG))
            self.demand_proxy(engine, proxy)
            self.assertEqual({c.method for c in impostor.calls()}, {STATUS})

    def test_that_only_accepts(self):
        # It has no events to wait for: two seconds are two looks.
        proxy, deaf = self.proxy(), self.keep_open(DeafNode())
        engine = self.start(proxy, rest=deaf, grpc=deaf)
        end = time.monotonic() + 2.5
        while time.monotonic() < end:
            self.demand_proxy(engine, proxy)
            self.assertEqual(engine.get("/ready").status, 200)
            time.sleep(0.05)

    def keep_open(self, node):
        self.addCleanup(node.listener.close)
        return node

    def test_that_takes_requests_and_hangs(self):
        proxy, rest = self.proxy(), self.keep(StubNode(Stall()))
        grpc = self.keep(GrpcNode(Hang()))
        engine = self.start(proxy, rest=rest, grpc=grpc)
        self.assertTrue(rest.wait_for(lambda n: len(n.requests) > 2, LONG))
        self.assertTrue(grpc.wait_for(lambda n: len(n.requests) > 2, LONG))
        self.demand_proxy(engine, proxy)

    def test_a_server_of_another_model(self):
        for make, by in ((tensorflow_rest, "rest"), (tensorflow_grpc, "grpc")):
            with self.subTest(by):
                proxy, other = self.proxy(), self.keep(make(Served({"x": "FP32"}, name="other")))
                engine = self.start(proxy, **{by: other})
                self.assertTrue(other.wait_for(lambda n: len(n.requests) > 3, LONG))
                self.demand_proxy(engine, proxy)

    def test_holds_no_readiness(self):
        # Without a proxy nothing is there that could be called.
        nobody = self.keep(RefusedPort())
        impostor = self.keep(StubNode(Answer(body=b"{}")))
        engine = self.start(nobody, rest=impostor, wait="/live")
        self.assertTrue(impostor.wait_for(lambda n: len(n.requests) > 3, LONG))
        self.assertEqual(engine.get("/ready").json()["missing"], ["digits"])


class NamesTest(ModelServerTest):
    def test_the_name_that_answers_is_used(self):
        for have, model_name in (("digits", "mnist"), ("mnist", "mnist"), ("digits", None)):
            for make, by in ((tensorflow_rest, "rest"), (tensorflow_grpc, "grpc")):
                with self.subTest(have=have, model_name=model_name, by=by):
                    server = self.keep(make(Served({"x": "FP32"}, name=have)))
                    engine = self.start(self.proxy(), model_name=model_name, **{by: server})
                    path = f"/v1/models/{have}:predict" if by == "rest" else PREDICT
                    self.predict_until(engine, lambda: server.calls(path))
                    if by == "grpc":
                        sent = protos.message("tensorflow.serving.PredictRequest").FromString(
                            server.calls(PREDICT)[-1].body)
                        self.assertEqual(sent.model_spec.name, have)

    def test_units_at_one_address_are_looked_for_by_themselves(self):
        server = self.keep(tensorflow_rest(Served({"x": "FP32"}, name="b")))
        proxy = self.proxy()
        graph = unit("a", proxy, kind=None, implementation="TENSORFLOW_SERVER",
                     children=[unit("b", proxy, kind=None, implementation="TENSORFLOW_SERVER")])
        engine = Engine(graph, annotations={"infergraph.io/server_rest_port": str(server.port),
                                            "infergraph.io/server_grpc_port": "0"})
        self.addCleanup(engine.stop)
        proxy.on("/predict", Answer(body=BODY))
        self.predict_until(engine, lambda: server.calls("/v1/models/b:predict"))
        proxy.forget()
        self.assertEqual(engine.predict(BODY).status, 200)
        self.assertEqual(len(proxy.calls("/predict")), 1, "a's")
        self.assertEqual(server.calls("/v1/models/a:predict"), [])


    def test_without_a_proxy_too(self):
        for make in (tensorflow_rest, tensorflow_grpc):
            for flags in ((), ("--full_health_checks",)):
                with self.subTest(make.__name__, flags=flags):
                    servers = [self.keep(make(Served({"x": "FP32"}, name=name))) for name in "ab"]
                    given = [{"name": "model_name", "value": "mnist", "type": "STRING"}]
                    graph = unit("a", servers[0], kind=None, implementation="TENSORFLOW_SERVER",
                                 parameters=given, children=[
                                     unit("b", servers[1], kind=None, parameters=given,
                                          implementation="TENSORFLOW_SERVER")])
                    engine = Engine(graph, "--protocol", "tensorflow", *flags)
                    self.addCleanup(engine.stop)
                    deadline = time.monotonic() + LONG
                    while True:
                        answer = engine.ask("POST", "/v1/models/g:predict",
                                            b'{"instances": [[1.5]]}')
                        if answer.status == 200:
                            break
                        self.assertLess(time.monotonic(), deadline, answer)
                        time.sleep(0.01)
                    self.assertEqual(answer.json(), {"predictions": [[1.5]]})
                    engine.wait_for_line("knows its model by another name")


class TransportTest(ModelServerTest):
    def test_callers_come_by_what_was_found(self):
        server = self.keep(tensorflow_grpc(Served({"x": "FP32"})))
        impostor = self.keep(StubNode(Answer(404)))
        engine = self.start(self.proxy(), rest=impostor, grpc=server)
        self.predict_until(engine, lambda: server.calls(PREDICT))

        server = self.keep(tensorflow_rest(Served({"x": "FP32"})))
        impostor = self.keep(GrpcNode(Failure("UNIMPLEMENTED")))
        engine = self.start(self.proxy(), rest=server, grpc=impostor)
        self.predict_until(engine, lambda: server.calls("/v1/models/digits:predict"))
        server.forget()
        with engine.grpc() as channel:
            answer = channel.predict(protos.from_json(json.loads(BODY)))
        self.assertEqual(answer.code, "OK", answer)
        self.assertEqual(list(answer.message().data.ndarray.values[0].list_value.values)[0].number_value, 1.5)
        self.assertEqual(len(server.calls("/v1/models/digits:predict")), 1)

    def test_readiness_wants_one_of_the_two(self):
        nobody = self.keep(RefusedPort())
        served = Served({"x": "FP32"})
        for full in ((), ("--full_health_checks",)):
            with self.subTest(full):
                served.state = "AVAILABLE"
                server = self.keep(tensorflow_rest(served))
                engine = self.start(nobody, rest=server, flags=full)
                self.assertEqual(engine.predict(BODY).status, 200)
                served.state = "END"
                self.assertEqual(self.ready_is(engine, 503).json()["missing"], ["digits"])
                served.state = "AVAILABLE"
                self.ready_is(engine, 200)

    def test_nobody_looks_where_the_proxy_is_meant(self):
        server = self.keep(StubNode())
        for more in ({"protocol": "seldon"}, {"rest_endpoint": "https://serving.example.org:443"}):
            with self.subTest(more):
                proxy = self.proxy()
                graph = unit("digits", proxy, kind=None, implementation="TENSORFLOW_SERVER",
                             parameters=[{"name": k, "value": v, "type": "STRING"}
                                         for k, v in more.items()])
                engine = Engine(deployment(graph, annotations={
                    "infergraph.io/server_rest_port": str(server.port)}))
                self.addCleanup(engine.stop)
                self.demand_proxy(engine, proxy)
                self.assertEqual(server.connections, [])


if __name__ == "__main__":
    unittest.main()
