"""Which form of a document a client gets, whether it has it already, and which methods there are."""

import asyncio
from functools import partial

import pytest
from serving import Client

from fastprocesses_server.api.documents import Document, KeptDocuments, link_header
from fastprocesses_server.api.negotiation import AS_HTML, AS_JSON, NotAcceptable, choose_form
from fastprocesses_server.links import link

DOCUMENTS = ["/", "/conformance", "/processes", "/processes?limit=1", "/processes/echo", "/api"]
JAVA = "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"


@pytest.mark.parametrize(
    "accept",
    [
        "",
        "*/*",
        "*",
        "application/json",
        "APPLICATION/JSON; charset=utf-8",
        "application/*",
        "text/html;q=0.5, application/json",
        "text/html; q=0, */*",
        "text/html, application/json",
        JAVA,
        "text/html, image/gif, image/jpeg, */*; q=0.2",
        ",;,q=",
        "nonsense",
        "application/json;q=high",
    ],
)
def test_json_is_what_clients_get_that_do_not_prefer_html(accept: str) -> None:
    assert choose_form(accept, (AS_JSON, AS_HTML)) == AS_JSON


@pytest.mark.parametrize(
    "accept",
    [
        "text/html",
        "text/*, application/json;q=0.9",
        "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8",
        "application/json;q=.1, text/html;q=.2",
        "application/json;q=0, */*",
    ],
)
def test_html_is_what_clients_get_that_prefer_it(accept: str) -> None:
    assert choose_form(accept, (AS_JSON, AS_HTML)) == AS_HTML


@pytest.mark.parametrize("accept", ["image/png", "*/*;q=0", "application/json;q=0", "image/*, application/xml"])
def test_a_client_that_accepts_nothing_of_what_there_is_gets_nothing(accept: str) -> None:
    with pytest.raises(NotAcceptable, match="application/json"):
        choose_form(accept, (AS_JSON, AS_HTML))


@pytest.mark.parametrize("path", DOCUMENTS)
def test_406_says_what_there_is(client: Client, path: str) -> None:
    response = client.get(path, headers={"Accept": "image/png"})
    assert response.status_code == 406
    assert response.json()["status"] == 406
    assert "json" in response.json()["detail"]


@pytest.mark.parametrize("path", DOCUMENTS)
def test_f_wins_over_accept(client: Client, path: str) -> None:
    response = client.get(f"{path}{'&' if '?' in path else '?'}f=json", headers={"Accept": "image/png"})
    assert response.status_code == 200
    assert "json" in response.headers["content-type"]


@pytest.mark.parametrize("path", ["/", "/conformance", "/processes", "/processes/echo", "/api"])
@pytest.mark.parametrize("form", ["xml", "", "JSON"])
def test_an_unknown_f_is_refused(client: Client, path: str, form: str) -> None:
    response = client.get(path, params={"f": form})
    assert response.status_code == 400
    assert [error["path"] for error in response.json()["errors"]] == ["f"]


def test_names_of_query_parameters_are_case_sensitive_and_unknown_ones_ignored(client: Client) -> None:
    expected = client.get("/processes").json()
    assert client.get("/processes?F=xml&LIMIT=0&colour=red").json() == expected


@pytest.mark.parametrize("path", DOCUMENTS)
def test_a_document_that_the_client_has_is_not_sent_again(client: Client, path: str) -> None:
    first = client.get(path)
    assert "accept" in first.headers["vary"].lower()
    tag = first.headers["etag"]
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        for method in ("GET", "HEAD"):
            again = client.request(method, path, headers={"If-None-Match": known})
            assert again.status_code == 304
            assert not again.content
            assert again.headers["etag"] == tag
    assert client.get(path, headers={"If-None-Match": '"other"'}).content == first.content


def test_entity_tags_differ_where_answers_do(client: Client) -> None:
    paths = ["/", "/processes", "/processes?limit=1", "/processes/echo", "/api", "/api?f=openapi31", "/api?f=html"]
    tags = [client.get(path).headers["etag"] for path in paths]
    assert len(set(tags)) == len(paths)


@pytest.mark.parametrize("path", DOCUMENTS)
def test_head_has_the_headers_of_get(client: Client, path: str) -> None:
    got, asked = client.get(path), client.head(path)
    assert not asked.content
    for name in ("content-length", "content-type", "etag", "link", "vary"):
        assert asked.headers[name] == got.headers[name]


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/", {"GET", "HEAD"}),
        ("/conformance", {"GET", "HEAD"}),
        ("/api", {"GET", "HEAD"}),
        ("/processes", {"GET", "HEAD"}),
        ("/processes/echo", {"GET", "HEAD"}),
        ("/processes/echo/execution", {"POST"}),
        ("/jobs", {"GET", "HEAD"}),
        ("/jobs/any", {"GET", "HEAD", "DELETE"}),
        ("/jobs/any/results", {"GET", "HEAD"}),
        ("/jobs/any/results/output", {"GET", "HEAD"}),
    ],
)
def test_every_path_says_its_methods(client: Client, path: str, allowed: set[str]) -> None:
    """RFC 9110, sections 9.3.7 and 15.5.6."""
    asked, refused = client.options(path), client.patch(path)
    assert (asked.status_code, refused.status_code) == (204, 405)
    assert refused.json()["status"] == 405
    for response in (asked, refused):
        assert set(response.headers["allow"].split(", ")) == allowed | {"OPTIONS"}


def test_a_path_that_is_not_there_has_no_methods(client: Client) -> None:
    for method in ("OPTIONS", "GET", "PATCH"):
        response = client.request(method, "/nowhere")
        assert response.status_code == 404
        assert "allow" not in response.headers


def test_link_headers_say_every_title() -> None:
    """RFC 8288, section 3.4.1, and RFC 8187."""
    plain = link("https://a.example/b?c=d&e=%20", "self", "A page")
    assert link_header([plain]) == (
        '<https://a.example/b?c=d&e=%20>; rel="self"; type="application/json"; title="A page"'
    )
    odd = link("https://a.example/ł>", "self", 'Łódź … "the boat"\n')
    header = link_header([odd])
    assert header.isascii()
    assert header.isprintable()
    assert header.startswith("<https://a.example/%C5%82%3E>; ")
    assert "title*=UTF-8''%C5%81%C3%B3d%C5%BA%20%E2%80%A6%20%22the%20boat%22%0A" in header


def test_kept_documents_are_made_once_and_bounded() -> None:
    made: list[str] = []

    def make(name: str) -> Document:
        made.append(name)
        return Document(name.encode())

    async def ask(names: str) -> None:
        kept = KeptDocuments(most_bytes=2)
        for name in names:
            document = await kept.get(name, partial(make, name))
            assert document.body == name.encode()
        assert kept.size == sum(len(document.body) for document in kept.documents.values()) <= 2

    asyncio.run(ask("abaacab"))
    assert made == ["a", "b", "c", "b"]
