"""Sending what is owed. A mail is never lost, and sent twice only in the one case that cannot be excluded.

Claim with a lease, send outside any transaction, note the outcome where the lease still holds (`mail_leases.py`).
Whoever comes back after the lease has passed to somebody else changes nothing. What remains is the gap that RFC 1047
names: the mail server has accepted, and we die before we note it. The repeat is byte for byte the same mail.

Theory. As many mails are claimed as there are hands free, never more: each claimed mail is on its way at once. So a
process that dies keeps nobody waiting but those that it had in hand, of which nobody can say what became of them; and
there are never more of them than hands, because a hand is free again only when the outcome is noted. While one
statement is under way others finish, so that under load one statement claims or notes several.
"""

import asyncio
import logging
import math
import random
import time
from collections.abc import Awaitable, Callable
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
from contract_server.mail.queue import ClaimedMail, Outcome, claim, look, settle

log = get_logger(__name__)

AT_ONCE = 8  # mails in hand
LOOK_AHEAD = 100  # one look walks over all that wait, so it notes that many for the claims to come
CONSIDERED = 25  # of those, by one claim: somebody else may have taken some
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=6)
PAUSE_AFTER_UNKNOWN = timedelta(seconds=RETRY_AFTER_UNKNOWN_SECONDS)
GIVEN_UP_AFTER = timedelta(hours=72)
TRIED_AT_LEAST = 10  # eight hours of tries, however long nobody was there to begin with them

LAST_MOMENTS_S = 10.0  # for the mails in hand, when this process is told to stop
NOTING_PAUSES_S = (0.1, 0.5, 2.0, 5.0)  # as long as a database takes to restart, or another to take its place

Try = tuple[ClaimedMail, DeliveryFailure | None]
Answer = TypeVar("Answer")


class _Report(NamedTuple):
    """How an outcome is counted and logged."""

    counted_as: str
    level: int
    event: str


_REPORTS = complete(
    "_REPORTS",
    MailState,
    {
        MailState.SENT: _Report("sent", logging.INFO, "mail sent"),
        MailState.PENDING: _Report("postponed", logging.WARNING, "mail postponed"),
        MailState.FAILED: _Report("given_up", logging.ERROR, "mail given up"),
        MailState.DISMISSED: None,  # by a person, not by a try
    },
)


