import socket

import pytest

from contract_server.development.errors import DevelopmentError
from contract_server.development.servers.ports import (
    LOOPBACK,
    is_listening,
    pick_free_port,
    require_free_port,
)


def test_free_port_can_be_had() -> None:
    port = pick_free_port()
    assert not is_listening(port)
    require_free_port(LOOPBACK, port)


def test_port_in_use_is_refused_on_every_address_that_includes_it() -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        port = server.getsockname()[1]
        assert is_listening(port)
        for host in (LOOPBACK, "localhost", "0.0.0.0"):  # noqa: S104 - never bound
            with pytest.raises(DevelopmentError, match=f"port {port} on {host} is in use"):
                require_free_port(host, port)


def test_address_of_another_machine_is_refused() -> None:
    with pytest.raises(DevelopmentError, match=r"cannot listen on port 8000 of 192\.0\.2\.1"):
        require_free_port("192.0.2.1", 8000)


def test_name_that_is_no_address_is_refused() -> None:
    with pytest.raises(DevelopmentError, match=r"no-such-host\.invalid"):
        require_free_port("no-such-host.invalid", 8000)
