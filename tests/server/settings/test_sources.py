import os
from contextlib import AbstractContextManager
from pathlib import Path
from unittest.mock import patch

import pytest

from contract_server.settings import Settings, SettingsError
from contract_server.settings.sources import FilesSource, Origin, misspelt, origin_of


def variables(**values: str) -> AbstractContextManager[object]:
    """An environment with these variables alone."""
    return patch.dict(os.environ, values, clear=True)


def test_a_variable_a_file_and_the_default_are_named() -> None:
    with variables(LOG_LEVEL="DEBUG", Smtp_Url_File="/run/smtp", PUBLIC_URL=""):
        names = ("log_level", "smtp_url", "public_url", "mail_dir")
        assert [str(origin_of(name)) for name in names] == [
            "LOG_LEVEL",
            "Smtp_Url_File (/run/smtp)",
            "default",
            "default",
        ]
        assert origin_of("smtp_url") == Origin("Smtp_Url_File", Path("/run/smtp"))


def test_a_variable_and_a_file_for_one_setting_are_ambiguous() -> None:
    with variables(SECRET_KEY="x", SECRET_KEY_FILE="/run/key"), pytest.raises(SettingsError, match="both set"):
        origin_of("secret_key")


def test_a_file_is_read_without_its_last_line_break(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(" a secret \r\n", encoding="utf-8")
    with variables(SECRET_KEY_FILE=str(tmp_path / "key")):
        assert FilesSource(Settings)() == {"secret_key": " a secret "}


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_is_no_text_is_named_and_not_quoted(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "key").write_bytes(content)
    environment = variables(SECRET_KEY_FILE=str(tmp_path / "key"))
    with environment, pytest.raises(SettingsError, match=r"SECRET_KEY_FILE: .* cannot be read as text"):
        FilesSource(Settings)()


def test_only_a_variable_that_resembles_an_unset_setting_is_misspelt() -> None:
    with variables(LOG_LEVLE="x", SMTP_URI_FILE="/a", MAILDIR="/var/mail", EDITOR="vi"):
        assert misspelt(Settings) == [("LOG_LEVLE", "LOG_LEVEL"), ("SMTP_URI_FILE", "SMTP_URL_FILE")]
    with variables(LOG_LEVLE="x", LOG_LEVEL="INFO"):
        assert misspelt(Settings) == []
