"""Does the window ever stand still? What each turn of its loop takes, act by act, in the real window of 1920 x 1080.

The figure of an act is its longest turn in processor time of the window's own thread, which a busy machine changes
little. Beside it: the longest turn of all threads together (OpenGL's on the processor, and those of work behind the
picture, which do not make the window wait), and the longest time in which no event could be handled, by the clock.

python -m benchmarks.stalls [CASE ...] [--where] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.load import DELFT, INPUTS, inputs
from benchmarks.rows import Row, run
from benchmarks.screen import Screen

CASES = ("sheets", "demo", "city", "million", "raster")
SIZE = 1920, 1080
PATIENCE = 1200


def child(case: str, where: bool) -> list[Row]:
    """The rows of one case, in this process, on its display. An error in the window ends it."""
    from PySide6.QtCore import QTimer

    from benchmarks import stalls_acts
    from benchmarks.stalls_watch import Watch
    from viewer.ui.app import WORKER_SECONDS, make_application, make_window, prepare_worker

    with tempfile.TemporaryDirectory() as folder:
        given = {"city": inputs()["delft"], "sheets": DELFT}.get(case, Path(folder))
        app, window = make_application(), make_window()
        window.setGeometry(0, 0, *SIZE)
        window.show()
        prepare_worker(WORKER_SECONDS, keep=True)
        shell, canvas, jobs = window.shell, window.canvas, window.session.jobs
        watch = Watch(lambda: jobs.idle and canvas.settled and shell.idle, where)
        acts = getattr(stalls_acts, case)(stalls_acts.User(window), given)
        QTimer.singleShot(3500, partial(watch.go, acts, app.quit))
        plain = sys.excepthook

        def failed(*error: Any) -> None:
            plain(*error)
            app.exit(1)

        sys.excepthook = failed
        code = app.exec()
        window.files.may_close = lambda: True  # type: ignore[method-assign]
        window.close()
    if code:
        raise SystemExit(code)
    return [Row(f"{case}: {act}", "", 1e3 * worst.own, "ms", str(worst)) for act, worst in watch.found.items()]


def measure(options: argparse.Namespace) -> list[Row]:
    """Every case asked for, each in a process of its own with a home of its own."""
    if not Screen.possible():
        print("stalls: skipped, Xvfb is not installed")
        return []
    rows = []
    for case in options.cases or CASES:
        with Screen(SIZE) as screen, tempfile.TemporaryDirectory(prefix="citiverse-stalls-") as home:
            own = {"DISPLAY": screen.display, "CITIVERSE_HOME": home, "QT_QPA_PLATFORM": "xcb"}
            demo = os.environ.get("CITIVERSE_DEMO", str(INPUTS / "demo"))
            target = Path(home) / "rows.json"
            command = [sys.executable, "-m", "benchmarks.stalls", case, "--child", "--json", str(target)]
            command += ["--where"] * options.where
            code = subprocess.run(
                command, env={**os.environ, "CITIVERSE_DEMO": demo, **own}, timeout=PATIENCE, stdout=subprocess.DEVNULL
            ).returncode
            failed = [Row(case, "", None, "", f"failed with exit code {code}")]
            rows += failed if code else [Row(**row) for row in json.loads(target.read_text(encoding="utf-8"))]
    return rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stalls", description=__doc__.splitlines()[0])
    parser.add_argument("cases", nargs="*", choices=[[], *CASES], metavar="CASE", help=f"of {', '.join(CASES)}")
    parser.add_argument("--where", action="store_true", help="tell on standard error what long turns were spent on")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    sys.exit(run(lambda options: child(options.cases[0], options.where) if options.child else measure(options), parser))
