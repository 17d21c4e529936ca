"""docs/from-fastprocesses.md: what the page says is written into files and run by a real server."""

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from serving import ROOT, Client, Server, wait_until

from fastprocesses_server.settings import Settings, setting_names, unknown_names

PAGE = (ROOT / "docs" / "from-fastprocesses.md").read_text()
MODELS = '''
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from fastprocesses import BaseProcessResult
from fastprocesses.core.base_process import BaseParallelProcess, BaseProcess, BaseScatterProcess, parallel_step
from fastprocesses.core.models import ProcessDescription
from fastprocesses.processes.process_registry import register_process
from pydantic import BaseModel

TEXT, NUMBER = {"type": "string"}, {"type": "number"}


def described(inputs, outputs, **members):
    return ProcessDescription.model_validate({
        "id": "x", "title": "X", "version": "2.0", "description": "-",
        "jobControlOptions": ["sync-execute", "async-execute"], "outputTransmission": ["value"],
        "inputs": {name: {"title": name, "description": "-", "schema": schema} for name, schema in inputs.items()},
        "outputs": {name: {"title": name, "description": "-", "schema": schema} for name, schema in outputs.items()},
        **members,
    })


class Told(BaseProcess):
    """Returns what it got."""

    process_description = described({"anything": {"type": ["object", "string"]}, "file": {
        "type": "string", "contentEncoding": "base64", "contentMediaType": "image/png", "default": "YQ=="
    }}, {"told": {"type": "object"}, "more": TEXT})

    def execute(self, exec_body, job_progress_callback=None):
        return {"outputs": {"told": exec_body, "more": "more"}}


class Bill(BaseModel):
    total: Decimal
    due: date
    note: str | None = None


class Billed(BaseProcess):
    process_description = described({}, {"total": TEXT, "due": {"type": "string", "format": "date"}, "note": TEXT})

    async def execute(self, exec_body, job_progress_callback=None) -> Bill:
        return Bill(total="1.50", due=date(2026, 1, 31))


class Table(BaseProcessResult):
    counts: dict[str, int]
    output_serializers: ClassVar = {"counts": {"text/csv": "as_csv"}}

    def as_csv(self) -> bytes:
        return "".join(f"{word},{count}\\n" for word, count in self.counts.items()).encode()


class Counted(BaseScatterProcess):
    process_description = described(
        {"text": TEXT}, {"counts": {"type": "string", "contentMediaType": "text/csv"}}
    )

    @parallel_step
    def words(self, exec_body):
        return {"n": len(exec_body["inputs"]["text"].split())}

    @parallel_step
    async def letters(self, exec_body):
        return {"n": len(exec_body["inputs"]["text"])}

    def merge_results(self, results, exec_body):
        return Table(counts={name: result["n"] for name, result in results.items()})


class Squares(BaseParallelProcess):
    process_description = described(
        {"numbers": {"type": "array", "items": NUMBER}}, {"squares": {"type": "array", "items": NUMBER}}
    )

    def split_inputs(self, exec_body):
        return [{"number": number} for number in exec_body["inputs"]["numbers"]]

    def execute_single(self, item, job_progress_callback=None):
        return {"square": item["number"] ** 2}

    def merge_results(self, results):
        return {"squares": [result["square"] for result in results]}


class Undeclared(BaseProcess):
    process_description = described({}, {"output_text": TEXT})

    def execute(self, exec_body, job_progress_callback):
        return {"output_txt": "x"}


class Checked(BaseProcess):
    process_description = described({"text": TEXT}, {"text": TEXT})

    def resolve_remote_inputs(self, exec_body, job_progress_callback=None):
        return {**exec_body, "inputs": {"text": exec_body["inputs"]["text"].strip()}}

    def late_validate(self, inputs):
        if not inputs["text"]:
            raise ValueError("there is nothing but blanks")

    def execute(self, exec_body, job_progress_callback):
        return exec_body["inputs"]


class Plain:
    """Described by its file alone."""

    def execute(self, exec_body, job_progress_callback):
        job_progress_callback(10, None)
        return {"size": len(exec_body["inputs"]["text"])}
'''
PLAIN = """
callable: others.Plain
inputs: {text: {schema: {type: string}}}
outputs: {size: {schema: {type: integer}}}
"""


def blocks() -> Iterator[tuple[str, str]]:
    """Language and text of each, as they are to be copied."""
    for indent, language, text in re.findall(r"^( *)```(\w+)\n(.*?)^ *```", PAGE, re.MULTILINE | re.DOTALL):
        yield language, textwrap.indent(textwrap.dedent(text), "") if indent else text


