"""Every kind of link of an account, good for an hour."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from tortoise.models import Model

from contract_server.accounts import models
from contract_server.clock import DatabaseClock

COLUMNS: dict[str, dict[str, Any]] = {
    "PasswordResetToken": {"token_hash": "p"},
    "EnrolmentLink": {"token_hash": "e"},
    "AddressChange": {"new_email": "chosen@example.jp", "old_token_hash": "o", "new_token_hash": "n"},
}


def link_models() -> dict[str, type[Model]]:
    """The models of rows that belong to an account and expire; a session is no link."""
    classes = [
        each
        for each in vars(models).values()
        if isinstance(each, type) and issubclass(each, Model) and each is not Model
    ]
    expiring = [each for each in classes if "expires_at" in str(each.describe()["data_fields"])]
    return {each.__name__: each for each in expiring if each is not models.Session}


async def make_links(account_id: UUID) -> None:
    """Give the account the links that it has not yet."""
    expires_at = await DatabaseClock().now() + timedelta(hours=1)
    for name in link_models().keys() - await links_left(account_id):
        await link_models()[name].create(account_id=account_id, expires_at=expires_at, **COLUMNS[name])
    assert await links_left(account_id) == COLUMNS.keys()


async def links_left(account_id: UUID) -> set[str]:
    """The kinds of links that the account still has."""
    return {name for name, model in link_models().items() if await model.filter(account_id=account_id).exists()}
