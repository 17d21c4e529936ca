"""Links and the URLs of all resources, below a base that the API decides on."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urlencode

REL = "http://www.opengis.net/def/rel/ogc/1.0/"
JSON = "application/json"
HTML = "text/html"
JSON_SCHEMA = "application/schema+json"
PLAIN = "text/plain"
EVENT_STREAM = "text/event-stream"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
OPENAPI_31 = "application/vnd.oai.openapi+json;version=3.1"

DESCRIPTION_FILE_SCHEMA = "/schemas/description-file.json"

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

    def api_definition_as(self, form: str) -> str:
        """In the form that `f` names, whatever the client accepts."""
        return with_query(self.api_definition, f=form)

    @property
    def conformance(self) -> str:
        return f"{self.base}/conformance"

    @property
    def description_file_schema(self) -> str:
        return self.base + DESCRIPTION_FILE_SCHEMA

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

    def events(self, job_id: str) -> str:
        return f"{self.job(job_id)}/events"

    def log(self, job_id: str) -> str:
        return f"{self.job(job_id)}/logs"

    def output(self, job_id: str, name: str) -> str:
        return f"{self.results(job_id)}/{quote(name, safe='')}"

    def parse_output(self, href: str) -> tuple[str, str] | None:
        """Job and output, where the URL is one of `output`."""
        match = re.fullmatch(re.escape(self.jobs) + r"/([^/?#]+)/results/([^/?#]+)", href)
        return (match[1], unquote(match[2])) if match else None


def with_form(url: str, form: str) -> str:
    """The URL with `f`, and with no other `f`."""
    path, _, query = url.partition("?")
    kept = [pair for pair in query.split("&") if pair and not pair.startswith("f=")]
    return f"{path}?{'&'.join([*kept, f'f={form}'])}"


def with_query(url: str, **query: Any) -> str:
    return f"{url}?{urlencode(query, doseq=True, safe=':/')}" if query else url
