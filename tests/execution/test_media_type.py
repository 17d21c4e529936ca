from typing import Any

import pytest

from fastprocesses_server.execution.media_type import alternatives, declared_media_type, media_type_of


@pytest.mark.parametrize("keyword", ["oneOf", "anyOf"])
def test_a_part_of_a_schema_may_be_true_or_false(keyword: str) -> None:
    image: dict[str, Any] = {"type": "string", "contentEncoding": "base64", "contentMediaType": "image/png"}
    assert alternatives({keyword: [image, True, False]}) == [image, {}, {"not": {}}]
    assert [media_type_of(one) for one in alternatives({keyword: [image, True]})] == ["image/png", "application/json"]
    assert alternatives({keyword: [True]}) == [{keyword: [True]}]
    assert declared_media_type({"allOf": [True, {"contentMediaType": "text/csv"}]}) == "text/csv"
