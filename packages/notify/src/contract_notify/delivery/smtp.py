"""Delivery by SMTP, over one connection that is kept from mail to mail."""

import asyncio
import ssl
from email.message import EmailMessage
from typing import Final

from contract_notify.delivery.conversation import Conversation
from contract_notify.delivery.envelope import Envelope, content_of
from contract_notify.delivery.replies import Stage, failure_of_trouble
from contract_notify.delivery.smtp_server import SmtpServer
from contract_notify.failures import DeliveryFailure, TemporaryFailure

_ANONYMOUS: Final = "[127.0.0.1]"


class SmtpDelivery:
    """Hands mails to a mail server, one at a time; simultaneous calls wait for their turn.

    A connection is kept after a success and given up after any failure: what the server remembers of a mail
    that went wrong cannot touch the next one. `send` ends within `server.send_timeout`.
    """

    def __init__(self, server: SmtpServer) -> None:
        self._server = server
        # read here, so that a file that is missing stops the start and not the first mail
        self._tls = _tls_context(server) if server.uses_tls else None
        self._turn = asyncio.Lock()
        self._current = Conversation(server, tls=self._tls)

    def __repr__(self) -> str:
        """The server, without user name and password."""
        return f"SmtpDelivery({self._server!r})"

    async def send(self, mail: EmailMessage) -> None:
        """Hand one mail over; when this returns, the server has accepted it.

        Raises `InvalidAddress` before anything is sent, and otherwise what the table in `replies` says.
        """
        envelope = Envelope.of(mail)
        content = content_of(mail, international=envelope.is_international)
        failure = await self._failure_of(envelope, content)
        if failure is not None:
            # the library's errors, from which this one was made, quote addresses and server texts
            failure.__cause__ = failure.__context__ = None
            raise failure

    async def close(self) -> None:
        """Say goodbye to the server, after the mail that is under way."""
        async with self._turn:
            if self._current.is_open:
                await self._current.quit()

    async def _failure_of(self, envelope: Envelope, content: bytes) -> DeliveryFailure | None:
        stage = Stage.CONNECT
        try:
            async with asyncio.timeout(self._server.send_timeout), self._turn:
                try:
                    await self._deliver(envelope, content)
                except BaseException:
                    stage = self._current.stage
                    self._current.abandon()
                    raise
        except DeliveryFailure as failure:
            return failure
        except TimeoutError:
            return failure_of_trouble(stage, "the mail server does not answer")
        return None

    async def _deliver(self, envelope: Envelope, content: bytes) -> None:
        if self._current.is_open:
            try:
                await self._current.hand_over(envelope, content)
            except TemporaryFailure as failure:
                if failure.stage is not Stage.MAIL:
                    raise
                # the server tired of the connection between two mails: nothing of this one was said yet
                self._current.abandon()
            else:
                return
        self._current = Conversation(self._server, tls=self._tls)
        await self._current.open(ehlo=self._greeting_name(envelope))
        await self._current.hand_over(envelope, content)

    def _greeting_name(self, envelope: Envelope) -> str:
        domain = self._server.ehlo or envelope.sender_domain
        return domain if domain.isascii() else _ANONYMOUS


def _tls_context(server: SmtpServer) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=server.ca)
    except OSError:
        raise ValueError("ca: this file cannot be read as certificates") from None
