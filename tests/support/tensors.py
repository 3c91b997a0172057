"""Tensors in the forms of three protocols, read and written by code that shares nothing with the
engine's. A tensor is (datatype of v2, shape, flat list of values); strings are bytes.
"""

import base64
import json
import struct

import protos

FORMATS = {"BOOL": "?", "UINT8": "B", "UINT16": "H", "UINT32": "I", "UINT64": "Q", "INT8": "b",
           "INT16": "h", "INT32": "i", "INT64": "q", "FP16": "e", "FP32": "f", "FP64": "d"}
TENSORFLOW = {"BOOL": "DT_BOOL", "UINT8": "DT_UINT8", "UINT16": "DT_UINT16", "UINT32": "DT_UINT32",
              "UINT64": "DT_UINT64", "INT8": "DT_INT8", "INT16": "DT_INT16", "INT32": "DT_INT32",
              "INT64": "DT_INT64", "FP16": "DT_HALF", "BF16": "DT_BFLOAT16", "FP32": "DT_FLOAT",
              "FP64": "DT_DOUBLE", "BYTES": "DT_STRING"}
NUMBERS = {"DT_BOOL": 10, "DT_UINT8": 4, "DT_UINT16": 17, "DT_UINT32": 22, "DT_UINT64": 23,
           "DT_INT8": 6, "DT_INT16": 5, "DT_INT32": 3, "DT_INT64": 9, "DT_HALF": 19,
           "DT_BFLOAT16": 14, "DT_FLOAT": 1, "DT_DOUBLE": 2, "DT_STRING": 7}
FIELDS = {"BOOL": "bool_val", "UINT8": "int_val", "UINT16": "int_val", "UINT32": "uint32_val",
          "UINT64": "uint64_val", "INT8": "int_val", "INT16": "int_val", "INT32": "int_val",
          "INT64": "int64_val", "FP16": "half_val", "BF16": "half_val", "FP32": "float_val",
          "FP64": "double_val", "BYTES": "string_val"}
CONTENTS = {"BOOL": "bool_contents", "UINT8": "uint_contents", "UINT16": "uint_contents",
            "UINT32": "uint_contents", "UINT64": "uint64_contents", "INT8": "int_contents",
            "INT16": "int_contents", "INT32": "int_contents", "INT64": "int64_contents",
            "FP32": "fp32_contents", "FP64": "fp64_contents", "BYTES": "bytes_contents"}
JSON_SIZE = "Inference-Header-Content-Length"


def pack(datatype, values):
    """The elements little-endian, as v2 has them; also what makes two lists of values comparable."""
    if datatype == "BYTES":
        return b"".join(struct.pack("<I", len(value)) + value for value in values)
    if datatype == "BF16":
        return b"".join(struct.pack("<f", value)[2:] for value in values)
    if "INT" in datatype:
        values = [int(value) if value == int(value) else value for value in values]  # 1.0 is 1
    return struct.pack(f"<{len(values)}{FORMATS[datatype]}", *values)


def unpack(datatype, raw):
    if datatype == "BYTES":
        values, at = [], 0
        while at < len(raw):
            size, = struct.unpack_from("<I", raw, at)
            values.append(raw[at + 4:at + 4 + size])
            at += 4 + size
        return values
    if datatype == "BF16":
        return [struct.unpack("<f", b"\0\0" + raw[at:at + 2])[0] for at in range(0, len(raw), 2)]
    form = FORMATS[datatype]
    return list(struct.unpack(f"<{len(raw) // struct.calcsize(form)}{form}", raw))


def nested(shape, values):
    """A list of lists, or the value itself for a scalar."""
    values = [value.decode() if isinstance(value, bytes) else value for value in values]
    for size in reversed(shape[1:]):
        values = [values[at:at + size] for at in range(0, len(values), size)]
    return values if shape else values[0]


