"""Functions of libraries that were not written for this: what is said of them, what must be written, and they run."""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from fastprocesses_server.execution.inputs import InputsReader
from fastprocesses_server.execution.outputs import InvalidOutput, OutputsWriter
from fastprocesses_server.processes.callables import load_callable
from fastprocesses_server.processes.complaints import DescriptionErrors
from fastprocesses_server.processes.description import Output, Process
from fastprocesses_server.processes.registry import Registry, load_registry
from fastprocesses_server.worker.arguments import Conversion
from fastprocesses_server.worker.calls import call

WRAP = "write a function around it"
SQUARE = {"type": "Polygon", "coordinates": [[[1, 0], [1, 1], [0, 1], [0, 0], [1, 0]]]}
SIDES = ("west_lon_degree", "south_lat_degree", "east_lon_degree", "north_lat_degree")


class Case(NamedTuple):
    """`says` stands in the complaints where the one line is not enough; `lines` are added to it."""

    says: str = ""
    lines: str = ""
    inputs: Mapping[str, Any] = {}
    outputs: Mapping[str, Any] = {}


CASES = {
    "statistics.quantiles": Case(
        'needs "data", which has no annotation',
        "inputs: {data: {schema: {type: array, items: {type: number}}}, n: {schema: {type: integer}, minOccurs: 0}}\n"
        "outputs: {result: {schema: {type: array, items: {type: number}}}}\n",
        {"data": [1, 2, 3, 4, 5]},
        {"result": [1.5, 3.0, 4.5]},
    ),
    "statistics.mean": Case(
        'needs "data", which has no annotation',
        "inputs: {data: {schema: {type: array, items: {type: number}}}}\noutputs: {mean: {schema: {type: number}}}\n",
        {"data": [1, 2]},
        {"mean": 1.5},
    ),
    "statistics.linear_regression": Case(
        'needs "y", which has no annotation',
        "inputs: {x: {schema: {type: array}}, y: {schema: {type: array}}}\n"
        "outputs: {slope: {schema: {type: number}}, intercept: {schema: {type: number}}}\n",
        {"x": [0, 1], "y": [1, 3]},
        {"slope": 2.0, "intercept": 1.0},
    ),
    "statistics.NormalDist": Case("has an annotation that says nothing about JSON: statistics.NormalDist"),
    "math.hypot": Case(f"Python cannot tell what the callable takes; {WRAP}"),
    "math.gcd": Case(f"takes any number of values by position, but inputs are given by name; {WRAP}"),
    "math.dist": Case(
        'needs "p", which has no annotation',
        "inputs: {p: {schema: {type: array}}, q: {schema: {type: array}}}\n"
        "outputs: {result: {schema: {type: number}}}\n",
        {"p": [0, 0], "q": [3, 4]},
        {"result": 5.0},
    ),
    "math.comb": Case(
        'needs "n", which has no annotation',
        "inputs: {n: {schema: {type: integer}}, k: {schema: {type: integer}}}\n"
        "outputs: {result: {schema: {type: integer}}}\n",
        {"k": 2, "n": 5},
        {"result": 10},
    ),
    "shapely.from_wkt": Case(
        'needs "geometry", which has no annotation',
        "inputs: {geometry: {schema: {type: string}}}\n"
        "outputs: {result: {schema: {type: object, format: geojson-geometry}}}\n",
        {"geometry": "POINT (1 2)"},
        {"result": {"type": "Point", "coordinates": [1.0, 2.0]}},
    ),
    "shapely.geometry.box": Case(
        'needs "minx", which has no annotation',
        "inputs:\n"
        + "".join(f"  {name}: {{schema: {{type: number}}}}\n" for name in ("minx", "miny", "maxx", "maxy"))
        + "outputs: {result: {schema: {type: object, format: geojson-geometry}}}\n",
        {"minx": 0, "miny": 0, "maxx": 1, "maxy": 1},
        {"result": SQUARE},
    ),
    "shapely.geometry.shape": Case(
        "what the callable returns has no annotation",
        "inputs: {context: {schema: {type: object, format: geojson-geometry}}}\n"
        "outputs: {result: {schema: {type: object, format: geojson-geometry}}}\n",
        {"context": {"value": SQUARE}},
        {"result": SQUARE},
    ),
    "pyproj.aoi.AreaOfInterest": Case(
        inputs=dict.fromkeys(SIDES, 1),
        outputs=dict.fromkeys(SIDES, 1.0),
    ),
    "pyproj.Geod": Case("has an annotation that says nothing about JSON: pyproj.geod.Geod"),
    "pyproj.CRS.from_epsg": Case("has an annotation that says nothing about JSON: pyproj.crs.crs.CRS"),
    "pyproj.get_codes": Case(
        'needs "auth_name", which has no annotation',
        "inputs: {auth_name: {schema: {type: string}}, pj_type: {schema: {type: string, enum: [ELLIPSOID]}}}\n"
        "outputs: {codes: {schema: {type: array, items: {type: string}}}}\n",
        {"auth_name": "IAU_2015", "pj_type": "ELLIPSOID"},
    ),
    "json.dumps": Case(
        'needs "obj", which has no annotation',
        "inputs: {obj: {schema: {type: object}}}\noutputs: {result: {schema: {type: string}}}\n",
        {"obj": {"a": 1}},
        {"result": '{"a": 1}'},
    ),
    "textwrap.shorten": Case(
        'needs "width", which has no annotation',
        "inputs:\n"
        "  text: {schema: {type: string}}\n"
        "  width: {schema: {type: integer}}\n"
        "  placeholder: {schema: {type: string}, minOccurs: 0}\n"
        "outputs: {result: {schema: {type: string}}}\n",
        {"text": "hello  wide world", "width": 11, "placeholder": "…"},
        {"result": "hello wide…"},
    ),
    "difflib.get_close_matches": Case(
        'needs "possibilities", which has no annotation',
        "inputs: {word: {schema: {type: string}}, possibilities: {schema: {type: array}}}\n"
        "outputs: {result: {schema: {type: array}}}\n",
        {"word": "appel", "possibilities": ["ape", "apple"]},
        {"result": ["apple", "ape"]},
    ),
    "difflib.unified_diff": Case(
        'needs "a", which has no annotation',
        "inputs: {a: {schema: {type: array}}, b: {schema: {type: array}}}\n"
        "outputs: {result: {schema: {type: array}}}\n",
        {"a": ["x"], "b": ["x"]},
        {"result": []},
    ),
    "colorsys.rgb_to_hls": Case(
        'needs "r", which has no annotation',
        "inputs: {r: {schema: {type: number}}, g: {schema: {type: number}}, b: {schema: {type: number}}}\n"
        "outputs: {hls: {schema: {type: array, items: {type: number}}}}\n",
        {"r": 1, "g": 0, "b": 0},
        {"hls": [0.0, 0.5, 1.0]},
    ),
    "calendar.monthrange": Case(
        'needs "year", which has no annotation',
        "inputs: {year: {schema: {type: integer}}, month: {schema: {type: integer, minimum: 1, maximum: 12}}}\n"
        "outputs: {result: {schema: {type: array}}}\n",
        {"year": 2024, "month": 2},
        {"result": [3, 29]},
    ),
    "zlib.crc32": Case(
        'needs "data", which has no annotation',
        "inputs: {data: {schema: {type: string, contentEncoding: binary}}}\n"
        "outputs: {crc: {schema: {type: integer}}}\n",
        {"data": "YQ=="},
        {"crc": 3904355907},
    ),
    "hashlib.sha256": Case("what the callable returns has no annotation"),
    "numpy.linspace": Case(
        'needs "start", which has no annotation',
        "inputs: {start: {schema: {type: number}}, stop: {schema: {type: number}}, num: {schema: {type: integer}}}\n"
        "outputs: {result: {schema: {type: array, items: {type: number}}}}\n",
        {"start": 0, "stop": 1, "num": 3},
        {"result": [0.0, 0.5, 1.0]},
    ),
    "numpy.mean": Case(
        'needs "a", which has no annotation',
        "inputs: {a: {schema: {type: array}}}\noutputs: {result: {schema: {type: number}}}\n",
        {"a": [[1, 2], [3, 4]]},
        {"result": 2.5},
    ),
    "numpy.add": Case(
        'needs "x1", which has no annotation',
        "inputs: {x1: {schema: {type: array}}, x2: {schema: {type: number}}}\n"
        "outputs: {result: {schema: {type: array}}}\n",
        {"x1": [1, 2], "x2": 1},
        {"result": [2, 3]},
    ),
    "urllib.parse.urlsplit": Case(
        'needs "url", which has no annotation',
        "inputs: {url: {schema: {type: string}}}\noutputs:\n"
        + "".join(
            f"  {name}: {{schema: {{type: string}}}}\n" for name in ("scheme", "netloc", "path", "query", "fragment")
        ),
        {"url": "https://a.b/c?d#e"},
        {"scheme": "https", "netloc": "a.b", "path": "/c", "query": "d", "fragment": "e"},
    ),
    "ipaddress.ip_network": Case('needs "address", which has no annotation'),
    "unicodedata.name": Case(f"Python cannot tell what the callable takes; {WRAP}"),
    "base64.b64encode": Case(
        'needs "s", which has no annotation',
        "inputs: {s: {schema: {type: string, contentEncoding: binary}}}\n"
        "outputs: {result: {schema: {type: string, contentMediaType: text/plain}}}\n",
        {"s": "YQ=="},
        {"result": "YQ=="},
    ),
    "html.escape": Case(
        'needs "s", which has no annotation',
        "inputs: {s: {schema: {type: string}}}\noutputs: {result: {schema: {type: string}}}\n",
        {"s": "<"},
        {"result": "&lt;"},
    ),
    "random.gauss": Case(
        "what the callable returns has no annotation",
        "inputs: {mu: {schema: {type: number}}, sigma: {schema: {type: number}}}\n"
        "outputs: {result: {schema: {type: number}}}\n",
        {"mu": 3, "sigma": 0},
        {"result": 3.0},
    ),
    "re.sub": Case(
        'needs "repl", which has no annotation',
        "inputs:\n"
        + "".join(f"  {name}: {{schema: {{type: string}}}}\n" for name in ("pattern", "repl", "string"))
        + "outputs: {result: {schema: {type: string}}}\n",
        {"pattern": "l+", "repl": "L", "string": "hello"},
        {"result": "heLo"},
    ),
    "heapq.nlargest": Case(
        'needs "iterable", which has no annotation',
        "inputs: {n: {schema: {type: integer}}, iterable: {schema: {type: array}}}\n"
        "outputs: {result: {schema: {type: array}}}\n",
        {"n": 2, "iterable": [1, 3, 2]},
        {"result": [3, 2]},
    ),
}
RUNNING = {name: case for name, case in CASES.items() if case.inputs}


