"""The text of the pages, and the pictures of the manual."""

import re
from pathlib import Path

from tests.server.console.clients import client_of_pages

from contract_server import console
from contract_server.settings import EnvironmentName

SCREENS = Path(__file__).parents[3] / "packages" / "server" / "docs" / "screens"
PICTURE = re.compile(r'[("]([^("]+\.png)')


async def test_the_clock_is_on_the_pages_of_development_alone() -> None:
    for environment, is_shown in ((EnvironmentName.DEVELOPMENT, True), (EnvironmentName.PRODUCTION, False)):
        async with client_of_pages(environment) as client:
            text = (await client.get("/")).text
        assert ("clock.js" in text, "/dev/mail" in text) == (is_shown, is_shown)


async def test_the_contact_page_is_the_one_of_the_settings() -> None:
    async with client_of_pages(EnvironmentName.PRODUCTION) as client:
        text = (await client.get("/")).text
    assert 'href="https://contact.example.jp/?a=1&amp;b=&quot;2&quot;"' in text


def test_no_page_truncates_what_is_pasted() -> None:
    sources = [path for path in Path(console.__file__).parent.rglob("*") if path.suffix in {".html", ".js"}]
    assert sources
    assert [path.name for path in sources if "maxlength" in path.read_text("utf-8").lower()] == []


def test_every_step_of_the_manual_has_its_pictures_beside_it() -> None:
    rows = [line for line in (SCREENS / "README.md").read_text("utf-8").splitlines() if ".png" in line]
    pictures = [name for row in rows for name in PICTURE.findall(row)]
    assert sorted(pictures) == sorted(path.name for path in SCREENS.glob("*.png"))
    assert all(len(set(PICTURE.findall(row))) == 2 for row in rows)
    steps = " ".join(row.split("|")[1] for row in rows)
    assert re.findall(r"\d \(\d\)", steps) == [
        "1 (1)",
        "2 (1)",
        *(f"1 ({n})" for n in (2, 3, 4, 5)),
        *(f"2 ({n})" for n in (2, 3, 4)),
    ]
