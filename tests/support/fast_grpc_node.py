"""A gRPC node in a process of its own: one fixed answer to every method. It can be killed as a pod is,
which a server within the test cannot: that one still says goodbye."""

import concurrent.futures
import subprocess
import sys
import time

BODY = b"\x12\x00\x2a\x06answer"  # {"meta":{},"strData":"answer"}


class FastGrpcNode:
    transport = "GRPC"

    def __init__(self, host="127.0.0.1", port=0, delay=0.0):
        self.host, self.port, self.delay = host, port, delay
        self.start()

    def start(self):
        """Again on the port that it had."""
        self.process = subprocess.Popen(
            [sys.executable, __file__, self.host, str(self.port), str(self.delay)],
            stdout=subprocess.PIPE)
        self.port = int(self.process.stdout.readline())
        return self

    def kill(self):
        """SIGKILL: the kernel resets what is open, and nothing else is said."""
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()


def serve(host, port, delay):
    import grpc

    class Handler(grpc.GenericRpcHandler):
        def service(self, _):
            return grpc.unary_unary_rpc_method_handler(answer)

    def answer(_, __):
        if delay:
            time.sleep(delay)
        return BODY

    server = grpc.server(concurrent.futures.ThreadPoolExecutor(32), handlers=(Handler(),),
                         options=(("grpc.so_reuseport", 0),))
    print(server.add_insecure_port(f"{host}:{port}"), flush=True)
    server.start()
    server.wait_for_termination()


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
