"""API keys: how they are made and stored, in Redis and in a file, and as an API process knows them."""

import asyncio
import json
import stat
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisAway

from fastprocesses_server.cli import app
from fastprocesses_server.errors import StartError, Unavailable, UsageError
from fastprocesses_server.jobs import key_ring
from fastprocesses_server.jobs.api_keys import KEY, KeysInFile, KeysInRedis, KeyStore, make_key, read_key
from fastprocesses_server.jobs.connection import connect, connect_async
from fastprocesses_server.jobs.key_ring import FRESH_SECONDS, KeyRing, Sessions
from fastprocesses_server.settings import load_settings

NOW = datetime(2026, 1, 31, tzinfo=UTC)


def test_a_key_is_long_and_random_and_stored_as_a_hash() -> None:
    (secret, key), (other, _) = (make_key("ada", ["analyst"], timedelta(days=90), NOW) for _ in range(2))
    assert secret.startswith("fp_")
    assert len(secret) >= 3 + 43, "256 bits"
    assert secret != other
    assert secret[3:] not in json.dumps(key.as_json())
    assert read_key("ada", key.as_json()) == key
    assert not key.is_expired(NOW + timedelta(days=89))
    assert key.is_expired(NOW + timedelta(days=90))


@pytest.mark.parametrize("name", ["", "a b", "a\nb", "-a", "ä", "a" * 65, "a/b", 'a"'])
def test_a_name_is_plain(name: str) -> None:
    with pytest.raises(UsageError, match="is no name of a key"):
        make_key(name, [], None, NOW)
    with pytest.raises(UsageError, match="is no role"):
        make_key("ada", [name.replace("/", ",")], None, NOW)


@pytest.mark.parametrize("stored", [None, 7, "x", {}, {"sha256": "zz", "roles": [], "created": "x", "expires": None}])
def test_what_nobody_stored_is_explained(stored: Any, tmp_path: Path) -> None:
    with pytest.raises(StartError, match="the API key ada is stored in a form"):
        read_key("ada", stored)


