"""Every contract of a file is stored, refused or skipped, and reported."""

from dataclasses import dataclass, field
from uuid import UUID

from contract_server.accounts.models import Account
from contract_server.contracts.models import ContractEvent, Member
from contract_server.db.transaction import current_connection
from contract_server.onboarding.importer import APART, NO_CONTRACT_ID, Importer
from contract_server.onboarding.lines import BrokenLine, Kind, Line
from contract_server.onboarding.staging import ContractOutcome, ImportReport, RefusedLine
from contract_server.services import Services

UNUSABLE = "$argon2id$v=19$m=19456,t=2,p=1$QGVsbG8gd29ybGQ$" + "A" * 43


@dataclass
class Imported:
    """An import and its reports."""

    outcomes: list[ContractOutcome] = field(default_factory=list)
    refusals: list[RefusedLine] = field(default_factory=list)
    report: ImportReport | None = None

    @property
    def summary(self) -> list[tuple[int, str]]:
        return [(outcome.line, outcome.outcome) for outcome in self.outcomes]


async def imported(services: Services, *lines: Line | BrokenLine, batch: int = 2) -> Imported:
    result = Imported()
    async with current_connection().acquire_connection() as connection:
        importer = Importer(
            connection,
            policies=services.policies,
            now=await services.clock.now(),
            unusable_hash=UNUSABLE,
            report_refusal=result.refusals.append,
            report_outcome=result.outcomes.append,
            batch=batch,
        )
        result.report = await importer.run(lines)
    return result


def contract(number: int, of: int, **changes: object) -> Line:
    record: dict[str, object] = {
        "record": "contract",
        "contract_id": str(UUID(int=of)),
        "started_on": "2023-04-01",
        "company_name": "株式会社あおぞら",
        "company_address": "東京都千代田区",
        "postal_code": "100-0005",
        "phone_number": "03-0000-0001",
        "name": "青木 春子",
        "email": f"contractor{of}@example.jp",
    }
    return Line(number, Kind.CONTRACT, record | changes)


def member(number: int, of: int, **changes: object) -> Line:
    record: dict[str, object] = {
        "record": "member",
        "contract_id": str(UUID(int=of)),
        "name": "佐藤 蓮",
        "email": f"member{number}@example.jp",
    }
    return Line(number, Kind.MEMBER, record | changes)


async def test_a_contract_is_stored_with_its_contractor_members_and_beginning(services: Services) -> None:
    result = await imported(services, contract(1, of=1), member(2, of=1), member(3, of=1))
    assert result.summary == [(1, "stored")]
    account = await Account.get(contract_id=UUID(int=1))
    assert (account.email, account.password_hash) == ("contractor1@example.jp", UNUSABLE)
    assert await Member.filter(contract_id=UUID(int=1)).count() == 2
    event = await ContractEvent.get(contract_id=UUID(int=1))
    assert event.at.isoformat() == "2023-03-31T15:00:00+00:00"  # midnight in Japan


async def test_a_contract_with_one_fault_is_refused_completely(services: Services) -> None:
    result = await imported(services, contract(1, of=1), member(2, of=1, email=""), contract(3, of=2))
    assert result.summary == [(1, "refused"), (3, "stored")]
    assert [(line.line, line.field, line.contract_line) for line in result.refusals] == [(2, "email", 1)]
    assert await Member.all().count() == 0


async def test_a_stored_contract_is_skipped(services: Services) -> None:
    await imported(services, contract(1, of=1))
    assert (await imported(services, contract(1, of=1), contract(2, of=2))).summary == [(1, "skipped"), (2, "stored")]


async def test_a_member_apart_from_its_contract_concerns_it(services: Services) -> None:
    result = await imported(services, contract(1, of=1), contract(2, of=2), member(3, of=1), member(4, of=1))
    assert result.summary == [(1, "refused"), (2, "stored")]
    assert [(line.line, line.reason, line.contract_line) for line in result.refusals] == [(3, APART, 1)]


async def test_a_member_that_names_no_contract_concerns_the_one_above(services: Services) -> None:
    result = await imported(services, contract(1, of=1), member(2, of=1, contract_id=None), contract(3, of=2))
    assert result.summary == [(1, "refused"), (3, "stored")]
    assert [line.reason for line in result.refusals] == [NO_CONTRACT_ID]


async def test_a_broken_line_without_mentions_concerns_no_contract(services: Services) -> None:
    broken = BrokenLine.of(2, "expected one JSON object", "# 合計")
    result = await imported(services, contract(1, of=1), broken, contract(3, of=2))
    assert result.summary == [(1, "stored"), (3, "stored")]
    assert result.report is not None
    assert (result.report.contracts, result.report.lines_of_no_contract) == (2, 1)


async def test_a_broken_line_that_may_begin_a_contract_concerns_the_one_that_follows(services: Services) -> None:
    broken = BrokenLine.of(2, "expected 10 cells", "", begun="")
    result = await imported(services, contract(1, of=1), broken, member(3, of=2), contract(4, of=3))
    assert result.summary == [(1, "stored"), (2, "refused"), (4, "stored")]
