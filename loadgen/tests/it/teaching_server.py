"""The server of a first lesson on sockets: sends back what it receives, until it is told to quit."""

import socket

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
    server.bind(("127.0.0.1", 0))
    print(server.getsockname()[1], flush=True)
    data = b""
    while data != b"quit":
        data, client = server.recvfrom(1024)
        server.sendto(data, client)
