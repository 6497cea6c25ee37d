"""The product's worker on a machine whose clock is wrong, by as many seconds as the first argument says.

Python's and arq's reading of the clock are shifted; the monotonic clock goes right, as on a real machine. With
`trusted` as the second argument the worker has a bug as well: it judges deadlines by its own clock.
"""

import sys
import time
from datetime import datetime, timedelta, tzinfo

import arq.worker

from contract_server.cli.commands.processes import worker
from contract_server.clock import TestClock

_true_time = time.time  # noqa: TID251 - to be shifted


def skew(by: timedelta) -> None:
    """Shift whatever this process is told of the time of day."""

    class SkewedDatetime(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]  # nobody asks for its class
            return datetime.now(tz) + by  # noqa: TID251 - to be shifted

    def skewed_time() -> float:
        return _true_time() + by.total_seconds()

    time.time = skewed_time  # noqa: TID251 - as above
    for module in (arq.utils, arq.worker):
        vars(module)["time"] = skewed_time  # they took it by name
    vars(arq.worker)["datetime"] = SkewedDatetime


def trust_it(by: timedelta) -> None:
    """Judge by this machine's clock, as somebody would who took its time for the database's."""
    TestClock.sql = f"({TestClock.sql} + interval '{by.total_seconds()} seconds')"


if __name__ == "__main__":
    wrong_by = timedelta(seconds=float(sys.argv[1]))
    skew(wrong_by)
    if "trusted" in sys.argv:
        trust_it(wrong_by)
    worker()
