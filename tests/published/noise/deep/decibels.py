"""How sound fades."""

import math


def at(level: float, metres: float) -> float:
    return round(level - 20 * math.log10(metres), 1)
