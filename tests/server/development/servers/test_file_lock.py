import os
import subprocess
import sys
from pathlib import Path

import pytest

from contract_server.development.servers.file_lock import FileLock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lock"


def test_lock_has_one_holder_at_a_time(path: Path) -> None:
    first, second = FileLock(path), FileLock(path)
    assert first.acquire()
    assert not second.acquire()
    first.release()
    assert second.acquire()
    second.release()


def test_child_that_was_given_the_lock_holds_it_until_it_ends(path: Path) -> None:
    ours, theirs = FileLock(path), FileLock(path)
    ours.acquire()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=(ours.fileno(),)) as child:
        ours.release()
        assert not theirs.acquire()
        child.kill()
    assert theirs.acquire()
    theirs.release()


def test_holder_leaves_a_note_for_others(path: Path) -> None:
    holder, other = FileLock(path), FileLock(path)
    assert other.read_note() == ""
    holder.acquire()
    holder.write_note("a long note")
    holder.write_note("short")
    assert other.read_note() == "short"
    holder.release()


def test_lock_is_not_given_away_by_accident(path: Path) -> None:
    lock = FileLock(path)
    with pytest.raises(ValueError, match="not held"):
        lock.fileno()
    lock.acquire()
    assert not os.get_inheritable(lock.fileno())
    lock.release()
