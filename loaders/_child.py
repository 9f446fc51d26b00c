"""The inside of a worker process: read one request, load one file behind a fence, store the arrays, answer.

Requests come on standard input, answers leave on what was standard output, one JSON object a line. Whatever the
loader prints goes to standard error, which the parent keeps for ``--debug``.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

_EVERY_SECONDS = 0.05
WORKER_NICE = 5
"""A window on the same cores goes first."""


class _PipeProgress:
    """Sends at most 20 reports a second; a flood costs the loader almost nothing and the parent nothing."""

    cancelled = False  # a cancelled worker is killed

    def __init__(self, answers: IO[bytes]) -> None:
        self._answers = answers
        self._owner = os.getpid()
        self._next = 0.0
        self._stage = ""

    def report(self, fraction: float, stage: str) -> None:
        now = time.monotonic()
        if (now < self._next and stage == self._stage) or os.getpid() != self._owner:
            return
        if now < self._next - _EVERY_SECONDS * 0.9:  # stages that change all the time
            return
        self._next, self._stage = now + _EVERY_SECONDS, stage
        share = float(fraction) if 0.0 <= fraction <= 1.0 else 0.0
        send(self._answers, {"progress": share, "stage": str(stage)[:200]})


def send(answers: IO[bytes], message: dict[str, Any]) -> None:
    """Write one answer line."""
    answers.write(json.dumps(message).encode("ascii") + b"\n")
    answers.flush()


def main() -> None:
    """Serve one request and end the process."""
    answers = _take_standard_output()
    code = 1
    try:
        request = _next_request()
        while "prepare" in request:
            _import(request)
            request = _next_request()
        sys.path[:] = request["sys_path"]
        _prepare(request)
        send(answers, _serve(request, answers))
        code = 0
    except BaseException as error:
        send(answers, {"error": _explain(error, request["path"] if "request" in dir() else "")})
    finally:
        sys.stderr.flush()
        os._exit(code)  # without taking down gigabytes of arrays one by one


def _next_request() -> dict[str, Any]:
    line = sys.stdin.buffer.readline()
    if not line:  # the program ended before it had anything to read
        os._exit(0)
    return dict(json.loads(line))


def _import(request: dict[str, Any]) -> None:
    """Get modules ready while there is nothing to do; what is missing is told when it is needed."""
    sys.path[:] = request["sys_path"]
    for name in request["prepare"]:
        with suppress(ImportError):
            importlib.import_module(name)


def _take_standard_output() -> IO[bytes]:
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answers


def _prepare(request: dict[str, Any]) -> None:
    # Imported after the path is set: in a source tree they are found through it.
    import faulthandler

    from loaders import limits, sandbox

    faulthandler.enable()
    if hasattr(os, "nice"):
        os.nice(WORKER_NICE)
    sandbox.die_with_parent(request["parent"])
    if sys.platform != "linux":
        threading.Thread(target=_end_with_parent, daemon=True).start()
    limits.restrict_self(request["memory_bytes"], request["file_bytes"])
    scratch = Path(request["folder"]) / "scratch"
    scratch.mkdir()
    tempfile.tempdir = str(scratch)


def _end_with_parent() -> None:
    # The parent never writes again: this returns when it has ended.
    sys.stdin.buffer.read(1)
    os._exit(1)


def _serve(request: dict[str, Any], answers: IO[bytes]) -> dict[str, Any]:
    from loaders import limits, sandbox, store
    from loaders._arena import arrays_in
    from loaders.api import LoadOptions, LoadResult

    path, folder = Path(request["path"]), Path(request["folder"])
    module, _, name = request["load"].partition(":")
    load = getattr(importlib.import_module(module), name)
    options = LoadOptions(**request["options"])
    fence = sandbox.lock_down([folder])
    sandbox.audit([folder, Path("/dev/shm")])
    with arrays_in(folder / store.ARRAYS) as kept:
        result = load(path, options, _PipeProgress(answers))
        if not isinstance(result, LoadResult):
            raise TypeError(f"{request['load']} returned {type(result).__name__}, not LoadResult")
        send(answers, {"progress": 1.0, "stage": "Storing"})
        store.save(result, folder, kept)
    return {"done": True, "peak_bytes": limits.own_peak_bytes(), "fence": fence}


def _explain(error: BaseException, path: str) -> dict[str, str]:
    from loaders.api import LoadError

    if isinstance(error, LoadError):
        return _fields(error)
    if isinstance(error, MemoryError):
        return {"kind": "memory"}
    if isinstance(error, RecursionError):
        reason = "it is nested too deep to be read."
        return _fields(LoadError(path, reason, remedy="Export it again.", kind="too-deep"))
    if isinstance(error, OSError) and error.errno == 28:  # ENOSPC
        return {"kind": "disk-full"}
    import traceback

    traceback.print_exception(error)
    return {"kind": "internal", "reason": f"{type(error).__name__}: {error}"[:500].replace("\n", " ")}


def _fields(error: Any) -> dict[str, str]:
    texts = {"reason": error.reason, "place": error.place, "remedy": error.remedy, "kind": error.kind}
    return {name: str(text)[:2000].encode("utf-8", "replace").decode() for name, text in texts.items()}
