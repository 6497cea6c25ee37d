"""Tell faults of the mail server from faults of single mails, and use as many connections as the server accepts.

A mail that meets a fault of the server keeps its attempts. If nothing else is in flight, the channel pauses, and one
mail after the other finds out whether the server works again. If other mails are in flight, the server merely accepts
fewer connections: one connection less is used, and one more again after some successes.

A refusal of a mail may be a fault of the server too, such as an unverified sender. Several mails in a row that are
refused alike show it. These mails are pending again, also those that had failed. Such a mail fails after all if the
server accepts another one and refuses this one again.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from contract_notify import DeliveryFailure, PermanentFailure, ServerFailure
from contract_server.channel import Channel
from contract_server.logs import get_logger
from contract_server.mail.queue import ClaimedMail

log = get_logger(__name__)

ALIKE = 3
"""So many mails in a row that are refused alike show a fault of the server."""
SUCCESSES_PER_SLOT = 20
_CLOSING = 421

Attempt = tuple[ClaimedMail, DeliveryFailure | None]


@dataclass(slots=True)
class Verdict:
    """Whom attempts are charged to: the mails, or the server. Mails that had failed are pending again."""

    of_mails: list[Attempt] = field(default_factory=list)
    of_server: list[Attempt] = field(default_factory=list)
    restored: list[int] = field(default_factory=list)


class ServerChannel:
    """What this process knows about the mail server."""

    def __init__(self, max_in_flight: int) -> None:
        self._max_in_flight = max_in_flight
        self._channel = Channel("mail_server")
        self._limit = max_in_flight
        self._accepted = 0
        self._refused_alike: list[Attempt] = []
        self._doubted: dict[int, int] = {}

    @property
    def pause_left(self) -> float:
        """How many seconds no mail is sent."""
        return self._channel.pause_left

    @property
    def slots(self) -> int:
        """How many mails may be in flight."""
        return 0 if self.pause_left else self._limit

    def judge(self, attempts: Iterable[Attempt], *, in_flight: int) -> Verdict:
        """Decide whom finished attempts are charged to; `in_flight` is the number of others that are not finished."""
        verdict = Verdict()
        failed = []
        for mail, failure in attempts:
            if failure is None:
                self._accept(mail)
                verdict.of_mails.append((mail, None))
            else:
                failed.append((mail, failure))
        works = in_flight > 0 or bool(verdict.of_mails)
        for mail, failure in failed:
            if self._is_of_server(mail, failure, verdict):
                verdict.of_server.append((mail, failure))
                self._doubted[mail.id] = self._accepted
                self._refuse(failure, works=works)
            else:
                verdict.of_mails.append((mail, failure))
                self._doubted.pop(mail.id, None)
        return verdict

    def _accept(self, mail: ClaimedMail) -> None:
        self._channel.resume()
        self._accepted += 1
        self._refused_alike = []
        self._doubted.pop(mail.id, None)
        if self._accepted % SUCCESSES_PER_SLOT == 0:
            self._limit = min(self._max_in_flight, self._limit + 1)

    def _refuse(self, failure: DeliveryFailure, *, works: bool) -> None:
        alone = self._limit == 1
        self._limit = max(1, self._limit - 1)
        if works and not alone and (failure.stage == "connect" or failure.code == _CLOSING):
            log.info("mail connections reduced", connections=self._limit, stage=failure.stage, code=failure.code)
        elif not self.pause_left:
            self._channel.pause(stage=failure.stage, code=failure.code, failure=type(failure).__name__)

    def _is_of_server(self, mail: ClaimedMail, failure: DeliveryFailure, verdict: Verdict) -> bool:
        if self._accepted > self._doubted.get(mail.id, self._accepted) and not failure.before_recipient:
            return False  # another mail was accepted since this one was refused
        return isinstance(failure, ServerFailure) or self._is_alike(mail, failure, verdict)

    def _is_alike(self, mail: ClaimedMail, failure: DeliveryFailure, verdict: Verdict) -> bool:
        """Whether this refusal is one of several in a row; those before it are then the server's too."""
        if not isinstance(failure, PermanentFailure) or failure.code is None or failure.about_recipient:
            return False
        alike = [(each, other) for each, other in self._refused_alike if str(other) == str(failure)]
        self._refused_alike = [*(pair for pair in alike if pair[0].id != mail.id), (mail, failure)]
        if len(self._refused_alike) < ALIKE:
            return False
        for earlier in self._refused_alike[:-1]:
            if earlier in verdict.of_mails:
                verdict.of_mails.remove(earlier)
                verdict.of_server.append(earlier)
            elif earlier[0].id not in self._doubted:
                verdict.restored.append(earlier[0].id)
            self._doubted[earlier[0].id] = self._accepted
        return True
