"""Registries that were whole and right, as they came of a folder: nothing of it need be read or compared again."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .complaints import shown
from .description import Process
from .entries import Entries, Entry
from .file_names import is_description_file
from .inspection_cache import Content, hash_of
from .trace import Trace


@dataclass(frozen=True, slots=True)
class Question:
    """What a registry is the answer to: a content, its description files, and the options."""

    content: Content
    key: str

    @classmethod
    def of(cls, folder: Path, options: Mapping[str, Any]) -> "Question | None":
        """None for a folder that cannot be read; who reads it says so."""
        try:
            content = Content.of(folder)
            files = sorted(path for path in content.folder.iterdir() if is_description_file(path))
            read = hash_of(content.folder, files)
        except OSError:
            return None
        told = [content.key, read, shown(content.folder), options]
        return cls(content, hashlib.sha256(json.dumps(told).encode()).hexdigest())


@dataclass(frozen=True, slots=True)
class Whole:
    """All processes, in any order and under the ids that their files give them, and what is to be warned of."""

    processes: tuple[Process, ...]
    warnings: tuple[str, ...]


def find_whole(folder: Path, question: Question) -> Whole | None:
    """`folder` is that of the cache."""
    entry = Entries(folder).find(question.key, question.content.bases)
    if entry is None:
        return None
    processes = tuple(Process.model_validate(members) for members in entry.data["processes"])
    return Whole(processes, tuple(entry.data["warnings"]))


def keep_whole(
    folder: Path, question: Question, whole: Whole, imports: Trace, *, named: Iterable[Path], began_ns: int
) -> None:
    """`named` are the files that examples have their content from."""
    files = {"files": [str(path) for path in named], "variables": []}
    if trace := Trace.of(files, question.content.bases, began_ns):
        members = [process.model_dump(mode="json", by_alias=True, exclude_unset=True) for process in whole.processes]
        data = {"processes": members, "warnings": list(whole.warnings)}
        if tuple(map(Process.model_validate, json.loads(json.dumps(members)))) == whole.processes:
            Entries(folder).keep(question.key, Entry(data, imports.with_(trace)))
