"""Loads one file in a process of its own, under limits, and maps the arrays that come back.

A parser that holds the interpreter lock would stop the window, and native code that a broken file brings down
takes only its process with it. Whatever happens to the worker (crash, limit, time-out) ends in one `LoadError`.
"""

from __future__ import annotations

import atexit
import hashlib
import math
import os
import shutil
import tempfile
import threading
import time
import weakref
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache as remember
from pathlib import Path
from typing import Any

from loaders import registry, store
from loaders._process import WorkerProcess, run_worker_if_asked, worker_path
from loaders._spare import SPARE
from loaders.api import Cancelled, LoadError, LoaderSpec, LoadOptions, LoadResult, NoProgress, Progress
from loaders.empty import explain_empty
from loaders.limits import MIB, WorkerLimits

__all__ = [
    "LoadProcess",
    "LoadUpdate",
    "LoadedFile",
    "WorkerLimits",
    "load_in_process",
    "prepare_worker",
    "run_worker_if_asked",
]

_TICK = 0.05
_PACKED = (".gz", ".zip", ".citiscen")
_OPTIONS, _LIMITS, _SILENT = LoadOptions(), WorkerLimits(), NoProgress()


@dataclass(frozen=True, slots=True)
class LoadedFile:
    """A file that was read: its result with memory-mapped arrays, and what it took."""

    result: LoadResult
    folder: Path
    """Where the arrays lie: in the cache, or in a folder that is removed when the program ends."""
    from_cache: bool
    seconds: float
    """Wall-clock time from the call to arrays ready to use."""
    peak_memory_mib: float
    """Most memory of the worker and its children at once; 0 when the cache answered."""
    log: str = ""
    """What the loader printed, for ``--debug``."""


@dataclass(frozen=True, slots=True)
class LoadUpdate:
    """How a load stands: running (``done`` False), finished (``loaded``), failed (``error``) or cancelled (neither)."""

    fraction: float = 0.0
    stage: str = ""
    done: bool = False
    loaded: LoadedFile | None = None
    error: LoadError | None = None
    log: str = ""


def load_in_process(
    path: Path,
    *,
    options: LoadOptions = _OPTIONS,
    progress: Progress = _SILENT,
    cache: store.ArrayCache | None = None,
    limits: WorkerLimits = _LIMITS,
    spec: LoaderSpec | None = None,
) -> LoadedFile:
    """Load one file and wait for it; ``spec`` forces a loader.

    Raises:
        LoadError: missing, unknown, broken, beyond a limit, or the reader crashed.
        Cancelled: ``progress`` asked to stop; the worker and its files are gone by then.
    """
    process = LoadProcess(path, options=options, cache=cache, limits=limits, spec=spec)
    process.start()
    try:
        while not process.wait(_TICK):
            update = process.poll()
            if progress.cancelled:
                raise Cancelled
            progress.report(update.fraction, update.stage)
    finally:
        process.cancel()  # does nothing when it is done
        process.wait()
    update = process.poll()
    if update.error is not None:
        raise update.error
    if update.loaded is None:
        raise Cancelled
    return update.loaded


def prepare_worker(delay: float = 0.0, *, keep: bool = False) -> None:
    """Have a worker process started in ``delay`` seconds, for the next file; returns at once.

    One waits at most. ``keep``: another one is started a while after each load. It ends with this program.
    """
    SPARE.prepare(delay, keep=keep)


