import asyncio
from datetime import datetime, timedelta

import pytest
from tests.server.accounts.counting import EMAIL, PASSWORD, Counted, counted
from tests.server.in_process import find_viewer

from contract_server.accounts.login import InvalidCredentials
from contract_server.accounts.rate_limit_store import TooManyAttempts
from contract_server.clock import DatabaseClock
from contract_server.db.transaction import current_connection
from contract_server.development.test_clock import MovableClock
from contract_server.services import Services

HERE, ELSEWHERE = "203.0.113.1", "203.0.113.2"
NOBODY = "nobody@example.jp"
MINUTE = timedelta(minutes=1)


async def guess(counted: Counted, times: int, email: str = EMAIL, client_address: str = HERE) -> list[str]:
    """Try wrong passwords at the same time; the kinds of answers."""

    async def one(number: int) -> str:
        try:
            await counted.log_ins.log_in(email, f"wrong {number}", client_address=client_address)
        except (InvalidCredentials, TooManyAttempts) as error:
            return type(error).__name__
        return "let in"

    return await asyncio.gather(*(one(number) for number in range(times)))


async def test_unknown_wrong_and_erased_cost_the_same_work_and_get_the_same_answer(services: Services) -> None:
    found = await counted(services)
    for email, password in ((NOBODY, PASSWORD), (EMAIL, "wrong"), ("erased@example.jp", PASSWORD), ("", "")):
        before = found.work
        with pytest.raises(InvalidCredentials) as refusal:
            await found.log_ins.log_in(email, password, client_address=HERE)
        assert refusal.value.args == ()
        assert found.work == before + 1


@pytest.mark.parametrize("email", [EMAIL, NOBODY])
@pytest.mark.parametrize("password", [PASSWORD, "wrong"])
async def test_a_lock_says_nothing_about_account_and_password_and_costs_the_same_work(
    services: Services, email: str, password: str
) -> None:
    found = await counted(services)
    assert set(await guess(found, 10, email)) == {"InvalidCredentials"}
    guesses, work = found.guesses, found.work
    with pytest.raises(TooManyAttempts) as refusal:
        await found.log_ins.log_in(email, password, client_address=HERE)
    now = await DatabaseClock().now()
    assert 4 * MINUTE < refusal.value.retry_at - now <= 5 * MINUTE
    assert found.work == work + 1
    assert found.guesses == guesses


async def test_a_thousand_guesses_at_the_same_time_compare_no_more_passwords_than_the_limit_says(
    services: Services,
) -> None:
    found = await counted(services)
    answers = await guess(found, 1_000)
    assert found.guesses == 10
    assert answers.count("InvalidCredentials") == 10
    assert answers.count("TooManyAttempts") == 990


async def test_one_source_is_stopped_whatever_accounts_it_tries(services: Services) -> None:
    found = await counted(services, log_in_failures_per_source=7)
    answers = [kind for number in range(9) for kind in await guess(found, 1, f"{number}@example.jp")]
    assert answers == ["InvalidCredentials"] * 7 + ["TooManyAttempts"] * 2
    assert await guess(found, 1, client_address=ELSEWHERE) == ["InvalidCredentials"]


async def test_all_sources_together_are_stopped_too(services: Services) -> None:
    found = await counted(services, log_in_failures_of_all=7)
    answers = [kind for number in range(9) for kind in await guess(found, 1, client_address=f"203.0.113.{number}")]
    assert answers == ["InvalidCredentials"] * 7 + ["TooManyAttempts"] * 2


async def test_a_refused_try_counts_nowhere(services: Services) -> None:
    found = await counted(services, log_in_failures_per_account=3, log_in_failures_per_source=5)
    await guess(found, 50)
    assert sorted(await guess(found, 3, NOBODY)) == ["InvalidCredentials"] * 2 + ["TooManyAttempts"]


async def test_spelling_an_address_differently_gives_no_more_guesses(services: Services) -> None:
    found = await counted(services)
    for email in (EMAIL.upper(), f" {EMAIL}", f"{EMAIL}\t", EMAIL.title()):
        await guess(found, 10, email)
    assert found.guesses == 10


async def test_success_clears_what_was_counted_for_the_account(services: Services) -> None:
    found = await counted(services)
    for _ in range(3):
        assert await guess(found, 9) == ["InvalidCredentials"] * 9
        await found.log_ins.log_in(EMAIL, PASSWORD, client_address=HERE)


async def test_successes_of_ones_own_give_no_more_guesses_at_others(services: Services) -> None:
    found = await counted(services, log_in_failures_per_source=5)
    answers = []
    for number in range(7):
        answers += await guess(found, 1, f"{number}@example.jp")
        try:
            await found.log_ins.log_in(EMAIL, PASSWORD, client_address=HERE)
        except TooManyAttempts:
            break
    assert answers == ["InvalidCredentials"] * 5


