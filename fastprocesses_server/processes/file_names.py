"""Which files of a processes folder are description files."""

from pathlib import Path

ENDINGS = frozenset({".yaml", ".yml", ".json"})


def is_description_file(path: Path) -> bool:
    return path.suffix.lower() in ENDINGS and path.name[0] not in "._" and not path.is_dir()
