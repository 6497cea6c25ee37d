"""The worker's queue in Redis, which holds only sweep jobs. Only this module and `worker.py` use arq."""

import hmac
from typing import Any
from urllib.parse import urlsplit

import orjson
from arq.connections import RedisSettings

from contract_server.settings import Settings
from contract_server.settings.types import parse_redis_url


def redis_settings(settings: Settings) -> RedisSettings:
    """The worker's connection to Redis. It waits for slow answers, because ending the worker would stop all mails."""
    url = parse_redis_url(settings.redis_url.get_secret_value())
    return RedisSettings(
        host=url.host,
        port=url.port or 6379,
        database=int(url.path or 0),
        username=url.user or None,
        password=url.password,
        ssl=url.scheme == "rediss",
        ssl_check_hostname=True,
        ssl_ca_certs=url.options.get("ca"),
        ssl_certfile=url.options.get("cert"),
        ssl_keyfile=url.options.get("key"),
        conn_timeout=10,
        retry_on_timeout=True,
    )


def queue_name(settings: Settings) -> str:
    """A queue name unique to the deployment, so that staging and production may share one Redis."""
    database = urlsplit(settings.database_url.get_secret_value()).path.strip("/")
    key = settings.secret_key.get_secret_value().encode()
    return f"contract-server:{database}:{hmac.new(key, database.encode(), 'sha256').hexdigest()[:8]}"


def serialize(job: dict[str, Any]) -> bytes:
    """Serialize a job as JSON: no data from Redis is unpickled, and no exception's text is stored there."""
    return orjson.dumps(job, default=lambda value: type(value).__name__)
