"""What runs where: processes, outgoing requests, Redis, workers, logs."""

import os
import re
import ssl
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import parse_qsl, quote, urlsplit

from pydantic import BaseModel, Field, SecretStr, field_validator, model_validator

from ..processes.quantities import Bytes
from ..sentinel_url import SCHEME as SENTINEL
from ..sentinel_url import TLS_MEMBERS, read_sentinel_url
from .kinds import Days, Names, Secret, also, read_network, setting

HOST = re.compile(r"(\*\.)?[^\s/:@*?#\[\]\\]+")
PROXY = re.compile(r"https?://([^\s/:@]*(:[^\s/@]*)?@)?([^\s/:@\[\]]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?/?")


class Publishing(BaseModel):
    """What is published."""

    processes_dir: Path = setting(Path("processes.d"), "Folder with the description files and their modules.")
    reload: bool = setting(
        False, "`dev` and `serve` watch this folder; what changes is checked, and taken over where it is right."
    )
    allowed_modules: Names = setting(
        (), "Modules that callables may come from (with what lies below them); empty: any."
    )
    inspection_cache: Literal["off"] | Path | None = setting(
        None,
        "Folder that keeps what imports of callables showed, so that starts import only what has changed; or off. "
        "Default: `fastprocesses-server` in XDG_CACHE_HOME or `~/.cache`.",
    )

    @property
    def inspection_cache_folder(self) -> Path | None:
        """None where nothing is kept."""
        if self.inspection_cache == "off":
            return None
        home = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"))  # noqa: PTH111 - raises nothing
        folder = self.inspection_cache or (home / "fastprocesses-server" if home.is_absolute() else None)
        return folder and Path(folder).absolute()


