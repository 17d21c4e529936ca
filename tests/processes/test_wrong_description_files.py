"""What is said of wrong files: the first line of each complaint, and the suggestion where there is one."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

GOOD = "callable: roots.sqrt\nversion: 1\n"
IO = "inputs: {x: {schema: {type: number}}}\noutputs: {result: {schema: {type: number}}}\n"
ROOTS = "def sqrt(x): return x ** 0.5"
MODULE = """
def takes_a(a, b=1): pass
def any_number(*values): pass
def anything(*values, **named): pass
class Grown:
    def execute(self, a): pass
number = 5
"""

SYNTAX = [
    ("", "1:1: the file is empty; the smallest description file is the line `callable: module.function`"),
    (
        "- a\n",
        (
            "1:1: members are expected, `name: value`; "
            "the smallest description file is the line `callable: module.function`"
        ),
    ),
    ("callable: a: b\n", "1:12: mapping values are not allowed in this context"),
    ("inputs:\n\ta: 1\n", "2:1: a tab: YAML is indented with spaces"),
    ("inputs: [1, 2\n", "1:9: while parsing a flow sequence: did not find expected ',' or ']'"),
    ("callable: a.b\ncallable: c.d\n", '2:1: the key "callable" is written twice; the first is in line 1'),
    ("id: !!python/name:os.system\n", "1:5: the tag !!python/name:os.system is not understood; leave it out"),
    ("id: &a [*a]\n", "1:5: this contains itself by an alias"),
    ("version: .nan\n", None),
    ("title: .nan\n", "1:8: JSON has no such number"),
    ("title: 99999999999999999999\n", "1:8: this number has more than 64 bits"),
    ("title: caf\udce9\n", "1:11: this is not UTF-8; save the file in that encoding"),
    ("title: a\x07\n", "1:9: control characters are not allowed"),
    ("a: 1\n---\nb: 2\n", "2:1: another document begins here; a description file is one, remove the `---`"),
    ("<<: 1\n", "1:5: << takes a mapping, or a list of mappings"),
    ("? [a]\n: 1\n", "1:3: a key must be plain text"),
    ("[" * 100_000, "1:101: nested more than 100 deep"),
    ("a: !!int x\n", '1:4: "x" is no int'),
]

MEMBERS = [
    ("version: 1\n" + IO, '1:1: "callable" is missing, for example `callable: geo_tools.buffer`', None),
    (GOOD + IO + "titel: x\n", '5:1: there is no member "titel" here', "title"),
    (GOOD + IO + "title: 2024\n", '5:8: "title" must be text; put it in quotes', None),
    (GOOD + IO + "keywords: gis\n", '5:11: "keywords" must be a list', None),
    (GOOD + IO + "id: a/b\n", '5:5: "id" must consist of letters, digits and . _ -', None),
    (GOOD + IO + "id: ..\n", '5:5: "id" must consist of letters, digits and . _ -', None),
    (
        GOOD + IO + "jobControlOptions: [sync]\n",
        "5:21: \"jobControlOptions\" must be 'sync-execute', 'async-execute' or 'dismiss'",
        None,
    ),
    (
        GOOD + IO + "jobControlOptions: [dismiss]\n",
        '5:20: "jobControlOptions" must name sync-execute or async-execute, else nobody can run the process',
        None,
    ),
    (
        GOOD + IO + "run: {timeLimit: {soft: 1parsec}}\n",
        '5:25: "soft": write a number and one of ms, s, min, h, d, for example 10min',
        None,
    ),
    (
        GOOD + IO + "run: {timeLimit: {soft: 2min, hard: 1min}}\n",
        "5:25: the soft time limit must be below the hard one",
        None,
    ),
    (GOOD + IO + "run: {attemts: 1}\n", '5:7: there is no member "attemts" here', "attempts"),
    (GOOD + IO + "run: {attempts: 0}\n", '5:17: "attempts" must be greater than or equal to 1', None),
    (
        GOOD + IO + "results: {cache: for ever}\n",
        '5:18: "cache": write a number and one of ms, s, min, h, d, for example 10min or "off"',
        None,
    ),
    (GOOD + IO + "links: [{rel: about}]\n", '5:9: "href" is missing, for example `href: https://example.org`', None),
    (GOOD + IO + "examples: {e: {inputs: {y: 1}}}\n", '5:25: the process has no input "y"', None),
    (GOOD + IO + "examples: {e: {outputs: {resutl: 1}}}\n", '5:26: the process has no output "resutl"', "result"),
    (
        GOOD + IO + "examples: {e: {inputs: {x: {$file: no.json}}}}\n",
        "5:28: no.json: the file cannot be read: No such file or directory",
        None,
    ),
    (
        GOOD + IO + "examples: {e: {inputs: {x: {$resource: nobody:x.json}}}}\n",
        "5:28: nobody:x.json: there is no package nobody",
        None,
    ),
    (
        GOOD + "inputs: {x: {schema: {}, min_occurs: 2}}\noutputs: {}\n",
        '3:26: there is no member "min_occurs" here',
        "minOccurs",
    ),
    (GOOD + "inputs: {x: {scheme: {}}}\noutputs: {}\n", '3:14: there is no member "scheme" here', "schema"),
    (
        GOOD + "inputs: {x: {}}\noutputs: {}\n",
        '3:10: "schema" is missing, for example `schema: {type: string}`, as "x" has no annotation (roots.py:1)',
        None,
    ),
    (
        GOOD + "inputs: {x: {schema: {}, maxOccurs: many}}\noutputs: {}\n",
        "3:37: \"maxOccurs\" must be a valid integer or must be 'unbounded'",
        None,
    ),
    (
        GOOD + "inputs: {x: {schema: {}, minOccurs: 3, maxOccurs: 2}}\noutputs: {}\n",
        "3:51: maxOccurs is below minOccurs, which is 3",
        None,
    ),
    (
        GOOD + "inputs: {x: {schema: {type: numbr}}}\noutputs: {}\n",
        '3:29: "type" must be one of array, boolean, integer, null, number, object, string, or a list of them',
        "number",
    ),
    (
        GOOD + "inputs: {x: {schema: {minimun: 1}}}\noutputs: {}\n",
        '3:23: "minimun" is no keyword of JSON Schema',
        "minimum",
    ),
    (
        GOOD + "inputs: {x: {schema: {format: date-tme}}}\noutputs: {}\n",
        '3:31: nobody knows the format "date-tme"',
        "date-time",
    ),
    (GOOD + "inputs: {x: {schema: {required: true}}}\noutputs: {}\n", '3:33: "required" must be a list', None),
    (GOOD + "inputs: {x: {schema: {pattern: '['}}}\noutputs: {}\n", '3:32: "[" is not a "regex"', None),
    (
        GOOD + "inputs: {x: {schema: {$ref: https://example.org/a.json}}}\noutputs: {}\n",
        "3:29: https://example.org/a.json is not bundled, and nothing is fetched; copy it into $defs",
        None,
    ),
    (
        GOOD + "inputs: {x: {schema: {$ref: '#/$defs/a'}}}\noutputs: {}\n",
        "3:29: #/$defs/a refers to nothing in this schema",
        None,
    ),
    (
        GOOD + "inputs: {x: {schema: {type: number, default: five}}}\noutputs: {}\n",
        '3:46: the default does not fit: "five" is not of type "number"',
        None,
    ),
]

CALLABLES = [
    (
        "callable: takes_a\n",
        '1:11: "callable" must be a dotted path to a callable: module.function, or module:function',
        None,
    ),
    ("callable: tools.takes_b\n", '1:11: tools has no "takes_b"', "takes_a"),
    ("callable: toolz.takes_a\n", '1:11: there is no module "toolz", neither installed nor in this folder', "tools"),
    (
        "callable: tools.number\n",
        "1:11: tools.number is of type int: it can neither be called nor has an execute method",
        None,
    ),
    (
        "callable: tools.any_number\n",
        (
            "1:11: the callable takes any number of values by position, "
            "but inputs are given by name; write a function around it"
        ),
        None,
    ),
    (
        "callable: tools.takes_a\n",
        (
            '1:11: the callable needs "a", which has no annotation (tools.py:2); '
            "annotate it, or write for example `inputs: {a: {schema: {type: number}}}`"
        ),
        None,
    ),
    (
        "callable: tools.Grown\ninputs: {}\n",
        (
            '2:1: the callable needs "a", which has no annotation (tools.py:6); '
            "annotate it, or write for example `inputs: {a: {schema: {type: number}}}`"
        ),
        None,
    ),
    (
        "callable: tools.takes_a\ninputs: {a: {schema: {}}, bb: {schema: {}}}\n",
        '2:27: the callable takes no "bb"; it takes "a", "b"',
        "b",
    ),
    ("callable: raising.it\n", "1:11: the import of raising fails: ZeroDivisionError: division by zero", None),
    ("callable: leaving.it\n", "1:11: the import of leaving fails: SystemExit: 3", None),
    (
        "callable: broken.it\n",
        "1:11: the import of broken fails: SyntaxError: invalid syntax (broken.py, line 1)",
        None,
    ),
    ("callable: crashing.it\n", "1:11: the import crashes the process (SIGSEGV)", None),
    ("callable: quitting.it\n", "1:11: the import ends the process with exit status 7", None),
    (
        "callable: needing.it\n",
        '1:11: there is no module "nowhere_to_be_found", neither installed nor in this folder',
        None,
    ),
]


def lines_about(place: str, text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith((place, "  did you mean"))]


@pytest.mark.parametrize(("text", "expected"), [pair for pair in SYNTAX if pair[1]])
def test_what_is_no_yaml_is_shown_with_its_place(
    text: str, expected: str, put: Callable[..., Path], complaints: Callable[..., str]
) -> None:
    put("wrong.yaml", text.encode(errors="surrogateescape"))
    assert complaints().splitlines()[0] == f"processes.d/wrong.yaml:{expected}"


@pytest.mark.parametrize(("text", "expected", "hint"), MEMBERS)
def test_a_wrong_member_is_shown_with_its_place_and_remedy(
    text: str, expected: str, hint: str | None, put: Callable[..., Path], complaints: Callable[..., str]
) -> None:
    put("roots.py", ROOTS)
    put("wrong.yaml", text)
    suggestion = [f'  did you mean "{hint}"?'] if hint else []
    assert lines_about("processes.d", complaints())[: 1 + len(suggestion)] == [
        f"processes.d/wrong.yaml:{expected}",
        *suggestion,
    ]


@pytest.mark.parametrize(("text", "expected", "hint"), CALLABLES)
def test_a_callable_that_does_not_fit_is_shown_where_it_is_named(
    text: str, expected: str, hint: str | None, put: Callable[..., Path], complaints: Callable[..., str]
) -> None:
    put("tools.py", MODULE)
    put("raising.py", "1 / 0")
    put("leaving.py", "raise SystemExit(3)")
    put("broken.py", "def it(:")
    put("crashing.py", "import ctypes; ctypes.string_at(0)")
    put("quitting.py", "import os; os._exit(7)")
    put("needing.py", "import nowhere_to_be_found")
    put("wrong.yaml", text + "version: 1\noutputs: {result: {schema: {}}}\n")
    suggestion = [f'  did you mean "{hint}"?'] if hint else []
    assert lines_about("processes.d", complaints()) == [f"processes.d/wrong.yaml:{expected}", *suggestion]


def test_a_complaint_shows_the_line_a_caret_and_one_suggestion(
    put: Callable[..., Path], complaints: Callable[..., str]
) -> None:
    put("roots.py", ROOTS)
    put("sqrt.yaml", GOOD + "inputs:\n  x: {schema: {type: numbr}}\noutputs: {}\n")
    assert complaints() == (
        'processes.d/sqrt.yaml:4:22: "type" must be one of array, boolean, integer, null, number, object, '
        "string, or a list of them\n"
        "    x: {schema: {type: numbr}}\n"
        "                       ^\n"
        '  did you mean "number"?'
    )


def test_all_complaints_of_all_files_come_at_once_in_order(
    put: Callable[..., Path], complaints: Callable[..., str]
) -> None:
    put("roots.py", ROOTS)
    put("b.yaml", "callable: os.system\n")
    put("a.yaml", GOOD + IO + "titel: x\nkeywords: y\n")
    assert lines_about("processes.d", complaints()) == [
        'processes.d/a.yaml:5:1: there is no member "titel" here',
        '  did you mean "title"?',
        'processes.d/a.yaml:6:11: "keywords" must be a list',
        (
            'processes.d/b.yaml:1:11: the callable needs "command", which has no annotation; '
            "write for example `inputs: {command: {schema: {type: number}}}`"
        ),
        (
            "processes.d/b.yaml:1:11: what the callable returns has no annotation; "
            "write `outputs: {result: {schema: {type: T}}}`, where T is number, integer, string, boolean, "
            "array or object; of anything else, write a function around it"
        ),
    ]


def test_what_the_callable_contradicts_is_told_beside_what_is_wrong_alone(
    put: Callable[..., Path], complaints: Callable[..., str]
) -> None:
    put("tools.py", "def run(x: int, y: int) -> int: ...")
    put(
        "a.yaml",
        "callable: tools.run\nversion: 1\ntitle: 5\nrun: {retryOn: [ConectionError, 5]}\n"
        "inputs:\n  x: {schema: {type: string}}\n  y: {schema: {type: nothing}}\n  z: 5\n"
        "outputs: {result: {schema: {type: string}}}\n",
    )
    put("b.yaml", "callable: tools.run\nversion: 1\noutptus: {result: {schema: {type: integer}}}\n")
    text = complaints()
    for said in (
        'a.yaml:3:8: "title" must be text',
        'a.yaml:4:17: Python has no "ConectionError"',
        "a.yaml:4:33: ",
        "a.yaml:6:15: the schema is for string, but the callable's annotation for integer",
        "a.yaml:7:22: ",
        "a.yaml:8:3: ",
        "a.yaml:9:28: the schema is for string, but the callable's annotation for integer",
        "b.yaml:3:1: ",
    ):
        assert text.count(said) == 1, (said, text)
    assert text.count("b.yaml:") == 1


def test_an_import_that_raises_shows_the_frames_of_the_author_alone(
    put: Callable[..., Path], complaints: Callable[..., str], folder: Path
) -> None:
    put("raising.py", "import helping\n")
    put("helping.py", "import json\njson.loads('')\n")
    put("a.yaml", "callable: raising.it\noutputs: {}\n")
    text = complaints()
    assert f'  |   File "{folder}/raising.py", line 1, in <module>\n  |     import helping\n' in text
    assert f'  |   File "{folder}/helping.py", line 2, in <module>\n' in text
    assert "inspection.py" not in text
    assert "json/decoder.py" not in text
    assert text.endswith("  | json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)")


def test_a_file_that_cannot_be_read_is_named(put: Callable[..., Path], complaints: Callable[..., str]) -> None:
    put("a.yaml", GOOD).unlink()
    put("a.yaml.target", "").unlink()
    (Path("processes.d") / "a.yaml").symlink_to("nowhere")
    assert complaints() == "processes.d/a.yaml:1:1: the file cannot be read: No such file or directory"


def test_a_pipe_is_not_waited_for(folder: Path, complaints: Callable[..., str]) -> None:
    os.mkfifo(folder / "a.yaml")
    assert complaints() == "processes.d/a.yaml:1:1: this is no file; description files are"


def test_a_bomb_of_aliases_is_refused_quickly(put: Callable[..., Path], complaints: Callable[..., str]) -> None:
    levels = "".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]\n" for n in range(1, 12))
    put("bomb.yaml", "l0: &l0 [a, a, a, a, a, a, a, a, a, a]\n" + levels)
    assert "aliases repeat this too many times" in complaints()


JSON = [
    ('{"callable": "a.b",}', None),
    ('{"id": "a", "id": "b"}', '1:13: the key "id" is written twice; the first is in line 1'),
    ('{"title": NaN}', "1:11: JSON has no such number"),
    (
        '{\n  "titel": "x",\n  "callable": "roots.sqrt", "outputs": {}, "inputs": {}}',
        '2:3: there is no member "titel" here',
    ),
    ("[" * 100_000, "1:1: nested more than 100 deep"),
    ("[" * 200 + "]" * 200, "1:102: nested more than 100 deep"),
    ('{"title": "\\ud800"}', "1:11: half of a surrogate pair is not text"),
]


@pytest.mark.parametrize(("text", "expected"), JSON)
def test_json_files_are_read_with_places_too(
    text: str, expected: str | None, put: Callable[..., Path], complaints: Callable[..., str]
) -> None:
    put("wrong.json", text)
    said = complaints().splitlines()[0]
    # The json module words this one differently from release to release.
    assert said == f"processes.d/wrong.json:{expected}" if expected else said.startswith("processes.d/wrong.json:1:")


def test_of_a_long_line_the_part_around_the_mistake_is_shown(
    put: Callable[..., Path], complaints: Callable[..., str]
) -> None:
    put("long.json", '{"callable": "html.escape", "description": "' + "x" * 5000 + '", "titel": 1}')
    said = complaints().splitlines()
    line, caret = next(said[i + 1 : i + 3] for i, text in enumerate(said) if 'no member "titel"' in text)
    assert len(line) <= 102
    assert line[caret.index("^") :].startswith('"titel"')
