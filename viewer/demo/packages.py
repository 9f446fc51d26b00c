"""The scenario packages of the demo town: every kind of binding, computed from the town itself.

Each package is a folder with ``scenario.json`` and plain data; together they are made after the town, because they take
as long again. All results are invented; how is said in each package's provenance.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson

from loaders.api import NoProgress, Progress
from loaders.scenario.making import fill_in
from loaders.scenario.manifest import FILE_NAME, write_raw
from viewer.demo import packages_flood, packages_heat, packages_plan, packages_roofs, packages_traffic
from viewer.demo.package_kit import Draft, Site
from viewer.demo.scenarios import INDEX
from viewer.demo.town import Town

_SILENT = NoProgress()
Makers = tuple[Callable[[Site], Iterator[Draft]], ...]
MAKERS: Makers = (
    packages_flood.drafts,
    packages_plan.drafts,
    packages_heat.drafts,
    packages_traffic.drafts,
    packages_roofs.drafts,
)


def write_packages(folder: Path, town: Town, city: Path, progress: Progress = _SILENT) -> list[Path]:
    """Write all packages into ``folder``, each whole or not at all; returns their ``scenario.json`` files.

    ``city``: the town's CityJSON file, whose ids and hash the packages refer to. Those that are there already stay.

    Raises:
        Cancelled: ``progress.report`` raised it.
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    site = Site(town, city)
    found, listed = [], []
    for number, make in enumerate(MAKERS):
        for draft in make(site):
            progress.report(number / len(MAKERS), f"Computing {draft.title}")
            found.append(_write(folder, draft))
            listed.append({"id": draft.id, "name": draft.title})
    (folder / INDEX).write_bytes(orjson.dumps(listed))
    progress.report(1.0, "Done")
    return found


def _write(folder: Path, draft: Draft) -> Path:
    goal = folder / draft.id
    if (goal / "scenario.json").is_file():
        return goal / "scenario.json"
    work = Path(tempfile.mkdtemp(prefix=f"{draft.id}-", suffix=".part", dir=folder))
    try:
        (work / "data").mkdir()
        manifest: dict[str, Any] = draft.write(work)
        empty = {"declared": {"bytes": 0, "steps": 0, "cells": 0}, "files": []}
        write_raw({**manifest, **empty}, work / FILE_NAME)
        fill_in(work)
        work.chmod(0o755)
        work.rename(goal)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise
    return goal / "scenario.json"
