"""How much CPU hostile requests cost, family by family: `python -m tests.server.hostile.bench_hostile`.

In one process and without a database; what is refused never asks for one.
"""

import asyncio
import gc
import logging
import random
from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.table import Table
from tests.server.asgi import Exchange, production_with_no_database
from tests.server.hostile.heartbeat import LONGEST_HOLD, longest_hold
from tests.server.hostile.hostile import HEAVY, LIGHT, HostileRequest
from tests.server.hostile.hostile_headers import TEXTS, requests_of_many_lines, requests_with
from tests.server.hostile.hostile_inputs import VALUES, other_requests, targets, ways

from contract_server.web.app import create_app

TRIES = 100


def families() -> Iterator[tuple[str, Iterable[HostileRequest]]]:
    choice = random.Random(20240301)  # noqa: S311 - the same for each run, and no secret
    for family in HEAVY + LIGHT:
        yield family.__name__.replace("_", " "), (HostileRequest(family(choice)) for _ in range(TRIES))
    for value in VALUES:
        yield f"inputs: {value}", (way(target, value) for target in targets() for way in ways(target))
    for name, request in other_requests().items():
        yield f"requests: {name}", [request]
    for name in TEXTS:
        yield f"header: {name}", (request for _, request in requests_with(name))
    yield "header: many lines", (request for _, request in requests_of_many_lines())


async def main() -> None:
    title = f"CPU of hostile requests between two turns of the event loop; goal: at most {LONGEST_HOLD * 1000:.0f} ms"
    table = Table("family", "median ms", "largest ms", title=title)
    app = create_app(production_with_no_database())
    logging.disable()
    gc.disable()
    for name, requests in families():
        costs = []
        for request in requests:
            exchange = Exchange(app, {}, request.method, request.query_string, request.path, request.headers)
            costs.append(await longest_hold(exchange.send([request.content])) * 1000)
        gc.collect()
        table.add_row(name, f"{sorted(costs)[len(costs) // 2]:.1f}", f"{max(costs):.1f}")
    Console().print(table)


if __name__ == "__main__":
    asyncio.run(main())
