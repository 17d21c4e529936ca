"""`run_dev` with stand-ins for the worker and the API; the options come as one JSON object."""

import json
import sys
from pathlib import Path

from fastprocesses_server.api.serving.listening import Address
from fastprocesses_server.errors import StartError
from fastprocesses_server.standalone.dev import run_dev

HERE = Path(__file__).parent
options = json.loads(sys.argv[1])
port = options["port"]
try:
    status = run_dev(
        address=Address("127.0.0.1", port),
        state_dir=Path(options["state_dir"]),
        embedded="redis_url" not in options,
        environment={"STAND_IN": "told", "FP_REDIS_URL": options.get("redis_url", "")},
        worker=[sys.executable, str(HERE / "worker.py"), *options.get("worker", [])],
        api=[sys.executable, str(HERE / "api.py"), str(port)],
    )
except StartError as error:
    sys.exit(str(error))
sys.exit(status)
