"""Ariadne on its own ASGI application, with asyncpg: one joined read for the home query, transactions for changes."""

import hashlib
import json
import os
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from ariadne import MutationType, QueryType, ScalarType, UnionType, load_schema_from_path, make_executable_schema  # type: ignore[import-not-found]
from ariadne.asgi import GraphQL  # type: ignore[import-not-found]
from tests.bench.peers.common import BODY, SUBJECT, ZONE, dates, now

HOME = (Path(__file__).parent / "home.sql").read_text()
APPLY = """
    INSERT INTO termination_application (id, contract_id, number, reason, requested_at, requested_on, policy_version,
        service_end_last_day, service_end_at, resumption_last_day, resumption_at, erasure_last_day, erasure_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
"""
MAIL = """
    INSERT INTO outbox_mail (contract_id, kind, message_id, dated_at, recipient, subject, body, state, attempts,
        next_attempt_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, 'PENDING', 0, $4)
"""

query = QueryType()
mutation = MutationType()
day = ScalarType("Date", serializer=lambda value: value.isoformat())
instant = ScalarType("DateTime", serializer=lambda value: value.astimezone(ZONE).isoformat())
results = [
    UnionType(name, lambda value, *_: value["__typename"])
    for name in ("TerminateContractResult", "ResumeContractResult")
]


@query.field("viewer")  # type: ignore[untyped-decorator]
async def viewer(_: object, info: Any) -> dict[str, Any] | None:  # noqa: ANN401 - Ariadne ships no type for it
    row = await _pool.fetchrow(HOME, _token_hash(info))
    if row is None:
        return None
    applied = row["requested_at"] is not None
    contract = {
        "id": row["id"],
        "version": row["version"],
        "company": {
            "name": row["company"],
            "address": row["address"],
            "postalCode": row["postal_code"],
            "phoneNumber": row["phone_number"],
        },
        "contractor": {"name": row["name"], "email": row["email"]},
        "status": row["status"],
        "startedOn": row["started_on"],
        "endedOn": row["service_end_last_day"],
        "serviceAvailable": not applied or row["now"] < row["service_end_at"],
        "termination": {"requestedAt": row["requested_at"], "timeline": _timeline(row)} if applied else None,
    }
    return {"name": row["name"], "contract": contract}


@mutation.field("terminateContract")  # type: ignore[untyped-decorator]
async def terminate(_: object, info: Any, input: dict[str, Any]) -> dict[str, Any]:  # noqa: A002, ANN401 - as the API names it
    async def change(connection: asyncpg.Connection, account: Any, contract: Any) -> dict[str, Any]:  # noqa: ANN401 - records
        if contract["status"] != "ACTIVE":
            return _refused("ALREADY_TERMINATED")
        at, application = now(), uuid4()
        columns = dates(at)
        number = contract["applications"] + 1
        await connection.execute(APPLY, application, contract["id"], number, input["reason"], *columns.values())
        await connection.execute(
            "UPDATE contract SET version = version + 1, status = 'TERMINATED', applications = applications + 1,"
            " service_end_due_at = $2, erasure_due_at = $3 WHERE id = $1",
            *(contract["id"], columns["service_end_at"], columns["erasure_at"]),
        )
        await _record(connection, account, contract, application, "TERMINATION_REQUESTED", at, input["idempotencyKey"])
        found = {
            "version": contract["version"] + 1,
            "status": "TERMINATED",
            "endedOn": columns["service_end_last_day"],
            "serviceAvailable": True,
            "termination": {"requestedAt": at, "timeline": _timeline(columns)},
        }
        return {"__typename": "ContractTerminated", "contract": found}

    return await _in_transaction(info, input, change)


