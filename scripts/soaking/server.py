"""A server that is watched from outside."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request

from processes import started

PATIENCE = 20


@contextlib.contextmanager
def serving(*flags):
    """A server that listens on a free port of 127.0.0.1, with metrics."""
    command = [os.environ["ECHO_REACTOR"], "--json", "--log-level", "error"]
    command += ["--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0", *flags]
    with started(command, stdout=subprocess.PIPE, text=True) as process:
        yield Server(process)


class Server:
    """Is ready from the beginning on."""

    def __init__(self, process):
        self.process = process
        self.address = address(self.line("listening")["address"])
        self.metrics = address(self.line("metrics")["address"])
        until(lambda: self.status("/readyz") == 200, "it to be ready")

    def line(self, event):
        text = self.process.stdout.readline()
        if not text:
            sys.exit(f"soak: the server ended, with {self.process.wait()}, before it said {event}")
        line = json.loads(text)
        assert line["event"] == event, line
        return line

    def statistics(self):
        """What it has counted so far: in all, and worker by worker."""
        self.process.send_signal(signal.SIGUSR1)
        return self.line("statistics")

    def settled(self):
        """Its totals, once nothing comes any more."""
        before = None
        while True:
            total = self.statistics()["total"]
            if before and total["received"] == before["received"] and total["queued_bytes"] == 0:
                return total
            before = total
            time.sleep(0.2)

    def resident(self):
        """Bytes of its memory that are in RAM."""
        with open(f"/proc/{self.process.pid}/status") as status:
            line = next((line for line in status if line.startswith("VmRSS:")), None)
        if not line:
            sys.exit(f"soak: the server ended, with {self.process.wait()}")
        return 1024 * int(line.split()[1])

    def descriptors(self):
        """How many it has open."""
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def status(self, path):
        """What a page answers."""
        try:
            with urllib.request.urlopen("http://%s:%d%s" % (*self.metrics, path), timeout=PATIENCE) as reply:
                return reply.status
        except urllib.error.HTTPError as error:
            return error.code

    def end(self):
        """Ends it by a signal: the totals of its summary, and how many seconds it took."""
        begin = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        total = self.line("summary")["total"]
        code = self.process.wait(PATIENCE)
        seconds = time.monotonic() - begin
        assert code == 0, f"the server ended with {code}"
        return total, seconds


def unaccounted(total):
    """Datagrams that were received and are in no other count."""
    refused, failed = (sum(total[reasons].values()) for reasons in ("refused", "failed"))
    return total["received"] - total["echoed"] - refused - failed - total["dropped"]


def until(so, what):
    end = time.monotonic() + PATIENCE
    while not so():
        if time.monotonic() > end:
            sys.exit(f"soak: waited in vain for {what}")
        time.sleep(0.01)


def address(text):
    host, port = text.rsplit(":", 1)
    return host, int(port)
