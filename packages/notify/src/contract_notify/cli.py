"""`contract-notify`: preview the mails."""

import argparse
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Final

from contract_notify.composing import compose
from contract_notify.messages import KINDS, Message
from contract_notify.rendering import CONTACT_URL, RenderedMail, render

_SENDER: Final = "no-reply@omakase-login.example.jp"
_RECIPIENT: Final = "keiyaku@example.jp"
_DATE: Final = datetime(2024, 3, 1, 10, 0, tzinfo=timezone(timedelta(hours=9)))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return 0 on success, 1 on failure, 2 for a wrong command line."""
    options = _parser().parse_args(arguments)
    try:
        written = preview(options.to, contact_url=options.contact_url)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"contract-notify: {error}\n")
        return 1
    sys.stdout.writelines(f"{path}\n" for path in written)
    return 0


def preview(folder: Path, *, contact_url: str = CONTACT_URL) -> list[Path]:
    """Write every mail with sample data, as `<kind>.eml` for mail programs and `<kind>.txt` for people.

    The same version writes the same bytes each time, so that two versions can be compared.
    """
    folder.mkdir(parents=True, exist_ok=True)
    return [
        path
        for _, message_type in sorted(KINDS.items())
        for path in _preview_of(message_type.sample(), folder, contact_url)
    ]


def _preview_of(message: Message, folder: Path, contact_url: str) -> list[Path]:
    rendered = render(message, contact_url)
    as_mail, as_text = folder / f"{message.kind}.eml", folder / f"{message.kind}.txt"
    as_mail.write_bytes(_composed(message, rendered))
    as_text.write_text(f"件名：{rendered.subject}\n\n{rendered.body}", encoding="utf-8", newline="\n")
    return [as_mail, as_text]


def _composed(message: Message, rendered: RenderedMail) -> bytes:
    return compose(
        rendered,
        sender=_SENDER,
        recipient=_RECIPIENT,
        message_id=f"<preview.{message.kind}@omakase-login.example.jp>",
        date=_DATE,
    ).as_bytes()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="contract-notify", description="The mails of おまかせログイン.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    to_folder = commands.add_parser(
        "preview",
        help="write every mail with sample data to a folder",
        description="Every mail with sample data: <kind>.eml for a mail program, <kind>.txt for a reader.",
    )
    to_folder.add_argument("--to", type=Path, required=True, metavar="FOLDER", help="created if it is missing")
    to_folder.add_argument(
        "--contact-url",
        default=CONTACT_URL,
        metavar="URL",
        help="contact form for recipients who did not expect the mail (default: %(default)s)",
    )
    return parser