@mutation.field("resumeContract")  # type: ignore[untyped-decorator]
async def resume(_: object, info: Any, input: dict[str, Any]) -> dict[str, Any]:  # noqa: A002, ANN401 - as above
    async def change(connection: asyncpg.Connection, account: Any, contract: Any) -> dict[str, Any]:  # noqa: ANN401 - records
        applied = await connection.fetchrow(
            "SELECT id, resumption_at FROM termination_application WHERE contract_id = $1 AND withdrawn_at IS NULL",
            contract["id"],
        )
        at = now()
        if applied is None or at >= applied["resumption_at"]:
            return _refused("NOT_TERMINATED")
        await connection.execute(
            "UPDATE termination_application SET withdrawn_at = $2 WHERE id = $1", applied["id"], at
        )
        await connection.execute(
            "UPDATE contract SET version = version + 1, status = 'ACTIVE', service_end_due_at = NULL,"
            " erasure_due_at = NULL WHERE id = $1",
            contract["id"],
        )
        await _record(connection, account, contract, applied["id"], "RESUMED", at, input["idempotencyKey"])
        found = {"version": contract["version"] + 1, "status": "ACTIVE", "endedOn": None, "serviceAvailable": True}
        return {"__typename": "ContractResumed", "contract": found}

    return await _in_transaction(info, input, change)


async def _in_transaction(
    info: Any,  # noqa: ANN401 - as above
    asked: dict[str, Any],
    change: Callable[[asyncpg.Connection, Any, Any], Awaitable[dict[str, Any]]],
) -> dict[str, Any]:
    async with _pool.acquire() as connection, connection.transaction():
        account = await connection.fetchrow(
            "SELECT account.id, account.email, account.contract_id FROM session"
            " JOIN account ON account.id = session.account_id"
            " WHERE token_hash = $1 AND expires_at > clock_timestamp()",
            _token_hash(info),
        )
        if account is None or account["contract_id"] != UUID(asked["contractId"]):
            return _refused("CONTRACT_NOT_FOUND")
        contract = await connection.fetchrow("SELECT * FROM contract WHERE id = $1 FOR UPDATE", account["contract_id"])
        known = await connection.fetchrow(
            "SELECT FROM idempotent_answer WHERE account_id = $1 AND key = $2", account["id"], asked["idempotencyKey"]
        )
        return _refused("KNOWN") if known else await change(connection, account, contract)


async def _record(  # noqa: PLR0917 - one row each
    connection: asyncpg.Connection,
    account: Any,  # noqa: ANN401 - a record
    contract: Any,  # noqa: ANN401 - a record
    application: UUID,
    kind: str,
    at: datetime,
    key: str,
) -> None:
    event = uuid4()
    await connection.execute(
        "INSERT INTO contract_event (id, contract_id, at, type, actor, application_id)"
        " VALUES ($1, $2, $3, $4, 'CONTRACTOR', $5)",
        *(event, contract["id"], at, kind, application),
    )
    message_id = f"<{event}@omakase-login.example>"
    await connection.execute(MAIL, contract["id"], kind.lower(), message_id, at, account["email"], SUBJECT, BODY)
    await connection.execute(
        "INSERT INTO idempotent_answer (account_id, key, input_hash, answer) VALUES ($1, $2, $3, $4)",
        account["id"],
        key,
        hashlib.sha256(f"{kind}{contract['id']}".encode()).digest(),
        json.dumps({"version": contract["version"] + 1}),
    )


def _token_hash(info: Any) -> str:  # noqa: ANN401 - as above
    token = info.context["request"].headers["authorization"].removeprefix("Bearer ")
    return hashlib.sha256(token.encode()).hexdigest()


def _timeline(row: Any) -> dict[str, Any]:  # noqa: ANN401 - a record, or its columns
    return {
        name: {"lastDay": row[f"{column}_last_day"], "at": row[f"{column}_at"]}
        for name, column in (("serviceEnd", "service_end"), ("resumption", "resumption"), ("erasure", "erasure"))
    }


def _refused(code: str) -> dict[str, Any]:
    return {"__typename": "ActionRefused", "code": code, "message": ""}


schema = make_executable_schema(
    load_schema_from_path(str(Path(__file__).parent / "schema.graphql")), query, mutation, day, instant, *results
)
_graphql = GraphQL(schema)


async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI's own
    """Ariadne, with the pool opened before it."""
    global _pool  # noqa: PLW0603 - one a process
    if scope["type"] == "lifespan":
        await receive()
        _pool = await asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=10, max_size=10)
        await send({"type": "lifespan.startup.complete"})
    else:
        await _graphql(scope, receive, send)


_pool: Any = None
