"""This server beside fastprocesses, and beside what FastAPI and Celery can do: `python tests/benchmarks --help`."""

import argparse
import json
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from contenders import Contender, Limit, Peer, Server, Site, running
from generator import measure_ceiling
from places import free_port, machine
from report import as_json, table
from rows import ROWS, Measured, Row, Scale

Found = dict[str, dict[str, list[Measured]]]


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python tests/benchmarks", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"of: {', '.join(row.name for row in ROWS)}; all")
    parser.add_argument("--peer", type=Path, metavar="PYTHON", help="of an environment with fastprocesses 0.24.1")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="of: server, fastprocesses, limit; all")
    parser.add_argument("--repeat", type=int, default=3, help="rounds over all contenders; %(default)s")
    parser.add_argument("--seconds", type=float, default=3, help="of each load; %(default)s")
    parser.add_argument("--jobs", type=int, default=2_000, help="of the rows that submit jobs; %(default)s")
    parser.add_argument("--quick", action="store_true", help="one short round, to see that all works")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where to write every figure")
    arguments = parser.parse_args()
    unknown = set(arguments.rows) - {row.name for row in ROWS}
    if unknown:
        parser.error(f"no such row: {', '.join(sorted(unknown))}")
    return arguments


def main() -> None:
    arguments = read_arguments()
    scale = Scale(arguments.seconds, arguments.jobs, 1_000_000, arguments.repeat)
    if arguments.quick:
        scale = Scale(0.3, 20, 1_000, 1)
    rows = [row for row in ROWS if not arguments.rows or row.name in arguments.rows]
    notes, ceiling = machine(), measure_ceiling(free_port(), 32, scale.seconds)
    print("\n".join(f"{name}: {value}" for name, value in notes.items()))
    print(
        f"the load generator alone: {ceiling.rate:,.0f}/s, {1e6 * ceiling.cpu / ceiling.requests:.0f} µs of CPU each\n"
    )
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        contenders = make_contenders(Path(folder), arguments)
        sites = [stack.enter_context(running(contender)) for contender in contenders]
        if any(row.needs_key for row in rows):
            for site in sites:
                site.secured = site.contender.secure(site)
        for found in measure(rows, sites, scale):
            if arguments.json:
                arguments.json.write_text(json.dumps(as_json(rows, found, notes, ceiling), indent=1))
    print(table(rows, found))


def make_contenders(folder: Path, arguments: argparse.Namespace) -> Sequence[Contender]:
    contenders: list[Contender] = [Server(folder), Limit(folder)]
    if arguments.peer:
        contenders.insert(1, Peer(folder, arguments.peer))
    return [one for one in contenders if not arguments.only or one.name in arguments.only]


def measure(rows: Sequence[Row], sites: Sequence[Site], scale: Scale) -> Iterator[Found]:
    """Row by row, and in each of them contender after contender, again and again: all that is known after each row."""
    found: Found = defaultdict(lambda: defaultdict(list))
    for row in rows:
        for _ in range(scale.repeat):
            for site in sites:
                if one := row.measure(site, scale):
                    found[row.name][site.contender.name].append(one)
                    print(f"{row.name}: {site.contender.name} {one.value:.4g} {row.unit}", file=sys.stderr)
        yield found


if __name__ == "__main__":
    main()
