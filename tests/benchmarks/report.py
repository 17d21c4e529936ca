"""What was measured, as a table and as JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from statistics import median
from typing import Any

from generator import Figures
from rows import RATE, Measured, Row

OTHER, LIMIT, OWN = "fastprocesses", "limit", "server"
Runs = Mapping[str, Sequence[Measured]]
"""Of one row: by contender, in the order of the repetitions."""


def table(rows: Sequence[Row], found: Mapping[str, Runs]) -> str:
    """Medians of the values and of CPU; ratios are medians of those within one repetition."""
    head = (
        "scenario",
        OWN,
        OTHER,
        LIMIT,
        f"× {OTHER}",
        "of limit",
        "target",
        "met",
        "p99",
        "CPU ms per request, wrong",
    )
    lines = [head, tuple("---" for _ in head), *(_line(row, found[row.name]) for row in rows if found.get(row.name))]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _line(row: Row, runs: Runs) -> tuple[str, ...]:
    times, share = ratio(row, runs, OTHER), ratio(row, runs, LIMIT)
    return (
        row.title,
        *(_value(row, runs.get(name, ())) for name in (OWN, OTHER, LIMIT)),
        f"{times:.2g}" if times else "–",
        f"{100 * share:.0f} %" if share else "–",
        row.target,
        _verdict(row, runs, times),
        "; ".join(f"{_middle(runs[name], 'p99'):.0f} ms" for name in (OWN, OTHER, LIMIT) if _has(runs, name, "p99")),
        "; ".join(_cost(name, runs[name]) for name in (OWN, OTHER, LIMIT) if runs.get(name)),
    )


def ratio(row: Row, runs: Runs, other: str) -> float | None:
    """How often better this server is."""
    own, others = runs.get(OWN, ()), runs.get(other, ())
    pairs = [
        (mine.value, theirs.value) for mine, theirs in zip(own, others, strict=False) if mine.value and theirs.value
    ]
    if not pairs:
        return None
    return median(mine / theirs if row.unit == RATE else theirs / mine for mine, theirs in pairs)


def _verdict(row: Row, runs: Runs, times: float | None) -> str:
    if row.at_most and runs.get(OWN):
        return "yes" if _middle(runs[OWN], "value") <= row.at_most else "no"
    if row.at_least and times:
        return "yes" if times >= row.at_least else "no"
    return ""


def _value(row: Row, runs: Sequence[Measured]) -> str:
    if not runs:
        return "–"
    value = _middle(runs, "value")
    return f"{value:,.0f}{row.unit}" if row.unit == RATE else f"{value:,.3g} {row.unit}"


def _middle(runs: Sequence[Measured], name: str) -> float:
    return median(getattr(one, name) for one in runs)


def _has(runs: Runs, contender: str, name: str) -> bool:
    return bool(runs.get(contender)) and bool(_middle(runs[contender], name))


def _cost(name: str, runs: Sequence[Measured]) -> str:
    parts = {part: median(one.cpu[part] for one in runs) for part in runs[0].cpu}
    text = " + ".join(f"{cost:.2f}" for cost in parts.values())
    wrong = sum(one.wrong for one in runs)
    return f"{name} {text or '–'}{f', {wrong} wrong' if wrong else ''}"


def as_json(
    rows: Sequence[Row], found: Mapping[str, Runs], notes: Mapping[str, str], ceiling: Figures
) -> dict[str, Any]:
    return {
        "machine": dict(notes),
        "ceiling": {"rate": ceiling.rate, "p50": ceiling.p50, "cpu": ceiling.cpu},
        "rows": {
            row.name: {
                "title": row.title,
                "unit": row.unit,
                "target": row.target,
                "ratio": ratio(row, found[row.name], OTHER),
                "of limit": ratio(row, found[row.name], LIMIT),
                "runs": {name: [asdict(one) for one in runs] for name, runs in found[row.name].items()},
            }
            for row in rows
            if row.name in found
        },
    }
