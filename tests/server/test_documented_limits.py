"""The limits on the security page are the defaults."""

import inspect
import re
from base64 import urlsafe_b64decode
from datetime import timedelta
from pathlib import Path

from pydantic import SecretStr

from contract_server.accounts import fair_queue, password_reset
from contract_server.accounts.login import DELAY_S
from contract_server.accounts.passwords import rules
from contract_server.accounts.passwords.hasher import PasswordHasher
from contract_server.accounts.rate_limit import LONGEST_WAIT
from contract_server.accounts.second_factor import enrolment, recovery_codes
from contract_server.accounts.second_factor.policy import RECENT
from contract_server.accounts.source_limits import FACTORS
from contract_server.accounts.tokens import new_token
from contract_server.connections.body_limit import LARGEST_BODY
from contract_server.connections.http_protocol import HEAD_TIMEOUT_S
from contract_server.contracts.idempotency import KEPT_FOR, MOST_KEYS
from contract_server.documents.export_budget import EXPORTS
from contract_server.erasure import receipts
from contract_server.graphql.execution import query_cost
from contract_server.graphql.http.large_requests import LARGEST_REGISTRATION
from contract_server.headers import LONGEST_HEADER, LONGEST_HEADERS, LONGEST_URL, MOST_HEADERS
from contract_server.integration.outgoing_http import TIMEOUT_S
from contract_server.integration.service_accounts import VALID_FOR
from contract_server.mail.password_mails import LINK_SPACING
from contract_server.request_limits import IN_FLIGHT, QUEUED
from contract_server.settings import EnvironmentName, Settings

PAGE = (Path(__file__).parents[2] / "packages" / "server" / "docs" / "security.md").read_text(encoding="utf-8")
NUMBERS = {1: "one", 2: "two", 10: "ten"}


def documented() -> dict[str, str]:
    """The table of limits on the page: what is limited, and to how much."""
    table = PAGE.partition("\n## Limits\n")[2].partition("\n## ")[0]
    return dict(re.findall(r"^\| (.+?) \| (.+?) \|$", table, re.MULTILINE))


def minutes(time: timedelta) -> str:
    return f"{time / timedelta(minutes=1):g} minutes"


def hours(time: timedelta) -> str:
    return f"{time / timedelta(hours=1):g} hours"


