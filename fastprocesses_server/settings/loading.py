"""Settings as they are read."""

import difflib
import os
from collections.abc import Container, Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import AliasChoices, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from ..errors import StartError
from .access import Access
from .kinds import PREFIX
from .operation import Limits, Logs, Metrics, Outgoing, Publishing, Storage, Workers
from .quotas import Quotas
from .service import About, Answers, Listening, Pages


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


class Settings(
    About,
    Pages,
    Metrics,
    Logs,
    Workers,
    Answers,
    Limits,
    Storage,
    Outgoing,
    Publishing,
    Quotas,
    Access,
    Listening,
    BaseSettings,
):
    """Every setting; its fields stand in the order of the bases from the last to the first."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        populate_by_name=True,
        hide_input_in_errors=True,
    )

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


def given_settings(settings: Settings, environment: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Those that somebody has set: what may be shown of the value, and where it comes from, by their plain names."""
    folder = environment.get(f"{PREFIX}SECRETS_DIR")
    secrets = {path.name.upper() for path in Path(folder).iterdir()} if folder and Path(folder).is_dir() else set()
    places = (
        ("environment", {name.upper() for name, value in environment.items() if value}),
        (".env", {name.upper() for name in _dotenv_names()}),
        (f"{PREFIX}SECRETS_DIR", secrets),
    )
    given = {}
    for field, names in setting_names().items():
        if field in settings.model_fields_set:
            sources = (_source(names, place, found) for place, found in places)
            given[names[0]] = (_shown(getattr(settings, field)), next(filter(None, sources), "option"))
    return given


def _source(names: Iterable[str], place: str, found: Container[str]) -> str:
    for name in names:
        if name in found:
            return place
        if f"{name}_FILE" in found:
            return f"file of {name}_FILE"
    return ""


def _shown(value: Any) -> str:
    """Secrets show themselves as stars."""
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


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
