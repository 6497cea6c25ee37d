"""Finding accounts by e-mail address; `contract_notify` defines what an address is."""

from contract_notify import LONGEST_ADDRESS
from contract_server.accounts.models import Account


class EmailTaken(Exception):
    """Another account has this address."""


async def find_account(email: str) -> Account | None:
    """Find the account of a normalized address. An impossible address costs the same query as an unknown one."""
    if len(email) > LONGEST_ADDRESS or not email.isprintable():  # PostgreSQL refuses NUL and lone surrogates
        return await Account.filter(email="").first()
    return await Account.filter(email=email).first()
