"""A process that cannot start ends with one line, and a server keeps its long-lived objects out of collection."""

import gc
import socket
from collections.abc import Iterator

import pytest

from contract_server.cli.commands import processes
from contract_server.cli.exit_status import Refusal, Status
from contract_server.web import app, graceful_server


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[object]]:
    """The applications that `serve` has started, on no database."""
    applications: list[object] = []

    def serve_until_stopped(application: object, _: object, listening: socket.socket) -> None:
        applications.append(application)
        listening.close()

    monkeypatch.setattr(processes, "refuse_startup_problems", lambda: None)
    monkeypatch.setattr(processes, "load_settings", lambda: None)
    monkeypatch.setattr(app, "create_app", lambda _, **__: "application")
    monkeypatch.setattr(graceful_server, "serve_until_stopped", serve_until_stopped)
    threshold = gc.get_threshold()
    yield applications
    gc.unfreeze()
    gc.set_threshold(*threshold)


def test_a_server_starts_with_its_long_lived_objects_out_of_collection(served: list[object]) -> None:
    processes.serve("127.0.0.1", 0)
    assert served == ["application"]
    assert gc.get_freeze_count() > 0


@pytest.mark.parametrize("host", ["..", "a" * 64 + ".example"])
def test_a_name_that_is_no_host_name_is_refused(served: list[object], host: str) -> None:
    with pytest.raises(Refusal, match=r"^cannot listen on .*; see --host and --port$") as refusal:
        processes.serve(host, 8000)
    assert (refusal.value.status, served) == (Status.NO, [])


def test_a_port_in_use_is_refused(served: list[object]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(Refusal, match=rf"^cannot listen on 127\.0\.0\.1 port {port} \("):
            processes.serve("127.0.0.1", port)
    assert served == []
