"""How long a million members take: `make bench-import`. The goal is two minutes."""

import asyncio
import json
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import asyncpg
from tests.server.running import command

from contract_server.development.servers.postgres import EmbeddedPostgres

MEMBERS = 1_000_000
SHAPES = (50_000, 1)
"""Contracts that the members belong to: small ones, as they are, and one that has them all."""


def lines(contracts: int, first: int) -> Iterator[dict[str, str]]:
    """The lines of so many contracts with a million members between them."""
    for number in range(first, first + contracts):
        contract_id = str(UUID(int=number))
        yield {
            "record": "contract",
            "contract_id": contract_id,
            "started_on": "2023-04-01",
            "company_name": f"株式会社あおぞら{number}",
            "company_address": "東京都千代田区丸の内一丁目1番1号",
            "postal_code": "100-0005",
            "phone_number": "03-0000-0001",
            "name": "青木 春子",
            "email": f"contractor{number}@example.jp",
        }
        for place in range(MEMBERS // contracts):
            email = f"member{place}@company{number}.example.jp"
            yield {"record": "member", "contract_id": contract_id, "name": f"会員 {place}", "email": email}


async def measure(postgres: EmbeddedPostgres, folder: Path) -> None:
    """Import both shapes into one database, durable as in production."""
    variables = {"ENVIRONMENT": "development", "DATABASE_URL": postgres.url, "MAIL_DIR": str(folder / "mail")}
    await command(variables, "migrate")
    for contracts in SHAPES:
        file = folder / f"{contracts}.jsonl"
        with file.open("w", encoding="utf-8") as out:
            out.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in lines(contracts, first=contracts))
        began = time.monotonic()
        status, _, errors = await command(variables, "import", str(file))
        seconds = time.monotonic() - began
        assert status == 0, errors
        memory_mib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
        sys.stdout.write(f"{contracts:>6} contracts: {seconds:.0f} s, at most {memory_mib} MiB in any process so far\n")
    connection = await asyncpg.connect(postgres.url)
    assert await connection.fetchval("SELECT count(*) FROM member") == MEMBERS * len(SHAPES)
    await connection.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name, EmbeddedPostgres(Path(name) / "postgres") as server:
        asyncio.run(measure(server, Path(name)))
