import email
import email.policy
import re
from datetime import UTC, datetime, timedelta, timezone
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.addresses import REGISTERED, Written
from tests.notify.samples import DATE, MESSAGE_ID, RECIPIENT, SENDER, a_mail

from contract_notify import KINDS, Attachment, InvalidAddress, RenderedMail, compose, render

ATOM = st.text("abcXYZ019!#$%&'*+/=?^_`{|}~-", min_size=1, max_size=20)
PLAIN_ADDRESSES = st.builds(
    lambda atoms, domain: f"{'.'.join(atoms)}@{domain}.jp",
    st.lists(ATOM, min_size=1, max_size=3),
    st.from_regex(r"[a-z0-9]{1,20}(-[a-z0-9]{1,20})?", fullmatch=True),
).filter(lambda address: "=?" not in address)


def received(mail: EmailMessage) -> EmailMessage:
    """The mail as its recipient's program reads it from the wire."""
    return email.message_from_bytes(mail.as_bytes(), EmailMessage, policy=email.policy.default)


def test_mail_reads_as_it_was_meant() -> None:
    mail = received(a_mail())

    assert mail["From"].addresses[0].display_name == "おまかせログイン"
    assert mail["From"].addresses[0].addr_spec == SENDER
    assert [each.addr_spec for each in mail["To"].addresses] == [RECIPIENT]
    assert mail["Subject"] == "【おまかせログイン】サービス利用停止受理通知"
    assert mail["Date"].datetime == DATE
    assert mail["Message-ID"] == MESSAGE_ID
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content().replace("\r\n", "\n") == render(KINDS["termination_accepted"].sample()).body
    assert not mail.defects


def test_mail_is_ascii_on_the_wire_with_lines_that_every_relay_takes() -> None:
    lines = a_mail().as_bytes().split(b"\r\n")

    assert all(line.isascii() and len(line) <= 78 for line in lines)
    assert not any(b"\r" in line or b"\n" in line for line in lines)
    assert b"Subject: =?utf-8?" in a_mail().as_bytes()


def test_attachments_are_whole_the_body_stays_and_repeated_bytes_are_the_same() -> None:
    calendar, receipt = (
        Attachment("dates.ics", "calendar", "日付\n" * 100),
        Attachment("受付控え.txt", "plain", "控え\n"),
    )

    def write() -> EmailMessage:
        rendered = RenderedMail("件名", "本文\n")
        return compose(
            rendered,
            sender=SENDER,
            recipient=RECIPIENT,
            message_id=MESSAGE_ID,
            date=DATE,
            attachments=[calendar, receipt],
        )

    mail = received(write())
    body = mail.get_body()
    assert body is not None
    assert body.get_content() == "本文\r\n"
    found = [
        Attachment(each.get_filename() or "", each.get_content_subtype(), each.get_content().replace("\r\n", "\n"))
        for each in mail.iter_attachments()
    ]
    assert found == [calendar, receipt]
    assert write().as_bytes() == write().as_bytes()
    assert write().as_bytes().isascii()


def test_same_arguments_give_the_same_bytes() -> None:
    assert a_mail().as_bytes() == a_mail().as_bytes()


def test_same_instant_gives_the_same_bytes_whatever_its_offset() -> None:
    elsewhere = DATE.astimezone(timezone(timedelta(hours=-5)))

    assert a_mail(date=elsewhere).as_bytes() == a_mail().as_bytes()
    assert a_mail(date=DATE + timedelta(microseconds=1)).as_bytes() == a_mail().as_bytes()


def test_bytes_are_these() -> None:
    mail = compose(
        RenderedMail(subject="件名", body="本文\n"),
        sender=SENDER,
        recipient=RECIPIENT,
        message_id="<1@example.jp>",
        date=datetime(2024, 2, 29, 15, 0, tzinfo=UTC),
    )

    assert mail.as_bytes().decode("ascii").split("\r\n") == [
        "Date: Fri, 01 Mar 2024 00:00:00 +0900",
        "From: =?utf-8?b?44GK44G+44GL44Gb44Ot44Kw44Kk44Oz?=",
        " <no-reply@omakase-login.example.jp>",
        "To: keiyaku@example.jp",
        "Message-ID: <1@example.jp>",
        "Subject: =?utf-8?b?5Lu25ZCN?=",
        "Auto-Submitted: auto-generated",
        'Content-Type: text/plain; charset="utf-8"',
        "Content-Transfer-Encoding: base64",
        "MIME-Version: 1.0",
        "",
        "5pys5paHDQo=",
        "",
    ]


