"""API keys: named, with roles; stored as hashes, in Redis or in a file that deployments may mount read-only.

A key has 256 random bits, so that nobody finds one by guessing, or from its SHA-256: a slow hash would add nothing.
"""

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_urlsafe
from typing import Any, Protocol

from ..errors import StartError, UsageError
from .connection import STORE_ERRORS, connect, trouble

KEY = "fp:api-keys"
"""A hash in Redis: JSON by name."""

MARK = "fp_"
"""What every key begins with, so that people and scanners of secrets know one."""
RANDOM_BYTES = 32
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}")
ROLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:@/-]{0,63}")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What is stored of a key."""

    name: str
    digest: str
    roles: frozenset[str]
    created: datetime
    expires: datetime | None = None

    def is_expired(self, now: datetime) -> bool:
        return self.expires is not None and now >= self.expires

    def as_json(self) -> dict[str, Any]:
        return {
            "sha256": self.digest,
            "roles": sorted(self.roles),
            "created": self.created.isoformat(),
            "expires": self.expires.isoformat() if self.expires else None,
        }


def digest_of(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()


def make_key(name: str, roles: Iterable[str], lifetime: timedelta | None, now: datetime) -> tuple[str, ApiKey]:
    """The key, which is shown once and kept nowhere, and what is stored of it.

    Raises:
        UsageError: for a name or role that would not be read again.
    """
    roles = frozenset(roles)
    if not NAME.fullmatch(name):
        raise UsageError(f"{name!r} is no name of a key: letters, digits, and _ . @ - after the first, at most 64")
    if wrong := sorted(role for role in roles if not ROLE.fullmatch(role)):
        raise UsageError(f"{wrong[0]!r} is no role: letters, digits, and _ . : @ / - after the first, at most 64")
    secret = MARK + token_urlsafe(RANDOM_BYTES)
    return secret, ApiKey(name, digest_of(secret), roles, now, now + lifetime if lifetime else None)


def read_key(name: str, stored: Any) -> ApiKey:
    """Raises StartError where it is nothing that `as_json` makes."""
    try:
        expires = stored["expires"]
        return ApiKey(
            name,
            bytes.fromhex(stored["sha256"]).hex(),
            frozenset(map(str, stored["roles"])),
            datetime.fromisoformat(stored["created"]).astimezone(UTC),
            datetime.fromisoformat(expires).astimezone(UTC) if expires else None,
        )
    except (KeyError, TypeError, ValueError):
        raise StartError(f"the API key {name} is stored in a form that `keys create` does not write") from None


class KeyStore(Protocol):
    """Where keys are; every method raises StartError with the remedy."""

    def all(self) -> list[ApiKey]: ...

    def add(self, key: ApiKey) -> bool:
        """False where the name is taken."""
        ...

    def remove(self, name: str) -> bool:
        """False where there is none of that name."""
        ...


class KeysInRedis:
    def __init__(self, url: str) -> None:
        self.url = url

    def all(self) -> list[ApiKey]:
        return read_stored(self._do("hgetall", KEY))

    def add(self, key: ApiKey) -> bool:
        return bool(self._do("hsetnx", KEY, key.name, json.dumps(key.as_json())))

    def remove(self, name: str) -> bool:
        return bool(self._do("hdel", KEY, name))

    def _do(self, command: str, *arguments: str) -> Any:
        try:
            with connect(self.url) as client:
                return getattr(client, command)(*arguments)
        except STORE_ERRORS as error:
            what = f"the Redis of the keys {trouble(error)}"
            raise StartError(f"{what}; start the server first, or see FP_REDIS_URL and FP_API_KEYS_FILE") from None


def read_stored(stored: Mapping[bytes, bytes]) -> list[ApiKey]:
    """What Redis holds, as keys. Raises StartError where somebody else wrote there."""
    return [read_key(name.decode(errors="replace"), _parsed(value)) for name, value in stored.items()]


def _parsed(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


class KeysInFile:
    """A JSON object with what is stored of each key by its name."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def all(self) -> list[ApiKey]:
        return [read_key(name, value) for name, value in self._read().items()]

    def add(self, key: ApiKey) -> bool:
        stored = self._read() if self.path.exists() else {}
        if key.name in stored:
            return False
        self._write({**stored, key.name: key.as_json()})
        return True

    def remove(self, name: str) -> bool:
        stored = self._read()
        if name not in stored:
            return False
        self._write({other: value for other, value in stored.items() if other != name})
        return True

    def _read(self) -> dict[str, Any]:
        try:
            stored = json.loads(self.path.read_text(encoding="utf-8"))
        except OSError as error:
            raise StartError(f"FP_API_KEYS_FILE: {self.path} cannot be read: {error.strerror}") from None
        except ValueError:
            stored = None
        if not isinstance(stored, dict):
            raise StartError(f"FP_API_KEYS_FILE: {self.path} is not what `keys create` writes")
        return stored

    def _write(self, stored: Mapping[str, Any]) -> None:
        """At once, and for nobody else's eyes: whoever reads it meanwhile gets the file before or after."""
        try:
            descriptor, name = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name}.")
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(stored, file, indent=2)
            if self.path.exists():
                Path(name).chmod(self.path.stat().st_mode & 0o777)
            Path(name).replace(self.path)
        except OSError as error:
            raise StartError(f"FP_API_KEYS_FILE: {self.path} cannot be written: {error.strerror}") from None