async def test_successes_are_not_counted(services: Services) -> None:
    found = await counted(services, log_in_failures_per_account=2, log_in_failures_per_source=2)
    for _ in range(5):
        await found.log_ins.log_in(EMAIL, PASSWORD, client_address=HERE)


async def test_a_lock_stops_neither_open_sessions_nor_log_ins_from_elsewhere(services: Services) -> None:
    found = await counted(services)
    _, token = await found.log_ins.log_in(EMAIL, PASSWORD, client_address=HERE)
    await guess(found, 20)
    with pytest.raises(TooManyAttempts):
        await found.log_ins.log_in(EMAIL, PASSWORD, client_address=HERE)
    assert await find_viewer(services, token) is not None
    viewer, _ = await found.log_ins.log_in(EMAIL, PASSWORD, client_address=ELSEWHERE)
    assert viewer.email == EMAIL


async def test_a_lock_ends_by_itself(services: Services) -> None:
    found = await counted(services)
    await guess(found, 20)
    await current_connection().execute_query("UPDATE attempt_count SET ends_at = clock_timestamp()")
    viewer, _ = await found.log_ins.log_in(EMAIL, PASSWORD, client_address=HERE)
    assert viewer.email == EMAIL


async def test_waits_go_by_real_time_wherever_the_test_clock_stands(services: Services) -> None:
    found = await counted(services)
    await MovableClock().move_to(await DatabaseClock().now() + timedelta(days=3))
    try:
        await guess(found, 10)
        with pytest.raises(TooManyAttempts) as refusal:
            await found.log_ins.log_in(EMAIL, PASSWORD, client_address=HERE)
    finally:
        await MovableClock().reset()
    assert refusal.value.retry_at - await DatabaseClock().now() <= 5 * MINUTE


async def test_a_flood_beyond_the_queue_is_told_to_come_back_and_is_not_counted(services: Services) -> None:
    found = await counted(
        services, longest_queue=0, log_in_failures_per_account=1_000, log_in_failures_per_source=1_000
    )
    found.algorithm.may_go_on.clear()
    flood = [asyncio.create_task(guess(found, 1)) for _ in range(30)]
    try:
        while len(answered := [task for task in flood if task.done()]) < 28:  # two threads, and nobody may wait
            await asyncio.wait(flood, return_when=asyncio.FIRST_COMPLETED, timeout=0.1)
    finally:
        found.algorithm.may_go_on.set()
    assert [task.result() for task in answered] == [["TooManyAttempts"]] * 28
    answers = await asyncio.gather(*flood)
    assert answers.count(["InvalidCredentials"]) == found.guesses == 2
    (row,) = await current_connection().execute_query_dict(
        "SELECT min(tries) AS least, max(tries) AS most FROM attempt_count"
    )
    assert (row["least"], row["most"]) == (2, 2)


@pytest.mark.parametrize(
    "text", ["\x00", "active@example.jp\x00", "\ud800", "a\r\nb@example.jp", "x" * 60_000, "\u200b"]
)
async def test_whatever_can_be_typed_is_an_answer_and_not_a_failure(services: Services, text: str) -> None:
    found = await counted(services)
    for email, password in ((text, PASSWORD), (EMAIL, text)):
        with pytest.raises(InvalidCredentials):
            await found.log_ins.log_in(email, password, client_address=HERE)
    assert found.work == 2


async def test_counts_hold_no_address_and_are_deleted_after_their_time(services: Services) -> None:
    found = await counted(services)
    await guess(found, 2)
    await guess(found, 1, client_address=ELSEWHERE)
    rows = await current_connection().execute_query_dict("SELECT key, t::text AS row FROM attempt_count AS t")
    assert len(rows) == 5
    assert all(len(row["key"]) == 64 and "example" not in row["row"] and HERE not in row["row"] for row in rows)

    await services.rate_limits.delete_old()
    assert await count_rows() == 5
    await current_connection().execute_query(
        "UPDATE attempt_count SET ends_at = clock_timestamp() - interval '15 minutes' WHERE tries < 3"
    )
    await services.rate_limits.delete_old()
    assert await count_rows() == 1


async def test_keys_depend_on_the_secret_and_on_every_part(services: Services) -> None:
    key = services.rate_limits.key
    assert len({key("ab", "c"), key("a", "bc"), key("abc"), key("ab", "c", "")}) == 4


async def count_rows() -> int:
    rows = await current_connection().execute_query_dict("SELECT count(*) AS count FROM attempt_count")
    count: int = rows[0]["count"]
    return count


async def test_retry_at_is_the_same_for_all_who_wait_for_the_same(services: Services) -> None:
    found = await counted(services)
    await guess(found, 10)
    told: set[datetime] = set()
    for _ in range(3):
        with pytest.raises(TooManyAttempts) as refusal:
            await found.log_ins.log_in(EMAIL, "wrong", client_address=HERE)
        told.add(refusal.value.retry_at)
    assert len(told) == 1
