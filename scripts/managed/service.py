"""What scripts/units asks of a systemd that runs, and of the service that it manages."""

import re
import socket
from pathlib import Path

from machine import SERVICE, SOCKET, Service, ask, check, check_complete, until
from traffic import ADDRESSES, Traffic, answered, client

RELOADS = 10
RESTARTS = 5
# As many as a manager takes for hopeless, within ten seconds, where a unit says nothing else.
HOPELESS = 5


def on_its_own(machine):
    """The service opens its sockets by itself."""
    service = Service(machine)
    machine.systemctl("start", SERVICE)
    service.holds("ActiveState", "active")
    service.holds("WatchdogUSec", "10s")
    check(answered(), "start: active once it answers, on IPv4 and IPv6; watched every 10 s")

    with Traffic() as traffic:
        for _ in range(RELOADS):
            service.replaced_by("reload")
    check_complete(traffic, f"{RELOADS} reloads")

    service.upgrade()
    service.replaced_by("reload")
    program = service.program()
    check(program == "/usr/bin/echo-reactor", f"reload after an upgrade: {program} runs")

    service.replaced_by_restart(lambda: machine.run("kill", "-KILL", service.main()))
    check(answered(), "SIGKILL after a reload: started anew, and answers")

    service.watched_closely()
    service.replaced_by_restart(lambda: machine.run("kill", "-STOP", service.main()))
    check(answered(), "stands still: the watchdog starts it anew, and it answers")

    service.replaced_by("reload")
    service.stops()
    check(not answered(), "stop after a reload: ends well, leaves no process, and nobody answers")


def with_a_late_address(machine):
    """The address cannot be had for a while."""
    service = Service(machine)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("0.0.0.0", ADDRESSES[0][1]))
        machine.systemctl("start", "--no-block", SERVICE)
        until(lambda: int(service.show("NRestarts")) > HOPELESS, "it is started again and again")
    service.holds("ActiveState", "active")
    check(answered(), f"its address is taken: it answers when it is free, after {HOPELESS} starts and more")
    service.stops()


def with_a_key(machine):
    """The manager hands it a key, as the documentation says."""
    text = Path("docs/server.md").read_text()
    drop_in = re.search(r"```ini\n([^`]*LoadCredential=quit.key:(\S+)\n[^`]*)```", text)
    write = 'umask 077 && mkdir -p "${1%/*}" && echo a-key-that-nobody-knows >"$1"'
    machine.does("sh", "-c", write, "sh", drop_in[2])
    machine.drop_in(SERVICE, "key", drop_in[1])

    service = Service(machine)
    machine.systemctl("start", SERVICE)
    with Traffic() as traffic:
        service.replaced_by("reload")
    check_complete(traffic, "--quit-key by a credential: started, and reloaded")
    service.stops()
    machine.drop_out(SERVICE, "key")


def with_its_socket(machine):
    """The manager opens the sockets, and keeps them."""
    service = Service(machine)
    machine.systemctl("start", SOCKET)
    service.holds("ActiveState", "inactive")
    check(answered(), "socket: the first datagram starts the service, and is answered")
    service.holds("ActiveState", "active")

    with Traffic() as traffic:
        for _ in range(RESTARTS):
            service.replaced_by("restart")
    check_complete(traffic, f"socket: {RESTARTS} restarts")

    with Traffic() as traffic:
        for _ in range(RELOADS):
            service.replaced_by("reload")
    check_complete(traffic, f"socket: {RELOADS} reloads")
    has_buffers(service, 4 << 20, 1 + RELOADS, "socket: receive buffers of 4 MiB, also after reloads")

    with Traffic() as traffic:
        service.replaced_by("restart")
    check_complete(traffic, "socket: a restart after reloads")

    service.stops()
    check(answered(), "socket: stopped, and started by the next datagram")
    machine.systemctl("stop", SOCKET)
    service.stops()
    check(not answered(), "socket: both stopped, and nobody answers")


def with_large_buffers(machine):
    """The manager gives the sockets more than the service could."""
    bound = most_without_privilege()
    size = 2 * bound
    start = f"[Service]\nExecStart=\nExecStart=/usr/bin/echo-reactor --rcvbuf {size}\n"
    machine.drop_in(SERVICE, "buffers", start)
    machine.drop_in(SOCKET, "buffers", f"[Socket]\nReceiveBuffer={size}\n")

    service = Service(machine)
    machine.systemctl("start", SOCKET, SERVICE)
    service.replaced_by("reload")
    check(answered(), "socket: it answers with buffers over net.core.rmem_max")
    has_buffers(service, size, 2, f"socket: {size} bytes are granted, {bound} being the bound")
    machine.systemctl("stop", SOCKET, SERVICE)
    service.has_stopped()
    for unit in SERVICE, SOCKET:
        machine.drop_out(unit, "buffers")


def most_without_privilege():
    """net.core.rmem_max, which kernels before 6.11 show to the first network alone."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 28)
        return one.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // 2


def has_buffers(service, size, programs, what):
    """What each of the programs that have run since the start says of its receive buffers."""
    said = "\n".join(service.said())
    # The kernel doubles what is asked for.
    granted = [
        int(number.replace(",", "")) // 2
        for number in re.findall(r"^listening on .* receive buffer ([\d,]+) bytes", said, re.M)
    ]
    wanted = [size] * len(ADDRESSES) * programs
    check(granted == wanted and "--rcvbuf" not in said, what)


def with_wrong_use(machine):
    """The service cannot start, however often it is tried."""
    start = "[Service]\nExecStart=\nExecStart=/usr/bin/echo-reactor --no-such-flag\n"
    machine.drop_in(SERVICE, "wrong", start)
    # However slow a start is here.
    machine.drop_in(SOCKET, "wrong", "[Socket]\nTriggerLimitIntervalSec=600s\n")
    machine.systemctl("start", SOCKET)
    with client(ADDRESSES[0]) as one:
        one.send(b"anybody there?")
        machine.holds(SOCKET, "Result", "trigger-limit-hit")
    service = Service(machine)
    status, restarts = service.show("ExecMainStatus"), service.show("NRestarts")
    check((status, restarts) == ("2", "0"), "socket: wrong use is tried some times, and not for ever")
    for unit in SERVICE, SOCKET:
        machine.drop_out(unit, "wrong")


ask(
    [
        on_its_own,
        with_a_late_address,
        with_a_key,
        with_its_socket,
        with_large_buffers,
        with_wrong_use,
    ]
)
