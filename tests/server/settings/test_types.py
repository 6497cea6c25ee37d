from typing import Any

import pytest
from pydantic import SecretStr, TypeAdapter, ValidationError

from contract_server.settings import types

SECRET = "vErY-hidden"


@pytest.mark.parametrize(
    ("kind", "fits", "does_not_fit"),
    [
        (types.PostgresUrl, "postgresql:///db?host=/run/postgresql", f"postgresql://u:{SECRET}@h"),
        (types.PostgresUrl, "postgresql://u:p,w@h:5432,[::1]:5433/db", f"postgresql://u:{SECRET}@h:5432,h:port/db"),
        (types.PostgresUrl, f"postgres://u:{SECRET}@h/db", f"mysql://u:{SECRET}@h/db"),
        (types.RedisUrl, "rediss://h:1/2", f"redis://u:{SECRET}@h/name"),
        (types.SmtpUrl, "smtps://h", f"smtp://u:{SECRET}@"),
        (types.WebUrl, "https://h/?q=1#top", "javascript:alert(1)"),
        (types.BaseUrl, "https://h/path", f"https://u:{SECRET}@h"),
        (types.MailAddress, "a@example.jp", "a@example.jp, b@example.jp"),
        (types.SenderName, "x" * 100, "a\nb"),
        (types.SenderName, "おまかせログイン", "   "),
        (types.MailDomain, "example.jp", "a b"),
        (types.Origins, ("https://h:8443", "http://[::1]"), ("https://h/path",)),
    ],
)
def test_a_value_of_another_kind_is_refused_and_never_quoted(kind: Any, fits: object, does_not_fit: object) -> None:  # noqa: ANN401 - a type
    adapter = TypeAdapter[object](kind)
    adapter.validate_python(fits)
    with pytest.raises(ValidationError) as refusal:
        adapter.validate_python(does_not_fit)
    assert SECRET not in refusal.value.errors()[0]["msg"]


def test_links_are_joined_to_a_base_without_a_slash_at_its_end() -> None:
    assert TypeAdapter(types.BaseUrl).validate_python("https://h/path/") == "https://h/path"


@pytest.mark.parametrize("url", ["http://h.example", "https://localhost", "https://a.localhost", "https://127.0.0.2"])
def test_what_other_machines_cannot_reach_safely_is_not_public(url: str) -> None:
    assert not types.is_public(url)


@pytest.mark.parametrize(
    ("secret", "shown"),
    [
        (SECRET, "***"),
        (f"https://[{SECRET}", "***"),
        (f'[billing]\nurl = "https://example.jp/"\nsecret = "{SECRET}"', "***"),
        (f"smtp://u:{SECRET}@h:25", "smtp://u:***@h:25"),
        (f"redis://:{SECRET}@h/1?password={SECRET}", "redis://:***@h/1?***"),
        ("redis://h/1", "redis://h/1"),
    ],
)
def test_a_secret_is_shown_without_its_password(secret: str, shown: str) -> None:
    assert types.without_password(SecretStr(secret)) == shown
