"""Responses for the pages and their files."""

import pytest
from tests.server.console.clients import client_of_pages

from contract_server.console.pages import PAGES
from contract_server.settings import EnvironmentName


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path)
async def test_every_page_is_served_under_a_policy_that_allows_our_own_files_alone(page) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    async with client_of_pages(EnvironmentName.PRODUCTION) as client:
        response = await client.get(page.path.replace("{token}", "t").replace("{id}", "1"))
    assert response.status_code == 200
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert f'<title data-en="{page.title_in_english} | おまかせログイン">{page.title} | ' in response.text


async def test_scripts_and_styles_are_asked_about_before_they_are_used_again() -> None:
    async with client_of_pages(EnvironmentName.PRODUCTION) as client:
        first = await client.get("/console/home.js")
        again = await client.get("/console/home.js", headers={"If-None-Match": first.headers["ETag"]})
    assert (first.status_code, again.status_code) == (200, 304)
    assert first.headers["Cache-Control"] == "no-cache"
