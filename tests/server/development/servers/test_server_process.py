"""One run of a server: its log, its end, and a survivor of an earlier run."""

import signal
import sys
import threading
from pathlib import Path

import pytest

from contract_server.development.errors import DevelopmentError
from contract_server.development.servers.file_lock import FileLock
from contract_server.development.servers.server_process import Launch, ServerProcess, end_survivor


def launch(folder: Path, command: list[str], text: bytes = b"") -> tuple[ServerProcess, FileLock]:
    life = FileLock(folder / "life.lock")
    process = ServerProcess(Launch(command, folder, text), life=life, log=folder / "log", stop_signal=signal.SIGTERM)
    return process, life


def test_the_last_log_line_is_of_this_run(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("an earlier run\n")
    process, _ = launch(tmp_path, [sys.executable, "-c", "print(input())"], b"from standard input\n")
    assert process.wait() == 0
    assert process.last_log_line() == "from standard input"
    process.end()
    silent, _ = launch(tmp_path, [sys.executable, "-c", ""])
    silent.wait()
    assert silent.last_log_line() == "no output"
    silent.end()


def test_a_lock_shows_that_the_server_lives(tmp_path: Path) -> None:
    process, life = launch(tmp_path, [sys.executable, "-c", "import signal; signal.pause()"])
    assert not life.acquire()
    process.end()
    assert life.acquire()
    life.release()


def test_a_survivor_gets_the_stop_signal(tmp_path: Path) -> None:
    process, life = launch(tmp_path, [sys.executable, "-c", "import signal; signal.pause()"])
    assert end_survivor(life, signal.SIGTERM)
    assert process.wait() == -signal.SIGTERM
    process.end()


def test_a_program_that_cannot_be_run_is_refused_and_leaves_the_lock_free(tmp_path: Path) -> None:
    with pytest.raises(DevelopmentError, match="cannot be run"):
        launch(tmp_path, [str(tmp_path / "missing")])
    assert FileLock(tmp_path / "life.lock").acquire()


def test_a_lock_that_a_fork_holds_for_a_moment_is_waited_for(tmp_path: Path) -> None:
    inherited = FileLock(tmp_path / "life.lock")
    assert inherited.acquire()
    threading.Timer(0.1, inherited.release).start()
    process, _ = launch(tmp_path, [sys.executable, "-c", ""])
    assert process.wait() == 0
    process.end()
