import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.server.accounts.counting import ELSEWHERE, EMAIL, HERE, PASSWORD, count_log_ins, guess
from tests.server.in_process import find_viewer

from contract_server.accounts.login import DELAY_S, InvalidCredentials, MailedLinkRequired
from contract_server.accounts.rate_limit_store import TooManyAttempts
from contract_server.clock import DatabaseClock
from contract_server.db.statements import execute, fetch
from contract_server.development.test_clock import MovableClock
from contract_server.services import Services

UNKNOWN = "nobody@example.jp"
MINUTE = timedelta(minutes=1)


async def test_unknown_wrong_and_erased_cost_the_same_work_and_get_the_same_answer(services: Services) -> None:
    counted = await count_log_ins(services)
    for email, password in ((UNKNOWN, PASSWORD), (EMAIL, "wrong"), ("erased@example.jp", PASSWORD), ("", "")):
        before = counted.comparisons
        with pytest.raises(InvalidCredentials) as refusal:
            await counted.log_ins.log_in(email, password, client_address=HERE)
        assert refusal.value.args == ()
        assert counted.comparisons == before + 1


@pytest.mark.parametrize("email", [EMAIL, UNKNOWN])
@pytest.mark.parametrize("password", [PASSWORD, "wrong"])
async def test_a_lock_says_nothing_about_account_and_password_and_costs_the_same_work(
    services: Services, email: str, password: str
) -> None:
    counted = await count_log_ins(services)
    assert set(await guess(counted, 10, email)) == {"InvalidCredentials"}
    guesses, comparisons = counted.guesses, counted.comparisons
    with pytest.raises(TooManyAttempts) as refusal:
        await counted.log_ins.log_in(email, password, client_address=HERE)
    now = await DatabaseClock().now()
    assert 4 * MINUTE < refusal.value.retry_at - now <= 5 * MINUTE
    assert counted.comparisons == comparisons + 1
    assert counted.guesses == guesses


async def test_a_thousand_guesses_at_the_same_time_compare_no_more_passwords_than_the_limit_says(
    services: Services,
) -> None:
    counted = await count_log_ins(services)
    answers = await guess(counted, 1_000)
    assert counted.guesses == 10
    assert answers.count("InvalidCredentials") == 10
    assert answers.count("TooManyAttempts") == 990


async def test_one_source_is_stopped_whatever_accounts_it_tries(services: Services) -> None:
    counted = await count_log_ins(services, log_in_failures_per_source=7)
    answers = [kind for number in range(9) for kind in await guess(counted, 1, f"{number}@example.jp")]
    assert answers == ["InvalidCredentials"] * 7 + ["TooManyAttempts"] * 2
    assert await guess(counted, 1, client_address=ELSEWHERE) == ["InvalidCredentials"]


@pytest.mark.parametrize(
    ("addresses", "factor"), [("2001:db8::{:x}", 1), ("2001:db8:0:{:x}::1", 2), ("2001:db8:0:{:x}00::1", 4)]
)
async def test_the_addresses_of_one_customer_are_one_source_whatever_prefix_a_provider_gives(
    services: Services, addresses: str, factor: int
) -> None:
    counted = await count_log_ins(services, log_in_failures_per_source=3)
    answers = []
    for number in range(3 * factor + 1):
        answers += await guess(counted, 1, f"{number}@example.jp", client_address=addresses.format(number))
    assert answers == ["InvalidCredentials"] * 3 * factor + ["TooManyAttempts"]


async def test_failures_of_all_sources_together_delay_unknown_devices_and_refuse_nothing(services: Services) -> None:
    counted = await count_log_ins(services, log_in_failures_of_all=7)
    cookie = services.devices.remember(None, EMAIL)
    answers = [kind for number in range(12) for kind in await guess(counted, 1, client_address=f"203.0.113.{number}")]
    assert answers == ["InvalidCredentials"] * 12
    assert counted.pauses == [DELAY_S] * 4  # the eighth finds the limit reached
    await counted.log_ins.log_in(EMAIL, PASSWORD, client_address=HERE, device_cookie=cookie)
    assert len(counted.pauses) == 4
    await counted.log_ins.log_in(EMAIL, PASSWORD, client_address=ELSEWHERE)
    assert len(counted.pauses) == 5


