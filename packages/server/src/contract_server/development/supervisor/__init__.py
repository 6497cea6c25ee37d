"""The processes of `make run`."""
