"""A request has one id: the client's own where our log can carry it, and a new one where it cannot."""

import re

import httpx
import pytest

from contract_server.headers import RequestHeaders
from contract_server.web.app import LONGEST_REQUEST_ID

NEW = re.compile(r"[0-9a-f]{32}")


@pytest.mark.parametrize("given", ["a", "A-1_b", "7" * LONGEST_REQUEST_ID])
async def test_a_clients_own_id_is_kept(production: httpx.AsyncClient, given: str) -> None:
    answer = await production.get("/healthz", headers={"x-request-id": given})
    assert answer.headers.get_list("x-request-id") == [given]


@pytest.mark.parametrize("given", ["", "-", "a b", "a@example.jp", "7" * (LONGEST_REQUEST_ID + 1), "²"])
async def test_what_can_be_no_id_of_ours_is_replaced(production: httpx.AsyncClient, given: str) -> None:
    answer = await production.get("/healthz", headers=[(b"x-request-id", given.encode("latin-1"))])
    assert NEW.fullmatch(answer.headers["x-request-id"])


async def test_every_request_gets_another_id(production: httpx.AsyncClient) -> None:
    answers = [await production.get("/healthz") for _ in range(10)]
    assert len({answer.headers["x-request-id"] for answer in answers}) == len(answers)


def test_of_several_headers_of_one_name_the_first_counts() -> None:
    headers = RequestHeaders({"headers": [(b"origin", b"first"), (b"host", b"h\xe9"), (b"origin", b"second")]})
    assert [headers.get(name) for name in (b"origin", b"host", b"accept")] == ["first", "hé", None]
