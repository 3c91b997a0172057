"""The direction of includes that docs/architecture.md promises, checked in the sources: which room
may see which, and which libraries a room must not see."""

import pathlib
import re
import sys

# What a room may include beside itself; a name stands for that folder alone, one with /* for all
# below it too, one with .hpp for that header alone.
ROOMS = {
    "base": [],
    "base/async": ["base"],
    "metrics": ["base"],
    "protocol": ["base"],
    "protocol/wire": ["base", "protocol"],
    "protocol/json": ["base", "protocol", "protocol/wire"],
    "protocol/tensor": ["base", "protocol", "protocol/wire", "protocol/json"],
    "protocol/seldon": ["base", "protocol", "protocol/wire", "protocol/json", "protocol/tensor"],
    "protocol/tensorflow": ["base", "protocol", "protocol/wire", "protocol/json", "protocol/tensor"],
    "protocol/v2": ["base", "protocol", "protocol/wire", "protocol/json", "protocol/tensor"],
    "protocol/convert": ["base", "protocol/*"],
    "graph/spec/text": ["base", "protocol/json"],
    "graph/spec": ["base", "protocol", "protocol/json", "protocol/tensor", "graph/spec/text"],
    "graph": ["base/*", "protocol/*", "metrics", "graph/spec/*"],
    "graph/units": ["base/*", "protocol/*", "graph", "graph/spec"],
    "engine/command_line": ["base", "protocol", "graph/spec/*"],
    "engine/observe": ["base", "protocol/*", "metrics"],
    "engine/host": ["base", "engine/observe"],
    "engine/net": ["base/*", "protocol", "metrics", "engine/observe", "engine/net/*"],
    "engine/net/http1": ["base/*", "protocol", "metrics", "engine/observe", "engine/net"],
    "engine/work": ["base/*", "protocol", "metrics", "graph", "engine/observe"],
    "engine/grpc": ["base/*", "protocol/*", "metrics", "engine/observe", "engine/net/*"],
    "engine/node": ["base/*", "protocol/*", "metrics", "graph", "graph/spec", "engine/observe",
                    "engine/net/*", "engine/grpc"],
    # Values alone, of what stands behind a listener; nothing that has a socket.
    "engine/api": ["base/*", "protocol/*", "metrics", "graph", "engine/observe",
                   "engine/net/http_service.hpp", "engine/net/request_path.hpp",
                   "engine/grpc/metadata.hpp", "engine/grpc/service.hpp",
                   "engine/grpc/v2_stream.hpp"],
    "engine": ["base/*", "protocol/*", "metrics", "graph/*", "engine/command_line", "engine/observe",
               "engine/host", "engine/net/*", "engine/work", "engine/grpc", "engine/node",
               "engine/api"],
    "engine/tools": ["base", "protocol/*", "graph/spec/*", "engine/command_line"],
    "engine/tools/check": ["base", "protocol", "graph/spec/*", "engine/command_line",
                           "engine/tools"],
    "engine/tools/stub": ["base/*", "protocol/*", "graph/*", "engine/command_line", "engine/net/*",
                          "engine/grpc", "engine/tools", "engine/tools/check",
                          "engine/tools/stub/*"],
    "engine/tools/stub/seldon": ["base", "protocol/*", "graph/spec", "engine/net/http_service.hpp",
                                 "engine/tools", "engine/tools/stub"],
    "engine/tools/stub/tfserving": ["base", "protocol/*", "engine/tools", "engine/tools/stub"],
    "engine/tools/stub/v2": ["base", "protocol/*", "engine/tools", "engine/tools/stub"],
    "engine/tools/try": ["base/*", "protocol/*", "graph/*", "engine/command_line", "engine/net/*",
                         "engine/grpc", "engine/node", "engine/tools", "engine/tools/check",
                         "engine/tools/stub/*", "engine/api"],
}
# main.cpp puts all of it together.
EVERYTHING = {"engine/main.cpp"}

# A library that a room must not see, with all that is below it: the walk knows no sockets, the
# payloads no event loop. A room that is named again below has a list of its own.
EVENT_LOOP = [r"<boost/asio", r"<boost/beast", r"<grpc", r"<sys/socket"]
SOCKETS = [r"<boost/asio/ip", r"<boost/beast", r"<grpc", r"<sys/socket"]
FORBIDDEN = {
    "base": EVENT_LOOP,
    "base/async": SOCKETS,
    "metrics": EVENT_LOOP,
    "protocol": EVENT_LOOP,
    "graph": SOCKETS,
    "graph/spec": EVENT_LOOP,
    "engine/command_line": [r"<boost/beast", r"<grpc", r"<sys/socket"],
    "engine/api": SOCKETS,
}
# The transport under the gRPC front and nodes can be exchanged: grpc++ shows in no header but these.
GRPC_HEADERS = {
    "engine/grpc/message_bytes.hpp", "engine/grpc/queue.hpp", "engine/grpc/raw_service.hpp",
    "engine/grpc/server_call.hpp", "engine/node/grpc_channel.hpp",
}


def room_of(path):
    """The longest room that holds the file of that path."""
    folder = path.rsplit("/", 1)[0]
    while folder not in ROOMS and "/" in folder:
        folder = folder.rsplit("/", 1)[0]
    return folder if folder in ROOMS else None


def may_see(room, header):
    other = room_of(header)
    return other == room or any(
        allowed in (other, header)
        or (allowed.endswith("/*") and f"{other}/".startswith(allowed[:-1]))
        for allowed in ROOMS[room])


def forbidden_in(room):
    while room not in FORBIDDEN and "/" in room:
        room = room.rsplit("/", 1)[0]
    return FORBIDDEN.get(room, [])


def violations(root):
    tops = {room.split("/")[0] for room in ROOMS}
    for source in sorted(path for top in tops for path in (root / top).rglob("*.[ch]pp")):
        path = source.relative_to(root).as_posix()
        room = room_of(path)
        for number, line in enumerate(source.read_text().splitlines(), 1):
            hidden = source.suffix == ".cpp" or path in GRPC_HEADERS
            if line.startswith("#include <grpc") and not hidden:
                yield f"{path}:{number}: grpc++ must not show in this header"
            ours = re.match(r'#include "([\w/]+\.hpp)"', line)
            header = ours.group(1) if ours and ours.group(1).split("/")[0] in tops else None
            if header and path not in EVERYTHING and not may_see(room, header):
                yield f"{path}:{number}: {room} must not include {header}"
            for pattern in forbidden_in(room):
                if re.match(r"#include " + pattern, line):
                    yield f"{path}:{number}: {room} must not include {line.split()[1]}"


def main():
    root = pathlib.Path(sys.argv[1])
    found = list(violations(root))
    found += [f"{room} is no folder" for room in ROOMS if not (root / room).is_dir()]
    print("\n".join(found) or "every include goes the allowed way")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