class MailRelay:
    """Sends the mails that are owed, oldest first."""

    def __init__(
        self,
        clock: Clock,
        delivery: Delivery,
        sender: str,
        sender_name: str = SENDER_NAME,
        at_once: int = AT_ONCE,
    ) -> None:
        self._clock = clock
        self._delivery = delivery
        self._sender = sender
        self._sender_name = sender_name
        self._hands = at_once
        self._alone = asyncio.Lock()
        self._called = asyncio.Event()
        self._seen: list[int] = []
        self._ends_at = 0.0
        for kind, report in product(KINDS, filter(None, _REPORTS.values())):
            metrics.MAILS.labels(kind, report.counted_as)  # Prometheus sees no increase in a series that begins at 1

    def call(self) -> None:
        """Say that a mail may be owed: whoever is sending looks at once."""
        self._called.set()

    async def drain(self, *, seconds: float = 10) -> int:
        """Try every mail whose turn it is, once; after about `seconds` begin with no other.

        Where somebody in this process is sending already, the mails are left to them.

        Returns:
            How many were handed over.
        """
        self.call()
        if self._alone.locked():
            return 0
        async with self._alone:
            return await self._send_until(time.monotonic() + seconds, stay=False)

    async def serve(self) -> None:
        """Send what is owed, now and whenever somebody calls, until cancelled."""
        async with self._alone:
            await self._send_until(math.inf, stay=True)

    async def _send_until(self, ends_at: float, *, stay: bool) -> int:
        """Who is cancelled begins with no other, and lets those in hand come to their end, so that nobody has to guess.

        That takes a task of its own: a claim that is cancelled half-way may have been made.
        """
        self._ends_at = ends_at
        sending = asyncio.create_task(self._send(stay=stay))
        try:
            return await asyncio.shield(sending)
        finally:
            self._ends_at = 0.0
            self.call()
            await asyncio.wait({sending}, timeout=LAST_MOMENTS_S)
            sending.cancel()
            await asyncio.wait({sending})

    async def _send(self, *, stay: bool) -> int:
        self._seen = []
        sent, in_hand = 0, set[asyncio.Task[Try]]()
        try:
            while True:
                self._called.clear()
                if time.monotonic() < self._ends_at:
                    try:
                        await self._begin(in_hand)
                    except Exception:
                        if not in_hand:
                            raise
                        # those in hand come to their end first; then it is tried again
                if in_hand:
                    done = await self._done_of(in_hand)
                    sent += await self._note(done)
                    in_hand -= done
                elif time.monotonic() >= self._ends_at or not (stay or self._called.is_set()):
                    return sent
                else:
                    await self._called.wait()
        finally:
            for each in in_hand:
                each.cancel()

    async def _begin(self, in_hand: set[asyncio.Task[Try]]) -> None:
        """Take as many mails in hand as there are hands; each is on its way before anything else is asked for."""
        if len(in_hand) < self._hands:
            await self._take(in_hand)
        if len(in_hand) < self._hands:
            self._seen = await look(self._clock, LOOK_AHEAD)
            await self._take(in_hand)

    async def _take(self, in_hand: set[asyncio.Task[Try]]) -> None:
        mails = await self._claim(self._hands - len(in_hand))
        in_hand |= {asyncio.create_task(self._try(mail)) for mail in mails}

    async def _claim(self, hands: int) -> list[ClaimedMail]:
        """Of those seen at the last look; somebody else may have been faster."""
        if not self._seen:
            return []
        mails = await claim(self._clock, self._seen[:CONSIDERED], hands)
        self._seen = self._seen[self._seen.index(mails[-1].id) + 1 :] if mails else []
        return mails

    async def _done_of(self, in_hand: set[asyncio.Task[Try]]) -> set[asyncio.Task[Try]]:
        """Those that are done, once there is one; none where somebody calls first."""
        call = asyncio.create_task(self._called.wait())
        try:
            done, _ = await asyncio.wait([*in_hand, call], return_when=asyncio.FIRST_COMPLETED)
        finally:
            call.cancel()
        return in_hand & done

    async def _try(self, mail: ClaimedMail) -> Try:
        try:
            await self._delivery.send(
                compose(
                    RenderedMail(mail.subject, mail.body),
                    sender=self._sender,
                    sender_name=self._sender_name,
                    recipient=mail.recipient,
                    message_id=mail.message_id,
                    date=mail.dated_at,
                )
            )
        except DeliveryFailure as failure:
            return mail, failure
        except ValueError:  # it can never be made a mail: an upgrade or a setting has spoiled it, and nobody else's
            return mail, PermanentFailure("it cannot be composed")
        except Exception:
            log.exception("mail failed by a defect", mail_id=mail.id, kind=mail.kind)
            return mail, OutcomeUnknown("a defect")
        return mail, None

    async def _note(self, done: set[asyncio.Task[Try]]) -> int:
        """Write down what came of them. How many were handed over."""
        if not done:
            return 0
        tries = [each.result() for each in done]
        outcomes = [Outcome(mail, MailState.SENT) for mail, failure in tries if failure is None]
        if len(outcomes) < len(tries):
            now = await _patiently(self._clock.now)
            outcomes += [_outcome_of_failure(mail, failure, now) for mail, failure in tries if failure is not None]
        ours = await _patiently(lambda: settle(self._clock, outcomes))
        for outcome in outcomes:
            _tell(outcome, ours=outcome.mail.id in ours)
        return sum(outcome.state is MailState.SENT for outcome in outcomes)


def _outcome_of_failure(mail: ClaimedMail, failure: DeliveryFailure, now: datetime) -> Outcome:
    """Whether there is another try, and when."""
    too_old = now - mail.dated_at >= GIVEN_UP_AFTER and mail.attempts >= TRIED_AT_LEAST
    if isinstance(failure, PermanentFailure) or too_old:
        return Outcome(mail, MailState.FAILED, failure)
    pause = _pause_after(mail.attempts)
    if isinstance(failure, OutcomeUnknown):
        pause = max(pause, PAUSE_AFTER_UNKNOWN)
    return Outcome(mail, MailState.PENDING, failure, next_attempt_at=now + pause)


def _pause_after(attempts: int) -> timedelta:
    """From a minute to six hours, doubled each time, and not the same for all that failed together."""
    pause: timedelta = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(attempts - 1, 20))
    return pause * random.uniform(0.8, 1.2)  # noqa: S311 - spreads the load, guards nothing


async def _patiently(ask: Callable[[], Awaitable[Answer]]) -> Answer:
    """What the database answers, also where it is away for a moment: a mark that is lost is a mail that comes twice."""
    for pause in NOTING_PAUSES_S:
        try:
            return await ask()
        except Exception as error:
            if not is_unavailable(error) and not is_contended(error):
                raise
        await asyncio.sleep(pause)
    return await ask()


def _tell(outcome: Outcome, *, ours: bool) -> None:
    """Count it, and say it in the log, where it is ours to say."""
    mail, failure = outcome.mail, outcome.failure
    if not ours:
        log.warning("mail's outcome came after its lease", mail_id=mail.id, kind=mail.kind)
        return
    report = _REPORTS[outcome.state]
    assert report is not None  # noqa: S101 - a try has dismissed nothing
    metrics.MAILS.labels(mail.kind, report.counted_as).inc()
    fields = {"mail_id": mail.id, "kind": mail.kind, "contract_id": mail.contract_id, "caused_by": mail.request_id}
    if failure is not None:
        fields |= {"failure": outcome.failure_kind, "stage": failure.stage, "code": failure.code}
    log.log(report.level, report.event, **fields)
