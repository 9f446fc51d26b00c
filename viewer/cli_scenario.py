"""``citiverse scenario``: make, check and seal scenario packages."""

from __future__ import annotations

import argparse
import json
import re
import unicodedata
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loaders.api import LoadError
from viewer.cli_common import DONE, NOT_IN_IT, UNREADABLE, CliError, TerminalProgress, complain, emit, load_file, plain

if TYPE_CHECKING:
    from loaders.scenario.model import Result
    from loaders.worker import LoadedFile

FILE_NAME = "scenario.json"


def run(options: argparse.Namespace) -> int:
    """Run one of the acts; returns the exit code."""
    from viewer.cli_import import import_package
    from viewer.cli_numbers import numbers

    acts = {"new": new, "check": check, "hash": fill, "import": import_package, "numbers": numbers}
    return acts[options.act](options)


def new(options: argparse.Namespace) -> int:
    """Write a skeleton, and tell what is missing of it."""
    from loaders.scenario.making import new_package, skeleton
    from loaders.scenario.manifest import problems

    folder = Path(options.folder)
    own = options.id or _id_of(folder.absolute().name)
    today = datetime.now(UTC).date().isoformat()
    raw = skeleton(options.title, own, today, crs=options.crs or "", base=options.base or "")
    try:
        path = new_package(folder, raw)
    except OSError as error:
        raise CliError(UNREADABLE, f"{folder}: it cannot be written ({error.strerror}).") from error
    lines = [f"Written: {path}", "Still to be told:"]
    lines += [f"  {plain(problem)}" for problem in problems(raw)]
    lines.append(f"Put the data beside it, then run: citiverse scenario hash {folder}")
    emit("\n".join(plain(line) for line in lines))
    return DONE


def _id_of(name: str) -> str:
    """An id from a folder's name."""
    text = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-._")[:100] or "scenario"


def check(options: argparse.Namespace) -> int:
    """Tell everything that is wrong with a package, what is in it, and how many ids of a city it finds."""
    from loaders.scenario.checking import problems_of

    path = _manifest(options.path)
    loaded = _load(path, "loaders.scenario.checking:load_check")
    found = problems_of(loaded.result)
    report: dict[str, Any] = {
        "path": options.path,
        "ok": not found,
        "problems": [asdict(problem) for problem in found],
        **_content(loaded, options.base),
    }
    emit(json.dumps(report, ensure_ascii=False) if options.json else _as_text(report))
    if found:
        return UNREADABLE
    lost = [item for item in report["variables"] if item.get("total") and not item["matched"]]
    return NOT_IN_IT if lost else DONE


def _load(path: Path, how: str) -> LoadedFile:
    from loaders.scenario.spec import SPEC
    from loaders.worker import load_in_process

    progress = TerminalProgress(path.parent.name if path.name == FILE_NAME else path.name)
    try:
        return load_in_process(path, progress=progress, spec=replace(SPEC, load=how))
    finally:
        progress.finish()


def _content(loaded: LoadedFile, base: str | None) -> dict[str, Any]:
    """What a package that was read holds; nothing for one that was not."""
    scenario = loaded.result.scenario
    if scenario is None:
        return {"variables": [], "issues": []}
    city = load_file(Path(base), cached=True).result.value if base else None
    issues = [asdict(issue) | {"severity": str(issue.severity)} for issue in scenario.issues]
    return {
        "id": scenario.manifest.id,
        "digest": scenario.manifest.digest,
        "variables": [_variable(result, city) for result in scenario.results.values()],
        "issues": issues,
    }


def _variable(result: Result, city: Any) -> dict[str, Any]:
    from viewer.analysis.matching import count_matches, match, needs_match

    shape = result.values.shape
    told: dict[str, Any] = {
        "id": result.variable.id,
        "binding": result.variable.binding,
        "unit": result.variable.unit,
        "steps": len(result.time),
        "places": int(shape[1] * (shape[2] if len(shape) > 2 else 1)),
        "uncertainty": result.variable.uncertainty.kind,
    }
    if result.moves is not None:
        told["places"] = len(result.moves.ids)
    if result.patch is not None:
        told["places"] = len(result.patch.removed) + len(result.patch.replaces)
    if city is not None and needs_match(result):
        count = count_matches(result, {"base": match(result, city)})
        told |= {"matched": count.matched, "total": count.total, "text": count.text}
        told["unmatched"] = list(count.example_unmatched)
    return told


def _as_text(report: dict[str, Any]) -> str:
    problems = report["problems"]
    if problems:
        count = len(problems)
        lines = [f"{plain(report['path'])}: {count} problem{'s' * (count != 1)}"]
        for item in problems:
            where = f"{item['file']}, {item['place']}" if item["place"] else item["file"]
            lines.append(f"  {plain(where)}: {plain(item['reason'])}. {plain(item['remedy'])}".rstrip())
        return "\n".join(lines)
    lines = [f"{plain(report['path'])}: right. Version {report['digest'][:8]}"]
    for item in report["variables"]:
        unit = f" [{plain(item['unit'])}]" if item["unit"] else ""
        lines.append(
            f"  {plain(item['id'])}{unit}: {item['binding']}, {_count(item['steps'], 'step')}, "
            f"{_count(item['places'], 'place')}, "
            f"uncertainty: {item['uncertainty'].replace('_', ' ')}"
        )
        if "text" in item:
            examples = ", ".join(plain(name) for name in item["unmatched"])
            lines.append(f"    {plain(item['text'])}" + (f"; not found: {examples}" if examples else ""))
    for issue in report["issues"]:
        lines.append(f"  {issue['severity'].capitalize()}: {plain(issue['message'])} ({issue['count']:,})")
    return "\n".join(lines)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' * (number != 1)}"


def fill(options: argparse.Namespace) -> int:
    """Fill in sizes, hashes and totals."""
    from loaders.scenario.making import fill_in
    from loaders.scenario.manifest import digest_of

    path = _manifest(options.path)
    if path.name != FILE_NAME:
        raise CliError(
            UNREADABLE, f"{options.path}: only a package that is a folder can be filled in. Unpack it first."
        )
    progress = TerminalProgress(path.parent.name)
    try:
        raw = fill_in(path.parent, progress)
    except OSError as error:
        raise CliError(UNREADABLE, f"{path}: it cannot be read or written ({error.strerror}).") from error
    finally:
        progress.finish()
    declared = raw["declared"]
    files = len(raw["files"])
    emit(
        f"{plain(path)}: {files:,} file{'s' * (files != 1)}, {declared['bytes']:,} bytes, {declared['steps']:,} steps, "
        f"{declared['cells']:,} values, {declared['triangles']:,} triangles. Version {digest_of(raw)[:8]}"
    )
    return DONE


def _manifest(text: str) -> Path:
    """The file to open of a package: its manifest, or the ZIP."""
    path = Path(text)
    if path.is_dir():
        path = path / FILE_NAME
        if not path.is_file():
            error = LoadError(
                path, "there is no such file.", remedy="Make one: citiverse scenario new FOLDER", kind="missing"
            )
            complain(error)
            raise CliError(UNREADABLE, "")
    return path
