"""Sends three datagrams at once and prints the traffic class of each reply."""

import socket
import struct
import sys

host, port = sys.argv[1], int(sys.argv[2])
v6 = ":" in host
level = socket.IPPROTO_IPV6 if v6 else socket.IPPROTO_IP
# linux/in6.h has IPV6_RECVTCLASS as 66, linux/in.h IP_RECVTOS as 13.
ask = 66 if v6 else 13

with socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_DGRAM) as client:
    client.settimeout(10)
    client.setsockopt(level, ask, 1)
    client.connect((host, port))
    for _ in range(3):
        client.send(b"Hello, world")
    for _ in range(3):
        _, told, _, _ = client.recvmsg(64, 256)
        for _, _, data in told:
            print(data[0] if len(data) == 1 else struct.unpack("i", data)[0])
