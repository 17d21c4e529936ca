import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import jsonschema
import pytest

POINT = {"type": "Point", "coordinates": [7.1, 52.0]}
GML = "<gml:Point/>"


@pytest.fixture
def echoes(shipped: Callable[[str], ModuleType]) -> Any:
    return shipped("echoes")


def test_inputs_come_back_and_what_was_not_sent_does_not(echoes: Any) -> None:
    assert echoes.echo(message="Hello", flag=False, count=0) == {
        "message": "Hello",
        "flag": False,
        "count": 0,
    }


@pytest.mark.parametrize(
    ("sent", "returned"),
    [
        ([POINT], {"geometry": POINT}),
        ([GML], {"geometry": GML}),
        ([POINT, GML], {"geometry": [POINT, GML]}),
        ([], {}),
    ],
)
def test_one_geometry_comes_back_alone_several_as_a_list(
    echoes: Any, processes: Path, sent: list[Any], returned: dict[str, Any]
) -> None:
    outputs = echoes.echo(message="", geometry=sent)
    schema = json.loads((processes / "echo.json").read_text("utf-8"))["outputs"]["geometry"]["schema"]

    assert outputs == {"message": "", **returned}
    for geometry in returned.values():
        jsonschema.validate(geometry, schema)


def test_the_pause_is_slept(echoes: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[int] = []
    monkeypatch.setattr(echoes.time, "sleep", slept.append)

    assert "pause" not in echoes.echo(message="Hello", pause=7)
    assert slept == [7]


def test_an_image_comes_back_byte_for_byte(echoes: Any, processes: Path) -> None:
    image = (processes / "data" / "swatch.png").read_bytes()

    assert echoes.echo_image(image) == image
