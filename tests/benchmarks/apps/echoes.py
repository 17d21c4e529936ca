"""What all contenders run: as little as there can be."""

import time


def echo(text: str) -> str:
    return text


def large(text: str) -> str:
    return text


def sleep(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def wide(
    *,
    text: str,
    place: str,
    method: str,
    unit: str,
    crs: str,
    note: str,
    year: int,
    month: int,
    day: int,
    count: int,
    size: float,
    height: float,
    width: float,
    tolerance: float,
    is_closed: bool,
    is_smooth: bool,
    weights: list[float],
    names: list[str],
    bounds: list[float],
    point: dict[str, object],
) -> str:
    return text
