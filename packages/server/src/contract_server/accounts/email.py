"""E-mail addresses as people type them, and as accounts are found by them."""

from contract_server.accounts.models import Account

LONGEST = 254


def normalized(typed: str) -> str:
    """The address without what people add to it by accident: spaces around it, capitals."""
    return typed.strip().lower()


async def find_account(address: str) -> Account | None:
    """The account of a normalized address. What can be no address at all is one that nobody has."""
    if len(address) > LONGEST or not address.isprintable():  # the database takes no NUL and no half of a pair
        return await Account.filter(email="").first()
    return await Account.filter(email=address).first()
