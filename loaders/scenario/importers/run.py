"""The importers by name, and how an import runs: find the importer, read, ask what is missing, seal the package."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

from loaders.api import LoadError, NoProgress, Progress
from loaders.scenario.importers.kit import Draft, ImporterSpec, Json, NeedAnswers, Question, clean_id
from loaders.scenario.importers.partitions import with_siblings

GROUP = "citiverse.scenario_importers"
BUILT_IN = tuple(
    f"loaders.scenario.importers.{name}"
    for name in (
        *("tabular:SPEC", "simstadt:SPEC", "rasters:SPEC", "netcdf:SPEC", "anuga:SPEC", "noisemodelling:SPEC"),
        *("moving:FCD", "moving:CZML", "moving:MF", "matsim:SPEC", "gltf:SPEC"),
    )
)
"""The importers that come with the program; a test ties them to the entry points of `pyproject.toml`."""
_SILENT = NoProgress()
_ASKED = {
    "title": ("What is the title of the scenario?", "Flood of 2007"),
    "publisher": ("Who publishes these results?", "City of Aldhaven"),
    "licence": ("Under which licence may they be used?", "CC-BY-4.0"),
    "base": ("Which city model do they belong to (its identifier or name)?", "aldhaven-lod2"),
}
NO_TOOL = "Tool not stated"
"""What stands for the tool where neither the files nor the user tell it."""
_STATED = {"review": "Not stated.", "ai": "Not stated.", "limitations": "Not stated."}


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import made: the package's ``scenario.json``, its variables' ids, and what was assumed or left out."""

    path: Path
    variables: tuple[str, ...]
    notes: tuple[str, ...]


@cache
def importers() -> dict[str, ImporterSpec]:
    """All importers by name, those of other packages included (entry points of the group `GROUP`)."""
    found: dict[str, ImporterSpec] = {}
    installed = sorted(entry.value.replace(" ", "") for entry in metadata.entry_points(group=GROUP))
    for source in dict.fromkeys((*BUILT_IN, *installed)):
        module, _, attribute = source.partition(":")
        try:
            spec = getattr(import_module(module), attribute)
        except Exception:  # a stranger's module may raise anything at import
            if source in BUILT_IN:
                raise
            continue
        if isinstance(spec, ImporterSpec):
            found.setdefault(spec.name, spec)
    return found


def choose(paths: tuple[Path, ...], name: str = "") -> ImporterSpec:
    """The importer for files: the one named, or the one most sure. LoadError where none fits."""
    known = importers()
    if name:
        if name not in known:
            raise LoadError(
                paths[0], f"there is no importer {name!r}.", remedy=f"Importers: {', '.join(sorted(known))}."
            )
        return known[name]
    heads = []
    for path in paths:
        try:
            with path.open("rb") as file:
                heads.append(file.read(4096))
        except OSError as error:
            raise LoadError(path, f"it cannot be read ({error.strerror}).", kind="unreadable") from error
    scores = {spec.name: spec.sniff(paths, tuple(heads)) for spec in known.values()}
    best = max(scores, key=lambda key: scores[key], default="")
    if not best or scores[best] <= 0:
        remedy = f"Results are imported, layers opened as they are. Or name one: --as {', '.join(sorted(known))}."
        raise LoadError(paths[0], "no importer knows these files.", remedy=remedy, kind="unknown-format")
    return known[best]


def run_import(
    paths: tuple[Path, ...],
    goal: Path,
    answers: Mapping[str, str],
    name: str = "",
    progress: Progress = _SILENT,
    fenced: bool = False,
) -> ImportReport:
    """Make a package folder ``goal`` (which must not exist) from files, in this process: for files that are trusted,
    and for the worker (``fenced``); see `loaders.scenario.importers.fenced` for others.

    Raises:
        NeedAnswers: something that no file tells is missing in ``answers``; nothing was written.
        LoadError: the files cannot be read.
        OSError: the package cannot be written.
    """
    from loaders.scenario.making import fill_in
    from loaders.scenario.manifest import FILE_NAME, write_raw

    if goal.exists():
        raise LoadError(goal, "there is something of that name already.", remedy="Choose another name.", kind="exists")
    paths = with_siblings(paths)
    spec = choose(paths, name)
    goal.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f"{goal.name}-", suffix=".part", dir=goal.parent))
    try:
        draft = Draft(paths, work, answers, progress)
        module, _, function = spec.run.partition(":")
        open_questions: list[Question] = []
        try:
            getattr(import_module(module), function)(draft)
            draft.settle()
        except NeedAnswers as need:
            open_questions += need.questions
        raw = _manifest(draft, spec, answers, open_questions)
        if open_questions:
            raise NeedAnswers(tuple(open_questions))
        for rest in work.glob("*.part"):
            rest.unlink()
        write_raw(raw, work / FILE_NAME)
        fill_in(work, progress, fenced)
        work.chmod(0o755)
        work.rename(goal)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise
    return ImportReport(goal / "scenario.json", tuple(v["id"] for v in draft.variables), tuple(draft.notes))


def _manifest(draft: Draft, spec: ImporterSpec, answers: Mapping[str, str], missing: list[Question]) -> Json:
    """The manifest around the variables; adds questions for what only the user knows."""
    told = {}
    for key, (text, example) in _ASKED.items():
        told[key] = answers.get(key, "").strip()
        if not told[key]:
            missing.append(Question(key, text, (), example))
    stated = {key: {"en": answers.get(key, "").strip() or text} for key, text in _STATED.items()}
    date = answers.get("date", "").strip() or _newest(draft.inputs)
    tool = answers.get("tool", "").strip() or draft.tool or NO_TOOL
    raw: dict[str, Any] = {
        "type": "CitiverseScenario",
        "version": "1.0",
        "id": answers.get("id-of-scenario", "").strip() or clean_id(told["title"].lower()),
        "title": {answers.get("language", "en"): told["title"]},
        "crs": draft.crs or answers.get("crs", "") or "EPSG:4326",
        "base": {"identifier": told["base"]},
        "variables": draft.variables,
        "provenance": {
            "publisher": told["publisher"],
            "tool": tool,
            "date": date,
            "inputs": [_input(path) for path in draft.inputs],
            "parameters": draft.parameters,
            **stated,
            "licence": told["licence"],
        },
        "declared": {"bytes": 0, "steps": 0, "cells": 0},
        "files": [],
    }
    version = answers.get("tool-version", "").strip() or draft.tool_version
    if version:
        raw["provenance"]["tool_version"] = version
    datum = answers.get("vertical-datum", "").strip()
    if datum:
        raw["vertical_datum"] = datum
    if answers.get("baseline", "").strip():
        raw["baseline"] = answers["baseline"].strip()
    if not answers.get("date", "").strip():
        draft.note(f"No date was told: that of the newest file is written ({date}).")
    return raw


def _newest(paths: tuple[Path, ...]) -> str:
    newest = max(path.stat().st_mtime for path in paths)
    return datetime.fromtimestamp(newest, UTC).date().isoformat()


def _input(path: Path) -> Json:
    from loaders.scenario.integrity import hash_file

    return {"title": path.name, "file": path.name, "sha256": hash_file(path)[1]}
