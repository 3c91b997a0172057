"""The messages of protocol/proto as classes: protos.SeldonMessage(strData="x").

They are built at run time from one descriptor set, in a pool of their own: generated modules would
put a folder `grpc` in front of the package of that name. INFERGRAPH_PROTOS is the set that the build
made; without it protoc makes one.
"""

import functools
import os
import pathlib
import subprocess
import tempfile

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

SOURCES = pathlib.Path(__file__).resolve().parents[2] / "protocol" / "proto"


def descriptor_set():
    made = os.environ.get("INFERGRAPH_PROTOS")
    if made:
        return pathlib.Path(made).read_bytes()
    with tempfile.TemporaryDirectory(prefix="infergraph-protos-") as folder:
        out = pathlib.Path(folder, "protos.pb")
        files = sorted(str(path.relative_to(SOURCES)) for path in SOURCES.rglob("*.proto"))
        subprocess.run(["protoc", "-I", str(SOURCES), "--include_imports",
                        f"--descriptor_set_out={out}", *files], check=True)
        return out.read_bytes()


@functools.cache
def pool():
    made = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(descriptor_set()).file:
        made.AddSerializedFile(file.SerializeToString())  # protoc puts what is imported first
    return made


@functools.cache
def factory():
    return message_factory.MessageFactory(pool())


@functools.cache
def message(full_name):
    """The class of that message: message("grpc.health.v1.HealthCheckRequest")."""
    return factory().GetPrototype(pool().FindMessageTypeByName(full_name))


def __getattr__(name):
    """Those of seldon by their own name."""
    if name.startswith("_"):
        raise AttributeError(name)
    try:
        return message(f"seldon.protos.{name}")
    except KeyError as error:
        raise AttributeError(name) from error


def services():
    """{"/package.Service/Method": (request class, response class)} of the seldon services."""
    found = {}
    for service in pool().FindFileContainingSymbol("seldon.protos.SeldonMessage").services_by_name.values():
        for method in service.methods:
            found[f"/{service.full_name}/{method.name}"] = (
                message(method.input_type.full_name), message(method.output_type.full_name))
    return found


def from_json(tree, kind="SeldonMessage"):
    """A message out of a tree of plain Python, by the proto3 JSON mapping."""
    return json_format.ParseDict(tree, __getattr__(kind)(), descriptor_pool=pool())


def to_json(msg):
    return json_format.MessageToDict(msg, descriptor_pool=pool())
