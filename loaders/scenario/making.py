"""New packages: a skeleton of ``scenario.json``, and the lists and totals of a folder filled in."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from loaders.api import LoadError, LoadOptions, NoProgress, Progress
from loaders.scenario.integrity import list_files
from loaders.scenario.jsontext import BadJson, Raw, parse_json
from loaders.scenario.manifest import FILE_NAME, MAX_BYTES, TYPE, VERSION, Problem, problems, refusal, write_raw
from loaders.scenario.model import Declared
from loaders.scenario.spec import SPEC

_SILENT = NoProgress()


def skeleton(title: str, own_id: str, date: str, *, crs: str = "", base: str = "") -> Raw:
    """A manifest with what is known; `loaders.scenario.manifest.problems` names what is still missing."""
    return {
        "type": TYPE,
        "version": VERSION,
        "id": own_id,
        "title": {"en": title},
        **({"crs": crs} if crs else {}),
        **({"base": {"identifier": base}} if base else {}),
        "variables": [],
        "provenance": {"date": date, "inputs": []},
        "declared": {"bytes": 0, "steps": 0, "cells": 0, "triangles": 0},
        "files": [],
    }


def new_package(folder: Path, raw: Raw) -> Path:
    """Make a folder with a manifest; returns the manifest's path.

    Raises:
        LoadError: there is a package already.
        OSError: it cannot be written.
    """
    path = folder / FILE_NAME
    if path.exists():
        raise LoadError(path, "there is a package already.", remedy="Choose another folder.", kind="exists")
    folder.mkdir(parents=True, exist_ok=True)
    write_raw(raw, path)
    return path


def fill_in(folder: Path, progress: Progress = _SILENT, fenced: bool = False) -> Raw:
    """List the files of a package that is a folder with sizes and hashes, count what they hold, write the manifest.

    The data are read in a worker; ``fenced``: this process is one. Where anything is wrong the manifest stays as it
    was.

    Raises:
        LoadError: one line with file, place, reason and remedy.
        OSError: it cannot be read or written.
    """
    path = folder / FILE_NAME
    before = path.read_bytes()
    try:
        raw = parse_json(before, max_bytes=MAX_BYTES)
    except BadJson as error:
        raise refusal(path, [Problem(FILE_NAME, "", str(error), "Check it with an editor for JSON.")]) from error
    files = [{"path": f.path, "size": f.size, "sha256": f.sha256} for f in list_files(folder, names_in(folder))]
    size = sum(int(str(item["size"])) for item in files)
    raw = _with(raw, {"bytes": size, "steps": 0, "cells": 0, "triangles": 0}, files)
    found = problems(raw)
    if found:
        raise refusal(path, found)
    write_raw(raw, path)
    try:
        counted = _count_here(path, progress) if fenced else _count(path, progress)
    except BaseException:
        path.write_bytes(before)
        raise
    totals = {"bytes": size, "steps": counted.steps, "cells": counted.cells, "triangles": counted.triangles}
    raw = _with(raw, totals, files)
    write_raw(raw, path)
    return raw


def _count(path: Path, progress: Progress) -> Declared:
    """What the data of a package take, counted in a worker."""
    from loaders.worker import load_in_process

    spec = replace(SPEC, load="loaders.scenario.prepare:measure_load")
    scenario = load_in_process(path, progress=progress, spec=spec).result.scenario
    assert scenario is not None
    return scenario.manifest.declared


def _count_here(path: Path, progress: Progress) -> Declared:
    """The same in this process."""
    from loaders.scenario.prepare import measure_load

    scenario = measure_load(path, LoadOptions(), progress).scenario
    assert scenario is not None
    return scenario.manifest.declared


def _with(raw: Any, declared: dict[str, int], files: list[dict[str, object]]) -> Raw:
    return {**raw, "declared": declared, "files": files} if isinstance(raw, dict) else {}


def names_in(folder: Path) -> list[str]:
    """Files of a folder, paths with "/"; hidden ones and the manifest left out."""
    found: list[str] = []
    for parent, folders, names in os.walk(folder, followlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [
            (Path(parent) / name).relative_to(folder).as_posix() for name in sorted(names) if not name.startswith(".")
        ]
    return [name for name in found if name != FILE_NAME]
