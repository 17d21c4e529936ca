"""Every URL and link of this server is built here, from the public URL or a host that can be trusted."""

from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import Request

from ..settings import Settings

REL = "http://www.opengis.net/def/rel/ogc/1.0/"
JSON = "application/json"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")

Link = dict[str, str]


def link(href: str, rel: str, title: str, media_type: str = JSON) -> Link:
    return {"href": href, "rel": rel, "type": media_type, "title": title}


@dataclass(frozen=True, slots=True)
class Urls:
    """Absolute URLs of all resources below one base, which has no slash at its end."""

    base: str

    @property
    def landing_page(self) -> str:
        return f"{self.base}/"

    @property
    def api_definition(self) -> str:
        return f"{self.base}/api"

    @property
    def conformance(self) -> str:
        return f"{self.base}/conformance"

    @property
    def processes(self) -> str:
        return f"{self.base}/processes"

    def process(self, process_id: str) -> str:
        return f"{self.processes}/{quote(process_id, safe='')}"

    def execution(self, process_id: str) -> str:
        return f"{self.process(process_id)}/execution"

    @property
    def jobs(self) -> str:
        return f"{self.base}/jobs"

    def job(self, job_id: str) -> str:
        return f"{self.jobs}/{job_id}"

    def results(self, job_id: str) -> str:
        return f"{self.job(job_id)}/results"

    def output(self, job_id: str, name: str) -> str:
        return f"{self.results(job_id)}/{quote(name, safe='')}"


def with_query(url: str, **query: Any) -> str:
    return f"{url}?{urlencode(query)}" if query else url


def urls_for(request: Request, settings: Settings) -> Urls:
    """The public URL where it is set. A `Host` header is believed only if it is loopback or named in the settings."""
    if settings.public_url:
        return Urls(settings.public_url.rstrip("/"))
    scheme, host = request.url.scheme, request.headers.get("host", "")
    if _is_trusted_proxy(request, settings):
        scheme = _first(request.headers.get("x-forwarded-proto")) or scheme
        host = _first(request.headers.get("x-forwarded-host")) or host
        return Urls(f"{scheme}://{host}{_prefix(request)}")
    name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
    if name.lower() in LOOPBACK or name.lower() in settings.trusted_hosts:
        return Urls(f"{scheme}://{host}")
    return Urls(f"{scheme}://{settings.host}:{settings.port}")


def _first(header: str | None) -> str:
    return (header or "").split(",")[0].strip()


def _prefix(request: Request) -> str:
    return _first(request.headers.get("x-forwarded-prefix")).rstrip("/")


def _is_trusted_proxy(request: Request, settings: Settings) -> bool:
    if not settings.trusted_proxies or not request.client:
        return False
    address = ip_address(request.client.host)
    return any(address in ip_network(network, strict=False) for network in settings.trusted_proxies)
