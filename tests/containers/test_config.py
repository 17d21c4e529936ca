"""config/fastprocesses.env and .env.example, held to the settings."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from serving import ROOT

from fastprocesses_server.settings import Settings, load_settings, setting_names, unknown_names

Load = Callable[[str], Settings]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """The settings in a folder where `.env` holds this text, and nothing else is set."""
    monkeypatch.chdir(tmp_path)
    for name in {name for names in setting_names().values() for name in names}:
        monkeypatch.delenv(name, raising=False)

    def load(text: str) -> Settings:
        Path(".env").write_text(text)
        return load_settings()

    return load


@pytest.fixture
def listed() -> str:
    return (ROOT / "config" / "fastprocesses.env").read_text()


@pytest.fixture
def example() -> str:
    return (ROOT / ".env.example").read_text()


@pytest.mark.parametrize("setting", setting_names())
def test_a_setting_is_listed_with_its_text_and_its_names(setting: str, listed: str) -> None:
    first, *others = setting_names()[setting]
    also = f"\n# Also {', '.join(others)}." if others else ""

    assert f"\n\n# {Settings.model_fields[setting].description}{also}\n#{first}=" in listed


def test_settings_are_listed_once_and_in_their_order(listed: str) -> None:
    assert re.findall(r"^#?(\w+)=", listed, re.MULTILINE) == [names[0] for names in setting_names().values()]


def test_the_listed_values_are_the_defaults(load: Load, listed: str) -> None:
    defaults = load("").model_dump()

    assert load(re.sub(r"^#(?=\w+=)", "", listed, flags=re.MULTILINE)).model_dump() == defaults


def test_the_list_sets_nothing_by_itself(listed: str) -> None:
    assert all(line.startswith("#") for line in listed.splitlines() if line)


def test_the_example_is_understood_as_it_is(load: Load, example: str) -> None:
    settings = load(example)

    assert settings.cors_allowed_origins is None
    assert settings.cache_ttl_hours == 48
    assert unknown_names({}) == []
