"""Nothing is left running, even when the process that started it is killed without a chance to stop it."""

import signal
import subprocess

# Waits for a word that never comes: its standard input ends when the last holder of the other end is gone.
# Then the guarded process gets its own stop signal, ten seconds to obey, and its whole group a kill.
_WAIT_THEN_STOP = """
read -r word
kill -s "$2" "$1" 2>/dev/null
tenths=0
while kill -0 "$1" 2>/dev/null && [ "$tenths" -lt 100 ]; do sleep 0.1; tenths=$((tenths + 1)); done
kill -s KILL -- "-$1" 2>/dev/null
"""


class Guard:
    """A watch over a child process that outlives us: should we vanish, it stops the child in our place.

    A pipe and a shell rather than `PR_SET_PDEATHSIG`: that one exists on Linux only, is forgotten when the
    child changes its user, and fires when the *thread* that started the child ends. The guard has a session
    of its own, so that a Ctrl-C meant for us does not reach it.
    """

    def __init__(self, pid: int, stop_signal: signal.Signals) -> None:
        name = stop_signal.name.removeprefix("SIG")
        self._shell = subprocess.Popen(  # noqa: S603 - a fixed script; pid and signal name are its arguments
            ["/bin/sh", "-c", _WAIT_THEN_STOP, "guard", str(pid), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def release(self) -> None:
        """End the watch; to be called once the child has ended."""
        self._shell.kill()
        self._shell.wait()
        if self._shell.stdin:
            self._shell.stdin.close()
