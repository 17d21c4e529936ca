"""schemathesis: requests made from the API definition get answers that it documents, and never a fault of the server.

Ten minutes of it: `SCHEMATHESIS_SECONDS=600 pytest tests/clients/test_clients_schemathesis.py`.
"""

import os
import subprocess
import sys
from pathlib import Path

from serving import Server

HERE = Path(__file__).parent
SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
EXAMPLES = 15
"""For each operation and phase: about a minute, of which most goes to the cases that schemathesis always tries."""


def test_requests_made_from_the_definition_get_documented_answers(hasty: Server, tmp_path: Path) -> None:
    seconds = os.environ.get("SCHEMATHESIS_SECONDS")
    bound = ("--max-time", seconds) if seconds else ("--max-examples", str(EXAMPLES))
    command = [
        *(SCHEMATHESIS, "--config-file", HERE / "schemathesis.toml", "run", f"{hasty.url}/api"),
        *("--no-color", "--no-shrink", *bound),
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
