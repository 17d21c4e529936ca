"""Which processes a caller sees, what a caller is known by, and what whoever starts the server is told: decisions."""

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import Request
from redis.exceptions import ConnectionError as RedisIsAway

from fastprocesses_server.api.callers.access import Views, refusal
from fastprocesses_server.api.callers.authentication import OPEN, is_known_still, is_unasked
from fastprocesses_server.api.callers.caller import ADMIN, NOBODY, Caller
from fastprocesses_server.api.callers.credentials import Credentials
from fastprocesses_server.api.callers.login import local
from fastprocesses_server.api.exposures import exposures
from fastprocesses_server.api.openapi.security import secured
from fastprocesses_server.errors import Forbidden, Unauthorized, Unavailable
from fastprocesses_server.jobs.api_keys import ApiKey, make_key
from fastprocesses_server.processes.description import Access, Process
from fastprocesses_server.processes.registry import Registry
from fastprocesses_server.settings import Settings


def process(name: str, *roles: str, version: str = "1.0.0") -> Process:
    access = Access(roles=list(roles)) if roles else None
    return Process(id=name, version=version, callable="m:f", fingerprint="", source="", access=access, title=name)


OPEN_TO_ALL, FOR_ANALYSTS, FOR_BOTH = process("open"), process("secret", "analyst"), process("both", "analyst", "boss")
REGISTRY = Registry(
    {one.id: one for one in (OPEN_TO_ALL, FOR_ANALYSTS, FOR_BOTH)},
    older={"open:0.9": process("open", "boss", version="0.9").model_copy(update={"id": "open:0.9"})},
)
SOMEBODY, ANALYST, BOSS = (Caller(f"key:{role}", frozenset([role])) for role in ("other", "analyst", "boss"))
ADMINISTRATOR = Caller("key:root", frozenset([ADMIN]))


@pytest.mark.parametrize(
    ("auth", "caller", "seen"),
    [
        ("off", NOBODY, {"open"}),
        ("optional", NOBODY, {"open"}),
        ("required", NOBODY, set()),
        ("required", SOMEBODY, {"open"}),
        ("optional", ANALYST, {"open", "secret", "both"}),
        ("required", BOSS, {"open", "both", "open:0.9"}),
        ("required", ADMINISTRATOR, {"open", "secret", "both", "open:0.9"}),
    ],
)
def test_callers_see_what_they_may_run(auth: Any, caller: Caller, seen: set[str]) -> None:
    assert set(Views(REGISTRY, Settings(auth=auth)).of(caller).ids) == seen


def test_callers_who_see_the_same_share_it() -> None:
    views = Views(REGISTRY, Settings(auth="required"))
    assert views.of(ANALYST) is views.of(Caller("jwt:eve", frozenset(["analyst", "unheard of"])))
    assert views.key(SOMEBODY) != views.key(NOBODY), "nobody sees nothing"
    assert views.of(ADMINISTRATOR) is REGISTRY
    for number in range(2000):
        views.of(Caller(f"key:{number}", frozenset([f"role {number}"])))
    assert len(views.kept) <= 4


def test_where_nothing_is_restricted_nothing_is_looked_up() -> None:
    plain = Registry({"open": OPEN_TO_ALL})
    assert Views(plain, Settings()).is_for_all
    assert Views(plain, Settings(auth="optional")).is_for_all
    assert not Views(plain, Settings(auth="required")).is_for_all


def test_a_refusal_names_its_remedy() -> None:
    off, on = Settings(), Settings(auth="optional")
    assert "FP_AUTH is off" in refusal(FOR_BOTH, NOBODY, off).detail
    assert isinstance(refusal(FOR_BOTH, NOBODY, on), Unauthorized)
    problem = refusal(FOR_BOTH, SOMEBODY, on)
    assert isinstance(problem, Forbidden)
    assert "one of these roles: analyst, boss" in problem.detail


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.9.9.9"])
def test_who_listens_to_this_machine_alone_is_not_warned(host: str) -> None:
    assert exposures(Settings(host=host), Registry({})) == []


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "server.example", ""])
def test_who_listens_to_all_and_asks_nobody_is_warned_once(host: str) -> None:
    (warning,) = exposures(Settings(host=host), Registry({}))
    assert "FP_AUTH=required" in warning
    assert exposures(Settings(host=host, auth="required"), Registry({})) == []


TOKENS = {"auth": "required", "jwt_audience": "processes"}


def test_tokens_that_come_without_tls_are_told() -> None:
    keys, issuer = "http://login.example/certs", "http://login.example/realms/city"
    said = exposures(Settings(**TOKENS, jwt_issuer=issuer, jwt_jwks_url=keys), Registry({}))
    assert [line.partition(" has no TLS")[0] for line in said] == [f"FP_JWT_JWKS_URL={keys}", f"FP_JWT_ISSUER={issuer}"]
    assert "use https" in said[0]


