"""Server programs are found in wheels, without importing these."""

import os
import sys
from importlib.machinery import PathFinder

import pytest

from contract_server.development.errors import DevelopmentError
from contract_server.development.servers.wheels import POSTGRES_WHEEL, find_postgres, find_redis


def test_installed_programs_are_found_and_no_wheel_is_imported() -> None:
    for program in (find_postgres() / "bin/postgres", find_postgres() / "bin/initdb", find_redis()):
        assert os.access(program, os.X_OK)
    assert POSTGRES_WHEEL not in sys.modules


def test_a_missing_wheel_is_named_with_the_setting_to_use_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PathFinder, "find_spec", lambda *_: None)
    for find, setting in ((find_postgres, "DATABASE_URL"), (find_redis, "REDIS_URL")):
        with pytest.raises(DevelopmentError, match=rf"pip install .*{setting}"):
            find()
