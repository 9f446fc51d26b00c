"""Everything that is wrong with a package, not only the first: for ``citiverse scenario check``; runs in the worker."""

from __future__ import annotations

from pathlib import Path

from loaders.api import Issue, LoadError, LoadOptions, LoadResult, Progress, Severity
from loaders.scenario.integrity import file_problem
from loaders.scenario.jsontext import BadJson, parse_json
from loaders.scenario.manifest import FILE_NAME, MAX_BYTES, Problem, parse_manifest, problems
from loaders.scenario.model import Manifest
from loaders.scenario.package import Package, folder_links, open_package
from loaders.scenario.prepare import FORMAT, empty_city, load

PROBLEM = "problem: "
"""How the kind of an issue begins that is a problem; its objects are file, place, reason and remedy."""


def load_check(path: Path, options: LoadOptions, progress: Progress) -> LoadResult:
    """A package's problems as issues of severity error; without any it is read, and comes as from `load`.

    Raises:
        LoadError: the package cannot be opened at all.
    """
    package = open_package(path, options)
    data = package.manifest()
    try:
        found = problems(parse_json(data, max_bytes=MAX_BYTES))
    except BadJson as error:
        found = [Problem(FILE_NAME, "", str(error), "Check it with an editor for JSON.")]
    manifest = None
    if not found:
        manifest = parse_manifest(data, path)
        found = _files(path, package, manifest)
    if not found:
        try:
            return load(path, options, progress)
        except LoadError as error:
            found = [Problem(error.place or FILE_NAME, "", error.reason.rstrip("."), error.remedy, error.kind)]
    issues = tuple(
        Issue(Severity.ERROR, PROBLEM + one.kind, str(one), 1, (one.file, one.place, one.reason, one.remedy))
        for one in found
    )
    return LoadResult(empty_city(path.name, manifest), FORMAT, "" if manifest is None else manifest.version, issues)


def _files(path: Path, package: Package, manifest: Manifest) -> list[Problem]:
    """Files that are missing, are links or differ from what the manifest says of them."""
    found: list[Problem] = []
    links = set(folder_links(path, [entry.path for entry in manifest.files])) if path.name == FILE_NAME else set()
    for entry in manifest.files:
        if entry.path in links:
            found.append(Problem(entry.path, "", "it is a link", "Copy the file itself into the package.", "link"))
            continue
        try:
            package.provide({entry.path: entry.size}, lambda size: None)
        except LoadError as error:
            found.append(Problem(entry.path, "", error.reason.rstrip("."), error.remedy, error.kind))
            continue
        problem = file_problem(entry, package.root / entry.path)
        if problem is not None:
            found.append(problem)
    return found


def problems_of(result: LoadResult) -> list[Problem]:
    """The problems that `load_check` found."""
    return [
        Problem(*issue.objects, issue.kind.removeprefix(PROBLEM))
        for issue in result.issues
        if issue.kind.startswith(PROBLEM) and len(issue.objects) == 4
    ]
