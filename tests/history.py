"""A database with the history of years, written by a few statements: most contracts run, a fifth is erased."""

from datetime import datetime

import asyncpg

from contract_server.policies.policies import served_policies

_STATEMENTS = (
    # one in ten is terminated, one in five erased; each day of the last forty has its share of terminations
    """
    INSERT INTO contract (id, version, status, started_on, applications, service_end_due_at, erasure_due_at, erased_at)
    SELECT uuidv7(), 1 + (number % 10 < 3)::int,
           (ARRAY['ERASED', 'ERASED', 'TERMINATED'])[number % 10 + 1], date '2015-04-01' + number % 3000, 1,
           CASE WHEN number % 10 = 2 AND number % 40 < 14 THEN $2 + (14 - number % 40) * interval '1 day' END,
           CASE WHEN number % 10 = 2 THEN $2 + (45 - number % 40) * interval '1 day' END,
           CASE WHEN number % 10 < 2 THEN $2 - number % 1000 * interval '1 day' END
      FROM generate_series(1, $1::int) AS number WHERE number % 10 < 3
    """,
    """
    INSERT INTO contract (id, version, status, started_on, applications)
    SELECT uuidv7(), 1, 'ACTIVE', date '2015-04-01' + number % 4000, 0
      FROM generate_series(1, $1::int) AS number WHERE number % 10 >= 3
    """,
    """
    INSERT INTO termination_application (id, contract_id, number, requested_at, requested_on, policy_version,
        service_end_last_day, service_end_at, resumption_last_day, resumption_at, erasure_last_day, erasure_at,
        service_ended_at)
    SELECT uuidv7(), id, 1, requested_on + interval '9 hours', requested_on, '1.0',
           requested_on + 14, due_at - interval '31 days', requested_on + 14, due_at - interval '31 days',
           requested_on + 45, due_at, CASE WHEN service_end_due_at IS NULL THEN due_at - interval '31 days' END
      FROM contract, coalesce(erasure_due_at, erased_at) AS due_at,
           LATERAL (SELECT (due_at AT TIME ZONE 'Asia/Tokyo')::date - 46 AS requested_on) AS requested
     WHERE status <> 'ACTIVE'
    """,
    """
    INSERT INTO erasure_record (contract_id, application_id, policy_version, due_at, started_at, finished_at,
        erased_rows, rows_left, code_version, batches, ledger_file, evidence_file, schema_version, sequence,
        previous_hash, hash)
    SELECT contract.id, application.id, '1.0', erased_at, erased_at, erased_at, '{}', '{}', '1.0', 1, 'a.jsonl',
           'b.jsonl', 'schema', place, md5((place - 1)::text), md5(place::text)
      FROM (SELECT *, row_number() OVER (ORDER BY erased_at) AS place FROM contract WHERE status = 'ERASED') AS contract
      JOIN termination_application AS application ON application.contract_id = contract.id
    """,
    """
    INSERT INTO service_account (id, name, scopes, created_at)
    VALUES ('018f0000-0000-7000-8000-00000000000b', 'backups', 'erasures', $2)
    """,
    # each erasure has yet to be confirmed, or leaves something for a while; none of it is overdue
    """
    INSERT INTO awaited_confirmation (contract_id, service_id, since, retained_until)
    SELECT contract_id, '018f0000-0000-7000-8000-00000000000b', $2,
           CASE WHEN sequence % 2 = 0 THEN $2 + interval '1 year' END
      FROM erasure_record
    """,
    """
    INSERT INTO company (contract_id, name, address, postal_code, phone_number)
    SELECT id, '株式会社あおぞら', '東京都千代田区丸の内一丁目1番1号', '100-0005', '03-0000-0001'
      FROM contract WHERE status <> 'ERASED'
    """,
    """
    INSERT INTO account (id, role, name, email, password_hash, contract_id)
    SELECT uuidv7(), 'CONTRACTOR', '青木 春子', id || '@example.jp', '', id FROM contract WHERE status <> 'ERASED'
    """,
    # the last hundred have no place in the feed yet
    """
    INSERT INTO contract_event (id, contract_id, at, type, actor, version, position)
    SELECT uuidv7(), id, $2 - interval '400 days', 'STARTED', 'CONTRACTOR', 1,
           CASE WHEN place <= $1::int - 100 THEN place END
      FROM (SELECT id, row_number() OVER (ORDER BY id) AS place FROM contract) AS contract
    """,
    """
    INSERT INTO outbox_mail (contract_id, kind, message_id, dated_at, recipient, subject, body, state, attempts,
        next_attempt_at, sent_at)
    SELECT contract_id, 'resumption_accepted', '<' || contract_id || '@example.jp>', $2, email, '件名', '本文',
           'SENT', 1, $2, $2 FROM account
    """,
    """
    INSERT INTO session (id, token_hash, account_id, created_at, last_used_at, expires_at)
    SELECT uuidv7(), md5(id::text), id, $2, $2, $2 + interval '24 hours' FROM account LIMIT $1::int / 5
    """,
    """
    INSERT INTO idempotent_answer (account_id, key, input_hash, answer)
    SELECT id, 'the first', '', '{}' FROM account LIMIT $1::int / 6
    """,
    """
    INSERT INTO password_reset_token (id, token_hash, account_id, expires_at)
    SELECT uuidv7(), md5(id::text), id, $2 + interval '30 minutes' FROM account LIMIT $1::int / 10
    """,
    """
    INSERT INTO attempt_count (key, tries, full_windows, began_at, ends_at)
    SELECT md5(number::text), 1, 0, $2, $2 + interval '5 minutes' FROM generate_series(1, $1::int / 10) AS number
    """,
    # failures of applications that were withdrawn since
    """
    INSERT INTO due_failure (contract_id, act, due_at, tries, failure, next_try_at)
    SELECT contract_id, 'ERASE', $2 - interval '1 year', 1, 'RaiseError', $2 FROM account LIMIT $1::int / 10
    """,
    """
    INSERT INTO member (id, contract_id, name, email)
    SELECT uuidv7(), id, '会員 花子' || number, 'kaiin' || number || '@example.jp'
      FROM contract, generate_series(1, $3::int) AS number WHERE status <> 'ERASED'
    """,
)


async def record_terms() -> None:
    """Record the terms of the applications, as a process does when it starts."""
    policies = served_policies()
    await policies.record_all(list(policies.registry))


async def fill(connection: asyncpg.Connection, contracts: int, members_of_each: int) -> None:
    """Fill a migrated, empty database. The evidence has the right links and not the right hashes."""
    midnight = await connection.fetchval("SELECT date_trunc('day', clock_timestamp(), 'Asia/Tokyo')")
    async with connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = replica")  # checks of references take most time
        for statement in _STATEMENTS:
            await connection.execute(_with_values(statement, contracts, midnight, members_of_each), timeout=3_600)
    await connection.execute("VACUUM (ANALYZE)", timeout=3_600)


def _with_values(statement: str, contracts: int, midnight: datetime, members_of_each: int) -> str:
    """Write the values into the statement: not each of them has all three."""
    values = {"$1": str(contracts), "$2": f"timestamptz '{midnight.isoformat()}'", "$3": str(members_of_each)}
    for name, value in values.items():
        statement = statement.replace(name, value)
    return statement
