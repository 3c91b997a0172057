"""The direction of includes that docs/architecture.md promises, checked in the sources."""

import pathlib
import re
import sys

ALLOWED = {
    "metrics": {"metrics"},
    "base": {"base"},
    "protocol": {"protocol", "base"},
    "graph": {"graph", "protocol", "metrics", "base"},
    "engine": {"engine", "graph", "protocol", "metrics", "base"},
}
# A library that a folder must not see: the walk knows no sockets, the payloads no event loop.
FORBIDDEN = {
    "metrics": [r"<boost/asio", r"<boost/beast", r"<grpc"],
    "protocol": [r"<boost/asio", r"<boost/beast", r"<grpc"],
    "graph": [r"<boost/asio/ip", r"<boost/beast", r"<grpc", r"<sys/socket"],
}
# The transport under the gRPC front and nodes can be exchanged: grpc++ shows in no header but those
# of engine/grpc, and there in none that the rest of the engine sees.
GRPC_HEADERS = {"grpc_channel", "queue", "message_bytes", "raw_service", "server_call"}


def violations(root):
    for folder, allowed in ALLOWED.items():
        for source in sorted((root / folder).rglob("*.[ch]pp")):
            for number, line in enumerate(source.read_text().splitlines(), 1):
                hidden = source.suffix == ".cpp" or source.stem in GRPC_HEADERS
                if line.startswith("#include <grpc") and not hidden:
                    yield f"{source}:{number}: grpc++ must not show in this header"
                ours = re.match(r'#include "(\w+)/', line)
                if ours and ours.group(1) in ALLOWED and ours.group(1) not in allowed:
                    yield f"{source}:{number}: {folder} must not include {ours.group(1)}"
                for pattern in FORBIDDEN.get(folder, []):
                    if re.match(r"#include " + pattern, line):
                        yield f"{source}:{number}: {folder} must not include {line.split()[1]}"


def main():
    found = list(violations(pathlib.Path(sys.argv[1])))
    print("\n".join(found) or "every include goes the allowed way")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
