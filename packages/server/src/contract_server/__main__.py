"""`python -m contract_server` is the `contract-server` command."""

from contract_server.cli import main

main()
