"""The conformance tests can fail: each of these mutations of real answers is noticed by one of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
import test_conformance_descriptions as descriptions
import test_conformance_html as html
import test_conformance_job_list as job_list
import test_conformance_jobs as jobs
import test_conformance_landing_page as landing_page
import test_conformance_modes as modes
import test_conformance_openapi as openapi
import test_conformance_process_list as process_list
import test_conformance_results as results
from mutations import (
    MutatingTransport,
    Mutation,
    asking,
    at,
    body,
    document,
    header,
    link,
    member,
    status,
    with_header,
    without,
    without_link,
    without_query,
)
from serving import Client, Server
from standard_schemas import ARE_THERE

EXECUTE = r"POST /processes/[\w-]+/execution"
JOB = r"GET /jobs/[\w-]+"
RESULTS = r"GET /jobs/[\w-]+/results"
DISMISS = r"DELETE /jobs/[\w-]+"


@dataclass(frozen=True)
class Case:
    """What goes wrong, and the test that notices it."""

    name: str
    mutation: Mutation
    check: Callable[[Client], None]
    needs_schemas: bool = False


def bad_limit(client: Client) -> None:
    process_list.test_a_bad_limit_is_refused(client, "/processes", "0")


def bad_status(client: Client) -> None:
    landing_page.test_every_error_is_a_problem(client, "GET", "/jobs?status=nope", 400, {})


def html_job(client: Client) -> None:
    html.test_the_page_of_a_job_shows_all_of_its_status(client, "")


def cases() -> Iterator[Case]:
    yield from documents()
    yield from jobs_and_modes()
    yield from shown_results()
    yield from pages()


def documents() -> Iterator[Case]:
    front, listing = landing_page, process_list
    top = front.test_the_landing_page_links_to_definition_conformance_and_processes
    declared = front.test_the_conformance_classes_are_declared
    glued = document(
        lambda shown: shown.update(conformsTo=["".join(shown["conformsTo"][:2]), *shown["conformsTo"][2:]])
    )
    yield Case("relative link", at("GET /", link("/processes", href="/processes")), top)
    yield Case("wrong relation", at("GET /", link("/conformance", rel="conformance")), top)
    yield Case("link without type", at("GET /", body(rb'"type":"application/json",', b"")), top)
    yield Case("landing page as text", at("GET /", header("content-type", "text/plain")), top)
    yield Case("conformance classes glued together", at("GET /conformance", glued), declared)
    yield Case(
        "limit ignored",
        asking("GET /processes", without_query("limit")),
        listing.test_no_more_processes_than_the_limit_are_listed,
    )
    yield Case("422 for 400", at("GET /processes", status(422, instead_of=400)), bad_limit)
    yield Case("problem without type", at("GET /jobs", without("type")), bad_status)
    yield Case(
        "next link missing",
        at("GET /processes", without_link("next")),
        listing.test_next_links_lead_through_all_processes_once,
    )
    yield Case(
        "next link to the same page",
        asking("GET /processes", without_query("offset", "cursor")),
        listing.test_next_links_lead_through_all_processes_once,
    )
    yield Case(
        "process without version",
        at("GET /processes", body(rb'"version"', b'"release"')),
        listing.test_processes_are_listed_with_id_and_version,
    )
    yield Case(
        "unknown process answered with 500",
        at("GET /processes/nope", status(500, instead_of=404)),
        listing.test_an_unknown_process_is_named_as_such,
    )
    yield Case(
        "input without schema",
        at("GET /processes/receive", body(rb'"schema":', b'"scheme":')),
        descriptions.test_every_input_has_a_schema_of_the_closed_kind,
    )
    yield Case(
        "OpenAPI 3.1 where 3.0 is said",
        at("GET /api", body(rb'"3\.0\.\d"', b'"3.1.0"')),
        openapi.test_the_definition_is_valid_openapi_3_0_without_foreign_references,
    )
    yield Case(
        "no CORS",
        at("GET /processes", header("access-control-allow-origin", None)),
        front.test_pages_of_other_origins_may_call,
    )


def jobs_and_modes() -> Iterator[Case]:
    created, told = modes.test_a_new_job_is_at_its_location_at_once, jobs.test_a_finished_job_has_a_status_document
    removed = jobs.test_a_finished_job_is_removed_with_its_results
    yield Case("null member", at(JOB, member("message", None)), told)
    yield Case("progress 250", at(JOB, member("progress", 250)), told)
    yield Case("unknown status", at(EXECUTE, member("status", "queued")), created)
    yield Case("status without type", at(JOB, without("type")), told, needs_schemas=True)
    yield Case(
        "time without zone",
        at(JOB, body(rb"(\d\d:\d\d:\d\d\.\d+)Z", rb"\1")),
        jobs.test_a_status_tells_the_process_and_the_times_in_order,
    )
    yield Case("Location missing", at(EXECUTE, header("location", None)), created)
    yield Case("Location relative", at(EXECUTE, header("location", "/jobs/1")), created)
    yield Case("200 for 201", at(EXECUTE, status(200, instead_of=201)), created)
    yield Case(
        "job without being asked",
        asking(EXECUTE, with_header("Prefer", "respond-async")),
        modes.test_without_preference_a_process_runs_synchronously_if_it_can,
    )
    yield Case(
        "preference applied in silence",
        at(EXECUTE, header("preference-applied", None)),
        modes.test_the_preference_that_was_honoured_is_told,
    )
    yield Case(
        "unknown job answered with 200", at(JOB, status(200, instead_of=404)), jobs.test_an_unknown_job_is_named_as_such
    )
    yield Case(
        "exception of another name",
        at(RESULTS, body(b"no-such-job", b"NoSuchJob")),
        jobs.test_an_unknown_job_is_named_as_such,
    )
    yield Case("results link missing", at(JOB, link("/results", rel="results")), told)
    yield Case("dismissed job still successful", at(DISMISS, member("status", "successful")), removed)
    yield Case("second dismissal answered with 200", at(DISMISS, status(200, instead_of=410)), removed)
    yield Case(
        "filter ignored", asking("GET /jobs", without_query("processID")), job_list.test_jobs_are_filtered_by_process
    )
    yield Case(
        "oldest job first",
        at("GET /jobs", document(lambda shown: shown.get("jobs", []).reverse())),
        job_list.test_next_links_lead_through_all_jobs_while_others_come,
    )


def shown_results() -> Iterator[Case]:
    raw, parts = results.test_one_output_is_sent_as_itself, results.test_several_outputs_are_sent_as_parts
    linked = results.test_outputs_by_reference_are_links_and_no_content
    yield Case("text in quotes", at(EXECUTE, body(b"HELLO", b'"HELLO"')), raw)
    yield Case("raw text as JSON", at(EXECUTE, header("content-type", "application/json")), raw)
    yield Case("multipart without boundary", at(EXECUTE, header("content-type", "multipart/related")), parts)
    yield Case("parts without Content-ID", at(EXECUTE, body(b"Content-ID: [^\r]*\r\n", b"")), parts)
    yield Case("200 for 204", at(EXECUTE, status(200, instead_of=204)), linked)
    yield Case("references without Link", at(EXECUTE, header("link", None)), linked)
    yield Case(
        "part by reference without address",
        at(EXECUTE, body(b"Content-Location: [^\r]*\r\n", b"")),
        results.test_a_part_by_reference_is_empty_and_says_where_its_content_is,
    )
    yield Case(
        "output missing in the document", at(EXECUTE, without("count")), results.test_a_document_holds_values_and_links
    )
    yield Case(
        "null for an output", at(EXECUTE, member("nothing", None)), results.test_a_document_holds_values_and_links
    )
    yield Case(
        "results of a job of another form",
        at(RESULTS, header("content-type", "text/plain")),
        results.test_a_document_of_a_job_holds_values_and_links,
    )


def pages() -> Iterator[Case]:
    """The patterns fit pages alone: the documents are as they were."""

    def shown(path: str) -> Callable[[Client], None]:
        return lambda client: html.test_a_page_shows_all_that_the_document_says(client, path)

    def named(client: Client) -> None:
        html.test_each_form_of_a_resource_names_itself_and_the_other(client, "/conformance")

    def dismissed(client: Client) -> None:
        html.test_the_answer_to_a_dismissal_may_be_a_page(client, html.WAYS[0])

    results_page = html.test_the_page_of_results_shows_values_and_links
    yield Case("page without its document type", at("GET /", body(b"<!DOCTYPE html>", b"")), shown("/"))
    yield Case("page with a tag left open", at("GET /", body(b"</main>", b"<b></main>")), shown("/"))
    yield Case(
        "page as XHTML", at("GET /conformance", header("content-type", "application/xhtml+xml")), shown("/conformance")
    )
    yield Case(
        "page without a link", at("GET /processes", body(rb'href="[^"]*echo/execution"', b"")), shown("/processes")
    )
    yield Case(
        "page without a version", at("GET /processes/echo", body(b"version ", b"version1")), shown("/processes/echo")
    )
    yield Case(
        "schema in part", at("GET /processes/echo", body(b"&#34;MultiPoint&#34;", b"")), shown("/processes/echo")
    )
    yield Case("page without the times", at(JOB, body(rb"<time [^>]*>", b"<time>")), html_job)
    yield Case("page without its value", at(RESULTS, body(rb"hi &#34;|hi \\&#34;", b"")), results_page)
    yield Case("dismissal as JSON", at(DISMISS, header("content-type", "application/json")), dismissed)
    yield Case("page that does not name its document", at("GET /conformance", header("link", None)), named)


@pytest.mark.parametrize("case", list(cases()), ids=lambda case: case.name)
def test_a_mutation_is_noticed(server: Server, client: Client, case: Case) -> None:
    if case.needs_schemas and not ARE_THERE:
        pytest.skip("no ../shared/ogc beside this checkout")
    case.check(client)
    transport = MutatingTransport(case.mutation)
    with Client(base_url=server.url, timeout=60, transport=transport) as mutated, pytest.raises(AssertionError):
        case.check(mutated)
    assert transport.changed
