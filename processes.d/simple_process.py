"""Simple process: text in capital letters."""


def to_upper_case(input_text: str) -> dict[str, str]:
    return {"output_text": input_text.upper()}
