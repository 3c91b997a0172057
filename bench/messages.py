"""The messages of the gRPC half: one tensor, as proto and as JSON, of about a given size in proto."""

import dataclasses
import json
import pathlib
import struct


def varint(number):
    out = bytearray()
    while True:
        low, number = number & 0x7F, number >> 7
        out.append(low | (0x80 if number else 0))
        if not number:
            return bytes(out)


def field(number, data):
    """A length-delimited one."""
    return varint(number << 3 | 2) + varint(len(data)) + data


def values_for(size):
    """As many doubles as a message of `size` bytes has room for; three digits after the point."""
    return [i % 1000 / 8 for i in range(max(1, (size - 18) // 8))]


def as_proto(values):
    """seldon.protos.SeldonMessage with data.tensor, a row of these."""
    count = len(values)
    tensor = field(1, varint(1) + varint(count)) + field(2, struct.pack(f"<{count}d", *values))
    return field(3, field(2, tensor))


def as_json(values):
    tree = {"data": {"tensor": {"shape": [1, len(values)], "values": values}}}
    return json.dumps(tree, separators=(",", ":")).encode()


@dataclasses.dataclass
class Files:
    """One message in every form, each in a file: request and answer are the same."""
    proto: pathlib.Path
    frame: pathlib.Path  # behind the 5 bytes of gRPC, which is what h2load sends
    json: pathlib.Path

    @property
    def frame_size(self):
        return self.frame.stat().st_size


def write_messages(folder, size):
    values = values_for(size)
    files = Files(*(pathlib.Path(folder, f"{kind}-{size}") for kind in ("proto", "frame", "json")))
    proto = as_proto(values)
    files.proto.write_bytes(proto)
    files.frame.write_bytes(struct.pack(">BI", 0, len(proto)) + proto)
    files.json.write_bytes(as_json(values))
    return files
