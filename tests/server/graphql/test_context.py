"""The context of a request reads its viewer and its instant once, and has a test clock in development alone."""

from datetime import timedelta

import pytest
from tests.server.graphql.without_database import NOW, StandingClock, context_of, viewer

from contract_rules import Language


async def test_every_part_of_a_response_uses_the_same_instant() -> None:
    clock = StandingClock()
    context = context_of(clock=clock)
    before = await context.now()
    await clock.advance(NOW + timedelta(days=1))
    assert await context.now() == before == NOW


async def test_a_log_in_replaces_the_viewer_and_a_log_out_removes_it() -> None:
    context = context_of()
    assert await context.viewer() is None
    context.set_viewer(viewer())
    assert await context.viewer() == viewer()
    context.set_viewer(None)
    assert await context.viewer() is None
    assert context.viewer_contract is None


def test_outside_development_there_is_no_test_clock() -> None:
    with pytest.raises(LookupError, match="development"):
        _ = context_of().time_travel
    clock = StandingClock()
    assert context_of(time_travel=clock).time_travel is clock


@pytest.mark.parametrize(("accepted", "language"), [("en", Language.EN), ("ja", Language.JA), ("fr", Language.JA)])
def test_the_language_is_that_of_the_request(accepted: str, language: Language) -> None:
    assert context_of(language=accepted).language is language


def test_the_client_is_counted_by_its_address_unless_a_trusted_proxy_names_another() -> None:
    assert context_of(headers={"x-forwarded-for": "203.0.113.9"}).client_address == context_of().client_address
