"""Whose an execution is: no other caller's has the same key, or the same name for an `Idempotency-Key`."""

from dataclasses import replace
from itertools import combinations

from upper import make_process

from fastprocesses_server.execution.idempotency import read_idempotency
from fastprocesses_server.execution.request import RequestReader

NAMES = ["", "key:a", "key:b", "user:a", "key:a upper", 'key:a"]']


def test_equal_executions_of_two_makers_have_two_keys() -> None:
    execution = RequestReader(make_process()).read({"inputs": {}})
    keys = [replace(execution, maker=name).key for name in NAMES]
    assert len(set(keys)) == len(NAMES)
    assert keys[0] == execution.key
    assert replace(execution, maker="key:a").key == keys[1]


def test_an_idempotency_key_is_its_makers() -> None:
    asked = [(maker, process, key) for maker in NAMES for process in ("upper", "a") for key in ("k", "upper k", "a k")]
    names = [read_idempotency([key], process, b"", maker) for maker, process, key in asked]
    for one, other in combinations(names, 2):
        assert one != other
