"""A canary in every secret: whatever fails, none is in an answer, a page, a log or a text about settings."""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from serving import Client, OwnValkey, Part, free_port, own_valkey, shared_environment, wait_until

from fastprocesses_server.errors import StartError
from fastprocesses_server.jobs.fitness import check_fitness
from fastprocesses_server.settings import Settings, load_settings, setting_names
from fastprocesses_server.settings.secrets import MASK, secret_values, without

PATHS = ["/", "/api", "/processes", "/jobs", "/health/ready", "/health/live", "/metrics", "/login", "/nowhere"]
BROWSER = {"Accept": "text/html"}

MODULE = """
import os
import sys

def fail(how: str) -> str:
    if how == "environment":
        print({name: value for name, value in os.environ.items() if name.startswith("FP_")})
        raise RuntimeError(f"{dict(os.environ)}")
    raise RuntimeError("cannot reach postgres://reader:canary-of-an-exception@db.example/" + how)
"""
FILE = "callable: failing.fail\nversion: 1.0.0\noutputs: {text: {schema: {type: string}}}\n"
EXCEPTION = "canary-of-an-exception"


def secret_fields() -> dict[str, str]:
    """Every setting that is a secret, by its variable's name, with its canary."""
    secret = [name for name, info in Settings.model_fields.items() if "SecretStr" in str(info.annotation)]
    canaries = {setting_names()[name][0]: f"canary/of:{name}@" for name in secret}
    return canaries | {"FP_OUTGOING_PROXY": f"http://user:{quote(canaries['FP_OUTGOING_PROXY'], safe='')}@127.0.0.1:9"}


def test_the_secrets_are_those_that_are_known_to_be() -> None:
    known = {"FP_REDIS_URL", "FP_BROKER_PASSWORD", "FP_RESULT_CACHE_PASSWORD", "FP_CALLBACK_SECRET"}
    assert known <= set(secret_fields())


def test_no_text_about_the_settings_has_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, canary in secret_fields().items():
        shape = f"redis://:{canary}@localhost" if name == "FP_REDIS_URL" else canary
        monkeypatch.setenv(name, shape)
    settings = load_settings()
    shown = f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()} {settings.broker_url}"
    assert "canary" not in shown


