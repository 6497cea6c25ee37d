"""The companies and people of the demonstration, all invented."""

from dataclasses import dataclass
from uuid import UUID

PASSWORD = "omakase-demo-2026"  # noqa: S105 - a published password

FAMILY_NAMES = ("佐藤", "鈴木", "高橋", "田中", "伊藤", "渡辺", "山本", "中村", "小林", "加藤")
GIVEN_NAMES = ("陽菜", "蓮", "結衣", "湊", "葵", "大翔", "凛", "悠真", "さくら", "樹")


@dataclass(frozen=True, slots=True)
class DemoContract:
    """A contract of the demonstration; `terminated_days_ago` is the day of the application to end it."""

    id: UUID
    account_id: UUID
    email: str
    contractor: str
    company: str
    address: str
    postal_code: str
    phone_number: str
    members: int
    terminated_days_ago: int | None = None


def _id(kind: str, number: int) -> UUID:
    return UUID(f"018f0000-0000-7000-{kind}-{number:012d}")


CONTRACTS = (
    DemoContract(
        id=_id("8000", 1),
        account_id=_id("a000", 1),
        email="active@example.jp",
        contractor="青木 春子",
        company="株式会社あおぞら製作所",
        address="東京都千代田区丸の内一丁目1番1号",
        postal_code="100-0005",
        phone_number="03-0000-0001",
        members=30,
    ),
    DemoContract(
        id=_id("8000", 2),
        account_id=_id("a000", 2),
        email="grace@example.jp",
        contractor="石川 夏生",
        company="有限会社いずみ商店",
        address="大阪府大阪市北区梅田二丁目2番2号",
        postal_code="530-0001",
        phone_number="06-0000-0002",
        members=12,
        terminated_days_ago=3,
    ),
    DemoContract(
        id=_id("8000", 3),
        account_id=_id("a000", 3),
        email="lastday@example.jp",
        contractor="上田 秋人",
        company="うみかぜ設計株式会社",
        address="神奈川県横浜市中区本町三丁目3番3号",
        postal_code="231-0005",
        phone_number="045-000-0003",
        members=8,
        terminated_days_ago=14,
    ),
    DemoContract(
        id=_id("8000", 4),
        account_id=_id("a000", 4),
        email="closed@example.jp",
        contractor="江口 冬美",
        company="合同会社えんがわ企画",
        address="福岡県福岡市博多区博多駅前四丁目4番4号",
        postal_code="812-0011",
        phone_number="092-000-0004",
        members=5,
        terminated_days_ago=20,
    ),
)

OPERATOR_ID = _id("a000", 9)
OPERATOR_EMAIL = "operator@example.jp"
OPERATOR_NAME = "運用 太郎"


def member_names(contract: DemoContract) -> list[tuple[str, str]]:
    """Names and addresses of all members; the first one is the contractor."""
    domain = f"{contract.email.partition('@')[0]}.example.jp"
    others = [
        (f"{FAMILY_NAMES[number % 10]} {GIVEN_NAMES[number * 7 // 10 % 10]}", f"member{number:02d}@{domain}")
        for number in range(1, contract.members)
    ]
    return [(contract.contractor, contract.email), *others]
