"""The running product: a server process, a worker process, and clients that use HTTP only."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from tests.forked import ForkedProcess
from tests.roles import as_role

from contract_server.db.roles import DatabaseRole

_NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # the servers speak HTTP, and loading takes long
_REDIS_DATABASES = cycle(range(1, 16))  # Redis has sixteen; 0 is the default

PASSWORD = "omakase-demo-2026"
ACTIVE_CONTRACT = "018f0000-0000-7000-8000-000000000001"
GRACE_CONTRACT = "018f0000-0000-7000-8000-000000000002"
LAST_DAY_CONTRACT = "018f0000-0000-7000-8000-000000000003"
CLOSED_CONTRACT = "018f0000-0000-7000-8000-000000000004"

LOG_IN = """
mutation ($email: String!, $password: String!) {
  logIn(input: { email: $email, password: $password }) {
    __typename
    ... on LoggedIn { token viewer { role contract { id } } }
    ... on Problem { code message }
  }
}
"""
VIEWER = "query { viewer { contract { status } } }"
TERMINATE = "mutation ($id: ID!) { terminateContract(input: { contractId: $id }) { __typename } }"
RESUME = "mutation ($id: ID!) { resumeContract(input: { contractId: $id }) { __typename } }"
ASK_FOR_LINK = "mutation ($email: String!) { requestPasswordReset(input: { email: $email }) { ok } }"
ADVANCE = """
mutation ($input: AdvanceTestClockInput!) {
  advanceTestClock(input: $input) {
    __typename
    ... on TestClockAdvanced { testClock { now offsetSeconds } }
    ... on InvalidInput { message path }
  }
}
"""
RESET = "mutation { resetDemo { testClock { now offsetSeconds } } }"


class Client:
    """A client of the API over HTTP."""

    def __init__(self, base_url: str, language: str = "ja") -> None:
        self.http = httpx.AsyncClient(
            base_url=base_url, headers={"Accept-Language": language}, timeout=30, verify=_NO_CERTIFICATES
        )

    async def __aenter__(self) -> "Client":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()

    async def post(self, query: str, **variables: object) -> httpx.Response:
        return await self.http.post("/graphql", json={"query": query, "variables": variables})

    async def ask(self, query: str, **variables: object) -> Any:  # noqa: ANN401 - depends on the query
        """Execute an operation and return its data; it must have no errors."""
        response = await self.post(query, **variables)
        answer = response.json()
        assert response.status_code == 200, answer
        assert "errors" not in answer, answer
        return answer["data"]

    async def errors(self, query: str, **variables: object) -> list[str]:
        """Execute an operation and return the codes of its errors."""
        answer = (await self.post(query, **variables)).json()
        return [error["extensions"]["code"] for error in answer["errors"]]

    async def log_in(self, email: str, password: str = PASSWORD) -> Any:  # noqa: ANN401 - as above
        return (await self.ask(LOG_IN, email=email, password=password))["logIn"]

    async def advance(self, **step: object) -> Any:  # noqa: ANN401 - as above
        return (await self.ask(ADVANCE, input=step))["advanceTestClock"]


@dataclass
class Running:
    """A running environment."""

    base_url: str
    database_url: str
    variables: Mapping[str, str]
    folder: Path
    mail_dir: Path
    server: ForkedProcess
    worker: ForkedProcess | None

    def client(self, language: str = "ja") -> Client:
        return Client(self.base_url, language)

    async def mails(self, count: int) -> list[EmailMessage]:
        """Wait for `count` mails in the folder, and return all."""
        async with asyncio.timeout(30):
            while len(files := sorted(self.mail_dir.glob("*.eml"))) < count:
                await asyncio.sleep(0.1)
        return [parse(file.read_bytes()) for file in files]

    def log_lines(self) -> dict[str, list[str]]:
        """The log lines of each process so far."""
        return {file.stem: file.read_text().splitlines() for file in self.folder.glob("*.log")}


def parse(mail: bytes) -> EmailMessage:
    return BytesParser(_class=EmailMessage, policy=policy.default).parsebytes(mail)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def command(variables: Mapping[str, str], *arguments: str) -> tuple[int, str, str]:
    """Run a command of `contract-server`; return exit status, standard output and standard error."""
    with TemporaryDirectory() as folder:
        output, errors = Path(folder) / "output", Path(folder) / "errors"
        process = ForkedProcess(variables, *arguments, output=output, errors=errors)
        status = await process.wait()
        return status, output.read_text(), errors.read_text()


@asynccontextmanager
async def running(
    database_url: str, redis_url: str, folder: Path, *, worker: bool = True, roles: bool = True, **settings: str
) -> AsyncIterator[Running]:
    """Start a server and, by default, a worker, on a database with the demonstration data; stop both after the block.

    They connect with the roles of a server and a worker, unless without `roles`; all others as the owner.

    Each environment has its own database in Redis too, so that no worker takes another one's jobs.
    """
    port, mail_dir = free_port(), folder / "mail"
    base_url = f"http://127.0.0.1:{port}"
    variables = {
        "ENVIRONMENT": "development",
        "DATABASE_URL": database_url,
        "REDIS_URL": f"{redis_url.rpartition('/')[0]}/{next(_REDIS_DATABASES)}",
        "MAIL_DIR": str(mail_dir),
        "PUBLIC_URL": base_url,
        "CHANGES_PER_CONTRACT_AND_DAY": "1000000",  # clients that never rest change one contract for minutes
        **settings,
    }
    of_server = variables | ({"DATABASE_URL": as_role(database_url, DatabaseRole.SERVER)} if roles else {})
    processes = [start(of_server, folder / "server.log", "serve", "--port", str(port))]
    if worker:
        processes.append(start_worker(variables, folder, roles=roles))
    try:
        await until_ready(base_url)
        yield Running(
            base_url, database_url, variables, folder, mail_dir, processes[0], processes[1] if worker else None
        )
    finally:
        for process in processes:
            await stop_process(process)


def start_worker(variables: Mapping[str, str], folder: Path, *, roles: bool = True) -> ForkedProcess:
    url = variables["DATABASE_URL"]
    as_worker = {**variables, "DATABASE_URL": as_role(url, DatabaseRole.WORKER) if roles else url}
    return start(as_worker, folder / "worker.log", "worker")


def start(variables: Mapping[str, str], log: Path, *arguments: str) -> ForkedProcess:
    """Start a command of `contract-server`, with its output appended to a file."""
    return ForkedProcess(variables, *arguments, output=log, errors=log)


async def stop_process(process: ForkedProcess | asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
    await process.wait()


async def until_ready(base_url: str) -> None:
    async with asyncio.timeout(30), httpx.AsyncClient(base_url=base_url, verify=_NO_CERTIFICATES) as client:
        while True:
            try:
                if (await client.get("/readyz")).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.05)
