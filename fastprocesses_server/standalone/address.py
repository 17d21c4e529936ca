"""Where the API listens: whether the port is free, the URL to tell, and whether the API is ready there."""

import errno
import http.client
import socket

from ..errors import StartError

WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - read, not bound
READY_PATH = "/health/ready"
ANSWER_SECONDS = 2.0


def check_port(host: str, port: int) -> None:
    """Raises StartError when the API could not listen there."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            # As the API itself will do: a connection that has just been closed does not make a port busy.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise StartError(f"port {port} is in use by another program; choose another with --port") from error
        reason = f"cannot listen on {host} port {port}: {error.strerror}"
        raise StartError(f"{reason}; choose another with --host or --port") from error


def url_of(host: str, port: int) -> str:
    name = _reachable(host)
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def is_ready(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(_reachable(host), port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", READY_PATH)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _reachable(host: str) -> str:
    return WILDCARDS.get(host, host)
