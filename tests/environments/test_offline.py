"""The blocker blocks: the checks of the chapters run behind it, so that what passes there needs no network."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

OFFLINE = Path(__file__).resolve().parent / "offline"

OUTWARDS = {
    "connect": "import socket; socket.create_connection(('192.0.2.1', 80), 5)",
    "connect, below": "import _socket; _socket.socket(_socket.AF_INET, 1).connect_ex(('192.0.2.1', 80))",
    "IPv6": "import socket; socket.socket(socket.AF_INET6).connect(('2001:db8::1', 80))",
    "datagram": "import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 53))",
    "name": "import socket; socket.getaddrinfo('example.org', 80)",
    "old name": "import socket; socket.gethostbyname('example.org')",
    "urllib": "import urllib.request; urllib.request.urlopen('http://example.org', timeout=5)",
    "asyncio": "import asyncio; asyncio.run(asyncio.open_connection('192.0.2.1', 80))",
    "child": "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import socket; "
    'socket.create_connection(("192.0.2.1", 80), 5)\'], check=True)',
}


def run(code: str, *arguments: str, blocked: bool = True) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH" and not k.lower().endswith("_proxy")}
    environment |= {"PYTHONPATH": str(OFFLINE)} if blocked else {}
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("way", OUTWARDS)
def test_no_way_leads_out(way: str) -> None:
    done = run(OUTWARDS[way])
    assert done.returncode != 0
    assert "the network is blocked here" in done.stderr


def test_this_machine_is_reached() -> None:
    server = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=lambda: server.accept()[0].sendall(b"here"), daemon=True).start()
    code = "import socket, sys; print(socket.create_connection(('localhost', int(sys.argv[1])), 5).recv(4))"
    done = run(code, str(server.getsockname()[1]))
    assert done.stdout == "b'here'\n", done.stderr
    server.close()


def test_without_it_a_process_is_not_blocked() -> None:
    code = "import socket; socket.socket(type=socket.SOCK_DGRAM).connect(('127.0.0.1', 9)); print('free')"
    assert run(code, blocked=False).stdout == "free\n"
    assert "the network is blocked here" not in run(OUTWARDS["datagram"], blocked=False).stderr
