"""Find contracts by what a caller says: the beginning of a name, address, phone number or id, or a receipt number.

The indexes are B-trees on normalized values (migration `0021_search`). Trigrams would find the middle of a word too.
But they need three characters, where a Japanese name has two, and an extension, which not every PostgreSQL has, the
embedded one among them. An index on an expression needs no table of its own: it is right by construction, and an erased
row has no entry left after a vacuum.

A search reads a bounded number of matches of each kind, the first in the order of the alphabet, so that it costs the
same however many contracts there are.
"""

import re
import unicodedata
from uuid import UUID

from contract_notify import normalize_address
from contract_server.contracts.lookup.receipt_numbers import parse_receipt_number
from contract_server.db.statements import fetch

MOST_MATCHES = 200
"""Of each kind."""
LONGEST_SEARCH = 200

_SHORTEST_ID = 4
_SHORTEST_NUMBER = 4
_ID_DIGITS = 32
_ID = re.compile(r"[0-9a-f-]+", re.ASCII)

_LAST = "U&'\\+10FFFF'"  # follows every other character
_MATCHES = """
    (SELECT contract_id FROM {table}
      WHERE {column} ~>=~ {begin} AND {column} ~<~ ({begin} || {last}) AND length({begin}) >= {least}
        AND contract_id IS NOT NULL
      ORDER BY {column} USING ~<~ LIMIT {limit})
"""
_COLUMNS = (
    ("company", "search_key(name)", "search_key($1)", 1),
    ("company", "search_rest(name)", "search_key($1)", 1),
    ("company", "search_digits(phone_number)", "search_digits($1)", _SHORTEST_NUMBER),
    ("account", "search_key(name)", "search_key($1)", 1),
    ("account", "search_rest(name)", "search_key($1)", 1),
    ("account", "email", "$2::text", 1),
)
_FIND = " UNION ".join(
    [
        *(
            _MATCHES.format(table=table, column=column, begin=begin, last=_LAST, least=least, limit=MOST_MATCHES)
            for table, column, begin, least in _COLUMNS
        ),
        "SELECT contract_id FROM termination_application WHERE receipt_number = $3",
        f"(SELECT id FROM contract WHERE id BETWEEN $4 AND $5 ORDER BY id LIMIT {MOST_MATCHES})",  # noqa: S608 - our own number
    ]
)


async def search_contracts(text: str) -> list[UUID]:
    """Find the contracts that a text may mean."""
    typed = "".join(filter(str.isprintable, text))[:LONGEST_SEARCH]
    first, last = _ids(typed) or (None, None)
    rows = await fetch(_FIND, typed, _email(typed), parse_receipt_number(typed), first, last)
    return [row["contract_id"] for row in rows]


def _email(text: str) -> str:
    return normalize_address(unicodedata.normalize("NFKC", text))


def _ids(text: str) -> tuple[UUID, UUID] | None:
    """The first and the last id that begin so; None if the text is not the beginning of an id."""
    written = _email(text)
    digits = written.replace("-", "")
    if not _ID.fullmatch(written) or not _SHORTEST_ID <= len(digits) <= _ID_DIGITS:
        return None
    return UUID(digits.ljust(_ID_DIGITS, "0")), UUID(digits.ljust(_ID_DIGITS, "f"))
