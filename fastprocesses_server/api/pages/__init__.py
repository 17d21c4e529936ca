"""HTML: templates, and in `static` the files that pages need."""

import re
from datetime import timedelta
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import orjson
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PackageLoader
from markupsafe import Markup

from ...json_path import json_path
from ...settings import Settings

DIRECTIONS = re.compile(r"[\u202a-\u202e\u2066-\u2069]")

STATIC = Path(__file__).parent / "static"
IMPORT = re.compile(r"""^import [^"]*"\./([\w.-]+)";$""", re.MULTILINE)


@cache
def templates(own: Path | None = None) -> Environment:
    """Everything that is put into a page is escaped. A template in the folder `own` takes the place of ours."""
    ours = PackageLoader(__package__, "templates")
    environment = Environment(
        loader=ChoiceLoader([FileSystemLoader(own), ours]) if own else ours,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["imported"] = imported
    environment.globals["json_path"] = json_path
    environment.filters["as_json"] = as_json
    environment.filters["as_short_json"] = as_short_json
    environment.filters["for_script"] = for_script
    environment.filters["visible"] = visible
    environment.filters["duration"] = duration
    return environment


def visible(text: str) -> str:
    """With the characters that turn the order of a text around written out: `\\u202e`."""
    return DIRECTIONS.sub(lambda sign: f"\\u{ord(sign[0]):x}", text)


def as_json(value: object) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()


def as_short_json(value: object) -> str:
    return orjson.dumps(value).decode()


def for_script(value: object) -> Markup:
    """JSON for an element `script`, which no text within can end."""
    return Markup(as_short_json(value).replace("<", r"\u003c"))  # noqa: S704 - nothing in it is markup


def duration(seconds: float) -> str:
    """Hours, minutes and seconds: 1:02:03."""
    return str(timedelta(seconds=round(seconds)))


@cache
def imported(*scripts: str) -> tuple[str, ...]:
    """The modules that scripts import at once, and theirs. Pages name them, so that browsers need not find out."""
    found = dict.fromkeys(scripts)
    waiting = [*scripts]
    while waiting:
        for name in IMPORT.findall((STATIC / waiting.pop()).read_text(encoding="utf-8")):
            if name not in found:
                found[name] = None
                waiting.append(name)
    return tuple(found)[len(scripts) :]


@cache
def static_files() -> dict[str, Path]:
    """By their paths below `static`."""
    folder = Path(__file__).parent / "static"
    return {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}


def page_headers(settings: Settings) -> dict[str, str]:
    """Of every page: scripts, styles, pictures and requests are this server's alone, but for the tiles of the map."""
    tiles = urlsplit(settings.map_tiles or "")
    pictures = f" {tiles.scheme}://{tiles.netloc.replace('{s}', '*')}" if tiles.netloc else ""
    policy = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": f"'self' data: blob:{pictures}",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    }
