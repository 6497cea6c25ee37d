"""A program that has everything imported and sweeps when told to, each time in a new process that can be killed.

Reads lines `DATABASE_URL MAIL_DIR`; for each it forks a process and prints its pid; when told to `go`, that process
sweeps once; at its end, its exit status is printed.
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
PUBLIC_URL = "https://keiyaku.example.jp"


async def sweep(database_url: str, mail_dir: str) -> None:
    settings = Settings(
        database_url=SecretStr(database_url),
        mail_dir=Path(mail_dir),
        erasure_batch=1000,
        public_url=PUBLIC_URL,
        secret_key=SecretStr(SECRET_KEY),
    )
    async with database(settings):
        services = build_services(settings)
        await sweep_once(services)
        await services.close()


def main() -> None:
    logs.configure("ERROR")
    for line in sys.stdin:
        waits, goes = os.pipe()
        if (pid := os.fork()) == 0:
            os.read(waits, 1)
            asyncio.run(sweep(*line.split()))
            os._exit(0)
        print(pid, flush=True)
        assert sys.stdin.readline() == "go\n"
        os.write(goes, b"!")
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
        os.close(waits)
        os.close(goes)


if __name__ == "__main__":
    main()
