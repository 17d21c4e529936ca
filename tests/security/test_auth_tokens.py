"""Tokens: which are believed, by keys made here; and the keys of the issuer, while it answers and while it is away."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from fastprocesses_server.api.callers.tokens import (
    FRESH_SECONDS,
    KEPT_SECONDS,
    LARGEST,
    LEEWAY_SECONDS,
    PAUSE_SECONDS,
    PublishedKeys,
    Tokens,
    fetch_from,
    read_keys,
    roles_in,
)
from fastprocesses_server.errors import Unauthorized, Unavailable
from fastprocesses_server.settings import Settings

ISSUER, AUDIENCE = "https://login.example/realm", "processes"
RSA = rsa.generate_private_key(65537, 2048)
OTHER_RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP256R1())
EC_384 = ec.generate_private_key(ec.SECP384R1())
ED = ed25519.Ed25519PrivateKey.generate()


def published(kind: Any, key: Any, name: str, **members: str) -> dict[str, Any]:
    return {**json.loads(kind.to_jwk(key.public_key())), "kid": name, **members}


KEYS = [
    published(RSAAlgorithm, RSA, "rsa", alg="RS256", use="sig"),
    published(ECAlgorithm, EC, "ec"),
    published(OKPAlgorithm, ED, "ed"),
    published(ECAlgorithm, EC_384, "ec-384"),
    published(RSAAlgorithm, OTHER_RSA, "for-encryption", use="enc"),
    {"kty": "oct", "kid": "shared", "k": base64.urlsafe_b64encode(b"x" * 32).decode()},
    {"kty": "of the future", "kid": "new"},
]


def settings(**members: Any) -> Settings:
    known = {"jwt_issuer": ISSUER, "jwt_audience": AUDIENCE, "jwt_jwks_url": "https://login.example/keys"}
    return Settings(**{"auth": "required", **known, **members})


def claims(**members: Any) -> dict[str, Any]:
    now = int(time.time())
    made = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ada", "iat": now, "exp": now + 60, "roles": ["analyst"], **members}
    return {name: value for name, value in made.items() if value is not None}


def token(key: Any = RSA, algorithm: str = "RS256", kid: str | None = "rsa", **members: Any) -> str:
    headers = {"kid": kid} if kid else {}
    return jwt.encode(claims(**members), key, algorithm, headers=headers)


def check(text: str, keys: list[dict[str, Any]] | None = None, **members: Any) -> Any:
    async def fetch() -> list[dict[str, Any]]:
        return KEYS if keys is None else keys

    return asyncio.run(Tokens(settings(**members), PublishedKeys(fetch)).caller(text))


@pytest.mark.parametrize(
    ("key", "algorithm", "kid"),
    [(RSA, "RS256", "rsa"), (EC, "ES256", "ec"), (ED, "EdDSA", "ed")],
)
def test_a_token_of_the_issuer_names_its_caller_and_roles(key: Any, algorithm: str, kid: str) -> None:
    caller = check(token(key, algorithm, kid))
    assert (caller.name, caller.roles) == ("jwt:ada", {"analyst"})


def test_a_token_may_be_for_several_audiences_and_a_little_late() -> None:
    assert check(token(aud=["other", AUDIENCE])).name == "jwt:ada"
    assert check(token(exp=int(time.time()) - LEEWAY_SECONDS + 10)).name == "jwt:ada"


def test_a_token_that_names_no_key_is_taken_where_one_alone_fits() -> None:
    assert check(token(kid=None)).name == "jwt:ada"
    assert "no key that fits" in refused(token(EC, "ES256", None), [KEYS[1], {**KEYS[1], "kid": "second"}])


@pytest.mark.parametrize(
    ("members", "fault"),
    [
        ({"iss": "https://evil.example"}, "another issuer"),
        ({"iss": ISSUER + "/"}, "another issuer"),
        ({"iss": None}, "lacks one of"),
        ({"aud": "somebody-else"}, "another audience"),
        ({"aud": None}, "lacks one of"),
        ({"exp": 1}, "has expired"),
        ({"exp": int(time.time()) - LEEWAY_SECONDS - 60}, "has expired"),
        ({"exp": None}, "lacks one of"),
        ({"exp": "soon"}, "is wrong"),
        ({"nbf": int(time.time()) + 3600}, "not valid yet"),
        ({"sub": None}, "lacks one of"),
        ({"sub": ""}, "names nobody"),
        ({"sub": "ada\nroot"}, "names nobody"),
    ],
)
def test_a_claim_that_is_wrong_is_named(members: dict[str, Any], fault: str) -> None:
    assert fault in refused(token(**members))


def refused(text: str, keys: list[dict[str, Any]] | None = None, **members: Any) -> str:
    with pytest.raises(Unauthorized) as error:
        check(text, keys, **members)
    header = error.value.headers()["WWW-Authenticate"]
    assert header.startswith("Bearer ")
    assert 'error="invalid_token"' in header
    assert header.isprintable()
    return error.value.fault


def part(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def forged(header: Mapping[str, Any], sign: Any = lambda _: b"") -> str:
    signed = f"{part(json.dumps(header).encode())}.{part(json.dumps(claims()).encode())}"
    return f"{signed}.{part(sign(signed.encode()))}"


def by_hmac(secret: bytes) -> Any:
    return lambda signed: hmac.new(secret, signed, hashlib.sha256).digest()


@pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE", "", "HS256"])
def test_a_token_without_a_signature_is_refused(name: str) -> None:
    assert refused(forged({"alg": name, "kid": "rsa"}))
    assert refused(forged({"kid": "rsa"}))
    assert refused(forged({"alg": "RS256", "kid": "rsa"}))


@pytest.mark.parametrize("name", ["rsa", "shared", "ec"])
def test_a_public_key_is_no_secret_to_sign_with(name: str) -> None:
    pem = RSA.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    for secret in (pem, pem.strip(), json.dumps(KEYS[0]).encode(), b"x" * 32, b""):
        assert refused(forged({"alg": "HS256", "kid": name}, by_hmac(secret)))
        assert refused(forged({"alg": "RS256", "kid": name}, by_hmac(secret)))


def test_keys_and_urls_in_a_token_are_not_believed() -> None:
    own = published(RSAAlgorithm, OTHER_RSA, "rsa")
    for header in ({"jwk": own}, {"jku": "https://evil.example"}, {"x5u": "https://evil.example"}, {"kid": "../rsa"}):
        made = jwt.encode(claims(), OTHER_RSA, "RS256", headers={"kid": "rsa", **header})
        assert refused(made) in ("the signature is wrong", "the issuer publishes no key that fits the token")


def test_a_key_is_used_for_what_it_is_published_for() -> None:
    assert refused(token(OTHER_RSA, kid="for-encryption"))
    assert refused(token(RSA, "RS512"), jwt_algorithms=("RS512",)), "the key is published for RS256"
    assert refused(token(RSA, "PS256")), "the key is published for RS256"
    assert refused(token(EC, "ES256", "rsa"))
    assert refused(token(RSA, "RS256", "ec"))
    assert refused(token(OTHER_RSA)), "it names a key that is not its own"
    assert refused(jwt.encode(claims(), EC_384, "ES384", headers={"kid": "ec-384"})), "not among the settings"
    assert check(jwt.encode(claims(), EC_384, "ES384", headers={"kid": "ec-384"}), jwt_algorithms=("ES384",))


@pytest.mark.parametrize(
    "text", ["..", "a.b.c", "e30.e30.", "é.é.é", "\x00.\x00.\x00", "a" * 5000 + "..", "W10.W10.W10", "bnVsbA.e30.e30"]
)
def test_what_is_no_token_is_refused(text: str) -> None:
    assert refused(text)


def test_extensions_that_must_be_understood_are_refused() -> None:
    assert refused(jwt.encode(claims(), RSA, "RS256", headers={"kid": "rsa", "crit": ["exp"], "exp": 1}))
    assert refused(forged({"alg": "RS256", "kid": 7}))


@pytest.mark.parametrize("name", ["none", "HS256", "HS512", "RS1"])
def test_the_settings_take_no_algorithm_whose_keys_cannot_be_published(name: str) -> None:
    with pytest.raises(ValueError, match="is none of"):
        settings(jwt_algorithms=(name,))


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("roles", {"a", "b"}),
        ("realm_access.roles", {"c"}),
        ("https://x.example/roles", {"d"}),
        ("scope", {"e", "f"}),
        ("realm_access", set()),
        ("roles.a", set()),
        ("nowhere.at.all", set()),
        ("number", set()),
    ],
)
def test_roles_are_read_from_the_claim_that_the_settings_name(path: str, found: set[str]) -> None:
    said = {
        "roles": ["a", "b", 7, None],
        "realm_access": {"roles": ["c"]},
        "https://x.example/roles": ["d"],
        "scope": "e f",
        "number": 7,
    }
    assert roles_in(said, path) == found


class Issuer:
    """Whose keys may change, and which may be away, at a time of the test's own."""

    def __init__(self) -> None:
        self.time = 0.0
        self.asked = 0
        self.keys: list[dict[str, Any]] = [KEYS[0]]
        self.is_away = False
        self.published = PublishedKeys(self.fetch, lambda: self.time)

    async def fetch(self) -> list[dict[str, Any]]:
        self.asked += 1
        await asyncio.sleep(0)
        if self.is_away:
            raise OSError("away")
        return self.keys

    def see(self, wanted: str = "rsa") -> list[Any]:
        return [key["kid"] for key in asyncio.run(self.published.keys(wanted))]