async def test_every_documented_limit_is_the_default() -> None:
    settings = Settings(
        environment=EnvironmentName.DEVELOPMENT, database_url=SecretStr("postgresql://nobody@127.0.0.1/nothing")
    )
    hasher, pool = PasswordHasher(), inspect.signature(PasswordHasher).parameters
    memory, rounds = re.findall(r"(?:m|t)=(\d+)", (await hasher.hash("any")).split("$")[3])
    hasher.close()
    bits = len(urlsafe_b64decode(f"{new_token()}=")) * 8
    window = minutes(settings.log_in_window)
    wider = [settings.log_in_failures_per_source * factor for factor in FACTORS[1:]]
    links = [settings.password_resets_per_source * factor for factor in FACTORS]
    limits = {
        "failed log-ins for one account from one source or known device": (
            f"{settings.log_in_failures_per_account} in {window},"
            f" then a wait that grows to {minutes(LONGEST_WAIT)} at most"
        ),
        "failed log-ins for one account, of all unknown devices or of one known device": (
            f"{settings.log_in_failures_of_unknown_devices} in a day"
        ),
        "failed log-ins from one source": (
            f"{settings.log_in_failures_per_source} in {window} for a /64 or an IPv4 address, {wider[0]} for a /56,"
            f" {wider[1]} for a /48"
        ),
        "failed log-ins of all unknown devices together": (
            f"{settings.log_in_failures_of_all:,} in {window},"
            f" then each log-in of one is delayed by {DELAY_S:g} seconds"
        ),
        "mails with a link to a new password": (
            f"{settings.password_resets_per_account} to one address from one source or known device,"
            f" {links[0]} from one source (/56: {links[1]}, /48: {links[2]}), in {minutes(password_reset.LIMIT_WINDOW)}"
        ),
        "mails with a link that more sources ask for": (
            f"{minutes(LINK_SPACING)} apart after the first {settings.password_resets_per_account}"
        ),
        "a link to a new password": f"{minutes(password_reset.VALID_FOR)}, once",
        "second factor of operators": (
            f"a passkey of this site, or one of {NUMBERS[recovery_codes.CODES]} codes of {recovery_codes.BITS} bits;"
            f" every challenge is good for one try; again after {minutes(RECENT)} for what reaches far"
        ),
        "links to register a passkey, and to confirm an address": f"{hours(enrolment.VALID_FOR)}, once",
        "new passwords": f"{rules.SHORTEST_PASSWORD} to {rules.LONGEST_PASSWORD} characters",
        "passwords": (
            f"argon2id ({int(memory) // 1024} MiB, {rounds} rounds), {NUMBERS[pool['threads'].default]} at a time"
        ),
        "log-ins at the same time": (
            f"{fair_queue.AT_A_TIME}, and {fair_queue.LONGEST_LINE} waiting:"
            f" {fair_queue.SHARE} for one account, {fair_queue.SHARE} from one source"
        ),
        "sessions": (
            f"{bits}-bit tokens, kept as hashes; {hours(settings.session_idle_limit)} idle,"
            f" {hours(settings.session_absolute_limit)} at most"
        ),
        "one request": (
            f"{LARGEST_BODY // 1024} KiB, {settings.request_deadline.total_seconds():g} seconds,"
            f" {query_cost.TOKENS:,} tokens, depth {query_cost.DEPTH}, {query_cost.ALIASES} aliases,"
            f" {query_cost.FIELDS:,} fields, {query_cost.DIRECTIVES} directives, 1 root mutation"
        ),
        "the JSON of one request, variables and all": (
            f"{query_cost.VALUES} members and items together, {query_cost.VALUE_DEPTH} levels of them"
        ),
        "one request of a service with the scope `registrations`": (
            f"{LARGEST_REGISTRATION // 1024:,} KiB by its Content-Length,"
            f" {query_cost.REGISTRATION_VALUES:,} members and items"
        ),
        "address of one request": f"{LONGEST_URL // 1024} KiB",
        "headers of one request": (
            f"{LONGEST_HEADER // 1024} KiB each, {LONGEST_HEADERS // 1024} KiB and {MOST_HEADERS} lines together,"
            f" {HEAD_TIMEOUT_S:g} seconds until they are complete"
        ),
        "exports of the registered information": f"{EXPORTS} a day of one contract, {IN_FLIGHT} at once",
        "look-ups of receipt numbers": (
            f"{receipts.LOOK_UPS} in {minutes(receipts.WINDOW)} from a /64 or an IPv4 address,"
            f" {receipts.LOOK_UPS * FACTORS[1]} from a /56, {receipts.LOOK_UPS * FACTORS[2]} from a /48"
        ),
        "tokens of other services": (
            f"{bits} bits, kept as keyed hashes, in `Authorization` alone; {VALID_FOR.days} days"
        ),
        "webhooks": (
            f"https to public addresses, which are checked before the connection; no redirect; {TIMEOUT_S:g} seconds"
        ),
        "requests of one session or service, and changes of one contract": f"{IN_FLIGHT} at once, {QUEUED} waiting",
        "changes by one contractor": f"{settings.changes_per_contract_and_day} in a day of Japanese time",
        "idempotency keys of one account": f"{MOST_KEYS:,} stored, each for {hours(KEPT_FOR)}",
        "connections": (
            f"{settings.connections_per_peer} of one address, or of one /64 network;"
            f" closed after {settings.keep_alive.total_seconds():g} seconds without a request"
        ),
        "one page, all pages of one answer": f"{query_cost.PAGE} items, {query_cost.ITEMS:,} items",
    }
    table = documented()
    assert limits.keys() <= table.keys()
    assert [limit for name, limit in limits.items() if not table[name].startswith(limit)] == []
    with_numbers = {name for name, text in table.items() if re.search(r"\d", text)}
    assert with_numbers == limits.keys()
