"""The database's roles, and what each of them may do: only the owner of the tables may do everything.

The owner migrates. A server cannot erase a contract, change evidence or create
tables; it removes members whom another service removes. A worker cannot add accounts, nor change
the terms of a policy. A reader sees no password, token or text of a mail.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum

from contract_server.db.statements import execute, fetch
from contract_server.db.transaction import transaction


class DatabaseRole(StrEnum):
    """A role, by its name in the database."""

    SERVER = "contract_server"
    WORKER = "contract_worker"
    READER = "contract_reader"


class RolesMissing(Exception):
    """Some roles do not exist."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(", ".join(names))
        self.names = names


_WRITES: Mapping[str, tuple[str, str]] = {
    # table: what a server and a worker may do beside reading
    "account": ("UPDATE", "UPDATE, DELETE"),
    "address_change": ("UPDATE, DELETE", "DELETE"),
    "attempt_count": ("INSERT, UPDATE, DELETE", "UPDATE, DELETE"),
    "audit_entry": ("INSERT", "INSERT, UPDATE, DELETE"),
    "audit_seal": ("", "INSERT"),
    "awaited_confirmation": ("INSERT, UPDATE, DELETE", "INSERT, UPDATE"),
    "company": ("UPDATE", "UPDATE, DELETE"),
    "contract": ("UPDATE", "UPDATE"),
    "contract_event": ("INSERT, UPDATE (position)", "INSERT, UPDATE"),
    "enrolment_link": ("UPDATE, DELETE", "DELETE"),
    "due_failure": ("DELETE", "INSERT, UPDATE, DELETE"),
    "erasure_approval": ("INSERT, UPDATE", "UPDATE"),
    "erasure_approval_request": ("INSERT, UPDATE", "UPDATE"),
    "erasure_confirmation": ("INSERT", ""),
    "erasure_hold": ("INSERT, UPDATE", "UPDATE"),
    "erasure_record": ("", "INSERT, UPDATE"),
    "erasure_stop": ("", "INSERT, UPDATE, DELETE"),
    "idempotent_answer": ("INSERT", "DELETE"),
    "member": ("INSERT, UPDATE, DELETE", "DELETE"),
    "outbox_mail": ("INSERT, UPDATE, DELETE", "INSERT, UPDATE, DELETE"),
    "passkey": ("INSERT, UPDATE, DELETE", "DELETE"),
    "password_reset_token": ("INSERT, DELETE", "DELETE"),
    "policy_terms": ("INSERT", "INSERT"),
    "recovery_code": ("INSERT, DELETE", "DELETE"),
    "registration_request": ("INSERT", "DELETE"),
    "session": ("INSERT, UPDATE, DELETE", "DELETE"),
    "service_account": ("", ""),
    "service_token": ("UPDATE", ""),
    "webhook_delivery": ("", "INSERT, UPDATE, DELETE"),
    "webhook_endpoint": ("", "INSERT, UPDATE"),
    "sweep_run": ("", "INSERT, UPDATE"),
    "termination_application": ("INSERT, UPDATE", "UPDATE"),
    "test_clock": ("", ""),
    "tortoise_migrations": ("", ""),
}
SECRETS: Mapping[str, frozenset[str]] = {
    "account": frozenset({"password_hash"}),
    "address_change": frozenset({"old_token_hash", "new_token_hash"}),
    "attempt_count": frozenset({"key"}),
    "enrolment_link": frozenset({"token_hash", "challenge"}),
    "idempotent_answer": frozenset({"key", "answer"}),
    "outbox_mail": frozenset({"body", "attachments", "lease_token"}),
    "password_reset_token": frozenset({"token_hash"}),
    "recovery_code": frozenset({"code_hash"}),
    "registration_request": frozenset({"key"}),
    "service_token": frozenset({"token_hash"}),
    "session": frozenset({"token_hash", "challenge"}),
    "webhook_endpoint": frozenset({"secrets"}),
}
"""The columns that a reader does not see."""

_COLUMNS = """
    SELECT table_name, array_agg(column_name ORDER BY ordinal_position) AS columns
      FROM information_schema.columns WHERE table_schema = current_schema() GROUP BY table_name
"""
_KNOWN = "SELECT rolname FROM pg_roles WHERE rolname = ANY ($1)"
_SCHEMA = "SELECT quote_ident(current_schema()) AS schema"


async def grant_rights(*, development: bool) -> None:
    """Give each role its rights in this version's tables, and no others.

    In development, a server may do everything in the tables: it restores the demonstration data and moves time, which
    does the worker's work.

    Raises:
        RolesMissing: The database has no such roles.
    """
    known = {row["rolname"] for row in await fetch(_KNOWN, [*DatabaseRole])}
    if missing := [role.value for role in DatabaseRole if role not in known]:
        raise RolesMissing(missing)
    columns = {row["table_name"]: row["columns"] for row in await fetch(_COLUMNS)}
    ((schema,),) = await fetch(_SCHEMA)
    async with transaction():
        for statement in _statements(schema, columns, development=development):
            await execute(statement)


def _statements(schema: str, columns: Mapping[str, list[str]], *, development: bool) -> Iterator[str]:
    roles = ", ".join(DatabaseRole)
    yield f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {roles}"
    yield f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA {schema} FROM {roles}"
    yield f"GRANT USAGE ON SCHEMA {schema} TO {roles}"
    yield f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {DatabaseRole.SERVER}, {DatabaseRole.WORKER}"
    for table, (server, worker) in _WRITES.items():
        visible = [name for name in columns[table] if name not in SECRETS.get(table, ())]
        yield f"GRANT {_with_reading(server)} ON {table} TO {DatabaseRole.SERVER}"
        yield f"GRANT {_with_reading(worker)} ON {table} TO {DatabaseRole.WORKER}"
        yield f"GRANT SELECT ({', '.join(visible)}) ON {table} TO {DatabaseRole.READER}"
    if development:
        yield f"GRANT ALL ON ALL TABLES IN SCHEMA {schema} TO {DatabaseRole.SERVER}"


def _with_reading(writes: str) -> str:
    return f"SELECT, {writes}" if writes else "SELECT"