def test_keys_are_fetched_once_and_again_after_a_while() -> None:
    issuer = Issuer()
    assert [issuer.see() for _ in range(5)] == [["rsa"]] * 5
    assert issuer.asked == 1
    issuer.time = FRESH_SECONDS + 1
    issuer.see()
    assert issuer.asked == 2


def test_an_unknown_key_is_looked_for_but_not_all_the_time() -> None:
    issuer = Issuer()
    issuer.see()
    issuer.keys = KEYS[:2]
    assert issuer.see("ec") == ["rsa"], "only after a pause"
    issuer.time = PAUSE_SECONDS + 1
    assert issuer.see("ec") == ["rsa", "ec"]
    for number in range(20):
        issuer.see(f"made up {number}")
    assert issuer.asked == 2


def test_requests_at_the_same_time_fetch_once() -> None:
    issuer = Issuer()

    async def many() -> None:
        await asyncio.gather(*(issuer.published.keys("rsa") for _ in range(50)))

    asyncio.run(many())
    assert issuer.asked == 1


def test_known_keys_are_good_while_the_issuer_is_away_but_not_for_ever() -> None:
    issuer = Issuer()
    issuer.see()
    issuer.is_away = True
    issuer.time = KEPT_SECONDS - 1
    assert issuer.see() == ["rsa"]
    issuer.time = KEPT_SECONDS + 1
    with pytest.raises(Unavailable):
        issuer.see()


