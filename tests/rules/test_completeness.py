import pytest

from contract_rules import Actor, complete

GREETINGS = {Actor.CONTRACTOR: "Dear customer", Actor.OPERATOR: "Dear colleague", Actor.SYSTEM: "Hello"}


def test_a_table_with_an_entry_for_every_member_is_given_back() -> None:
    assert complete("GREETINGS", Actor, GREETINGS) is GREETINGS


def test_every_member_without_an_entry_is_named() -> None:
    contractors = {Actor.CONTRACTOR: "Dear customer"}
    with pytest.raises(ValueError, match=r"^GREETINGS has no entry for Actor\.OPERATOR, Actor\.SYSTEM: write one$"):
        complete("GREETINGS", Actor, contractors)
