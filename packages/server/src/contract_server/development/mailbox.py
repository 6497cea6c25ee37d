"""`/dev/mail`: the mails that development has sent, as their recipients read them.

Any process can write files to the folder, so the pages trust none of their content. All of it is escaped, no page loads
anything from elsewhere, and a name from the address is only compared with the names in the folder.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default as modern
from http import HTTPStatus
from itertools import zip_longest
from pathlib import Path
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from contract_rules import Language, date_in_words

LISTED_AT_MOST: Final = 200
"""How many mails the list shows; older ones stay in the folder."""

CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)

_HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",  # sites to which a mail links must not learn its address
    "Cache-Control": "no-store",
}
_JAPAN: Final = timezone(timedelta(hours=9))
_LINK: Final = re.compile(r"(https?://[!-~]+)")
_MISSING: Final = "（なし）"
_UNREADABLE: Final = "（本文を表示できません）"
_SHOWN_FIRST: Final = frozenset({"date", "from", "to", "subject"})


def mailbox_routes(folder: Path) -> list[Route]:
    """The list of the `.eml` files in a folder, a page for each mail, and the style sheet. For development only."""

    # plain functions: Starlette runs them in threads, where reading files does not block the event loop
    def show_list(_: Request) -> Response:
        return _page("list", mails=_newest_first(folder), listed_at_most=LISTED_AT_MOST)

    def show_mail(request: Request) -> Response:
        name = request.path_params["name"]
        path = next((path for path in _mail_files(folder) if path.name == name), None)
        mail = _read(path) if path is not None else None
        return _page("not-found", HTTPStatus.NOT_FOUND) if mail is None else _page("mail", mail=mail)

    return [
        Route("/dev/mail", show_list),
        Route("/dev/mail.css", _style),
        Route("/dev/mail/{name}", show_mail),
    ]


@dataclass(frozen=True)
class _SentMail:
    """A mail and the name of its file."""

    name: str
    content: EmailMessage

    @property
    def subject(self) -> str:
        return self._header("Subject")

    @property
    def sender(self) -> str:
        return self._header("From")

    @property
    def recipient(self) -> str:
        return self._header("To")

    @property
    def other_headers(self) -> list[tuple[str, str]]:
        return [(name, str(value)) for name, value in self.content.items() if name.lower() not in _SHOWN_FIRST]

    @property
    def dated_at(self) -> datetime | None:
        """The instant in the mail's `Date` header, in Japanese time; None if it is missing or invalid."""
        date = self.content["Date"]
        instant: datetime | None = None if date is None else date.datetime
        return instant and instant.astimezone(_JAPAN)

    @property
    def body(self) -> str:
        """The plain text, or a note if the mail has none or its encoding is unknown."""
        try:
            text = self.content.get_body(("plain",))
            return _UNREADABLE if text is None else str(text.get_content())
        except LookupError:
            return _UNREADABLE

    def _header(self, name: str) -> str:
        return str(self.content[name] or _MISSING)


def _mail_files(folder: Path) -> list[Path]:
    """The mail files without symbolic links, which could lead out of the folder; the folder need not exist."""
    return [path for path in folder.glob("*.eml") if path.is_file() and not path.is_symlink()]


def _newest_first(folder: Path) -> list[_SentMail]:
    """The newest mails by the instant in their names; mails of the same second in order of arrival."""
    arrived = {path: _arrived_at(path) for path in _mail_files(folder)}
    newest = sorted(arrived, key=lambda path: (path.name.partition("-")[0], arrived[path]), reverse=True)
    mails = (_read(path) for path in newest[:LISTED_AT_MOST])
    return [mail for mail in mails if mail is not None]


def _arrived_at(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def _read(path: Path) -> _SentMail | None:
    """Read a mail; return None if it was deleted in the meantime."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    return _SentMail(path.name, BytesParser(EmailMessage, policy=modern).parsebytes(content))


def _page(name: str, status: HTTPStatus = HTTPStatus.OK, **values: object) -> Response:
    """Render a page; stray bytes of a mail with a broken encoding become question marks."""
    page = _TEMPLATES.get_template(f"{name}.html.j2").render(values)
    return HTMLResponse(page.encode(errors="replace"), status, _HEADERS)


def _style(_: Request) -> Response:
    return Response(
        (Path(__file__).parent / "mailbox_pages" / "mail.css").read_text("utf-8"), 200, _HEADERS, "text/css"
    )


def _in_japanese(instant: datetime) -> str:
    """An instant as in `2024年3月1日（金）10:00:05`."""
    return f"{date_in_words(instant.date(), Language.JA)}{instant:%H:%M:%S}"


def _split_at_links(text: str) -> list[tuple[str, str]]:
    """Split a text into pairs of plain text and the link that follows it; the last link is empty."""
    pieces = _LINK.split(text)
    return list(zip_longest(pieces[::2], pieces[1::2], fillvalue=""))


_TEMPLATES: Final = Environment(
    loader=PackageLoader("contract_server.development", "mailbox_pages"),
    undefined=StrictUndefined,
    autoescape=True,
    trim_blocks=True,
)
_TEMPLATES.filters |= {"in_japanese": _in_japanese, "split_at_links": _split_at_links}
