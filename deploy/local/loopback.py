"""Free ports on 127.0.0.1, beside whatever else this machine serves."""

import random
import socket
from pathlib import Path

HOST = "127.0.0.1"
LOWEST_PORT = 15_000
HIGHEST_PORT = 32_767
PORTS_TRIED = 200
OUTGOING_PORTS = Path("/proc/sys/net/ipv4/ip_local_port_range")


def free_port() -> int:
    """A port nobody listens on now. Another process may take it first: start again, then.

    Below the ports the system hands to outgoing connections: while a server is down, one of its
    clients could otherwise be given the very port, and keep the server from coming back.
    """
    highest = _highest_port()
    for _ in range(PORTS_TRIED):
        port = random.randint(LOWEST_PORT, highest)
        with socket.socket() as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port
    raise OSError(f"no free port on {HOST} between {LOWEST_PORT} and {highest}")


def _highest_port() -> int:
    try:
        lowest_outgoing = int(OUTGOING_PORTS.read_text().split()[0])
    except FileNotFoundError:
        return HIGHEST_PORT
    if lowest_outgoing <= LOWEST_PORT + PORTS_TRIED:
        return HIGHEST_PORT
    return lowest_outgoing - 1
