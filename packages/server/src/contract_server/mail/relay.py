"""Send pending mails. No mail is lost, and only one unavoidable case sends a mail twice.

The relay claims a mail with a lease, sends it outside any transaction, and records the result while the lease is valid
(`queue.py`). A result that arrives after the lease has passed to another process is discarded. The remaining case is
the gap that RFC 1047 describes: the mail server has accepted the mail, and this process dies before it records that.
The repeated mail has the same bytes.

Theory. Claim no more mails than there are free slots, so that every claimed mail is being sent. If the process dies,
only mails in flight have an unknown outcome. There are never more of them than slots, because a slot becomes free only
when the result is recorded. While one statement runs, other deliveries finish, so that under load one statement claims
or records several mails.
"""

import asyncio
import logging
import math
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import product
from typing import NamedTuple, TypeVar

from contract_notify import (
    KINDS,
    RETRY_AFTER_UNKNOWN_SECONDS,
    SENDER_NAME,
    Delivery,
    DeliveryFailure,
    OutcomeUnknown,
    PermanentFailure,
    RenderedMail,
    compose,
)
from contract_rules import complete
from contract_server import metrics
from contract_server.clock import Clock
from contract_server.db.availability import is_contended, is_unavailable
from contract_server.logs import get_logger
from contract_server.mail.models import MailState
from contract_server.mail.outbox import read_attachments
from contract_server.mail.queue import ClaimedMail, DeliveryResult, claim, find_ready, record_results, restore
from contract_server.mail.server_channel import Attempt, ServerChannel
from contract_server.tracing import TRACING

log = get_logger(__name__)

MAX_IN_FLIGHT = 8
READY_LIMIT = 100  # a search scans all pending mails, so it returns enough for several claims
CLAIM_CANDIDATES = 25  # another process may have claimed some of the mails that were found
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=6)
PAUSE_AFTER_UNKNOWN = timedelta(seconds=RETRY_AFTER_UNKNOWN_SECONDS)
FAIL_AFTER = timedelta(hours=72)
MIN_ATTEMPTS = 10  # about eight hours of attempts, even if no worker was running for a long time before the first

SHUTDOWN_GRACE_S = 10.0  # for mails in flight when this process is stopped
RECORD_PAUSES_S = (0.1, 0.5, 2.0, 5.0)  # as long as a database takes to restart or to fail over

Result = TypeVar("Result")


class _Report(NamedTuple):
    """How a result is counted and logged."""

    outcome_label: str
    level: int
    event: str


_REPORTS = complete(
    "_REPORTS",
    MailState,
    {
        MailState.SENT: _Report("sent", logging.INFO, "mail sent"),
        MailState.PENDING: _Report("postponed", logging.WARNING, "mail postponed"),
        MailState.FAILED: _Report("given_up", logging.ERROR, "mail failed permanently"),
        MailState.DISMISSED: None,  # set by an operator, never by an attempt
    },
)

_PUT_BACK = _Report("postponed", logging.INFO, "mail put back: the mail server is at fault")


