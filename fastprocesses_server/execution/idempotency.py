"""`Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): a request that is sent again leads to the same job."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import Complaint, InvalidRequest

LONGEST = 255


@dataclass(frozen=True, slots=True)
class Idempotency:
    """What the server keeps of a key and of the body that came with it."""

    name: str
    body: str


def read_idempotency(headers: Sequence[str], process_id: str, body: bytes) -> Idempotency | None:
    """A key counts for one process. Quotes, which the draft asks for, belong to it where clients send them.

    Raises:
        InvalidRequest: there are two keys, or it is empty or too long.
    """
    if not headers:
        return None
    if len(headers) > 1 or not 0 < len(headers[0]) <= LONGEST:
        raise InvalidRequest([Complaint("Idempotency-Key", f"must be one key of 1 to {LONGEST} characters")])
    return Idempotency(
        hashlib.sha256(f"{process_id} {headers[0]}".encode()).hexdigest(), hashlib.sha256(body).hexdigest()
    )