def _file(name: str, case: Case) -> str:
    return f"callable: {name}\nversion: 1\n{case.lines}"


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> str:
    """All that is said of description files of one line."""
    folder = tmp_path_factory.mktemp("said")
    for name in CASES:
        (folder / f"{name}.yaml").write_text(_file(name, Case()))
    with pytest.raises(DescriptionErrors) as caught:
        load_registry(folder)
    return str(caught.value)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    folder = tmp_path_factory.mktemp("library")
    for name, case in RUNNING.items():
        (folder / f"{name}.yaml").write_text(_file(name, case))
    return load_registry(folder)


@pytest.mark.parametrize("name", CASES)
def test_of_a_function_that_says_too_little_is_said_what_to_write(name: str, said: str) -> None:
    about = [line for line in said.splitlines() if f"/{name}.yaml:" in line]
    assert bool(about) == bool(CASES[name].says)
    assert CASES[name].says in "\n".join(about)
    assert all("write" in line for line in about)


@pytest.mark.parametrize("name", RUNNING)
def test_with_that_written_it_runs(name: str, library: Registry, tmp_path: Path) -> None:
    outputs = _run(library[name], RUNNING[name].inputs, tmp_path)
    assert outputs
    assert {**outputs, **RUNNING[name].outputs} == outputs


