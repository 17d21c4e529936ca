"""The JSON Schemas of types: those of pydantic, but so that whatever fits converts, and whatever is returned fits."""

import base64
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonRef, JsonSchemaMode
from pydantic_core import CoreSchema, core_schema

from .bundled import OGC_FORMATS
from .dialects import ogc_format
from .keywords import FORMATS, rebuilt

Schema = dict[str, Any]

IS_BASE64 = "is_base64"
"""In the metadata of a core schema of bytes: they travel so."""

BASE64 = "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"
NOT_YEAR_0 = "^(?!0000)"
NOT_LEAP_SECOND = NOT_YEAR_0 + ".{17}[0-5]"
CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]+)?)?"
ZONE = r"([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
DATE = (
    r"([0-9]{4}-(02-(0[1-9]|1[0-9]|2[0-8])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|(0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01]))"
    r"|([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29)"
)
LOCAL = f"^(?!0000){DATE}[Tt]{CLOCK}$"
RETURNED_LOCAL = "^[0-9-]{10}T[0-9:.]{8,15}$"
TIME = f"^{CLOCK}{ZONE}?$"
DURATION = (
    r"^[+-]?P(?=[0-9T])([0-9]{1,6}Y)?([0-9]{1,7}M)?([0-9]{1,7}W)?([0-9]{1,8}D)?"
    r"(T(?=[0-9])([0-9]{1,5}H)?([0-9]{1,7}M)?([0-9]{1,9}(\.[0-9]+)?S)?)?$"
)
"""ISO 8601, with the sign and the fractions that RFC 3339 leaves out; Python counts up to 999,999,999 days."""
LONG_DURATION = r"^-?P(?=[0-9T])([0-9]+Y)?([0-9]+D)?(T(?=[0-9])([0-9]+H)?([0-9]+M)?([0-9]+(\.[0-9]+)?S)?)?$"
INTEGER = "^(0|-?[1-9][0-9]{0,17})$"
NUMBER = r"^-?[0-9]{1,300}(\.[0-9]+)?([eE][+-]?[0-9]{1,2})?$"


class TypeSchemas(GenerateJsonSchema):
    """Without titles that only repeat the names of fields."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - whatever it is
        return False

    def generate(self, schema: CoreSchema, mode: JsonSchemaMode = "validation") -> Schema:
        known: Schema = _with_known_formats(super().generate(schema, mode))
        return known

    def bytes_schema(self, schema: core_schema.BytesSchema) -> Schema:
        """Limits are those of the text, as near as they come: it has four characters for three bytes."""
        if IS_BASE64 not in schema.get("metadata", {}):
            return super().bytes_schema(schema)
        lengths = {"minLength": schema.get("min_length"), "maxLength": schema.get("max_length")}
        limits = {name: -(-length // 3) * 4 for name, length in lengths.items() if length is not None}
        return {"type": "string", "contentEncoding": "base64", **self._of_inputs(pattern=BASE64), **limits}

    def encode_default(self, dft: Any) -> Any:
        return base64.b64encode(dft).decode() if isinstance(dft, bytes) else super().encode_default(dft)

    def date_schema(self, schema: core_schema.DateSchema) -> Schema:
        return super().date_schema(schema) | self._of_inputs(pattern=NOT_YEAR_0)

    def datetime_schema(self, schema: core_schema.DatetimeSchema) -> Schema:
        """What is sent has a zone, if not said otherwise; what is returned may have none, as `datetime.now()`."""
        zone = schema.get("tz_constraint")
        is_output = self.mode == "serialization"
        if zone == "naive":
            return {"type": "string", "pattern": RETURNED_LOCAL if is_output else LOCAL}
        if zone is None and is_output:
            return {"type": "string", "anyOf": [{"format": "date-time"}, {"pattern": RETURNED_LOCAL}]}
        return super().datetime_schema(schema) | self._of_inputs(pattern=NOT_LEAP_SECOND)

    def _of_inputs(self, **keywords: Any) -> Schema:
        return {} if self.mode == "serialization" else keywords

    def time_schema(self, schema: core_schema.TimeSchema) -> Schema:  # noqa: ARG002
        """The format `time` demands a zone."""
        return {"type": "string", "pattern": TIME}

    def timedelta_schema(self, schema: core_schema.TimedeltaSchema) -> Schema:  # noqa: ARG002
        return {"type": "string", "pattern": LONG_DURATION if self.mode == "serialization" else DURATION}

    def decimal_schema(self, schema: core_schema.DecimalSchema) -> Schema:
        """A number; or the digits as text, where there is no limit that a pattern cannot tell."""
        if self.mode == "serialization":
            return super().decimal_schema(schema)
        places, digits = schema.get("decimal_places"), schema.get("max_digits")
        number = self.float_schema(core_schema.float_schema(**_limits(schema)))
        if places is not None:
            number["multipleOf"] = min(number.get("multipleOf", 1), 10**-places)
        if digits is not None:
            most = 10 ** (digits - (places or 0))
            number = {"exclusiveMinimum": -most, "exclusiveMaximum": most} | number
        if _limits(schema):
            return number
        text = {"type": "string", "pattern": _digits(digits, places)}
        return text if digits is not None and places is None else {"anyOf": [number, text]}

    def dict_schema(self, schema: core_schema.DictSchema) -> Schema:
        """Names are text in JSON, whatever they are in Python."""
        made = super().dict_schema(schema)
        names = self.generate_inner(schema["keys_schema"]) if "keys_schema" in schema else {}
        if "$ref" in names:
            names = self.get_schema_from_definitions(JsonRef(names["$ref"])) or names
        for values in made.pop("patternProperties", {}).values():
            made["additionalProperties"] = values
        names = _as_text(names)
        return made | ({"propertyNames": names} if names else {})


def _with_known_formats(schema: Any) -> Any:
    """Of what pydantic names beyond them (`ipv4network`), nobody can check the form."""
    if not isinstance(schema, dict):
        return schema
    new = rebuilt(schema, _with_known_formats)
    if "format" in new and ogc_format(new["format"]) not in FORMATS | OGC_FORMATS.keys():
        del new["format"]
    return new


def _limits(schema: core_schema.DecimalSchema) -> dict[str, Any]:
    names = ("ge", "gt", "le", "lt", "multiple_of")
    return {name: float(schema[name]) for name in names if schema.get(name) is not None}  # type: ignore[literal-required]


def _digits(digits: int | None, places: int | None) -> str:
    if digits is None and places is None:
        return NUMBER
    fraction = r"(\.[0-9]+)?" if places is None else rf"(\.[0-9]{{1,{places}}})?" if places else ""
    if digits is None:
        return f"^-?[0-9]{{1,300}}{fraction}$"
    if places is None:
        return rf"^-?(?!(\.?[0-9]){{{digits + 1}}})[0-9]+{fraction}$"
    return f"^-?[0-9]{{1,{max(1, digits - places)}}}{fraction}$"


def _as_text(schema: Schema) -> Schema:
    """The schema of the names that stand for such values."""
    values = schema.get("enum", [schema["const"]] if "const" in schema else None)
    if values is not None:
        return {"enum": [_name(value) for value in values]}
    match schema.get("type"):
        case "integer":
            return {"pattern": INTEGER}
        case "number":
            return {"pattern": NUMBER}
        case "boolean":
            return {"enum": ["true", "false"]}
        case _:
            return {keyword: value for keyword, value in schema.items() if keyword not in {"type", "title"}}


def _name(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
