"""One environment at a time uses a folder, and its removal leaves other files alone."""

from functools import partial
from pathlib import Path

import pytest

from contract_server.development.data_directory import DataDirectory
from contract_server.development.errors import DevelopmentError


def test_a_folder_in_use_is_refused_with_the_url_of_its_environment(tmp_path: Path) -> None:
    folder, refused = (
        DataDirectory(tmp_path),
        partial(pytest.raises, DevelopmentError, match=r"http://127\.0\.0\.1:80$"),
    )
    with folder.locked("http://127.0.0.1:80"):
        with refused(), folder.locked("http://127.0.0.1:81"):
            pass
        with refused():
            folder.remove()
    with folder.locked(""):
        pass


def test_a_path_that_cannot_be_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DevelopmentError, match="cannot be used"), DataDirectory(tmp_path / "file").locked(""):
        pass


def test_removal_deletes_the_environments_files_only(tmp_path: Path) -> None:
    folder = DataDirectory(tmp_path / "folder")
    for path in (folder.mails, folder.ledger, folder.logs):
        path.mkdir(parents=True)
        (path / "content").touch()
    (folder.path / "notes.txt").touch()
    folder.remove()
    assert [path.name for path in folder.path.iterdir()] == ["notes.txt"]
    (folder.path / "notes.txt").unlink()
    folder.remove()
    assert not folder.path.exists()
