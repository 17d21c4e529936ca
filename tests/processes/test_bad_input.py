"""What bad input gets: the whole text that is shown, and never a traceback of the server."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from fastprocesses_server.errors import StartError
from fastprocesses_server.processes.registry import load_registry

Put = Callable[..., Path]

TOOLS = """
def area(width: float, height: float = 2) -> float:
    return width * height


def undeclared(a, b=1) -> int: ...
def positions(*values: float) -> float: ...
def silent(a): ...
def strange(a: object) -> "Nowhere": ...


NUMBER = 5
"""

BAD = [
    (
        "a syntax error",
        {"wrong.yaml": ("callable: tools.area\ninputs: {width: {title: Width}\nversion: 1\n")},
        ("processes.d/wrong.yaml:3:1: did not find expected ',' or '}'\n  version: 1\n  ^"),
    ),
    (
        "a duplicate key",
        {"wrong.yaml": ("callable: tools.area\nversion: 1\ncallable: tools.other\n")},
        (
            'processes.d/wrong.yaml:3:1: the key "callable" is written twice; the first is in line 1\n'
            "  callable: tools.other\n"
            "  ^"
        ),
    ),
    (
        "a tab",
        {"wrong.yaml": ("callable: tools.area\nversion: 1\ninputs:\n\twidth: {title: Width}\n")},
        ("processes.d/wrong.yaml:4:1: a tab: YAML is indented with spaces\n   width: {title: Width}\n  ^"),
    ),
    (
        "an unknown key",
        {"wrong.yaml": ("callable: tools.area\nverson: 1\n")},
        ('processes.d/wrong.yaml:2:1: there is no member "verson" here\n  verson: 1\n  ^\n  did you mean "version"?'),
    ),
    (
        "a schema that is none",
        {"wrong.yaml": ("callable: tools.area\nversion: 1\ninputs:\n  width: {schema: {type: nmber, minimum: low}}\n")},
        (
            'processes.d/wrong.yaml:4:26: "type" must be one of array, boolean, integer, null, '
            "number, object, string, or a list of them\n"
            "    width: {schema: {type: nmber, minimum: low}}\n"
            "                           ^\n"
            '  did you mean "number"?\n'
            'processes.d/wrong.yaml:4:42: "minimum" must be a number\n'
            "    width: {schema: {type: nmber, minimum: low}}\n"
            "                                           ^"
        ),
    ),
    (
        "a schema that is no mapping",
        {"wrong.yaml": ("callable: tools.area\nversion: 1\ninputs:\n  width: {schema: number}\n")},
        (
            'processes.d/wrong.yaml:4:19: "schema" must be a mapping of names\n'
            "    width: {schema: number}\n"
            "                    ^"
        ),
    ),
    (
        "a remote reference",
        {
            "wrong.yaml": (
                "callable: tools.area\nversion: 1\ninputs:\n  width: {schema: {$ref: https://example.org/width.json}}\n"
            )
        },
        (
            "processes.d/wrong.yaml:4:26: https://example.org/width.json is not bundled, and nothing "
            "is fetched; copy it into $defs\n"
            "    width: {schema: {$ref: https://example.org/width.json}}\n"
            "                           ^"
        ),
    ),
    (
        "no callable",
        {"wrong.yaml": "version: 1\n"},
        (
            'processes.d/wrong.yaml:1:1: "callable" is missing, for example `callable: geo_tools.buffer`\n'
            "  version: 1\n"
            "  ^"
        ),
    ),
    (
        "a module that is missing",
        {"wrong.yaml": ("callable: tolls.area\nversion: 1\n")},
        (
            'processes.d/wrong.yaml:1:11: there is no module "tolls", neither installed nor in this folder\n'
            "  callable: tolls.area\n"
            "            ^\n"
            '  did you mean "tools"?'
        ),
    ),
    (
        "a name that is missing",
        {"wrong.yaml": ("callable: tools.aera\nversion: 1\n")},
        (
            'processes.d/wrong.yaml:1:11: tools has no "aera"\n'
            "  callable: tools.aera\n"
            "            ^\n"
            '  did you mean "area"?'
        ),
    ),
    (
        "what is not callable",
        {"wrong.yaml": ("callable: tools.NUMBER\nversion: 1\n")},
        (
            "processes.d/wrong.yaml:1:11: tools.NUMBER is of type int: it can neither be called nor "
            "has an execute method\n"
            "  callable: tools.NUMBER\n"
            "            ^"
        ),
    ),
    (
        "arguments that nobody declares",
        {"wrong.yaml": ("callable: tools.undeclared\nversion: 1\ninputs: {}\n")},
        (
            'processes.d/wrong.yaml:3:1: the callable needs "a", which has no annotation '
            "(tools.py:6); annotate it, or write for example `inputs: {a: {schema: {type: "
            "number}}}`\n"
            "  inputs: {}\n"
            "  ^"
        ),
    ),
    (
        "values by position",
        {"wrong.yaml": ("callable: tools.positions\nversion: 1\n")},
        (
            "processes.d/wrong.yaml:1:11: the callable takes any number of values by position, but "
            "inputs are given by name; write a function around it\n"
            "  callable: tools.positions\n"
            "            ^"
        ),
    ),
    (
        "no annotation at all",
        {"wrong.yaml": ("callable: tools.silent\nversion: 1\n")},
        (
            'processes.d/wrong.yaml:1:11: the callable needs "a", which has no annotation '
            "(tools.py:8); annotate it, or write for example `inputs: {a: {schema: {type: "
            "number}}}`\n"
            "  callable: tools.silent\n"
            "            ^\n"
            "processes.d/wrong.yaml:1:11: what the callable returns has no annotation (tools.py:8); "
            "annotate it, or write `outputs: {result: {schema: {type: T}}}`, where T is number, integer, "
            "string, boolean, array or object; of anything else, write a function around it\n"
            "  callable: tools.silent\n"
            "            ^"
        ),
    ),
    (
        "an annotation that nobody can read",
        {"wrong.yaml": ("callable: tools.strange\nversion: 1\n")},
        (
            'processes.d/wrong.yaml:1:11: the callable needs "a", which may be anything: object '
            "(tools.py:9); annotate it, or write for example `inputs: {a: {schema: {type: "
            "number}}}`\n"
            "  callable: tools.strange\n"
            "            ^\n"
            "processes.d/wrong.yaml:1:11: what the callable returns has an annotation that cannot be "
            "evaluated: Nowhere (tools.py:9); annotate it, or write `outputs: {result: "
            "{schema: {type: T}}}`, where T is number, integer, string, boolean, array or object; "
            "of anything else, write a function around it\n"
            "  callable: tools.strange\n"
            "            ^"
        ),
    ),
    (
        "an input that the callable does not take",
        {"wrong.yaml": ("callable: tools.area\nversion: 1\ninputs: {widht: {}}\n")},
        (
            'processes.d/wrong.yaml:3:10: the callable takes no "widht"; it takes "width", "height"\n'
            "  inputs: {widht: {}}\n"
            "           ^\n"
            '  did you mean "width"?'
        ),
    ),
    (
        "a schema that contradicts",
        {"wrong.yaml": ("callable: tools.area\nversion: 1\ninputs: {width: {schema: {type: string}}}\n")},
        (
            "processes.d/wrong.yaml:3:26: the schema is for string, but the callable's annotation for "
            "integer or number (tools.py:2)\n"
            "  inputs: {width: {schema: {type: string}}}\n"
            "                           ^"
        ),
    ),
    (
        "a module that raises",
        {
            "module.py": ("import tools\ntools.area(1, 'x')\nraise RuntimeError('no licence')\n"),
            "wrong.yaml": ("callable: module.run\nversion: 1\n"),
        },
        (
            "processes.d/wrong.yaml:1:11: the import of module fails: RuntimeError: no licence\n"
            "  callable: module.run\n"
            "            ^\n"
            '  |   File "HERE/processes.d/module.py", line 3, in <module>\n'
            "  |     raise RuntimeError('no licence')\n"
            "  | RuntimeError: no licence"
        ),
    ),
    (
        "a module that exits",
        {"module.py": ("import sys\nsys.exit('no licence')\n"), "wrong.yaml": ("callable: module.run\nversion: 1\n")},
        (
            "processes.d/wrong.yaml:1:11: the import of module fails: SystemExit: no licence\n"
            "  callable: module.run\n"
            "            ^\n"
            '  |   File "HERE/processes.d/module.py", line 2, in <module>\n'
            "  |     sys.exit('no licence')\n"
            "  | SystemExit: no licence"
        ),
    ),
    (
        "a module that hangs",
        {"module.py": ("import time\ntime.sleep(60)\n"), "wrong.yaml": ("callable: module.run\nversion: 1\n")},
        ("processes.d/wrong.yaml:1:11: the import takes longer than 3 s\n  callable: module.run\n            ^"),
    ),
    (
        "a module that crashes",
        {"module.py": ("import ctypes\nctypes.string_at(0)\n"), "wrong.yaml": ("callable: module.run\nversion: 1\n")},
        (
            "processes.d/wrong.yaml:1:11: the import crashes the process (SIGSEGV)\n"
            "  callable: module.run\n"
            "            ^"
        ),
    ),
    (
        "a module with a syntax error",
        {"module.py": "def run(:\n", "wrong.yaml": ("callable: module.run\nversion: 1\n")},
        (
            "processes.d/wrong.yaml:1:11: the import of module fails: SyntaxError: invalid syntax "
            "(module.py, line 1)\n"
            "  callable: module.run\n"
            "            ^\n"
            '  |   File "HERE/processes.d/module.py", line 1\n'
            "  |     def run(:\n"
            "  |             ^\n"
            "  | SyntaxError: invalid syntax"
        ),
    ),
    (
        "a class whose constructor raises",
        {
            "module.py": "class Run:\n    def __init__(self):\n"
            "        raise OSError('no licence')\n    def execute(self): ...\n",
            "wrong.yaml": "callable: module.Run\nversion: 1\n",
        },
        (
            "processes.d/wrong.yaml:1:11: the constructor of module.Run fails: OSError: no licence (module.py:1); "
            "make one in the module, for example `made = Run(…)`, and name that\n"
            "  callable: module.Run\n"
            "            ^\n"
            '  |   File "HERE/processes.d/module.py", line 3, in __init__\n'
            "  |     raise OSError('no licence')\n"
            "  | OSError: no licence"
        ),
    ),
    (
        "a class whose constructor wants something",
        {
            "module.py": "class Run:\n    def __init__(self, size): ...\n    def run(self): ...\n",
            "wrong.yaml": "callable: module.Run.run\nversion: 1\n",
        },
        (
            "processes.d/wrong.yaml:1:11: the constructor of module.Run fails: TypeError: Run.__init__() missing "
            "1 required positional argument: 'size' (module.py:1); "
            "make one in the module, for example `made = Run(…)`, and name that\n"
            "  callable: module.Run.run\n"
            "            ^"
        ),
    ),
    (
        "a module that needs a package",
        {"module.py": "import nowhere_to_be_found\n", "wrong.yaml": ("callable: module.run\nversion: 1\n")},
        (
            'processes.d/wrong.yaml:1:11: there is no module "nowhere_to_be_found", neither installed '
            "nor in this folder\n"
            "  callable: module.run\n"
            "            ^\n"
            '  |   File "HERE/processes.d/module.py", line 1, in <module>\n'
            "  |     import nowhere_to_be_found\n"
            "  | ModuleNotFoundError: No module named 'nowhere_to_be_found'"
        ),
    ),
    (
        "two files with one id",
        {
            "first.yaml": ("callable: tools.area\nversion: 1\nid: area\n"),
            "wrong.yaml": ("callable: tools.area\nversion: 1\nid: area\n"),
        },
        (
            'processes.d/wrong.yaml:3:5: the id "area" is taken by processes.d/first.yaml, in the same version 1\n'
            "  id: area\n      ^"
        ),
    ),
    (
        "an empty file",
        {"wrong.yaml": ""},
        (
            "processes.d/wrong.yaml:1:1: the file is empty; the smallest description file is the line "
            "`callable: module.function`"
        ),
    ),
]


def said_of(folder: Path) -> str:
    with pytest.raises(StartError) as caught:
        load_registry(folder, import_seconds=3)
    return str(caught.value).replace(str(folder.parent.resolve()), "HERE")


@pytest.mark.parametrize(("files", "text"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_bad_input_gets_exactly_this_text(files: dict[str, str], text: str, put: Put, folder: Path) -> None:
    put("tools.py", TOOLS)
    for name, content in files.items():
        put(name, content)
    said = said_of(folder)
    assert without_marks(said) == without_marks(text)
    assert "fastprocesses_server" not in said


def without_marks(text: str) -> str:
    """Without the lines below those of a traceback, of which newer versions of Python draw more."""
    return re.sub(r"^  \|[ ~^]+\n", "", text, flags=re.MULTILINE)


def test_an_empty_folder_says_what_to_put_there(folder: Path) -> None:
    assert said_of(folder) == (
        "processes.d: there is no description file; put one there, "
        "for example buffer.yaml with the line `callable: geo_tools.buffer`"
    )


@pytest.fixture
def _as_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may read everything; so that it sees what others see, files without a bit for reading are refused to it."""
    if os.geteuid() != 0:
        return
    read_bytes, iterdir = Path.read_bytes, Path.iterdir

    def check(path: Path) -> None:
        if not path.stat().st_mode & 0o444:
            raise PermissionError(13, "Permission denied", str(path))

    def guarded_read_bytes(path: Path) -> bytes:
        check(path)
        return read_bytes(path)

    def guarded_iterdir(path: Path) -> object:
        check(path)
        return iterdir(path)

    monkeypatch.setattr(Path, "read_bytes", guarded_read_bytes)
    monkeypatch.setattr(Path, "iterdir", guarded_iterdir)


@pytest.mark.usefixtures("_as_others")
def test_a_file_that_must_not_be_read_is_told_beside_the_others(put: Put, folder: Path) -> None:
    put("tools.py", TOOLS)
    put("a.yaml", "callable: tools.area\nversion: 1\n").chmod(0)
    put("b.yaml", "callable: tools.nothing\nversion: 1\n")
    assert said_of(folder) == (
        "processes.d/a.yaml:1:1: the file cannot be read: Permission denied\n"
        'processes.d/b.yaml:1:11: tools has no "nothing"\n'
        "  callable: tools.nothing\n"
        "            ^"
    )


@pytest.mark.usefixtures("_as_others")
def test_a_folder_that_must_not_be_read_is_told(folder: Path) -> None:
    folder.chmod(0)
    said = said_of(folder)
    folder.chmod(0o700)
    assert said == "processes.d: the processes folder cannot be read: Permission denied; FP_PROCESSES_DIR names another"
