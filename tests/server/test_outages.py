"""What callers see while PostgreSQL or Redis is away, and that nothing is lost by it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from tests.conftest import new_database
from tests.server.running import ACTIVE_CONTRACT, GRACE_CONTRACT, Client, Running, command, end, running, start_worker

from contract_server.dev.postgres import EmbeddedPostgres
from contract_server.dev.redis import EmbeddedRedis

VIEWER = "query { viewer { contract { status } } }"
TERMINATE = """
mutation ($id: ID!) { terminateContract(input: { contractId: $id }) { __typename ... on Problem { code } } }
"""
RESUME = "mutation ($id: ID!) { resumeContract(input: { contractId: $id }) { __typename ... on Problem { code } } }"
STATUS = "query ($id: ID!) { contract(id: $id) { status } }"


@pytest.fixture(scope="module")
def failing_postgres(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedPostgres]:
    """A PostgreSQL that may be killed; it writes down what it has committed."""
    server = EmbeddedPostgres(tmp_path_factory.mktemp("failing-postgres"))
    server.start()
    yield server
    server.remove()
