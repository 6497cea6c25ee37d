"""`/dev/mail`: the mails that development has sent, as their recipients would read them.

Everything shown comes out of files that anybody may have put there: all of it is escaped, nothing is fetched from
anywhere, and a name from the address bar is only ever compared with the names that the folder holds.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default as modern
from html import escape
from http import HTTPStatus
from pathlib import Path
from typing import Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

LISTED_AT_MOST: Final = 200
"""How many mails the list shows; the others stay in the folder."""

CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)

_JAPAN: Final = timezone(timedelta(hours=9))
_WEEKDAYS: Final = "月火水木金土日"
_LINK: Final = re.compile(r"https?://[!-~]+")
_MISSING: Final = "（なし）"
_UNREADABLE: Final = "（本文を表示できません）"
_SHOWN_FIRST: Final = frozenset({"date", "from", "to", "subject"})


def dev_mail_routes(folder: Path) -> list[Route]:
    """The list of the mails in a folder of `.eml` files, each mail, and the pages' style. For development only."""

    # plain functions: Starlette runs them in a thread, where reading files holds nobody up
    def the_list(_: Request) -> Response:
        return _list_page(_newest_first(folder))

    def the_mail(request: Request) -> Response:
        name = request.path_params["name"]
        path = next((path for path in _mail_files(folder) if path.name == name), None)
        mail = _read(path) if path is not None else None
        return _not_found_page() if mail is None else _mail_page(mail)

    return [
        Route("/dev/mail", the_list),
        Route("/dev/mail.css", _style),
        Route("/dev/mail/{name}", the_mail),
    ]


@dataclass(frozen=True)
class _SentMail:
    """A mail and the file that holds it."""

    path: Path
    content: EmailMessage

    @property
    def subject(self) -> str:
        return _header(self.content, "Subject")

    @property
    def sender(self) -> str:
        return _header(self.content, "From")

    @property
    def recipient(self) -> str:
        return _header(self.content, "To")

    @property
    def dated_at(self) -> datetime | None:
        """The instant at which the mail says it was written, where it says so in a way that can be read."""
        date = self.content["Date"]
        instant: datetime | None = None if date is None else date.datetime
        return instant

    @property
    def body(self) -> str:
        """The text for people to read; a mail of another kind or in an unknown encoding has none."""
        try:
            text = self.content.get_body(("plain",))
            return _UNREADABLE if text is None else str(text.get_content())
        except LookupError:
            return _UNREADABLE


def _mail_files(folder: Path) -> list[Path]:
    """The files, none of them a link to somewhere else; none while nothing has been sent."""
    return [path for path in folder.glob("*.eml") if path.is_file() and not path.is_symlink()]


def _newest_first(folder: Path) -> list[_SentMail]:
    """The newest mails by the moment in their names; mails of the same second by the order in which they came."""
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
    """The mail; None where it has been deleted since it was seen in the folder."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    return _SentMail(path, BytesParser(EmailMessage, policy=modern).parsebytes(content))


def _header(mail: EmailMessage, name: str) -> str:
    return str(mail[name] or _MISSING)


def _list_page(mails: list[_SentMail]) -> Response:
    items = "".join(
        f"""<li>
<a href="/dev/mail/{_text(quote(mail.path.name))}">{_text(mail.subject)}</a>
<span class="meta">{_time(mail.dated_at)} <span>宛先: {_text(mail.recipient)}</span></span>
</li>
"""
        for mail in mails
    )
    found = f'<ol class="mails">\n{items}</ol>' if mails else "<p>送信されたメールはまだありません。</p>"
    return _page(
        "送信されたメール",
        f"""<h1>送信されたメール</h1>
<p class="meta">開発用の画面です。メールは外部に送信されず、ここに新しい順に表示されます（最大{LISTED_AT_MOST}通）。</p>
{found}""",
    )


def _mail_page(mail: _SentMail) -> Response:
    others = ((name, str(value)) for name, value in mail.content.items() if name.lower() not in _SHOWN_FIRST)
    return _page(
        mail.subject,
        f"""<nav><a href="/dev/mail">送信されたメールの一覧へ戻る</a></nav>
<article>
<h1>{_text(mail.subject)}</h1>
<dl>
<dt>日時</dt><dd>{_time(mail.dated_at)}</dd>
{_definitions([("差出人", mail.sender), ("宛先", mail.recipient)])}
</dl>
<div class="body">{_text_with_links(mail.body)}</div>
<details>
<summary>その他のヘッダー</summary>
<dl>
{_definitions(others)}
</dl>
</details>
</article>""",
    )


def _not_found_page() -> Response:
    return _page(
        "メールが見つかりません",
        """<nav><a href="/dev/mail">送信されたメールの一覧へ戻る</a></nav>
