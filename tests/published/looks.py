"""Outputs of every kind that a page shows, with a text of the client in all of them."""

import base64
from typing import Any

DOT = "R0lGODlhAQABAIAAAP8AAP///ywAAAAAAQABAAACAkQBADs="


def look(text: str, features: int) -> dict[str, Any]:
    markup = f"<script>document.title = 'run'; //{text}</script>"
    return {
        "places": {"type": "FeatureCollection", "features": [_place(number, text) for number in range(features)]},
        "line": {"type": "LineString", "coordinates": [[13.4, 52.5], [2.35, 48.86]]},
        "projected": {"type": "Point", "coordinates": [611_000, 5_040_000]},
        "series": [number**2 / 10 for number in range(50)],
        "rows": [{"number": number, text: text, "share": 1 / (1 + number)} for number in range(1200)],
        "csv": f'name,size\r\n"a, ""quoted""",10\r\nb,9\r\n"two\nlines",\r\n"{text.replace(chr(34), "")}",100\r\n',
        "notes": text,
        "nested": {text: {"list": list(range(250)), "none": None, "deep": {"text": text}}},
        "page": markup,
        "drawing": f'<svg xmlns="http://www.w3.org/2000/svg">{markup}</svg>',
        "dot": DOT,
        "fake": base64.b64encode(markup.encode()).decode(),
        "bytes": DOT,
    }


def _place(number: int, text: str) -> dict[str, Any]:
    place = [number % 100 / 10, 50 + number // 100 / 20]
    properties = {"number": number, "half": number / 2, "kind": "ab"[number % 2], text: text}
    return {"type": "Feature", "geometry": {"type": "Point", "coordinates": place}, "properties": properties}
