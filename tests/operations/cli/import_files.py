"""Files of contracts, and their import within the test's process."""

import io
import json
from collections import Counter
from typing import Any
from uuid import UUID

from contract_server.db.transaction import current_connection
from contract_server.onboarding.importer import Importer
from contract_server.onboarding.lines import Encoding, Format, read_lines
from contract_server.onboarding.staging import ContractOutcome, ImportReport, RefusedLine
from contract_server.policies.policies import served_policies
from contract_server.services import Services

UNUSABLE_HASH = "$argon2id$v=19$m=19456,t=2,p=1$QGVsbG8gd29ybGQ$" + "A" * 43


def contract(number: int, **other: object) -> dict[str, Any]:
    """A contract's line."""
    return {
        "record": "contract",
        "contract_id": str(UUID(int=number)),
        "started_on": "2023-04-01",
        "company_name": "株式会社あおぞら",
        "company_address": "東京都千代田区",
        "postal_code": "100-0005",
        "phone_number": "03-0000-0001",
        "name": "青木　春子",
        "email": f"contractor{number}@example.jp",
        **other,
    }


def member(number: int, of: int, **other: object) -> dict[str, Any]:
    """A member's line."""
    address = f"member{number}@example.jp"
    return {"record": "member", "contract_id": str(UUID(int=of)), "name": "佐藤 蓮", "email": address, **other}


async def take(
    services: Services, *lines: dict[str, Any] | str, batch: int = 10_000
) -> tuple[ImportReport, list[tuple[int, str, str]]]:
    """Import lines of JSON; the report, and what was refused."""
    written = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
    report, refusals, _ = await take_file(services, written.encode(), Format.JSONL, batch=batch)
    return report, [(each.line, each.field, each.reason) for each in refusals]


async def take_file(
    services: Services,
    content: bytes,
    form: Format = Format.CSV,
    encoding: Encoding = Encoding.UTF_8,
    *,
    batch: int = 10_000,
) -> tuple[ImportReport, list[RefusedLine], list[ContractOutcome]]:
    """Import a file; the report, what was refused, and what became of each contract."""
    refusals: list[RefusedLine] = []
    outcomes: list[ContractOutcome] = []
    async with current_connection().acquire_connection() as connection:
        importer = Importer(
            connection,
            policies=served_policies(),
            now=await services.clock.now(),
            unusable_hash=UNUSABLE_HASH,
            report_refusal=refusals.append,
            report_outcome=outcomes.append,
            batch=batch,
        )
        report = await importer.run(read_lines(io.BytesIO(content), form, encoding))
    _assert_adds_up(report, outcomes, refusals)
    return report, refusals, outcomes


def _assert_adds_up(report: ImportReport, outcomes: list[ContractOutcome], refusals: list[RefusedLine]) -> None:
    """Every total is that of the contracts and lines that are named."""
    found = Counter(each.outcome for each in outcomes)
    assert found == Counter(stored=report.contracts, refused=report.refused_contracts, skipped=report.skipped_contracts)
    assert len({each.line for each in refusals}) == report.refused_lines
    assert len({each.line for each in refusals if each.contract_line is None}) == report.lines_of_no_contract
    refused = {each.line for each in outcomes if each.outcome == "refused"}
    assert {each.contract_line for each in refusals} - {None} == refused
