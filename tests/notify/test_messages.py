import json
from dataclasses import FrozenInstanceError

import pytest

from contract_notify import (
    KINDS,
    AddressChangeRequested,
    ErasureReminder,
    Message,
    NewAddressChosen,
    PasswordChanged,
    PasswordResetRequested,
    ResumptionAccepted,
    ResumptionLastReminder,
    ResumptionReminder,
    ServiceEnded,
    TerminationAccepted,
    data_of,
    rebuild,
)

RESET = PasswordResetRequested(url="https://example.jp/password/s3cret", valid_minutes=30)


def test_kinds_keep_their_names_because_outbox_rows_hold_them() -> None:
    assert {
        "termination_accepted": TerminationAccepted,
        "resumption_accepted": ResumptionAccepted,
        "password_reset": PasswordResetRequested,
        "password_changed": PasswordChanged,
        "address_change": AddressChangeRequested,
        "new_address": NewAddressChosen,
        "resumption_reminder": ResumptionReminder,
        "resumption_last_reminder": ResumptionLastReminder,
        "service_ended": ServiceEnded,
        "erasure_reminder": ErasureReminder,
    } == KINDS
    assert all(message_type.kind == kind for kind, message_type in KINDS.items())


def test_fields_keep_their_names_because_outbox_rows_hold_them() -> None:
    assert data_of(TerminationAccepted(resumption_days=14)) == {"resumption_days": 14}
    assert data_of(ResumptionAccepted()) == {}
    assert data_of(PasswordChanged()) == {}
    assert data_of(RESET) == {"url": "https://example.jp/password/s3cret", "valid_minutes": 30}
    assert data_of(ResumptionReminder(last_day="2024-03-15")) == {"last_day": "2024-03-15"}
    assert data_of(ResumptionLastReminder(last_day="2024-03-15")) == {"last_day": "2024-03-15"}
    assert data_of(ServiceEnded(last_day="2024-03-15", erasure_last_day="2024-04-15")) == {
        "last_day": "2024-03-15",
        "erasure_last_day": "2024-04-15",
    }
    assert data_of(ErasureReminder(last_day="2024-04-15")) == {"last_day": "2024-04-15"}


@pytest.mark.parametrize(
    "message",
    [
        TerminationAccepted(resumption_days=7),
        ResumptionAccepted(),
        RESET,
        PasswordChanged(),
        ResumptionReminder(last_day="2024-02-29"),
        ResumptionLastReminder(last_day="2024-02-29"),
        ServiceEnded(last_day="2024-02-29", erasure_last_day="2024-03-31"),
        ErasureReminder(last_day="2024-03-31"),
    ],
)
def test_message_is_the_same_after_its_stay_in_the_outbox(message: Message) -> None:
    stored = json.dumps(data_of(message))

    assert rebuild(message.kind, json.loads(stored)) == message


def test_two_messages_cannot_share_a_kind() -> None:
    with pytest.raises(TypeError, match="two messages have the kind 'termination_accepted'"):

        class Impostor(Message, kind="termination_accepted"):
            pass

    assert KINDS["termination_accepted"] is TerminationAccepted


def test_message_cannot_be_changed_once_it_is_made() -> None:
    message = TerminationAccepted(resumption_days=14)

    with pytest.raises(FrozenInstanceError):
        message.resumption_days = 15  # type: ignore[misc] # that it is refused is the point


def test_kind_that_nobody_knows_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="no mail is called 'birthday'; there are address_change, erasure_reminder"):
        rebuild("birthday", {})


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        ({"url": RESET.url}, "missing or unknown: valid_minutes"),
        ({"url": RESET.url, "valid_minutes": 30, "colour": "s3cret"}, "missing or unknown: colour"),
        ({"url": RESET.url, "valid_minutes": "s3cret"}, "valid_minutes is to be int, not str"),
        ({"url": RESET.url, "valid_minutes": True}, "valid_minutes is to be int, not bool"),
        ({"url": None, "valid_minutes": 30}, "url is to be str, not NoneType"),
        ({"url": RESET.url, "valid_minutes": 0}, "valid_minutes: at least 1 is expected"),
    ],
)
def test_data_that_do_not_fit_are_refused_without_being_quoted(data: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint) as refused:
        rebuild("password_reset", data)

    assert "s3cret" not in str(refused.value)


def test_termination_that_cannot_be_taken_back_for_a_day_has_no_mail() -> None:
    with pytest.raises(ValueError, match="resumption_days: at least 1"):
        TerminationAccepted(resumption_days=0)


@pytest.mark.parametrize(
    "no_day", ["2024-02-30", "20240315", "2024-W11-5", "2024-03-15T00:00", "2024-03-15\r\nBcc: x", "s3cret", ""]
)
@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("resumption_reminder", "last_day"),
        ("resumption_last_reminder", "last_day"),
        ("service_ended", "last_day"),
        ("service_ended", "erasure_last_day"),
        ("erasure_reminder", "last_day"),
    ],
)
def test_day_that_is_none_is_refused_without_being_quoted(kind: str, name: str, no_day: str) -> None:
    data = data_of(KINDS[kind].sample()) | {name: no_day}

    with pytest.raises(ValueError, match=f"^{name}: a calendar day such as 2024-03-15 is expected$"):
        rebuild(kind, data)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.jp/s3cret",
        "/password/s3cret",
        "https://example.jp/s3cret\r\nBcc: x",
        "https://example.jp/s3 cret",
        "https://example.jp/s3cret\u2028",
        "",
    ],
)
def test_link_that_is_none_is_refused_without_being_quoted(url: str) -> None:
    with pytest.raises(ValueError, match="http or https") as refused:
        PasswordResetRequested(url=url, valid_minutes=30)

    assert "s3cret" not in str(refused.value)


def test_message_without_a_sample_cannot_be_previewed() -> None:
    with pytest.raises(NotImplementedError):
        Message.sample()


def test_secret_link_does_not_show_when_a_message_is_logged() -> None:
    assert repr(RESET) == "PasswordResetRequested(valid_minutes=30)"
