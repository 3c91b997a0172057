"""TENSORFLOW_SERVER in a graph of protocol seldon: the model server is called without its proxy."""

import json
import math
import random
import unittest

import protos
import tensors
from engine import Engine, unit
from model_nodes import Served, tensorflow_grpc, tensorflow_rest
from stub_node import Answer, StubNode


def softmax(named):
    (_, shape, values), = named.values()
    rows, width = shape[0], shape[1]
    made = []
    for row in range(rows):
        given = values[row * width:(row + 1) * width]
        sums = [sum(v * ((i * 7 + k) % 11 - 5) for i, v in enumerate(given)) / width
                for k in range(10)]
        total = sum(math.exp(s) for s in sums)
        made += [math.exp(s) / total for s in sums]
    return {"scores": ("FP32", [rows, 10], made)}


class TensorflowServerTest(unittest.TestCase):
    def start(self, rest=None, grpc=None, flags=(), proxy=None, **parameters):
        given = {"model_name": "mnist-model", **parameters}
        if rest:
            given["rest_endpoint"] = f"http://127.0.0.1:{rest.port}"
        if grpc:
            given["grpc_endpoint"] = f"127.0.0.1:{grpc.port}"
        for node in (rest, grpc):
            if node:
                self.addCleanup(node.close)
        graph = unit("mnist-model", proxy, kind=None, implementation="TENSORFLOW_SERVER",
                     modelUri="gs://bucket/model",
                     parameters=[{"name": k, "value": v, "type": "STRING"}
                                 for k, v in given.items()])
        engine = Engine(graph, *flags)
        self.addCleanup(engine.stop)
        return engine

    def predict(self, engine, tree, status=200):
        response = engine.predict(json.dumps(tree).encode())
        self.assertEqual(response.status, status, response)
        return response.json()

    def mnist(self):
        return Served({"images": "FP32"}, {"scores": "FP32"}, softmax, "predict_images")


class FoundingTest(TensorflowServerTest):
    def test_of_784_numbers(self):
        node = tensorflow_rest(self.mnist())
        engine = self.start(node, signature_name="predict_images",
                            flags=("--protocol", "seldon"))
        numbers = [random.random() for _ in range(784)]
        tree = self.predict(engine, {"data": {"ndarray": [numbers]}})
        self.assertEqual(list(tree), ["data", "meta"])
        self.assertEqual(tree["meta"], {})
        self.assertEqual(tree["data"]["names"], [f"t:{i}" for i in range(10)])
        (row,) = tree["data"]["ndarray"]
        self.assertEqual(len(row), 10)
        self.assertAlmostEqual(sum(row), 1.0, places=5)
        sent = json.loads(node.last.body)
        self.assertEqual(sent, {"signature_name": "predict_images", "instances": [numbers]})
        self.assertEqual(node.last.target, "/v1/models/mnist-model:predict")

        body = json.dumps({"instances": [numbers], "signature_name": "predict_images"}).encode()
        response = engine.ask("POST", "/v1/models/mnist-model:predict", body)
        (same,) = response.json()["predictions"]
        self.assertEqual(tensors.pack("FP32", same), tensors.pack("FP32", row))
        self.assertEqual(node.last.body, body)

    def test_over_grpc(self):
        node = tensorflow_grpc(self.mnist())
        engine = self.start(grpc=node, signature_name="predict_images")
        tree = self.predict(engine, {"data": {"ndarray": [[0.5] * 784]}})
        self.assertEqual(tree["data"]["names"], [f"t:{i}" for i in range(10)])
        call = node.calls("/tensorflow.serving.PredictionService/Predict")[-1]
        sent = protos.message("tensorflow.serving.PredictRequest").FromString(call.body)
        self.assertEqual(sent.model_spec.name, "mnist-model")
        self.assertEqual(sent.model_spec.signature_name, "predict_images")
        self.assertEqual(tensors.from_tensor_proto(sent.inputs["images"]),
                         ("FP32", [1, 784], [0.5] * 784))

    def test_answers_in_the_kind_of_the_request(self):
        engine = self.start(tensorflow_rest(Served({"x": "FP32"})))
        tensor = {"tensor": {"shape": [1, 2], "values": [1.5, 2.5]}}
        tree = self.predict(engine, {"data": tensor, "meta": {"puid": "p", "tags": {"a": 1}}})
        self.assertEqual(tree["data"], {"names": ["t:0", "t:1"], **tensor})
        self.assertEqual(tree["meta"], {"puid": "p", "tags": {"a": 1}})
        proto = {"dtype": "DT_FLOAT", "tensorShape": {"dim": [{"size": "2"}]}, "floatVal": [1.5, 2]}
        tree = self.predict(engine, {"data": {"tftensor": proto}})
        self.assertEqual(tree["data"]["tftensor"], proto)

    def test_keeps_the_shape_of_a_batch_of_scalars(self):
        engine = self.start(tensorflow_rest(Served({"x": "FP32"})))
        tree = self.predict(engine, {"data": {"ndarray": [1.5, 2.5, 3.5]}})
        self.assertEqual(tree["data"], {"names": [], "ndarray": [1.5, 2.5, 3.5]})


