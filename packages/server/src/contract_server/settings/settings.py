"""The settings: one environment variable each, with type, default, unit and meaning."""

from datetime import timedelta
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, IPvAnyNetwork, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from contract_rules import complete
from contract_server.settings.durations import Duration
from contract_server.settings.sources import FilesSource, SettingsError, misspelt, origin_of
from contract_server.settings.types import (
    BaseUrl,
    HeaderNames,
    MailAddress,
    MailDomain,
    Origins,
    PostgresUrl,
    RedisUrl,
    SecurityContact,
    SenderName,
    SmtpUrl,
    WebUrl,
    is_guessable,
    is_public,
    is_too_wide,
)
from contract_server.tracing import is_installed

__all__ = ["DEVELOPMENT_SECRET_KEY", "EnvironmentName", "Settings", "SettingsError", "load_settings"]

DEVELOPMENT_SECRET_KEY = "known to everybody: for development alone"  # noqa: S105 - refused in production
SHORTEST_SECRET_KEY = 32
RESERVED_DOMAINS = (".example", ".invalid", ".test", ".localhost")
"""Domains that cannot be registered (RFC 2606)."""


class EnvironmentName(StrEnum):
    """Where the server runs. Only development has a test clock and demonstration data, and no TLS."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


_IS_PRODUCTION = complete(
    "_IS_PRODUCTION", EnvironmentName, {EnvironmentName.DEVELOPMENT: False, EnvironmentName.PRODUCTION: True}
)


class SecondFactor(StrEnum):
    """Whether operators need a second factor."""

    REQUIRED = "required"
    OPTIONAL = "optional"


_IS_REQUIRED = complete("_IS_REQUIRED", SecondFactor, {SecondFactor.REQUIRED: True, SecondFactor.OPTIONAL: False})


def _in_production(info: ValidationInfo) -> bool:
    """Whether the environment is production; False if that setting itself was refused."""
    name = info.data.get("environment")
    return name is not None and _IS_PRODUCTION[name]


class Settings(BaseSettings):
    """The settings, read from variables of the same names in capitals, or from files: `NAME_FILE`."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore", frozen=True)

    environment: EnvironmentName = Field(
        EnvironmentName.PRODUCTION,
        description="development or production; the test clock exists in development alone",
    )
    database_url: PostgresUrl = Field(description="PostgreSQL, as postgresql://user:password@host:port/database")
    database_direct_url: PostgresUrl | None = Field(
        None,
        description="PostgreSQL itself, where DATABASE_URL leads to a pooler, as PgBouncer is; for migrations, imports,"
        " and the worker's wake-ups",
    )
    database_pool_size: int = Field(
        10, ge=2, le=500, description="connections that one process keeps at most, beside a worker's for wake-ups"
    )
    redis_url: RedisUrl = Field(
        SecretStr("redis://127.0.0.1:6379/0"), description="Redis, which carries the worker's ticks and nothing else"
    )
    public_url: BaseUrl = Field(
        "http://127.0.0.1:8000",
        validate_default=True,
        description="where browsers reach this server; links in mails begin with it",
    )
    smtp_url: SmtpUrl | None = Field(
        None, description="smtp://user:password@host:port or smtps://…; mails go out by it"
    )
    mail_dir: Path | None = Field(
        None, description="development alone: folder for mails as .eml files, where SMTP_URL is not set"
    )
    mail_sender: MailAddress = Field(
        "no-reply@omakase-login.example", validate_default=True, description="the address that mails come from"
    )
    mail_sender_name: SenderName = Field("おまかせログイン", description="the name beside that address")
    mail_connections: int = Field(
        8, ge=1, le=50, description="mails that one worker hands over at the same time, each on a connection of its own"
    )
    mail_receipt: bool = Field(
        False, description="whether the mail that accepts a termination carries a receipt and a calendar of the dates"
    )
    mail_domain: MailDomain = Field("omakase-login.example", description="the right side of every Message-ID")
    contact_url: WebUrl = Field(
        "https://form.business.ntt-east.co.jp/?formId=pf3473inq",
        description="where a person who did not expect a mail, or cannot log in, asks for help",
    )
    security_contact: SecurityContact | None = Field(
        None,
        description="where weaknesses are reported, as mailto:address or https://…; /.well-known/security.txt names it;"
        " where not set, CONTACT_URL",
    )
    reminders: bool = Field(
        False, description="whether mails remind of what is about to end: resuming, the service, the registered data"
    )
    operator_second_factor: SecondFactor | None = Field(
        None,
        description="required or optional: whether operators need a passkey to log in, and again for what reaches far;"
        " where not set, required in production. An operator who has registered one needs it in any case",
    )
    session_idle_limit: Duration = Field(
        timedelta(hours=2), gt=timedelta(), description="a session ends after this long without a request"
    )
    session_absolute_limit: Duration = Field(
        timedelta(hours=24), gt=timedelta(), description="a session ends after this long in any case"
    )
    request_deadline: Duration = Field(
        timedelta(seconds=10), gt=timedelta(), description="how long one request may take before it is given up"
    )
    keep_alive: Duration = Field(
        timedelta(seconds=75),
        gt=timedelta(),
        description="how long an idle connection stays open for the next request; longer than a proxy keeps it",
    )
    connections_per_peer: int = Field(
        256, ge=1, description="connections that one address has open at most; those of TRUSTED_PROXIES have no limit"
    )
    introspection: bool | None = Field(
        None,
        description="whether the schema can be asked for, and mistakes in queries are answered with suggestions;"
        " where not set, in development alone",
    )
    compiled_operations: bool = Field(
        True,
        description="whether operations are compiled to functions before they run; where false, graphql-core executes"
        " all of them, which takes longer",
    )
    cors_origins: Annotated[Origins, NoDecode] = Field(
        (), description="origins of other sites whose pages may use this API, as https://host, separated by commas"
    )
    cors_headers: Annotated[HeaderNames, NoDecode] = Field(
        (),
        description="headers that these pages may send beside those of usual clients, traceparent and"
        " apollo-require-preflight among them, as X-Team, separated by commas",
    )
    secret_key: SecretStr = Field(
        SecretStr(DEVELOPMENT_SECRET_KEY),
        validate_default=True,
        description="at least 32 random characters; hides whom the counts of failed log-ins are about, signs the"
        " cookies of known devices, and hashes the tokens of other services",
    )
    trusted_proxies: Annotated[tuple[IPvAnyNetwork, ...], NoDecode] = Field(
        (),
        description="addresses or networks, with commas, whose X-Forwarded-For is believed; none when empty",
    )
    webhook_networks: Annotated[tuple[IPvAnyNetwork, ...], NoDecode] = Field(
        (),
        description="private addresses or networks, with commas, to which webhooks may be sent; none when empty",
    )
    webhooks: SecretStr | None = Field(
        None,
        description="endpoints of webhooks in TOML, best in a file: a table [name] for each, with url and secret; where"
        " not set, those of `webhooks add` alone",
    )
    log_in_failures_per_account: int = Field(
        10, ge=1, description="failed log-ins that one source has for one account in a window; then it waits"
    )
    log_in_failures_per_source: int = Field(
        50, ge=1, description="failed log-ins that one source has in a window, whatever the accounts; then it waits"
    )
    log_in_failures_of_unknown_devices: int = Field(
        25,
        ge=1,
        description="failed log-ins that an account has in a day from devices that never logged in to it; then these"
        " need the link in a mail",
    )
    log_in_failures_of_all: int = Field(
        1_000,
        ge=1,
        description="failed log-ins that all unknown devices together have in a window; then each of them is delayed",
    )
    log_in_window: Duration = Field(
        timedelta(minutes=5), gt=timedelta(), description="how long failed log-ins are counted together"
    )
    password_resets_per_account: int = Field(
        3,
        ge=1,
        description="mails with a link to a new password that one source or known device can ask for, for one address,"
        " in a quarter of an hour; links that more sources ask for are mailed some minutes apart",
    )
    password_resets_per_source: int = Field(
        20, ge=1, description="such mails that one source can ask for in a quarter of an hour, for any address"
    )
    changes_per_contract_and_day: int = Field(
        20,
        ge=1,
        description="times that a contractor may end and resume the contract in a day; operators have no limit",
    )
    audit_retention: Duration = Field(
        timedelta(days=731),
        ge=timedelta(days=30),
        description="how long entries of the audit trail are kept; changes of contracts stay in their history",
    )
    sweep_batch: int = Field(500, ge=1, le=10_000, description="contracts that one look-up of what is due returns")
    erasure_batch: int = Field(
        50_000, ge=1, le=100_000, description="members that one transaction of an erasure deletes at most"
    )
    erasure_breaker_contracts: int = Field(
        50, ge=0, description="contracts due for erasure at once that need no approval, however few there are in all"
    )
    erasure_breaker_percent: float = Field(
        5,
        ge=0,
        le=100,
        description="share of those not erased, in per cent, that needs no approval, where that is more",
    )
    erasure_four_eyes: bool | None = Field(
        None,
        description="whether erasures that wait for approval are approved by another operator than the one who asked;"
        " where not set, in production alone",
    )
    ledger_dir: Path | None = Field(
        None,
        description="folder, on another disk than the database, where every erasure is written down before it begins;"
        " a restored backup is brought up to date from it",
    )
    policy_dir: Path | None = Field(
        None, description="folder with every version of the policy as .toml files; where not set, those shipped"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="least level that is logged")
    tracing: bool = Field(
        False,
        description="whether traces are exported, to where the variables OTEL_EXPORTER_OTLP_… of OpenTelemetry say",
    )
    metrics_port: int | None = Field(
        None,
        ge=1,
        le=65_535,
        description="where Prometheus finds /metrics of this process; a port for each, none when it is not set",
    )
    metrics_host: str = Field("127.0.0.1", description="address to listen on there; not one that the world reaches")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - named as pydantic passes them
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as above
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read only variables, and files that variables name."""
        return init_settings, env_settings, FilesSource(settings_cls)

    @field_validator("tracing")
    @classmethod
    def _must_be_installed(cls, value: bool) -> bool:
        if value and not is_installed():
            raise ValueError("expected contract-server[otel] to be installed")
        return value

    @field_validator("secret_key")
    @classmethod
    def _must_be_secret_in_production(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        key = value.get_secret_value()
        is_weak = _in_production(info) and (key == DEVELOPMENT_SECRET_KEY or is_guessable(key))
        if is_weak or len(key) < SHORTEST_SECRET_KEY:
            raise ValueError("expected 32 random characters or more, such as `openssl rand -base64 32` writes")
        return value

    @field_validator("public_url")
    @classmethod
    def _must_be_public_in_production(cls, value: str, info: ValidationInfo) -> str:
        if _in_production(info) and not is_public(value):
            raise ValueError("expected https:// and a name that browsers elsewhere know, because this is production")
        return value

    @field_validator("mail_sender")
    @classmethod
    def _must_exist_in_production(cls, value: str, info: ValidationInfo) -> str:
        if _in_production(info) and value.endswith(RESERVED_DOMAINS):
            raise ValueError("expected an address of your own, because this is production: mail servers refuse others")
        return value

    @field_validator("mail_dir")
    @classmethod
    def _must_send_mails_in_production(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if value is not None and _in_production(info):
            raise ValueError("expected SMTP_URL instead, because this is production: no erasure reaches such files")
        return value

    @field_validator("cors_origins")
    @classmethod
    def _must_use_tls_in_production(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if _in_production(info) and not all(map(is_public, value)):
            raise ValueError("expected https:// origins, because this is production: sessions are sent to their pages")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _must_name_proxies_in_production(
        cls, value: tuple[IPvAnyNetwork, ...], info: ValidationInfo
    ) -> tuple[IPvAnyNetwork, ...]:
        if _in_production(info) and any(map(is_too_wide, value)):
            raise ValueError(
                "expected the addresses of your proxies, because this is production: others lie in the header"
            )
        return value

    @field_validator("cors_origins", "cors_headers", "trusted_proxies", "webhook_networks", mode="before")
    @classmethod
    def _separated_by_commas(cls, value: object) -> object:
        return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value

    @property
    def development(self) -> bool:
        """Whether the test clock, demonstration data and development pages exist."""
        return not _IS_PRODUCTION[self.environment]

    @property
    def requires_second_factor(self) -> bool:
        """Whether operators without a passkey open nothing."""
        chosen = self.operator_second_factor
        return not self.development if chosen is None else _IS_REQUIRED[chosen]

    @property
    def shows_schema(self) -> bool:
        """Whether introspection is open to every client."""
        return self.development if self.introspection is None else self.introspection

    @property
    def needs_second_person(self) -> bool:
        """Whether another operator than the one who asked approves erasures."""
        return not self.development if self.erasure_four_eyes is None else self.erasure_four_eyes

    @property
    def mail_url(self) -> str | None:
        """The URL to deliver mails to, for `contract_notify.delivery_from_url`."""
        if self.smtp_url is not None:
            return self.smtp_url.get_secret_value()
        return self.mail_dir.absolute().as_uri() if self.mail_dir else None


@lru_cache
def load_settings() -> Settings:
    """Load the settings of this process.

    Raises:
        SettingsError: A variable is missing or wrong.
    """
    try:
        return Settings()
    except ValidationError as error:
        raise _refusal(error) from None


def load_worker_settings() -> Settings:
    """Load the settings of a process that erases, which needs a ledger.

    Raises:
        SettingsError: A variable is missing or wrong.
    """
    settings = load_settings()
    if settings.ledger_dir is None and not settings.development:
        raise SettingsError(
            "LEDGER_DIR: not set; expected a folder on another disk than the database, for what is to be erased again"
            " when a backup is restored"
        )
    return settings


def _refusal(error: ValidationError) -> SettingsError:
    """Describe the first error in one line: the variable, its value, and what is expected."""
    first = error.errors(include_url=False)[0]
    setting = str(first["loc"][0])
    field = Settings.model_fields[setting]
    origin = origin_of(setting)
    if origin.variable is None:
        problem = "not set"
    else:
        value = ", ".join(first["input"]) if isinstance(first["input"], tuple) else first["input"]
        problem = "its value, not shown here," if _holds_secret(field.annotation) else f"{value!r:.100}"
        problem += " does not fit"
    expected = first["msg"].removeprefix("Value error, ").replace("Input should be", "expected")
    if first["type"] == "missing":
        similar = [variable for variable, meant in misspelt(Settings) if meant == setting.upper()]
        expected = f"{similar[0]} is, and may be a slip" if similar else "expected a value"
    return SettingsError(f"{origin.variable or setting.upper()}: {problem}; {expected} ({field.description})")


def _holds_secret(annotation: Any) -> bool:  # noqa: ANN401 - any annotation
    """Whether settings of that type must not be shown."""
    return annotation is SecretStr or any(_holds_secret(part) for part in get_args(annotation))