def test_an_issuer_that_was_never_reached_is_a_problem_of_the_server() -> None:
    issuer = Issuer()
    issuer.is_away = True
    for _ in range(5):
        with pytest.raises(Unavailable):
            issuer.see()
    assert issuer.asked == 1, "the next try waits for the pause"
    issuer.is_away, issuer.time = False, PAUSE_SECONDS + 1
    assert issuer.see() == ["rsa"]


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"keys": 1}', b"<html>", b'{"keys": null}'])
def test_what_is_no_set_of_keys_is_not_taken(content: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of two libraries
        read_keys(content)


class Publisher(BaseHTTPRequestHandler):
    """An issuer on this machine."""

    def do_GET(self) -> None:
        body = json.dumps({"keys": KEYS}).encode() if self.path == "/keys" else b" " * (LARGEST + 1)
        self.send_response(302 if self.path == "/elsewhere" else 200)
        self.send_header("Location", "http://localhost:9/keys")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with suppress(OSError):
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing."""


def test_keys_come_from_the_host_that_the_operator_names_and_from_no_other() -> None:
    """It may be a private one."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Publisher)
    Thread(target=server.serve_forever, daemon=True).start()

    async def keys(path: str) -> Any:
        url = f"http://127.0.0.1:{server.server_port}{path}"
        return await PublishedKeys(fetch_from(settings(jwt_jwks_url=url))).keys("rsa")

    try:
        assert asyncio.run(keys("/keys")) == KEYS
        for path in ("/elsewhere", "/large"):
            with pytest.raises(Unavailable):
                asyncio.run(keys(path))
    finally:
        server.shutdown()
        server.server_close()
