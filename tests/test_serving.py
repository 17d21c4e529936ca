"""What the tests start ends with them."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from serving import is_running, wait_until

STARTS = """
import subprocess, sys, time
from serving import bound
print(subprocess.Popen(bound("sleep", "600"), start_new_session=True).pid, flush=True)
time.sleep(600)
"""


@pytest.mark.skipif(not shutil.which("setpriv"), reason="setpriv is not installed")
def test_what_tests_start_dies_when_they_are_killed() -> None:
    here = Path(__file__).parent
    with subprocess.Popen([sys.executable, "-c", STARTS], stdout=subprocess.PIPE, text=True, cwd=here) as tests:
        assert tests.stdout
        started = int(tests.stdout.readline())
        wait_until(lambda: Path(f"/proc/{started}/cmdline").read_text().startswith("sleep"))  # it is bound by then
        tests.kill()
    wait_until(lambda: not is_running(started))
