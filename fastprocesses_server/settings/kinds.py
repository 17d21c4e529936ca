"""Kinds of values that settings have, and how a setting is declared."""

import base64
import binascii
import json
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Any

from pydantic import AfterValidator, AliasChoices, BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode

PREFIX = "FP_"
SECRET_PREFIX = "whsec_"  # noqa: S105 - what every such secret begins with


def _split(value: Any) -> Any:
    """A comma list or JSON, so that `*` and `["*"]` both work."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        return json.loads(value)
    return [item.strip() for item in value.split(",") if item.strip()]


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
NamesIfAny = Annotated[tuple[str, ...] | None, NoDecode, BeforeValidator(_split)]
Days = Annotated[float, Field(gt=0, le=36_500)]


def _decodable(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    if text.startswith(SECRET_PREFIX):
        try:
            base64.b64decode(text.removeprefix(SECRET_PREFIX), validate=True)
        except binascii.Error:
            raise ValueError(f"what follows {SECRET_PREFIX} must be base64") from None
    return secret


Secret = Annotated[SecretStr, AfterValidator(_decodable)]


def read_network(text: str) -> IPv4Network | IPv6Network | None:
    """A network or an address, IPv6 in brackets too; None where it is neither, as a host name."""
    try:
        return ip_network(text.strip(" []"), strict=False)
    except ValueError:
        return None


def also(plain: str, *old: str) -> AliasChoices:
    """The plain name, then the names of fastprocesses 0.14, with the prefix and without: the first one set wins."""
    old = old or (plain,)
    return AliasChoices(*dict.fromkeys([PREFIX + plain, *(PREFIX + name for name in old), *old]))


def setting(default: Any, text: str, *, names: AliasChoices | None = None) -> Any:
    """With the text that README and `--help` show."""
    return Field(default, description=text, validation_alias=names)