<h1>メールが見つかりません</h1>
<p>このメールはありません。データを初期状態に戻すと、それまでのメールは削除されます。</p>""",
        status=HTTPStatus.NOT_FOUND,
    )


def _page(title: str, main: str, *, status: HTTPStatus = HTTPStatus.OK) -> Response:
    return HTMLResponse(
        f"""<!doctype html>
<html lang="ja">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{_text(title)} - おまかせログイン（開発用）</title>
<link rel="stylesheet" href="/dev/mail.css">
</head>
<body>
<header><a href="/" lang="ja">おまかせログイン</a><span>開発用のメールボックス</span></header>
<main>
{main}
</main>
</body>
</html>
""",
        status_code=status,
        headers=_headers(),
    )


def _style(_: Request) -> Response:
    return Response(_CSS, media_type="text/css", headers=_headers())


def _headers() -> dict[str, str]:
    return {
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
        "X-Content-Type-Options": "nosniff",
        # the address of a page that a mail links to may be a secret, and so may the mail
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }


def _definitions(pairs: Iterable[tuple[str, str]]) -> str:
    return "\n".join(f"<dt>{_text(name)}</dt><dd>{_text(value)}</dd>" for name, value in pairs)


def _time(instant: datetime | None) -> str:
    """An instant as a Japanese reader writes it: `2024年3月1日（金）10:00:05`."""
    if instant is None:
        return _MISSING
    local = instant.astimezone(_JAPAN)
    words = f"{local.year}年{local.month}月{local.day}日（{_WEEKDAYS[local.weekday()]}）{local:%H:%M:%S}"
    return f'<time datetime="{local.isoformat()}">{words}</time>'


def _text(text: str) -> str:
    """Text as markup: escaped, and without the stray bytes of a mail whose encoding is broken."""
    return escape(text.encode(errors="replace").decode())


def _text_with_links(text: str) -> str:
    """A mail's text, with its addresses to follow, as every mail program shows it."""
    pieces, end = [], 0
    for link in _LINK.finditer(text):
        address = _text(link[0])
        pieces += [_text(text[end : link.start()]), f'<a href="{address}" rel="noreferrer">{address}</a>']
        end = link.end()
    return "".join([*pieces, _text(text[end:])])


_CSS: Final = """\
:root {
  color-scheme: light dark;
  --page: #f5f7f8;
  --card: #fff;
  --text: #1b2830;
  --quiet: #51626d;
  --line: #d8e0e4;
  --accent: #0f6480;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #11181c;
    --card: #1a2329;
    --text: #e7edf0;
    --quiet: #a9b8c0;
    --line: #33414a;
    --accent: #7cc8e2;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0;
  background: var(--page);
  color: var(--text);
  font: 1rem/1.75 "Hiragino Sans", "Noto Sans JP", "Noto Sans CJK JP", "Yu Gothic UI", Meiryo, system-ui, sans-serif;
  overflow-wrap: anywhere;
}
header {
  display: flex;
  flex-wrap: wrap;
  align-items: baseline;
  gap: .25rem 1rem;
  padding: .875rem clamp(1rem, 4vw, 2.5rem);
  background: var(--card);
  border-bottom: 1px solid var(--line);
}
header a { color: var(--text); font-size: 1.125rem; font-weight: 700; text-decoration: none; }
header span { color: var(--quiet); font-size: .9375rem; }
main { max-width: 50rem; margin: 0 auto; padding: clamp(1.5rem, 5vw, 3rem) clamp(1rem, 4vw, 2rem) 4rem; }
h1 { margin: 0 0 .75rem; font-size: 1.375rem; line-height: 1.4; }
a { color: var(--accent); text-underline-offset: .2em; }
a:focus-visible, summary:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; border-radius: 4px; }
nav { margin-bottom: 1rem; }
nav a, .mails a { display: inline-block; padding: .25rem 0; }
.meta, dt { color: var(--quiet); font-size: .875rem; }
.mails { list-style: none; margin: 1.5rem 0 0; padding: 0; }
.mails li, article {
  background: var(--card);
  border: 1px solid var(--line);
  border-radius: 14px;
  padding: 1rem 1.25rem;
}
.mails li + li { margin-top: .75rem; }
.mails a { font-weight: 700; }
.mails .meta { display: flex; flex-wrap: wrap; gap: 0 1.25rem; }
article { padding: clamp(1.25rem, 4vw, 2rem); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; align-items: baseline; margin: 0; }
dd { margin: 0; }
.body {
  margin: 1.5rem 0;
  padding: 1.5rem 0;
  border-block: 1px solid var(--line);
  white-space: pre-wrap;
}
summary { cursor: pointer; padding: .25rem 0; }
@media (max-width: 35rem) {
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: .5rem; }
}
"""
