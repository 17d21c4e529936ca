"""The benchmarks still work; what they find is for docs/performance.md."""

import json
import subprocess
import sys
from pathlib import Path


def test_the_benchmarks_measure_a_row_and_tell_its_cost(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    options = ("--only", "server", "--quick", "--json", str(report))
    command = [sys.executable, str(Path(__file__).parent), "sync-1", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "| sync, new inputs, 1 client, p50 |" in done.stdout
    [run] = json.loads(report.read_text())["rows"]["sync-1"]["runs"]["server"]
    assert run["requests"] > 0
    assert run["wrong"] == 0
    assert set(run["cpu"]) == {"API", "worker", "Redis"}
