"""The worker's queue in Redis belongs to one deployment and contains no personal data."""

import orjson
from pydantic import SecretStr
from tests.server.asgi import production_with_no_database

from contract_server.worker.queue import queue_name, redis_settings, serialize

SETTINGS = production_with_no_database()


def test_deployments_with_another_database_or_key_have_another_queue() -> None:
    other_database = SETTINGS.model_copy(update={"database_url": SecretStr("postgresql://127.0.0.1/staging")})
    other_key = SETTINGS.model_copy(update={"secret_key": SecretStr("s" * 32)})
    names = {queue_name(settings) for settings in (SETTINGS, other_database, other_key)}
    assert len(names) == 3
    assert queue_name(SETTINGS) in names


def test_an_error_is_stored_without_its_text() -> None:
    assert orjson.loads(serialize({"r": ValueError("hanako@example.jp")})) == {"r": "ValueError"}


def test_a_slow_redis_does_not_end_the_worker() -> None:
    assert redis_settings(SETTINGS).retry_on_timeout
