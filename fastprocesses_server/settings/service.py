"""What the API offers: where it listens, to whom it answers, what it shows."""

import re
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, field_validator, model_validator

from ..processes.quantities import Bytes
from .kinds import Names, NamesIfAny, also, setting

UNIX = "unix"
"""In place of the address of a proxy: whoever reaches the Unix socket."""


class Listening(BaseModel):
    """Where the API listens, and what it believes of requests."""

    host: str = setting("127.0.0.1", "Address that the server listens on; 0.0.0.0 for all.")
    port: Annotated[int, Field(ge=0, le=65535)] = setting(8000, "Port that the server listens on.")
    unix_socket: Path | None = setting(
        None, "Unix socket that the server listens on instead, for a proxy on the same machine."
    )
    api_processes: Annotated[int, Field(ge=1)] = setting(
        1, "API processes that `serve` starts on one address, and starts again."
    )
    api_grace_seconds: Annotated[float, Field(ge=0)] = setting(
        5, "How long an API that is told to stop goes on answering the requests that it has."
    )
    public_url: str | None = setting(
        None, "URL under which clients reach the server, with its path; links are built from it."
    )
    trusted_hosts: Names = setting(
        (), "Host names besides loopback that links may be built from where FP_PUBLIC_URL is not set."
    )
    trusted_proxies: Names = setting(
        (),
        "Addresses or networks of proxies whose X-Forwarded-* headers are believed; "
        "unix for all who reach FP_UNIX_SOCKET.",
    )
    cors_allowed_origins: NamesIfAny = setting(
        None,
        "Origins whose pages may call the server from a browser, * for all, [] for none. "
        "Default: those of this machine where the server is for it alone, else *.",
        names=also("CORS_ALLOWED_ORIGINS"),
    )
    hsts_seconds: Annotated[int, Field(ge=0)] = setting(
        2_592_000,
        "Seconds for which browsers that came by TLS come back by TLS alone (HSTS), to all ports of the host; 0: off.",
    )
    max_body_size: Bytes = setting(64 * 1024**2, "Largest request body, for example 64MiB; larger ones get 413.")

    @property
    def is_public(self) -> bool:
        """Whether it listens to more than this machine."""
        try:
            return self.unix_socket is None and not ip_address(self.host).is_loopback
        except ValueError:
            return self.host != "localhost"

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            try:
                if network != UNIX:
                    ip_network(network, strict=False)
            except ValueError:
                raise ValueError(f"{network} is neither an address nor a network such as 10.0.0.0/8") from None
        return value

    @field_validator("public_url")
    @classmethod
    def _is_absolute(cls, value: str | None) -> str | None:
        if value is not None and not re.match(r"https?://[^/?#]+", value):
            raise ValueError("must begin with http:// or https:// and a host")
        if value is not None and re.search(r"[@?#\s]", value):
            raise ValueError("is a base for links, without user name, query or fragment")
        return value


class Answers(BaseModel):
    """How executions are answered."""

    sync_execution_timeout_seconds: Annotated[float, Field(gt=0)] | None = setting(
        None,
        "Where set, a synchronous execution that takes longer is answered with 504, "
        "and stopped where nobody else waits for it.",
        names=also("SYNC_EXECUTION_TIMEOUT_SECONDS"),
    )
    keep_sync_jobs: bool = setting(
        False, "Synchronous executions leave a public job behind, linked from their answers."
    )
    default_response: Literal["raw", "document"] = setting(
        "raw",
        "What requests that say no `response` get: "
        "raw, or document as in fastprocesses, which is outside the standard.",
    )
    default_mode: Literal["sync", "async"] = setting(
        "sync",
        "How requests without `Prefer` run where both modes are offered: "
        "sync, or async as in fastprocesses, which is outside the standard.",
    )
    job_list: Literal["all", "own", "off"] | None = setting(
        None,
        "Whose jobs /jobs lists: own; all, and everybody may see, though not dismiss, everybody's jobs; "
        "off: there is no list. Default: own where callers show who they are, else all.",
    )

    @model_validator(mode="after")
    def _own_jobs_have_makers(self) -> Self:
        if self.job_list == "own" and getattr(self, "auth", "off") == "off":
            raise ValueError("FP_JOB_LIST=own needs FP_AUTH: where nobody says who they are, no job is anybody's own")
        return self


class Pages(BaseModel):
    """What the pages look like."""

    templates_dir: Path | None = setting(
        None, "Folder whose templates (Jinja) take the place of those of the pages that have the same names."
    )
    logo: Path | None = setting(
        None, "Picture at the head of every page: a file, SVG, PNG or any other that browsers show."
    )
    map_tiles: str | None = setting(
        None,
        "Where maps get their background from, for example https://tile.example.org/{z}/{x}/{y}.png; "
        "empty: coastlines, from this server.",
    )
    map_attribution: str | None = setting(None, "Whom maps name as the source of that background.")


class About(BaseModel):
    """What the service says of itself."""

    api_title: str = setting("OGC API - Processes", "Title of the landing page.", names=also("API_TITLE"))
    api_version: str = setting("1.0.0", "Version of your API, as its definition shows it.", names=also("API_VERSION"))
    api_description: str = setting(
        "Processes published with fastprocesses-server.", "Text of the landing page.", names=also("API_DESCRIPTION")
    )
    api_contact_name: str | None = setting(None, "Who runs the service.", names=also("API_CONTACT_NAME"))
    api_contact_email: str | None = setting(None, "Address for questions.", names=also("API_CONTACT_EMAIL"))
    api_contact_url: str | None = setting(None, "Page for questions.", names=also("API_CONTACT_URL"))
    api_license_name: str | None = setting(None, "Licence of the service.", names=also("API_LICENSE_NAME"))
    api_license_url: str | None = setting(None, "Page of that licence.", names=also("API_LICENSE_URL"))
