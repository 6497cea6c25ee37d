"""The three packages as shipped: wheels, in an environment without this checkout."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from email import policy
from email.parser import BytesParser
from pathlib import Path

import httpx
import pytest
from tests.server.running import ACTIVE_CONTRACT, LOG_IN, PASSWORD, TERMINATE, free_port

from contract_server.development.data_directory import DataDirectory

CHECKOUT = Path(__file__).parents[2]
UV = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))
PACKAGES = ("contract_notify", "contract_rules", "contract_server")


def run(*words: object, directory: Path = CHECKOUT) -> str:
    """Run a command that must succeed; return its output."""
    finished = subprocess.run(  # noqa: S603 - commands of this file's own
        [str(word) for word in words], cwd=directory, capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The wheels, built by the locked tools."""
    folder = tmp_path_factory.mktemp("wheels")
    run(UV, "build", "--wheel", "--all-packages", "--no-build-isolation", "--python", sys.executable, "-o", folder)
    return sorted(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def programs(wheels: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment that holds the wheels, and what they depend on in the locked versions."""
    folder = tmp_path_factory.mktemp("environment")
    run(UV, "venv", "--python", sys.executable, folder)
    *libraries, server = wheels
    locked = ("--constraints", CHECKOUT / "requirements.lock")
    run(UV, "pip", "install", "--python", folder, *locked, *libraries, f"{server}[embedded]")
    return folder / "bin"


def test_each_package_is_a_wheel(wheels: list[Path]) -> None:
    assert [wheel.name.partition("-")[0] for wheel in wheels] == list(PACKAGES)


def test_nothing_of_the_checkout_is_imported(programs: Path, tmp_path: Path) -> None:
    for package in PACKAGES:
        where = run(programs / "python", "-c", f"import {package}; print({package}.__file__)", directory=tmp_path)
        assert Path(where).is_relative_to(programs.parent)


def test_each_package_brings_its_command(programs: Path, tmp_path: Path) -> None:
    assert "serve" in run(programs / "contract-server", "--help", directory=tmp_path)
    assert run(programs / "contract-rules", "check-vectors", directory=tmp_path).endswith(" 0 failed\n")
    assert run(programs / "contract-notify", "preview", "--to", "mails", directory=tmp_path).count(".eml\n") > 1


def test_notify_runs_alone_as_its_readme_says(wheels: list[Path], tmp_path: Path) -> None:
    (notify,) = (wheel for wheel in wheels if wheel.name.startswith("contract_notify-"))
    readme = (CHECKOUT / "packages" / "notify" / "README.md").read_text(encoding="utf-8")
    (program,) = re.findall(r"^```python\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)
    run(UV, "venv", "--python", sys.executable, tmp_path / "alone")
    run(UV, "pip", "install", "--python", tmp_path / "alone", "--constraints", CHECKOUT / "requirements.lock", notify)

    run(tmp_path / "alone" / "bin" / "python", "-c", program, directory=tmp_path)

    mail = BytesParser(policy=policy.default).parsebytes(first_mail(tmp_path / "mails"))
    assert mail["Subject"] == "【おまかせログイン】サービス利用停止受理通知"


def test_the_schema_is_the_one_of_the_checkout(programs: Path, tmp_path: Path) -> None:
    exported = run(programs / "contract-server", "export-schema", directory=tmp_path)
    assert exported == (CHECKOUT / "packages" / "server" / "schema.graphql").read_text(encoding="utf-8")


@pytest.fixture
def development(programs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """The folder and the address of `contract-server dev`, started in a folder of its own."""
    folder, port = tmp_path_factory.mktemp("elsewhere"), free_port()
    process = subprocess.Popen(  # noqa: S603 - a command of this file's own
        [programs / "contract-server", "dev", "--port", str(port)],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    output = ""
    for line in process.stdout:
        output += line
        if "Ready: " in line:
            break
    else:
        pytest.fail(output)
    yield folder, f"http://127.0.0.1:{port}"
    process.send_signal(signal.SIGTERM)
    process.communicate()
    DataDirectory(folder / ".local").remove()
    assert process.returncode == 0


def test_development_runs_from_the_wheels_alone(development: tuple[Path, str]) -> None:
    folder, address = development
    with httpx.Client(base_url=address, timeout=30) as client:
        assert client.get("/readyz").json() == {"ok": True}
        assert "playground" in client.get("/graphql", headers={"Accept": "text/html"}).text
        for page in ("/", "/dev/mail", "/dev/mail.css"):
            assert client.get(page).status_code == 200
        credentials = {"email": "active@example.jp", "password": PASSWORD}
        client.post("/graphql", json={"query": LOG_IN, "variables": credentials}).raise_for_status()
        answer = client.post("/graphql", json={"query": TERMINATE, "variables": {"id": ACTIVE_CONTRACT}}).json()
        assert answer == {"data": {"terminateContract": {"__typename": "ContractTerminated"}}}
    mail = BytesParser(policy=policy.default).parsebytes(first_mail(folder / ".local" / "mail"))
    assert mail["Subject"] == "【おまかせログイン】サービス利用停止受理通知"


def first_mail(folder: Path) -> bytes:
    deadline = time.monotonic() + 30
    while not (mails := list(folder.glob("*.eml"))):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return mails[0].read_bytes()
