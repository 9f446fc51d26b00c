"""Imports behind the fence: foreign files are read in the worker process, and the finished package is taken over.

The worker gets a request (which files, which answers) and writes the package and its report into the only folder that
it may write to. Here nothing of them is trusted: the report has a form and a size, the package is made of plain files.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from loaders.api import LoadError, LoaderSpec, LoadOptions, LoadResult, NoProgress, Progress
from loaders.limits import WorkerLimits
from loaders.scenario.importers.kit import NeedAnswers, Question
from loaders.scenario.importers.partitions import with_siblings
from loaders.scenario.importers.run import ImportReport, run_import
from loaders.scenario.jsontext import BadJson, parse_json
from loaders.scenario.names import one_line

REPORT, PACKAGE = "import.json", "package"
MOST_REPORT = 16 << 20
_PACKED = (".gz", ".zip")
_LIMITS, _SILENT = WorkerLimits(), NoProgress()
_REMEDY = "The file may be damaged: export it again."


def import_in_process(
    paths: tuple[Path, ...],
    goal: Path,
    answers: Mapping[str, str],
    name: str = "",
    progress: Progress = _SILENT,
    limits: WorkerLimits = _LIMITS,
) -> ImportReport:
    """As `run.run_import`, in a worker process with limits on memory and time, without network and programs.

    Raises:
        NeedAnswers: something that no file tells is missing in ``answers``; nothing was written.
        LoadError: the files cannot be read, or reading them broke a limit or the reader.
        Cancelled: ``progress`` asked to stop.
        OSError: the package cannot be written.
    """
    from loaders.worker import load_in_process

    if goal.exists():
        raise LoadError(goal, "there is something of that name already.", remedy="Choose another name.", kind="exists")
    paths = with_siblings(paths)
    sizes = [path.stat().st_size for path in paths if path.is_file()]
    packed = any(path.suffix.lower() in _PACKED for path in paths)
    with tempfile.TemporaryDirectory(prefix="import-") as place:
        request = Path(place) / "request.json"
        told = {"paths": [str(path.absolute()) for path in paths], "answers": dict(answers), "name": name}
        request.write_text(json.dumps(told), "utf-8")
        try:
            loaded = load_in_process(request, spec=_SPEC, progress=progress, limits=limits.for_file(sum(sizes), packed))
        except LoadError as error:
            raise LoadError(paths[0], error.reason, place=error.place, remedy=error.remedy, kind=error.kind) from error
    try:
        variables, notes = _understood(paths, loaded.folder / REPORT)
        _take_over(paths[0], loaded.folder / PACKAGE, goal)
    finally:
        shutil.rmtree(loaded.folder, ignore_errors=True)
    return ImportReport(goal / "scenario.json", variables, notes)


def _sniff(head: bytes, path: Path) -> int:
    return 0  # never found by a file's content


_SPEC = LoaderSpec("Import", (), _sniff, "loaders.scenario.importers.fenced:load")


def load(path: Path, options: LoadOptions, progress: Progress) -> LoadResult:
    """Do what a request asks for; what came of it lies in the worker's folder. Runs in the worker."""
    from loaders._gdal import shut_doors
    from loaders.scenario.prepare import empty_city

    shut_doors()
    os.environ["HDF5_PLUGIN_PATH"] = os.fspath(path.parent / "no-plugins")
    os.environ["HDF5_USE_FILE_LOCKING"] = "FALSE"
    folder = Path(tempfile.gettempdir()).parent
    told = json.loads(path.read_text("utf-8"))
    paths = tuple(Path(text) for text in told["paths"])
    found = _outcome(paths, folder / PACKAGE, told["answers"], told["name"], progress)
    (folder / REPORT).write_text(json.dumps(found), "utf-8", errors="replace")
    return LoadResult(empty_city("import", None), "Import", "1")


def _outcome(
    paths: tuple[Path, ...], goal: Path, answers: dict[str, str], name: str, progress: Progress
) -> dict[str, Any]:
    """The report, the open questions, or the refusal, as JSON."""
    try:
        report = run_import(paths, goal, answers, name, progress, fenced=True)
    except NeedAnswers as need:
        return {"questions": [[q.key, q.text, list(q.choices), q.example] for q in need.questions]}
    except LoadError as error:
        which = next((number for number, path in enumerate(paths) if path == error.path), 0)
        texts = {"reason": error.reason, "place": error.place, "remedy": error.remedy, "kind": error.kind}
        return {"error": {"file": which, **texts}}
    except (MemoryError, RecursionError):
        raise
    except Exception as error:  # what a library says of a file that it does not understand
        import traceback

        traceback.print_exception(error)
        if isinstance(error, OSError) and error.errno == 28:
            raise
        said = one_line(f"{type(error).__name__}: {error}")[:160]
        texts = {"reason": f"it cannot be imported ({said}).", "place": "", "remedy": _REMEDY, "kind": "bad-import"}
        return {"error": {"file": 0, **texts}}
    return {"variables": list(report.variables), "notes": list(report.notes)}


def _understood(paths: tuple[Path, ...], report: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Variables and notes of a report; raises what it says went wrong."""
    try:
        with report.open("rb") as file:
            raw = parse_json(file.read(MOST_REPORT), max_bytes=MOST_REPORT)
        if "questions" in raw:
            raise NeedAnswers(
                tuple(Question(str(k), str(t), tuple(map(str, c)), str(e)) for k, t, c, e in raw["questions"])
            )
        if "error" in raw:
            told = raw["error"]
            path = paths[min(max(int(told["file"]), 0), len(paths) - 1)]
            texts = {key: one_line(str(told[key])) for key in ("place", "remedy", "kind")}
            raise LoadError(path, one_line(str(told["reason"])), **texts)
        return tuple(map(str, raw["variables"])), tuple(map(str, raw["notes"]))
    except (OSError, BadJson, KeyError, TypeError, ValueError) as error:
        raise LoadError(
            paths[0], "its importer gave no answer.", remedy="Please report this.", kind="internal"
        ) from error


def _take_over(path: Path, made: Path, goal: Path) -> None:
    """Move a package to where it was asked for: whole or not at all, and nothing but folders and plain files."""
    for item in (made, *made.rglob("*")):
        mode = item.lstat().st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            raise LoadError(
                path, "its importer made what is no plain file.", remedy="Please report this.", kind="internal"
            )
    goal.parent.mkdir(parents=True, exist_ok=True)
    try:
        made.rename(goal)  # on the same disk
        return
    except OSError:
        if goal.exists():
            raise
    work = Path(tempfile.mkdtemp(prefix=f"{goal.name}-", suffix=".part", dir=goal.parent))
    try:
        shutil.copytree(made, work, symlinks=True, dirs_exist_ok=True)
        work.chmod(0o755)
        work.rename(goal)
    except BaseException:
        with suppress(OSError):
            shutil.rmtree(work)
        raise
