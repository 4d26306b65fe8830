"""A machine under a systemd of its own, and the service that it manages."""

import subprocess
import sys
import time

SERVICE, SOCKET = "echo-reactor.service", "echo-reactor.socket"
PATIENCE = 60


def ask(questions):
    """Each of them, of the machine whose first process is the first argument."""
    machine = Machine(sys.argv[1])
    machine.await_start()
    try:
        for question in questions:
            question(machine)
    except BaseException:
        print(machine.run("journalctl", "--no-pager", "--lines=60").stdout, file=sys.stderr)
        raise


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

    def does(self, *command):
        """The same of what must not fail."""
        done = self.run(*command)
        if done.returncode:
            sys.exit(f"units: {' '.join(command)}: {done.stdout}{done.stderr.strip()}")
        return done

    def systemctl(self, *words):
        return self.does("systemctl", *words).stdout.strip()

    def show(self, unit, name):
        return self.systemctl("show", "--value", f"--property={name}", unit)

    def holds(self, unit, name, value):
        until(lambda: self.show(unit, name) == value, f"{name} of {unit} is {value}")

    def drop_in(self, unit, name, text):
        """Has a file of its own add to a unit."""
        write = 'mkdir -p "$1" && printf %s "$3" >"$1/$2.conf"'
        self.does("sh", "-c", write, "sh", f"/run/systemd/system/{unit}.d", name, text)
        self.systemctl("daemon-reload")

    def drop_out(self, unit, name):
        self.does("rm", f"/run/systemd/system/{unit}.d/{name}.conf")
        self.systemctl("daemon-reload")

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
        return self.machine.show(SERVICE, name)

    def holds(self, name, value):
        self.machine.holds(SERVICE, name, value)

    def main(self):
        return self.show("MainPID")

    def processes(self):
        """Those of its control group."""
        group = self.show("ControlGroup")
        listed = self.machine.run("cat", f"/sys/fs/cgroup{group}/cgroup.procs") if group else None
        return listed.stdout.split() if listed else []

    def program(self):
        return self.machine.run("readlink", f"/proc/{self.main()}/exe").stdout.strip()

    def said(self):
        """What it has printed since it was started, also by programs that have taken over since."""
        self.machine.does("journalctl", "--sync")
        invocation = f"_SYSTEMD_INVOCATION_ID={self.show('InvocationID')}"
        return self.machine.does("journalctl", "--output=cat", invocation).stdout.splitlines()

    def upgrade(self):
        """Puts another file in the place of the program, as a package does."""
        path = "/usr/bin/echo-reactor"
        self.machine.run("cp", path, f"{path}.new")
        self.machine.run("mv", "--force", f"{path}.new", path)
        if not self.program().endswith(" (deleted)"):
            sys.exit("units: the program that runs is still in its place")

    def replaced_by(self, word):
        """Has another process take its place, which nothing but `word` does."""
        self.replaced(f"a {word}", lambda: self.machine.systemctl(word, SERVICE))

    def replaced(self, what, act):
        """Has another process take its place, which nothing but `act` does."""
        self.forget_starts()
        before = self.main()
        act()
        self.has_other_main(before)
        if self.show("NRestarts") != "0":
            sys.exit(f"units: {SERVICE} failed at {what}, and was started anew")

    def replaced_by_restart(self, end):
        """Has its manager start it anew because of what `end` does to its main process."""
        self.forget_starts()
        before = self.main()
        end()
        self.holds("NRestarts", "1")
        self.has_other_main(before)

    def forget_starts(self):
        """Has its manager count from 0 how often it has started it anew."""
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
        self.machine.drop_in(SERVICE, "watchdog", "[Service]\nWatchdogSec=1s\n")
        self.replaced_by("restart")
        self.holds("WatchdogUSec", "1s")

    def stops(self):
        self.machine.systemctl("stop", SERVICE)
        self.has_stopped()

    def has_stopped(self):
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
