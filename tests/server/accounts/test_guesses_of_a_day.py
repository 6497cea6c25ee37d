"""A day of guessing at the accounts of fifty users whose addresses are known, by an attacker with a /32 of IPv6."""

import asyncio
import random
import re
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from ipaddress import IPv6Address, IPv6Network

import pytest
from tests.server.accounts.counting import PASSWORD, CountedLogIns, count_log_ins, guess

from contract_server.accounts.login import MailedLinkRequired
from contract_server.accounts.models import Account, Role
from contract_server.db.statements import execute
from contract_server.mail.models import OutboxMail
from contract_server.services import Services

ATTACKER = IPv6Network("2001:db8::/32")
MOST_GUESSES_A_DAY = 100  # NIST SP 800-63B
STEP = timedelta(hours=6)
NEW_PASSWORD = "chosen after the link arrived"


@pytest.fixture
async def users(services: Services) -> AsyncIterator[list[Account]]:
    """Fifty accounts, each with a hash of its own."""
    counted = await count_log_ins(services)
    accounts = [
        Account(role=Role.OPERATOR, name="n", email=f"{n}@known.jp", password_hash=counted.algorithm.hash(PASSWORD))
        for n in range(50)
    ]
    await Account.bulk_create(accounts)
    yield accounts
    await execute("TRUNCATE session, password_reset_token")
    await Account.filter(email__endswith="@known.jp").delete()


async def test_every_user_gets_in_and_no_account_is_guessed_more_than_a_hundred_times(
    services: Services, users: list[Account]
) -> None:
    counted = await count_log_ins(services)
    cookies = [services.devices.remember(None, user.email) if n % 2 else None for n, user in enumerate(users)]
    await attack(counted, users, 27)
    ways = await asyncio.gather(*(get_in(services, counted, n, users[n].email, cookies[n]) for n in range(50)))
    for _ in range(timedelta(days=1) // STEP):
        await move_clock(STEP)
        await attack(counted, users, 2)
    guesses = Counter(counted.algorithm.compared_with)
    assert Counter(ways) == {"password": 25, "mailed link": 25}
    assert 25 <= max(guesses[user.password_hash] for user in users) <= MOST_GUESSES_A_DAY


async def attack(counted: CountedLogIns, users: list[Account], times: int) -> None:
    """Guess at every account, each time from another address."""
    for user in users:
        for _ in range(times):
            bits = random.getrandbits(128 - ATTACKER.prefixlen)
            address = IPv6Address(int(ATTACKER.network_address) + bits)
            assert await guess(counted, 1, user.email, str(address)) != ["let in"]


async def get_in(services: Services, counted: CountedLogIns, number: int, email: str, cookie: str | None) -> str:
    """Log in, by the mailed link where that is asked for, and return the way."""
    address = f"203.0.113.{number}"
    try:
        await counted.log_ins.log_in(email, PASSWORD, client_address=address, device_cookie=cookie)
    except MailedLinkRequired:
        await services.password_resets.request(email, client_address=address)
        mail = await OutboxMail.get(recipient=email)
        (token,) = re.findall(r"https?://\S+/password/new#(\S+)", mail.body)
        cookie = services.devices.remember(cookie, await services.password_resets.reset(token, NEW_PASSWORD))
        await counted.log_ins.log_in(email, NEW_PASSWORD, client_address=address, device_cookie=cookie)
        return "mailed link"
    return "password"


async def move_clock(step: timedelta) -> None:
    await execute("UPDATE attempt_count SET began_at = began_at - $1::interval, ends_at = ends_at - $1::interval", step)
