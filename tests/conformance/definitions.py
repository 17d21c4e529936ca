"""How tests read the API definition."""

from collections.abc import Iterator
from typing import Any

import httpx
from answers import OPENAPI, Document, document_of, links_of

METHODS = ("get", "post", "put", "patch", "delete", "head", "options")


def definition_of(client: httpx.Client) -> Document:
    """The one in OpenAPI 3.0."""
    landing_page = document_of(client.get("/"), "landingPage.yaml")
    links = [link for link in links_of(landing_page, "service-desc") if link["type"] == OPENAPI]
    assert len(links) == 1
    response = client.get(links[0]["href"])
    assert response.headers["content-type"] == OPENAPI
    definition: Document = response.json()
    return definition


def parameters_of(definition: Document, path: str) -> dict[str, Any]:
    """Those of `GET` at the path, by name."""
    (operation,) = [found for method, at, found in operations(definition) if (method, at) == ("get", path)]
    return {parameter["name"]: parameter for parameter in operation["parameters"]}


def operations(definition: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, path and operation, with the parameters of its path."""
    for path, item in definition["paths"].items():
        for method in METHODS:
            if method in item:
                parameters = [*item.get("parameters", []), *item[method].get("parameters", [])]
                resolved = [resolve(definition, parameter) for parameter in parameters]
                yield method, path, {**item[method], "parameters": resolved}


def resolve(definition: dict[str, Any], value: Any) -> Any:
    while isinstance(value, dict) and "$ref" in value:
        where, value = value["$ref"].removeprefix("#/"), definition
        for name in where.split("/"):
            value = value[name.replace("~1", "/").replace("~0", "~")]
    return value


def every_reference(value: Any) -> Iterator[str]:
    match value:
        case dict():
            if isinstance(value.get("$ref"), str):
                yield value["$ref"]
            for inner in value.values():
                yield from every_reference(inner)
        case list():
            for inner in value:
                yield from every_reference(inner)


def assert_documented(definition: dict[str, Any], path: str, response: httpx.Response) -> None:
    """The operation names the status, and a media type of what came with it."""
    method = response.request.method.lower()
    responses = definition["paths"][path][method]["responses"]
    status = str(response.status_code)
    assert status in responses, f"{method} {path} does not say that {status} may come"
    if response.content:
        described = [media_type.partition(";")[0] for media_type in resolve(definition, responses[status])["content"]]
        media_type = response.headers["content-type"].partition(";")[0]
        assert media_type in described or "*/*" in described, f"{method} {path} {status}: {media_type}"
