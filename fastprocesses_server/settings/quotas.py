"""How much one client, and all of them together, may ask for."""

import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field, InstanceOf

from .kinds import setting

UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}


@dataclass(frozen=True, slots=True)
class Rate:
    """So many requests in a time."""

    count: int
    seconds: int


def _read(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    match = re.fullmatch(r"\s*([1-9]\d{0,8})\s*/\s*([1-9]\d{0,5})?\s*(second|minute|hour|day)s?\s*", value)
    if not match:
        raise ValueError("write how many requests in which time, for example 100/minute or 20/10 seconds")
    return Rate(int(match[1]), int(match[2] or 1) * UNITS[match[3]])


class Quotas(BaseModel):
    """Off until they are set."""

    rate_limit: Annotated[InstanceOf[Rate], BeforeValidator(_read)] | None = setting(
        None, "Requests that one client may send in a time, for example 100/minute or 20/10 seconds; more get 429."
    )
    max_jobs_per_client: Annotated[int, Field(ge=1)] | None = setting(
        None, "Jobs and synchronous runs of one client that may wait or run at once; more get 429."
    )
    max_queue: Annotated[int, Field(ge=1)] | None = setting(
        None, "Jobs and synchronous runs that may wait in one queue; more get 503."
    )