class LoadProcess:
    """One load that somebody polls; no method but `wait` takes more than a moment. Starts once, then is spent."""

    def __init__(
        self,
        path: Path,
        *,
        options: LoadOptions = _OPTIONS,
        cache: store.ArrayCache | None = None,
        limits: WorkerLimits = _LIMITS,
        spec: LoaderSpec | None = None,
    ) -> None:
        self.path = Path(path)
        self._options = options
        self._cache = cache
        self._limits = limits
        self._spec = spec
        self._cancel = threading.Event()
        self._update = LoadUpdate(stage="Waiting")
        self._finished = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"load {self.path.name}", daemon=True)

    def start(self) -> None:
        """Begin; everything slow happens on a thread of this object."""
        _running.add(self)
        self._thread.start()

    def poll(self) -> LoadUpdate:
        """How it stands now."""
        return self._update

    def cancel(self) -> None:
        """Stop: the worker and its children are killed and its files removed, well within a second."""
        self._cancel.set()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until it is done (after a cancel: until nothing is left of it); True if it is."""
        if not self._thread.is_alive() and self._thread.ident is None:
            return False
        if not self._finished.wait(seconds):
            return False
        self._thread.join()
        return True

    def _run(self) -> None:
        try:
            self._update = _Load(self).run()
        except Cancelled:
            self._update = LoadUpdate(done=True, stage="Cancelled")
        except LoadError as error:
            self._update = LoadUpdate(done=True, error=error, log=getattr(error, "log", ""))
        except Exception as error:  # a bug here must not leave the window waiting for ever
            reason = f"loading it failed ({type(error).__name__}: {error})."
            wrapped = LoadError(self.path, reason, remedy="Please report this.", kind="internal")
            wrapped.__cause__ = error
            self._update = LoadUpdate(done=True, error=wrapped)
        finally:
            _running.discard(self)
            self._finished.set()


class _Load:
    """The steps of one load, on the thread of its `LoadProcess`."""

    def __init__(self, owner: LoadProcess) -> None:
        self._owner = owner
        self._path = owner.path
        self._cache = owner._cache
        self._started = time.perf_counter()
        self._answer: dict[str, Any] | None = None
        self._heard = threading.Event()

    def run(self) -> LoadUpdate:
        """Cache, or worker; raises `LoadError` or `Cancelled`."""
        spec = self._owner._spec or registry.pick(self._path)
        registry.read_head(self._path)  # with a forced loader too: plain, readable, not empty
        status = self._path.stat()
        loaded = self._from_cache(spec) or self._from_worker(spec, status)
        return LoadUpdate(1.0, "Done", done=True, loaded=loaded, log=loaded.log)

    def _from_cache(self, spec: LoaderSpec) -> LoadedFile | None:
        folder = self._cache.lookup(self._path, spec, self._variant(spec)) if self._cache else None
        if self._cache is None or folder is None:
            return None
        try:
            result = explain_empty(store.open_stored(folder))
        except LoadError:
            self._cache.discard(folder)
            return None
        self._stop_if_cancelled()
        if not _textures_current(result, self._path, folder):
            return None
        return LoadedFile(result, folder, True, time.perf_counter() - self._started, 0.0)

    def _variant(self, spec: LoaderSpec) -> str:
        """What a load depends on besides its file: the ground as it is now, for loaders that lay things on it."""
        options = self._owner._options
        beside = _signatures(spec, self._path)
        if not spec.uses_ground:
            return beside
        if not options.ground:
            return (options.crs or "") + beside
        place = Path(options.ground)
        signature = _signature(place / store.ARRAYS if place.is_dir() else place)
        return f"{options.crs} {place.resolve()} {signature}{beside}"

    def _from_worker(self, spec: LoaderSpec, status: os.stat_result) -> LoadedFile:
        folder = self._reserve(spec)
        try:
            worker = self._work(spec, folder, status.st_size)
            shutil.rmtree(folder / "scratch", ignore_errors=True)
            if _signature(self._path) != (status.st_size, status.st_mtime_ns):
                raise LoadError(
                    self._path, "the file changed while it was read.", remedy="Open it again.", kind="changed"
                )
            result = self._open(folder)  # before the cache: it only gets what has been checked
            self._stop_if_cancelled()
            if self._cache is not None and folder.parent == self._cache.root:
                if os.name == "nt":  # a folder with mapped files cannot be renamed there
                    del result
                folder = self._cache.commit(folder, self._path, spec, status, self._variant(spec))
                if os.name == "nt":
                    result = self._open(folder)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        seconds = time.perf_counter() - self._started
        return LoadedFile(result, folder, False, seconds, worker.peak_bytes / MIB, worker.log())

    def _reserve(self, spec: LoaderSpec) -> Path:
        if self._cache is not None:
            with suppress(OSError):  # a cache that cannot be written must not keep a file from opening
                return self._cache.reserve(self._path, spec)
        try:
            return Path(tempfile.mkdtemp(dir=_temporary_root()))
        except OSError as error:
            raise LoadError(
                self._path,
                f"there is no place for its arrays ({error.strerror}).",
                remedy="Free some space in the folder for temporary files.",
                kind="disk-full",
            ) from error

    def _open(self, folder: Path) -> LoadResult:
        try:
            return explain_empty(store.open_stored(folder))
        except LoadError as error:
            raise LoadError(
                self._path,
                f"its reader returned data that do not fit together ({error.reason})",
                remedy="Please report this.",
                kind="internal",
            ) from error

    def _work(self, spec: LoaderSpec, folder: Path, size: int) -> WorkerProcess:
        size += sum(other.stat().st_size for other in _companions(spec, self._path))
        limits = self._owner._limits.for_file(size, packed=self._path.suffix.lower() in _PACKED)
        assert limits.memory_bytes is not None and limits.seconds is not None
        request = {
            "path": os.fspath(self._path.absolute()),
            "folder": os.fspath(folder.absolute()),
            "load": spec.load,
            "options": asdict(self._owner._options),
            "parent": os.getpid(),
            "sys_path": worker_path(),
            "memory_bytes": limits.memory_bytes,
            "file_bytes": size,
        }
        self._stop_if_cancelled()
        worker = WorkerProcess(request, self._hear, SPARE.take())
        reason = None
        try:
            reason = self._watch(worker, limits.memory_bytes, self._started + limits.seconds)
        finally:
            worker.end()
            SPARE.load_ended()
        self._judge(worker, reason, limits)
        return worker

    def _hear(self, message: dict[str, Any]) -> None:
        fraction = message.get("progress")
        if isinstance(fraction, int | float) and math.isfinite(fraction):
            self._owner._update = LoadUpdate(min(max(float(fraction), 0.0), 1.0), str(message.get("stage", ""))[:200])
        elif "done" in message or "error" in message:
            self._answer = message
            self._heard.set()

    def _watch(self, worker: WorkerProcess, memory: int, deadline: float) -> str | None:
        """Wait for an answer or the end; returns the limit that was broken ("memory", "time") or None."""
        while not self._heard.wait(_TICK) and not worker.exited():
            self._stop_if_cancelled()
            if worker.measure() > memory:
                return "memory"
            if time.perf_counter() > deadline:
                return "time"
        return None

    def _judge(self, worker: WorkerProcess, broken: str | None, limits: WorkerLimits) -> None:
        """Raise what went wrong, if anything did."""
        answer = self._answer or {}
        if broken is None and answer.get("done") is True:
            peak = answer.get("peak_bytes")
            worker.peak_bytes = max(worker.peak_bytes, peak if isinstance(peak, int) else 0)
            return
        told = answer.get("error")
        details = {str(k): str(v) for k, v in told.items()} if isinstance(told, dict) else {}
        error = _failure(self._path, broken or details.pop("kind", ""), details, worker.exit_code, limits)
        error.log = worker.log()  # type: ignore[attr-defined]
        raise error

    def _stop_if_cancelled(self) -> None:
        if self._owner._cancel.is_set():
            raise Cancelled


def _failure(path: Path, kind: str, told: dict[str, str], code: int | None, limits: WorkerLimits) -> LoadError:
    if kind == "memory":
        amount = f"{(limits.memory_bytes or 0) / (1 << 30):.1f} GiB"
        reason, remedy = f"it needs more memory than the {amount} allowed here.", "Split it into smaller files."
    elif kind == "time":
        reason = f"it was not read within {limits.seconds or 0:.0f} seconds."
        remedy = "Check that it is intact, or split it into smaller files."
    elif kind == "disk-full":
        reason, remedy = "the disk is full.", "Free some space and open it again."
    elif kind == "internal":
        reason, remedy = f"its reader failed ({told.get('reason', 'no reason given')}).", "Please report this."
    elif kind:
        return LoadError(path, told.get("reason", ""), place=told.get("place", ""), remedy=told["remedy"], kind=kind)
    else:
        kind = "crashed"
        reason = f"its reader crashed ({_how_it_ended(code)})."
        remedy = "The file may be damaged: export or download it again."
    return LoadError(path, reason, remedy=remedy, kind=kind)


def _how_it_ended(code: int | None) -> str:
    if code is not None and code < 0:
        names = {-4: "illegal instruction", -6: "abort", -7: "bus error", -9: "killed", -11: "segmentation fault"}
        return names.get(code, f"signal {-code}")
    return "no answer" if code in (0, None) else f"exit code {code}"


def _signature(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns


def _companions(spec: LoaderSpec, path: Path) -> tuple[Path, ...]:
    return tuple(other for other in spec.companions(path) if other.is_file()) if spec.companions else ()


def _signatures(spec: LoaderSpec, path: Path) -> str:
    """The state of the files that belong to a file, in a short text; "" if there are none."""
    states = [(str(other), _signature(other)) for other in _companions(spec, path)]
    return f" {hashlib.sha256(repr(states).encode('utf-8', 'replace')).hexdigest()[:20]}" if states else ""


def _textures_current(result: LoadResult, path: Path, folder: Path) -> bool:
    """False when images that the file names have come or gone since the arrays were stored."""
    with suppress(OSError, ValueError):
        stored = (folder / "arrays.bin").stat().st_mtime
        for texture in result.value.textures:
            here = path.parent / texture.image
            if texture.path is not None and not Path(texture.path).is_file():
                return False
            if texture.path is None and ":" not in texture.image and here.is_file() and here.stat().st_ctime > stored:
                return False
    return True


_running: weakref.WeakSet[LoadProcess] = weakref.WeakSet()


@remember
def _temporary_root() -> Path:
    root, remove = store.temporary_root(Path(tempfile.gettempdir()))
    atexit.register(remove)
    return root


@atexit.register
def _end_all() -> None:
    for process in list(_running):
        process.cancel()
    for process in list(_running):
        process.wait(2.0)
