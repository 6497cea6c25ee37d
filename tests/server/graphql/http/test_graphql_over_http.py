"""GraphQL over HTTP, as the audits of the npm package `graphql-http` understand the specification."""

import asyncio
import hashlib
import json
import shutil
from pathlib import Path

import pytest
from tests.node import node, npm, variables
from tests.server.running import Running

PROJECT = Path(__file__).parent / "graphql-http"
FILES = ("package.json", "package-lock.json", ".npmrc", "audit.js")


async def run(folder: Path, *command: str) -> bytes:
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, env=variables(), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    output, errors = await process.communicate()
    assert process.returncode == 0, f"{' '.join(command)} failed:\n{errors.decode()}"
    return output


@pytest.fixture(scope="session")
async def audits(pytestconfig: pytest.Config) -> Path:
    """The audits, installed from their lock file; kept from one run to the next."""
    cache = pytestconfig.cache
    assert cache is not None
    contents = b"".join((PROJECT / name).read_bytes() for name in FILES)
    folder = cache.mkdir(f"graphql-http-{hashlib.sha256(contents).hexdigest()[:16]}")
    if not (folder / "installed").exists():
        for name in FILES:
            shutil.copyfile(PROJECT / name, folder / name)
        await run(folder, *npm(), "ci")
        (folder / "installed").touch()
    return folder


async def test_no_audit_finds_anything_that_must_should_or_may_be_otherwise(audits: Path, service: Running) -> None:
    results = json.loads(await run(audits, node(), "audit.js", f"{service.base_url}/graphql"))
    assert len(results) == 61
    assert [result for result in results if result["status"] != "ok"] == []
