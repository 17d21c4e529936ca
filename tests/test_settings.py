"""Settings: names old and new, secrets, and what is said of those that have no meaning."""

import os
from pathlib import Path

import pytest

from fastprocesses_server.errors import StartError
from fastprocesses_server.sentinel_url import read_sentinel_url
from fastprocesses_server.settings import Settings, load_settings, setting_names, unknown_names


@pytest.fixture(autouse=True)
def nothing_is_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither by the environment nor by a `.env` of the checkout."""
    known = {name for names in setting_names().values() for name in names}
    for name in os.environ:
        if name.startswith("FP_") or name in known:
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


OLD_NAMES = {
    "CELERY_RESULTS_TTL_DAYS": ("7", "results_ttl_days", 7),
    "JOB_STATUS_TTL_DAYS": ("7", "job_status_ttl_days", 7),
    "CELERY_TASK_TLIMIT_HARD": ("1000", "time_limit_hard", 1000),
    "CELERY_TASK_TLIMIT_SOFT": ("60", "time_limit_soft", 60),
    "RESULTS_TEMP_TTL_HOURS": ("48", "cache_ttl_hours", 48),
    "SYNC_EXECUTION_TIMEOUT_SECONDS": ("10", "sync_execution_timeout_seconds", 10),
    "LOG_LEVEL": ("DEBUG", "log_level", "DEBUG"),
    "API_TITLE": ("City", "api_title", "City"),
    "CORS_ALLOWED_ORIGINS": ("https://a.example, https://b.example", "cors_allowed_origins", None),
    "RESULT_CACHE_DB": ("3", "result_cache_db", 3),
    "CELERY_BROKER_HOST": ("redis", "broker_host", "redis"),
}


@pytest.mark.parametrize("name", OLD_NAMES)
@pytest.mark.parametrize("prefix", ["", "FP_"])
def test_the_names_of_fastprocesses_work(monkeypatch: pytest.MonkeyPatch, name: str, prefix: str) -> None:
    text, field, value = OLD_NAMES[name]
    monkeypatch.setenv(prefix + name, text)
    expected = value if value is not None else ("https://a.example", "https://b.example")
    assert getattr(load_settings(), field) == expected


def test_the_prefixed_name_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "DEBUG")
    monkeypatch.setenv("FP_LOG_LEVEL", "ERROR")
    monkeypatch.setenv("CELERY_TASK_TLIMIT_HARD", "1000")
    monkeypatch.setenv("FP_TIME_LIMIT_HARD", "2000")
    assert load_settings().log_level == "ERROR"
    assert load_settings().time_limit_hard == 2000


def test_options_win_over_the_environment_and_it_over_dotenv(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("FP_PORT=1\nFP_HOST=dotenv\nLOG_LEVEL=DEBUG\nOTHER=x\n")
    monkeypatch.setenv("FP_PORT", "2")
    settings = load_settings(port=3, host=None)
    assert (settings.port, settings.host, settings.log_level) == (3, "dotenv", "DEBUG")
    assert load_settings().port == 2


@pytest.mark.parametrize(("text", "value"), [("*", ("*",)), ('["*"]', ("*",)), ("a,b", ("a", "b"))])
def test_lists_are_comma_lists_or_json(monkeypatch: pytest.MonkeyPatch, text: str, value: tuple[str, ...]) -> None:
    monkeypatch.setenv("FP_CORS_ALLOWED_ORIGINS", text)
    assert load_settings().cors_allowed_origins == value


def test_an_empty_value_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FP_PUBLIC_URL", "")
    monkeypatch.setenv("FP_PORT", "")
    assert load_settings().public_url is None
    assert load_settings().port == 8000


def test_one_url_serves_every_role(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FP_REDIS_URL", "redis://:pw@host:7/2")
    monkeypatch.setenv("RESULT_CACHE_HOST", "elsewhere")
    settings = load_settings()
    assert settings.broker_url.get_secret_value() == settings.result_cache_url.get_secret_value()


def test_urls_are_built_from_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CELERY_BROKER_HOST", "redis")
    monkeypatch.setenv("CELERY_BROKER_PASSWORD", "a/b:c@d")
    assert load_settings().broker_url.get_secret_value() == "redis://:a%2Fb%3Ac%40d@redis:6379/0"
    assert load_settings().result_cache_url.get_secret_value() == "redis://localhost:6379/1"


def test_secrets_come_from_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("of-a-file\n")
    monkeypatch.setenv("CELERY_BROKER_PASSWORD_FILE", str(tmp_path / "password"))
    assert "of-a-file" in load_settings().broker_url.get_secret_value()

    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "fp_redis_url").write_text("redis://of-a-folder")
    monkeypatch.setenv("FP_SECRETS_DIR", str(tmp_path / "secrets"))
    assert load_settings().broker_url.get_secret_value() == "redis://of-a-folder"


def test_a_secret_file_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FP_REDIS_URL_FILE", "/nowhere/secret")
    with pytest.raises(StartError, match="FP_REDIS_URL_FILE: /nowhere/secret cannot be read"):
        load_settings()


def test_secrets_are_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FP_REDIS_URL", "redis://:hunter2@host")
    monkeypatch.setenv("RESULT_CACHE_PASSWORD", "hunter2")
    settings = load_settings()
    assert "hunter2" not in f"{settings!r} {settings} {settings.broker_url} {settings.model_dump()}"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("FP_PORT", "abc", "FP_PORT: Input should be a valid integer"),
        ("FP_PORT", "70000", "FP_PORT: Input should be less than or equal to 65535"),
        ("LOG_LEVEL", "LOUD", "FP_LOG_LEVEL"),
        ("FP_MAX_BODY_SIZE", "64 parsecs", "FP_MAX_BODY_SIZE: write a number and one of B, kB"),
        ("FP_TIME_LIMIT_SOFT", "5000", "FP_TIME_LIMIT_SOFT (5000 s) is over FP_TIME_LIMIT_HARD (900 s)"),
        ("FP_TIME_LIMIT_HARD", "0", "FP_TIME_LIMIT_HARD: Input should be greater than 0"),
    ],
)
def test_a_value_without_meaning_is_named(monkeypatch: pytest.MonkeyPatch, name: str, text: str, said: str) -> None:
    monkeypatch.setenv(name, text)
    with pytest.raises(StartError) as error:
        load_settings()
    assert said in str(error.value)


def test_unknown_names_are_reported_with_a_suggestion() -> None:
    Path(".env").write_text("FP_LOG_LEVL=DEBUG\n")
    assert unknown_names({"FP_PORTT": "1", "FP_PORT": "1", "OTHER": "x", "FP_REDIS_URL_FILE": "x"}) == [
        "FP_LOG_LEVL is no setting; did you mean FP_LOG_LEVEL?",
        "FP_PORTT is no setting; did you mean FP_PORT?",
    ]


def test_every_setting_has_a_text() -> None:
    assert all(field.description for field in Settings.model_fields.values())


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://hunter2", "must begin with redis://, rediss://, unix:// or sentinel://"),
        ("sentinel://hunter2:1,b:1/0", "does not name the primary: end it with ?master=NAME"),
        ("sentinel://:hunter2/@a:1/0?master=jobs", "must be sentinel://[[user]:password@]host1:26379"),
        ("sentinel://:hunter2@a:1/jobs?master=jobs", "must be sentinel://[[user]:password@]host1:26379"),
        ("sentinel://a:1,:hunter2/0?master=jobs", "has no host:port as Sentinel 2"),
        ("sentinel://a:hunter2/0?master=jobs", "has no host:port as Sentinel 1"),
        ("sentinel://a:1,/0?master=jobs", "has no host:port as Sentinel 2"),
        ("sentinel://a:70000/0?master=jobs", "has no host:port as Sentinel 1"),
        ("sentinel://a/0?master=jobs&ssl=hunter2", "may have after the ? only master, sentinel_username, sent"),
        ("rediss://a/0?ssl_ca_cert=hunter2", "may have after the ? only db, ssl_ca_certs"),
    ],
)
def test_a_wrong_url_of_redis_is_explained_but_not_shown(monkeypatch: pytest.MonkeyPatch, url: str, said: str) -> None:
    monkeypatch.setenv("FP_REDIS_URL", url)
    with pytest.raises(StartError) as error:
        load_settings()
    assert f"FP_REDIS_URL: {said}" in str(error.value)
    assert "hunter2" not in str(error.value)


def test_what_sentinels_are_told_is_never_shown() -> None:
    assert "hunter" not in repr(read_sentinel_url("sentinel://:hunter2@a/0?master=jobs&sentinel_password=hunter3"))