@pytest.mark.parametrize(
    "host", ["https://login.example", "http://localhost:8080", "http://127.0.0.1", "http://[::1]:80"]
)
def test_tls_or_this_machine_is_enough_for_tokens(host: str) -> None:
    assert exposures(Settings(**TOKENS, jwt_issuer=host, jwt_jwks_url=f"{host}/certs"), Registry({})) == []
    assert exposures(Settings(**TOKENS, jwt_issuer="city", jwt_jwks_url=f"{host}/certs"), Registry({})) == []


def test_roles_that_nobody_can_have_are_told() -> None:
    (warning,) = exposures(Settings(), REGISTRY)
    assert warning == "secret, both, open:0.9: nobody may run what has `access` while FP_AUTH is off"


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"user_header": "X-User"}, "FP_TRUSTED_PROXIES"),
        ({"roles_header": "X-Roles"}, "FP_ROLES_HEADER says nothing without FP_USER_HEADER"),
        ({"jwt_issuer": "x"}, "FP_JWT_AUDIENCE, FP_JWT_JWKS_URL must be set too"),
        ({"jwt_issuer": "x", "jwt_audience": "x", "jwt_jwks_url": "file:///etc/passwd"}, "must begin with https://"),
        ({"user_header": "X-User", "trusted_proxies": ("10.0.0.7", "::/0")}, "names all addresses"),
        ({"user_header": "X-User", "trusted_proxies": ("0.0.0.0/0",)}, "names all addresses"),
        ({"auth": "yes"}, "Input should be"),
    ],
)
def test_settings_that_would_believe_too_much_stop_the_start(members: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Settings(**members)


SESSION = "session".ljust(43, "_")
SECRET, KEY = make_key("ada", ["analyst"], None, datetime.now(UTC))
PROXY, ELSEWHERE = "10.0.0.1", "10.0.1.1"


class Ring:
    async def find(self, secret: str) -> ApiKey | None:
        return KEY if secret == SECRET else None

    async def find_digest(self, digest: str) -> ApiKey | None:
        return KEY if digest == KEY.digest else None


class Opened:
    async def digest(self, token: str) -> str | None:
        return KEY.digest if token == SESSION else None


BEHIND = Settings(auth="required", trusted_proxies=("10.0.0.0/24",), user_header="X-User", roles_header="X-Roles")


def request_with(*headers: tuple[str, str], address: str | None = ELSEWHERE, **scope: Any) -> Request:
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
    client = (address, 1) if address is not None else None
    return Request({"type": "http", "scheme": "http", "method": "GET", "headers": raw, "client": client, **scope})


def caller(
    *headers: tuple[str, str], address: str | None = ELSEWHERE, settings: Settings = BEHIND, cookie: bool = True
) -> Caller:
    ring, sessions = SimpleNamespace(find=Ring().find, find_digest=Ring().find_digest), Opened()
    credentials = Credentials(settings, ring, sessions)  # type: ignore[arg-type] # doubles
    return asyncio.run(credentials.caller(request_with(*headers, address=address), takes_cookie=cookie))


@pytest.mark.parametrize(
    "header",
    [
        ("Authorization", f"Bearer {SECRET}"),
        ("authorization", f"bearer  {SECRET} "),
        ("X-API-Key", SECRET),
        ("Cookie", f"other=1; fp_session={SESSION}"),
    ],
)
def test_a_key_is_taken_from_each_place(header: tuple[str, str]) -> None:
    assert caller(header) == Caller("key:ada", frozenset(["analyst"]))


@pytest.mark.parametrize(
    "headers", [[], [("Authorization", "Basic YTpi")], [("Cookie", "fp_session=ended")], [("Cookie", f"x={SECRET}")]]
)
def test_who_shows_nothing_is_nobody(headers: list[tuple[str, str]]) -> None:
    assert caller(*headers) == NOBODY


def test_a_cookie_counts_only_where_our_own_pages_send_it() -> None:
    assert caller(("Cookie", f"fp_session={SESSION}"), cookie=False) == NOBODY


WRONG = {"made up": "fp_wrong", "no token": "a.b.c", "long": "x" * 100_000, "longer": SECRET + "x", "no ASCII": "é"}


@pytest.mark.parametrize("value", WRONG.values(), ids=WRONG.keys())
def test_what_is_shown_on_purpose_must_be_right(value: str) -> None:
    for headers in ([("Authorization", f"Bearer {value}")], [("X-API-Key", value)]):
        with pytest.raises(Unauthorized) as error:
            caller(*headers, ("Cookie", f"fp_session={SESSION}"))
        assert value not in error.value.detail + str(error.value.headers())


def test_a_header_of_a_trusted_proxy_names_the_caller() -> None:
    headers = [("X-User", " ada@city.example "), ("X-Roles", "analyst, boss,"), ("X-Roles", "third")]
    found = caller(*headers, address=PROXY)
    assert (found.name, found.roles) == ("user:ada@city.example", {"analyst", "boss", "third"})
    assert caller(*headers, address=f"::ffff:{PROXY}") == found
    assert caller(("X-User", ""), address=PROXY) == NOBODY
    assert caller(("X-User", "eve"), ("X-API-Key", SECRET), address=PROXY).name == "key:ada"
    assert caller(("X-User", "eve"), ("Authorization", "Bearer the-proxy's-own"), address=PROXY).name == "user:eve"


@pytest.mark.parametrize("address", [ELSEWHERE, "127.0.0.1", "::1", "", "not an address", None, "::ffff:10.0.1.1"])
def test_the_same_header_from_elsewhere_is_nobody(address: str | None) -> None:
    headers = [("X-User", "admin"), ("X-Roles", "admin"), ("X-Forwarded-For", PROXY), ("Forwarded", f"for={PROXY}")]
    assert caller(*headers, address=address) == NOBODY


def test_a_header_that_was_added_to_another_is_refused() -> None:
    with pytest.raises(Unauthorized, match="must replace X-User"):
        caller(("X-User", "eve"), ("X-User", "ada"), address=PROXY)


@pytest.mark.parametrize("name", ["ada\x85", "\xad", "a\tb"])
def test_a_header_without_a_name_that_can_be_read_is_refused(name: str) -> None:
    with pytest.raises(Unauthorized, match="in X-User is no name"):
        caller(("X-User", f"x{name}x"), address=PROXY)


def test_no_header_is_believed_that_the_settings_do_not_name() -> None:
    settings = Settings(auth="required", trusted_proxies=("10.0.0.0/24",))
    headers = [("X-User", "ada"), ("X-Forwarded-User", "ada"), ("Remote-User", "ada"), ("X-Roles", "admin")]
    assert caller(*headers, address=PROXY, settings=settings) == NOBODY


ADA = Caller("key:ada", frozenset(["analyst"]))


@pytest.mark.parametrize(
    ("was", "found", "is_known"),
    [
        (ADA, ADA, True),
        (ADA, NOBODY, False),
        (ADA, Caller("key:ada"), False),
        (ADA, Unauthorized("revoked"), False),
        (ADA, Unavailable("the issuer is away"), True),
        (ADA, RedisIsAway(), True),
        (NOBODY, None, True),
    ],
)
def test_an_answer_that_goes_on_is_for_whom_it_began(
    was: Caller, found: Caller | Exception | None, is_known: bool
) -> None:
    async def look(_request: Request, *, takes_cookie: bool) -> Caller:
        if isinstance(found, Exception):
            raise found
        assert takes_cookie
        assert found
        return found

    state = SimpleNamespace(credentials=SimpleNamespace(caller=look, settings=BEHIND)) if found else SimpleNamespace()
    request = request_with(app=SimpleNamespace(state=state), state={"caller": was})
    assert asyncio.run(is_known_still(request)) == is_known


@pytest.mark.parametrize(
    ("asked", "location"),
    [
        ("/", "./"),
        ("", "./"),
        ("/jobs?status=failed", "./jobs?status=failed"),
        ("//evil.example/x", "./evil.example/x"),
        ("/\\evil.example", "./evil.example"),
        ("\\\\evil.example", "./evil.example"),
        ("https://evil.example/", "./https://evil.example/"),
        ("javascript:alert(1)", "./javascript:alert(1)"),
        ("/../../x", "./x"),
        ("/x\r\nSet-Cookie: a=b", "./x%0D%0ASet-Cookie:%20a=b"),
    ],
)
def test_a_log_in_leads_nowhere_else(asked: str, location: str) -> None:
    assert local(asked) == location


@pytest.mark.parametrize("path", ["/health/live", "/static/pages.css", "/logo", "/schemas/description-file.json"])
def test_what_is_the_same_for_all_asks_nobody(path: str) -> None:
    assert is_unasked(path)


@pytest.mark.parametrize("path", ["/processes", "/jobs", "/healthy", "/statics", "/jobs/static/", "/metrics"])
def test_everything_else_does(path: str) -> None:
    assert not is_unasked(path)
    assert path not in OPEN


def test_the_definition_says_how_to_show_who_one_is() -> None:
    answers = {"200": {}}
    paths = {path: {"get": {"responses": answers}} for path in ("/", "/processes/{processID}", "/health/live")}
    plain: dict[str, Any] = {"servers": [{"url": "http://localhost"}], "paths": paths, "components": {}}
    assert secured(plain, Settings()) is plain
    required, optional = (secured(plain, Settings(auth=auth)) for auth in ("required", "optional"))
    assert {} in optional["security"]
    assert {} not in required["security"]
    assert {name for one in required["security"] for name in one} == set(required["components"]["securitySchemes"])
    assert set(required["paths"]["/processes/{processID}"]["get"]["responses"]) == {"200", "401", "403", "429"}
    assert {} in required["paths"]["/"]["get"]["security"]
    assert required["paths"]["/health/live"]["get"] == {"security": [], "responses": answers}
