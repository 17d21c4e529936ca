"""Settings from environment variables, `.env`, secret files and the command line, in rising order: files first."""

import base64
import binascii
import difflib
import json
import os
import re
from collections.abc import Iterable, Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote

from pydantic import (
    AfterValidator,
    AliasChoices,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from .errors import StartError
from .processes.quantities import Bytes
from .sentinel_url import SCHEME as SENTINEL
from .sentinel_url import read_sentinel_url

PREFIX = "FP_"
SECRET_PREFIX = "whsec_"  # noqa: S105 - what every such secret begins with


def _split(value: Any) -> Any:
    """A comma list or JSON, so that `*` and `["*"]` both work."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        return json.loads(value)
    return [item.strip() for item in value.split(",") if item.strip()]


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
Days = Annotated[float, Field(gt=0, le=36_500)]


def _decodable(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    if text.startswith(SECRET_PREFIX):
        try:
            base64.b64decode(text.removeprefix(SECRET_PREFIX), validate=True)
        except binascii.Error:
            raise ValueError(f"what follows {SECRET_PREFIX} must be base64") from None
    return secret


Secret = Annotated[SecretStr, AfterValidator(_decodable)]


def _also(plain: str, *old: str) -> AliasChoices:
    """The plain name, then the names of fastprocesses 0.14, with the prefix and without: the first one set wins."""
    old = old or (plain,)
    return AliasChoices(*dict.fromkeys([PREFIX + plain, *(PREFIX + name for name in old), *old]))


def _setting(default: Any, text: str, *, also: AliasChoices | None = None) -> Any:
    return Field(default, description=text, validation_alias=also)


class FileSource(EnvSettingsSource):
    """`FP_X_FILE=/run/secrets/x`: the value of `FP_X` is what the file holds."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        for key, name, is_complex in self._extract_field_info(field, field_name):
            path = self.env_vars.get(f"{name}_file")
            if path is not None:
                return _read_secret(Path(path), f"{name}_file".upper()), key, is_complex
        return None, field_name, False


def _read_secret(path: Path, name: str) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise StartError(f"{name}: {path} cannot be read: {error.strerror}") from error


class Settings(BaseSettings):
    """Every setting, with the text that README and `--help` show."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        populate_by_name=True,
        hide_input_in_errors=True,
    )

    host: str = _setting("127.0.0.1", "Address that the server listens on; 0.0.0.0 for all.")
    port: Annotated[int, Field(ge=0, le=65535)] = _setting(8000, "Port that the server listens on.")
    public_url: str | None = _setting(
        None, "URL under which clients reach the server, with its path; links are built from it."
    )
    trusted_hosts: Names = _setting(
        (), "Host names that links may be built from where FP_PUBLIC_URL is not set (loopback always may)."
    )
    trusted_proxies: Names = _setting((), "Addresses or networks of proxies whose X-Forwarded-* headers are believed.")
    cors_allowed_origins: Names = _setting(
        ("*",), "Origins whose pages may call the server from a browser.", also=_also("CORS_ALLOWED_ORIGINS")
    )
    max_body_size: Bytes = _setting(64 * 1024**2, "Largest request body, for example 64MiB; larger ones get 413.")

    processes_dir: Path = _setting(Path("processes.d"), "Folder with the description files and their modules.")
    reload: bool = _setting(
        False, "`dev` and `serve` watch this folder; what changes is checked, and taken over where it is right."
    )
    allowed_modules: Names = _setting(
        (), "Modules that callables may come from (with what lies below them); empty: any."
    )

    inspection_cache: Literal["off"] | Path | None = _setting(
        None,
        "Folder that keeps what imports of callables showed, so that starts import only what has changed; or off. "
        "Default: `fastprocesses-server` in XDG_CACHE_HOME or `~/.cache`.",
    )
    reference_hosts: Names = _setting(
        (), "Hosts, addresses and networks that inputs by reference and callbacks may lead to; empty: all public ones."
    )
    max_reference_size: Bytes = _setting(8 * 1024**3, "Largest input that is fetched by reference, for example 8GiB.")

    callback_secret: Secret | None = _setting(
        None,
        "What callbacks are signed with (Standard Webhooks): any text, or `whsec_` and base64; empty: no signature.",
    )

    state_dir: Path = _setting(Path(".fastprocesses"), "Folder of `dev`: its Valkey's data, and results.")
    results_dir: Path | None = _setting(
        None, "Folder for outputs over 64 KiB, shared by API and workers. Default: `results` in FP_STATE_DIR."
    )

    redis_url: SecretStr | None = _setting(
        None,
        "One Redis or Valkey for everything: redis://, rediss:// or unix://, or replicated and under Sentinel: "
        "sentinel://host1:26379,host2:26379,host3:26379/0?master=NAME. Wins over the eight settings below.",
    )
    broker_host: str = _setting(
        "localhost", "Redis of queue and jobs.", also=_also("BROKER_HOST", "CELERY_BROKER_HOST")
    )
    broker_port: int = _setting(6379, "Its port.", also=_also("BROKER_PORT", "CELERY_BROKER_PORT"))
    broker_db: int = _setting(0, "Its database.", also=_also("BROKER_DB", "CELERY_BROKER_DB"))
    broker_password: SecretStr | None = _setting(
        None, "Its password.", also=_also("BROKER_PASSWORD", "CELERY_BROKER_PASSWORD")
    )
    result_cache_host: str = _setting("localhost", "Redis of the result cache.", also=_also("RESULT_CACHE_HOST"))
    result_cache_port: int = _setting(6379, "Its port.", also=_also("RESULT_CACHE_PORT"))
    result_cache_db: int = _setting(1, "Its database.", also=_also("RESULT_CACHE_DB"))
    result_cache_password: SecretStr | None = _setting(None, "Its password.", also=_also("RESULT_CACHE_PASSWORD"))

    results_ttl_days: Days = _setting(
        30, "How long results are kept.", also=_also("RESULTS_TTL_DAYS", "CELERY_RESULTS_TTL_DAYS")
    )
    job_status_ttl_days: Days = _setting(
        30, "How long the record of a finished job is kept.", also=_also("JOB_STATUS_TTL_DAYS")
    )
    cache_ttl_hours: Annotated[float, Field(ge=0)] | None = _setting(
        None,
        "Where set, outputs of all processes are cached so long; 0 or not set: where a description file says so.",
        also=_also("CACHE_TTL_HOURS", "RESULTS_TEMP_TTL_HOURS"),
    )
    time_limit_soft: Annotated[float, Field(gt=0)] = _setting(
        600, "Seconds after which a callable is asked to end.", also=_also("TIME_LIMIT_SOFT", "CELERY_TASK_TLIMIT_SOFT")
    )
    time_limit_hard: Annotated[float, Field(gt=0)] = _setting(
        900, "Seconds after which a callable is killed.", also=_also("TIME_LIMIT_HARD", "CELERY_TASK_TLIMIT_HARD")
    )
    sync_execution_timeout_seconds: Annotated[float, Field(gt=0)] | None = _setting(
        None,
        "Where set, a synchronous execution that takes longer is answered with 504, "
        "and stopped where nobody else waits for it.",
        also=_also("SYNC_EXECUTION_TIMEOUT_SECONDS"),
    )
    keep_sync_jobs: bool = _setting(
        False, "Synchronous executions leave a public job behind, linked from their answers."
    )
    default_response: Literal["raw", "document"] = _setting(
        "raw",
        "What requests that say no `response` get: "
        "raw, or document as in fastprocesses, which is outside the standard.",
    )
    default_mode: Literal["sync", "async"] = _setting(
        "sync",
        "How requests without `Prefer` run where both modes are offered: "
        "sync, or async as in fastprocesses, which is outside the standard.",
    )
    job_list: Literal["all", "off"] = _setting("all", "Whether /jobs lists the jobs.")

    workers: Annotated[int, Field(ge=0)] = _setting(0, "Workers that `serve` starts beside the API, and starts again.")
    worker_concurrency: Annotated[int, Field(ge=1)] | None = _setting(
        None, "Callables that one worker runs at a time. Default: the number of processors."
    )
    worker_queues: Names = _setting(
        (), "Queues that a worker serves (`run: queue` of a description file); empty: all that are named there."
    )
    worker_grace_seconds: Annotated[float, Field(ge=0)] = _setting(
        5, "How long a worker that is told to stop lets its callables run before it gives them back."
    )

    worker_lease_seconds: Annotated[float, Field(ge=2, le=600)] = _setting(
        8, "Silence after which a worker is suspected to be lost; 4 s later its jobs go to others."
    )

    log_level: Literal["TRACE", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = _setting(
        "INFO", "Least severity that is logged.", also=_also("LOG_LEVEL")
    )
    log_file: Path | None = _setting(None, "File that the log is written to as well.")
    log_rotation: str = _setting("100 MB", "When a new log file begins: a size, a time of day or an interval.")
    log_retention: str = _setting("10 days", "How long old log files are kept.")

    templates_dir: Path | None = _setting(
        None, "Folder whose templates (Jinja) take the place of those of the pages that have the same names."
    )
    logo: Path | None = _setting(
        None, "Picture at the head of every page: a file, SVG, PNG or any other that browsers show."
    )
    map_tiles: str | None = _setting(
        None,
        "Where maps get their background from, for example https://tile.example.org/{z}/{x}/{y}.png; "
        "empty: coastlines, from this server.",
    )
    map_attribution: str | None = _setting(None, "Whom maps name as the source of that background.")

    api_title: str = _setting("OGC API - Processes", "Title of the landing page.", also=_also("API_TITLE"))
    api_version: str = _setting("1.0.0", "Version of your API, as its definition shows it.", also=_also("API_VERSION"))
    api_description: str = _setting(
        "Processes published with fastprocesses-server.", "Text of the landing page.", also=_also("API_DESCRIPTION")
    )
    api_contact_name: str | None = _setting(None, "Who runs the service.", also=_also("API_CONTACT_NAME"))
    api_contact_email: str | None = _setting(None, "Address for questions.", also=_also("API_CONTACT_EMAIL"))
    api_contact_url: str | None = _setting(None, "Page for questions.", also=_also("API_CONTACT_URL"))
    api_license_name: str | None = _setting(None, "Licence of the service.", also=_also("API_LICENSE_NAME"))
    api_license_url: str | None = _setting(None, "Page of that licence.", also=_also("API_LICENSE_URL"))

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            try:
                ip_network(network, strict=False)
            except ValueError:
                raise ValueError(f"{network} is neither an address nor a network such as 10.0.0.0/8") from None
        return value

    @field_validator("public_url")
    @classmethod
    def _is_absolute(cls, value: str | None) -> str | None:
        if value is not None and not re.match(r"https?://[^/?#]+", value):
            raise ValueError("must begin with http:// or https:// and a host")
        return value

    @field_validator("redis_url")
    @classmethod
    def _is_a_redis(cls, value: SecretStr | None) -> SecretStr | None:
        url = value.get_secret_value() if value else "redis://"
        if url.startswith(SENTINEL):
            read_sentinel_url(url)
        elif not url.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("must begin with redis://, rediss://, unix:// or sentinel://")
        return value

    @model_validator(mode="after")
    def _limits_in_order(self) -> "Settings":
        if self.time_limit_soft > self.time_limit_hard:
            raise ValueError(
                f"FP_TIME_LIMIT_SOFT ({self.time_limit_soft:g} s) is over "
                f"FP_TIME_LIMIT_HARD ({self.time_limit_hard:g} s)"
            )
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, FileSource(settings_cls), dotenv_settings, file_secret_settings

    @property
    def results_folder(self) -> Path:
        return self.results_dir or self.state_dir / "results"

    @property
    def inspection_cache_folder(self) -> Path | None:
        """None where nothing is kept."""
        if self.inspection_cache == "off":
            return None
        home = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"))  # noqa: PTH111 - raises nothing
        folder = self.inspection_cache or (home / "fastprocesses-server" if home.is_absolute() else None)
        return folder and Path(folder).absolute()

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


def _redis_url(host: str, port: int, db: int, password: SecretStr | None) -> SecretStr:
    secret = f":{quote(password.get_secret_value(), safe='')}@" if password and password.get_secret_value() else ""
    return SecretStr(f"redis://{secret}{host}:{port}/{db}")


def load_settings(**options: Any) -> Settings:
    """The settings, options of the command line first.

    Raises:
        StartError: one line for each setting that has no meaning.
    """
    given = {name: value for name, value in options.items() if value is not None}
    try:
        return Settings(**{"_secrets_dir": os.environ.get(f"{PREFIX}SECRETS_DIR"), **given})
    except SettingsError as error:
        raise StartError(str(error.__cause__ or error)) from None
    except ValidationError as error:
        raise StartError("\n".join(_line(e["loc"], e["msg"]) for e in error.errors())) from None


def _line(where: tuple[int | str, ...], what: str) -> str:
    what = what.removeprefix("Value error, ")
    if not where:
        return what
    name = str(where[0])
    return f"{name if name.isupper() else PREFIX + name.upper()}: {what}"


def setting_names() -> dict[str, tuple[str, ...]]:
    """Every setting's field and the environment variables that set it, the plain one first."""
    return {
        name: tuple(map(str, field.validation_alias.choices))
        if isinstance(field.validation_alias, AliasChoices)
        else (PREFIX + name.upper(),)
        for name, field in Settings.model_fields.items()
    }


def unknown_names(environment: Mapping[str, str]) -> list[str]:
    """A warning for each variable with our prefix that nobody reads."""
    known = {f"{PREFIX}SECRETS_DIR"}
    for names in setting_names().values():
        known |= {*names, *(f"{name}_FILE" for name in names)}
    given = {*environment, *_dotenv_names()}
    return [_unknown(name, known) for name in sorted(given) if name.startswith(PREFIX) and name not in known]


def _dotenv_names() -> Iterable[str]:
    source = DotEnvSettingsSource(Settings, env_file=".env", case_sensitive=True)
    return source.env_vars.keys()


def _unknown(name: str, known: set[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"{name} is no setting" + (f"; did you mean {near[0]}?" if near else "")
