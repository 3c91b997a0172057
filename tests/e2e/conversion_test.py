"""Every datatype over every edge: from a caller of each protocol and transport to a node of each, and
back. The node answers with what it got, so the caller must have what he sent, exactly.
"""

import json
import unittest

import protos
import tensors
from engine import Engine, JSON, unit
from grpc_node import GrpcNode, Reply
from model_nodes import (Served, speaking, tensorflow_grpc, tensorflow_rest, v2_grpc, v2_rest)
from stub_node import Answer, StubNode

ALL = ("--protocol", "seldon,tensorflow,v2")
SHAPE = [2, 3]
VALUES = {
    "BOOL": [True, False, True, True, False, False],
    "UINT8": [0, 1, 2, 100, 254, 255], "UINT16": [0, 1, 2, 100, 65534, 65535],
    "UINT32": [0, 1, 2, 100, 4294967294, 4294967295],
    "UINT64": [0, 1, 2, 9007199254740993, 18446744073709551614, 18446744073709551615],
    "INT8": [-128, -1, 0, 1, 2, 127], "INT16": [-32768, -1, 0, 1, 2, 32767],
    "INT32": [-2147483648, -1, 0, 1, 2, 2147483647],
    "INT64": [-9223372036854775808, -9007199254740993, 0, 1, 2, 9223372036854775807],
    "FP16": [0.0, 1.0, -2.5, 0.0999755859375, 65504.0, 5.960464477539063e-08],
    "BF16": [0.0, 1.0, -2.5, 0.10009765625, 3.3895313892515355e+38, 1.1754943508222875e-38],
    "FP32": [0.0, -1.5, 0.10000000149011612, 16777216.0, 3.4028234663852886e+38,
             1.401298464324817e-45],
    "FP64": [0.0, -1.5, 0.1, 9007199254740993.0, 1.7976931348623157e+308, 5e-324],
    "BYTES": [b"", b"a", "h\u00e4\"\\".encode(), b"\n", b"0", b"a string that is longer than others"],
}


class Refused(Exception):
    pass


def answered(response):
    if response.status != 200:
        raise Refused(f"{response.status} {response.body[:300]!r}")
    return response


def called(outcome):
    if outcome.code != "OK":
        raise Refused(f"{outcome.code} {outcome.details}")
    return outcome


class Caller:
    """Sends one tensor to an engine, and gives back the values that came."""

    def __init__(self, engine, client):
        self.engine, self.client = engine, client

    def seldon_rest(self, tensor):
        body = json.dumps({"data": {"ndarray": tensors.nested(*tensor[1:])}}).encode()
        tree = answered(self.engine.predict(body)).json()
        return tensors.flat(tree["data"]["ndarray"])

    def seldon_grpc(self, tensor):
        message = protos.from_json({"data": {"ndarray": tensors.nested(*tensor[1:])}})
        outcome = called(self.client.call("/seldon.protos.Seldon/Predict", message))
        tree = protos.to_json(protos.SeldonMessage.FromString(outcome.body))
        return tensors.flat(tree["data"]["ndarray"])

    def tensorflow_rest(self, tensor):
        values = tensors.nested(*tensor[1:])
        if tensor[0] == "BYTES":
            values = [[{"b64": __import__("base64").b64encode(v.encode()).decode()} for v in row]
                      for row in values]
        response = answered(self.engine.ask("POST", "/v1/models/m:predict",
                                            json.dumps({"instances": values}).encode(), JSON))
        return tensors.flat(response.json()["predictions"])

    def tensorflow_grpc(self, tensor):
        request = protos.message("tensorflow.serving.PredictRequest")()
        request.inputs["x"].CopyFrom(tensors.to_tensor_proto(tensor))
        outcome = called(self.client.call("/tensorflow.serving.PredictionService/Predict", request))
        response = protos.message("tensorflow.serving.PredictResponse").FromString(outcome.body)
        (proto,) = response.outputs.values()
        self.same_type(tensor, tensors.from_tensor_proto(proto)[0])
        return tensors.from_tensor_proto(proto)[1:]

    def v2_rest(self, tensor):
        more = {"id": "7", "parameters": {"binary_data_output": tensor[0] in ("FP16", "BF16")}}
        body, headers = tensors.to_v2_json({"x": tensor}, "inputs", more)
        response = answered(self.engine.ask("POST", "/v2/models/m/infer", body, headers))
        named, tree = tensors.from_v2_json(response.body, response.get(tensors.JSON_SIZE), "outputs")
        (found,) = named.values()
        self.same_type(tensor, found[0])
        assert tree["id"] == "7", tree
        return found[1:]

    def v2_grpc(self, tensor):
        request = tensors.to_v2_proto({"x": tensor}, "ModelInferRequest", id="7", model_name="m")
        outcome = called(self.client.call("/inference.GRPCInferenceService/ModelInfer", request))
        response = protos.message("inference.ModelInferResponse").FromString(outcome.body)
        (found,) = tensors.from_v2_proto(response).values()
        self.same_type(tensor, found[0])
        assert response.id == "7", response.id
        return found[1:]

    typed = True  # whether the node's types come back

    def same_type(self, tensor, found):
        if self.typed and found != tensor[0]:
            raise AssertionError(f"{tensor[0]} came back as {found}")


