"""The pages on which a developer reads the sent mails."""

import os
from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from contract_notify import (
    FolderDelivery,
    Message,
    PasswordResetRequested,
    RenderedMail,
    ResumptionAccepted,
    TerminationAccepted,
    compose,
    render,
)
from contract_server.development.mailbox import LISTED_AT_MOST, mailbox_routes

NOON = datetime(2024, 3, 1, 12, 0, 5, tzinfo=timezone(timedelta(hours=9)))
TERMINATED = TerminationAccepted(resumption_days=14)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of the mails, next to a file that must stay private."""
    (tmp_path / "secret.eml").write_text("Subject: secret\n\nsecret\n")
    return tmp_path / "mail"


@pytest.fixture
async def browser(folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    app = Starlette(routes=mailbox_routes(folder))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
        yield client


class Page(HTMLParser):
    """The elements of a page with their attributes, and its text."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    @property
    def links(self) -> list[str | None]:
        """The targets of its links, without the link in the header."""
        targets = [attributes["href"] for tag, attributes in self.elements if tag == "a"]
        assert targets[0] == "/"
        return targets[1:]


async def send(
    folder: Path, words: Message | RenderedMail, *, at: datetime = NOON, recipient: str = "keiyaku@example.jp"
) -> str:
    """Send a mail as the worker does, and return its file name."""
    before = names_in(folder)
    mail = compose(
        words if isinstance(words, RenderedMail) else render(words),
        sender="no-reply@omakase-login.example.jp",
        recipient=recipient,
        message_id=f"<{len(before)}@omakase-login.example.jp>",
        date=at,
    )
    await FolderDelivery(folder).send(mail)
    [name] = names_in(folder) - before
    return name


def write(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)


def names_in(folder: Path) -> set[str]:
    return set(os.listdir(folder)) if folder.exists() else set()  # noqa: PTH208 - only names are needed


async def page(browser: httpx.AsyncClient, path: str, *, status: int = 200) -> Page:
    response = await browser.get(path)
    assert response.status_code == status
    return Page(response.text)


async def test_list_says_so_while_nothing_has_been_sent(browser: httpx.AsyncClient) -> None:
    listed = await page(browser, "/dev/mail")

    assert "送信されたメールはまだありません。" in listed.text
    assert listed.links == []


async def test_list_shows_when_to_whom_and_about_what(browser: httpx.AsyncClient, folder: Path) -> None:
    name = await send(folder, TERMINATED)

    listed = await page(browser, "/dev/mail")

    assert listed.links == [f"/dev/mail/{name}"]
    assert "【おまかせログイン】サービス利用停止受理通知" in listed.text
    assert "2024年3月1日（金）12:00:05" in listed.text
    assert "宛先: keiyaku@example.jp" in listed.text
    assert ("time", {"datetime": "2024-03-01T12:00:05+09:00"}) in listed.elements


async def test_list_begins_with_the_newest_mail(browser: httpx.AsyncClient, folder: Path) -> None:
    middle = await send(folder, TERMINATED, at=NOON)
    late = await send(folder, TERMINATED, at=NOON + timedelta(days=14))
    early = await send(folder, TERMINATED, at=NOON - timedelta(days=400))

    listed = await page(browser, "/dev/mail")

    assert listed.links == [f"/dev/mail/{name}" for name in (late, middle, early)]


async def test_mails_of_the_same_second_are_listed_as_they_came(browser: httpx.AsyncClient, folder: Path) -> None:
    names = [await send(folder, words) for words in (TERMINATED, ResumptionAccepted(), TERMINATED)]
    for order, name in enumerate(names):
        os.utime(folder / name, ns=(order, order))

    listed = await page(browser, "/dev/mail")

    assert listed.links == [f"/dev/mail/{name}" for name in reversed(names)]


async def test_list_ends_after_the_newest_hundreds(browser: httpx.AsyncClient, folder: Path) -> None:
    names = [await send(folder, TERMINATED, at=NOON + timedelta(hours=hour)) for hour in range(LISTED_AT_MOST + 1)]

    listed = await page(browser, "/dev/mail")

    assert listed.links == [f"/dev/mail/{name}" for name in reversed(names[1:])]


@pytest.mark.parametrize("words", [TERMINATED, ResumptionAccepted()])
async def test_mail_reads_as_its_recipient_reads_it(browser: httpx.AsyncClient, folder: Path, words: Message) -> None:
    name = await send(folder, words)

    read = await page(browser, f"/dev/mail/{name}")

    rendered = render(words)
    assert rendered.subject in read.text
    assert rendered.body in read.text.replace("\r\n", "\n")
    for shown in (
        "2024年3月1日（金）12:00:05",
        "おまかせログイン <no-reply@omakase-login.example.jp>",
        "keiyaku@example.jp",
        "<0@omakase-login.example.jp>",
        "auto-generated",
    ):
        assert shown in read.text
    assert read.links[0] == "/dev/mail"


async def test_link_in_a_mail_can_be_followed(browser: httpx.AsyncClient, folder: Path) -> None:
    link = "https://localhost/password/token?a=1&b=2"
    name = await send(folder, PasswordResetRequested(url=link, valid_minutes=30))

    read = await page(browser, f"/dev/mail/{name}")

    assert ("a", {"href": link, "rel": "noreferrer"}) in read.elements


MARKUP = '<script>alert(1)</script><img src=x onerror=alert(1)> "\'&amp; https://example.jp/"><script>'


