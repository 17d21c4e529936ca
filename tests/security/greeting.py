"""A process that greets, and a folder of its own for it."""

from pathlib import Path

MODULE = "def greet(name: str) -> str:\n    return f'Hello, {name}'\n"
FILE = "callable: greeting.greet\nversion: 1.0.0\noutputs: {text: {schema: {type: string}}}\n"


def publish(folder: Path) -> Path:
    """The folder of the description files, below the one named."""
    processes = folder / "processes.d"
    processes.mkdir()
    (processes / "greeting.py").write_text(MODULE)
    (processes / "greet.yaml").write_text(FILE)
    return processes
