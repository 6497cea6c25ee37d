"""A browser's own field for addresses agrees with the files, the API and the mail server."""

import pytest
from playwright.async_api import Browser, Page
from tests.addresses import ADDRESSES, Written, expected_field
from tests.browser.conftest import Visitor

from contract_notify import normalize_address

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
async def page(chromium: Browser) -> Page:
    """A page with nothing but such a field."""
    page = await chromium.new_page()
    await page.set_content('<label>address <input type="email" required></label>')
    return page


async def typed(page: Page, text: str) -> str | None:
    """What the field hands over; None if it refuses."""
    field = page.get_by_label("address")
    await field.fill(text)
    value, is_valid = await field.evaluate("field => [field.value, field.validity.valid]")
    return str(value) if is_valid else None


@pytest.mark.parametrize("address", ADDRESSES, ids=lambda address: address.text)
async def test_the_field_takes_every_address_that_is_registered(page: Page, address: Written) -> None:
    value = await typed(page, address.text)
    assert value == expected_field(address)
    if address.registered:
        assert value is not None
        assert normalize_address(value) == address.registered


async def test_log_in_asks_for_an_address_by_such_a_field(visitor: Visitor) -> None:
    await visitor.open("/")
    assert await visitor.page.get_by_label("メールアドレス").get_attribute("type") == "email"
