"""A program that has everything imported and sweeps when told to, each time in a new process that can be killed.

Reads lines `DATABASE_URL LEDGER_DIR ERASURE_BATCH` as `forking.py` says; for each, a process sweeps once.
"""

from pathlib import Path

from pydantic import SecretStr
from tests.faults.forking import fork_for_each_line

from contract_server import event_loop, logs
from contract_server.db.connection import database
from contract_server.services import build_services
from contract_server.settings import Settings
from contract_server.worker.sweep import sweep_once

SECRET_KEY = "a key for the faults, of 32 characters"
NO_MAIL_SERVER = "smtp://127.0.0.1:1"
PUBLIC_URL = "https://keiyaku.example.jp"
MAIL_SENDER = "no-reply@example.jp"


async def sweep(database_url: str, ledger_dir: str, erasure_batch: str) -> None:
    settings = Settings(
        database_url=SecretStr(database_url),
        smtp_url=SecretStr(NO_MAIL_SERVER),
        ledger_dir=Path(ledger_dir),
        erasure_batch=int(erasure_batch),
        public_url=PUBLIC_URL,
        mail_sender=MAIL_SENDER,
        secret_key=SecretStr(SECRET_KEY),
    )
    async with database(settings):
        services = build_services(settings)
        await sweep_once(services)
        await services.close()


def main() -> None:
    logs.configure("ERROR")
    fork_for_each_line(lambda line: event_loop.run(sweep(*line.split())))


if __name__ == "__main__":
    main()
