"""The endpoints that the setting WEBHOOKS lists: read them, and bring the database up to date with them.

An endpoint that the setting names no longer is withdrawn: it gets nothing, but its deliveries and its place in the feed
stay. Named again, it gets what it missed. So nothing is lost by a slip in a file, or by a worker that was started with
former settings.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from contract_server.audit.models import AuditAction
from contract_server.audit.trail import record
from contract_server.clock import DatabaseClock
from contract_server.db.statements import lock
from contract_server.db.transaction import transaction
from contract_server.integration.feed import wait_for_numbers
from contract_server.integration.models import WebhookEndpoint
from contract_server.integration.outgoing_http import ForbiddenAddress, OutgoingHttp
from contract_server.integration.service_accounts import require_name
from contract_server.integration.signatures import require_secret
from contract_server.integration.webhooks import create_endpoint, with_new_secret
from contract_server.settings import Settings, SettingsError
from contract_server.settings.sources import origin_of

_KEYS = {"url", "secret"}


@dataclass(frozen=True, slots=True)
class ConfiguredWebhook:
    """An endpoint that the setting lists."""

    name: str
    url: str
    secret: str = field(repr=False)


class ConfiguredWebhooks:
    """The endpoints of the setting."""

    def __init__(self, settings: Settings, http: OutgoingHttp) -> None:
        """Read the setting.

        Raises:
            SettingsError: It is not of the form, or nothing may be sent to one of the URLs.
        """
        text = settings.webhooks.get_secret_value() if settings.webhooks else ""
        self._webhooks = {webhook.name: webhook for webhook in _read(text, http)}

    def __contains__(self, name: str) -> bool:
        """Whether the setting names this endpoint."""
        return name in self._webhooks

    async def find_problem(self) -> str | None:
        """Return which names other endpoints have already, or None."""
        return _conflict(await WebhookEndpoint.filter(name__in=list(self._webhooks), by_setting=False))

    async def apply(self) -> None:
        """Add, change and withdraw endpoints, so that those by setting are those that it lists.

        Several processes may do so at once: the first one writes, and the others find nothing to do.

        Raises:
            SettingsError: An endpoint that was added by command has one of the names.
        """
        await wait_for_numbers()
        async with transaction():
            await lock("webhooks")
            stored = {each.name: each for each in await WebhookEndpoint.all().select_for_update()}
            if problem := _conflict(each for name, each in stored.items() if name in self and not each.by_setting):
                raise SettingsError(problem)
            now = await DatabaseClock().now()
            for name, webhook in self._webhooks.items():
                if endpoint := stored.get(name):
                    await _update(endpoint, webhook)
                else:
                    await create_endpoint(name, webhook.url, webhook.secret, by_setting=True)
            for name, endpoint in stored.items():
                if endpoint.by_setting and not endpoint.withdrawn_at and name not in self:
                    await _withdraw(endpoint, now)


async def _update(endpoint: WebhookEndpoint, webhook: ConfiguredWebhook) -> None:
    """Store what differs. Another URL has not answered 410 yet, so the endpoint is enabled."""
    if endpoint.withdrawn_at or endpoint.url != webhook.url:
        endpoint.url, endpoint.withdrawn_at, endpoint.disabled_at = webhook.url, None, None
        await record(AuditAction.WEBHOOK_CHANGED, about_id=endpoint.id, subject=endpoint.name)
    if endpoint.secrets.split()[0] != webhook.secret:
        endpoint.secrets = with_new_secret(endpoint, webhook.secret)
        await record(AuditAction.WEBHOOK_ROTATED, about_id=endpoint.id, subject=endpoint.name)
    await endpoint.save(update_fields=["url", "secrets", "withdrawn_at", "disabled_at"])


async def _withdraw(endpoint: WebhookEndpoint, now: datetime) -> None:
    endpoint.withdrawn_at, endpoint.disabled_at = now, endpoint.disabled_at or now
    await endpoint.save(update_fields=["withdrawn_at", "disabled_at"])
    await record(AuditAction.WEBHOOK_WITHDRAWN, about_id=endpoint.id, subject=endpoint.name)


def _conflict(by_command: Iterable[WebhookEndpoint]) -> str | None:
    names = ", ".join(sorted(endpoint.name for endpoint in by_command))
    return names and (
        f"{_variable()}: `webhooks add` has added endpoints of the same name ({names});"
        " remove these by `webhooks remove`, or choose other names"
    )


def _read(text: str, http: OutgoingHttp) -> list[ConfiguredWebhook]:
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{_variable()}: expected TOML, with a table for each endpoint: {error}") from None
    return [_read_one(name, table, http) for name, table in tables.items()]


def _read_one(name: str, table: object, http: OutgoingHttp) -> ConfiguredWebhook:
    place = f"{_variable()}: {name:.40}"
    if not isinstance(table, Mapping) or table.keys() != _KEYS or not all(isinstance(table[key], str) for key in _KEYS):
        raise SettingsError(f"{place}: expected a table with the texts url and secret, and nothing else")
    try:
        require_name(name)
        http.require(table["url"])
        require_secret(table["secret"])
    except (ValueError, ForbiddenAddress) as error:
        raise SettingsError(f"{place}: {error}") from None
    return ConfiguredWebhook(name, table["url"], table["secret"])


def _variable() -> str:
    return origin_of("webhooks").variable or "WEBHOOKS"
