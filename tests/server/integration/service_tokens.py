"""Tokens of services, written into the database of a running environment."""

import secrets
from datetime import timedelta
from uuid import uuid4

import asyncpg
from tests.server.running import Running

from contract_server.accounts.tokens import keyed_hash, new_token
from contract_server.integration.models import Scope
from contract_server.integration.service_accounts import PREFIX
from contract_server.settings.settings import DEVELOPMENT_SECRET_KEY


async def open_service(service: Running, *scopes: Scope, good_for: timedelta = timedelta(hours=1)) -> str:
    """Add a service as `services add` would."""
    token, name = PREFIX + new_token(), f"s-{secrets.token_hex(8)}"
    connection = await asyncpg.connect(service.database_url)
    try:
        await connection.execute(
            "WITH added AS (INSERT INTO service_account (id, name, scopes, created_at) VALUES ($1, $2, $3, now())"
            " RETURNING id) INSERT INTO service_token (id, token_hash, service_id, created_at, expires_at)"
            " SELECT $1, $4, id, now(), now() + $5::interval FROM added",
            uuid4(),
            name,
            " ".join(scopes),
            keyed_hash(DEVELOPMENT_SECRET_KEY.encode(), "service token", token),
            good_for,
        )
    finally:
        await connection.close()
    return token
