"""Refresh the locked versions: ``python3 packaging/lock.py``.

Writes ``packaging/requirements.lock`` (the program) and ``packaging/requirements-test.lock`` (the program and what its
tests need). Both are universal: one file for Linux, macOS and Windows and for every Python that the project
supports, told apart by environment markers, each file of each package pinned by its SHA-256. They name no place
to download from, so they work with any index or mirror that serves the same files.

Needs the ``uv`` command (``pip install uv``). With ``--upgrade`` all versions move to the newest allowed by
``pyproject.toml``; without it only what must change does. With ``--check`` nothing is written; the exit code is 1 if
the locks no longer fit ``pyproject.toml``.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCKS = {"requirements.lock": [], "requirements-test.lock": ["--extra", "test"]}
HEADER = "# Locked versions; refresh with: python3 packaging/lock.py [--upgrade]\n"
OLDEST_PYTHON = "3.11"


def compile_lock(extra: list[str], start: Path, *, upgrade: bool) -> str:
    """The text of a lock, starting from the versions in ``start`` unless ``upgrade``."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.lock"
        if start.exists() and not upgrade:
            out.write_bytes(start.read_bytes())
        command = ["uv", "pip", "compile", "pyproject.toml", "packaging/build.in", *extra, "--universal", "-q"]
        command += ["--python-version", OLDEST_PYTHON, "--generate-hashes", "--no-header", "--no-annotate"]
        command += ["--no-emit-index-url", "--no-emit-find-links", "-o", str(out)]
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        return HEADER + out.read_text(encoding="utf-8").removeprefix(HEADER)


def main() -> int:
    """Write or check both locks."""
    parser = argparse.ArgumentParser(description="Refresh the locked versions.")
    parser.add_argument("--upgrade", action="store_true", help="move to the newest versions that are allowed")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a lock is out of date")
    options = parser.parse_args()
    stale = []
    for name, extra in LOCKS.items():
        path = ROOT / "packaging" / name
        try:
            text = compile_lock(extra, path, upgrade=options.upgrade)
        except FileNotFoundError:
            print("lock.py: the command uv is missing; get it with: pip install uv", file=sys.stderr)
            return 2
        except subprocess.CalledProcessError as error:
            return error.returncode
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
            if not options.check:
                path.write_text(text, encoding="utf-8")
    print(f"{'out of date' if options.check else 'written'}: {', '.join(stale)}" if stale else "up to date")
    return 1 if stale and options.check else 0


if __name__ == "__main__":
    raise SystemExit(main())
