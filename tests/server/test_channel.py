"""A channel that is at fault is paused for longer and longer, and told about once."""

from typing import Any

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