async def test_markup_in_a_mail_is_text(browser: httpx.AsyncClient, folder: Path) -> None:
    name = await send(folder, RenderedMail(subject=MARKUP, body=f"{MARKUP}\n"))

    for path in ("/dev/mail", f"/dev/mail/{name}"):
        shown = await page(browser, path)
        assert MARKUP in shown.text
        assert not {tag for tag, _ in shown.elements} & {"script", "img"}
        assert all("onerror" not in attributes for _, attributes in shown.elements)


@pytest.mark.parametrize("path", ["/dev/mail", "/dev/mail/{name}", "/dev/mail/none.eml"])
async def test_page_keeps_to_its_own_strict_policy(browser: httpx.AsyncClient, folder: Path, path: str) -> None:
    name = await send(folder, TERMINATED)

    response = await browser.get(path.format(name=name))

    policy = response.headers["content-security-policy"].split("; ")
    assert {"default-src 'none'", "style-src 'self'"} <= set(policy)
    assert "unsafe" not in response.headers["content-security-policy"]
    assert response.headers["referrer-policy"] == "no-referrer"
    assert response.headers["cache-control"] == "no-store"
    elements = Page(response.text).elements
    assert not {tag for tag, _ in elements} & {"script", "style"}
    assert all("style" not in attributes for _, attributes in elements)
    assert ("link", {"rel": "stylesheet", "href": "/dev/mail.css"}) in elements


@pytest.mark.parametrize("path", ["/dev/mail", "/dev/mail/{name}", "/dev/mail/none.eml"])
async def test_page_is_japanese_with_a_title_one_heading_and_room_for_a_small_screen(
    browser: httpx.AsyncClient, folder: Path, path: str
) -> None:
    name = await send(folder, TERMINATED)

    shown = await page(browser, path.format(name=name), status=404 if "none" in path else 200)

    tags = [tag for tag, _ in shown.elements]
    assert ("html", {"lang": "ja"}) in shown.elements
    assert tags.count("title") == tags.count("h1") == tags.count("main") == 1
    assert ("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}) in shown.elements


async def test_style_is_served_from_here_for_light_and_dark_screens(browser: httpx.AsyncClient) -> None:
    response = await browser.get("/dev/mail.css")

    assert response.status_code == 200
    assert response.headers["content-type"] == "text/css; charset=utf-8"
    assert "prefers-color-scheme: dark" in response.text
    assert "url(" not in response.text


@pytest.mark.parametrize(
    "name",
    [
        "none.eml",
        "..%2Fsecret.eml",
        "..%5Csecret.eml",
        "%2E%2E%2Fsecret.eml",
        "....%2F%2Fsecret.eml",
        "%2Fetc%2Fpasswd",
        "%00.eml",
        "link.eml",
        "folder.eml",
        "notes.txt",
        ".unfinished.part",
        "*.eml",
        "%F0%9F%92%A9" * 100,
    ],
)
async def test_name_that_the_folder_does_not_hold_is_not_found(
    browser: httpx.AsyncClient, folder: Path, name: str
) -> None:
    await send(folder, TERMINATED)
    (folder / "link.eml").symlink_to(folder.parent / "secret.eml")
    (folder / "folder.eml").mkdir()
    (folder / "notes.txt").write_text("secret")
    (folder / ".unfinished.part").write_text("secret")

    response = await browser.get(f"/dev/mail/{name}")

    assert response.status_code == 404
    assert "secret\n" not in response.text


async def test_only_finished_mails_are_listed(browser: httpx.AsyncClient, folder: Path) -> None:
    name = await send(folder, TERMINATED)
    (folder / "link.eml").symlink_to(folder.parent / "secret.eml")
    (folder / "gone.eml").symlink_to(folder / "never was")
    (folder / "folder.eml").mkdir()
    (folder / ".unfinished.part").write_text("Subject: half")

    listed = await page(browser, "/dev/mail")

    assert listed.links == [f"/dev/mail/{name}"]


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        (b"", "（なし）"),
        (b"\xff\xfe\x00 no mail at all", "（なし）"),
        (b"Subject: \xff\xe3\x81\r\nDate: yesterday\r\n\r\nwords \xff", "words"),
        (b"Subject: odd\r\nContent-Type: text/plain; charset=no-such\r\n\r\nwords", "（本文を表示できません）"),
        (b"Subject: odd\r\nContent-Type: image/png\r\n\r\ntext", "（本文を表示できません）"),
        (b"Subject: odd\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n", "odd"),
        (b"Subject: odd\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!", "odd"),
    ],
)
async def test_file_that_is_hardly_a_mail_is_shown_as_far_as_it_goes(
    browser: httpx.AsyncClient, folder: Path, content: bytes, shown: str
) -> None:
    write(folder / "odd.eml", content)

    assert (await page(browser, "/dev/mail")).links == ["/dev/mail/odd.eml"]
    assert shown in (await page(browser, "/dev/mail/odd.eml")).text


async def test_nothing_can_be_sent_to_the_pages(browser: httpx.AsyncClient, folder: Path) -> None:
    name = await send(folder, TERMINATED)

    for path in ("/dev/mail", f"/dev/mail/{name}", "/dev/mail.css"):
        assert (await browser.post(path)).status_code == 405
        assert (await browser.delete(path)).status_code == 405
        assert (await browser.head(path)).status_code == 200
