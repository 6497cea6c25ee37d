"""A program that has everything imported and sweeps when told to, each time in a new process that can be killed.

Reads lines `DATABASE_URL MAIL_DIR`; for each, forks a process that sweeps once, and prints its pid and, at its end, its
exit status.
"""

import asyncio
import os
import sys
from pathlib import Path

from pydantic import SecretStr

from contract_server import logs
from contract_server.db.connection import database
from contract_server.services import build_services
from contract_server.settings import Settings
from contract_server.sweep import sweep_once

SECRET_KEY = "a key for the faults, of 32 characters"


async def sweep(database_url: str, mail_dir: str) -> None:
    settings = Settings(
        database_url=SecretStr(database_url),
        mail_dir=Path(mail_dir),
        erasure_batch=1000,
        secret_key=SecretStr(SECRET_KEY),
    )
    async with database(settings):
        services = build_services(settings)
        await sweep_once(services)
        await services.close()


def main() -> None:
    logs.configure("ERROR")
    for line in sys.stdin:
        if (pid := os.fork()) == 0:
            asyncio.run(sweep(*line.split()))
            os._exit(0)
        print(pid, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
