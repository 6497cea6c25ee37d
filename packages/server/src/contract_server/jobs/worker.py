"""The documented address of the worker: `arq contract_server.jobs.worker.WorkerSettings`."""

from contract_server.worker.worker import WorkerSettings

__all__ = ["WorkerSettings"]
