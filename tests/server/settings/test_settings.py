import base64
import secrets

import pytest
from pydantic import ValidationError

from contract_server.settings import DEVELOPMENT_SECRET_KEY, Settings
from contract_server.settings.types import is_guessable

LONG_ENOUGH = "8fd2b07c9e4a51d36c0fa7e2b95813d4"


def settings(**given: str) -> Settings:
    ours = {"public_url": "https://keiyaku.example.jp", "mail_sender": "no-reply@example.jp"}
    return Settings.model_validate({"database_url": "postgresql://127.0.0.1/x", **ours, **given})


WEAK = (
    DEVELOPMENT_SECRET_KEY,
    LONG_ENOUGH[1:],
    "k" * 40,
    "omakase-" * 5,
    "1234567890" * 4,
    "0123456789abcdef" * 2,
    "abcdefghijklmnopqrstuvwxyz0123456789",
    "please-change-me-8fd2b07c9e4a51d36c0f",
    "a very secret key that has 32 characters",
)


@pytest.mark.parametrize("given", [{}, *({"secret_key": key} for key in WEAK)])
def test_production_does_not_start_without_a_secret_of_its_own(given: dict[str, str]) -> None:
    with pytest.raises(ValidationError) as refusal:
        settings(environment="production", **given)
    assert [error["loc"] for error in refusal.value.errors()] == [("secret_key",)]


def test_production_starts_with_a_secret_and_development_without() -> None:
    assert settings(environment="production", secret_key=LONG_ENOUGH).secret_key.get_secret_value() == LONG_ENOUGH
    assert settings(environment="development").secret_key.get_secret_value() == DEVELOPMENT_SECRET_KEY


@pytest.mark.parametrize("length", [16, 32])
def test_no_key_of_a_generator_is_weak(length: int) -> None:
    for _ in range(1_000):
        assert not is_guessable(secrets.token_hex(length))
        assert not is_guessable(base64.b64encode(secrets.token_bytes(length * 2)).decode())


def test_development_starts_with_a_weak_secret() -> None:
    assert settings(environment="development", secret_key="k" * 32)


@pytest.mark.parametrize("proxies", ["0.0.0.0/0", "::/0", "10.0.0.1, 0.0.0.0/0", "0.0.0.0/1, 128.0.0.0/1", "2000::/3"])
def test_production_does_not_trust_the_whole_internet(proxies: str) -> None:
    with pytest.raises(ValidationError, match="expected the addresses of your proxies"):
        settings(environment="production", secret_key=LONG_ENOUGH, trusted_proxies=proxies)
    assert settings(environment="development", trusted_proxies=proxies)


@pytest.mark.parametrize("proxies", ["10.0.0.0/8", "fc00::/7", "127.0.0.1", "104.16.0.0/13, 2400:cb00::/32"])
def test_production_trusts_the_networks_of_proxies(proxies: str) -> None:
    assert settings(environment="production", secret_key=LONG_ENOUGH, trusted_proxies=proxies)


@pytest.mark.parametrize("origins", ["http://partner.example", "https://a.example, http://b.example", "https://[::1]"])
def test_production_gives_sessions_to_no_page_without_tls(origins: str) -> None:
    with pytest.raises(ValidationError, match="expected https:// origins"):
        settings(environment="production", secret_key=LONG_ENOUGH, cors_origins=origins)
    assert settings(environment="development", cors_origins=origins)


def test_no_secret_shows_in_the_settings_words() -> None:
    assert LONG_ENOUGH not in repr(settings(environment="production", secret_key=LONG_ENOUGH))


def test_nobody_is_trusted_to_forward_unless_named() -> None:
    assert settings(environment="development").trusted_proxies == ()
    named = settings(environment="development", trusted_proxies="10.0.0.0/8, 192.0.2.1").trusted_proxies
    assert [str(network) for network in named] == ["10.0.0.0/8", "192.0.2.1/32"]
    with pytest.raises(ValidationError):
        settings(environment="development", trusted_proxies="everybody")
