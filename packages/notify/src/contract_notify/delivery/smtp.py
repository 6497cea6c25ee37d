"""Delivery by SMTP, over one connection that is kept from mail to mail."""

import asyncio
import ssl
from email.message import EmailMessage

from contract_notify.delivery.conversation import Conversation
from contract_notify.delivery.envelope import Envelope
from contract_notify.delivery.replies import Stage, failure_of_trouble
from contract_notify.delivery.smtp_server import SmtpServer
from contract_notify.failures import DeliveryFailure, TemporaryFailure


class SmtpDelivery:
    """Hands mails to a mail server, one at a time; concurrent calls wait for their turn.

    The connection is kept after a success and closed after any failure, so that the state of a failed mail
    cannot affect the next one. `send` ends within `server.send_timeout`.
    """

    def __init__(self, server: SmtpServer) -> None:
        self._server = server
        # read here, so that a missing file prevents the start instead of the first mail
        self._tls = _tls_context(server) if server.uses_tls else None
        self._turn = asyncio.Lock()
        self._current = Conversation(server, tls=self._tls)

    def __repr__(self) -> str:
        """The server, without user name and password."""
        return f"SmtpDelivery({self._server!r})"

    async def send(self, mail: EmailMessage) -> None:
        """Send one mail; on return, the server has accepted it.

        Raises `InvalidAddress` before anything is sent, and otherwise according to the table in `replies`.
        """
        envelope = Envelope.of(mail)
        failure = await self._failure_of(envelope, envelope.content_of(mail))
        if failure is not None:
            # the library's errors, from which this one was made, quote addresses and server texts
            failure.__cause__ = failure.__context__ = None
            raise failure

    async def close(self) -> None:
        """Close the connection after the mail in flight."""
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
                # the server closed the connection between two mails: nothing of this one was sent yet
                self._current.abandon()
            else:
                return
        self._current = Conversation(self._server, tls=self._tls)
        await self._current.open(ehlo=self._server.ehlo or envelope.sender_domain)
        await self._current.hand_over(envelope, content)


def _tls_context(server: SmtpServer) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=server.ca)
    except OSError:
        raise ValueError("ca: this file cannot be read as certificates") from None