def files() -> dict[str, str]:
    """Those that the page tells to write, by the path in their first lines."""
    found = [text.partition("\n") for _, text in blocks() if text.startswith("# processes.d/")]
    return {first.removeprefix("# processes.d/"): rest for first, _, rest in found}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("from") / "processes.d"
    folder.mkdir()
    classes = {
        name: f"callable: others.{name}\n"
        for name in re.findall(r"^class (\w+)\(Base\w*Process\)", MODELS, re.MULTILINE)
    }
    written = {**files(), "others.py": MODELS, "Plain.yaml": PLAIN}
    for name, text in {**written, **{f"{name}.yaml": text for name, text in classes.items()}}.items():
        (folder / name).write_text(text)
    return folder


@pytest.fixture(scope="module")
def conformant(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    server = Server(folder, tmp_path_factory.mktemp("conformant") / "state", {"FP_WORKER_CONCURRENCY": "1"})
    server.start()
    with Client(base_url=server.url, timeout=60) as client:
        yield client
    assert server.stop() == 0, server.log()


@pytest.fixture(scope="module")
def as_before(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Client, Server]]:
    """A server with the settings of the page for clients that are not changed yet."""
    lines = next(text for language, text in blocks() if "FP_DEFAULT_MODE=" in text).split()
    environment = dict(line.split("=") for line in lines)
    server = Server(
        folder, tmp_path_factory.mktemp("as_before") / "state", {**environment, "FP_WORKER_CONCURRENCY": "1"}
    )
    server.start()
    with Client(base_url=server.url, timeout=60) as client:
        yield client, server
    assert server.stop() == 0, server.log()


def test_the_example_needs_one_line() -> None:
    assert files()["simple_process.yaml"].strip() == "callable: my_process.SimpleProcess"


def test_the_class_describes_the_process(conformant: Client) -> None:
    document = conformant.get("/processes/simple_process").json()
    assert (document["title"], document["version"]) == ("Two spellings", "1.0.0")
    assert document["description"] == "Spells a text in capitals and in small letters."
    assert document["jobControlOptions"] == ["sync-execute", "async-execute"]
    assert document["outputTransmission"] == ["value"]
    assert document["keywords"] == ["text"]
    assert {"role": "provider", "title": "City of Examples"} in document["metadata"]
    assert document["inputs"]["input_text"]["schema"] == {"type": "string", "minLength": 1, "maxLength": 1000}
    assert document["inputs"]["pause"]["minOccurs"] == 0
    assert list(document["outputs"]) == ["output_text", "lower"]


def test_the_example_runs_synchronously(conformant: Client) -> None:
    chosen = conformant.execute("simple_process", {"input_text": "Hello World"}, outputs={"lower": {}})
    assert (chosen.status_code, chosen.text) == (200, "hello world")
    both = conformant.execute("simple_process", {"input_text": "Hello World"}, response="document")
    assert both.json() == {"output_text": "HELLO WORLD", "lower": "hello world"}


def test_the_example_runs_as_a_job_with_progress_and_results(conformant: Client) -> None:
    job_id = conformant.submit("simple_process", {"input_text": "Job", "pause": 3}, response="document")
    half = wait_until(lambda: (now := conformant.status(job_id))["progress"] == 50 and now)
    assert (half["status"], half["message"]) == ("running", "capitals are done")
    assert conformant.finished(job_id)["status"] == "successful"
    assert conformant.get(f"/jobs/{job_id}/results").json() == {"output_text": "JOB", "lower": "job"}


@pytest.mark.parametrize("inputs", [{"input_text": ""}, {}, {"input_text": "x", "other": 1}])
def test_inputs_are_checked_by_the_class_description(conformant: Client, inputs: dict[str, object]) -> None:
    assert conformant.execute("simple_process", inputs).status_code == 400


def test_the_body_arrives_as_it_was_sent(conformant: Client) -> None:
    inputs = {"anything": {"a": [1, None]}, "file": {"value": "aGk=", "encoding": "base64"}}
    told = conformant.execute("Told", inputs, outputs={"told": {}}).json()
    assert told == {
        "inputs": {"anything": {"a": [1, None]}, "file": "aGk="},
        "outputs": {"told": {"transmissionMode": "value"}},
        "response": "raw",
    }
    told = conformant.execute("Told", {"anything": "x"}, response="document").json()["told"]["value"]
    assert told["inputs"] == {"anything": "x", "file": "YQ=="}
    assert list(told["outputs"]) == ["told", "more"]
    assert told["response"] == "document"