SAYS_NOTHING_OF_OUTPUTS = [name for name, case in RUNNING.items() if "outputs:" in case.lines]


@pytest.mark.parametrize("name", SAYS_NOTHING_OF_OUTPUTS)
def test_one_of_the_types_that_are_named_for_its_output_works(
    name: str, said: str, tmp_path: Path, library: Registry
) -> None:
    (line,) = [line for line in said.splitlines() if f"/{name}.yaml:" in line and "callable returns" in line]
    named = re.split(r", | or ", line.partition("where T is ")[2].partition(";")[0])
    assert named == ["number", "integer", "string", "boolean", "array", "object"]
    process = library[name]

    def runs(kind: str) -> bool:
        output = Output.model_validate({"schema": {"type": kind}})
        try:
            return bool(
                _run(process.model_copy(update={"outputs": {"result": output}}), RUNNING[name].inputs, tmp_path)
            )
        except InvalidOutput:
            return False

    assert any(map(runs, named))


def _run(process: Process, inputs: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    function: Callable[..., Any] = load_callable(process.callable, folder)
    conversion = Conversion(function)
    arguments = conversion.arguments(InputsReader(process).read(inputs, {}), lambda: folder)
    outputs = OutputsWriter(process).encode(conversion.plain(call(function, process.by_position, arguments)))
    texts = {output.name: bytes(output.body).decode() for output in outputs if isinstance(output.body, bytes)}
    return {
        output.name: json.loads(texts[output.name]) if output.kind == "json" else texts[output.name]
        for output in outputs
    }


def test_titles_are_sentences_for_people(library: Registry) -> None:
    titles = {name: process.title for name, process in library.items()}
    assert titles["statistics.mean"] == "Return the sample arithmetic mean of data"
    assert titles["numpy.add"] == "Add arguments element-wise"
    assert titles["pyproj.aoi.AreaOfInterest"] == "This is the area of interest for"
    shown = [f"{process.title} {process.description}" for process in library.values()]
    assert not [text for text in shown if ">>>" in text or ".. " in text or ":class:" in text or "``" in text]
