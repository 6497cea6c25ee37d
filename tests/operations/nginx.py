"""Debian's nginx with the documented configuration, on other ports and with the tests' certificate."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.notify.scripted_smtp import CERTIFICATE
from tests.server.running import free_port

from contract_server.development.servers.ports import is_listening

PATH = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
DOCUMENTED = Path(__file__).parents[2] / "packages" / "server" / "docs" / "nginx" / "contract-server.conf"
HOST = "keiyaku.example.jp"


@dataclass(frozen=True)
class Ports:
    """Where nginx listens."""

    http: int
    https: int


@contextmanager
def proxying(folder: Path, first: int, second: int) -> Iterator[Ports]:
    """Run nginx before two servers for the block."""
    assert PATH
    ports = Ports(free_port(), free_port())
    (folder / "nginx.conf").write_text(_main(folder, _site(folder, ports, first, second)))
    command = [PATH, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
    subprocess.run([*command, "-t"], check=True, capture_output=True)  # noqa: S603 - a program of the system
    process = subprocess.Popen([*command, "-g", "daemon off;"])  # noqa: S603 - as above
    try:
        while not is_listening(ports.https):
            assert process.poll() is None
            time.sleep(0.02)
        yield ports
    finally:
        process.terminate()
        process.wait()


def _site(folder: Path, ports: Ports, first: int, second: int) -> str:
    """The documented configuration, each of whose places is replaced exactly once."""
    text = DOCUMENTED.read_text(encoding="utf-8")
    for place, here in {
        "127.0.0.1:8001": f"127.0.0.1:{first}",
        "127.0.0.1:8002": f"127.0.0.1:{second}",
        "listen 80;": f"listen 127.0.0.1:{ports.http};",
        "listen 443 ssl": f"listen 127.0.0.1:{ports.https} ssl",
        f"/etc/ssl/{HOST}.pem": str(CERTIFICATE),
        f"/etc/ssl/private/{HOST}.key": str(CERTIFICATE),
        "/var/log/nginx/contract-server.log": str(folder / "access.log"),
    }.items():
        assert text.count(place) == 1, place
        text = text.replace(place, here)
    return text


def _main(folder: Path, site: str) -> str:
    temporary = "\n".join(
        f"{name}_temp_path {folder / name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "" if os.geteuid() else "user root;"
    return f"{user} pid {folder / 'nginx.pid'}; events {{}} http {{ {temporary}\n{site} }}"
