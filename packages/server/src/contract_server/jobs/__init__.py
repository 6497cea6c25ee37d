"""The former address of the worker; its code is in `contract_server.worker`."""