async def test_a_known_device_has_a_budget_of_its_own(services: Services) -> None:
    counted = await count_log_ins(services, log_in_failures_per_source=2)
    cookie = services.devices.remember(None, EMAIL)
    for number in range(25):
        await guess(counted, 1, client_address=f"203.0.113.{number}")
    assert await guess(counted, 1) == ["MailedLinkRequired"]
    for _ in range(9):
        assert await guess(counted, 1, device_cookie=cookie) == ["InvalidCredentials"]
    await counted.log_ins.log_in(EMAIL, PASSWORD, client_address=HERE, device_cookie=cookie)
    answers = await guess(counted, 11, device_cookie=cookie)
    assert sorted(answers) == ["InvalidCredentials"] * 10 + ["TooManyAttempts"]


async def test_a_stolen_device_gives_no_more_guesses_a_day_than_a_stranger_has(services: Services) -> None:
    counted = await count_log_ins(services)
    cookie = services.devices.remember(None, EMAIL)
    answers = []
    for _ in range(30):
        answers += await guess(counted, 1, device_cookie=cookie)
        await execute("UPDATE attempt_count SET ends_at = clock_timestamp() WHERE ends_at < now() + interval '1 hour'")
    assert answers == ["InvalidCredentials"] * 25 + ["MailedLinkRequired"] * 5


@pytest.mark.parametrize("email", [EMAIL, UNKNOWN])
async def test_unknown_devices_of_an_account_share_a_budget_a_day_and_then_need_the_mailed_link(
    services: Services, email: str, told: list[dict[str, Any]]
) -> None:
    counted = await count_log_ins(services)
    answers = [kind for n in range(27) for kind in await guess(counted, 1, email, client_address=f"203.0.113.{n}")]
    assert answers == ["InvalidCredentials"] * 25 + ["MailedLinkRequired"] * 2
    with pytest.raises(MailedLinkRequired):
        await counted.log_ins.log_in(email, PASSWORD, client_address=ELSEWHERE)
    assert counted.comparisons == 28
    (event,) = [event for event in told if "mailed link" in event["event"]]
    assert len(event["account_key"]) == 16
    assert await guess(counted, 1, "grace@example.jp") == ["InvalidCredentials"]


async def test_a_success_of_an_unknown_device_gives_no_more_guesses_to_the_others(services: Services) -> None:
    counted = await count_log_ins(services, log_in_failures_of_unknown_devices=5)
    assert await guess(counted, 4) == ["InvalidCredentials"] * 4
    for _ in range(3):
        await counted.log_ins.log_in(EMAIL, PASSWORD, client_address=HERE)
    assert sorted(await guess(counted, 2)) == ["InvalidCredentials", "MailedLinkRequired"]


async def test_a_refused_try_counts_nowhere(services: Services) -> None:
    counted = await count_log_ins(services, log_in_failures_per_account=3, log_in_failures_per_source=5)
    await guess(counted, 50)
    assert sorted(await guess(counted, 3, UNKNOWN)) == ["InvalidCredentials"] * 2 + ["TooManyAttempts"]


async def test_spelling_an_address_differently_gives_no_more_guesses(services: Services) -> None:
    counted = await count_log_ins(services)
    for email in (EMAIL.upper(), f" {EMAIL}", f"{EMAIL}\t", EMAIL.title()):
        await guess(counted, 10, email)
    assert counted.guesses == 10


async def test_success_clears_what_was_counted_for_the_account(services: Services) -> None:
    counted = await count_log_ins(services)
    for _ in range(2):
        assert await guess(counted, 9) == ["InvalidCredentials"] * 9
        await counted.log_ins.log_in(EMAIL, PASSWORD, client_address=HERE)


async def test_successes_of_ones_own_give_no_more_guesses_at_others(services: Services) -> None:
    counted = await count_log_ins(services, log_in_failures_per_source=5)
    answers = []
    for number in range(7):
        answers += await guess(counted, 1, f"{number}@example.jp")
        try:
            await counted.log_ins.log_in(EMAIL, PASSWORD, client_address=HERE)
        except TooManyAttempts:
            break
    assert answers == ["InvalidCredentials"] * 5


async def test_successes_are_not_counted(services: Services) -> None:
    counted = await count_log_ins(services, log_in_failures_per_account=2, log_in_failures_per_source=2)
    for _ in range(5):
        await counted.log_ins.log_in(EMAIL, PASSWORD, client_address=HERE)


