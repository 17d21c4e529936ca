"""Query parameters by the rules of OGC API - Common, with everything that is wrong with them at once."""

from urllib.parse import unquote_plus

from fastapi import Request

from ..errors import Complaint, InvalidRequest


class Query:
    """The parameters of one request. Readers answer None for what is missing or wrong, and `check` raises.

    Without blanks it is read as the form of a page means it, which sends the fields that were left empty.
    """

    def __init__(self, request: Request, *, without_blanks: bool = False) -> None:
        self.complaints: list[Complaint] = []
        self.values: dict[str, list[str]] = {}
        for pair in request.scope["query_string"].decode("latin-1").split("&"):
            name, _, value = pair.partition("=")
            if without_blanks and not value:
                continue
            self.values.setdefault(unquote_plus(name), []).append(value)

    def text(self, name: str) -> str | None:
        """Of a repeated parameter the last."""
        return unquote_plus(self.values[name][-1]) if name in self.values else None

    def items(self, name: str) -> list[str]:
        """An array: separated by commas, split before they are decoded; each repetition adds to it."""
        return [unquote_plus(item) for value in self.values.get(name, ()) for item in value.split(",")]

    def integer(self, name: str, *, least: int) -> int | None:
        return self._integer(name, self.text(name), least)

    def first_integer(self, name: str, *, least: int) -> int | None:
        """Of an array of which one item counts."""
        return self._integer(name, next(iter(self.items(name)), None), least)

    def _integer(self, name: str, text: str | None, least: int) -> int | None:
        if text is None:
            return None
        if text.isascii() and text.isdigit() and len(text) < 16 and int(text) >= least:
            return int(text)
        self.complain(name, f"must be an integer of at least {least}")
        return None

    def complain(self, name: str, message: str) -> None:
        self.complaints.append(Complaint(name, message))

    def check(self) -> None:
        """Raises InvalidRequest where there were complaints."""
        if self.complaints:
            raise InvalidRequest(self.complaints)