def flat(tree):
    """(shape, values) of a rectangular list."""
    if not isinstance(tree, list):
        if isinstance(tree, dict):
            return [], [base64.b64decode(tree["b64"])]
        return [], [tree.encode() if isinstance(tree, str) else tree]
    parts = [flat(each) for each in tree]
    return ([len(tree)] + (parts[0][0] if parts else []),
            [value for _, values in parts for value in values])


def bits(datatype, values):
    """16 bits in each integer, as half_val has them."""
    return [struct.unpack("<H", pack(datatype, [value]))[0] for value in values]


def to_tensor_proto(tensor):
    datatype, shape, values = tensor
    proto = protos.message("tensorflow.TensorProto")(dtype=NUMBERS[TENSORFLOW[datatype]])
    for size in shape:
        proto.tensor_shape.dim.add(size=size)
    if datatype in ("FP16", "BF16"):
        values = bits(datatype, values)
    getattr(proto, FIELDS[datatype]).extend(values)
    return proto


def from_tensor_proto(proto):
    name = next(name for name, number in NUMBERS.items() if number == proto.dtype)
    datatype = next(key for key, value in TENSORFLOW.items() if value == name)
    shape = [dim.size for dim in proto.tensor_shape.dim]
    if proto.tensor_content:
        return datatype, shape, unpack(datatype, proto.tensor_content)
    values = list(getattr(proto, FIELDS[datatype]))
    if datatype in ("FP16", "BF16"):
        values = unpack(datatype, struct.pack(f"<{len(values)}H", *values))
    return datatype, shape, values


def to_v2_json(named, key, more=None, binary=False):
    """(body, headers) of {name: tensor}."""
    tree, tail = dict(more or {}), b""
    tree[key] = []
    for name, (datatype, shape, values) in named.items():
        item = {"name": name, "shape": shape, "datatype": datatype}
        if binary or datatype in ("FP16", "BF16"):
            raw = pack(datatype, values)
            item["parameters"] = {"binary_data_size": len(raw)}
            tail += raw
        else:
            item["data"] = [v.decode() if isinstance(v, bytes) else v for v in values]
        tree[key].append(item)
    head = json.dumps(tree).encode()
    if not tail:
        return head, (("Content-Type", "application/json"),)
    return head + tail, (("Content-Type", "application/octet-stream"), (JSON_SIZE, str(len(head))))


def from_v2_json(body, json_size, key):
    """({name: tensor}, the tree)."""
    tree = json.loads(body[:int(json_size)] if json_size else body)
    at = int(json_size) if json_size else len(body)
    named = {}
    for item in tree[key]:
        datatype, shape = item["datatype"], item["shape"]
        size = item.get("parameters", {}).get("binary_data_size")
        if size is None:
            values = flat(item["data"])[1]
        else:
            values = unpack(datatype, body[at:at + size])
            at += size
        named[item["name"]] = (datatype, shape, values)
    return named, tree


def to_v2_proto(named, kind, raw=True, **more):
    """ModelInferRequest or ModelInferResponse of {name: tensor}."""
    message = protos.message(f"inference.{kind}")(**more)
    tensors = message.inputs if kind == "ModelInferRequest" else message.outputs
    raws = (message.raw_input_contents if kind == "ModelInferRequest"
            else message.raw_output_contents)
    for name, (datatype, shape, values) in named.items():
        tensor = tensors.add(name=name, datatype=datatype, shape=shape)
        if raw:
            raws.append(pack(datatype, values))
        else:
            getattr(tensor.contents, CONTENTS[datatype]).extend(values)
    return message


def from_v2_proto(message):
    request = message.DESCRIPTOR.name == "ModelInferRequest"
    raws = message.raw_input_contents if request else message.raw_output_contents
    named = {}
    for i, tensor in enumerate(message.inputs if request else message.outputs):
        values = (unpack(tensor.datatype, raws[i]) if raws
                  else list(getattr(tensor.contents, CONTENTS[tensor.datatype])))
        named[tensor.name] = (tensor.datatype, list(tensor.shape), values)
    return named
