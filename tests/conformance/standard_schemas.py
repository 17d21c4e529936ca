"""The standard's own schemas, which lie in `../shared/ogc` beside a checkout."""

import importlib.util
from functools import cache
from pathlib import Path
from typing import Any

SHARED = Path(__file__).parent.parent.parent.parent / "shared" / "ogc"
ARE_THERE = (SHARED / "ogc_schemas.py").is_file()
EXAMPLES = SHARED / "examples" / "v1.0" / "json"
VERBATIM = "v1.0"
RELAXED = "v1.0-relaxed"
"""For execute requests and results: the published `oneOf`s of these refuse every integer and every string."""


def assert_fits(document: Any, schema: str, version: str = VERBATIM) -> None:
    """Nothing is checked where the schemas are not there: one test of test_conformance_table.py skips and says so."""
    if ARE_THERE:
        errors = [f"{error.json_path}: {error.message}" for error in _validator(version, schema).iter_errors(document)]
        assert not errors, errors[:5]


@cache
def _validator(version: str, schema: str) -> Any:
    return _loader().validator(version, schema)


@cache
def _loader() -> Any:
    spec = importlib.util.spec_from_file_location("ogc_schemas", SHARED / "ogc_schemas.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
