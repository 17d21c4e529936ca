"""One process in several versions, told by what they say."""


def first(name: str) -> str:
    return f"1.4.2 {name}"


def second(name: str) -> str:
    return f"2.0 {name}"


def tenth(name: str) -> str:
    return f"10.0 {name}"
