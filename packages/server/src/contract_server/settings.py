"""What operators may set: one variable each, with its type, default, unit and meaning."""

from datetime import timedelta
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from pydantic import Field, PostgresDsn, RedisDsn, SecretStr, TypeAdapter, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class EnvironmentName(StrEnum):
    """Where the server runs. Development has a test clock, demonstration data and no TLS; production has none of it."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class SettingsError(Exception):
    """A setting is missing or wrong; the message is one line that names the variable and what is expected."""


class Settings(BaseSettings):
    """The settings, read from environment variables of the same names in capitals."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore", frozen=True)

    environment: EnvironmentName = Field(
        EnvironmentName.PRODUCTION,
        description="development or production; the test clock exists in development alone",
    )
    database_url: SecretStr = Field(description="PostgreSQL, as postgresql://user:password@host:port/database")
    database_pool_size: int = Field(10, ge=2, le=500, description="connections that one process keeps at most")
    redis_url: SecretStr = Field(
        SecretStr("redis://127.0.0.1:6379/0"), description="Redis, which carries wake-ups and nothing else"
    )
    public_url: str = Field(
        "http://127.0.0.1:8000", description="where browsers reach this server; links in mails begin with it"
    )
    smtp_url: SecretStr | None = Field(
        None, description="smtp://user:password@host:port or smtps://…; mails go out by it"
    )
    mail_dir: Path | None = Field(
        None, description="folder for mails as .eml files, instead of sending them, where SMTP_URL is not set"
    )
    mail_sender: str = Field("no-reply@omakase-login.example", description="the address that mails come from")
    mail_domain: str = Field("omakase-login.example", description="the right side of every Message-ID")
    contact_url: str = Field(
        "https://form.business.ntt-east.co.jp/?formId=pf3473inq",
        description="where a person who did not expect a mail, or cannot log in, asks for help",
    )
    session_idle_limit: timedelta = Field(
        timedelta(hours=2), description="a session ends after this long without a request"
    )
    session_absolute_limit: timedelta = Field(
        timedelta(hours=24), description="a session ends after this long in any case"
    )
    sweep_batch: int = Field(100, ge=1, le=10_000, description="contracts that one look-up of what is due returns")
    erasure_batch: int = Field(
        10_000, ge=1, le=100_000, description="members that one transaction of an erasure deletes at most"
    )
    log_level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="least level that is logged")

    @model_validator(mode="after")
    def _urls_must_be_of_their_kind(self) -> "Settings":
        for value, kind in ((self.database_url, PostgresDsn), (self.redis_url, RedisDsn)):
            TypeAdapter(kind).validate_python(value.get_secret_value())
        return self

    @property
    def development(self) -> bool:
        """Whether the test clock, the demonstration data and the development pages exist."""
        return self.environment is EnvironmentName.DEVELOPMENT

    @property
    def mail_url(self) -> str | None:
        """Where mails are delivered, as `contract_notify.delivery_from_url` reads it."""
        if self.smtp_url is not None:
            return self.smtp_url.get_secret_value()
        return self.mail_dir.absolute().as_uri() if self.mail_dir else None


@lru_cache
def load_settings() -> Settings:
    """The settings of this process.

    Raises:
        SettingsError: A variable is missing or wrong.
    """
    try:
        return Settings()  # type: ignore[call-arg]  # the values come from the environment
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = "_".join(str(part) for part in first["loc"]).upper() or "DATABASE_URL or REDIS_URL"
        raise SettingsError(f"{name}: {first['msg']}") from None
