"""The web application in the test's own process: without a database, because refusals need none, and with one."""

import gc
from collections.abc import Iterator

import httpx
import pytest
from pydantic import SecretStr
from starlette.types import ASGIApp
from tests.server.http.asgi import URL, client_of

from contract_server.app.main import create_app
from contract_server.settings import EnvironmentName, Settings

NOWHERE = SecretStr("postgresql://nobody@127.0.0.1:1/nothing")
NO_MAIL_SERVER = SecretStr("smtp://127.0.0.1:1")


def production_with_no_database() -> Settings:
    """Production, with a database and a mail server that are out of reach."""
    return Settings(
        environment=EnvironmentName.PRODUCTION,
        database_url=NOWHERE,
        public_url=URL,
        mail_sender="no-reply@example.jp",
        smtp_url=NO_MAIL_SERVER,
        secret_key=SecretStr("k" * 32),
    )


@pytest.fixture(scope="session")
def production_settings() -> Settings:
    return production_with_no_database()


@pytest.fixture(scope="session")
def production_app(production_settings: Settings) -> ASGIApp:
    return create_app(production_settings)


@pytest.fixture(scope="session")
def development_app(tmp_path_factory: pytest.TempPathFactory) -> ASGIApp:
    folder = tmp_path_factory.mktemp("mail")
    return create_app(Settings(environment=EnvironmentName.DEVELOPMENT, database_url=NOWHERE, mail_dir=folder))


@pytest.fixture(scope="session")
def shared(production_settings: Settings) -> ASGIApp:
    """Production, whose API pages of one other site may use."""
    return create_app(production_settings.model_copy(update={"cors_origins": ("https://partner.example",)}))


@pytest.fixture
def production(production_app: ASGIApp) -> httpx.AsyncClient:
    return client_of(production_app)


@pytest.fixture
def development(development_app: ASGIApp) -> httpx.AsyncClient:
    return client_of(development_app)


@pytest.fixture(scope="module")
def objects_of_other_tests_are_not_collected() -> Iterator[None]:
    """Where CPU is measured: a request pays for the garbage that it makes, not for what the tests before it made."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()
