"""The JSON Schema of description files, draft-07, for editors: made from the models that read the files.

It admits every file that the server takes. What needs the callable, or more than one place of the file, it cannot tell.
"""

from functools import cache
from typing import Any

from .bundled import OGC_FORMAT, OGC_FORMATS
from .description_file import DescriptionFile
from .keywords import DEFINITIONS, FORMATS, LIST_OF_SCHEMAS, NAMED_SCHEMAS, ONE_SCHEMA
from .schemas import TYPES

Schema = dict[str, Any]

DRAFT_07 = "http://json-schema.org/draft-07/schema#"
SCHEMA: Schema = {"$ref": "#/definitions/Schema"}
TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "number"}
FLAG: Schema = {"type": "boolean"}
COUNT: Schema = {"type": "integer", "minimum": 0}
LIMIT: Schema = {"type": ["number", "boolean"]}  # a flag beside `minimum` or `maximum` in the dialect of 1.0
NAMES: Schema = {"type": "array", "items": TEXT}


@cache
def file_schema() -> Schema:
    """Not to be changed, as all get the same."""
    made = DescriptionFile.model_json_schema(ref_template="#/definitions/{model}")
    definitions = {name: _for_editors(model) for name, model in made.pop("$defs").items()}
    return {
        "$schema": DRAFT_07,
        **_for_editors(made),
        "title": "Description file",
        "description": "A process description of OGC API - Processes, and the callable that is run.",
        "definitions": {**definitions, "Schema": _schema_of_schemas()},
    }


def _for_editors(model: Schema) -> Schema:
    """Members are titled by their names; what a model says of itself is for those who read the code."""
    properties = {name: {**_draft_07(member), "title": name} for name, member in model.get("properties", {}).items()}
    if "schema" in properties:
        properties["schema"] = {"allOf": [SCHEMA], "description": properties["schema"]["description"]}
    rest = {name: value for name, value in _draft_07(model).items() if name != "description"}
    return {**rest, **({"properties": properties} if properties else {})}


def _draft_07(schema: Any) -> Any:
    """Beside `$ref` draft-07 reads nothing; defaults of whole members say less than those of their parts."""
    if isinstance(schema, list):
        return [_draft_07(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {name: _draft_07(value) for name, value in schema.items() if name not in {"title", "default"}}
    if schema.get("default") and not isinstance(schema["default"], dict):
        kept["default"] = schema["default"]
    if "$ref" in kept and len(kept) > 1:
        kept["allOf"] = [{"$ref": kept.pop("$ref")}]
    return kept


def _schema_of_schemas() -> Schema:
    """Of those of inputs and outputs: JSON Schema 2020-12, or the dialect of 1.0; other keywords are admitted."""
    inner: Schema = {"anyOf": [FLAG, SCHEMA]}
    whole = {
        **dict.fromkeys(sorted(ONE_SCHEMA), inner),
        **{name: {"type": "array", "minItems": 1, "items": inner} for name in sorted(LIST_OF_SCHEMAS)},
        **{name: {"type": "object", "additionalProperties": inner} for name in sorted(NAMED_SCHEMAS)},
    }
    counts = ("Contains", "Items", "Length", "Properties")
    return {
        "type": "object",
        "properties": {
            "type": {"anyOf": [{"enum": TYPES}, {"type": "array", "items": {"enum": TYPES}}]},
            "format": {"anyOf": [{"enum": sorted(FORMATS | OGC_FORMATS.keys())}, {"pattern": f"^{OGC_FORMAT}"}]},
            **dict.fromkeys(["title", "description", "pattern", "contentMediaType", "contentEncoding", "$ref"], TEXT),
            **dict.fromkeys(["minimum", "maximum", "multipleOf"], NUMBER),
            **dict.fromkeys(["exclusiveMinimum", "exclusiveMaximum"], LIMIT),
            **dict.fromkeys([f"{end}{of}" for end in ("min", "max") for of in counts], COUNT),
            **dict.fromkeys(["uniqueItems", "deprecated", "nullable", "readOnly", "writeOnly"], FLAG),
            "required": NAMES,
            "enum": {"type": "array"},
            **{name: schema for name, schema in whole.items() if name not in DEFINITIONS},
            **{name: whole[name] for name in sorted(DEFINITIONS)},
        },
    }
