"""A reminder is sent between two instants, and never with the acceptance of its application."""

from datetime import UTC, datetime, timedelta

from contract_rules import Application, shipped_policies
from contract_server.contracts.reminder_windows import REMINDERS, next_opening, windows_of

APPLIED_AT = datetime(2024, 3, 1, 0, 30, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def application() -> Application:
    return Application(1, APPLIED_AT, shipped_policies().in_force_at(APPLIED_AT).timeline(APPLIED_AT))


def test_a_window_is_open_from_its_opening_until_its_closing() -> None:
    for window in windows_of(application()):
        assert not window.is_open(window.opens_at - MICROSECOND)
        assert window.is_open(window.opens_at)
        assert window.is_open(window.closes_at - MICROSECOND)
        assert not window.is_open(window.closes_at)


def test_every_reminder_has_a_window_after_the_application() -> None:
    windows = list(windows_of(application()))
    assert [window.reminder for window in windows] == list(REMINDERS)
    assert min(window.opens_at for window in windows) > APPLIED_AT


def test_the_openings_follow_each_other_to_the_last() -> None:
    at, openings = APPLIED_AT, []
    while opens_at := next_opening(application(), at):
        openings.append(opens_at)
        at = opens_at
    assert openings == sorted(window.opens_at for window in windows_of(application()))
