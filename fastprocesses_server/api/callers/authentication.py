"""Who sends a request, found out before any route runs, and which resources are there for everybody."""

from collections.abc import Callable

from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...errors import Problem, Unauthorized, Unavailable
from ...jobs.connection import STORE_ERRORS, trouble
from ...links import DESCRIPTION_FILE_SCHEMA
from ...settings import Settings
from ..middleware.origins import SAFE, is_foreign_request
from ..problems import problem_response
from .caller import NOBODY, Caller, caller_of
from .credentials import REMEDY, Credentials, shows_metrics_token
from .refusals import Refusals

UNASKED = ("/health/live", "/static/", "/logo", DESCRIPTION_FILE_SCHEMA)
"""The same for all; whoever asks for it is not looked at."""
OPEN = frozenset(["/", "/conformance", "/api", "/health/ready", "/login", "/logout"])
"""Where clients learn what the server is and how to say who they are; it may differ by caller."""
METRICS = "/metrics"
VARY = "Authorization, X-API-Key, Cookie"


def is_unasked(path: str) -> bool:
    return path.startswith(UNASKED)


class Authentication:
    """Sets `request.state.caller`; answers 401 itself, and keeps what shared caches may hold apart.

    `limited` counts the requests of callers, and refusals as requests of the address that they come from.
    """

    def __init__(
        self,
        app: ASGIApp,
        settings: Settings,
        credentials: Credentials,
        refusals: Refusals,
        limited: Callable[[ASGIApp], ASGIApp],
    ) -> None:
        self.app = limited(app)
        self.limited = limited
        self.settings = settings
        self.credentials = credentials
        self.refusals = refusals

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] == "OPTIONS" or is_unasked(scope["path"]):
            await self.app(scope, receive, send)
            return
        request, answer = Request(scope, receive), _private(send, self.settings.user_header)
        request.state.caller = NOBODY
        try:
            await self._look(request)
        except Problem as problem:
            await self.limited(problem_response(request, problem))(scope, receive, answer)
        except STORE_ERRORS as error:
            unavailable = Unavailable(f"The job store {trouble(error)}. Try again in a moment.")
            await problem_response(request, unavailable)(scope, receive, answer)
        else:
            await self.app(scope, receive, answer)

    async def _look(self, request: Request) -> None:
        is_for_metrics = request.scope["path"] == METRICS
        if is_for_metrics and shows_metrics_token(request.headers.get("authorization", ""), self.settings):
            return
        try:
            request.state.caller = await _recognised(request, self.credentials)
        except Unauthorized as problem:
            raise await self.refusals.answer(request, problem) from None
        if request.state.caller == NOBODY and self.settings.auth == "required" and request.scope["path"] not in OPEN:
            raise Unauthorized(f"This server wants to know who asks. {REMEDY}")


async def _recognised(request: Request, credentials: Credentials) -> Caller:
    """A cookie is sent by the browser alone, so that it counts only where our own pages send it."""
    takes_cookie = request.method in SAFE or not is_foreign_request(request, credentials.settings)
    return await credentials.caller(request, takes_cookie=takes_cookie)


async def is_known_still(request: Request) -> bool:
    """For answers that go on: whether what was shown stands for the same caller, with the same roles, as it did."""
    credentials: Credentials | None = getattr(request.app.state, "credentials", None)
    if credentials is None:
        return True
    try:
        return await _recognised(request, credentials) == caller_of(request)
    except Unauthorized:
        return False
    except (Unavailable, *STORE_ERRORS):  # a session or an issuer's key cannot be looked for now
        return True


def _private(send: Send, user_header: str | None) -> Send:
    """Nobody else may get from a cache what this caller gets."""

    async def marked(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            kept = headers.get("cache-control")
            if kept is None:
                headers["Cache-Control"] = "private, no-cache"
            elif "no-store" not in kept and "private" not in kept:
                headers["Cache-Control"] = f"private, {kept}"
            headers.add_vary_header(f"{VARY}, {user_header}" if user_header else VARY)
        await send(message)

    return marked