class ModelTest(TensorflowServerTest):
    def test_takes_the_types_of_the_metadata(self):
        for make in (tensorflow_rest, tensorflow_grpc):
            for datatype, given in (("INT32", [1, 2]), ("INT64", [9007199254740993, 2]),
                                    ("BYTES", ["a", "b"]), ("BOOL", [True, False])):
                with self.subTest(make.__name__, datatype=datatype):
                    node = make(Served({"x": datatype}))
                    rest = node if make is tensorflow_rest else None
                    engine = self.start(rest, None if rest else node)
                    tree = self.predict(engine, {"data": {"ndarray": given}})
                    self.assertEqual(tree["data"]["ndarray"], given)

    def test_of_whole_numbers_with_a_point(self):
        node = tensorflow_rest(Served({"x": "INT32"}))
        engine = self.start(node)
        self.predict(engine, {"data": {"ndarray": [1.0, 2e1]}})
        self.assertEqual(json.loads(node.last.body)["instances"], [1, 20])
        wrong = self.predict(engine, {"data": {"ndarray": [1.5]}}, 400)
        self.assertIn("data.ndarray[0]: 1.5 is not of type INT32", wrong["status"]["info"])

    def test_of_several_inputs_and_outputs(self):
        node = tensorflow_rest(Served({"a": "FP32", "b": "INT64"}))
        engine = self.start(node)
        tree = self.predict(engine, {"jsonData": {"inputs": {"a": [1.5], "b": [2]}}})
        self.assertEqual(tree["jsonData"], {"outputs": {"a": [1.5], "b": [2]}})

        both = Served({"x": "FP32"}, {"a": "FP32", "b": "FP32"},
                      lambda named: {"a": named["x"], "b": named["x"]})
        engine = self.start(tensorflow_rest(both))
        self.assertEqual(self.predict(engine, {"data": {"ndarray": [[1.5]]}})["jsonData"],
                         {"a": [[1.5]], "b": [[1.5]]})
        for make in (tensorflow_rest, tensorflow_grpc):
            node = make(both)
            rest = node if make is tensorflow_rest else None
            engine = self.start(rest, None if rest else node, model_output="b")
            self.assertEqual(self.predict(engine, {"data": {"ndarray": [[1.5]]}})["data"],
                             {"names": ["t:0"], "ndarray": [[1.5]]})

    def test_names_the_input_as_told(self):
        node = tensorflow_grpc(Served({"a": "FP64", "b": "FP64"}))
        engine = self.start(grpc=node, model_input="b")
        self.predict(engine, {"data": {"ndarray": [[1.5]]}})
        call = node.calls("/tensorflow.serving.PredictionService/Predict")[-1]
        sent = protos.message("tensorflow.serving.PredictRequest").FromString(call.body)
        self.assertEqual(list(sent.inputs), ["b"])

    def test_of_a_model_that_is_replaced(self):
        for make in (tensorflow_rest, tensorflow_grpc):
            with self.subTest(make.__name__):
                served = Served({"x": "FP32"})
                node = make(served)
                rest = node if make is tensorflow_rest else None
                engine = self.start(rest, None if rest else node, flags=("--threads", "1"))
                self.predict(engine, {"data": {"ndarray": [1.0, 2.0]}})
                served.inputs = served.outputs = {"x": "INT32"}
                tree = self.predict(engine, {"data": {"ndarray": [1.0, 2.0]}})
                self.assertEqual(tree["data"]["ndarray"], [1, 2])


class FailureTest(TensorflowServerTest):
    def test_of_tensorflow_stays_one(self):
        node = tensorflow_rest(self.mnist()).on(
            "/v1/models/mnist-model:predict",
            Answer(400, body=b'{ "error": "Tensor x:0, specified in either feed_devices" }'))
        engine = self.start(node)
        status = self.predict(engine, {"data": {"ndarray": [[1.0]]}}, 400)["status"]
        self.assertEqual((status["code"], status["status"], status["reason"]),
                         (400, "FAILURE", "INVALID_ARGUMENT"))
        self.assertIn("specified in either feed_devices", status["info"])
        self.assertIn("mnist-model", status["info"])

    def test_of_a_server_that_is_gone(self):
        node = tensorflow_rest(self.mnist())
        engine = self.start(node)
        node.close()
        status = self.predict(engine, {"data": {"ndarray": [[1.0]]}}, 503)["status"]
        self.assertIn('node "mnist-model"', status["info"])

    def test_of_metadata_is_none(self):
        node = tensorflow_rest(Served({"x": "FP32"})).on(
            "/v1/models/mnist-model/metadata", Answer(500, body=b"{}"))
        engine = self.start(node)
        tree = self.predict(engine, {"data": {"ndarray": [[1.5]]}})
        self.assertEqual(tree["data"]["ndarray"], [[1.5]])

    def test_of_an_answer_that_is_none(self):
        node = tensorflow_rest(self.mnist()).on("/v1/models/mnist-model:predict",
                                                Answer(body=b'{"predictions": [[1], [1, 2]]}'))
        engine = self.start(node)
        info = self.predict(engine, {"data": {"ndarray": [[1.0]]}}, 502)["status"]["info"]
        self.assertIn("predictions[1]: expected 1 value but found 2", info)
        self.assertIn('node "mnist-model"', info)


if __name__ == "__main__":
    unittest.main()
