"""Everything that is registered of one contract, as files: for an import elsewhere, and for Excel.

Theory. The members are read by pages, each in a statement of its own: a slow reader holds no connection, and a million
members take no more memory than a thousand. An erasure meanwhile would leave files that look complete, so the contract
is looked for again at the end of each.
"""

import csv
import io
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson

from contract_rules import Actor, EventType, complete
from contract_server.contracts.lookup.receipt_numbers import format_receipt_number
from contract_server.contracts.queries import FOR_OPERATORS_ALONE
from contract_server.db.statements import fetch
from contract_server.documents.archive import ArchiveFile
from contract_server.onboarding.lines import FIELDS, Kind

PAGE = 1_000
Record = Mapping[str, str]

_CONTRACT = """
    SELECT contract.started_on, company.name AS company_name, company.address AS company_address, company.postal_code,
           company.phone_number, account.name, account.email
      FROM contract JOIN company ON company.contract_id = contract.id
      JOIN account ON account.contract_id = contract.id AND account.role = 'CONTRACTOR'
     WHERE contract.id = $1
"""
MEMBERS = """
    SELECT id, name, email FROM member WHERE contract_id = $1 AND id > $2 ORDER BY contract_id, id LIMIT $3
"""
_EVENTS = """
    SELECT event.id, event.at, event.type, event.actor, application.receipt_number
      FROM contract_event AS event LEFT JOIN termination_application AS application
           ON application.id = event.application_id
     WHERE event.contract_id = $1 AND event.type <> ALL ($2)
     ORDER BY event.at, event.id
"""
_FIRST = UUID(int=0)
_EXPORTED = tuple(
    name for name in FIELDS if name != "password_hash"
)  # a hash of a password helps only who wants to guess it
_EVENT_FIELDS = ("at", "type", "actor", "receipt_number")

_HEADINGS = {
    "record": "種別",
    "contract_id": "契約ID",
    "started_on": "契約開始日",
    "company_name": "会社名",
    "company_address": "会社住所",
    "postal_code": "郵便番号",
    "phone_number": "電話番号",
    "name": "氏名",
    "email": "メールアドレス",
    "member_id": "会員ID",
    "at": "日時",
    "type": "内容",
    "actor": "実施者",
    "receipt_number": "受付番号",
}
_WORDS: Mapping[str, Mapping[Any, str]] = {
    "record": complete("_KINDS", Kind, {Kind.CONTRACT: "契約", Kind.MEMBER: "会員"}),
    "type": complete(
        "_TYPES",
        EventType,
        {
            EventType.STARTED: "契約開始",
            EventType.TERMINATION_REQUESTED: "契約終了の申請",
            EventType.RESUMED: "契約再開",
            EventType.SERVICE_ENDED: "利用終了",
            EventType.ERASURE_HELD: "抹消の保留",
            EventType.ERASURE_HOLD_RELEASED: "抹消の保留の解除",
            EventType.REGISTRATION_CHANGED: "登録情報の変更",
            EventType.MEMBERS_REMOVED: "会員の登録解除",
            EventType.ERASURE_DUE: "抹消の予告",
            EventType.ERASED: "登録情報の抹消",
        },
    ),
    "actor": complete(
        "_ACTORS", Actor, {Actor.CONTRACTOR: "契約者様", Actor.OPERATOR: "運用担当者", Actor.SYSTEM: "システム"}
    ),
}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class RegistrationGone(Exception):
    """The contract was erased, so there is nothing to hand out."""


async def registration_files(contract_id: UUID, zone: ZoneInfo) -> AsyncIterator[ArchiveFile]:
    """Return all files, each read when its turn comes."""
    yield ArchiveFile("registration.jsonl", _checked(contract_id, _json(_registration(contract_id))))
    yield ArchiveFile("registration.csv", _checked(contract_id, _csv(_EXPORTED, _registration(contract_id))))
    yield ArchiveFile("history.jsonl", _checked(contract_id, _json(_history(contract_id, zone))))
    yield ArchiveFile("history.csv", _checked(contract_id, _csv(_EVENT_FIELDS, _history(contract_id, zone))))


async def _checked(contract_id: UUID, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for piece in pieces:
        yield piece
    await _contract(contract_id)


async def _contract(contract_id: UUID) -> Any:  # noqa: ANN401 - asyncpg ships no types
    rows = await fetch(_CONTRACT, contract_id)
    if not rows:
        raise RegistrationGone
    return rows[0]


async def _registration(contract_id: UUID) -> AsyncIterator[list[Record]]:
    """The lines of the contract and its members, as the import takes them."""
    row = await _contract(contract_id)
    values = {name: str(value) for name, value in row.items()}
    yield [{"record": Kind.CONTRACT, "contract_id": str(contract_id), **values}]
    after = _FIRST
    while members := await fetch(MEMBERS, contract_id, after, PAGE):
        yield [_member(contract_id, member) for member in members]
        after = members[-1]["id"]


def _member(contract_id: UUID, row: Any) -> Record:  # noqa: ANN401 - as above
    values = {"name": row["name"], "email": row["email"], "member_id": str(row["id"])}
    return {"record": Kind.MEMBER, "contract_id": str(contract_id), **values}


async def _history(contract_id: UUID, zone: ZoneInfo) -> AsyncIterator[list[Record]]:
    """What happened to the contract, as far as its contractor may see it."""
    yield [_event(row, zone) for row in await fetch(_EVENTS, contract_id, [*FOR_OPERATORS_ALONE])]


def _event(row: Any, zone: ZoneInfo) -> Record:  # noqa: ANN401 - as above
    at: datetime = row["at"]
    event = {"at": at.astimezone(zone).isoformat(), "type": row["type"], "actor": row["actor"]}
    number = row["receipt_number"]
    return event | {"receipt_number": format_receipt_number(number)} if number else event


async def _json(pages: AsyncIterator[list[Record]]) -> AsyncIterator[bytes]:
    async for page in pages:
        yield b"".join(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE) for record in page)


async def _csv(fields: Sequence[str], pages: AsyncIterator[list[Record]]) -> AsyncIterator[bytes]:
    """CSV as Excel opens it: with a byte order mark, in Japanese, and without anything that it would calculate."""
    yield f"\ufeff{_rows([[_HEADINGS[name] for name in fields]])}".encode()
    async for page in pages:
        yield _rows([_cell(name, record.get(name, "")) for name in fields] for record in page).encode()


def _cell(name: str, value: str) -> str:
    word = _WORDS[name][value] if name in _WORDS else value
    return f"'{word}" if word.startswith(_FORMULA) else word


def _rows(rows: Iterable[Iterable[str]]) -> str:
    text = io.StringIO()
    write: Callable[[Iterable[Iterable[str]]], None] = csv.writer(text).writerows
    write(rows)
    return text.getvalue()
