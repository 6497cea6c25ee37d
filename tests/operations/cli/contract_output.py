"""What `contract-server contracts` writes for scripts."""

import json
from typing import Any

from tests.operations.cli.conftest import variables_of
from tests.operations.cli.terminal import run

from contract_server.settings import Settings

UNKNOWN_CONTRACT = "018f0000-0000-7000-8000-000000000099"


async def list_contracts(settings: Settings, *options: str) -> list[dict[str, Any]]:
    ended = await run(variables_of(settings), "contracts", "list", "--json", *options)
    assert (ended.status, ended.errors) == (0, "")
    contracts: list[dict[str, Any]] = json.loads(ended.output)
    return contracts


async def show_contract(settings: Settings, contract: str) -> dict[str, Any]:
    ended = await run(variables_of(settings), "contracts", "show", contract, "--json")
    assert (ended.status, ended.errors) == (0, "")
    description: dict[str, Any] = json.loads(ended.output)
    return description
