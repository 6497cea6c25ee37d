"""Whole databases as files: what `pg_dump` writes, what it leaves out, and a database made of it anew."""

import asyncio
from pathlib import Path

import asyncpg

from contract_server.development.servers.wheels import find_postgres

# pg_dump leaves out the statistics, in which samples of a table's values outlive its rows
_STATISTICS = """
SELECT pg_statistic::text FROM pg_statistic UNION ALL SELECT pg_statistic_ext_data::text FROM pg_statistic_ext_data
"""


async def dump(database_url: str) -> bytes:
    """Everything that is in a database, statistics included."""
    connection = await asyncpg.connect(database_url)
    try:
        statistics = [row[0] for row in await connection.fetch(_STATISTICS)]
    finally:
        await connection.close()
    return await _run("pg_dump", f"--dbname={database_url}") + "\n".join(statistics).encode()


async def back_up(database_url: str, file: Path) -> None:
    """A backup, as operators make one every night."""
    await _run("pg_dump", "--format=custom", f"--file={file}", f"--dbname={database_url}")


async def restore(file: Path, database_url: str) -> None:
    """The backup in an empty database."""
    await _run("pg_restore", "--exit-on-error", "--no-owner", f"--dbname={database_url}", str(file))


async def _run(program: str, *arguments: str) -> bytes:
    process = await asyncio.create_subprocess_exec(
        str(find_postgres() / "bin" / program),
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    return output
