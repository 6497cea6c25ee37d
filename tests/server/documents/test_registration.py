"""What is exported can be imported elsewhere, and is the same when it is exported there."""

import csv
import io
import tracemalloc
import zipfile
from collections.abc import AsyncIterator
from datetime import datetime
from uuid import UUID

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.server.onboarding.test_importer import contract, imported, member
from tests.tables import remove_contracts_and_accounts

from contract_server.db.statements import execute, fetch
from contract_server.documents import registration
from contract_server.documents.archive import archive_of
from contract_server.documents.registration import RegistrationGone, registration_files
from contract_server.onboarding.lines import Encoding, Format, read_lines
from contract_server.services import Services
from contract_server.visible_text import is_visible

CONTRACT = UUID(int=1)
FILES = ["registration.jsonl", "registration.csv", "history.jsonl", "history.csv"]
MANY = """
    INSERT INTO member (id, contract_id, name, email)
    SELECT gen_random_uuid(), $1, '会員' || number, number || '@example.jp' FROM generate_series(1, $2::int) AS number
"""

letters = st.characters(exclude_categories=["C", "Z"]).filter(is_visible)
words = st.text(letters, min_size=1, max_size=20)
names = st.builds(lambda *parts: "".join(parts), words, st.sampled_from(["", " ", "\N{IDEOGRAPHIC SPACE}"]), words)
people = st.lists(names, max_size=5)


async def export(services: Services) -> dict[str, bytes]:
    zone = services.policies.zone
    pieces = archive_of(registration_files(CONTRACT, zone), datetime(2024, 4, 1, 9, 30, tzinfo=zone))
    with zipfile.ZipFile(io.BytesIO(b"".join([piece async for piece in pieces]))) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(company=names, contractor=names, members=people)
async def test_an_export_that_is_imported_into_an_empty_database_is_exported_again_as_it_was(
    services: Services, company: str, contractor: str, members: list[str]
) -> None:
    await remove_contracts_and_accounts()
    lines = [contract(1, of=1, company_name=company, name=contractor)]
    lines += [member(number, of=1, name=name) for number, name in enumerate(members, 2)]
    if not (await imported(services, *lines)).report.contracts:  # type: ignore[union-attr]
        return  # damaged by a spreadsheet, as "#REF!" is
    first = await export(services)
    assert list(first) == FILES
    await remove_contracts_and_accounts()
    file = io.BytesIO(first["registration.jsonl"])
    result = await imported(services, *read_lines(file, Format.JSONL, Encoding.UTF_8))
    assert (result.refusals, [outcome.outcome for outcome in result.outcomes]) == ([], ["stored"])
    assert await export(services) == first


async def test_an_export_has_every_field_of_the_import_but_the_password(services: Services) -> None:
    await imported(services, contract(1, of=1), member(2, of=1))
    files = await export(services)
    first, second = map(orjson.loads, files["registration.jsonl"].splitlines())
    assert first == contract(1, of=1).record
    (stored,) = await fetch("SELECT id FROM member")
    assert second == {**member(2, of=1).record, "member_id": str(stored["id"])}
    assert b"$argon2" not in b"".join(files.values())


async def test_excel_reads_the_characters_and_calculates_nothing(services: Services) -> None:
    await imported(services, contract(1, of=1, company_name="株式会社﨑"), member(2, of=1, name="=1+1"))
    text = (await export(services))["registration.csv"]
    assert text.startswith("\ufeff種別,契約ID,".encode())
    rows = list(csv.DictReader(io.StringIO(text.decode("utf-8-sig"))))
    assert [(row["種別"], row["会社名"], row["氏名"]) for row in rows] == [
        ("契約", "株式会社﨑", "青木 春子"),
        ("会員", "", "'=1+1"),
    ]


async def test_the_history_has_no_hold(services: Services) -> None:
    await imported(services, contract(1, of=1))
    for kind in ("ERASURE_HELD", "ERASURE_HOLD_RELEASED", "RESUMED"):
        await execute(
            "INSERT INTO contract_event (id, contract_id, at, type, actor)"
            " VALUES (gen_random_uuid(), $1, now(), $2, 'OPERATOR')",
            CONTRACT,
            kind,
        )
    files = await export(services)
    assert [orjson.loads(line)["type"] for line in files["history.jsonl"].splitlines()] == ["STARTED", "RESUMED"]
    assert "契約再開,運用担当者" in files["history.csv"].decode()


async def test_members_of_many_pages_are_all_exported_once(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registration, "PAGE", 7)
    await imported(services, contract(1, of=1), contract(2, of=2), member(3, of=2))
    await execute(MANY, CONTRACT, 50)
    lines = (await export(services))["registration.jsonl"].splitlines()[1:]
    assert sorted(orjson.loads(line)["email"] for line in lines) == sorted(f"{n}@example.jp" for n in range(1, 51))


async def test_an_erasure_meanwhile_ends_the_export_without_an_end(services: Services) -> None:
    await imported(services, contract(1, of=1), member(2, of=1))
    zone = services.policies.zone
    pieces = archive_of(registration_files(CONTRACT, zone), datetime(2024, 4, 1, tzinfo=zone))
    await anext(pieces)
    await execute("TRUNCATE company, member, account CASCADE")
    with pytest.raises(RegistrationGone):
        [piece async for piece in pieces]


async def test_a_page_of_members_is_read_from_an_index_in_its_order(services: Services) -> None:
    for number in range(1, 20):
        await imported(services, contract(1, of=number))
        await execute(MANY, UUID(int=number), 500)
    await execute("ANALYZE member")
    rows = await fetch(f"EXPLAIN {registration.MEMBERS}", CONTRACT, UUID(int=0), 100)
    plan = "\n".join(row[0] for row in rows)
    assert "Index" in plan
    assert "Sort" not in plan


async def test_the_memory_does_not_grow_with_the_members(services: Services) -> None:
    await imported(services, contract(1, of=1))
    peaks = []
    for more in (2_000, 38_000):
        await execute(MANY, CONTRACT, more)
        peaks.append(await peak_of_export(services))
    assert peaks[1] < peaks[0] * 1.2


async def peak_of_export(services: Services) -> int:
    zone = services.policies.zone
    pieces: AsyncIterator[bytes] = archive_of(registration_files(CONTRACT, zone), datetime(2024, 4, 1, tzinfo=zone))
    tracemalloc.start()
    try:
        async for _ in pieces:
            pass
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
