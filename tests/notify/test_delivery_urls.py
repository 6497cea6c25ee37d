from pathlib import Path

import pytest
from tests.notify.scripted_smtp import CERTIFICATE

from contract_notify import FolderDelivery, SmtpDelivery, SmtpServer, delivery_from_url


def test_url_says_everything_about_the_server() -> None:
    assert SmtpServer.from_url(
        "smtp://user%40example.jp:p%40ss%2Fw%C3%B6rd@mail.example.jp:2525"
        "?starttls=required&ca=/etc/ca.pem&ehlo=worker.example.jp&reply_timeout=5&send_timeout=20.5"
    ) == SmtpServer(
        host="mail.example.jp",
        port=2525,
        starttls=True,
        username="user@example.jp",
        password="p@ss/wörd",
        ca=Path("/etc/ca.pem"),
        ehlo="worker.example.jp",
        reply_timeout=5.0,
        send_timeout=20.5,
    )


def test_submission_over_starttls_is_what_a_short_url_means() -> None:
    server = SmtpServer.from_url("smtp://mail.example.jp")

    assert (server.host, server.port, server.starttls, server.implicit_tls) == ("mail.example.jp", 587, True, False)
    assert server.uses_tls


def test_smtps_is_encrypted_from_the_first_byte() -> None:
    server = SmtpServer.from_url("smtps://user:secret@mail.example.jp")

    assert (server.port, server.starttls, server.implicit_tls) == (465, False, True)
    assert server.uses_tls


def test_no_tls_is_said_in_so_many_words() -> None:
    server = SmtpServer.from_url("smtp://127.0.0.1:1025?starttls=never")

    assert not server.uses_tls


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_password_may_cross_the_loopback_interface_in_the_clear(host: str) -> None:
    assert SmtpServer.from_url(f"smtp://user:s3cret@{host}?starttls=never").password == "s3cret"


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("smtp://user:s3cret@mail.example.jp?starttls=never", "over TLS only"),
        ("smtp://user@mail.example.jp", "come together"),
        ("smtp://user:s3cret@mail.example.jp?starttls=maybe", "either required or never"),
        ("smtps://user:s3cret@mail.example.jp?starttls=required", "encrypted from the first byte"),
        ("smtp://user:s3cret@mail.example.jp?tls=s3cret", "not \\['tls'\\]"),
        ("smtp://user:s3cret@mail.example.jp?ehlo=a&ehlo=b", "twice"),
        ("smtp://user:s3cret@mail.example.jp?ehlo=a%20s3cret", "ehlo is a host name"),
        ("smtp://user:s3cret@mail.example.jp?ehlo=", "ehlo is a host name"),
        ("smtp://user:s3cret@mail.example.jp?reply_timeout=s3cret", "positive number of seconds"),
        ("smtp://user:s3cret@mail.example.jp?reply_timeout=0", "positive number of seconds"),
        ("smtp://user:s3cret@mail.example.jp?send_timeout=inf", "positive number of seconds"),
        ("smtp://user:s3cret@mail.example.jp?send_timeout=nan", "positive number of seconds"),
        ("smtp://user:s3cret@mail.example.jp?send_timeout=541", "at most 540 seconds"),
        ("smtp://user:s3cret@mail.example.jp:mail", "up to 65535"),
        ("smtp://user:s3cret@mail.example.jp:65536", "up to 65535"),
        ("smtp://user:s3cret@mail.example.jp/s3cret", "has the form"),
        ("smtp://user:s3cret@mail.example.jp#s3cret", "has the form"),
        ("smtp://user:s3cret@", "has the form"),
        ("smtp://user:s3cret@[mail", "cannot be read"),
        ("smtp:s3cret", "has the form"),
        ("smtp://user:s3cret@mail.example.jp?ca=/s3cret/missing.pem", "cannot be read as certificates"),
        (f"smtp://user:s3cret@mail.example.jp?ca={__file__}", "cannot be read as certificates"),
        ("http://user:s3cret@mail.example.jp", "smtp://, smtps:// or file:///"),
        ("s3cret", "smtp://, smtps:// or file:///"),
        ("", "smtp://, smtps:// or file:///"),
        ("file://s3cret", "file:///absolute/path"),
        ("file:s3cret", "file:///absolute/path"),
        ("file:///s3cret?x=1", "file:///absolute/path"),
    ],
)
def test_url_that_cannot_be_used_is_refused_without_being_quoted(url: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint) as refused:
        delivery_from_url(url)

    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize("url", ["http://mail.example.jp", "mail.example.jp", ""])
def test_server_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="begins with smtp:// or smtps://"):
        SmtpServer.from_url(url)


def test_scheme_picks_the_delivery() -> None:
    assert isinstance(delivery_from_url(f"smtp://user:s3cret@mail.example.jp?ca={CERTIFICATE}"), SmtpDelivery)
    assert isinstance(delivery_from_url("SMTPS://mail.example.jp"), SmtpDelivery)
    assert isinstance(delivery_from_url("file:///var/mail"), FolderDelivery)


def test_nothing_that_is_logged_shows_user_name_or_password() -> None:
    server = SmtpServer.from_url("smtp://us3r:s3cret@mail.example.jp")

    for shown in (repr(server), str(server), repr(SmtpDelivery(server))):
        assert "mail.example.jp" in shown
        assert "us3r" not in shown
        assert "s3cret" not in shown
