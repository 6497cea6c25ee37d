"""How much CPU hostile requests cost, family by family: `python -m tests.server.http.bench_hostile`.

In one process and without a database; what is refused never asks for one.
"""

import asyncio
import gc
import logging
import random
import time

from rich.console import Console
from rich.table import Table
from tests.server.http.asgi import Exchange
from tests.server.http.conftest import production_with_no_database
from tests.server.http.hostile import HEAVY, LIGHT

from contract_server.app.main import create_app

TRIES = 100
GOAL = 250  # milliseconds


async def main() -> None:
    table = Table("family", "median ms", "largest ms", title=f"CPU of hostile requests; goal: at most {GOAL} ms")
    choice = random.Random(20240301)  # noqa: S311 - the same for each run, and no secret
    app = create_app(production_with_no_database())
    logging.disable()
    gc.disable()
    for family in HEAVY + LIGHT:
        costs = []
        for content in [family(choice) for _ in range(TRIES)]:
            began = time.process_time()
            await Exchange(app, {"content-type": "application/json"}).send([content])
            costs.append((time.process_time() - began) * 1000)
        gc.collect()
        median, largest = sorted(costs)[TRIES // 2], max(costs)
        table.add_row(family.__name__.replace("_", " "), f"{median:.1f}", f"{largest:.1f}")
    Console().print(table)


if __name__ == "__main__":
    asyncio.run(main())