def test_long_message_id_stays_in_one_piece() -> None:
    long = f"<{'0190a6c2-5f1e-7abc-8def-0123456789ab.' * 3}termination_accepted@omakase-login.example.jp>"

    assert f"Message-ID: {long}\r\n".encode() in a_mail(message_id=long).as_bytes()


@given(recipient=PLAIN_ADDRESSES)
def test_every_plain_address_arrives_as_itself_and_alone(recipient: str) -> None:
    mail = received(a_mail(recipient=recipient))

    assert [each.addr_spec for each in mail["To"].addresses] == [recipient]


@pytest.mark.parametrize("address", REGISTERED, ids=lambda address: address.text)
def test_address_is_written_in_ascii_and_read_again(address: Written) -> None:
    mail = a_mail(recipient=address.text.lower())

    assert f"To: {address.sent or address.registered}\r\n".encode() in mail.as_bytes()
    [arrived] = received(mail)["To"].addresses
    assert f"{arrived.username}@{arrived.domain}" == address.registered


@pytest.mark.parametrize("address", ["a@example.jp, b@example.jp", "A <a@example.jp>", "a@example.jp\r\nBcc: b@c"])
def test_address_that_is_not_plain_is_refused(address: str) -> None:
    with pytest.raises(InvalidAddress):
        a_mail(recipient=address)
    with pytest.raises(InvalidAddress):
        a_mail(sender=address)


@pytest.mark.parametrize(
    "message_id",
    ["", "1@example.jp", "<1>", "<1@example.jp>\r\nBcc: x", "<1@example.jp> <2@b>", "<契約@example.jp>", "<a b@c>"],
)
def test_message_id_that_would_not_be_found_again_is_refused(message_id: str) -> None:
    with pytest.raises(ValueError, match=r"^message_id: "):
        a_mail(message_id=message_id)


def test_date_without_an_offset_is_refused_because_it_is_no_instant() -> None:
    with pytest.raises(ValueError, match=r"^date: "):
        a_mail(date=DATE.replace(tzinfo=None))


@pytest.mark.parametrize("breaking", ["\r\nBcc: x@example.jp", "\n", "\r", "\x00", "\u2028"])
def test_subject_that_would_break_out_of_its_header_is_refused(breaking: str) -> None:
    with pytest.raises(ValueError, match=r"^subject: "):
        compose(
            RenderedMail(subject=f"件名{breaking}", body="本文\n"),
            sender=SENDER,
            recipient=RECIPIENT,
            message_id=MESSAGE_ID,
            date=DATE,
        )


@pytest.mark.parametrize("breaking", ["\r\nBcc: x@example.jp", "\n", "\r", "\x00", "\u2028"])
def test_senders_name_that_would_break_out_of_its_header_is_refused(breaking: str) -> None:
    with pytest.raises(ValueError, match=r"^sender_name: "):
        a_mail(sender_name=f"名前{breaking}")


@given(name=st.text(st.characters(exclude_categories=["C", "Zl", "Zp", "Zs"]), min_size=1, max_size=100))
def test_every_senders_name_is_a_name_and_never_an_address(name: str) -> None:
    mail = received(a_mail(sender_name=name))

    # Python's own reader leaves a space where a long name goes on in a second encoded word
    assert [each.display_name.replace(" ", "") for each in mail["From"].addresses] == [name]
    assert [each.addr_spec for each in mail["From"].addresses] == [SENDER]
    assert mail.keys() == a_mail().keys()


def test_senders_name_beyond_ascii_is_encoded() -> None:
    assert b"From: =?utf-8?b?" in a_mail(sender_name="契約管理センター").as_bytes()


@given(body=st.text(st.characters(exclude_categories=["Cs"]), max_size=300))
def test_every_body_arrives_as_it_was_written(body: str) -> None:
    mail = compose(
        RenderedMail(subject="件名", body=f"{body}\n"),
        sender=SENDER,
        recipient=RECIPIENT,
        message_id=MESSAGE_ID,
        date=DATE,
    )

    assert received(mail).get_content() == re.sub(r"\r\n|\r|\n", "\r\n", f"{body}\n")
