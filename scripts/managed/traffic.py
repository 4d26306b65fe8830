"""Datagrams for the service, each of whose answers is waited for."""

import selectors
import socket
import threading
import time

ADDRESSES = [("127.0.0.1", 50007), ("::1", 50007)]
# Each has a flow of its own.
CLIENTS = 8
PAUSE = 0.002
PATIENCE = 20


def answered():
    """Whether one datagram to each address comes back."""
    return all(comes_back(address) for address in ADDRESSES)


def comes_back(address):
    with client(address) as one:
        one.settimeout(PATIENCE)
        try:
            one.send(b"anybody there?")
            return one.recv(2048) == b"anybody there?"
        except ConnectionRefusedError:
            return False


def client(address):
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    one = socket.socket(family, socket.SOCK_DGRAM)
    one.connect(address)
    return one


class Traffic:
    """Some hundreds of datagrams a second, as long as it is entered."""

    def __init__(self):
        self.sent = 0
        self.missing = set()
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_exception):
        self.over.set()
        self.thread.join()

    def lost(self):
        """How many were not answered, though that was waited for."""
        return len(self.missing)

    def run(self):
        clients = [client(ADDRESSES[number % len(ADDRESSES)]) for number in range(CLIENTS)]
        with selectors.DefaultSelector() as selector:
            for one in clients:
                selector.register(one, selectors.EVENT_READ)
            while not self.over.is_set():
                self.send(clients[self.sent % CLIENTS])
                self.receive(selector, time.monotonic() + PAUSE)
            self.receive(selector, time.monotonic() + PATIENCE, until_complete=True)
        for one in clients:
            one.close()

    def send(self, one):
        self.sent += 1
        self.missing.add(self.sent)
        self.attempt(lambda: one.send(self.sent.to_bytes(8, "big")))

    def receive(self, selector, end, until_complete=False):
        while (left := end - time.monotonic()) > 0 and (self.missing or not until_complete):
            for key, _ in selector.select(left):
                answer = self.attempt(lambda: key.fileobj.recv(2048))
                if answer:
                    self.missing.discard(int.from_bytes(answer, "big"))

    @staticmethod
    def attempt(call):
        """What the call says; nothing if it tells that an earlier datagram was refused, which is missed."""
        try:
            return call()
        except ConnectionRefusedError:
            return None
