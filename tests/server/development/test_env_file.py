"""The file of a running environment: private, complete, and removed at the end."""

import stat
from pathlib import Path

import pytest

from contract_server.development.env_file import published_variables


def test_variables_are_in_a_private_file_during_the_block(tmp_path: Path) -> None:
    file = tmp_path / "dev.env"
    with published_variables(file, {"BASE_URL": "http://127.0.0.1:8000", "EMPTY": ""}):
        assert file.read_text() == "BASE_URL=http://127.0.0.1:8000\nEMPTY=\n"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert list(tmp_path.iterdir()) == [file]
    assert not file.exists()


def test_the_file_is_removed_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(KeyError), published_variables(tmp_path / "dev.env", {}):
        raise KeyError
    assert list(tmp_path.iterdir()) == []
