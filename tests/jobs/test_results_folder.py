"""Which folder of results this is, whether it can be written, and what readiness says where several are in use."""

import errno
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fastprocesses_server.errors import StartError
from fastprocesses_server.jobs.connection import connect
from fastprocesses_server.jobs.folder import MARKER, UNWRITABLE, check_folder, look
from fastprocesses_server.jobs.leases import Leases
from fastprocesses_server.jobs.offers import strangers
from fastprocesses_server.processes.registry import Registry
from fastprocesses_server.settings import Settings


def test_a_folder_keeps_its_mark_and_no_other_has_the_same(tmp_path: Path) -> None:
    one, other = (look(tmp_path / name, b"store") for name in ("one", "other"))
    assert one != other
    assert look(tmp_path / "one", b"store") == look(tmp_path / "one", b"another store") == one
    assert one.startswith("store ")


@pytest.mark.parametrize("links", [True, False])
def test_those_who_come_at_once_agree_on_one_mark(links: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    if not links:
        monkeypatch.setattr(Path, "hardlink_to", refuse)
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: look(tmp_path, b"store"), range(64)))
        later = set(pool.map(lambda _: look(tmp_path, b"store"), range(64)))
    assert len(later) == 1
    assert sorted(path.name for path in tmp_path.glob(f"{MARKER}*")) == [MARKER]


def test_a_mark_that_is_no_text_is_that_of_another_store(tmp_path: Path) -> None:
    (tmp_path / MARKER).write_bytes(b"\xff\xfe broken")
    assert look(tmp_path, b"store") == look(tmp_path, b"store") == "\ufffd\ufffd broken"


def test_a_folder_that_cannot_be_written_ends_the_start_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StartError, match=r"FP_RESULTS_DIR: user \d+ cannot write .*results: Not a directory; give"):
        check_folder(tmp_path / "file" / "results")
    assert look(tmp_path / "file" / "results", b"store") == UNWRITABLE


def test_a_store_keeps_its_id_until_it_loses_its_data(redis_url: str, tmp_path: Path) -> None:
    with connect(redis_url) as redis:
        leases = Leases(redis, Settings(), Registry({}), "one", ("default",))
        first = leases.look_at(tmp_path)
        assert leases.look_at(tmp_path) == first
        redis.flushall()
        assert leases.look_at(tmp_path) != first
        assert leases.folder.startswith(first.decode())  # the folder stays the first one's


@pytest.mark.parametrize(
    ("own", "folders", "reasons"),
    [
        ("a", ["a", "a"], []),
        ("a", [], []),
        ("a", ["a", "b"], ["1 of 2 workers do not see the folder of results that the API sees"]),
        ("a", [""], ["1 of 1 workers do not see the folder of results that the API sees"]),
        ("a", [UNWRITABLE, "a"], ["1 of 2 workers cannot write the folder of results"]),
        (UNWRITABLE, ["a"], ["the API cannot write its folder of results"]),
        (UNWRITABLE, [UNWRITABLE], ["the API cannot write", "1 of 1 workers cannot write"]),
    ],
)
def test_what_is_wrong_with_folders_is_said_with_the_setting(own: str, folders: list[str], reasons: list[str]) -> None:
    found = strangers(own, folders)
    assert len(found) == len(reasons)
    assert all(
        text.startswith(reason) and "FP_RESULTS_DIR" in text for text, reason in zip(found, reasons, strict=True)
    )
