"""Both addresses of the worker lead to the same settings."""

import os
import subprocess
import sys
from pathlib import Path

SHOW = """
from contract_server.jobs.worker import WorkerSettings as documented
from contract_server.worker.worker import WorkerSettings
print(documented is WorkerSettings, *(job.name for job in WorkerSettings.cron_jobs), WorkerSettings.queue_name)
"""


def test_the_former_address_of_the_worker_goes_on_working(tmp_path: Path) -> None:
    worker = subprocess.run(  # noqa: S603 - this Python and a program of ours
        [sys.executable, "-c", SHOW],
        env={
            "PATH": os.environ["PATH"],
            "ENVIRONMENT": "development",
            "DATABASE_URL": "postgresql://127.0.0.1:1/nothing",
            "MAIL_DIR": str(tmp_path),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert worker.returncode == 0, worker.stderr
    is_same, job, queue = worker.stdout.split()
    assert (is_same, job) == ("True", f"cron:sweep:{queue}")
