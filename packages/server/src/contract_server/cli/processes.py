"""The processes that stay: everything on one machine, the server, the worker."""

from typing import Annotated

import typer

from contract_server.settings import load_settings

Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)]


def dev(host: Host = "127.0.0.1", port: Port = 8000) -> None:
    """Start everything on this machine, with demonstration data: PostgreSQL, Redis, API and worker."""
    from contract_server.dev.environment import run_development  # noqa: PLC0415 - not part of production

    raise typer.Exit(run_development(host, port))


def serve(host: Host = "127.0.0.1", port: Port = 8000) -> None:
    """Serve the API."""
    import uvicorn  # noqa: PLC0415 - only this command needs it

    from contract_server.app.main import create_app  # noqa: PLC0415 - as above

    uvicorn.run(
        create_app(load_settings()),
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        timeout_graceful_shutdown=20,
    )


def worker() -> None:
    """Run the worker, as `arq contract_server.jobs.worker.WorkerSettings` does: end of service, erasures, mails."""
    from arq.worker import run_worker  # noqa: PLC0415 - only this command needs it
    from redis.exceptions import RedisError  # noqa: PLC0415 - as above

    load_settings()
    from contract_server.jobs.worker import WorkerSettings  # noqa: PLC0415 - reads the settings when imported

    try:
        run_worker(WorkerSettings)  # type: ignore[arg-type]  # arq's own type asks for an instance
    except (RedisError, OSError) as error:
        raise SystemExit(f"contract-server: Redis cannot be reached ({type(error).__name__})") from None
