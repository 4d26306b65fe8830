"""What the server has to survive, stage by stage: each gives rows of what was measured and what is
allowed."""

import signal
import sys
import time

import traffic
from server import serving, unaccounted
from traffic import Flood, Scrapers, exchange, flow, worker_of

MIB = 1 << 20
NOT_ALLOWED = "NOT ALLOWED"
LEFT_OUT = "left out"


class Row:
    def __init__(self, what, measured, allowed, holds):
        self.what, self.measured, self.allowed = what, measured, allowed
        self.word = "ok" if holds else NOT_ALLOWED


def left_out(what, needs):
    """The one row of a stage that cannot be here."""
    row = Row(what, needs, "", True)
    row.word = LEFT_OUT
    return row


def progress(text):
    """One line on a terminal, which the next one takes the place of."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{text}")
        sys.stderr.flush()


def capacity(loadgen):
    """Datagrams a second that come back through a closed window."""
    progress("measures the capacity")
    with serving("--workers", "2") as server, loadgen.running(server, "max", 5) as load:
        run = loadgen.result(load)
    progress("")
    return run["rate_pps"]["received"]


def soak(loadgen, capacity, minutes):
    """Long, at half of what it can."""
    seconds = 60 * minutes
    lost_before = traffic.before_any_server()
    with serving("--workers", "2") as server, loadgen.running(server, int(capacity / 2), seconds) as load:
        begin = time.monotonic()
        memory, descriptors = [], set()
        while load.poll() is None:
            passed = time.monotonic() - begin
            # What is there from the beginning on has been used once by then.
            if passed > seconds / 20:
                memory.append(server.resident())
                descriptors.add(server.descriptors())
                clock = f"{int(passed) // 60}:{int(passed) % 60:02}"
                progress(f"soak: {clock} of {minutes}:00, {memory[-1] / MIB:.1f} MiB, {descriptors} descriptors")
            time.sleep(1)
        run = loadgen.result(load)
        total = server.settled()
        lost_before = traffic.before_any_server() - lost_before
        yield flat(memory)
        yield Row("descriptors", f"{sorted(descriptors)}", "always the same", len(descriptors) == 1)
        yield from counts_agree(run, total, lost_before)
        share = run["counts"]["lost"] / run["counts"]["sent"]
        yield Row("lost at half of its capacity", f"{share:.4%}", "up to 1 %", share <= 0.01)
        yield Row("workers turn", str(server.status("/healthz")), "200", server.status("/healthz") == 200)
        yield ends_well(server)


def flat(memory):
    grown = max(memory) - memory[0]
    return Row("memory grew by", f"{grown:,} bytes", "up to 1 MiB", grown <= MIB)


def counts_agree(run, total, lost_before):
    """What one side has sent the other has received, or it is known where it was dropped."""
    counts = run["counts"]
    missing = counts["sent"] - total["received"] - total["kernel_drops"]
    yield Row(
        "sent, and neither received nor dropped",
        f"{missing:,} of {counts['sent']:,}",
        f"up to {lost_before:,} (softnet_stat)",
        0 <= missing <= lost_before,
    )
    yield Row("received, and in no other count", f"{unaccounted(total):,}", "0", unaccounted(total) == 0)
    back = counts["received"] + counts["late"] + run["own_drops"]
    unseen = total["echoed"] - back
    yield Row(
        "echoed, and not come back",
        f"{unseen:,} of {total['echoed']:,}",
        f"up to {lost_before:,} (softnet_stat)",
        0 <= unseen <= lost_before,
    )


def ends_well(server):
    total, seconds = server.end()
    well = unaccounted(total) == 0 and seconds <= 1
    return Row("ends by SIGTERM, all accounted for, in", f"{seconds * 1000:,.0f} ms", "up to 1 s", well)


def flood(_loadgen, capacity, _minutes):
    """More than it can, from 16 sources, at all workers but the last."""
    seconds, workers = 15, 4
    with serving("--workers", str(workers)) as server:
        crowd = []
        while len(crowd) < 16:
            talking = flow(f"127.0.0.{len(crowd) + 1}", server)
            if worker_of(server, talking) != workers - 1:
                crowd.append(talking)
        client = flow("127.0.0.1", server)
        while worker_of(server, client) != workers - 1:
            client = flow("127.0.0.1", server)
        asked = answered = 0
        memory = []
        with Flood(crowd) as flood:
            while (passed := time.monotonic() - flood.begin) < seconds:
                answered += exchange(client, asked.to_bytes(8, "big"))
                asked += 1
                if asked % 100 == 0 and passed > 2:
                    memory.append(server.resident())
                    progress(f"flood: {passed:.0f} of {seconds} s, {flood.rate():,.0f} a second")
                time.sleep(0.001)
            healthy = server.status("/healthz")
            offered = flood.rate() / capacity
            spared = server.statistics()["workers"][-1]
            total, shutdown = server.end()
        yield Row("flood, in capacities", f"{offered:.1f}", "10 at least", offered >= 10)
        dropped = total["kernel_drops"]
        yield Row("dropped by the kernel", f"{dropped:,}", "the server says so", dropped > 0)
        share = answered / asked
        yield Row("another worker's client got", f"{share:.2%} of {asked:,}", "99 % at least", share >= 0.99)
        yield Row("that worker's kernel drops", f"{spared['kernel_drops']:,}", "0", spared["kernel_drops"] == 0)
        yield Row("workers turn", str(healthy), "200", healthy == 200)
        yield flat(memory)
        yield Row("received, and in no other count", f"{unaccounted(total):,}", "0", unaccounted(total) == 0)
        yield Row("ends under the flood in", f"{shutdown * 1000:,.0f} ms", "up to 1 s", shutdown <= 1)


def forged(_loadgen, _capacity, _minutes):
    """A hundred thousand strangers, five times over."""
    sources, rounds = 100_000, 5
    with serving("--rate-limit", "100/s:10", "--rate-limit-total", "10k/s") as server:
        memory = []
        begin = time.monotonic()
        for number in range(rounds):
            progress(f"forged: round {number + 1} of {rounds}")
            try:
                traffic.forge(server, sources)
            except PermissionError:
                yield left_out("raw sockets need", "CAP_NET_RAW")
                return
            memory.append(server.resident())
        total = server.settled()
        seconds = time.monotonic() - begin
        received = total["received"] + total["kernel_drops"]
        yield Row("forged datagrams received", f"{received:,}", f"{sources * rounds:,}", received == sources * rounds)
        most = int(10_000 * seconds + 1_000)
        echoed = total["echoed"]
        yield Row("echoed, by the limit in all", f"{echoed:,}", f"up to {most:,}", echoed <= most)
        yield flat(memory)
        yield Row("received, and in no other count", f"{unaccounted(total):,}", "0", unaccounted(total) == 0)
        yield ends_well(server)


def scrapes(loadgen, capacity, minutes):
    """Scrapes without a pause, while it answers a quarter of what it can."""
    wanted = 1_000_000 * min(minutes, 30) // 30
    with serving("--workers", "2") as server:
        for _ in range(10):
            server.status("/metrics")
        # The last connections may be about to close, here as in the end.
        time.sleep(1)
        before = server.descriptors()
        memory = []
        with loadgen.running(server, int(capacity / 4), 3_600) as load:
            with Scrapers(server.metrics, wanted) as scrapers:
                while scrapers.are_at_it():
                    done, _ = scrapers.so_far()
                    if done > wanted / 20:
                        memory.append(server.resident())
                    progress(f"scrapes: {done:,} of {wanted:,}")
                    time.sleep(1)
            load.send_signal(signal.SIGINT)
            load.wait()
        done, failed = scrapers.so_far()
        total = server.settled()
        time.sleep(1)
        after = server.descriptors()
        yield Row("scrapes without a whole page", f"{failed:,} of {done:,}", "0", failed == 0)
        yield Row("datagrams echoed meanwhile", f"{total['echoed']:,}", "all received", total["echoed"] == total["received"])
        yield flat(memory or [server.resident()])
        yield Row("descriptors before and after", f"{before}, {after}", "the same", before == after)
        yield ends_well(server)


def stopped(loadgen, capacity, _minutes):
    """Five seconds in which it does not run, under load."""
    lost_before = traffic.before_any_server()
    with serving("--workers", "2") as server, loadgen.running(server, int(capacity / 4), 15) as load:
        time.sleep(3)
        before = server.resident()
        server.process.send_signal(signal.SIGSTOP)
        progress("stopped: for 5 s")
        time.sleep(5)
        server.process.send_signal(signal.SIGCONT)
        begin = time.monotonic()
        healthy = server.status("/healthz")
        answer = time.monotonic() - begin
        yield Row("healthy when it goes on, told in", f"{healthy}, {answer * 1000:,.0f} ms", "200 within 1 s", healthy == 200 and answer <= 1)
        run = loadgen.result(load)
        total = server.settled()
        lost_before = traffic.before_any_server() - lost_before
        yield flat([before, server.resident()])
        dropped = total["kernel_drops"]
        yield Row("dropped by the kernel meanwhile", f"{dropped:,}", "the server says so", dropped > 0)
        yield from counts_agree(run, total, lost_before)
        last = run["intervals"][-2]
        back = last["received"] / max(last["sent"], 1)
        yield Row("answered in the last but one second", f"{back:.2%}", "99 % at least", back >= 0.99)
        yield ends_well(server)
