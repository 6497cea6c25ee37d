"""The pages as the server sends them: no browser needed."""

import re
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from contract_server.console.pages import PAGES
from contract_server.console.routes import console_routes
from contract_server.settings import EnvironmentName, Settings

SCREENS = Path(__file__).parents[2] / "packages" / "server" / "docs" / "screens"
PICTURE = re.compile(r'[("]([^("]+\.png)')


def visitor_of(environment: EnvironmentName) -> httpx.AsyncClient:
    settings = Settings(
        environment=environment,
        database_url="postgresql://nobody@127.0.0.1/nothing",
        public_url="https://keiyaku.example.jp",
        mail_sender="no-reply@example.jp",
        secret_key="a secret of the tests, thirty-two characters and more",
        contact_url='https://contact.example.jp/?a=1&b="2"',
    )
    transport = httpx.ASGITransport(Starlette(routes=console_routes(settings)))
    return httpx.AsyncClient(transport=transport, base_url="http://pages")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path)
async def test_every_page_is_served_under_a_policy_that_allows_our_own_files_alone(page) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    async with visitor_of(EnvironmentName.PRODUCTION) as visitor:
        answer = await visitor.get(page.path.replace("{token}", "t").replace("{id}", "1"))
    assert answer.status_code == 200
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert f'<title data-en="{page.title_in_english} | おまかせログイン">{page.title} | ' in answer.text


async def test_the_clock_is_on_the_pages_of_development_alone() -> None:
    for environment, there in ((EnvironmentName.DEVELOPMENT, True), (EnvironmentName.PRODUCTION, False)):
        async with visitor_of(environment) as visitor:
            text = (await visitor.get("/")).text
        assert ("clock.js" in text, "/dev/mail" in text) == (there, there)


async def test_the_contact_page_is_the_one_of_the_settings() -> None:
    async with visitor_of(EnvironmentName.PRODUCTION) as visitor:
        text = (await visitor.get("/")).text
    assert 'href="https://contact.example.jp/?a=1&amp;b=&quot;2&quot;"' in text


async def test_scripts_and_styles_are_asked_about_before_they_are_used_again() -> None:
    async with visitor_of(EnvironmentName.PRODUCTION) as visitor:
        first = await visitor.get("/console/home.js")
        again = await visitor.get("/console/home.js", headers={"If-None-Match": first.headers["ETag"]})
    assert (first.status_code, again.status_code) == (200, 304)
    assert first.headers["Cache-Control"] == "no-cache"


def test_every_step_of_the_manual_has_its_pictures_beside_it() -> None:
    rows = [line for line in (SCREENS / "README.md").read_text("utf-8").splitlines() if ".png" in line]
    pictures = [found for row in rows for found in PICTURE.findall(row)]
    assert sorted(pictures) == sorted(path.name for path in SCREENS.glob("*.png"))
    assert all(len(set(PICTURE.findall(row))) == 2 for row in rows)
    steps = " ".join(row.split("|")[1] for row in rows)
    assert re.findall(r"\d \(\d\)", steps) == [
        "1 (1)",
        "2 (1)",
        *(f"1 ({n})" for n in (2, 3, 4, 5)),
        *(f"2 ({n})" for n in (2, 3, 4)),
    ]
