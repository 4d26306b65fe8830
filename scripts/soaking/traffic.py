"""What is done to the server: load, floods, forgeries, scrapes. All of it stays on the loopback
interface."""

import json
import os
import socket
import struct
import sys
import time

from processes import fork, forked, started

# Linux, include/uapi/linux/udp.h: the length of the datagrams that one message is cut into.
UDP_SEGMENT = 103
SMALL = 64
TRAIN = 60


class Loadgen:
    """Sends probes one by one, and counts what became of each."""

    def __init__(self, work):
        self.file = f"{work}/load.json"

    def running(self, server, rate, seconds):
        """A load, as a block that it does not outlast."""
        command = [os.environ["LOADGEN"], "--target", "%s:%d" % server.address, "--rate", str(rate)]
        command += ["--duration", f"{seconds}s", "--warmup", "0s", "--gso", "off"]
        return started(command + ["--quiet", "--json", self.file])

    def result(self, process):
        """The counts of a load, once it is over."""
        code = process.wait()
        # 3: others were busy on this machine, which is no matter of the server.
        if code not in (0, 3):
            sys.exit(f"soak: loadgen ended with {code}")
        with open(self.file) as file:
            return json.load(file)


def before_any_server():
    """Datagrams that the host dropped before it knew whom they were for (netif_rx)."""
    with open("/proc/net/softnet_stat") as lines:
        return sum(int(line.split()[1], 16) for line in lines)


class Flood:
    """Trains from every flow, as fast as the kernel takes them, by a process for some flows each."""

    def __init__(self, flows, processes=2):
        self.counts = [fork.Value("q", 0, lock=False) for _ in range(processes)]
        self.block = forked(
            (self.send, flows[index::processes], count) for index, count in enumerate(self.counts)
        )

    def __enter__(self):
        self.begin = time.monotonic()
        self.block.__enter__()
        return self

    def __exit__(self, *exception):
        return self.block.__exit__(*exception)

    def send(self, flows, count):
        train = os.urandom(TRAIN * SMALL)
        for flow in flows:
            flow.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, SMALL)
        while True:
            for flow in flows:
                try:
                    flow.send(train)
                    count.value += TRAIN
                except OSError:
                    # No room, or in the end nobody there.
                    pass

    def rate(self):
        """Datagrams a second so far."""
        return sum(count.value for count in self.counts) / (time.monotonic() - self.begin)


def flow(source, server):
    """A socket at a free port of an address, that talks to the server."""
    talking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    talking.bind((source, 0))
    talking.connect(server.address)
    talking.settimeout(1)
    return talking


def exchange(talking, payload):
    """Whether a datagram comes back."""
    talking.send(payload)
    try:
        # A reply that was given up may come late.
        while talking.recv(2048) != payload:
            pass
    except TimeoutError:
        return False
    return True


def worker_of(server, talking):
    """The worker that a flow ends up at, of a server that has nothing else to do."""
    received = lambda: [worker["received"] for worker in server.statistics()["workers"]]
    before = received()
    exchange(talking, b"whose am I?")
    while True:
        after = received()
        for worker, count in enumerate(after):
            if count > before[worker]:
                return worker


def forge(server, sources):
    """One small datagram from each of so many addresses; waits now and then, so that none finds the
    receive buffer full."""
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    host, port = server.address
    payload = b"forged"
    udp = struct.pack("!HHHH", 4009, port, 8 + len(payload), 0) + payload
    for number in range(sources):
        source = struct.pack("!I", 0x7F010000 + number)
        header = struct.pack("!BBHHHBBH", 0x45, 0, 0, 0, 0, 64, 17, 0) + source + socket.inet_aton(host)
        raw.sendto(header + udp, (host, 0))
        if number % 2_000 == 1_999:
            while server.statistics()["total"]["queued_bytes"]:
                pass
    raw.close()


class Scrapers:
    """So many scrapes by several processes, one after the other in each."""

    def __init__(self, metrics, scrapes, processes=2):
        self.metrics = metrics
        self.done = [fork.Value("q", 0, lock=False) for _ in range(processes)]
        self.failed = [fork.Value("q", 0, lock=False) for _ in range(processes)]
        self.block = forked((self.scrape, scrapes // processes, index) for index in range(processes))

    def __enter__(self):
        self.processes = self.block.__enter__()
        return self

    def __exit__(self, *exception):
        return self.block.__exit__(*exception)

    def scrape(self, scrapes, index):
        for _ in range(scrapes):
            page = b""
            try:
                with socket.create_connection(self.metrics, timeout=10) as stream:
                    stream.sendall(b"GET /metrics HTTP/1.1\r\nHost: soak\r\n\r\n")
                    while more := stream.recv(1 << 16):
                        page += more
            except OSError:
                pass
            good = page.startswith(b"HTTP/1.1 200 ") and b"echo_reactor_ready 1" in page
            self.failed[index].value += not good
            self.done[index].value += 1

    def so_far(self):
        return sum(done.value for done in self.done), sum(failed.value for failed in self.failed)

    def are_at_it(self):
        return any(process.is_alive() for process in self.processes)
