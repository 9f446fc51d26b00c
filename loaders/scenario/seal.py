"""A folder of data and a manifest become a package: files listed with hashes, what they hold counted, all checked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from loaders.api import LoadOptions, NoProgress, Progress
from loaders.scenario.integrity import list_files
from loaders.scenario.manifest import FILE_NAME, problems, refusal, write_raw

_SILENT = NoProgress()


def seal(folder: Path, manifest: dict[str, Any], progress: Progress = _SILENT) -> None:
    """Write ``scenario.json`` with ``files`` and ``declared`` filled in; the data are read once to count them.

    The data are read in this process: only for packages that this program writes itself, or in the fenced worker.

    Raises:
        LoadError: the manifest or its data are wrong: one line with file, place, reason and remedy.
        OSError: the folder cannot be read or written.
    """
    from loaders.scenario.prepare import measure_load

    path = folder / FILE_NAME
    names = [p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file() and p != path]
    listed = list_files(folder, names)
    files = [{"path": item.path, "size": item.size, "sha256": item.sha256} for item in listed]
    size = sum(item.size for item in listed)
    raw = {**manifest, "declared": {"bytes": size, "steps": 0, "cells": 0}, "files": files}
    found = problems(raw)
    if found:
        raise refusal(path, found)
    write_raw(raw, path)
    result = measure_load(path, LoadOptions(), progress)
    assert result.scenario is not None
    counted = result.scenario.manifest.declared
    declared = {"bytes": size, "steps": counted.steps, "cells": counted.cells, "triangles": counted.triangles}
    write_raw({**raw, "declared": declared}, path)
