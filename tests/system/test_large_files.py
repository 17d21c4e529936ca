"""Files go from a callable to a client, and from a reference to a callable, without being held in memory."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from serving import Client, Server

SIZE = int(os.environ.get("LARGE_FILE_BYTES", "300000000"))
GROWTH = 50_000_000


def resident(server: Server) -> int:
    """Bytes of the API and the worker with its children, as far as they are their own."""
    total = 0
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            arguments = path.read_bytes().split(b"\0")
            if b"fastprocesses_server" not in arguments or not {b"serve", b"worker"} & set(arguments):
                continue
            environment = (path.parent / "environ").read_bytes()
            fields = (path.parent / "statm").read_text().split()
        except OSError:
            continue
        if f"FP_STATE_DIR={server.state}".encode() in environment:
            total += (int(fields[1]) - int(fields[2])) * os.sysconf("SC_PAGE_SIZE")
    return total


@pytest.fixture(scope="module")
def large_server(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(published, tmp_path_factory.mktemp("large") / "state", {"FP_WORKER_CONCURRENCY": "1"})
    server.start()
    yield server
    server.stop()


def test_a_large_file_passes_through_without_memory(large_server: Server) -> None:
    with Client(base_url=large_server.url, timeout=600) as client:
        for size in (70_000, SIZE):
            if size == SIZE:
                before = resident(large_server)
            job_id = client.submit("fill", {"size": size, "how": "sparse"})
            client.finished(job_id)
            url = f"{large_server.url}/jobs/{job_id}/results/filling"
            with client.stream("GET", url) as response:
                assert sum(len(piece) for piece in response.iter_bytes()) == size
            measured = client.execute("measure", {"file": {"href": url}}, outputs={"size": {}})
            assert measured.text == str(size)
        assert resident(large_server) - before < GROWTH
