"""Processes that end with the block that they were started in, whatever ends that: an error too, and
SIGINT and SIGTERM, which are exceptions here."""

import contextlib
import multiprocessing
import signal
import subprocess
import sys

SIGNALS = signal.SIGINT, signal.SIGTERM

fork = multiprocessing.get_context("fork")
came = None
held = False


def heed_signals():
    """From now on the first signal ends this program by an exception, and further ones do not keep it
    from ending the others."""
    for number in SIGNALS:
        signal.signal(number, come)


def come(number, _frame):
    global came
    came = came or number
    if not held:
        leave()


def leave():
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    sys.exit(128 + came)


@contextlib.contextmanager
def hold_signals():
    """They wait until it is known what was started in here."""
    global held
    held = True
    try:
        yield
    finally:
        held = False
    if came:
        leave()


@contextlib.contextmanager
def started(command, **how):
    """A program, killed in the end unless it has ended by itself."""
    process = None
    try:
        with hold_signals():
            process = subprocess.Popen(command, **how)
        yield process
    finally:
        if process:
            process.kill()
            process.wait()


@contextlib.contextmanager
def forked(calls):
    """A process for each function with its arguments, killed in the end unless it has ended by itself."""
    processes = [fork.Process(target=alone, args=call, daemon=True) for call in calls]
    try:
        with hold_signals():
            for process in processes:
                process.start()
        yield processes
    finally:
        for process in processes:
            if process.pid:
                process.kill()
                process.join()


def alone(function, *arguments):
    # It has nothing to end.
    for number in SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    function(*arguments)
