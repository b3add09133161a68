"""With this folder on PYTHONPATH a Python process, and each that it starts, reaches nothing but its own machine.

Connecting, sending and looking up a name raise OSError, as they do where there is no network. An audit hook cannot be
taken out again, and it sees the calls of every Python library; Jupyter's own channels run over 127.0.0.1 and stay.
"""

import errno
import sys

LOCAL = ("127.", "::1", "localhost")
ADDRESS = {"socket.connect": 1, "socket.sendto": 1, "socket.sendmsg": 1}
NAME = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}


def refuse(event: str, arguments: tuple) -> None:
    """Raise OSError if the event leads out of this machine."""
    if event in ADDRESS:
        address = arguments[ADDRESS[event]]
        if not isinstance(address, tuple):
            return  # a socket file, or a datagram to an address that connect has let through
        host = address[0]
    elif event in NAME:
        host = arguments[0]
    else:
        return
    host = host.decode() if isinstance(host, bytes) else host
    if host and not host.startswith(LOCAL):
        raise OSError(errno.ENETUNREACH, f"the network is blocked here, and {host} was asked for")


sys.addaudithook(refuse)
