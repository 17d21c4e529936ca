"""`Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): a request that is sent again leads to the same job."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from ..errors import Complaint, InvalidRequest

LONGEST = 255


@dataclass(frozen=True, slots=True)
class Idempotency:
    """What the server keeps of a key and of the body that came with it."""

    name: str
    body: str


def read_idempotency(headers: Sequence[str], process_id: str, body: bytes, maker: str = "") -> Idempotency | None:
    """A key counts for one maker and one process. Quotes, which the draft asks for, belong to it where they are sent.

    Raises:
        InvalidRequest: there are two keys, or it is empty or too long.
    """
    if not headers:
        return None
    if len(headers) > 1 or not 0 < len(headers[0]) <= LONGEST:
        raise InvalidRequest([Complaint("Idempotency-Key", f"must be one key of 1 to {LONGEST} characters")])
    # JSON of a list is what no process and key are together.
    own = orjson.dumps([maker, process_id, headers[0]]) if maker else f"{process_id} {headers[0]}".encode()
    return Idempotency(hashlib.sha256(own).hexdigest(), hashlib.sha256(body).hexdigest())
