"""The result store: small outputs in the job's manifest, those over 64 KiB as files that API and workers share."""

import errno
import hashlib
import os
import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from ..execution.outputs import EncodedOutput, StoredOutput

LARGEST_VALUE = 64 * 1024
CHUNK = 1 << 20
PARTS = ("jobs", "cache", "work")
NO_LINKS = (errno.EPERM, errno.EXDEV, errno.EMLINK, errno.ENOTSUP, errno.ENOSYS)
"""What file systems without hard links say."""


class ResultStore:
    """Files below one folder: `jobs/ID/RUN/OUTPUT`, and hard links to them in `cache/KEY/ID-RUN/OUTPUT`.

    Every owner has links of its own, so that each can go without a look at the others. No two runs share a name.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def workdir(self, job_id: str, run: str) -> Path:
        """Where a callable may write; on the disk of the results, so that files move without a copy."""
        return self.folder / "work" / f"{job_id}.{run}"

    def write(self, job_id: str, run: str, outputs: Iterable[EncodedOutput]) -> list[StoredOutput]:
        """Everything is on the disk when this returns; nobody sees it before the job's commit."""
        place = Path("jobs") / job_id / run
        return [self._write(output, place / _filename(output.name)) for output in outputs]

    def _write(self, output: EncodedOutput, place: Path) -> StoredOutput:
        if isinstance(output.body, bytes):
            return self._write_body(output, output.body, place)
        target = self.folder / place
        target.parent.mkdir(parents=True, exist_ok=True)
        self._take(output.body, target)
        with target.open("rb+") as file:
            digest, size = _digest(file)
            os.fsync(file.fileno())
        return _stored(output, size, digest, file=str(place))

    def _write_body(self, output: EncodedOutput, body: bytes, place: Path) -> StoredOutput:
        digest = hashlib.sha256(body).hexdigest()
        if len(body) <= LARGEST_VALUE:
            return _stored(output, len(body), digest, body=body)
        target = self.folder / place
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        return _stored(output, len(body), digest, file=str(place))

    def _take(self, source: Path, target: Path) -> None:
        """What lies in a workdir is moved; other files are the author's, and copied."""
        if source.resolve().is_relative_to((self.folder / "work").resolve()):
            shutil.move(source.resolve(), target)
        else:
            shutil.copyfile(source, target)

    def link(self, outputs: Iterable[StoredOutput], owner: Path) -> list[StoredOutput]:
        """The same outputs with files of another owner."""
        return [self._link(output, owner / _filename(output.name)) if output.file else output for output in outputs]

    def _link(self, output: StoredOutput, place: Path) -> StoredOutput:
        source, target = self.folder / str(output.file), self.folder / place
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            target.hardlink_to(source)
        except OSError as error:
            if error.errno not in NO_LINKS:
                raise
            shutil.copyfile(source, target)
        return replace(output, file=str(place))

    def remove_job(self, job_id: str) -> None:
        shutil.rmtree(self.folder / "jobs" / job_id, ignore_errors=True)

    def remove_workdir(self, workdir: Path) -> None:
        shutil.rmtree(workdir, ignore_errors=True)

    def holds(self, outputs: Iterable[StoredOutput]) -> bool:
        """Whether every file is there."""
        return all((self.folder / output.file).is_file() for output in outputs if output.file)


def _filename(output: str) -> str:
    """An output may be called `..` or `a/b`; its file may not."""
    return quote(output, safe="") + ".output"


def _digest(file: BinaryIO) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    while piece := file.read(CHUNK):
        digest.update(piece)
        size += len(piece)
    return digest.hexdigest(), size


def _stored(
    output: EncodedOutput, size: int, sha256: str, *, body: bytes | None = None, file: str | None = None
) -> StoredOutput:
    return StoredOutput(
        name=output.name,
        media_type=output.media_type,
        kind=output.kind,
        size=size,
        sha256=sha256,
        filename=output.filename,
        body=body,
        file=file,
    )
