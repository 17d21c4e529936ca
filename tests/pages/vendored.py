"""Files of others that lie in this repository, as the file `VERSIONS` beside them says."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from serving import ROOT

FOLDERS = (
    ROOT / "fastprocesses_server" / "api" / "pages" / "static" / "vendor",
    ROOT / "tests" / "pages" / "vendor",
)


@dataclass(frozen=True)
class Vendored:
    """One line of `VERSIONS`; `path` is relative to its folder."""

    path: str
    package: str
    version: str
    licence: str
    sha256: str
    source: str


def vendored(folder: Path) -> Iterator[Vendored]:
    for line in (folder / "VERSIONS").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield Vendored(*line.split())


def sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