CALLERS = ("seldon_rest", "seldon_grpc", "tensorflow_rest", "tensorflow_grpc", "v2_rest", "v2_grpc")
NODES = {"tensorflow_rest": tensorflow_rest, "tensorflow_grpc": tensorflow_grpc,
         "v2_rest": v2_rest, "v2_grpc": v2_grpc}


def has_no_place(form, datatype, as_node):
    """What docs/protocols.md says has no form there."""
    if form == "tensorflow_rest":
        return as_node and datatype in ("FP16", "BF16")
    return form == "seldon_grpc" and datatype in ("INT64", "UINT64")


class TableTest(unittest.TestCase):
    def start(self, node, protocol):
        self.addCleanup(node.close)
        engine = Engine(unit("m", node, parameters=speaking(protocol)), *ALL)
        self.addCleanup(engine.stop)
        client = engine.grpc()
        self.addCleanup(client.close)
        return Caller(engine, client)

    def there_and_back(self, caller, front, datatype, refused):
        tensor = (datatype, SHAPE, VALUES[datatype])
        if refused:
            with self.assertRaises(Refused):
                getattr(caller, front)(tensor)
            return
        shape, values = getattr(caller, front)(tensor)
        self.assertEqual(shape, SHAPE)
        self.assertEqual(tensors.pack(datatype, values), tensors.pack(datatype, VALUES[datatype]))

    def of_node(self, form):
        for datatype in VALUES:
            caller = self.start(NODES[form](Served({"x": datatype})), form.split("_")[0])
            for front in CALLERS:
                refused = (has_no_place(form, datatype, True) or
                           has_no_place(front, datatype, False))
                same = form == front  # then nothing is converted
                with self.subTest(f"{front} to {form}", datatype=datatype):
                    self.there_and_back(caller, front, datatype, refused and not same)

    def test_tensorflow_over_rest(self):
        self.of_node("tensorflow_rest")

    def test_tensorflow_over_grpc(self):
        self.of_node("tensorflow_grpc")

    def test_v2_over_rest(self):
        self.of_node("v2_rest")

    def test_v2_over_grpc(self):
        self.of_node("v2_grpc")

    def test_seldon(self):
        """A node of protocol seldon tells no types, so only the values come back."""
        nodes = {"seldon_rest": StubNode(lambda request: Answer(body=request.body)),
                 "seldon_grpc": GrpcNode(lambda call: Reply(call.body))}
        for form, node in nodes.items():
            caller = self.start(node, "seldon")
            caller.typed = False
            for datatype in VALUES:
                for front in CALLERS:
                    refused = (has_no_place(front, datatype, False) or
                               has_no_place(form, datatype, True))
                    if front == form or {front, form} == {"seldon_rest", "seldon_grpc"}:
                        continue
                    if datatype in ("FP16", "BF16"):
                        continue  # the answer's type is not known to be one
                    with self.subTest(f"{front} to {form}", datatype=datatype):
                        self.there_and_back(caller, front, datatype, refused)


class ChainTest(unittest.TestCase):
    """Three nodes of three protocols, REST and gRPC in turn."""

    def test_of_three_protocols(self):
        double = Served({"x": "FP32"}, model=lambda named: {
            "x": ("FP32", tensors_of(named)[1], [2 * v for v in tensors_of(named)[2]])})

        def tensors_of(named):
            (tensor,) = named.values()
            return tensor

        for flip in (False, True):
            first = v2_grpc(double) if flip else v2_rest(double)
            second = tensorflow_rest(double) if flip else tensorflow_grpc(double)
            third = (GrpcNode(lambda call: Reply(call.body)) if flip else
                     StubNode(lambda request: Answer(body=request.body)))
            for node in (first, second, third):
                self.addCleanup(node.close)
            graph = unit("one", first, parameters=speaking("v2"), children=[
                unit("two", second, parameters=speaking("tensorflow"), children=[
                    unit("three", third, parameters=speaking("seldon"))])])
            engine = Engine(graph, *ALL)
            self.addCleanup(engine.stop)
            client = engine.grpc()
            self.addCleanup(client.close)
            caller = Caller(engine, client)
            caller.typed = False
            for front in CALLERS:
                with self.subTest(front, flip=flip):
                    shape, values = getattr(caller, front)(("FP32", [1, 3], [1.0, 0.5, 0.25]))
                    self.assertEqual((shape, values), ([1, 3], [4.0, 2.0, 1.0]))


if __name__ == "__main__":
    unittest.main()