class MailRelay:
    """Sends pending mails, oldest first."""

    def __init__(
        self,
        clock: Clock,
        delivery: Delivery,
        sender: str,
        sender_name: str = SENDER_NAME,
        max_in_flight: int = MAX_IN_FLIGHT,
    ) -> None:
        self._clock = clock
        self._delivery = delivery
        self._sender = sender
        self._sender_name = sender_name
        self._server = ServerChannel(max_in_flight)
        self._running = asyncio.Lock()
        self._woken = asyncio.Event()
        self._ready_ids: list[int] = []
        self._ends_at = 0.0
        for kind, report in product(KINDS, filter(None, _REPORTS.values())):
            metrics.MAILS.labels(kind, report.outcome_label)  # Prometheus sees no increase in a series that begins at 1

    def wake(self) -> None:
        """Search for ready mails now, because one may have been queued."""
        self._woken.set()

    async def drain(self, *, seconds: float = 10) -> int:
        """Attempt every ready mail once; after about `seconds`, start no more.

        If the relay of this process is running already, wake it and return.

        Returns:
            The number of mails sent.
        """
        self.wake()
        if self._running.locked():
            return 0
        async with self._running:
            return await self._send_until(time.monotonic() + seconds, stay=False)

    async def serve(self) -> None:
        """Send ready mails now and after each wake-up, until cancelled."""
        async with self._running:
            await self._send_until(math.inf, stay=True)

    async def _send_until(self, ends_at: float, *, stay: bool) -> int:
        """On cancellation, start no new mail but finish those in flight, so that their outcome is known.

        That takes a task of its own: a claim that is cancelled half-way may have been made.
        """
        self._ends_at = ends_at
        sending = asyncio.create_task(self._send(stay=stay))
        try:
            return await asyncio.shield(sending)
        finally:
            self._ends_at = 0.0
            self.wake()
            await asyncio.wait({sending}, timeout=SHUTDOWN_GRACE_S)
            sending.cancel()
            await asyncio.wait({sending})

    async def _send(self, *, stay: bool) -> int:
        self._ready_ids = []
        sent, in_flight = 0, set[asyncio.Task[Attempt]]()
        try:
            while True:
                self._woken.clear()
                if time.monotonic() < self._ends_at:
                    try:
                        await self._fill_slots(in_flight)
                    except Exception:
                        if not in_flight:
                            raise
                        # finish the mails in flight first; the next round tries again
                if in_flight:
                    done = await self._wait_for_done(in_flight)
                    in_flight -= done
                    sent += await self._record(done, len(in_flight))
                elif time.monotonic() >= self._ends_at or not (stay or self._woken.is_set()):
                    return sent
                else:
                    await self._wait_for_work()
        finally:
            for task in in_flight:
                task.cancel()

    async def _wait_for_work(self) -> None:
        """Wait for a wake-up, or for the end of the mail server's pause."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._server.pause_left or None):
                await self._woken.wait()

    async def _fill_slots(self, in_flight: set[asyncio.Task[Attempt]]) -> None:
        """Start a mail in each free slot. Claimed mails start before the next search."""
        if len(in_flight) < self._server.slots:
            await self._start(in_flight)
        if len(in_flight) < self._server.slots:
            self._ready_ids = await find_ready(self._clock, READY_LIMIT)
            await self._start(in_flight)

    async def _start(self, in_flight: set[asyncio.Task[Attempt]]) -> None:
        mails = await self._claim(self._server.slots - len(in_flight))
        in_flight |= {asyncio.create_task(self._attempt(mail)) for mail in mails}

    async def _claim(self, limit: int) -> list[ClaimedMail]:
        """Claim mails that the last search found and that no other process has claimed since."""
        if not self._ready_ids:
            return []
        mails = await claim(self._clock, self._ready_ids[:CLAIM_CANDIDATES], limit)
        self._ready_ids = self._ready_ids[self._ready_ids.index(mails[-1].id) + 1 :] if mails else []
        return mails

    async def _wait_for_done(self, in_flight: set[asyncio.Task[Attempt]]) -> set[asyncio.Task[Attempt]]:
        """Return finished attempts as soon as there is one, or none after a wake-up."""
        wakeup = asyncio.create_task(self._woken.wait())
        try:
            done, _ = await asyncio.wait([*in_flight, wakeup], return_when=asyncio.FIRST_COMPLETED)
        finally:
            wakeup.cancel()
        return in_flight & done

    async def _attempt(self, mail: ClaimedMail) -> Attempt:
        with TRACING.span("send mail", mail.traceparent, kind=mail.kind, attempt=mail.attempts):
            _, failure = attempt = await self._send_one(mail)
            TRACING.annotate(outcome=type(failure).__name__ if failure else "sent")
            return attempt

    async def _send_one(self, mail: ClaimedMail) -> Attempt:
        try:
            await self._delivery.send(
                compose(
                    RenderedMail(mail.subject, mail.body),
                    sender=self._sender,
                    sender_name=self._sender_name,
                    recipient=mail.recipient,
                    message_id=mail.message_id,
                    date=mail.dated_at,
                    attachments=read_attachments(mail.attachments),
                )
            )
        except DeliveryFailure as failure:
            return mail, failure
        except ValueError:  # an upgrade or a setting has made this mail invalid; other mails are not affected
            return mail, PermanentFailure("it cannot be composed")
        except Exception:
            log.exception("mail attempt failed: internal error", mail_id=mail.id, kind=mail.kind)
            return mail, OutcomeUnknown("a defect")
        return mail, None

    async def _record(self, done: set[asyncio.Task[Attempt]], in_flight: int) -> int:
        """Record the results of finished attempts; return the number of mails sent."""
        if not done:
            return 0
        verdict = self._server.judge([task.result() for task in done], in_flight=in_flight)
        results = [DeliveryResult(mail, MailState.SENT) for mail, failure in verdict.of_mails if failure is None]
        if len(results) < len(done):
            now = await _with_retries(self._clock.now)
            results += [_failure_result(mail, failure, now) for mail, failure in verdict.of_mails if failure]
            results += [
                DeliveryResult(mail, MailState.PENDING, failure, next_attempt_at=now, charged=False)
                for mail, failure in verdict.of_server
            ]
        recorded = await _with_retries(lambda: record_results(self._clock, results))
        if verdict.restored:
            await _with_retries(lambda: restore(self._clock, verdict.restored))
        for result in results:
            _report(result, recorded=result.mail.id in recorded)
        return sum(result.state is MailState.SENT for result in results)


def _failure_result(mail: ClaimedMail, failure: DeliveryFailure, now: datetime) -> DeliveryResult:
    """Decide whether to try again, and when."""
    too_old = now - mail.dated_at >= FAIL_AFTER and mail.attempts >= MIN_ATTEMPTS
    if isinstance(failure, PermanentFailure) or too_old:
        return DeliveryResult(mail, MailState.FAILED, failure)
    pause = pause_after(mail.attempts)
    if isinstance(failure, OutcomeUnknown):
        pause = max(pause, PAUSE_AFTER_UNKNOWN)
    return DeliveryResult(mail, MailState.PENDING, failure, next_attempt_at=now + pause)


def pause_after(attempts: int) -> timedelta:
    """Exponential backoff from one minute to six hours, with jitter."""
    pause: timedelta = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(attempts - 1, 20))
    return pause * random.uniform(0.8, 1.2)  # noqa: S311 - spreads the load, guards nothing


async def _with_retries(query: Callable[[], Awaitable[Result]]) -> Result:
    """Retry while the database is unavailable for a moment: a lost result means that a mail is sent twice."""
    for pause in RECORD_PAUSES_S:
        try:
            return await query()
        except Exception as error:
            if not is_unavailable(error) and not is_contended(error):
                raise
        await asyncio.sleep(pause)
    return await query()


def _report(result: DeliveryResult, *, recorded: bool) -> None:
    """Count and log the result, if it was recorded."""
    mail, failure = result.mail, result.failure
    if not recorded:
        log.warning("mail result discarded: lease expired", mail_id=mail.id, kind=mail.kind)
        return
    report = _REPORTS[result.state] if result.charged else _PUT_BACK
    assert report is not None  # noqa: S101 - no attempt dismisses a mail
    metrics.MAILS.labels(mail.kind, report.outcome_label).inc()
    fields = {"mail_id": mail.id, "kind": mail.kind, "contract_id": mail.contract_id, "caused_by": mail.request_id}
    if failure is not None:
        fields |= {"failure": result.failure_kind, "stage": failure.stage, "code": failure.code}
    log.log(report.level, report.event, **fields)
