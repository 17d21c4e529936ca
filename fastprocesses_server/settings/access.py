"""Who may call the API, and how callers show who they are."""

from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, field_validator, model_validator

from .kinds import Names, setting

ASYMMETRIC = frozenset(
    ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"],
)
"""Algorithms whose keys may be published; with any other, whoever can check a token could make one."""

EVERYBODY = ("/0", "/0.0.0.0")
"""How networks end that have all addresses."""


class Access(BaseModel):
    """Who callers are, by keys, tokens or a proxy."""

    auth: Literal["off", "optional", "required"] = setting(
        "off",
        "Whether callers show who they are: off, required, or optional: then processes without `access` are open.",
    )
    api_keys_file: Path | None = setting(
        None, "File that `keys` writes and the API reads instead of Redis; it holds hashes, no keys."
    )
    jwt_issuer: str | None = setting(None, "Issuer of the tokens (JWT) that callers may show instead of a key.")
    jwt_audience: str | None = setting(None, "Audience that tokens must be made for.")
    jwt_jwks_url: str | None = setting(None, "Where the issuer publishes the keys that its tokens are signed with.")
    jwt_algorithms: Names = setting(("RS256", "PS256", "ES256", "EdDSA"), "How tokens may be signed.")
    jwt_roles_claim: str = setting("roles", "Claim with the roles, with dots where it lies deeper: realm_access.roles.")
    user_header: str | None = setting(
        None, "Header in which the proxies of FP_TRUSTED_PROXIES say who the caller is, for example X-Forwarded-User."
    )
    roles_header: str | None = setting(None, "Header in which they say the caller's roles, with commas.")

    @field_validator("jwt_algorithms")
    @classmethod
    def _are_asymmetric(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if name not in ASYMMETRIC:
                raise ValueError(f"{name} is none of {', '.join(sorted(ASYMMETRIC))}")
        if not value:
            raise ValueError("name one algorithm at least")
        return value

    @field_validator("jwt_jwks_url")
    @classmethod
    def _is_a_url(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("https://", "http://")):
            raise ValueError("must begin with https:// or http://")
        return value

    @model_validator(mode="after")
    def _tokens_are_whole(self) -> Self:
        parts = {
            "FP_JWT_ISSUER": self.jwt_issuer,
            "FP_JWT_AUDIENCE": self.jwt_audience,
            "FP_JWT_JWKS_URL": self.jwt_jwks_url,
        }
        missing = [name for name, value in parts.items() if value is None]
        if 0 < len(missing) < len(parts):
            raise ValueError(f"{', '.join(missing)} must be set too, for tokens to be believed")
        return self

    @model_validator(mode="after")
    def _header_has_a_proxy(self) -> Self:
        if self.user_header and not getattr(self, "trusted_proxies", ()):
            raise ValueError("FP_USER_HEADER is believed only from FP_TRUSTED_PROXIES, which names none")
        if self.user_header and any(network.endswith(EVERYBODY) for network in getattr(self, "trusted_proxies", ())):
            raise ValueError("FP_USER_HEADER would be believed from everybody: FP_TRUSTED_PROXIES names all addresses")
        if self.roles_header and not self.user_header:
            raise ValueError("FP_ROLES_HEADER says nothing without FP_USER_HEADER")
        return self

    @property
    def asks_who(self) -> bool:
        return self.auth != "off"

    @property
    def takes_tokens(self) -> bool:
        return self.jwt_issuer is not None
