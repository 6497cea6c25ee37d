import signal
import subprocess
import sys

from contract_server.development.servers.watchdog import Watchdog

PARENT = """
import os, signal, subprocess, sys
from contract_server.development.servers.watchdog import Watchdog
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]], start_new_session=True, stdout=1)
watchdog = Watchdog(child.pid, signal.SIGTERM)
sys.stdin.readline()
os.kill(os.getpid(), signal.SIGKILL)
"""
CHILD = """
import signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit("told to stop"))
print("waiting", flush=True)
signal.pause()
"""


def test_child_is_told_to_stop_when_its_keeper_is_killed() -> None:
    with subprocess.Popen(  # noqa: S603 - this Python and a program of ours
        [sys.executable, "-c", PARENT, CHILD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout
        assert parent.stdout.readline() == "waiting\n"
        _, errors = parent.communicate("now\n", timeout=15)  # until the child has closed them too
    assert parent.returncode == -signal.SIGKILL
    assert errors == "told to stop\n"


def test_guard_that_is_released_leaves_the_child_alone() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        Watchdog(child.pid, signal.SIGKILL).release()
        child.communicate(b"\n")
    assert child.returncode == 0
