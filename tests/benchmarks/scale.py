"""What a job costs Redis, in memory and in time: `python tests/benchmarks/scale.py`, for docs/scaling.md."""

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from contenders import Server, Site, running
from rows import ASYNC, NEW, execution

JOBS = 2_000


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, running(Server(Path(folder))) as site:
        for name, headers in (("async", (ASYNC,)), ("sync", ())):
            print(f"{name}:")
            tell(site, *headers)


def tell(site: Site, *headers: str) -> None:
    with site.redis() as redis:
        before, cpu = facts(redis), site.parts["Redis"].cpu()
        redis.config_resetstat()
        figures = execution(site, "echo", NEW, *headers, clients=32, requests=JOBS, keeps_jobs=True).run()
        while redis.zcard("fp:jobs:accepted") or redis.zcard("fp:jobs:running"):
            time.sleep(0.5)
        stats: Any = redis.info("commandstats")
        after, spent = facts(redis), site.parts["Redis"].cpu() - cpu
    counts = {name.removeprefix("cmdstat_"): found["calls"] / JOBS for name, found in stats.items()}
    counted = {
        name: f"{count:.2g}" for name, count in sorted(counts.items(), key=lambda pair: -pair[1]) if count > 0.05
    }
    outer = sum(found["usec"] for name, found in stats.items() if name in OUTER) / JOBS
    print(f"  commands: {sum(counts.values()):.0f}, of these {counts.get('evalsha', 0):.1f} scripts; {counted}")
    print(f"  in them {outer:.0f} µs, CPU of Redis {1e6 * spent / JOBS:.0f} µs")
    print(
        f"  memory {(after['memory'] - before['memory']) / JOBS:.0f} bytes, append-only file {grown(before, after):.0f}"
    )
    for job in figures.jobs[:1]:
        with site.redis() as redis:
            for key in sorted(redis.keys(f"fp:job:{job}*")):
                print(f"  {key.decode().replace(job, 'ID')}: {redis.memory_usage(key)} bytes")


OUTER = {"cmdstat_evalsha", "cmdstat_hgetall", "cmdstat_brpop", "cmdstat_blmpop", "cmdstat_get", "cmdstat_set"}


def facts(redis: Any) -> dict[str, float]:
    return {"memory": redis.info("memory")["used_memory"], "log": redis.info("persistence")["aof_current_size"]}


def grown(before: dict[str, float], after: dict[str, float]) -> float:
    return (after["log"] - before["log"]) / JOBS


if __name__ == "__main__":
    sys.exit(main())
