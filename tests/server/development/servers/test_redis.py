import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.exceptions import AuthenticationError

from contract_server.development.errors import DevelopmentError
from contract_server.development.servers.ports import LOOPBACK
from contract_server.development.servers.redis import EmbeddedRedis


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "a folder"


@pytest.fixture
def redis(directory: Path) -> Iterator[EmbeddedRedis]:
    server = EmbeddedRedis(directory)
    server.start()
    yield server
    server.remove()


async def test_queue_outlives_a_stop(redis: EmbeddedRedis) -> None:
    url = redis.url
    async with Redis.from_url(url) as client:
        await client.set("queued", "yes")
    redis.stop()
    assert redis.pid is None
    redis.start()
    assert redis.url == url
    async with Redis.from_url(redis.url) as client:
        assert await client.get("queued") == b"yes"


async def test_queue_outlives_a_crash_of_the_server(redis: EmbeddedRedis) -> None:
    async with Redis.from_url(redis.url) as client:
        await client.set("queued", "yes")
    redis.kill()
    redis.start()
    async with Redis.from_url(redis.url) as client:
        assert await client.get("queued") == b"yes"


async def test_server_asks_for_its_password_and_logs_it_nowhere(redis: EmbeddedRedis, directory: Path) -> None:
    async with Redis(host=LOOPBACK, port=redis.port) as client:
        with pytest.raises(AuthenticationError):
            await client.ping()
    password = redis.url.partition(":@")[0].rpartition(":")[2]
    assert password not in (directory / "redis.log").read_text()


async def test_server_listens_on_the_loopback_address_alone(redis: EmbeddedRedis) -> None:
    async with Redis.from_url(redis.url) as client:
        assert await client.config_get("bind") == {"bind": LOOPBACK}
        assert await client.config_get("protected-mode") == {"protected-mode": "yes"}


def test_second_server_on_the_same_folder_is_refused(redis: EmbeddedRedis, directory: Path) -> None:
    assert redis.pid
    with pytest.raises(DevelopmentError, match="in use by another process"):
        EmbeddedRedis(directory).start()


def test_port_that_is_taken_is_one_line_that_says_so(directory: Path) -> None:
    with socket.create_server((LOOPBACK, 0)) as other_server:
        server = EmbeddedRedis(directory, port=other_server.getsockname()[1], durable=False)
        with pytest.raises(DevelopmentError, match=r"^Redis ended as it started: .*$"), server:
            pass
    server.remove()


def test_server_for_tests_leaves_nothing_behind(directory: Path) -> None:
    with EmbeddedRedis(directory, durable=False) as server:
        assert server.pid
    assert server.pid is None
    assert not directory.exists()
