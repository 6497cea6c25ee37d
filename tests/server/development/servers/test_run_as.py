"""The current user works in its own folders only."""

import os
import stat
from pathlib import Path

import pytest

from contract_server.development.errors import DevelopmentError
from contract_server.development.servers.run_as import CurrentUser


def test_a_folder_is_private_and_can_be_removed(tmp_path: Path) -> None:
    user, folder = CurrentUser(), tmp_path / "folder"
    user.make_folder(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert user.identity == {}
    user.remove_folder(folder)
    user.remove_folder(folder)
    assert not folder.exists()


def test_a_folder_of_another_user_is_not_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    another = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: another)
    with pytest.raises(DevelopmentError, match="belongs to another user"):
        CurrentUser().remove_folder(tmp_path)
    assert tmp_path.exists()
