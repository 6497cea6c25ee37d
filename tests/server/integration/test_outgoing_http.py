"""Nothing is sent into the own network, by whatever name or address."""

import asyncio
from ipaddress import ip_network
from typing import Any

import pytest
from tests.server.integration.receiver import receiving

from contract_server.integration.models import WebhookDelivery
from contract_server.integration.outgoing_http import ForbiddenAddress, InvalidUrl, NotDelivered, OutgoingHttp

PUBLIC, DEVELOPMENT = OutgoingHttp(), OutgoingHttp(development=True)
PRIVATE_ADDRESSES = [
    "127.0.0.1",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",  # noqa: S104 - an address of this machine
    "224.0.0.1",
    "[::1]",
    "[fd00::1]",
    "[fe80::1]",
    "[::ffff:10.0.0.1]",
    "[64:ff9b::a00:1]",
    "[2002:a00:1::1]",
    "2130706433",
    "0x7f.1",
    "localhost",
]


@pytest.mark.parametrize("host", PRIVATE_ADDRESSES)
async def test_a_private_address_is_not_reached_however_it_is_written(host: str) -> None:
    with pytest.raises((ForbiddenAddress, NotDelivered)) as refusal:
        await PUBLIC.post(f"https://{host}/", b"{}", {})
    assert refusal.type is ForbiddenAddress or "gaierror" in str(refusal.value)


@pytest.mark.parametrize("host", PRIVATE_ADDRESSES[:-1])
def test_a_private_address_is_no_url_of_an_endpoint_unless_it_is_listed(host: str) -> None:
    with pytest.raises(ForbiddenAddress, match="expected a public address; WEBHOOK_NETWORKS lists private ones"):
        PUBLIC.require(f"https://{host}:8443/hook")
    listed = OutgoingHttp([ip_network("0.0.0.0/0"), ip_network("::/0")])
    assert listed.require(f"https://{host}:8443/hook").port == 8443


@pytest.mark.parametrize("host", ["93.184.215.14", "[2606:4700::1111]", "example.jp", "localhost", "10.example.jp"])
def test_a_public_address_and_any_name_may_be_of_an_endpoint(host: str) -> None:
    assert PUBLIC.require(f"https://{host}/hook").path == "/hook"


def test_the_failure_of_a_delivery_holds_the_sentence() -> None:
    (failure,) = (field for field in WebhookDelivery.describe()["data_fields"] if field["name"] == "failure")
    assert len(str(ForbiddenAddress())) <= failure["constraints"]["max_length"]


@pytest.mark.parametrize(
    "url",
    [
        "http://example.jp/",
        "ftp://example.jp/",
        "https://",
        "https:///hook",
        "https://user:password@example.jp/",
        "https://example.jp/#fragment",
        "https://example.jp:0/",
        "https://example.jp:99999/",
        "https://example.jp/a b",
        "https://example.jp/\r\nHost: other",
        "https://例え.jp/",
        "https://[::1/",
    ],
)
def test_a_url_of_another_form_is_refused(url: str) -> None:
    with pytest.raises(InvalidUrl, match="expected a"):
        PUBLIC.require(url)


def resolve_to(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Have names resolve to these addresses, one answer after the other; the addresses that are connected to."""
    remaining, connected = iter(answers), list[str]()

    async def getaddrinfo(*_: object, **__: object) -> Any:  # noqa: ANN401 - as asyncio has it
        return [(2, 1, 6, "", (address, 443)) for address in next(remaining)]

    async def open_connection(address: str, *_: object, **__: object) -> Any:  # noqa: ANN401 - as above
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo, raising=False)
    monkeypatch.setattr(asyncio, "open_connection", open_connection)
    return connected


async def test_the_address_that_was_checked_is_the_one_that_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    connected = resolve_to(monkeypatch, ["93.184.215.14"], ["127.0.0.1"])
    with pytest.raises(NotDelivered):
        await PUBLIC.post("https://rebinding.example/", b"{}", {})
    assert connected == ["93.184.215.14"]


async def test_one_private_address_among_several_is_enough_to_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    connected = resolve_to(monkeypatch, ["93.184.215.14", "10.0.0.1"])
    with pytest.raises(ForbiddenAddress):
        await PUBLIC.post("https://two.example/", b"{}", {})
    assert connected == []


async def test_a_listed_network_is_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    connected = resolve_to(monkeypatch, ["10.1.2.3"])
    with pytest.raises(NotDelivered):
        await OutgoingHttp([ip_network("10.1.0.0/16")]).post("https://inside.example/", b"{}", {})
    assert connected == ["10.1.2.3"]


async def test_a_redirect_is_not_followed() -> None:
    async with receiving() as receiver:
        receiver.answers = iter([302])
        receiver.more_headers = f"Location: {receiver.url}\r\n"
        assert await DEVELOPMENT.post(receiver.url, b"{}", {"webhook-id": "1"}) == 302
    assert [request.path for request in receiver.received] == ["/hook?from=keiyaku"]


async def test_interim_answers_are_passed_over() -> None:
    async def handle(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        assert await DEVELOPMENT.post(f"http://127.0.0.1:{port}", b"{}", {}) == 200


@pytest.mark.parametrize(
    "answer", [b"", b"hello\r\n", b"HTTP/1.1 many\r\n", b"HTTP/1.1\r\n\r\n", b"x" * 10_000, b"\n" * 1_000]
)
async def test_what_is_no_answer_is_not_delivered(answer: bytes) -> None:
    async def handle(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(NotDelivered):
            await DEVELOPMENT.post(f"http://127.0.0.1:{port}", b"{}", {})
