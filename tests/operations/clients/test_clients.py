"""The contractor's story, lived with the clients that front-end teams use, each as its lock file pins it."""

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Error
from tests.node import node, npm, variables
from tests.server.running import PASSWORD

HERE = Path(__file__).parent
SERVER = HERE.parents[2] / "packages" / "server"
LIVE = """
async ([url, password]) => {
  const { live } = await import("/story.mjs");
  const { connector } = await import("/fetch.mjs");
  return live(connector(url), password);
}
"""
STORY = {
    "loggedIn": "CONTRACTOR",
    "erased": "2024-04-16T00:00:00+09:00",
    "terminated": "TERMINATED",
    "refused": "ALREADY_TERMINATED",
    "resumed": "ACTIVE",
}


async def run(folder: Path, *command: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env=variables(),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    return output.decode()


@pytest.fixture(scope="session")
async def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the clients, and what the server exports for them."""
    folder = tmp_path_factory.mktemp("clients") / "story"
    shutil.copytree(HERE, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__", "node_modules", "codegen"))
    for name in ("schema.graphql", "possible-types.json"):
        shutil.copy(SERVER / name, folder)
    await run(folder, *npm(), "ci")
    await run(folder, node(), "compile.mjs")
    return folder


@pytest.mark.parametrize("client", ["apollo", "urql", "relay", "fetch"])
async def test_a_client_lives_the_contractors_story(installed: Path, endpoint: str, client: str) -> None:
    assert json.loads(await run(installed, node(), "run.mjs", client, endpoint, PASSWORD)) == STORY


async def live_in_page(chromium: Browser, origin: str, endpoint: str) -> Any:  # noqa: ANN401 - JSON
    """Live the story in a page of that origin."""
    page = await chromium.new_page()
    try:
        await page.goto(f"{origin}/story.mjs")
        return await page.evaluate(LIVE, [endpoint, PASSWORD])
    finally:
        await page.close()


@pytest.mark.browser
async def test_a_page_of_a_permitted_origin_lives_the_contractors_story(
    chromium: Browser, origins: list[str], endpoint: str
) -> None:
    assert await live_in_page(chromium, origins[0], endpoint) == STORY


@pytest.mark.browser
async def test_a_page_of_any_other_origin_is_refused(chromium: Browser, origins: list[str], endpoint: str) -> None:
    with pytest.raises(Error, match="Failed to fetch"):
        await live_in_page(chromium, origins[1], endpoint)