class Outgoing(BaseModel):
    """What the server asks others for: inputs by reference, and callbacks."""

    references: bool = setting(True, "Inputs may be sent by reference; outputs of this server may be in any case.")
    callbacks: bool = setting(True, "Requests may name a `subscriber` that is told what becomes of the job.")
    reference_hosts: Names = setting(
        (),
        "Hosts (`*.example.org` for all below one), addresses and networks that inputs by reference and callbacks may "
        "lead to, private ones too; empty: all public ones.",
    )
    max_reference_size: Bytes = setting(8 * 1024**3, "How much one job may fetch by reference, for example 8GiB.")
    max_reference_seconds: Annotated[float, Field(gt=0)] = setting(600, "How long that may take.")
    outgoing_proxy: SecretStr | None = setting(
        None, "Proxy that references and callbacks go through: http:// or https://, with [user:password@]host:port."
    )
    outgoing_ca_bundle: Path | None = setting(
        None, "File with the certificates (PEM) that they trust; not set: those that browsers trust (certifi)."
    )

    callback_secret: Secret | None = setting(
        None,
        "What callbacks are signed with (Standard Webhooks): any text, or `whsec_` and base64; empty: no signature.",
    )

    @field_validator("reference_hosts")
    @classmethod
    def _name_hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for entry in value:
            if read_network(entry) is None and not HOST.fullmatch(entry):
                raise ValueError(
                    f"{entry} is no host such as example.org or *.example.org, no address and no network such as "
                    "10.0.0.0/8"
                )
        return value

    @field_validator("outgoing_proxy")
    @classmethod
    def _is_a_proxy(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not PROXY.fullmatch(value.get_secret_value()):
            raise ValueError("must be http:// or https://, and [user:password@]host:port")
        return value

    @field_validator("outgoing_ca_bundle")
    @classmethod
    def _holds_certificates(cls, value: Path | None) -> Path | None:
        if value is not None:
            try:
                ssl.create_default_context(cafile=value)
            except OSError as error:  # those of ssl too
                raise ValueError(f"{value} holds no certificates that can be read: {error.strerror}") from None
        return value


class Storage(BaseModel):
    """Where jobs, results and cached outputs are, and how long."""

    state_dir: Path = setting(Path(".fastprocesses"), "Folder of `dev`: its Valkey's data, and results.")
    results_dir: Path | None = setting(
        None, "Folder for outputs over 64 KiB, shared by API and workers. Default: `results` in FP_STATE_DIR."
    )

    redis_url: SecretStr | None = setting(
        None,
        "One Redis or Valkey for everything: redis://, rediss:// or unix://, or replicated and under Sentinel: "
        "sentinel://host1:26379,host2:26379,host3:26379/0?master=NAME. Wins over the eight settings below.",
    )
    broker_host: str = setting("localhost", "Redis of queue and jobs.", names=also("BROKER_HOST", "CELERY_BROKER_HOST"))
    broker_port: int = setting(6379, "Its port.", names=also("BROKER_PORT", "CELERY_BROKER_PORT"))
    broker_db: int = setting(0, "Its database.", names=also("BROKER_DB", "CELERY_BROKER_DB"))
    broker_password: SecretStr | None = setting(
        None, "Its password.", names=also("BROKER_PASSWORD", "CELERY_BROKER_PASSWORD")
    )
    result_cache_host: str = setting("localhost", "Redis of the result cache.", names=also("RESULT_CACHE_HOST"))
    result_cache_port: int = setting(6379, "Its port.", names=also("RESULT_CACHE_PORT"))
    result_cache_db: int = setting(1, "Its database.", names=also("RESULT_CACHE_DB"))
    result_cache_password: SecretStr | None = setting(None, "Its password.", names=also("RESULT_CACHE_PASSWORD"))

    results_ttl_days: Days = setting(
        30, "How long results are kept.", names=also("RESULTS_TTL_DAYS", "CELERY_RESULTS_TTL_DAYS")
    )
    job_status_ttl_days: Days = setting(
        30, "How long the record of a finished job is kept.", names=also("JOB_STATUS_TTL_DAYS")
    )
    cache_ttl_hours: Annotated[float, Field(ge=0)] | None = setting(
        None,
        "Where set, outputs of all processes are cached so long; 0 or not set: where a description file says so.",
        names=also("CACHE_TTL_HOURS", "RESULTS_TEMP_TTL_HOURS"),
    )

    @field_validator("redis_url")
    @classmethod
    def _is_a_redis(cls, value: SecretStr | None) -> SecretStr | None:
        url = value.get_secret_value() if value else "redis://"
        if url.startswith(SENTINEL):
            read_sentinel_url(url)
        elif not url.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("must begin with redis://, rediss://, unix:// or sentinel://")
        elif url.startswith("rediss://") and not _members(url) <= {"db", *TLS_MEMBERS}:
            raise ValueError(f"may have after the ? only {', '.join(('db', *TLS_MEMBERS))}, joined by &")
        return value

    @property
    def results_folder(self) -> Path:
        return self.results_dir or self.state_dir / "results"

    @property
    def names_a_redis(self) -> bool:
        """Whether there is one that `dev` should use instead of its own."""
        return self.redis_url is not None or "broker_host" in self.model_fields_set

    @property
    def broker_url(self) -> SecretStr:
        """Of the Redis that holds queue, records and results."""
        return self.redis_url or _redis_url(self.broker_host, self.broker_port, self.broker_db, self.broker_password)

    @property
    def result_cache_url(self) -> SecretStr:
        return self.redis_url or _redis_url(
            self.result_cache_host, self.result_cache_port, self.result_cache_db, self.result_cache_password
        )

    @property
    def caches_beside_jobs(self) -> bool:
        """Whether the result cache is where the jobs are."""
        return self.result_cache_url == self.broker_url


class Limits(BaseModel):
    """How long a callable may run."""

    time_limit_soft: Annotated[float, Field(gt=0)] = setting(
        600, "Seconds after which a callable is asked to end.", names=also("TIME_LIMIT_SOFT", "CELERY_TASK_TLIMIT_SOFT")
    )
    time_limit_hard: Annotated[float, Field(gt=0)] = setting(
        900, "Seconds after which a callable is killed.", names=also("TIME_LIMIT_HARD", "CELERY_TASK_TLIMIT_HARD")
    )

    @model_validator(mode="after")
    def _limits_in_order(self) -> Self:
        if self.time_limit_soft > self.time_limit_hard:
            raise ValueError(
                f"FP_TIME_LIMIT_SOFT ({self.time_limit_soft:g} s) is over "
                f"FP_TIME_LIMIT_HARD ({self.time_limit_hard:g} s)"
            )
        return self


class Workers(BaseModel):
    """Which workers there are."""

    workers: Annotated[int, Field(ge=0)] = setting(0, "Workers that `serve` starts beside the API, and starts again.")
    worker_concurrency: Annotated[int, Field(ge=1)] | None = setting(
        None, "Callables that one worker runs at a time. Default: the number of processors."
    )
    worker_queues: Names = setting(
        (), "Queues that a worker serves (`run: queue` of a description file); empty: all that are named there."
    )
    worker_grace_seconds: Annotated[float, Field(ge=0)] = setting(
        5, "How long a worker that is told to stop lets its callables run before it gives them back."
    )

    worker_lease_seconds: Annotated[float, Field(ge=2, le=600)] = setting(
        8, "Silence after which a worker is suspected to be lost; 4 s later its jobs go to others."
    )
    worker_pulse: Path | None = setting(
        None,
        "File that a worker touches about once a second from when it takes jobs; its age tells probes that it lives.",
    )


class Logs(BaseModel):
    """What is told of what happens, and where to."""

    log_level: Literal["TRACE", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = setting(
        "INFO", "Least severity that is logged.", names=also("LOG_LEVEL")
    )
    log_format: Literal["text", "json"] = setting("text", "text for people, or json: one object on each line.")
    log_file: Path | None = setting(None, "File that the log is written to as well.")
    log_rotation: str = setting("100 MB", "When a new log file begins: a size, a time of day or an interval.")
    log_retention: str = setting("10 days", "How long old log files are kept.")
    traces: bool | None = setting(
        None,
        "Whether spans are sent by OpenTelemetry (extra `otel`). Default: where OTEL_EXPORTER_OTLP_ENDPOINT is set.",
    )


class Metrics(BaseModel):
    """Who may watch the server."""

    metrics: bool = setting(True, "Whether /metrics tells Prometheus how the server fares.")
    metrics_token: SecretStr | None = setting(
        None,
        "Where set, /metrics answers who sends it (Authorization: Bearer TOKEN); empty: whoever reaches the server.",
    )


def _redis_url(host: str, port: int, db: int, password: SecretStr | None) -> SecretStr:
    secret = f":{quote(password.get_secret_value(), safe='')}@" if password and password.get_secret_value() else ""
    return SecretStr(f"redis://{secret}{host}:{port}/{db}")


def _members(url: str) -> set[str]:
    return {name for name, _ in parse_qsl(urlsplit(url).query, keep_blank_values=True)}
