"""No code but the guarded client connects to anything outside: a spy sits in every process of a running server."""

import ast
import os
import subprocess
import sys
from ast import literal_eval
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from serving import ROOT, Client, Server
from ways_out import Web, json, web_server

PACKAGE = ROOT / "fastprocesses_server"

SPY = """
import os, sys
sys.modules["uvloop"] = None  # which connects where no hook sees it
log = os.open(os.environ["CONNECTIONS"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
def hook(event, args):
    if event in ("socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"):
        where = args[1] if event in ("socket.connect", "socket.sendto") else args[0]
        os.write(log, f"{(event, where)!r}\\n".encode())
sys.addaudithook(hook)
"""


@dataclass(frozen=True)
class Watched:
    """Where the processes note what they connect to and look up."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        path = f"{self.folder}{os.pathsep}{ROOT}"
        return {"PYTHONPATH": path, "CONNECTIONS": str(self.folder / "connections")}

    def all(self) -> list[tuple[str, Any]]:
        """Events, and addresses: a pair of host and port or more, or the path of a socket."""
        return list(map(literal_eval, (self.folder / "connections").read_text().splitlines()))

    def connected(self) -> set[tuple[str, int]]:
        """Without sockets in the file system."""
        return {where[:2] for event, where in self.all() if event == "socket.connect" and isinstance(where, tuple)}


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return watch(tmp_path / "spy")


def watch(folder: Path) -> Watched:
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(SPY)
    return Watched(folder)


@pytest.fixture(scope="module")
def inside() -> Iterator[Web]:
    """A service that nobody may ask."""
    with web_server({"/": json(b'{"type": "string"}')}) as web:
        yield web


MAY_CONNECT = {
    "api/serving/listening.py": "makes the sockets that are listened on",
    "api/serving/server.py": "listens on them",
    "authoring/remote.py": "the command line, as a client of the server that its user names",
    "execution/guard.py": "the look-up",
    "execution/outgoing.py": "the one way out",
    "standalone/address.py": "asks the own API whether it is ready",
    "standalone/valkey.py": "asks the own Valkey whether it is ready",
    "worker/capture.py": "a pair of sockets without an address",
    "worker/family.py": "whether a socket that was inherited has another end",
    "worker/scribe.py": "a pair of sockets without an address",
}
"""Beside Redis, which the settings name, and which `jobs/` alone speaks to (tests/test_house.py)."""

MODULES = {
    *("aiohttp", "ftplib", "http.client", "httpcore", "paramiko", "requests", "smtplib", "socket", "telnetlib"),
    *("urllib.request", "urllib3", "websockets", "xmlrpc.client"),
}
CALLS = {
    *("AsyncClient", "AsyncHTTPTransport", "Client", "HTTPTransport", "create_connection", "open_connection"),
    *("open_unix_connection", "sock_connect", "urlopen"),
}


def ways_out(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Import(names):
                yield from ({name.name for name in names} & MODULES)
            case ast.ImportFrom(module=str(module), level=0) if module in MODULES:
                yield module
            case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)) if name in CALLS:
                yield name


def test_few_modules_can_connect_at_all() -> None:
    found = {str(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.py") if any(ways_out(path))}
    assert found == set(MAY_CONNECT)


READ = """
import json, sys
from pathlib import Path
import orjson
from fastprocesses_server.errors import Problem
from fastprocesses_server.execution.request import RequestReader
from fastprocesses_server.processes.complaints import DescriptionErrors
from fastprocesses_server.processes.registry import load_registry
from fastprocesses_server.processes.schema_faults import schema_faults
from fastprocesses_server.processes.schemas import compile_schema
given = json.loads(sys.stdin.read())
for schema in given["schemas"]:
    schema_faults(schema)
    try:
        compile_schema(schema).is_valid({"type": "Point", "coordinates": [0, 0]})
    except Exception:
        pass
def load(folder, files):
    folder.mkdir()
    (folder / "tools.py").write_text("def run(x: dict) -> dict: return x")
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(f"callable: tools.run\\nversion: 1\\n{text}")
    return load_registry(folder)
try:
    load(Path("all"), given["files"])
except DescriptionErrors as errors:
    print(sum(f"{name}.yaml" in str(errors) for name in given["files"]))
reader = RequestReader(load(Path("good"), {"links": given["files"]["links"]})["links"])
for value in given["inputs"]:
    try:
        reader.read({"inputs": {"x": value}})
    except Problem:
        pass
