"""Channels: the parts of the surroundings that every item depends on, such as the mail server or the ledger.

A fault of a channel is no fault of the item that met it: the item keeps its attempts, and the channel pauses. The alarm
is given once, when the fault begins. One item after the other then finds out whether the channel works again.
"""

import math
import time

from contract_server import metrics
from contract_server.logs import get_logger

log = get_logger(__name__)

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0


class Channel:
    """Whether a channel works, as far as this process knows."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._faults = 0
        self._resumes_at = -math.inf
        metrics.CHANNEL_PAUSED.labels(name).set_function(lambda: float(self._was_paused_lately))

    @property
    def pause_left(self) -> float:
        """How many seconds it stays paused."""
        return max(0.0, self._resumes_at - time.monotonic())

    @property
    def _was_paused_lately(self) -> bool:
        """Whether it is paused, or may fail again at the next try. Where nothing is left to try, that is forgotten."""
        return time.monotonic() < self._resumes_at + LONGEST_PAUSE_S

    def pause(self, **reason: object) -> None:
        """Pause after a fault, each time for longer; the first time with the alarm."""
        self._resumes_at = time.monotonic() + min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** min(self._faults, 10))
        self._faults += 1
        if self._faults == 1:
            log.error("channel paused", channel=self._name, **reason)

    def resume(self) -> None:
        """End the pause: the channel works."""
        if self._faults:
            log.info("channel resumed", channel=self._name, faults=self._faults)
        self._faults, self._resumes_at = 0, -math.inf
