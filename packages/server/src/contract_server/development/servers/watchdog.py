"""A watchdog: it stops a process when the process that started it is gone, even if that was killed."""

import signal
import subprocess

# `read` returns when standard input ends, that is, when the last holder of the other end is gone. Then the
# process gets its stop signal, has ten seconds to end, and its whole group is killed.
_WAIT_THEN_STOP = """
read -r word
kill -s "$2" "$1" 2>/dev/null
tenths=0
while kill -0 "$1" 2>/dev/null && [ "$tenths" -lt 100 ]; do sleep 0.1; tenths=$((tenths + 1)); done
kill -s KILL -- "-$1" 2>/dev/null
"""


class Watchdog:
    """Stops a child process if this process ends without stopping it.

    A pipe and a shell rather than `PR_SET_PDEATHSIG`: that one exists on Linux only, is forgotten when the
    child changes its user, and fires when the *thread* that started the child ends. The watchdog runs in its
    own session, so that a Ctrl-C for this process does not reach it.
    """

    def __init__(self, pid: int, stop_signal: signal.Signals) -> None:
        name = stop_signal.name.removeprefix("SIG")
        self._shell = subprocess.Popen(  # noqa: S603 - a fixed script; pid and signal name are its arguments
            ["/bin/sh", "-c", _WAIT_THEN_STOP, "watchdog", str(pid), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def release(self) -> None:
        """End the watchdog; call it after the child has ended."""
        self._shell.kill()
        self._shell.wait()
        if self._shell.stdin:
            self._shell.stdin.close()
