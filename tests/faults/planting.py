"""Planting a canary in every column of a contract that erasure is about, as the classification and the database say."""

from random import Random

import asyncpg
from tests.faults.canary import Canary

from contract_server.erasure.classification import TABLES, OnErasure

_TYPES = """
SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public'
"""
_AS_THE_COLUMN_WANTS_IT = {
    "character varying": "$2::text",
    "text": "$2::text",
    "jsonb": "jsonb_build_object('said', $2::text)",
}
"""A canary in each type that can hold a word. A personal column of another type fails, and is to be thought about."""


_OF_ACCOUNTS = {
    "address_change": "(id, account_id, new_email, expires_at) SELECT gen_random_uuid(), id, '', now() + '1 year'",
    "enrolment_link": "(id, account_id, token_hash, expires_at) SELECT gen_random_uuid(), id, id, now() + '1 year'",
    "erasure_hold": "(id, contract_id, reason, placed_at, released_at, release_reason)"
    " SELECT gen_random_uuid(), contract_id, '', now(), now(), ''",
    "passkey": "(id, account_id, credential_id, public_key, sign_count, created_at)"
    " SELECT gen_random_uuid(), id, id, '', 0, now()",
    "recovery_code": "(id, account_id, code_hash) SELECT gen_random_uuid(), id, id",
    "registration_request": "(service_id, contract_id, key, input_hash, version, differences)"
    " SELECT '018f0000-0000-7000-8000-00000000000a', contract_id, id, '', 1, '{}'",
}
"""Rows that a contractor seldom or never has, and an erasure takes all the same."""


_SERVICE = """
    INSERT INTO service_account (id, name, scopes, created_at)
    VALUES ('018f0000-0000-7000-8000-00000000000a', 'canaries', 'registrations', now()) ON CONFLICT DO NOTHING
"""


def columns_of_people() -> list[tuple[str, str]]:
    """Every column from which erasure takes something."""
    return [
        (name, column)
        for name, table in TABLES.items()
        if table.on_erasure is not OnErasure.KEEP
        for column in sorted(table.emptied or table.personal)
    ]


def canaries(dice: Random) -> dict[tuple[str, str], Canary]:
    """A canary for each of them."""
    return {(table, column): Canary.thrown(table, column, dice) for table, column in columns_of_people()}


async def plant(connection: asyncpg.Connection, contract_id: str, flock: dict[tuple[str, str], Canary]) -> None:
    """Write a contract's canaries into its rows: each into one, because some values must be the only ones.

    Raises:
        AssertionError: There is a table in which the contract has no row, so that nothing could be planted.
    """
    types = {(row["table_name"], row["column_name"]): row["data_type"] for row in await connection.fetch(_TYPES)}
    await connection.execute("SET session_replication_role = replica")  # what is append-only is written all the same
    await connection.execute(_SERVICE)
    for name, row in _OF_ACCOUNTS.items():
        await connection.execute(
            f"INSERT INTO {name} {row} FROM account WHERE contract_id = $1 ON CONFLICT DO NOTHING",
            contract_id,
        )
    for (name, column), canary in flock.items():
        value = _AS_THE_COLUMN_WANTS_IT[types[name, column]]
        rows = await connection.fetch(
            f"UPDATE {name} SET {column} = {value} WHERE ctid = (SELECT ctid FROM {name} WHERE {TABLES[name].belongs}"  # noqa: S608 - our own names
            " ORDER BY ctid LIMIT 1) RETURNING 1",
            contract_id,
            canary.text,
        )
        assert rows, f"the contract has nothing in {name}"
    await connection.execute("RESET session_replication_role")
