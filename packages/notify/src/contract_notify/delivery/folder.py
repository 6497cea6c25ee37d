"""Delivery to a folder of `.eml` files, for development."""

import asyncio
import errno
import hashlib
import re
import tempfile
from datetime import UTC
from email.message import EmailMessage
from pathlib import Path

from contract_notify.failures import TemporaryFailure


class FolderDelivery:
    """Writes each mail to a file, which appears atomically.

    The name begins with the mail's date in UTC, so that names sort by time, and continues with its Message-ID, so
    that a repeated mail overwrites itself. Only the owner can read the files: mails are personal.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __repr__(self) -> str:
        """The folder, for logs."""
        return f"FolderDelivery({str(self._folder)!r})"

    async def send(self, mail: EmailMessage) -> None:
        """Write the mail; raise `TemporaryFailure` while the folder cannot be written."""
        name, content = file_name(mail), mail.as_bytes()
        try:
            await asyncio.to_thread(self._write, name, content)
        except OSError as error:
            reason = errno.errorcode.get(error.errno or 0, "unknown error")
        else:
            return
        raise TemporaryFailure(f"the mail folder cannot be written ({reason})")

    async def close(self) -> None:
        """Do nothing: no file stays open between two mails."""

    def _write(self, name: str, content: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=self._folder, prefix=".", suffix=".part", delete=False) as file:
            unfinished = Path(file.name)
            try:
                file.write(content)
                file.flush()
                unfinished.replace(self._folder / name)
            except BaseException:
                unfinished.unlink(missing_ok=True)
                raise


def file_name(mail: EmailMessage) -> str:
    """File name of the mail: `20240301T010000Z-<its Message-ID, made safe>-<eight digits>.eml`.

    The digits are a hash of the whole Message-ID: two ids that are equal once made safe stay two files.
    """
    date, message_id = mail["Date"], mail["Message-ID"]
    if date is None or date.datetime is None or message_id is None:
        raise ValueError("a mail without Date or Message-ID has no name of its own")
    moment = date.datetime.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    readable = re.sub(r"[^A-Za-z0-9.-]+", "_", str(message_id).strip("<> "))[:100]
    digits = hashlib.sha256(str(message_id).encode()).hexdigest()[:8]
    return f"{moment}-{readable}-{digits}.eml"
