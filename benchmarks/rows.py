"""One row of a benchmark, and the table that all benchmarks print."""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Row:
    """What was measured, for which program, the median, its unit, and how."""

    what: str
    program: str
    value: float | None
    unit: str
    note: str = ""


def table(rows: Sequence[Row]) -> str:
    """The rows as aligned text."""
    heads = ("measured", "program", "median", "", "how")
    cells = [heads] + [(r.what, r.program, _number(r.value), r.unit, r.note) for r in rows]
    widths = [max(len(line[k]) for line in cells) for k in range(len(heads))]
    lines = ["  ".join(c.rjust(w) if k == 2 else c.ljust(w) for k, (c, w) in enumerate(zip(line, widths, strict=True)))
             for line in cells]  # fmt: skip
    lines.insert(1, "  ".join("-" * w for w in widths))
    return "\n".join(line.rstrip() for line in lines)


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def machine() -> str:
    """A line about this computer."""
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def run(measure: Callable[[argparse.Namespace], list[Row]], parser: argparse.ArgumentParser) -> int:
    """Parse, measure, print the table; with ``--json FILE`` write the rows there too."""
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows as JSON")
    options = parser.parse_args()
    rows = measure(options)
    if options.json:
        options.json.write_text(json.dumps([asdict(row) for row in rows]), encoding="utf-8")
    print(machine())
    print(table(rows), flush=True)
    return 0
