"""Which names this server answers to."""

import ipaddress
import socket


def is_ours(host: str, names: tuple[str, ...]) -> bool:
    """Whether a Host header names this server: by an address, or by a name that it has.

    A page of another site whose name was made to point here (DNS rebinding) gives that name.
    """
    bare = host.strip("[]").lower()
    if bare in ("localhost", socket.gethostname().lower(), *(name.lower() for name in names)):
        return True
    try:
        ipaddress.ip_address(bare)
    except ValueError:
        return False
    return True