"""


def hostile_schemas(url: str) -> list[Any]:
    return [
        {"$ref": url},
        {"$ref": f"{url}#/$defs/a"},
        {"$schema": url, "type": "object"},
        {"$id": url, "$ref": "other.json"},
        {"$id": url, "type": "object", "properties": {"a": {"$ref": "b.json"}}},
        {"$dynamicRef": url},
        {"$recursiveRef": url},
        {"$vocabulary": {url: True}},
        {"allOf": [{"properties": {"a": {"items": {"$ref": url}}}}]},
        {"type": "string", "contentSchema": {"$ref": url}},
        {"type": "string", "contentSchema": url, "contentMediaType": "application/json"},
        {"$defs": {"a": {"$id": url, "$ref": url}}, "$ref": "#/$defs/a"},
        {"type": "object", "externalDocs": {"url": url}, "example": {"$ref": url}},
        {"type": "string", "format": "uri", "default": url},
        {"default": {"$ref": url}, "type": "object"},
    ]


def hostile_values(url: str) -> list[Any]:
    entity = f'<!DOCTYPE x [<!ENTITY e SYSTEM "{url}"><!ENTITY % p SYSTEM "{url}">%p;]><x>&e;</x>'
    return [
        {"$ref": url},
        {"$schema": url, "$id": url},
        {"@context": url, "@id": url},
        {"value": {"$ref": url}},
        {"value": entity, "mediaType": "application/xml", "schema": url},
        {"value": {"type": "Point", "coordinates": [0, 0], "crs": {"type": "link", "properties": {"href": url}}}},
        {"type": "Point", "coordinates": [0, 0], "crs": {"type": "link", "properties": {"href": url, "type": "proj4"}}},
        {"type": "FeatureCollection", "features": [], "links": [{"href": url, "rel": "next"}]},
        {"bbox": [0, 0, 1, 1], "crs": url},
        entity,
        f'<x xsi:schemaLocation="{url} {url}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"/>',
        f"!!python/object/apply:urllib.request.urlopen [{url}]",
    ]


def hostile_files(url: str) -> dict[str, str]:
    texts = [orjson.dumps(schema).decode() for schema in hostile_schemas(url)]
    schemas = {f"s{number}": f"inputs: {{x: {{schema: {text}}}}}\n" for number, text in enumerate(texts)}
    return {
        **schemas,
        "links": f"links: [{{rel: about, href: '{url}'}}]\nmetadata: [{{role: license, href: '{url}'}}]\n",
        "example": f"examples: {{a: {{inputs: {{x: {{href: '{url}'}}}}}}}}\n",
        "resource": f"examples: {{a: {{inputs: {{x: {{$file: '{url}'}}}}}}}}\n",
        "tag": f"title: !include {url}\n",
    }


def test_reading_files_schemas_and_inputs_opens_no_connection(watched: Watched, inside: Web, tmp_path: Path) -> None:
    url = f"http://localhost:{inside.port}/"
    given = {"schemas": hostile_schemas(url), "files": hostile_files(url), "inputs": hostile_values(url)}
    own = {name: value for name, value in os.environ.items() if not name.startswith("FP_")}
    done = subprocess.run(
        [sys.executable, "-c", READ],
        input=orjson.dumps(given),
        env={**own, **watched.environment},
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert int(done.stdout) >= 10  # files are refused
    assert watched.all() == []
    assert inside.heads == []


@pytest.fixture
def shut(watched: Watched, published: Path, tmp_path: Path) -> Iterator[Server]:
    """Takes public references, and no callbacks."""
    environment = {**watched.environment, "FP_WORKER_CONCURRENCY": "1", "FP_CALLBACKS": "false"}
    server = Server(published, tmp_path / "state", environment)
    server.start()
    yield server
    assert server.stop() == 0, server.log()


HREFS = [
    "http://127.0.0.1:{port}/",
    "http://localhost:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/",
    "http://2130706433:{port}/",
    "http://169.254.169.254/latest/meta-data/",
    "http://user:password@localhost:{port}/",
    "http://localhost:22/",
    "http://xn--/",
    "http://a..example/",
    "http://localhost:65616/",
    "file:///etc/passwd",
    "http://localhost\r\nX: y",
]


def test_a_server_connects_to_nothing_that_clients_name(watched: Watched, inside: Web, shut: Server) -> None:
    url = f"http://localhost:{inside.port}/"
    with Client(base_url=shut.url, timeout=60) as client:
        for href in HREFS:
            refused(client.execute("echo", {"message": {"href": href.format(port=inside.port)}}), "$.inputs.message")
        for value in hostile_values(url):
            inputs = {"message": orjson.dumps(value).decode(), "geometry": [value]}
            assert client.execute("echo", inputs).status_code in (200, 400)
            assert client.execute("upper", {"text": value}).status_code < 500
        for member in ("successUri", "inProgressUri", "failedUri"):
            answer = client.execute("simple_process", {"input_text": "x"}, subscriber={member: url})
            assert "FP_CALLBACKS is off" in refused(answer, f"$.subscriber.{member}")
        assert client.execute("simple_process", {"input_text": "x"}).text == "X"
    assert any("valkey" in str(where) for event, where in watched.all() if event == "socket.connect")
    assert watched.connected() <= {("127.0.0.1", shut.port), ("::1", shut.port)}
    assert inside.heads == []


def refused(answer: httpx.Response, path: str) -> str:
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    messages = {error["path"]: error["message"] for error in answer.json()["errors"]}
    return str(messages[path])
