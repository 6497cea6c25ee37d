"""Free ports: pick one on the loopback address, or check that a given one is free."""

import errno
import os
import socket

from contract_server.development.errors import DevelopmentError

LOOPBACK = "127.0.0.1"

_ABSENT = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
"""An address of the name does not exist here, such as `::1` of `localhost` in a container without IPv6."""


def pick_free_port() -> int:
    """A loopback port that is free now; another process can still take it first."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def is_listening(port: int) -> bool:
    """Whether a server listens on this loopback port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0


def require_free_port(host: str, port: int) -> None:
    """Check that a server can listen on `host` and `port`.

    Raises:
        DevelopmentError: It cannot; the message gives the reason in one line.
    """
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror as error:
        raise DevelopmentError(f"{host} is not an address of this machine: {error.strerror}") from None
    except UnicodeError:  # a part of it is empty, or too long
        raise DevelopmentError(f"{host} is not a name of a machine") from None
    absent: list[OSError] = []
    for family, kind, protocol, _, address in addresses:
        try:
            with socket.socket(family, kind, protocol) as probe:
                # as servers do: connections in TIME_WAIT of a server that just ended do not block the port
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
        except OSError as error:
            if error.errno not in _ABSENT:
                raise DevelopmentError(_refusal(host, port, error)) from None
            absent.append(error)
    if len(absent) == len(addresses):
        raise DevelopmentError(_refusal(host, port, absent[0]))


def _refusal(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is in use: stop what listens there, or choose another port"
    reason = os.strerror(error.errno) if error.errno else str(error)
    return f"cannot listen on port {port} of {host}: {reason}"
