"""E-mail addresses: normalizing them, and finding accounts by them."""

from contract_server.accounts.models import Account

LONGEST = 254


class EmailTaken(Exception):
    """Another account has this address."""


def normalize(email: str) -> str:
    """Remove surrounding spaces and capitals, which people type by accident."""
    return email.strip().lower()


async def find_account(email: str) -> Account | None:
    """Find the account of a normalized address. An impossible address costs the same query as an unknown one."""
    if len(email) > LONGEST or not email.isprintable():  # PostgreSQL refuses NUL and lone surrogates
        return await Account.filter(email="").first()
    return await Account.filter(email=email).first()
