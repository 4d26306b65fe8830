"""The client of a first lesson on sockets: says hello, shows the reply, and stops the server."""

import socket
import sys

host, port = sys.argv[1], int(sys.argv[2])
family = socket.AF_INET6 if ":" in host else socket.AF_INET

with socket.socket(family, socket.SOCK_DGRAM) as client:
    client.settimeout(10)
    client.sendto(b"Hello, world", (host, port))
    data, sender = client.recvfrom(1024)
    print("Received", repr(data), "from", sender[0], sender[1])
    client.sendto(b"quit", (host, port))
