"""Run every benchmark, each in a process of its own, and print one table.

python -m benchmarks [NAME ...] [--json FILE]
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.rows import Row, run

NAMES = ("cold", "load", "frames", "effects", "walk", "tour", "scenarios", "stalls")


USAGE = 2
"""Exit code of a benchmark that knows no ``--json``: it prints a table of its own."""


def rows_of(name: str, folder: Path) -> list[Row]:
    """The rows of one benchmark; none if it printed its own table, one without a value where it failed."""
    target = folder / f"{name}.json"
    command = [sys.executable, "-m", f"benchmarks.{name}"]
    code = subprocess.run([*command, "--json", str(target)], capture_output=True, check=False).returncode
    if code == USAGE:
        code = subprocess.run(command, check=False).returncode
        return [] if code == 0 else [Row(name, "", None, "", f"failed with exit code {code}")]
    if code or not target.is_file():
        return [Row(name, "", None, "", f"failed with exit code {code}")]
    return [Row(**row) for row in json.loads(target.read_text(encoding="utf-8"))]


def measure(options: argparse.Namespace) -> list[Row]:
    """The rows of all benchmarks asked for."""
    names = options.names or [name for name in NAMES if importlib.util.find_spec(f"benchmarks.{name}")]
    with tempfile.TemporaryDirectory(prefix="citiverse-bench-") as folder:
        return [row for name in names for row in rows_of(name, Path(folder))]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", choices=[[], *NAMES], metavar="NAME", help=f"of {', '.join(NAMES)}")
    sys.exit(run(measure, parser))