@pytest.fixture(params=["redis", "file"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> KeyStore:
    if request.param == "file":
        return KeysInFile(tmp_path / "keys.json")
    return KeysInRedis(request.getfixturevalue("redis_url"))


def test_keys_are_added_listed_and_removed_by_name(store: KeyStore) -> None:
    keys = [make_key(name, ["r"], None, NOW)[1] for name in ("ada", "bob")]
    assert all(store.add(key) for key in keys)
    assert not store.add(make_key("ada", [], None, NOW)[1]), "no key is replaced unseen"
    assert sorted(store.all(), key=lambda key: key.name) == keys
    assert store.remove("ada")
    assert not store.remove("ada")
    assert store.all() == keys[1:]


def test_a_file_of_keys_is_for_its_owner_alone_and_complaints_name_it(tmp_path: Path) -> None:
    store = KeysInFile(tmp_path / "keys.json")
    with pytest.raises(StartError, match=r"FP_API_KEYS_FILE: .*keys\.json cannot be read: No such file"):
        store.all()
    store.add(make_key("ada", [], None, NOW)[1])
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["keys.json"]
    store.path.write_text("[")
    with pytest.raises(StartError, match="is not what `keys create` writes"):
        store.all()
    with pytest.raises(StartError, match="cannot be written"):
        KeysInFile(tmp_path / "nowhere" / "keys.json").add(make_key("ada", [], None, NOW)[1])


Run = Callable[..., Any]


def with_ring(url: str, use: Callable[[KeyRing, Sessions], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        async with connect_async(url) as redis:
            await use(KeyRing(redis), Sessions(redis))

    asyncio.run(run())


def test_a_new_key_is_taken_and_a_revoked_one_refused_soon(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(key_ring.time, "monotonic", lambda: now[0])
    store = KeysInRedis(redis_url)
    secret, key = make_key("ada", ["r"], None, datetime.now(UTC))

    async def use(ring: KeyRing, _: Sessions) -> None:
        assert await ring.find(secret) is None
        store.add(key)
        now[0] = 1
        assert await ring.find(secret) == key
        store.remove("ada")
        now[0] += FRESH_SECONDS - 0.1
        assert await ring.find(secret) == key
        now[0] += 0.2
        assert await ring.find(secret) is None

    with_ring(redis_url, use)


def test_an_expired_key_is_refused_and_so_is_all_that_is_not_the_key(redis_url: str) -> None:
    store, now = KeysInRedis(redis_url), datetime.now(UTC)
    old, expired = make_key("old", [], timedelta(seconds=1), now - timedelta(seconds=2))
    secret, key = make_key("ada", [], timedelta(days=1), now)
    store.add(expired)
    store.add(key)

    async def use(ring: KeyRing, _: Sessions) -> None:
        assert await ring.find(secret) == key
        for wrong in (old, "", secret[:-1], secret + "=", secret.upper(), key.digest, "ada", "é\udc80"):
            assert await ring.find(wrong) is None

    with_ring(redis_url, use)


def test_guesses_do_not_burden_redis(redis_url: str) -> None:
    async def use(ring: KeyRing, _: Sessions) -> None:
        await asyncio.gather(*(ring.find(f"fp_{number}") for number in range(500)))

    with connect(redis_url) as redis:
        redis.config_resetstat()
        with_ring(redis_url, use)
        assert redis.info("commandstats")["cmdstat_hgetall"]["calls"] <= 5


class Away:
    """A Redis that answers now and then."""

    def __init__(self) -> None:
        self.stored: dict[bytes, bytes] | None = None

    async def hgetall(self, _: str) -> dict[bytes, bytes]:
        if self.stored is None:
            raise RedisAway("away")
        return self.stored


def test_known_keys_are_good_while_redis_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(key_ring.time, "monotonic", lambda: now[0])
    secret, key = make_key("ada", [], None, NOW)
    redis: Any = Away()
    ring = KeyRing(redis)

    async def use() -> None:
        with pytest.raises(Unavailable):
            await ring.find(secret)
        redis.stored = {b"ada": json.dumps(key.as_json()).encode()}
        assert await ring.find(secret) == key
        redis.stored, now[0] = None, 1000
        assert await ring.find(secret) == key

    asyncio.run(use())


def test_a_session_stands_for_its_key_and_names_it_nowhere(redis_url: str) -> None:
    secret, key = make_key("ada", [], None, NOW)
    KeysInRedis(redis_url).add(key)

    async def use(ring: KeyRing, sessions: Sessions) -> None:
        token, other = await sessions.open(key), await sessions.open(key)
        assert token != other
        digest = await sessions.digest(token)
        assert digest
        assert await ring.find_digest(digest) == key
        assert await sessions.digest("made up") is None
        with connect(redis_url) as redis:
            redis.config_set("rdbcompression", "no")
            names = redis.keys()
            dump = b"".join(name + (redis.dump(name) or b"") for name in names)
            assert all(redis.ttl(name) > 0 for name in names if name.startswith(b"fp:session:"))
        for canary in (secret, secret[3:], token, other):
            assert canary.encode() not in dump
        await sessions.close(token)
        assert await sessions.digest(token) is None
        assert await sessions.digest(other) == digest

    with_ring(redis_url, use)


@pytest.fixture
def of_the_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """In a folder of its own, and without what it does to the log."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("fastprocesses_server.cli.keys.read_settings", lambda *_: load_settings())


def command(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[str, str]:
    app(["keys", *arguments], standalone_mode=False)
    said = capsys.readouterr()
    return said.out, said.err


@pytest.mark.usefixtures("of_the_command")
def test_the_command_makes_lists_and_revokes_keys(
    redis_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FP_REDIS_URL", redis_url)
    out, err = command(capsys, "create", "ada", "--role", "analyst", "--role", "admin", "--expires", "90d")
    secret = out.strip()
    assert secret.startswith("fp_")
    assert "only time" in err
    assert "FP_AUTH is off here" in err, "a key that nobody asks for is a surprise"
    with connect(redis_url) as redis:
        assert redis.hkeys(KEY) == [b"ada"]
        assert secret[3:].encode() not in (redis.dump(KEY) or b"")
    out, err = command(capsys, "list")
    assert out.startswith("ada: admin, analyst; made ")
    assert "expires " in out
    assert secret not in out + err
    with pytest.raises(StartError, match="there is a key ada already"):
        app(["keys", "create", "ada"], standalone_mode=False)
    with pytest.raises(StartError, match='there is no key adah; did you mean "ada"'):
        app(["keys", "revoke", "adah"], standalone_mode=False)
    with pytest.raises(UsageError, match="--expires"):
        app(["keys", "create", "bob", "--expires", "soon"], standalone_mode=False)
    assert command(capsys, "revoke", "ada")[0] == "ada is revoked\n"
    assert command(capsys, "list")[0] == ""


@pytest.mark.usefixtures("of_the_command")
def test_the_command_writes_the_file_that_the_settings_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FP_API_KEYS_FILE", "keys.json")
    monkeypatch.setenv("FP_REDIS_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setenv("FP_AUTH", "required")
    secret, err = command(capsys, "create", "ada")
    assert "FP_AUTH" not in err
    assert secret.strip()[3:] not in Path("keys.json").read_text()
    assert command(capsys, "list")[0].startswith("ada: no roles; made ")
    assert command(capsys, "revoke", "ada")[0] == "ada is revoked\n"


@pytest.mark.usefixtures("of_the_command")
def test_a_redis_that_is_away_is_told_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FP_REDIS_URL", "redis://127.0.0.1:1/0")
    with pytest.raises(StartError, match="the Redis of the keys is away; start the server first"):
        app(["keys", "list"], standalone_mode=False)
