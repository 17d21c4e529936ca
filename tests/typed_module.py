"""The beginning of modules whose functions have annotations of all kinds, as text."""

HEAD = """
import dataclasses, datetime, decimal, enum, pathlib, typing, uuid
from typing import *
from pydantic import BaseModel, Field
from fastprocesses_server.types import *
"""

CLASSES = """
class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"

class Model(BaseModel):
    colour: Colour
    size: int = 1

@dataclasses.dataclass
class Data:
    colour: Colour
    size: int = 1
"""
