import pytest
from pydantic import ValidationError

from contract_server.settings import DEVELOPMENT_SECRET_KEY, Settings

LONG_ENOUGH = "0123456789abcdef0123456789abcdef"


def settings(**given: str) -> Settings:
    ours = {"public_url": "https://keiyaku.example.jp", "mail_sender": "no-reply@example.jp"}
    return Settings.model_validate({"database_url": "postgresql://127.0.0.1/x", **ours, **given})


@pytest.mark.parametrize("given", [{}, {"secret_key": DEVELOPMENT_SECRET_KEY}, {"secret_key": LONG_ENOUGH[1:]}])
def test_production_does_not_start_without_a_secret_of_its_own(given: dict[str, str]) -> None:
    with pytest.raises(ValidationError) as refusal:
        settings(environment="production", **given)
    assert [error["loc"] for error in refusal.value.errors()] == [("secret_key",)]


def test_production_starts_with_a_secret_and_development_without() -> None:
    assert settings(environment="production", secret_key=LONG_ENOUGH).secret_key.get_secret_value() == LONG_ENOUGH
    assert settings(environment="development").secret_key.get_secret_value() == DEVELOPMENT_SECRET_KEY


def test_no_secret_shows_in_the_settings_words() -> None:
    assert LONG_ENOUGH not in repr(settings(environment="production", secret_key=LONG_ENOUGH))


def test_nobody_is_trusted_to_forward_unless_named() -> None:
    assert settings(environment="development").trusted_proxies == ()
    named = settings(environment="development", trusted_proxies="10.0.0.0/8, 192.0.2.1").trusted_proxies
    assert [str(network) for network in named] == ["10.0.0.0/8", "192.0.2.1/32"]
    with pytest.raises(ValidationError):
        settings(environment="development", trusted_proxies="everybody")
