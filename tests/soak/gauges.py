"""What the processes of a server use."""

from dataclasses import dataclass

import psutil

MIB = 1 << 20


@dataclass(frozen=True)
class Usage:
    mebibytes: float
    """Resident."""
    descriptors: int
    threads: int


@dataclass(frozen=True)
class Gauges:
    """At one moment."""

    api: Usage
    worker: Usage
    children: float
    """Mebibytes of the worker's children together."""
    cpu: dict[str, float]
    """Seconds so far, with those of children that have ended."""


def read_gauges(api: int, worker: int, redis: int) -> Gauges:
    processes = {name: psutil.Process(pid) for name, pid in (("api", api), ("worker", worker), ("redis", redis))}
    children = processes["worker"].children()
    cpu = {name: _cpu(process) for name, process in processes.items()}
    cpu["worker"] += sum(map(_cpu, children))
    return Gauges(_usage(processes["api"]), _usage(processes["worker"]), sum(map(_resident, children)), cpu)


def _usage(process: psutil.Process) -> Usage:
    return Usage(_resident(process), process.num_fds(), process.num_threads())


def _resident(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / MIB


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system + times.children_user + times.children_system)
