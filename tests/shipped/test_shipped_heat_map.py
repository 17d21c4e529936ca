import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest


@pytest.fixture
def heat_map(shipped: Callable[[str], ModuleType]) -> Any:
    return shipped("heat_map")


def decoded(path: Path) -> np.ndarray:
    """The pixels of a PNG of one IDAT chunk without filters, with every checksum checked."""
    content = path.read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    chunks, at = {}, 8
    while at < len(content):
        (length,) = struct.unpack_from(">I", content, at)
        kind, body = content[at + 4 : at + 8], content[at + 8 : at + 8 + length]
        assert struct.unpack_from(">I", content, at + 8 + length) == (zlib.crc32(kind + body),)
        chunks[kind], at = body, at + 12 + length
    width, height, *kind_of_pixels = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert kind_of_pixels == [8, 2, 0, 0, 0]
    lines = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, 1 + 3 * width)
    assert not lines[:, 0].any()
    return lines[:, 1:].reshape(height, width, 3)


def test_the_map_is_white_outside_the_city_and_brightest_in_its_centre(heat_map: Any, context: Any) -> None:
    path = heat_map.heat_map(context=context, size=80, steps=2, pause=0)
    pixels = decoded(path)
    white = (pixels == 255).all(axis=2)
    brightness = np.where(white, 0, pixels.sum(axis=2, dtype=int))
    row, column = np.unravel_index(brightness.argmax(), brightness.shape)

    assert path.parent == context.workdir
    assert pixels.shape == (72, 80, 3)
    assert white[0, 0]
    assert white[-1, -1]
    assert 0.2 < (~white).mean() < 0.4
    assert 0.4 < row / 72 < 0.7
    assert 0.6 < column / 80 < 0.9


def test_heat_spreads_and_none_is_lost(heat_map: Any) -> None:
    heat = np.zeros((41, 41))
    heat[0, 0], heat[20, 20] = 3, 5

    spread = heat_map._spread(heat)

    assert spread.sum() == pytest.approx(8)
    assert spread.max() < 5
    assert np.array_equal(spread, spread.T)


def test_progress_goes_by_step_and_each_rests(heat_map: Any, context: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(heat_map.time, "sleep", slept.append)

    heat_map.heat_map(context=context, size=16, steps=4, pause=2.5)

    assert context.reports == [
        (25, "step 1 of 4"),
        (50, "step 2 of 4"),
        (75, "step 3 of 4"),
        (100, "step 4 of 4"),
    ]
    assert slept == [2.5] * 4


def test_a_cancelled_run_stops_at_the_next_step_and_leaves_no_file(heat_map: Any, context: Any) -> None:
    context.cancel_after = 2

    with pytest.raises(InterruptedError, match="step 3 of 20"):
        heat_map.heat_map(context=context, size=16, pause=0)

    assert not list(context.workdir.iterdir())