async def test_a_lock_stops_neither_open_sessions_nor_log_ins_from_elsewhere(services: Services) -> None:
    counted = await count_log_ins(services)
    _, token = await counted.log_ins.log_in(EMAIL, PASSWORD, client_address=HERE)
    await guess(counted, 20)
    with pytest.raises(TooManyAttempts):
        await counted.log_ins.log_in(EMAIL, PASSWORD, client_address=HERE)
    assert await find_viewer(services, token) is not None
    viewer, _ = await counted.log_ins.log_in(EMAIL, PASSWORD, client_address=ELSEWHERE)
    assert viewer.email == EMAIL


async def test_a_lock_ends_by_itself(services: Services) -> None:
    counted = await count_log_ins(services)
    await guess(counted, 20)
    await execute("UPDATE attempt_count SET ends_at = clock_timestamp()")
    viewer, _ = await counted.log_ins.log_in(EMAIL, PASSWORD, client_address=HERE)
    assert viewer.email == EMAIL


async def test_waits_go_by_real_time_wherever_the_test_clock_stands(services: Services) -> None:
    counted = await count_log_ins(services)
    await MovableClock().move_to(await DatabaseClock().now() + timedelta(days=3))
    try:
        await guess(counted, 10)
        with pytest.raises(TooManyAttempts) as refusal:
            await counted.log_ins.log_in(EMAIL, PASSWORD, client_address=HERE)
    finally:
        await MovableClock().reset()
    assert refusal.value.retry_at - await DatabaseClock().now() <= 5 * MINUTE


async def test_a_flood_beyond_its_share_of_the_queue_is_told_to_come_back_and_is_not_counted(
    services: Services,
) -> None:
    counted = await count_log_ins(
        services, share=2, log_in_failures_per_account=1_000, log_in_failures_per_source=1_000
    )
    counted.algorithm.may_go_on.clear()
    flood = [asyncio.create_task(guess(counted, 1)) for _ in range(30)]
    try:
        while len(answered := [task for task in flood if task.done()]) < 24:  # four take place, two wait
            await asyncio.wait(flood, return_when=asyncio.FIRST_COMPLETED, timeout=0.1)
    finally:
        counted.algorithm.may_go_on.set()
    assert [task.result() for task in answered] == [["Busy"]] * 24
    answers = await asyncio.gather(*flood)
    assert answers.count(["InvalidCredentials"]) == counted.guesses == 6
    (row,) = await fetch("SELECT min(tries) AS least, max(tries) AS most FROM attempt_count")
    assert (row["least"], row["most"]) == (6, 6)


@pytest.mark.parametrize(
    "text", ["\x00", "active@example.jp\x00", "\ud800", "a\r\nb@example.jp", "x" * 60_000, "\u200b"]
)
async def test_whatever_can_be_typed_is_an_answer_and_not_a_failure(services: Services, text: str) -> None:
    counted = await count_log_ins(services)
    for email, password in ((text, PASSWORD), (EMAIL, text)):
        with pytest.raises(InvalidCredentials):
            await counted.log_ins.log_in(email, password, client_address=HERE)
    assert counted.comparisons == 2


async def test_retry_at_is_the_same_for_all_who_wait_for_the_same(services: Services) -> None:
    counted = await count_log_ins(services)
    await guess(counted, 10)
    retry_times: set[datetime] = set()
    for _ in range(3):
        with pytest.raises(TooManyAttempts) as refusal:
            await counted.log_ins.log_in(EMAIL, "wrong", client_address=HERE)
        retry_times.add(refusal.value.retry_at)
    assert len(retry_times) == 1


async def test_a_wrong_present_password_changes_nothing_and_counts_like_a_failed_log_in(services: Services) -> None:
    for _ in range(10):
        with pytest.raises(InvalidCredentials):
            await services.log_ins.verify(EMAIL, "wrong", client_address=HERE)
    for attempt in (services.log_ins.verify, services.log_ins.log_in):
        with pytest.raises(TooManyAttempts):
            await attempt(EMAIL, PASSWORD, client_address=HERE)
    assert (await services.log_ins.verify(EMAIL, PASSWORD, client_address=ELSEWHERE)).email == EMAIL
