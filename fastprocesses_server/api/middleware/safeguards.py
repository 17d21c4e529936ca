"""Headers of every answer that tell browsers what not to do with it."""

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...settings import Settings
from ..base_url import urls_for
from .origins import allowed_origins

NOTHING = "default-src 'none'; frame-ancestors 'none'"
"""Should a browser show it as a page: nothing in it runs or loads, and no other page frames it."""
NEVER_RUN = f"sandbox; {NOTHING}"
"""Nor is it of the same origin as our pages: scripts of an SVG, for instance."""


class Safeguards:
    """Adds those that an answer does not have; pages and results have stricter or wider ones of their own."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.settings = settings
        headers = {
            "content-security-policy": NOTHING,
            "cross-origin-resource-policy": embedders(settings),
            "referrer-policy": "same-origin",
            "x-content-type-options": "nosniff",
        }
        self.headers = _encoded(headers)
        self.secure = [*self.headers, *_encoded({"strict-transport-security": f"max-age={settings.hsts_seconds}"})]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        wanted = self.secure if self.settings.hsts_seconds and self._is_secure(scope) else self.headers

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message["headers"]
                named = {name for name, _ in headers}
                message["headers"] = [*headers, *(header for header in wanted if header[0] not in named)]
            await send(message)

        await self.app(scope, receive, marked)

    def _is_secure(self, scope: Scope) -> bool:
        """Whether the client came by TLS, as far as the settings or a trusted proxy say."""
        if self.settings.public_url:
            return self.settings.public_url.startswith("https:")
        if scope["scheme"] != "https" and not self.settings.trusted_proxies:
            return False
        return urls_for(Request(scope), self.settings).base.startswith("https:")


def embedders(settings: Settings) -> str:
    """Whose pages may show an answer as a picture or run it as a script, for which browsers ask nobody.

    With a session's cookie, which sites of the same domain have sent along, they would read what is the caller's.
    """
    allowed = allowed_origins(settings)
    if settings.asks_who or not (allowed.are_all or allowed.pattern):
        return "same-origin"
    return "cross-origin" if allowed.are_all else "same-site"  # of one host, whatever the port


def _encoded(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in headers.items()]
