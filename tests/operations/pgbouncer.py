"""Debian's PgBouncer with the settings that it comes with, before a test's PostgreSQL."""

import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from tests.server.running import free_port

from contract_server.development.servers.ports import is_listening
from contract_server.development.servers.run_as import Identity

PATH = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
SESSIONS = 4
"""Sessions that all clients share; fewer than one process would open by itself."""


@contextmanager
def pooled(database_url: str, pool_mode: str) -> Iterator[str]:
    """Run PgBouncer for the block, and yield the database's URL through it."""
    assert PATH
    parts, port = urlsplit(database_url), free_port()
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "users.txt").write_text(f'"{parts.username}" "{parts.password}"\n')
        (folder / "pgbouncer.ini").write_text(
            f"""
            [databases]
            * = host={parts.hostname} port={parts.port} user={parts.username} password={parts.password}
            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = {port}
            unix_socket_dir =
            auth_type = scram-sha-256
            auth_file = {folder}/users.txt
            pool_mode = {pool_mode}
            default_pool_size = {SESSIONS if pool_mode == "transaction" else 40}
            """
        )
        process = subprocess.Popen(  # noqa: S603 - a program of the system, arguments of our own
            [PATH, "--quiet", str(folder / "pgbouncer.ini")], stderr=subprocess.DEVNULL, **_not_root(folder)
        )
        try:
            while not is_listening(port):
                assert process.poll() is None
                time.sleep(0.02)
            yield parts._replace(netloc=f"{parts.username}:{parts.password}@127.0.0.1:{port}").geturl()
        finally:
            process.terminate()
            process.wait()


def _not_root(folder: Path) -> Identity:
    """PgBouncer refuses to run as root."""
    if os.geteuid():
        return {}
    nobody = pwd.getpwnam("nobody")
    for path in (folder, *folder.iterdir()):
        os.chown(path, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
