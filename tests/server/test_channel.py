"""A channel that is at fault is paused for longer and longer, and told about once."""

import time
from collections.abc import Iterable
from typing import Any

import pytest
from prometheus_client import Metric

from contract_server import metrics
from contract_server.channel import FIRST_PAUSE_S, LONGEST_PAUSE_S, Channel


def test_pauses_grow_to_a_minute_and_end_when_it_works_again(told: list[dict[str, Any]]) -> None:
    channel, pauses = Channel("ledger"), []
    assert channel.pause_left == 0
    for _ in range(10):
        channel.pause(reason="full")
        pauses.append(round(channel.pause_left))
    assert pauses[:3] == [FIRST_PAUSE_S, 2 * FIRST_PAUSE_S, 4 * FIRST_PAUSE_S]
    assert pauses[-1] == LONGEST_PAUSE_S
    channel.resume()
    channel.resume()
    assert channel.pause_left == 0
    assert [(event["event"], event["level"]) for event in told] == [
        ("channel paused", "error"),
        ("channel resumed", "info"),
    ]


def test_a_fault_is_no_longer_reported_where_nothing_was_left_to_try(monkeypatch: pytest.MonkeyPatch) -> None:
    channel, reported = Channel("ledger"), metrics.CHANNEL_PAUSED.labels("ledger").collect
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)
    channel.pause()
    assert value(reported()) == 1
    now += FIRST_PAUSE_S + LONGEST_PAUSE_S
    assert value(reported()) == 0
    channel.pause()
    channel.resume()
    assert value(reported()) == 0


def value(families: Iterable[Metric]) -> float:
    return next(iter(families)).samples[0].value
