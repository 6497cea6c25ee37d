"""One SMTP conversation, in stages, so that a failure shows whether the mail was sent.

aiosmtplib implements the protocol. Its `data()` is not used: it sends DATA and the mail in one call, and a failure
does not show in which of the two the connection broke. That is the difference between "send again" and "maybe
sent".
"""

import asyncio
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final, cast

import aiosmtplib

from contract_notify.addresses import quote_address
from contract_notify.delivery.envelope import Envelope
from contract_notify.delivery.replies import Stage, failure_of_answer, failure_of_trouble
from contract_notify.delivery.smtp_server import SmtpServer

_START_INPUT: Final = 354
_QUIT_TIMEOUT_SECONDS: Final = 1.0


class Conversation:
    """A connection to a mail server: open it, send mails one by one, then quit or abandon it."""

    def __init__(self, server: SmtpServer, *, tls: ssl.SSLContext | None) -> None:
        self.stage = Stage.CONNECT
        self._server = server
        self._smtp = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            timeout=server.reply_timeout,
            use_tls=server.implicit_tls,
            start_tls=False,  # a separate stage, below
            tls_context=tls,
        )

    @property
    def is_open(self) -> bool:
        """Whether the connection is open, as far as known."""
        return self._smtp.is_connected

    async def open(self, *, ehlo: str) -> None:
        """Connect, send EHLO with the name `ehlo`, encrypt and log in according to the settings."""
        with self._at(Stage.CONNECT):
            await self._smtp.connect(local_hostname=ehlo)
        with self._at(Stage.EHLO):
            await self._smtp.ehlo()
        if self._server.starttls:
            with self._at(Stage.STARTTLS):
                await self._smtp.starttls()
            with self._at(Stage.EHLO):
                await self._smtp.ehlo()
        if self._server.username is not None:
            with self._at(Stage.AUTH):
                await self._smtp.login(self._server.username, self._server.password or "")

    async def hand_over(self, envelope: Envelope, content: bytes) -> None:
        """Send one mail and wait until the server has accepted it."""
        await self._command(Stage.MAIL, f"MAIL FROM:<{quote_address(envelope.sender)}>")
        await self._command(Stage.RCPT, f"RCPT TO:<{quote_address(envelope.recipient)}>")
        await self._command(Stage.DATA, "DATA", wanted=range(_START_INPUT, _START_INPUT + 1))
        await self._content(content)

    async def quit(self) -> None:
        """Send QUIT; abandon a server that does not answer."""
        with suppress(aiosmtplib.SMTPException, OSError):
            await self._smtp.quit(timeout=_QUIT_TIMEOUT_SECONDS)
        self.abandon()

    def abandon(self) -> None:
        """Close the connection at once, in any state."""
        if self._smtp.transport is not None:
            cast("asyncio.WriteTransport", self._smtp.transport).abort()
        self._smtp.close()

    async def _command(self, stage: Stage, command: str, *, wanted: range = range(200, 300)) -> None:
        with self._at(stage):
            reply = await self._smtp.execute_command(command.encode())
        if reply.code not in wanted:
            raise failure_of_answer(stage, reply.code, reply.message)

    async def _content(self, content: bytes) -> None:
        protocol = self._smtp.protocol
        if protocol is None or not protocol.is_connected:
            raise failure_of_trouble(Stage.DATA, "the connection was lost")
        with self._at(Stage.DOT):
            protocol.write(_stuffed(content))
            # no separate timeout: the longer this wait, the fewer mails have an unknown outcome
            reply = await protocol.read_response(timeout=None)
        if reply.code not in range(200, 300):
            raise failure_of_answer(Stage.DOT, reply.code, reply.message)

    @contextmanager
    def _at(self, stage: Stage) -> Iterator[None]:
        self.stage = stage
        try:
            yield
        except aiosmtplib.SMTPResponseException as error:
            raise failure_of_answer(stage, error.code, error.message) from None
        except TimeoutError:
            raise failure_of_trouble(stage, "the mail server does not answer") from None
        except ssl.SSLError:
            raise failure_of_trouble(stage, "no secure connection could be made") from None
        except (OSError, aiosmtplib.SMTPException) as error:
            raise failure_of_trouble(stage, _trouble(error)) from None


def _trouble(error: Exception) -> str:
    if isinstance(error.__cause__, ssl.SSLError):
        return "no secure connection could be made"
    if isinstance(error, OSError):
        return "the connection could not be made or was lost"
    return "the mail server does not offer what the settings ask for"


def _stuffed(content: bytes) -> bytes:
    """The mail as DATA requires it: a line that begins with a dot gets another one, and a lone dot ends the mail."""
    ended = content if content.endswith(b"\r\n") else content + b"\r\n"
    return re.sub(rb"(?m)^\.", b"..", ended) + b".\r\n"
