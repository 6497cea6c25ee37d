"""Every request has one id: the client's own if it is safe to log, otherwise a new one."""

import re

import httpx
import pytest

from contract_server.web.guard import LONGEST_REQUEST_ID

NEW = re.compile(r"[0-9a-f]{32}")


@pytest.mark.parametrize("request_id", ["a", "A-1_b", "7" * LONGEST_REQUEST_ID])
async def test_a_clients_own_id_is_kept(production: httpx.AsyncClient, request_id: str) -> None:
    response = await production.get("/healthz", headers={"x-request-id": request_id})
    assert response.headers.get_list("x-request-id") == [request_id]


@pytest.mark.parametrize("request_id", ["", "-", "a b", "a@example.jp", "7" * (LONGEST_REQUEST_ID + 1), "²"])
async def test_what_can_be_no_id_of_ours_is_replaced(production: httpx.AsyncClient, request_id: str) -> None:
    response = await production.get("/healthz", headers=[(b"x-request-id", request_id.encode("latin-1"))])
    assert NEW.fullmatch(response.headers["x-request-id"])


async def test_every_request_gets_another_id(production: httpx.AsyncClient) -> None:
    responses = [await production.get("/healthz") for _ in range(10)]
    assert len({response.headers["x-request-id"] for response in responses}) == len(responses)
