"""What operators may set: one variable each, with its type, default, unit and meaning."""

import re
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from pydantic import (
    Field,
    IPvAnyNetwork,
    PostgresDsn,
    RedisDsn,
    SecretStr,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

DEVELOPMENT_SECRET_KEY = "known to everybody: for development alone"  # noqa: S105 - and it says so

_ORIGIN = re.compile(r"https?://[a-z0-9.\-]+(:\d{1,5})?|https?://\[[0-9a-f:]+\](:\d{1,5})?")


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
    request_deadline: timedelta = Field(
        timedelta(seconds=10), gt=timedelta(), description="how long one request may take before it is given up"
    )
    introspection: bool | None = Field(
        None,
        description="whether the schema can be asked for, and mistakes in queries are answered with suggestions;"
        " where not set, in development alone",
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="origins of other sites whose pages may use this API, as https://host, separated by commas"
    )
    secret_key: SecretStr = Field(
        SecretStr(DEVELOPMENT_SECRET_KEY),
        min_length=32,
        validate_default=True,
        description="at least 32 random characters; hides whom the counts of failed log-ins are about",
    )
    trusted_proxies: Annotated[tuple[IPvAnyNetwork, ...], NoDecode] = Field(
        (),
        description="addresses or networks, with commas, whose X-Forwarded-For is believed; nobody's when empty",
    )
    log_in_failures_per_account: int = Field(
        10, ge=1, description="failed log-ins that one source has for one account in a window; then it waits"
    )
    log_in_failures_per_source: int = Field(
        50, ge=1, description="failed log-ins that one source has in a window, whatever the accounts; then it waits"
    )
    log_in_failures_of_all: int = Field(
        1_000, ge=1, description="failed log-ins that all sources together have in a window; then all wait for its end"
    )
    log_in_window: timedelta = Field(
        timedelta(minutes=5), gt=timedelta(), description="how long failed log-ins are counted together"
    )
    password_resets_per_account: int = Field(
        3, ge=1, description="mails with a link to a new password that one address gets in a quarter of an hour"
    )
    password_resets_per_source: int = Field(
        20, ge=1, description="such mails that one source can ask for in a quarter of an hour"
    )
    sweep_batch: int = Field(100, ge=1, le=10_000, description="contracts that one look-up of what is due returns")
    erasure_batch: int = Field(
        10_000, ge=1, le=100_000, description="members that one transaction of an erasure deletes at most"
    )
    log_level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="least level that is logged")

    @field_validator("secret_key")
    @classmethod
    def _must_be_secret_in_production(cls, given: SecretStr, info: ValidationInfo) -> SecretStr:
        in_production = info.data.get("environment") is EnvironmentName.PRODUCTION
        if in_production and given.get_secret_value() == DEVELOPMENT_SECRET_KEY:
            raise ValueError("set it to 32 random characters or more, such as `openssl rand -base64 32` writes")
        return given

    @model_validator(mode="after")
    def _urls_must_be_of_their_kind(self) -> "Settings":
        for value, kind in ((self.database_url, PostgresDsn), (self.redis_url, RedisDsn)):
            TypeAdapter(kind).validate_python(value.get_secret_value())
        return self

    @field_validator("cors_origins", "trusted_proxies", mode="before")
    @classmethod
    def _separated_by_commas(cls, value: object) -> object:
        return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value

    @field_validator("cors_origins")
    @classmethod
    def _origins_are_named(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        for origin in origins:
            if not _ORIGIN.fullmatch(origin):
                raise ValueError("origins are written as https://host or https://host:port, without a path")
        return origins

    @property
    def development(self) -> bool:
        """Whether the test clock, the demonstration data and the development pages exist."""
        return self.environment is EnvironmentName.DEVELOPMENT

    @property
    def shows_schema(self) -> bool:
        """Whether strangers can ask which fields exist."""
        return self.development if self.introspection is None else self.introspection

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
        return Settings()
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = str(first["loc"][0]) if first["loc"] else "database_url or redis_url"
        meaning = Settings.model_fields[name].description if name in Settings.model_fields else "an address of its kind"
        raise SettingsError(f"{name.upper()}: {first['msg'].removeprefix('Value error, ')} ({meaning})") from None
