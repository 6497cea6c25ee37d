"""The former address of the worker, for deployments that run `arq contract_server.jobs.worker.WorkerSettings`."""

from contract_server.worker.worker import WorkerSettings

__all__ = ["WorkerSettings"]
