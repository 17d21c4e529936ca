"""A server that wants to know who asks: keys, roles, sessions and pages, by HTTP and in a browser."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from html import unescape

import httpx
import pytest
from greeting import FILE, publish
from openapi_spec_validator import validate
from playwright.sync_api import Page, sync_playwright
from serving import PLAIN, ROOT, Client, Server, wait_until

from fastprocesses_server.jobs.api_keys import KeysInRedis, make_key
from fastprocesses_server.jobs.connection import connect
from fastprocesses_server.standalone.valkey import running_url

PEOPLE: Mapping[str, tuple[str, ...]] = {"ada": ("analyst",), "bob": (), "root": ("admin",), "eve": ("analyst",)}
AXE = ROOT / "tests" / "pages" / "vendor" / "axe-core" / "axe.min.js"
BROWSER = {"Accept": "text/html,*/*;q=0.8"}


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("asking")
    processes = publish(folder)
    (processes / "whisper.yaml").write_text(FILE + "title: Whisper\naccess: {roles: [analyst, boss]}\n")
    environment = {
        "FP_AUTH": "required",
        "FP_WORKER_CONCURRENCY": "1",
        "FP_LOG_LEVEL": "DEBUG",
        "FP_METRICS_TOKEN": "prometheus",
    }
    server = Server(processes, folder / "state", environment)
    server.start()
    yield server
    assert server.stop() == 0, server.log()


@pytest.fixture(scope="module")
def store(asking: Server) -> KeysInRedis:
    url = running_url(asking.state)
    assert url
    return KeysInRedis(url)


@pytest.fixture(scope="module")
def secrets(store: KeysInRedis) -> dict[str, str]:
    made = {name: make_key(name, roles, None, datetime.now(UTC)) for name, roles in PEOPLE.items()}
    assert all(store.add(key) for _, key in made.values())
    return {name: secret for name, (secret, _) in made.items()}


@pytest.fixture(scope="module")
def clients(asking: Server, secrets: dict[str, str]) -> Iterator[dict[str, Client]]:
    headers = {name: {"X-API-Key": secret} for name, secret in secrets.items()}
    made = {name: Client(base_url=asking.url, timeout=60, headers=one) for name, one in headers.items()}
    made["nobody"] = Client(base_url=asking.url, timeout=60)
    yield made
    for client in made.values():
        client.close()


def visible(client: httpx.Client) -> set[str]:
    listed = {process["id"] for process in client.get("/processes").json()["processes"]}
    paths = {path.split("/")[2] for path in client.get("/api").json()["paths"] if path.endswith("/execution")}
    assert paths == listed
    return listed


@pytest.mark.parametrize("path", ["/processes", "/processes/greet", "/jobs", "/jobs/x", "/jobs/x/results", "/nowhere"])
def test_nobody_is_told_how_to_say_who_one_is(clients: dict[str, Client], path: str) -> None:
    response = clients["nobody"].get(path, headers={"Origin": "https://app.example"})
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="processes"'
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert "X-API-Key" in response.json()["detail"]


def test_nobody_runs_anything_and_a_preflight_needs_no_key(clients: dict[str, Client]) -> None:
    assert clients["nobody"].execute("greet", {"name": "x"}).status_code == 401
    assert clients["nobody"].delete("/jobs/x").status_code == 401
    asked = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST"}
    wanted = {**asked, "Access-Control-Request-Headers": "x-api-key, authorization, content-type"}
    assert clients["nobody"].options("/processes/greet/execution", headers=wanted).status_code == 200


@pytest.mark.parametrize(
    "path", ["/", "/conformance", "/api", "/health/live", "/health/ready", "/static/pages.css", "/login"]
)
def test_what_clients_need_to_begin_is_open(clients: dict[str, Client], path: str) -> None:
    assert clients["nobody"].get(path).status_code == 200
    assert clients["nobody"].get(path, headers=BROWSER).status_code == 200


def test_callers_see_and_run_what_their_roles_allow(clients: dict[str, Client]) -> None:
    for _ in range(2):
        assert visible(clients["ada"]) == visible(clients["root"]) == {"greet", "whisper"}
        assert visible(clients["bob"]) == {"greet"}
    assert clients["ada"].execute("whisper", {"name": "ada"}).text == "Hello, ada"
    assert clients["bob"].execute("greet", {"name": "bob"}).text == "Hello, bob"
    for response in (clients["bob"].get("/processes/whisper"), clients["bob"].execute("whisper", {"name": "bob"})):
        assert response.status_code == 403
        assert "one of these roles: analyst, boss" in response.json()["detail"]
    paths = clients["nobody"].get("/api").json()["paths"]
    assert not [path for path in paths if path.endswith("/execution") and "{" not in path]


def test_no_cache_hands_one_caller_what_another_got(clients: dict[str, Client]) -> None:
    first = clients["ada"].get("/processes")
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert {"Authorization", "X-API-Key", "Cookie"} <= set(first.headers["Vary"].split(", "))
    known = {"If-None-Match": first.headers["ETag"]}
    assert clients["ada"].get("/processes", headers=known).status_code == 304
    assert clients["bob"].get("/processes", headers=known).status_code == 200
    assert "private" not in clients["nobody"].get("/static/pages.css").headers["Cache-Control"]


def test_pages_say_whose_they_are(clients: dict[str, Client]) -> None:
    pages = {name: clients[name].get("/processes", headers=BROWSER).text for name in ("ada", "eve", "bob")}
    for name, page in pages.items():
        assert [other for other in PEOPLE if f"key:{other}" in page] == [name]
    assert "Whisper" in pages["eve"]
    assert "Whisper" not in pages["bob"]


@pytest.mark.parametrize("form", ["json", "openapi31"])
def test_the_definition_is_right_with_its_security_schemes(clients: dict[str, Client], form: str) -> None:
    document = clients["ada"].get(f"/api?f={form}").json()
    validate(document)
    assert document["security"] == [{"bearer": []}, {"apiKey": []}, {"session": []}]
    assert "WWW-Authenticate" in document["components"]["responses"]["problem401"]["headers"]


def test_the_documentation_shows_where_the_key_belongs(asking: Server, clients: dict[str, Client]) -> None:
    page = unescape(clients["ada"].get("/api?f=html").text)
    assert f'curl {asking.url}/processes -H "X-API-Key: $KEY"' in page
    assert f"curl {asking.url}/\n" in page.replace("</code>", "\n"), "what is open needs none"


def log_in(server: Server, secret: str, **headers: str) -> httpx.Response:
    with httpx.Client(base_url=server.url) as client:
        return client.post("/login", data={"key": secret, "next": "/jobs?status=failed"}, headers=headers)


def test_a_browser_gets_a_session_and_not_its_key(asking: Server, secrets: dict[str, str], store: KeysInRedis) -> None:
    response = log_in(asking, secrets["bob"])
    assert (response.status_code, response.headers["Location"]) == (303, "./jobs?status=failed")
    cookie = response.headers["Set-Cookie"]
    assert all(part in cookie for part in ("HttpOnly", "SameSite=lax", "Path=/", "Max-Age=43200"))
    assert secrets["bob"][3:] not in cookie
    session = {"Cookie": cookie.partition(";")[0]}
    body = {"inputs": {"name": "bob"}}
    with Client(base_url=asking.url, headers=session) as client:
        assert client.get("/jobs").status_code == 200
        assert client.post("/processes/greet/execution", json=body, headers={"Origin": asking.url}).status_code == 200
        foreign = client.post("/processes/greet/execution", json=body, headers={"Origin": "https://evil.example"})
        assert foreign.status_code == 401, "a session counts for our own pages alone"
        left = client.post("/logout", headers={"Origin": asking.url})
        assert left.status_code == 303
        assert 'fp_session=""' in left.headers["Set-Cookie"]
        assert client.get("/jobs").status_code == 401, "the session has ended, whoever has kept the cookie"


def test_a_wrong_key_and_another_site_do_not_log_in(asking: Server, secrets: dict[str, str]) -> None:
    before = asking.log().count("unknown, revoked or expired")
    wrong = log_in(asking, "fp_wrong", **BROWSER)
    wait_until(lambda: asking.log().count("unknown, revoked or expired") == before + 1)
    assert wrong.status_code == 401
    assert "Set-Cookie" not in wrong.headers
    assert 'value="/jobs?status=failed"' in wrong.text, "it is not forgotten where one wanted to go"
    assert "fp_wrong" not in wrong.text
    foreign = log_in(asking, secrets["bob"], Origin="https://evil.example")
    assert foreign.status_code == 403
    assert "Set-Cookie" not in foreign.headers


def test_a_browser_that_may_not_see_a_page_is_asked_for_a_key(clients: dict[str, Client]) -> None:
    response = clients["nobody"].get("/processes/whisper?x=1", headers=BROWSER)
    assert response.status_code == 401
    assert 'action="../login"' in response.text
    assert 'name="next" value="/processes/whisper?x=1"' in response.text


def test_a_revoked_key_is_refused_everywhere(asking: Server, store: KeysInRedis) -> None:
    secret, key = make_key("short-lived", [], None, datetime.now(UTC))
    store.add(key)
    cookie = wait_until(lambda: log_in(asking, secret).headers.get("Set-Cookie")).partition(";")[0]
    shown = ({"X-API-Key": secret}, {"Authorization": f"Bearer {secret}"}, {"Cookie": cookie})
    assert all(httpx.get(f"{asking.url}/jobs", headers=one).status_code == 200 for one in shown)
    store.remove("short-lived")
    for one in shown:
        wait_until(lambda one=one: httpx.get(f"{asking.url}/jobs", headers=one, verify=PLAIN).status_code == 401)
    refused = httpx.get(f"{asking.url}/jobs", headers=shown[0])
    assert 'error="invalid_token"' in refused.headers["WWW-Authenticate"]
    assert secret not in refused.text + str(refused.headers)


def serious(page: Page) -> list[str]:
    """What axe-core finds: dark on a phone, light on a desk."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = []
    for width, scheme in ((390, "dark"), (1280, "light")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        found += page.evaluate(
            "async () => (await axe.run()).violations.filter((one) => /serious|critical/.test(one.impact))"
        )
    return [f"{one['id']}: {one['nodes'][0]['html']}" for one in found]


def said_by(language: str, code: str, key: str) -> str:
    """What code of the form prints."""
    commands = {"curl": ["sh", "-c", f"{code} -sS"], "javascript": ["node", "--input-type=module", "-e", code]}
    command = commands.get(language, [sys.executable, "-c", code])
    done = subprocess.run(command, env={**os.environ, "KEY": key}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_person_logs_in_and_out_in_a_browser(asking: Server, secrets: dict[str, str]) -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no Chromium is installed: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(base_url=asking.url)
        page.goto("/processes/whisper")
        assert serious(page) == []
        page.get_by_label("API key").fill(secrets["ada"])
        page.get_by_role("button", name="Log in").click()
        page.get_by_role("heading", name="Whisper").wait_for()
        assert page.url == f"{asking.url}/processes/whisper"
        assert page.get_by_text("key:ada").is_visible()
        page.locator("[data-field=name] textarea, [data-field=name] input").first.fill("ada")
        page.get_by_role("button", name="Run", exact=True).click()
        page.locator("#outcome").get_by_text("Hello, ada").first.wait_for()
        for language in ("curl", "httpx", "owslib", *(["javascript"] if shutil.which("node") else [])):
            code = page.locator(f"[data-language={language}] code").text_content() or ""
            assert secrets["ada"] not in code
            assert "Hello, ada" in said_by(language, code, secrets["ada"])
        assert serious(page) == []
        page.get_by_role("button", name="Log out").click()
        page.get_by_role("link", name="Log in").wait_for()
        assert page.goto("/jobs").status == 401  # type: ignore[union-attr] # there was an answer
        browser.close()


def test_keys_and_sessions_are_in_no_log_and_not_in_redis(
    asking: Server, secrets: dict[str, str], store: KeysInRedis, clients: dict[str, Client]
) -> None:
    session = log_in(asking, secrets["ada"]).headers["Set-Cookie"].partition(";")[0].partition("=")[2]
    httpx.get(f"{asking.url}/processes?key={secrets['ada']}x", headers={"X-API-Key": secrets["ada"] + "x"})
    clients["ada"].finished(clients["ada"].submit("greet", {"name": "ada"}))
    with connect(store.url) as redis:
        redis.config_set("rdbcompression", "no")
        dump = b"".join(name + (redis.dump(name) or b"") for name in redis.scan_iter())
    said = asking.log()
    assert "401 for 127.0.0.1" in said or "401 for ::1" in said
    for canary in (*(secret[3:] for secret in secrets.values()), session):
        assert canary.encode() not in dump
        assert canary not in said


def test_metrics_are_for_their_token_and_for_admins(clients: dict[str, Client]) -> None:
    token = {"Authorization": "Bearer prometheus"}
    assert 'process="whisper"' in clients["nobody"].get("/metrics", headers=token).text
    assert clients["nobody"].get("/jobs", headers=token).status_code == 401
    statuses = {name: clients[name].get("/metrics").status_code for name in ("nobody", "ada", "root")}
    assert statuses == {"nobody": 401, "ada": 403, "root": 200}


@pytest.mark.parametrize(
    "cookie",
    [
        "",
        ";;;===;;;",
        "fp_session",
        "fp_session=",
        'fp_session="',
        "fp_session=\\",
        "fp_session=\xff\xfe",
        "fp_session=../../x",
        "fp_session=" + "a" * 43,
        "fp_session=" + "a" * 30_000,
        "; ".join(f"fp_session={number}" for number in range(2000)),
        "; ".join(f"c{number}=x" for number in range(5000)),
        "__Host-fp_session=" + "a" * 43,
    ],
)
def test_a_cookie_that_is_none_is_nobody(asking: Server, cookie: str) -> None:
    headers = [(b"Cookie", cookie.encode("latin-1"))]
    with httpx.Client(base_url=asking.url, headers=headers) as client:
        assert client.get("/jobs").status_code == 401
        assert client.get("/").status_code == 200
        assert client.post("/logout", headers={"Origin": asking.url}).status_code == 303


def test_a_log_in_begins_a_new_session_and_ends_the_one_before(asking: Server, secrets: dict[str, str]) -> None:
    chosen = "fp_session=" + "x" * 43
    first = log_in(asking, secrets["bob"], Cookie=chosen).headers["Set-Cookie"].partition(";")[0]
    second = log_in(asking, secrets["bob"], Cookie=first).headers["Set-Cookie"].partition(";")[0]
    assert len({chosen, first, second}) == 3
    status = {
        cookie: httpx.get(f"{asking.url}/jobs", headers={"Cookie": cookie}).status_code for cookie in (first, second)
    }
    assert status == {first: 401, second: 200}
    assert httpx.get(f"{asking.url}/jobs", headers={"Cookie": f"{second}; {first}"}).status_code == 401
