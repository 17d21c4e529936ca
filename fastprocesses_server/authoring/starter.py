"""The folder that `init` makes: one process with its module, settings, a test, and what containers need."""

import json
import shlex
from importlib.resources import files
from pathlib import Path

from ..errors import StartError
from ..processes.complaints import shown
from ..processes.file_schema import file_schema
from .new import SCHEMA_FILE

TEMPLATE = {
    ".env": "dot.env",
    "README.md": "README.md",
    "compose.yaml": "compose.yaml",
    "pytest.ini": "pytest.ini",
    "processes.d/distances.py": "distances.py.txt",
    "processes.d/great-circle.yaml": "great-circle.yaml",
    "test_processes.py": "test_processes.py.txt",
}
"""Path in the folder, and the file of the package that it is a copy of."""

INPUTS = '{"start": {"longitude": 5.12, "latitude": 52.09}, "end": {"longitude": -73.57, "latitude": 45.5}}'
COMMANDS = f"""\
fastprocesses-server check
fastprocesses-server dev
curl http://localhost:8000/processes/great-circle/execution -H 'Content-Type: application/json' \\
  -d '{{"inputs": {INPUTS}}}'
"""


def make_folder(folder: Path) -> None:
    """Raises StartError where there is something in it, or it cannot be made."""
    try:
        if folder.exists() and any(folder.iterdir()):
            raise StartError(f"{shown(folder)} is not empty; name a folder that is, or a new one")
        for name, text in _texts().items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StartError(f"{shown(folder)} cannot be filled: {error.strerror}") from None


def _texts() -> dict[str, str]:
    template = files(__package__) / "template"
    copied = {name: (template / source).read_text(encoding="utf-8") for name, source in TEMPLATE.items()}
    return {**copied, f"processes.d/{SCHEMA_FILE}": json.dumps(file_schema(), indent=2) + "\n"}


def next_commands(folder: Path) -> str:
    """What to type, where the working directory is that of `init`."""
    is_here = folder.resolve() == Path.cwd()
    return COMMANDS if is_here else f"cd {shlex.quote(str(folder))}\n{COMMANDS}"
