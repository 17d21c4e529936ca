"""A replicated Valkey under Sentinel: three of one and three of the other, each a process that may be killed."""

import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

import redis
from serving import bound, free_port, wait_until

from fastprocesses_server.standalone.valkey import find_binary

NAME = "jobs"
UNUSED_SECONDS = 4
"""Longer than any part of the server waits before it asks again."""
PASSWORD = "p:a/s;s@w%rd"  # noqa: S105 - of the test, with all that a URL must escape
SENTINEL_PASSWORD = "watch&ful"  # noqa: S105

DATA = f"""
requirepass "{PASSWORD}"
masterauth "{PASSWORD}"
appendonly yes
save ""
maxmemory-policy noeviction
min-replicas-to-write 1
min-replicas-max-lag 10
repl-diskless-sync-delay 0
"""

WATCH = f"""
requirepass "{SENTINEL_PASSWORD}"
sentinel monitor {NAME} 127.0.0.1 {{primary}} 2
sentinel auth-pass {NAME} "{PASSWORD}"
sentinel sentinel-pass "{SENTINEL_PASSWORD}"
sentinel down-after-milliseconds {NAME} 2000
sentinel failover-timeout {NAME} 5000
"""


class Node:
    """A Valkey or a Sentinel. Sentinels write what they learn into the file of their configuration."""

    def __init__(self, folder: Path, port: int, password: str, configuration: str, *options: str) -> None:
        self.port = port
        self.password = password
        self.options = options
        self.log_path = folder / "log"
        self.file = folder / "configuration"
        folder.mkdir(parents=True)
        self.file.write_text(f"port {port}\nbind 127.0.0.1\ndir {folder}\n{configuration}")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(bound(find_binary(), self.file, *self.options), stdout=log, stderr=log)
        wait_until(self.answers, 20, self.log_path.read_text)

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait(10)
            self.process = None

    def client(self) -> redis.Redis:
        return redis.Redis(port=self.port, password=self.password, decode_responses=True, socket_timeout=5)

    def answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def replication(self) -> Any:
        with self.client() as client:
            return client.info("replication")

    def follow(self, primary: "Node | None") -> None:
        with self.client() as client:
            if primary:
                client.replicaof("127.0.0.1", primary.port)
            else:
                client.replicaof("NO", "ONE")

    def guests(self) -> list[str]:
        """Connections of neither replication nor a Sentinel, but those that are not used any more."""
        with self.client() as client:
            own = client.client_id()
            listed: Any = client.client_list(_type="normal")
        return [
            f"{guest['addr']} {guest['cmd']}"
            for guest in listed
            if int(guest["id"]) != own
            and int(guest["idle"]) < UNUSED_SECONDS
            and not guest["name"].startswith("sentinel-")
        ]


class Replicated:
    """Started with the first node as primary; `settle` waits until all are up and agree on one."""

    def __init__(self, folder: Path, sentinels: int = 3) -> None:
        ports = [free_port() for _ in range(3 + sentinels)]
        self.nodes = [
            Node(
                folder / f"node{number}", port, PASSWORD, f"replicaof 127.0.0.1 {ports[0]}\n{DATA}" if number else DATA
            )
            for number, port in enumerate(ports[:3])
        ]
        self.sentinels = [
            Node(folder / f"sentinel{port}", port, SENTINEL_PASSWORD, WATCH.format(primary=ports[0]), "--sentinel")
            for port in ports[3:]
        ]

    def start(self) -> None:
        for node in (*self.nodes, *self.sentinels):
            node.start()

    def stop(self) -> None:
        for node in (*self.sentinels, *self.nodes):
            node.kill()

    def settle(self) -> None:
        for node in self.nodes:
            if node.process is None:
                node.start()
        wait_until(self._is_settled, 40, lambda: str([node.replication() for node in self.nodes]))

    def _is_settled(self) -> bool:
        views = [self._view(sentinel) for sentinel in self.sentinels]
        if len({view["port"] for view in views}) > 1:
            return False
        if any((view["num-other-sentinels"], view["num-slaves"], view["is_odown"]) != (2, 2, False) for view in views):
            return False
        state = self.primary.replication()
        replicas = [state.get(f"slave{number}", {}).get("state") for number in range(2)]
        return bool(state["role"] == "master" and replicas == ["online", "online"])

    def _view(self, sentinel: Node) -> Any:
        with closing(sentinel.client()) as client:
            return client.sentinel_master(NAME)

    @property
    def primary(self) -> Node:
        """By what a Sentinel says."""
        port = self._view(self.sentinels[0])["port"]
        return next(node for node in self.nodes if node.port == port)

    def strays(self) -> list[str]:
        """Connections of the server to what is not the primary."""
        primary = self.primary
        return [guest for node in self.nodes if node is not primary for guest in node.guests()]
