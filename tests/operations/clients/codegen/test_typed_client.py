"""Code generation works: a client with types of its own is generated from the exported schema, and lives a story.

The generator stands in an environment of its own, because it asks for an older graphql-core than the server has.
"""

import importlib
import re
import shutil
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from graphql import OperationDefinitionNode, parse
from tests.server.running import ACTIVE_CONTRACT, PASSWORD

HERE = Path(__file__).parent
SERVER = HERE.parents[3] / "packages" / "server"
FILES = sorted((SERVER / "playground" / "operations").glob("*/*.graphql"))


def run(*command: str | Path, folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that holds the generated package `contract_client`."""
    folder = tmp_path_factory.mktemp("codegen")
    uv = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))
    python = folder / "generator" / "bin" / "python"
    run(uv, "venv", "--quiet", "--python", sys.executable, folder / "generator", folder=folder)
    lock = HERE / "requirements.lock"
    run(uv, "pip", "install", "--quiet", "--python", python, "--require-hashes", "-r", lock, folder=folder)
    shutil.copy(SERVER / "schema.graphql", folder)
    shutil.copy(HERE / "ariadne-codegen.toml", folder)
    (folder / "operations").mkdir()
    for number, file in enumerate(FILES):
        shutil.copy(file, folder / "operations" / f"{number:02d}.graphql")
    run(python.with_name("ariadne-codegen"), "--config", "ariadne-codegen.toml", folder=folder)
    return folder


@pytest.fixture
def package(generated: Path, monkeypatch: pytest.MonkeyPatch) -> Any:  # noqa: ANN401 - it does not exist before
    """The generated package."""
    monkeypatch.syspath_prepend(generated)
    return importlib.import_module("contract_client")


async def test_a_generated_client_lives_the_contractors_story(endpoint: str, package: Any) -> None:  # noqa: ANN401 - as above
    async with httpx.AsyncClient() as http:
        api = package.ContractClient(url=endpoint, http_client=http)
        logged_in = await api.log_in(package.LogInInput(email="active@example.jp", password=PASSWORD))
        assert logged_in.log_in.typename__ == "LoggedIn"
        assert logged_in.log_in.viewer.role is package.Role.CONTRACTOR

        preview = (await api.preview_timeline(requested_on=date(2024, 3, 1))).timeline
        assert preview.erasure.last_day == date(2024, 4, 15)
        assert preview.erasure.at == datetime.fromisoformat("2024-04-16T00:00:00+09:00")

        terminate = package.TerminateContractInput(contractId=ACTIVE_CONTRACT, idempotencyKey="once")
        terminated = (await api.terminate(terminate)).terminate_contract
        assert terminated.contract.status is package.ContractStatus.TERMINATED
        assert (await api.terminate(terminate)).terminate_contract == terminated

        refused = (await api.terminate_twice(ACTIVE_CONTRACT)).terminate_contract
        assert refused.code is package.ProblemCode.ALREADY_TERMINATED

        resumed = await api.resume(package.ResumeContractInput(contractId=ACTIVE_CONTRACT))
        assert resumed.resume_contract.contract.status is package.ContractStatus.ACTIVE


async def test_the_client_knows_every_operation_of_the_playground(generated: Path) -> None:
    modules = {path.stem for path in (generated / "contract_client").glob("*.py")}
    operations = [each for file in FILES for each in parse(file.read_text(encoding="utf-8")).definitions]
    names = {each.name.value for each in operations if isinstance(each, OperationDefinitionNode) and each.name}
    assert len(names) > len(FILES)
    assert {re.sub(r"(?<=.)(?=[A-Z])", "_", name).lower() for name in names} <= modules
