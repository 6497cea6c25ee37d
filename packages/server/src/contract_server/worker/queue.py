"""The worker's queue in Redis, which holds nothing but its own ticks. Only here and in `worker.py` is arq known."""

import hmac
from typing import Any
from urllib.parse import urlsplit

import orjson
from arq.connections import RedisSettings

from contract_server.settings import Settings


def redis_settings(settings: Settings) -> RedisSettings:
    """Where Redis is, for the worker: a slow answer is waited for, because ending over one would stop all mails."""
    found = RedisSettings.from_dsn(settings.redis_url.get_secret_value())
    found.conn_timeout = 10
    found.retry_on_timeout = True
    return found


def queue_name(settings: Settings) -> str:
    """The deployment's own queue: two that share one Redis, as staging and production may, do their own jobs each."""
    database = urlsplit(settings.database_url.get_secret_value()).path.strip("/")
    key = settings.secret_key.get_secret_value().encode()
    return f"contract-server:{database}:{hmac.new(key, database.encode(), 'sha256').hexdigest()[:8]}"


def serialize(job: dict[str, Any]) -> bytes:
    """Jobs as JSON: nothing that comes from Redis is ever unpickled, and no exception's text goes there."""
    return orjson.dumps(job, default=lambda value: type(value).__name__)