def test_a_model_has_an_output_for_each_field(conformant: Client) -> None:
    assert conformant.execute("Billed", {}, response="document").json() == {"total": "1.50", "due": "2026-01-31"}


def test_steps_run_and_a_serializer_makes_the_output(conformant: Client) -> None:
    response = conformant.execute("Counted", {"text": "to be or not"})
    assert response.headers["content-type"].startswith("text/csv")
    assert response.text == "words,4\nletters,12\n"


def test_pieces_run_and_an_array_is_one_value(conformant: Client) -> None:
    assert conformant.execute("Squares", {"numbers": [1, 2, 3]}).json() == [1, 4, 9]


def test_the_checks_of_the_class_run_before_it(conformant: Client) -> None:
    assert conformant.execute("Checked", {"text": " a "}).text == "a"
    failed = conformant.execute("Checked", {"text": "  "})
    assert (failed.status_code, failed.json()["detail"]) == (500, "there is nothing but blanks")


def test_a_class_without_description_is_described_by_its_file(conformant: Client) -> None:
    assert conformant.execute("Plain", {"text": "four"}).json() == 4


def test_an_output_that_is_not_declared_fails_the_job_with_a_suggestion(as_before: tuple[Client, Server]) -> None:
    client, server = as_before
    assert client.execute("Undeclared", {}, "respond-sync").status_code == 500
    suggestion = "the description has no output 'output_txt'; did you mean \"output_text\"?"
    wait_until(lambda: suggestion in server.log(), 20, server.log)


def test_old_clients_get_jobs_and_documents_as_before(as_before: tuple[Client, Server]) -> None:
    client, _ = as_before
    response = client.execute("simple_process", {"input_text": "Old"})
    assert response.status_code == 201
    assert "preference-applied" not in response.headers
    job_id = response.json()["jobID"]
    assert client.finished(job_id)["status"] == "successful"
    both = {"output_text": "OLD", "lower": "old"}
    assert client.get(f"/jobs/{job_id}/results").json() == both
    assert client.execute("simple_process", {"input_text": "Old"}, "respond-sync").json() == both
    assert client.execute("simple_process", {"input_text": "Old"}, "wait=60").json() == both


def test_what_a_client_says_counts_for_more_than_the_settings(as_before: tuple[Client, Server]) -> None:
    client, _ = as_before
    asked = {"outputs": {"lower": {}}, "response": "raw"}
    assert client.execute("simple_process", {"input_text": "New"}, "respond-sync", **asked).text == "new"


def test_defaults_outside_the_standard_are_told(as_before: tuple[Client, Server]) -> None:
    client, server = as_before
    definition = client.get("/api").json()
    assert "become jobs" in definition["components"]["parameters"]["prefer"]["description"]
    body = definition["paths"]["/processes/simple_process/execution"]["post"]["requestBody"]["content"]
    for schema in (body["application/json"]["schema"], definition["components"]["schemas"]["execute"]):
        assert schema["properties"]["response"]["default"] == "document"
        assert "the standard's default is raw" in schema["properties"]["response"]["description"]
    page = client.get("/api?f=html").text
    assert "the standard&#39;s default is a synchronous run" in page
    assert "default is raw" in page
    for setting in ("FP_DEFAULT_RESPONSE=document", "FP_DEFAULT_MODE=async"):
        assert server.log().count(f"{setting} is outside the standard") == 1


def test_defaults_of_the_standard_are_told_without_a_word_of_others(conformant: Client) -> None:
    text = conformant.get("/api").text
    assert "the standard's default" not in text
    assert '"default":"raw"' in text.replace(" ", "")


def test_settings_work_where_the_page_says_so() -> None:
    known = {name for names in setting_names().values() for name in names}
    rows = re.findall(r"^\| (`[A-Z].*) \| (works?\b|are of later versions)", PAGE, re.MULTILINE)
    assert len(rows) == 8
    for names, says in rows:
        for name in re.findall(r"`(\w+)`", names):
            assert ({name, f"FP_{name}"} <= known) is says.startswith("work"), name
            assert bool(unknown_names({name: "1"})) is not says.startswith("work"), name


@pytest.mark.parametrize("field", ["default_mode", "default_response"])
def test_the_settings_say_that_they_are_outside_the_standard(field: str) -> None:
    assert "outside the standard" in str(Settings.model_fields[field].description)
    assert f"`{setting_names()[field][0]}=" in PAGE
