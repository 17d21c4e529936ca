"""Alert rules, scrape settings and dashboard: read by the languages' own parsers, and held to what the server tells."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import promql_parser
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from serving import ROOT, Client

PROMETHEUS = ROOT / "config" / "prometheus"
DASHBOARD = json.loads((ROOT / "config" / "grafana" / "dashboard.json").read_text())
PANELS: list[dict[str, Any]] = DASHBOARD["panels"]
RULES: list[dict[str, Any]] = [
    rule for group in yaml.safe_load((PROMETHEUS / "alerts.yml").read_text())["groups"] for rule in group["rules"]
]
GRAFANA = {"$__rate_interval": "5m", "$process": ".*", "${datasource}": "prometheus"}
"""What Grafana writes in place of its variables."""


def written(expression: str) -> str:
    for variable, value in GRAFANA.items():
        expression = expression.replace(variable, value)
    return expression


SHOWN = [written(target["expr"]) for panel in PANELS for target in panel["targets"]]
EXPRESSIONS = [*(rule["expr"] for rule in RULES), *SHOWN]


def selectors(expression: Any) -> Iterator[Any]:
    """The series that an expression asks for, wherever in it."""
    if isinstance(expression, promql_parser.VectorSelector):
        yield expression
    for name in ("expr", "lhs", "rhs", "vector_selector"):
        if (part := getattr(expression, name, None)) is not None:
            yield from selectors(part)
    for part in getattr(expression, "args", None) or ():
        yield from selectors(part)


def asked(expression: str) -> list[tuple[str, dict[str, str]]]:
    """Metrics, and the labels that their series are chosen by, with the values asked for."""
    found = selectors(promql_parser.parse(expression))
    return [(one.name, {matcher.name: matcher.value for matcher in one.matchers.matchers}) for one in found]


@pytest.fixture(scope="module")
def told() -> dict[str, set[str]]:
    """Filled from the running server by the first test that needs it: metrics, each with the labels of its samples."""
    return {}


@pytest.fixture
def metrics(client: Client, told: dict[str, set[str]]) -> dict[str, set[str]]:
    if not told:
        client.execute("simple_process", {"input_text": "seen"})
        for family in text_string_to_metric_families(client.get("/metrics").text):
            ends = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"]}.get(family.type, [""])
            for end in ends:
                samples = [sample for sample in family.samples if sample.name == family.name + end]
                told[family.name + end] = {label for sample in samples for label in sample.labels}
    return told


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_expression_asks_for_what_the_server_tells(expression: str, metrics: dict[str, set[str]]) -> None:
    series = asked(expression)
    assert series
    for name, labels in series:
        if name == "up":  # of Prometheus itself
            continue
        assert name in metrics
        assert not metrics[name] or labels.keys() <= metrics[name]


@pytest.mark.parametrize("wrong", ["rate(fastprocesses_workers", "sum by (rate(x[5m])", "rate(x)"])
def test_a_wrong_expression_is_found(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        promql_parser.parse(wrong)


def test_every_kind_of_trouble_has_a_rule() -> None:
    rules = " ".join(rule["expr"] for rule in RULES)
    watched = (
        "up{",
        "store_up",
        "store_fit",
        "queue_workers",
        "queue_age",
        "workers_lost",
        "setbacks",
        "failed",
        "5..",
    )
    assert [what for what in watched if what not in rules] == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_a_rule_says_what_is_wrong_and_how_badly(rule: dict[str, Any]) -> None:
    assert rule.keys() <= {"alert", "expr", "for", "labels", "annotations"}
    assert rule["labels"]["severity"] in ("critical", "warning")
    assert rule["annotations"]["summary"].endswith(".")
    shown = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
    assert all(label in rule["expr"] or label == "queue" for label in shown)
    assert re.fullmatch(r"\d+m", rule.get("for", "1m"))


def test_rule_names_are_unique() -> None:
    names = [rule["alert"] for rule in RULES]
    assert len(names) == len(set(names))


def test_the_token_of_a_scraper_needs_comment_signs_to_be_taken_away_alone() -> None:
    lines = (PROMETHEUS / "prometheus.yml").read_text().replace("    # authorization:", "    authorization:")
    settings = yaml.safe_load(lines.replace("    #   credentials_file:", "      credentials_file:"))
    [scraped] = settings["scrape_configs"]
    assert scraped["authorization"] == {"credentials_file": "/etc/prometheus/token"}
    assert "config/prometheus/token" in (ROOT / ".gitignore").read_text().splitlines()


def test_prometheus_reads_the_rules_and_finds_the_api() -> None:
    settings = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text())
    assert [PROMETHEUS / name for name in settings["rule_files"]] == [PROMETHEUS / "alerts.yml"]
    [scraped] = settings["scrape_configs"]
    assert scraped["static_configs"] == [{"targets": ["api:8000"]}]
    assert f'up{{job="{scraped["job_name"]}"}}' in RULES[0]["expr"]


@pytest.mark.parametrize("command", [("rules", "alerts.yml"), ("config", "prometheus.yml")])
def test_promtool_finds_nothing_wrong(command: tuple[str, str]) -> None:
    if not shutil.which("promtool"):
        pytest.skip("promtool is not installed")
    done = subprocess.run(["promtool", "check", *command], cwd=PROMETHEUS, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_dashboard_is_one_that_grafana_imports() -> None:
    assert {"uid", "title", "schemaVersion", "panels", "templating", "time"} <= DASHBOARD.keys()
    assert "id" not in DASHBOARD  # of another Grafana
    numbers = [panel["id"] for panel in PANELS]
    assert len(numbers) == len(set(numbers))
    variables = {variable["name"] for variable in DASHBOARD["templating"]["list"]}
    used = set(re.findall(r"\$\{?([a-z]\w*)", json.dumps(PANELS)))
    assert used == variables


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_a_panel_shows_something_in_a_place_of_its_own(panel: dict[str, Any]) -> None:
    assert panel["type"] in ("stat", "timeseries")
    assert panel["datasource"]["uid"] == "${datasource}"
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"]) > 0
    assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24
    assert not [
        other["title"] for other in PANELS if other is not panel and overlap(panel["gridPos"], other["gridPos"])
    ]


def overlap(one: dict[str, int], other: dict[str, int]) -> bool:
    return all(
        one[start] < other[start] + other[size] and other[start] < one[start] + one[size]
        for start, size in (("x", "w"), ("y", "h"))
    )
