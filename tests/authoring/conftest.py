import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

MODULE = """
import atexit
import ctypes
import os
import sys
import time
from pathlib import Path


def area(width: float, height: float = 2) -> float:
    return width * height


def tell(what: str, context) -> str:
    context.progress(50, "half way")
    match what:
        case "raise":
            raise ValueError("no way")
        case "exit":
            sys.exit(3)
        case "end":
            print("bye", flush=True)
            os._exit(4)
        case "crash":
            ctypes.string_at(0)
        case "hang":
            time.sleep(600)
    return what.upper()


def shape(kind: str = "Point") -> dict:
    return {"type": kind, "third": 1 / 3, "parts": [1, {"a": 2, "b": 3}], "none": None}


def picture(name: str, context) -> Path:
    path = context.workdir / name
    path.write_bytes(b"\\x89PNG" + name.encode())
    return path


def measure(content: bytes) -> int:
    return len(content)


def total(values: list[float]) -> float:
    return sum(values)


def both(text: str) -> dict:
    return {"shout": text.upper(), "raw": text.encode()}


def printing() -> int:
    print("printed")
    os.write(1, b"by hand\\n")
    ctypes.CDLL(None).printf(b"by C\\n")
    os.system("echo by a child")
    atexit.register(print, "late")
    return 7


def promise() -> dict:
    return {"nothing": "like that"}
"""

FILES = {
    "area.yaml": "callable: tools.area\nversion: 1\n",
    "tell.yaml": "callable: tools.tell\nversion: 1\n",
    "shape.yaml": "callable: tools.shape\nversion: 1\n",
    "picture.yaml": "callable: tools.picture\nversion: 1\n"
    "outputs: {image: {schema: {type: string, contentEncoding: binary, contentMediaType: image/png}}}\n",
    "measure.yaml": "callable: tools.measure\nversion: 1\n",
    "total.yaml": "callable: tools.total\nversion: 1\ninputs: {values: {maxOccurs: unbounded}}\n",
    "both.yaml": "callable: tools.both\nversion: 1\noutputs:\n  shout: {schema: {type: string}}\n"
    "  raw: {schema: {type: string, contentEncoding: binary, contentMediaType: application/x-raw}}\n",
    "printing.yaml": "callable: tools.printing\nversion: 1\n",
    "promise.yaml": "callable: tools.promise\nversion: 1\noutputs: {number: {schema: {type: number}}}\n",
}

Put = Callable[[str, str | bytes], Path]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A processes folder in the working directory, which has a module and no description file yet."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "processes.d").mkdir()
    (tmp_path / "processes.d" / "tools.py").write_text(MODULE)
    return tmp_path / "processes.d"


@pytest.fixture
def put(folder: Path) -> Put:
    def put(name: str, content: str | bytes) -> Path:
        path = folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return put


@pytest.fixture
def published_tools(put: Put) -> None:
    """A description file for each callable of the module."""
    for name, text in FILES.items():
        put(name, text)


@pytest.fixture
def two_versions(put: Put) -> None:
    """Of one process, each with an example that names another area than there is."""
    for version, height in (("1.4.2", 3), ("2.0", 4)):
        put(
            f"area@{version}.yaml",
            f"callable: tools.area\nversion: {version}\n"
            f"inputs: {{height: {{schema: {{const: {height}, default: {height}}}}}}}\n"
            f"examples: {{one: {{inputs: {{width: 1, height: {height}}}, outputs: {{result: {height + 1}}}}}}}\n",
        )


@pytest.fixture
def clean_imports(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a test imports is forgotten after it."""
    monkeypatch.setattr(sys, "path", sys.path.copy())
    before = sys.modules.copy()
    yield
    for name in sys.modules.keys() - before.keys():
        del sys.modules[name]
