"""A node in a process of its own, cheap enough to stand behind a load test: one fixed answer."""

import asyncio
import subprocess
import sys

BODY = b'{"data":{"names":["t:0","t:1","t:2"],"ndarray":[[0.9,0.05,0.05]]},"meta":{}}'
ANSWER = (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
          % len(BODY)) + BODY


class Protocol(asyncio.Protocol):
    def __init__(self, delay):
        self.delay = delay
        self.buffer = b""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end].lower()
            at = head.find(b"content-length:")
            size = int(head[at + 15:].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self.buffer) < end + 4 + size:
                return
            self.buffer = self.buffer[end + 4 + size:]
            if self.delay:
                asyncio.get_running_loop().call_later(self.delay, self.transport.write, ANSWER)
            else:
                self.transport.write(ANSWER)


async def serve(delay):
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Protocol(delay), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()


class FastNode:
    def __init__(self, delay=0.0):
        self.process = subprocess.Popen([sys.executable, __file__, str(delay)],
                                        stdout=subprocess.PIPE)
        self.host, self.port = "127.0.0.1", int(self.process.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1])))
