"""Heat map: the car-share hours of Montréal, spreading over a grid step by step."""

import logging
import struct
import time
import zlib
from pathlib import Path
from typing import Any

import montreal
import numpy as np
import shapely
from projection import geometries, in_metres

CRS = "EPSG:32618"
SWEEPS_PER_STEP = 10
COLOURS = np.array([(0, 0, 4), (87, 16, 110), (188, 55, 84), (249, 142, 9), (252, 255, 164)])
OUTSIDE = (255, 255, 255)

logger = logging.getLogger(__name__)


def heat_map(context: Any, size: int = 400, steps: int = 20, pause: float = 0.5) -> Path:
    """`size` is the width in cells, `pause` the seconds of rest in each step; the file is a PNG image."""
    heat, inside = _montreal_grid(size)
    logger.info("%d car hours on a grid of %d rows and %d columns", heat.sum(), *heat.shape)
    for step in range(1, steps + 1):
        if context.cancelled:
            raise InterruptedError(f"cancelled at step {step} of {steps}")
        heat = _spread(heat)
        logger.info("step %d: %.1f car hours in the warmest cell", step, heat.max())
        time.sleep(pause)
        context.progress(100 * step / steps, f"step {step} of {steps}")
    path: Path = context.workdir / "heat-map.png"
    path.write_bytes(_png(_coloured(heat, inside)))
    return path


def _montreal_grid(width: int) -> tuple[np.ndarray, np.ndarray]:
    """Car hours by cell, and which cells lie in a district: square cells, north above."""
    city = shapely.union_all(in_metres(geometries(montreal.districts()), CRS))
    west, south, east, north = city.bounds
    cell = (east - west) / width
    heat = np.zeros((int(np.ceil((north - south) / cell)), width))

    zones = montreal.car_share()
    x, y = shapely.get_coordinates(in_metres(geometries(zones), CRS)).T
    rows, columns = ((north - y) / cell).astype(int), ((x - west) / cell).astype(int)
    np.add.at(heat, (rows, columns), [zone["properties"]["car_hours"] for zone in zones["features"]])

    row_middles, column_middles = (np.arange(count) + 0.5 for count in heat.shape)
    shapely.prepare(city)
    inside = shapely.contains_xy(city, *np.meshgrid(west + cell * column_middles, north - cell * row_middles))
    return heat, inside


def _spread(heat: np.ndarray) -> np.ndarray:
    """Each sweep moves an eighth of a cell's heat to each of its four neighbours; none leaves the grid."""
    for _ in range(SWEEPS_PER_STEP):
        around = np.pad(heat, 1, mode="edge")
        neighbours = around[:-2, 1:-1] + around[2:, 1:-1] + around[1:-1, :-2] + around[1:-1, 2:]
        heat = heat / 2 + neighbours / 8
    return heat


def _coloured(heat: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Red, green and blue by cell. The square root keeps quiet neighbourhoods visible beside the centre."""
    places = np.sqrt(heat / heat.max()) * (len(COLOURS) - 1)
    bands = [np.interp(places, range(len(COLOURS)), band) for band in COLOURS.T]
    return np.where(inside[..., None], np.stack(bands, axis=-1), OUTSIDE).astype(np.uint8)


def _png(pixels: np.ndarray) -> bytes:
    height, width, _ = pixels.shape
    lines = b"".join(b"\0" + line.tobytes() for line in pixels)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in chunks)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
