"""Free ports on 127.0.0.1, beside whatever else this machine serves."""

import socket

HOST = "127.0.0.1"


def free_port() -> int:
    """A port nobody listens on now. Another process may take it first: start again, then."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    """Whether somebody accepts connections on the port."""
    try:
        with socket.create_connection((HOST, port), timeout=1):
            return True
    except OSError:
        return False
