"""Recovery codes: each takes the place of a passkey once.

A code has 120 random bits, so it cannot be guessed, and a fast hash hides it.
"""

import secrets
from uuid import UUID

from contract_server import crockford
from contract_server.accounts.models import RecoveryCode
from contract_server.accounts.tokens import hash_token

CODES = 10
BITS = 120
_LENGTH = BITS // crockford.BITS


async def replace_codes(account_id: UUID) -> list[str]:
    """Replace the codes of an account; return the new ones, which are not stored."""
    codes = ["".join(secrets.choice(crockford.ALPHABET) for _ in range(_LENGTH)) for _ in range(CODES)]
    await RecoveryCode.filter(account_id=account_id).delete()
    await RecoveryCode.bulk_create([RecoveryCode(account_id=account_id, code_hash=_hash(code)) for code in codes])
    return ["-".join(code[start : start + 4] for start in range(0, _LENGTH, 4)) for code in codes]


async def use_code(account_id: UUID, code: str) -> bool:
    """Use up a code, written with or without hyphens; whether the account had it."""
    return bool(await RecoveryCode.filter(account_id=account_id, code_hash=_hash(code)).delete())


def _hash(code: str) -> str:
    return hash_token(crockford.read(code))
