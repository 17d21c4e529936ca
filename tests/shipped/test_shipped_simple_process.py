from collections.abc import Callable
from types import ModuleType


def test_the_text_comes_back_in_capital_letters(shipped: Callable[[str], ModuleType]) -> None:
    simple_process = shipped("simple_process")

    assert simple_process.to_upper_case("hello world") == {"output_text": "HELLO WORLD"}