@pytest.mark.parametrize("form", ["{}", "http://:{}@host", "sentinel://:{}@host", "rediss://:{}@host?x=y", "whsec_{}!"])
def test_no_complaint_about_a_setting_has_a_secret(monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    for name in secret_fields():
        monkeypatch.setenv(name, form.format("canary"))
    with pytest.raises(StartError) as failed:
        load_settings(port="canary port")
    assert "canary" not in str(failed.value)
    assert "FP_PORT" in str(failed.value)


def test_secrets_are_cut_out_in_every_spelling() -> None:
    settings = Settings(
        redis_url="redis://user:a%2Fsecret%40word@host/0",
        broker_password="another one",
        callback_secret="short",
    )
    secrets = secret_values(settings)
    for text in ("a/secret@word", "a%2Fsecret%40word", "another one", "another%20one"):
        assert without(f"<{text}>", secrets) == f"<{MASK}>"
    assert without("redis://host short user", secrets) == "redis://host short user"


def test_a_redis_that_refuses_is_told_without_the_password(valkey: str) -> None:
    with pytest.raises(StartError) as refused:
        check_fitness(valkey.replace("unix://", "unix://nobody:canary@"))
    assert "canary" not in str(refused.value)
    assert "canary" not in check_fitness("redis://:canary@127.0.0.1:1/0")


@dataclass
class Site:
    """A server whose every secret is a canary, and all that it ever answered."""

    client: Client
    part: Part
    redis: OwnValkey
    said: list[str] = field(default_factory=list)

    def keep(self, response: httpx.Response) -> httpx.Response:
        self.said.append(f"{response.status_code} {response.headers} {response.text}")
        return response

    def ask(self, method: str, path: str, **how: Any) -> httpx.Response:
        return self.keep(self.client.request(method, path, **how))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder, port = tmp_path_factory.mktemp("canaries"), free_port()
    processes = folder / "processes.d"
    processes.mkdir()
    (processes / "failing.py").write_text(MODULE)
    (processes / "fail.yaml").write_text(FILE)
    url = f"redis://:canary-of-redis@127.0.0.1:{port}/0"
    settings = f"port {port}\nbind 127.0.0.1\nrequirepass canary-of-redis\n"
    environment = {
        **secret_fields(),
        **shared_environment(url, processes, folder),
        "FP_AUTH": "optional",
        "FP_LOG_LEVEL": "TRACE",
        "FP_LOG_FILE": str(folder / "more.log"),
        "FP_REFERENCE_HOSTS": "127.0.0.1",
    }
    with own_valkey(folder, url, settings) as redis, Client(timeout=60) as client:
        part = Part("serve", "--workers", "1", folder=folder, environment=environment)
        part.start()
        client.base_url = f"http://127.0.0.1:{environment['FP_PORT']}"
        wait_until(lambda: is_ready(client), 60, part.log)
        yield Site(client, part, redis)
        part.stop()


def is_ready(client: Client) -> bool:
    try:
        return client.get("/health/ready").status_code == 200
    except httpx.TransportError:
        return False


CREDENTIALS: Mapping[str, str] = {
    "X-API-Key": "fp_canary-of-a-key",
    "Authorization": "Bearer canary-of-a-token.eyJhIjoxfQ.canary",
    "Proxy-Authorization": "Basic canary-of-a-proxy",
    "Cookie": "fp_session=canary-of-a-session",
    "X-Forwarded-User": "canary-of-a-user",
}


def ask_everything(site: Site) -> None:
    for (name, value), path in itertools.product(CREDENTIALS.items(), PATHS):
        for form in ({}, BROWSER):
            site.ask("GET", path, headers={name: value, **form})
    for headers in ({name: value, **form} for name, value in CREDENTIALS.items() for form in ({}, BROWSER)):
        execution = "/processes/fail/execution"
        site.ask("POST", execution, headers=headers, content=b"{")
        site.ask("POST", execution, headers={**headers, "Content-Type": "text/plain"}, content=b"canary")
        site.ask("POST", execution, headers=headers, json={"inputs": {}})
        site.ask("PUT", "/processes", headers=headers)
        site.ask("POST", "/login", headers=headers, data={"key": "fp_canary-of-a-key"})


def test_failures_tell_no_secret_and_no_exception(site: Site) -> None:
    ask_everything(site)
    for how in ("database", "environment"):
        answer = site.keep(site.client.execute("fail", {"how": how}))
        assert answer.status_code == 500
        sink = {"failedUri": "http://127.0.0.1:1/?token=canary-of-a-callback"}
        job = site.client.submit("fail", {"how": how}, subscriber=sink)
        assert site.client.finished(job)["status"] == "failed"
        for path in (f"/jobs/{job}", f"/jobs/{job}/results", f"/jobs/{job}/logs", f"/jobs/{job}/results/text"):
            site.ask("GET", path)
            site.ask("GET", path, headers=BROWSER)
    wait_until(lambda: "tells http://127.0.0.1:1" in site.part.log(), 30, site.part.log)
    site.redis.kill()
    for path in PATHS:
        site.ask("GET", path)
        site.ask("GET", path, headers=BROWSER)
    assert site.keep(site.client.execute("fail", {"how": "away"})).status_code == 503
    site.part.stop()

    log = site.part.log() + (site.part.folder / "more.log").read_text()
    answers = "\n".join(site.said)
    assert "canary" not in answers, near(answers)
    assert MASK in log, "what authors' code found in the environment"
    told = log.replace(EXCEPTION, "")  # whose place is the log
    assert "canary" not in told, near(told)


def near(text: str) -> str:
    place = text.index("canary")
    return text[max(place - 300, 0) : place + 300]
