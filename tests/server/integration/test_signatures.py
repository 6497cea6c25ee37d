"""Messages are accepted by the library of Standard Webhooks; forged, altered and replayed ones are not."""

import asyncio
import hashlib
import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.node import node, npm, variables

from contract_server.integration.signatures import new_secret, signed_headers

PROJECT = Path(__file__).parent / "standardwebhooks"
FILES = ("package.json", "package-lock.json", ".npmrc", "verify.js")
BODY = '{"type":"ERASED","受付番号":"K7M2-9QX4-TN3W"}'


async def run(folder: Path, *command: str, given: str = "") -> str:
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, env=variables(), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate(given.encode())
    assert process.returncode == 0, command
    return output.decode()


@pytest.fixture(scope="session")
async def library(pytestconfig: pytest.Config) -> Path:
    """The library, installed from its lock file; kept from one run to the next."""
    assert pytestconfig.cache is not None
    contents = b"".join((PROJECT / name).read_bytes() for name in FILES)
    folder = pytestconfig.cache.mkdir(f"standardwebhooks-{hashlib.sha256(contents).hexdigest()[:16]}")
    if not (folder / "installed").exists():
        for name in FILES:
            shutil.copyfile(PROJECT / name, folder / name)
        await run(folder, *npm(), "ci")
        (folder / "installed").touch()
    return folder


async def test_the_library_accepts_ours_and_no_other(library: Path) -> None:
    now, secret, older = datetime.now(UTC), new_secret(), new_secret()  # noqa: TID251 - that of the library
    body = BODY.encode()

    def message(headers: dict[str, str], key: str = secret, body: str = BODY) -> dict[str, Any]:
        return {"secret": key, "headers": headers, "body": body}

    signed = signed_headers("change-1", now, body, [secret])
    both = signed_headers("change-1", now, body, [secret, older])
    messages = [
        message(signed),
        message(both),
        message(both, older),
        message(signed, older),
        message(signed, body=BODY.replace("ERASED", "RESUMED")),
        message(signed | {"webhook-id": "change-2"}),
        message(signed_headers("change-1", now - timedelta(minutes=6), body, [secret])),
    ]
    accepted = json.loads(await run(library, node(), "verify.js", given=json.dumps(messages)))
    assert [answer is True for answer in accepted] == [True, True, True, False, False, False, False], accepted


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/Lima"])
def test_the_zone_of_an_instant_does_not_matter(zone: str) -> None:
    at, secret = datetime(2024, 3, 1, 12, tzinfo=UTC), new_secret()
    there = at.astimezone(ZoneInfo(zone))
    assert signed_headers("change-1", there, b"{}", [secret]) == signed_headers("change-1", at, b"{}", [secret])
