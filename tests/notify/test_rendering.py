import re
from dataclasses import dataclass
from importlib.resources import files
from typing import ClassVar

import pytest
from jinja2 import UndefinedError

from contract_notify import (
    CONTACT_URL,
    KINDS,
    ErasureReminder,
    Message,
    PasswordResetRequested,
    RenderedMail,
    ResumptionAccepted,
    ResumptionLastReminder,
    ResumptionReminder,
    ServiceEnded,
    TerminationAccepted,
    render,
)

TERMINATION_IN_THE_MANUAL = """\
平素よりおまかせログインをご利用いただき、ありがとうございます。

サービス利用停止申請を受理いたしました。
ご愛顧いただきまして、誠にありがとうございました。

またのご利用をお待ちしております。

※サービス利用停止受理から14日の間は、契約管理の「ホーム」から利用を再開することが可能です。

※本メールにお心当たりのない方は、お手数ですが下記までご連絡ください。
https://form.business.ntt-east.co.jp/?formId=pf3473inq

※本メールは送信専用メールアドレスから送信されております。本メールに対して返信をいただいてもお答えできませんので、ご了承ください。
"""

RESUMPTION_IN_THE_MANUAL = """\
平素よりおまかせログインをご利用いただき、ありがとうございます。

サービス利用再開申請を受理いたしました。
引き続きご愛顧いただけますよう、お願い申し上げます。

※本メールにお心当たりのない方は、お手数ですが下記までご連絡ください。
https://form.business.ntt-east.co.jp/?formId=pf3473inq

※本メールは送信専用メールアドレスから送信されております。本メールに対して返信をいただいてもお答えできませんので、ご了承ください。
"""

REMINDERS = {
    ResumptionReminder(last_day="2024-03-15"): "利用再開は、2024年3月15日（金）まで、契約管理の「ホーム」から",
    ResumptionLastReminder(last_day="2024-03-15"): "利用再開は、2024年3月15日（金）まで、契約管理の「ホーム」から",
    ServiceEnded(last_day="2024-03-15", erasure_last_day="2024-04-15"): (
        "サービスのご利用は、2024年3月15日（金）をもって終了いたしました。"
    ),
    ErasureReminder(last_day="2024-04-15"): "会員の登録情報は、2024年4月15日（月）まで保管し、その後抹消いたします。",
}

SAMPLES = [message_type.sample() for message_type in KINDS.values()]


def test_termination_mail_is_the_manuals_word_for_word() -> None:
    assert render(TerminationAccepted(resumption_days=14)) == RenderedMail(
        subject="【おまかせログイン】サービス利用停止受理通知", body=TERMINATION_IN_THE_MANUAL
    )


@pytest.mark.parametrize("message", REMINDERS, ids=lambda message: message.kind)
def test_reminder_names_the_day_as_the_service_writes_it(message: Message) -> None:
    rendered = render(message)

    assert REMINDERS[message] in rendered.body
    assert rendered.subject.startswith("【おまかせログイン】")


@pytest.mark.parametrize("message", REMINDERS, ids=lambda message: message.kind)
def test_reminder_counts_no_days_because_it_may_be_late(message: Message) -> None:
    rendered = render(message)

    assert not re.search(r"あと|本日|明日|\d日[前後間]", rendered.subject + rendered.body)


def test_resumption_mail_is_the_manuals_word_for_word() -> None:
    assert render(ResumptionAccepted()) == RenderedMail(
        subject="【おまかせログイン】サービス利用再開受理通知", body=RESUMPTION_IN_THE_MANUAL
    )


def test_number_of_days_is_the_policys() -> None:
    body = render(TerminationAccepted(resumption_days=30)).body

    assert body == TERMINATION_IN_THE_MANUAL.replace("14日", "30日")


def test_password_mail_has_its_link_alone_on_a_line_and_says_how_long_it_is_valid() -> None:
    link = "https://example.jp/password/s3cret?a=1&b=<2>"

    body = render(PasswordResetRequested(url=link, valid_minutes=45)).body

    assert link in body.splitlines()
    assert "45分間" in body


@pytest.mark.parametrize("message", SAMPLES, ids=lambda message: message.kind)
def test_every_mail_names_the_contact_page_of_the_settings(message: Message) -> None:
    ours = "https://example.jp/contact?x=1&y=2"

    body = render(message, contact_url=ours).body

    assert ours in body.splitlines()
    assert body.replace(ours, CONTACT_URL) == render(message).body


@pytest.mark.parametrize("message", SAMPLES, ids=lambda message: message.kind)
def test_every_mail_says_who_writes_and_ends_with_one_line_break(message: Message) -> None:
    rendered = render(message)

    assert rendered.subject.startswith("【おまかせログイン】")
    assert rendered.subject == rendered.subject.strip()
    assert rendered.body == f"{rendered.body.strip()}\n"
    assert all(line == line.rstrip() for line in rendered.body.splitlines())


def test_every_kind_has_its_folder_of_templates_and_every_folder_its_kind() -> None:
    folders = [each for each in files("contract_notify").joinpath("templates").iterdir() if each.is_dir()]

    assert {folder.name for folder in folders} == set(KINDS)
    for folder in folders:
        assert {each.name for each in folder.iterdir()} == {"subject.txt.j2", "body.txt.j2"}


@pytest.mark.parametrize("breaking", ["\r\nBcc: x@example.jp", "\n", "\x00", "\x85", "\u2028", "\u2029", "\ud800"])
def test_value_that_would_break_out_of_its_line_is_refused_without_being_quoted(breaking: str) -> None:
    with pytest.raises(ValueError, match=r"^contact_url: control characters and line breaks") as refused:
        render(ResumptionAccepted(), contact_url=f"https://example.jp/{breaking}")

    assert "example.jp" not in str(refused.value)


def test_template_that_asks_for_what_the_message_does_not_say_fails_instead_of_leaving_a_gap() -> None:
    @dataclass(frozen=True)
    class WithoutDays:
        kind: ClassVar = "termination_accepted"

    with pytest.raises(UndefinedError, match="resumption_days"):
        render(WithoutDays())  # type: ignore[arg-type] # no true message leaves out a field
