"""The commands that run until they are stopped: development, server, worker."""

import gc
import os
from typing import Annotated

import typer

from contract_server import event_loop, logs
from contract_server.cli.bootstrap import refuse_startup_problems
from contract_server.cli.exit_status import Refusal
from contract_server.settings import load_settings, load_worker_settings

Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)]
Workers = Annotated[int, typer.Option(help="Processes that serve, one for each core.", min=1, max=64)]


def dev(host: Host = "127.0.0.1", port: Port = 8000) -> None:
    """Start everything on this machine, with demonstration data: PostgreSQL, Redis, API and worker.

    Example: contract-server dev --port 8080
    """
    from contract_server.development.environment import run_development  # noqa: PLC0415 - not part of production

    raise typer.Exit(run_development(host, port))


def serve(host: Host = "127.0.0.1", port: Port = 8000, workers: Workers = 1) -> None:
    """Serve the API.

    Example: contract-server serve --host 127.0.0.1 --port 8001 --workers 4
    """
    from contract_server.web.app import create_app  # noqa: PLC0415 - only this command needs it
    from contract_server.web.graceful_server import listen, serve_until_stopped  # noqa: PLC0415 - as above
    from contract_server.web.prefork import fork_processes  # noqa: PLC0415 - as above

    refuse_startup_problems()
    settings = load_settings()
    app = create_app(settings, processes=workers)
    try:
        listening = listen(host, port)
    except (OSError, UnicodeError) as error:  # UnicodeError: a host name with an empty label
        reason = error.strerror if isinstance(error, OSError) else "not a host name"
        raise Refusal(f"cannot listen on {host} port {port} ({reason}); see --host and --port") from None
    _collect_garbage_less_often()
    if workers == 1:
        serve_until_stopped(app, settings, listening)
        return
    parent = os.getpid()
    app.state.process = fork_processes(workers, listening)
    serve_until_stopped(app, settings, listening, parent)


def _collect_garbage_less_often() -> None:
    """Exclude the objects made at the start from garbage collection, which blocks all requests."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)


def worker() -> None:
    """Run the worker (end of service, erasures, mails). While Redis is away, it sweeps by itself.

    Example: METRICS_PORT=9001 contract-server worker
    """
    settings = load_worker_settings()
    refuse_startup_problems()
    logs.configure(settings.log_level)
    from contract_server.worker.process import run_worker  # noqa: PLC0415 - its import reads the settings

    event_loop.run(run_worker())
