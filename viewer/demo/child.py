"""Makes the demo's files in a process of its own, so that a window does not stop meanwhile.

The process prints one line of JSON for every step: {"fraction": 0.3, "stage": "Building houses"}, and at last {"done":
true} or {"error": "..."}.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

from loaders._process import worker_path
from loaders.api import LoadError

FLAG = "--citiverse-demo-files"
_START = "import sys; sys.path[:0] = sys.argv[2].split(chr(10)); from viewer.demo.child import main; main(sys.argv[1])"


def run_demo_if_asked(argv: list[str]) -> None:
    """Become the maker of the demo's files when this program was started as one (a frozen bundle starts itself)."""
    if len(argv) == 3 and argv[1] == FLAG:
        main(argv[2])


def main(folder: str) -> None:
    """Write the demo into a folder, or its scenarios where the town is there already; then end the process."""
    from viewer.demo.files import is_whole, write_demo

    try:
        if is_whole(Path(folder)):
            _scenarios(Path(folder))
        else:
            write_demo(Path(folder), _Teller())
        _say(done=True)
    except OSError as error:
        _say(error=error.strerror or str(error))
    except LoadError as error:
        _say(error=str(error))
    except MemoryError:
        _say(error="not enough memory")
    sys.stdout.flush()
    os._exit(0)  # the values need not be given back one by one


def _scenarios(folder: Path) -> None:
    """Compute the scenarios, giving way to whoever looks at the town meanwhile."""
    from viewer.demo.files import files_in
    from viewer.demo.heat import model, tell_buildings
    from viewer.demo.packages import write_packages
    from viewer.demo.town import make_town

    if hasattr(os, "nice"):
        os.nice(10)
    gc.disable()  # as when the town was written
    files, teller = files_in(folder), _Teller()
    teller.last = 0.3
    town = make_town(report=teller.report)
    tell_buildings(town, model(town))
    teller.first, teller.last = 0.3, 1.0
    write_packages(files.scenarios, town, files.city, teller)


def _say(**facts: object) -> None:
    print(json.dumps(facts), flush=True)


class _Teller:
    """Says how far the part of the work from ``first`` to ``last`` is."""

    cancelled = False
    first, last = 0.0, 1.0

    def report(self, fraction: float, stage: str) -> None:
        _say(fraction=self.first + (self.last - self.first) * fraction, stage=stage)


class DemoProcess:
    """The process as its parent sees it. ``fraction``, ``stage`` and ``error`` follow what it says."""

    def __init__(self, folder: Path) -> None:
        self.fraction, self.stage, self.error = 0.0, "Starting", ""
        self.done = False
        frozen = getattr(sys, "frozen", False)
        command = [FLAG, str(folder)] if frozen else ["-I", "-c", _START, str(folder), "\n".join(worker_path())]
        self._process = subprocess.Popen(
            [sys.executable, *command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
        )
        self._thread = threading.Thread(target=self._listen, daemon=True, name="demo files")
        self._thread.start()

    def wait(self, seconds: float) -> bool:
        """Wait for its end; False if it has not come."""
        self._thread.join(seconds)
        return self.done

    def _listen(self) -> None:
        assert self._process.stdout is not None
        finished = False
        for line in self._process.stdout:
            try:
                said = json.loads(line)
            except ValueError:
                continue
            self.fraction, self.stage = said.get("fraction", self.fraction), said.get("stage", self.stage)
            self.error, finished = said.get("error", self.error), finished or said.get("done", False)
        self._process.stdout.close()
        self._process.wait()
        if not finished and not self.error:
            self.error = "the process that makes it ended early"
        self.done = True

    def stop(self) -> None:
        """End it; what it had written by then is removed with the next attempt or by the system."""
        self._process.kill()
