"""What is heard at the API's address: the URL to tell, and what a server there answers."""

import http.client
import os
import socket
from pathlib import Path

from ..api.serving.listening import Address

WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - read, not bound
READY_PATH = "/health/ready"
ANSWER_SECONDS = 2.0


def url_of(address: Address) -> str:
    if address.path:
        return f"unix:{address.path}"
    name = WILDCARDS.get(address.host, address.host)
    return f"http://[{name}]:{address.port}" if ":" in name else f"http://{name}:{address.port}"


def is_ready(address: Address) -> bool:
    try:
        return ask(address, READY_PATH)[0] == http.HTTPStatus.OK
    except (OSError, NoHttp):
        return False


class NoHttp(Exception):
    """What answers there speaks something else."""


def ask(address: Address, path: str) -> tuple[int, bytes]:
    """Status and body of a GET. Raises OSError where nobody answers, or NoHttp."""
    host = WILDCARDS.get(address.host, address.host)
    connection = http.client.HTTPConnection(host, address.port, timeout=ANSWER_SECONDS)
    try:
        if address.path:
            connection.sock = _connected(address.path)
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    except http.client.HTTPException as error:
        raise NoHttp(str(error)) from error
    finally:
        connection.close()


def _connected(path: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(ANSWER_SECONDS)
    try:
        connection.connect(os.fspath(path))
    except OSError:
        connection.close()
        raise
    return connection
