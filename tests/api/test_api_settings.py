"""What settings change in the answers: a server of its own, with many of them set."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from serving import Client, Server, wait_until
from test_api_origins import APP, EVIL, JSON, post

PUBLIC = "https://processes.example/ogc"


@pytest.fixture(scope="module")
def configured(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    environment = {
        "FP_PUBLIC_URL": PUBLIC + "/",
        "FP_KEEP_SYNC_JOBS": "true",
        "SYNC_EXECUTION_TIMEOUT_SECONDS": "2",
        "FP_JOB_LIST": "off",
        "FP_MAX_BODY_SIZE": "100kB",
        "RESULTS_TEMP_TTL_HOURS": "48",
        "CORS_ALLOWED_ORIGINS": APP,
        "FP_API_TITLE": "City of Maps",
        "FP_API_CONTACT_EMAIL": "maps@city.example",
        "FP_API_LICENSE_NAME": "CC BY 4.0",
    }
    server = Server(published, tmp_path_factory.mktemp("configured") / "state", environment)
    server.start()
    with Client(base_url=server.url, timeout=60) as client:
        yield client
    server.stop()


def test_links_are_built_from_the_public_url(configured: Client) -> None:
    for path in ("/", "/processes", "/processes/echo"):
        for link in configured.get(path, headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"}).json()[
            "links"
        ]:
            assert link["href"].startswith(PUBLIC + "/")
    assert configured.get("/api").json()["servers"] == [{"url": PUBLIC}]


def test_titles_and_contacts_are_shown(configured: Client) -> None:
    assert configured.get("/").json()["title"] == "City of Maps"
    info = configured.get("/api").json()["info"]
    assert info["contact"] == {"email": "maps@city.example"}
    assert info["license"] == {"name": "CC BY 4.0"}


def test_a_sync_run_over_its_time_is_stopped_with_an_advice(configured: Client, tmp_path: Path) -> None:
    response = configured.execute("sleep", {"seconds": 60})
    assert response.status_code == 504
    assert "Prefer: respond-async" in response.json()["detail"]
    job_id = configured.submit("sleep", {"seconds": 0})
    assert configured.finished(job_id)["status"] == "successful"


def test_kept_sync_runs_are_jobs_and_linked(configured: Client) -> None:
    response = configured.execute("echo", {"message": "kept"})
    link = response.links["monitor"]["url"]
    assert link.startswith(f"{PUBLIC}/jobs/")
    assert configured.get(link.removeprefix(PUBLIC)).json()["status"] == "successful"


def test_the_job_list_can_be_off(configured: Client) -> None:
    assert configured.get("/jobs").status_code == 404


def test_a_body_over_the_limit_is_refused(configured: Client) -> None:
    for size in (200_000, 5_000_000):
        response = configured.execute("simple_process", {"input_text": "x" * size})
        assert response.status_code == 413
        assert response.headers["content-type"] == "application/problem+json"
        assert "100000 bytes" in response.json()["detail"]


def test_a_body_in_chunks_is_counted_too(configured: Client) -> None:
    chunks = (b"x" * 10_000 for _ in range(20))
    response = configured.post(
        "/processes/echo/execution", content=chunks, headers={"Content-Type": "application/json"}
    )
    assert response.status_code == 413


def test_the_old_setting_caches_every_process_but_those_that_say_no(configured: Client) -> None:
    assert configured.execute("later", {"text": "cached"}).status_code == 200
    assert configured.status(configured.submit("later", {"text": "cached"}))["status"] == "successful"
    configured.execute("echo", {"message": "never"})
    assert configured.status(configured.submit("echo", {"message": "never", "pause": 1}))["status"] != "successful"


def test_only_named_origins_may_call(configured: Client) -> None:
    def allowed(origin: str) -> str | None:
        return configured.get("/", headers={"Origin": origin}).headers.get("access-control-allow-origin")

    assert allowed(APP) == APP
    assert allowed(EVIL) is None


def test_only_named_sites_start_and_dismiss_runs(configured: Client) -> None:
    job_id = configured.submit("echo", {"message": "hi"})
    refused = post(configured, origin=EVIL, content_type=JSON)
    assert refused.status_code == 403
    assert EVIL in refused.json()["detail"]
    assert configured.delete(f"/jobs/{job_id}", headers={"Origin": EVIL}).status_code == 403
    assert configured.status(job_id)
    assert post(configured, origin=APP, content_type=JSON).status_code == 200
    assert configured.delete(f"/jobs/{job_id}", headers={"Origin": APP}).status_code == 200


def test_reading_is_for_all(configured: Client) -> None:
    assert configured.get("/processes", headers={"Origin": EVIL, "Sec-Fetch-Site": "cross-site"}).status_code == 200


def test_results_go_when_their_time_has_come(configured: Client) -> None:
    job_id = configured.submit("brief-results", {"text": "x"})
    assert configured.finished(job_id)["status"] == "successful"
    wait_until(lambda: configured.get(f"/jobs/{job_id}/results").status_code == 410, 20)
    assert configured.status(job_id)["status"] == "successful"
