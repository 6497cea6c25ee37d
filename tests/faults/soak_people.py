"""The contracts of a soak: some that people work with, and some whose dates fall into it."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

import asyncpg

_BORN = """
WITH contract AS (
    INSERT INTO contract (id, version, status, started_on, applications) VALUES ($1, 1, 'ACTIVE', current_date, 0)
), event AS (
    INSERT INTO contract_event (id, contract_id, at, type, actor)
    VALUES (gen_random_uuid(), $1, clock_timestamp(), 'STARTED', 'CONTRACTOR')
), company AS (
    INSERT INTO company (contract_id, name, address, postal_code, phone_number) VALUES ($1, 'n', 'a', '1', '2')
), member AS (
    INSERT INTO member (id, contract_id, name, email)
    SELECT gen_random_uuid(), $1, 'member', 'member@example.jp' FROM generate_series(1, 5)
), account AS (
    INSERT INTO account (id, role, name, email, password_hash, contract_id)
    VALUES ($1, 'CONTRACTOR', 'contractor', $1::text || '@example.jp', '', $1)
)
INSERT INTO session (id, token_hash, account_id, created_at, last_used_at, expires_at)
VALUES (gen_random_uuid(), $2, $1, now(), now(), now() + interval '1 day')
"""
_APPLIED = """
WITH dates AS (
    SELECT (service_end AT TIME ZONE 'Asia/Tokyo')::date - 1 AS service_end_last_day,
           (erasure AT TIME ZONE 'Asia/Tokyo')::date - 1 AS erasure_last_day, service_end, erasure
      FROM (SELECT date_trunc('day', $2::timestamptz, 'Asia/Tokyo') AS service_end,
                   date_trunc('day', $3::timestamptz, 'Asia/Tokyo') AS erasure) AS day_ends
), contract AS (
    UPDATE contract SET version = 2, status = 'TERMINATED', applications = 1, erasure_due_at = $3,
                        service_end_due_at = CASE WHEN $2 > clock_timestamp() THEN $2 END
     WHERE id = $1
)
INSERT INTO termination_application (id, contract_id, number, requested_at, requested_on, policy_version,
    service_end_last_day, service_end_at, resumption_last_day, resumption_at, erasure_last_day, erasure_at,
    service_ended_at)
SELECT gen_random_uuid(), $1, 1, service_end_last_day - 14, service_end_last_day - 14, '1.0',
       service_end_last_day, service_end, service_end_last_day, service_end, erasure_last_day, erasure,
       CASE WHEN $2 <= clock_timestamp() THEN service_end END
  FROM dates
"""
"""The deadlines are the last midnights in Tokyo before the actions fall due, at which they are already allowed."""
BETWEEN_THE_DATES = timedelta(days=31)


@dataclass(frozen=True)
class Person:
    """A contractor who is logged in."""

    contract_id: str
    token: str


@dataclass(frozen=True)
class Scheduled:
    """A contract with an action that falls due during the soak."""

    contract_id: str
    due_at: datetime


async def is_born(connection: asyncpg.Connection) -> Person:
    """A new contract, whose contractor is logged in."""
    person = Person(str(uuid4()), str(uuid4()))
    await connection.execute(_BORN, person.contract_id, hashlib.sha256(person.token.encode()).hexdigest())
    return person


async def whose_service_ends(connection: asyncpg.Connection, after: timedelta) -> Scheduled:
    """A contract whose service ends after that time from now."""
    now = await connection.fetchval("SELECT clock_timestamp()")
    return await _applied(connection, now + after, now + after + BETWEEN_THE_DATES, now + after)


async def whose_erasure_is_due(connection: asyncpg.Connection, after: timedelta) -> Scheduled:
    """A contract whose erasure falls due after that time from now."""
    now = await connection.fetchval("SELECT clock_timestamp()")
    return await _applied(connection, now + after - BETWEEN_THE_DATES, now + after, now + after)


async def _applied(
    connection: asyncpg.Connection, service_end: datetime, erasure: datetime, due_at: datetime
) -> Scheduled:
    person = await is_born(connection)
    await connection.execute(_APPLIED, person.contract_id, service_end, erasure)
    return Scheduled(person.contract_id, due_at)
