"""What scripts/units asks of the Debian package: that dpkg replaces the service that runs, and no more."""

import sys

from machine import SERVICE, SOCKET, Service, ask, check, check_complete, until
from traffic import Traffic, answered

NAME = "echo-reactor"
FOLDER = "/var/tmp"
PACKAGE = f"{FOLDER}/{NAME}.deb"
BAD_PACKAGE = f"{FOLDER}/{NAME}-bad.deb"
UPGRADES = 3


def of_the_package(machine):
    service = Service(machine)
    # That of the machine below, should it have it.
    machine.does("dpkg", "--purge", NAME)
    install(machine)
    check(not answered(), "installed: neither unit is started")
    install(machine)
    check(not answered(), "upgraded while nothing runs: neither unit is started")

    machine.systemctl("start", SERVICE)
    with Traffic() as traffic:
        for _ in range(UPGRADES):
            upgraded(machine, service)
    check_complete(traffic, f"{UPGRADES} upgrades")

    build_bad_package(machine)
    with Traffic() as traffic:
        refused(machine, service)
        upgraded(machine, service)
    check_complete(traffic, "an upgrade to a program that is no good, and back")
    forbidden(machine, service)
    service.stops()

    machine.systemctl("start", SOCKET)
    check(answered(), "socket: the first datagram starts the service")
    with Traffic() as traffic:
        for _ in range(UPGRADES):
            upgraded(machine, service)
    check_complete(traffic, f"socket: {UPGRADES} upgrades")

    machine.does("dpkg", "--remove", NAME)
    for unit in SERVICE, SOCKET:
        machine.holds(unit, "ActiveState", "inactive")
    check(not answered(), "removed: both units are stopped, and nobody answers")


def install(machine, package=PACKAGE):
    # Also one of an earlier version, or the same again: to dpkg, each is an upgrade.
    return machine.does("dpkg", "--install", package).stderr


def upgraded(machine, service):
    """Has the package replace the program, and neither unit leave the state that it is in."""
    before = starts(machine)
    service.replaced("an upgrade", lambda: install(machine))
    program = service.program()
    if program != "/usr/bin/echo-reactor":
        sys.exit(f"units: after an upgrade {program} runs")
    if starts(machine) != before:
        sys.exit("units: an upgrade has had a unit start anew")


def starts(machine):
    """When each unit has become active, and when it has left that."""
    names = "ActiveEnterTimestampMonotonic", "ActiveExitTimestampMonotonic"
    return [machine.show(unit, name) for unit in (SERVICE, SOCKET) for name in names]


def build_bad_package(machine):
    """A package of a later version, whose program ends at once."""
    script = f"""
        cd {FOLDER} && dpkg-deb --raw-extract {PACKAGE} bad &&
        printf '#!/bin/sh\necho no good >&2\nexit 1\n' >bad/usr/bin/echo-reactor &&
        sed -i 's/^Version: .*/&+bad/' bad/DEBIAN/control &&
        dpkg-deb -Znone --build bad {BAD_PACKAGE}
    """
    machine.does("sh", "-c", script)


def refused(machine, service):
    before = starts(machine), service.main()
    install(machine, BAD_PACKAGE)
    until(lambda: any("no good" in line for line in service.said()), "its log says what is wrong")
    if (starts(machine), service.main()) != before:
        sys.exit("units: a program that is no good has taken over")


def forbidden(machine, service):
    """The host lets no package touch a service."""
    policy = "/usr/sbin/policy-rc.d"
    write = 'printf "#!/bin/sh\nexit 101\n" >"$1" && chmod +x "$1"'
    machine.does("sh", "-c", write, "sh", policy)
    before = service.main()
    told = install(machine)
    check(
        policy in told and service.main() == before,
        "an upgrade where policy-rc.d forbids it: the program that runs is left alone",
    )
    machine.does("rm", policy)


ask([of_the_package])
