"""What a reload replaces in an API process, and what it leaves."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from fastapi import Request

from fastprocesses_server.api.app import create_app
from fastprocesses_server.api.services import Services, services_of
from fastprocesses_server.processes.registry import Registry, load_registry
from fastprocesses_server.settings import Settings


@pytest.fixture(scope="module")
def registry(published: Path) -> Registry:
    return load_registry(published)


@pytest.fixture
def services(registry: Registry) -> Services:
    services: Services = create_app(Settings(), registry).state.services
    return services


def request_to(app: object) -> Request:
    return Request({"type": "http", "app": app, "headers": []})


def test_a_request_goes_on_with_what_it_began_with(services: Services) -> None:
    app = SimpleNamespace(state=SimpleNamespace(services=services))
    earlier = request_to(app)
    assert services_of(earlier) is services
    app.state.services = services.with_registry(Registry({}))
    assert services_of(earlier) is services
    assert not services_of(request_to(app)).registry


def test_a_new_registry_shares_connections_but_nothing_that_was_made_of_the_old_one(services: Services) -> None:
    services.reader(services.process("echo"))
    renewed = services.with_faults(("wrong",)).with_registry(services.registry)
    assert renewed.store is services.store
    assert renewed.engine is services.engine
    assert not renewed.readers
    assert not renewed.documents.kept.documents
    assert not renewed.faults


def test_faults_leave_everything_as_it_was(services: Services) -> None:
    faulty = services.with_faults(("say.yaml:3:1: there is no member here",))
    assert faulty.registry is services.registry
    assert faulty.readers is services.readers
    assert faulty.documents is services.documents
