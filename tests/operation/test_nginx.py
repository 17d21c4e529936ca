"""Behind nginx, as config/nginx.conf has it: two API processes on Unix sockets, below a prefix."""

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from pathlib import Path

import httpx
import pytest
from load import Load, write_process
from serving import PLAIN, ROOT, Part, free_port, own_valkey, shared_environment, wait_until

from fastprocesses_server.api.serving.listening import Address
from fastprocesses_server.standalone.address import is_ready

NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
pytestmark = pytest.mark.skipif(not Path(NGINX).exists(), reason="nginx is not installed")

MAIN = """
user {user};
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log info;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/bodies;
    proxy_temp_path {folder}/proxied;
    fastcgi_temp_path {folder}/unused;
    uwsgi_temp_path {folder}/unused;
    scgi_temp_path {folder}/unused;
    include {folder}/ours.conf;
}}
"""


class Proxied:
    """nginx, two API processes and a worker."""

    def __init__(self, folder: Path, redis_url: str, stack: ExitStack) -> None:
        self.folder = folder
        self.stack = stack
        self.environment = shared_environment(redis_url, write_process(folder / "processes.d"), folder)
        self.environment |= {"FP_TRUSTED_PROXIES": "unix"}
        self.worker = self.start("worker", self.environment)
        self.apis = {name: self.start_api(name) for name in ("one", "two")}
        self.url = self._start_nginx()
        for name, api in self.apis.items():
            self.wait_for(name, api)

    def start(self, command: str, environment: dict[str, str]) -> Part:
        part = Part(command, folder=self.folder, environment=environment)
        part.start()
        self.stack.callback(part.stop)
        return part

    def start_api(self, name: str) -> Part:
        return self.start("serve", {**self.environment, "FP_UNIX_SOCKET": str(self.folder / f"{name}.sock")})

    def wait_for(self, name: str, api: Part) -> None:
        address = Address("", 0, self.folder / f"{name}.sock")
        wait_until(lambda: is_ready(address), 60, api.log)

    def restart(self, name: str) -> None:
        assert self.apis[name].stop() == 0
        self.apis[name] = self.start_api(name)
        self.wait_for(name, self.apis[name])

    def _start_nginx(self) -> str:
        port = free_port()
        ours = (ROOT / "config" / "nginx.conf").read_text()
        ours = ours.replace("listen 80;", f"listen 127.0.0.1:{port};")
        (self.folder / "ours.conf").write_text(ours.replace("unix:/run/fastprocesses", f"unix:{self.folder}"))
        main = self.folder / "main.conf"
        main.write_text(MAIN.format(folder=self.folder, user=Path(self.folder).owner()))
        process = subprocess.Popen([NGINX, "-c", str(main), "-e", str(self.folder / "nginx.log")])
        self.stack.callback(process.wait, 20)
        self.stack.callback(process.terminate)
        return f"http://127.0.0.1:{port}/ogc"


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxied]:
    folder = tmp_path_factory.mktemp("nginx")
    with ExitStack() as stack:
        valkey = stack.enter_context(own_valkey(folder))
        yield Proxied(folder, valkey.url, stack)


def test_links_lead_through_the_proxy(proxied: Proxied) -> None:
    with httpx.Client(headers={"X-Forwarded-Prefix": "/elsewhere"}) as client:
        landing_page = client.get(f"{proxied.url}/", headers={"Accept": "application/json"}).json()
        links = [link["href"] for link in landing_page["links"]]
        assert links
        assert all(link.startswith(f"{proxied.url}/") for link in links)
        created = client.post(
            f"{proxied.url}/processes/say/execution",
            json={"inputs": {"word": "x"}},
            headers={"Prefer": "respond-async"},
        )
        assert created.headers["location"].startswith(f"{proxied.url}/jobs/")
        assert client.get(created.headers["location"]).status_code == 200
        page = client.get(f"{proxied.url}/processes/say", headers={"Accept": "text/html"})
        style = page.text.partition('rel="stylesheet" href="')[2].partition('"')[0]
        assert client.get(page.url.join(style)).status_code == 200


def test_events_come_as_they_happen(proxied: Proxied) -> None:
    job = httpx.post(
        f"{proxied.url}/processes/say/execution",
        json={"inputs": {"word": "x", "seconds": 3}},
        headers={"Prefer": "respond-async"},
    ).headers["location"]
    began = time.monotonic()
    with httpx.stream("GET", f"{job}/events", timeout=30) as events:
        lines = events.iter_lines()
        assert "retry: 2000" in next(lines)
        first = time.monotonic() - began
        rest = list(lines)
    assert "event: done" in rest
    assert time.monotonic() - began > first + 1


def test_large_bodies_pass_and_too_large_ones_are_refused(proxied: Proxied) -> None:
    word = "x" * 20_000_000
    answer = httpx.post(
        f"{proxied.url}/processes/say/execution", json={"inputs": {"word": word}}, timeout=60, verify=PLAIN
    )
    assert answer.text == word
    where = httpx.URL(f"{proxied.url}/processes/say/execution")
    with closing(HTTPConnection(where.host, where.port, timeout=30)) as announcing:
        announcing.request("POST", where.path, headers={"Content-Length": "70000000"})
        assert announcing.getresponse().status == 413


def test_api_processes_are_replaced_without_a_failed_request(proxied: Proxied, remark: Callable[[str], None]) -> None:
    with Load(proxied.url).going_on() as load:
        proxied.restart("one")
        proxied.restart("two")
    assert not load.failures
    with load.client() as client:
        assert not load.lost(client)
    remark(f"replaced behind nginx: {load.answered} requests answered, {len(load.jobs)} jobs, none failed or lost")
