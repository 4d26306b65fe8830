"""What scripts/units asks of a systemd that runs, and of the service that it manages."""

import subprocess
import sys
import time

from traffic import Traffic, answered

SERVICE, SOCKET = "echo-reactor.service", "echo-reactor.socket"
PATIENCE = 60
RELOADS = 10
RESTARTS = 5


def main():
    machine = Machine(sys.argv[1])
    machine.await_start()
    try:
        on_its_own(machine)
        with_its_socket(machine)
    except BaseException:
        print(machine.run("journalctl", "--no-pager", "--lines=60").stdout, file=sys.stderr)
        raise


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

    with Traffic() as traffic:
        service.replaced_by("restart")
    check_complete(traffic, "socket: a restart after reloads")

    service.stops()
    check(answered(), "socket: stopped, and started by the next datagram")
    machine.systemctl("stop", SOCKET)
    service.stops()
    check(not answered(), "socket: both stopped, and nobody answers")


class Machine:
    """One that runs under a systemd of its own: the process with this number."""

    def __init__(self, init):
        spaces = ["--mount", "--pid", "--net", "--ipc", "--uts", "--cgroup"]
        self.enter = ["nsenter", "--target", init, *spaces, "--root", "--wd", "--"]
        self.enter += ["env", "-i", "PATH=/usr/bin:/usr/sbin:/bin:/sbin"]

    def run(self, *command):
        return subprocess.run(
            self.enter + list(command),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )

    def systemctl(self, *words):
        done = self.run("systemctl", *words)
        if done.returncode:
            sys.exit(f"units: systemctl {' '.join(words)}: {done.stderr.strip()}")
        return done.stdout.strip()

    def await_start(self):
        until(
            lambda: self.run("systemctl", "is-system-running").stdout.strip() == "running",
            "systemd runs, and all that it is to start",
        )
        version = self.run("systemctl", "--version").stdout.split("\n")[0]
        check(True, f"{version}: runs as the first process of a copy of this machine")


class Service:
    """The service as its manager sees it."""

    def __init__(self, machine):
        self.machine = machine

    def show(self, name):
        return self.machine.systemctl("show", "--value", f"--property={name}", SERVICE)

    def holds(self, name, value):
        until(lambda: self.show(name) == value, f"{name} is {value}")

    def main(self):
        return self.show("MainPID")

    def processes(self):
        """Those of its control group."""
        group = self.show("ControlGroup")
        listed = self.machine.run("cat", f"/sys/fs/cgroup{group}/cgroup.procs") if group else None
        return listed.stdout.split() if listed else []

    def program(self):
        return self.machine.run("readlink", f"/proc/{self.main()}/exe").stdout.strip()

    def upgrade(self):
        """Puts another file in the place of the program, as a package does."""
        path = "/usr/bin/echo-reactor"
        self.machine.run("cp", path, f"{path}.new")
        self.machine.run("mv", "--force", f"{path}.new", path)
        if not self.program().endswith(" (deleted)"):
            sys.exit("units: the program that runs is still in its place")

    def replaced_by(self, word):
        """Has another process take its place, which nothing but `word` does."""
        self.forget_starts()
        before = self.main()
        self.machine.systemctl(word, SERVICE)
        self.has_other_main(before)
        if self.show("NRestarts") != "0":
            sys.exit(f"units: {SERVICE} failed at a {word}, and was started anew")

    def replaced_by_restart(self, end):
        """Has its manager start it anew because of what `end` does to its main process."""
        self.forget_starts()
        before = self.main()
        end()
        self.holds("NRestarts", "1")
        self.has_other_main(before)

    def forget_starts(self):
        """A manager refuses to start for the sixth time in ten seconds."""
        self.machine.systemctl("reset-failed", SERVICE)

    def has_other_main(self, before):
        """Waits until another process than `before` is the main one, and is all that is left."""
        until(lambda: self.main() not in (before, "0"), "there is another main process")
        self.holds("ActiveState", "active")
        until(
            lambda: before not in self.processes() and self.main() in self.processes(),
            "the main process is in its control group, and the former one is not",
        )

    def watched_closely(self):
        """Has signs of life expected every second from now on."""
        folder = f"/run/systemd/system/{SERVICE}.d"
        text = "[Service]\nWatchdogSec=1s\n"
        self.machine.run("mkdir", "-p", folder)
        self.machine.run("sh", "-c", f"printf '{text}' >{folder}/watchdog.conf")
        self.machine.systemctl("daemon-reload")
        self.replaced_by("restart")
        self.holds("WatchdogUSec", "1s")

    def stops(self):
        self.machine.systemctl("stop", SERVICE)
        self.holds("ActiveState", "inactive")
        self.holds("Result", "success")
        until(lambda: not self.processes(), "no process of it is left")


def check_complete(traffic, what):
    sent, lost = traffic.sent, traffic.lost()
    check(sent and not lost, f"{what}: {sent} datagrams sent meanwhile, {lost} lost")


def check(holds, what):
    if not holds:
        sys.exit(f"units: not so: {what}")
    print(f"  {what}", flush=True)


def until(holds, what):
    end = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > end:
            sys.exit(f"units: not so within {PATIENCE} s: {what}")
        time.sleep(0.02)


main()
