"""What compose.yaml promises."""

import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from serving import ROOT

from fastprocesses_server.settings import load_settings, setting_names
from fastprocesses_server.worker.app import LEAVE_SECONDS

SERVERS = ["api", "worker"]
SERVICES = [*SERVERS, "redis"]
WATCHERS = ["prometheus"]
"""Those of a profile, which are started by its name alone."""


@pytest.fixture(scope="session")
def compose() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return document


@pytest.fixture(scope="session")
def services(compose: dict[str, Any]) -> dict[str, dict[str, Any]]:
    services: dict[str, dict[str, Any]] = compose["services"]
    return services


@pytest.fixture(scope="session")
def environment(services: dict[str, dict[str, Any]]) -> dict[str, str]:
    """Of the containers, where neither `.env` nor the shell sets anything."""
    return {name: without_env_file(value) for name, value in services["api"]["environment"].items()}


def without_env_file(value: str) -> str:
    """`${NAME:-default}` is the default, which may hold another one."""
    while (plain := re.sub(r"\$\{\w+:-([^${}]*)\}", r"\1", value)) != value:
        value = plain
    return value


def test_the_file_follows_the_specification() -> None:
    command = [str(Path(sys.executable).parent / "check-jsonschema"), "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*command, str(ROOT / "compose.yaml")], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def test_api_and_worker_run_one_image_that_is_built_once(services: dict[str, dict[str, Any]]) -> None:
    assert services["api"]["image"] == services["worker"]["image"]
    assert [name for name in SERVICES if "build" in services[name]] == ["api"]


def test_workers_can_be_scaled(services: dict[str, dict[str, Any]]) -> None:
    assert not {"container_name", "hostname", "ports"} & services["worker"].keys()


def test_redis_neither_forgets_nor_evicts_jobs(compose: dict[str, Any], services: dict[str, dict[str, Any]]) -> None:
    options = set(pairwise(services["redis"]["command"]))

    assert {("--appendonly", "yes"), ("--appendfsync", "everysec"), ("--maxmemory-policy", "noeviction")} <= options
    assert services["redis"]["volumes"] == ["redis:/data"]
    assert "redis" in compose["volumes"]


def test_only_the_api_is_published(services: dict[str, dict[str, Any]]) -> None:
    assert [name for name in SERVICES if "ports" in services[name]] == ["api"]
    assert not any("network_mode" in services[name] for name in SERVICES)


def test_the_api_listens_where_its_port_leads(services: dict[str, dict[str, Any]], environment: dict[str, str]) -> None:
    [port] = services["api"]["ports"]

    assert without_env_file(port) == "8000:8000"
    assert (environment["FP_HOST"], environment["FP_PORT"]) == ("0.0.0.0", "8000")


@pytest.mark.parametrize("name", SERVERS)
def test_api_and_worker_share_the_results(
    name: str, compose: dict[str, Any], services: dict[str, dict[str, Any]]
) -> None:
    folder = services[name]["environment"]["FP_RESULTS_DIR"]

    assert f"results:{folder}" in services[name]["volumes"]
    assert "results" in compose["volumes"]


@pytest.mark.parametrize("name", SERVERS)
def test_processes_and_config_cannot_be_written(name: str, services: dict[str, dict[str, Any]]) -> None:
    processes = services[name]["environment"]["FP_PROCESSES_DIR"]

    assert {f"./processes.d:{processes}:ro", "./config:/app/config:ro"} < set(services[name]["volumes"])


@pytest.mark.parametrize("name", SERVERS)
def test_the_env_file_need_not_exist_and_wins_over_the_list(name: str, services: dict[str, dict[str, Any]]) -> None:
    assert services[name]["env_file"] == ["config/fastprocesses.env", {"path": ".env", "required": False}]


def test_api_and_worker_have_the_same_settings(services: dict[str, dict[str, Any]]) -> None:
    assert services["api"]["environment"] == services["worker"]["environment"]


def test_every_variable_sets_something(environment: dict[str, str]) -> None:
    assert environment.keys() <= {name for names in setting_names().values() for name in names}


def test_the_settings_are_those_of_fastprocesses(
    environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()

    assert settings.broker_url.get_secret_value() == "redis://redis:6379/0"
    assert settings.result_cache_url.get_secret_value() == "redis://redis:6379/1"
    assert settings.cache_ttl_hours == 48
    assert (settings.results_ttl_days, settings.job_status_ttl_days) == (365, 365)
    assert (settings.time_limit_soft, settings.time_limit_hard) == (600, 900)
    assert settings.public_url == "http://localhost:8000"


def test_the_example_repeats_what_is_set_without_it(environment: dict[str, str]) -> None:
    example = dict(re.findall(r"^(\w+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE))
    both = example.keys() & environment.keys()

    assert {"FP_PUBLIC_URL", "RESULTS_TEMP_TTL_HOURS", "CELERY_RESULTS_TTL_DAYS"} <= both
    assert {name: example[name] for name in both} == {name: environment[name] for name in both}


@pytest.mark.parametrize("name", SERVERS)
def test_api_and_worker_wait_for_a_healthy_redis(name: str, services: dict[str, dict[str, Any]]) -> None:
    assert services[name]["depends_on"] == {"redis": {"condition": "service_healthy"}}
    assert services["redis"]["healthcheck"]["test"] == ["CMD", "valkey-cli", "ping"]


def test_a_worker_has_the_time_to_give_its_jobs_back(services: dict[str, dict[str, Any]]) -> None:
    assert services["worker"]["stop_grace_period"] == "1m"
    assert load_settings().worker_grace_seconds + LEAVE_SECONDS < 60


@pytest.mark.parametrize("name", [*SERVICES, *WATCHERS])
def test_a_service_comes_back_and_may_do_little(name: str, services: dict[str, dict[str, Any]]) -> None:
    service = services[name]

    assert service["restart"] == "unless-stopped"
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


@pytest.mark.parametrize("name", SERVERS)
def test_api_and_worker_have_no_capability_and_reap_their_dead(name: str, services: dict[str, dict[str, Any]]) -> None:
    assert "cap_add" not in services[name]
    assert services[name]["init"] is True
    assert services[name]["tmpfs"] == ["/tmp"]  # noqa: S108 - of its container


def test_prometheus_is_started_on_demand_and_seen_from_here_alone(services: dict[str, dict[str, Any]]) -> None:
    assert set(services) == {*SERVICES, *WATCHERS}
    assert services["prometheus"]["profiles"] == ["metrics"]
    assert services["prometheus"]["ports"] == ["127.0.0.1:9090:9090"]
    assert "./config/prometheus:/etc/prometheus:ro" in services["prometheus"]["volumes"]
