"""Running as an unprivileged user needs that user, and a place that it can reach."""

import pwd
from pathlib import Path

import pytest

from contract_server.development.errors import DevelopmentError
from contract_server.development.servers import unprivileged_user
from contract_server.development.servers.unprivileged_user import UnprivilegedUser


def test_a_system_without_that_user_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> pwd.struct_passwd:
        raise KeyError(name)

    monkeypatch.setattr(pwd, "getpwnam", missing)
    with pytest.raises(DevelopmentError, match="run this as another user"):
        UnprivilegedUser()


@pytest.mark.parametrize("mode", [0o700, 0o766])
def test_a_place_that_other_users_cannot_enter_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int
) -> None:
    tmp_path.chmod(mode)
    monkeypatch.setattr(unprivileged_user, "_PLACES", (tmp_path, tmp_path / "missing"))
    with pytest.raises(DevelopmentError, match="no folder was found"):
        UnprivilegedUser()
