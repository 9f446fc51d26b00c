"""A scenario package to a `Scenario`: opened, checked against what it declares, read variable by variable.

`load` is what the registry names; it runs in the fenced worker. `open_scenario` is for everybody else: it starts that
worker and hands back the scenario with memory-mapped arrays.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from loaders.api import LoadError, LoadOptions, LoadResult, NoProgress, Progress
from loaders.city import CityData, CrsInfo, ObjectTable, Strings, SurfaceTable
from loaders.scenario.context import Context
from loaders.scenario.integrity import file_problem
from loaders.scenario.manifest import FILE_NAME, Problem, parse_manifest, refusal
from loaders.scenario.model import Manifest, Result, Scenario, TimeAxis, Variable, text_in
from loaders.scenario.package import Package, folder_links, open_package
from loaders.scenario.sink import Budget
from loaders.scenario.times import MAX_STEPS, axis_of

if TYPE_CHECKING:
    from loaders.store import ArrayCache

FORMAT = "Scenario package"
MAX_CELLS = 8_000_000_000
"""Most values of a package: 32 GB as they are stored."""
_CHECKED = 0.3
"""Share of the progress that unpacking and checking take."""
_OPTIONS, _SILENT = LoadOptions(), NoProgress()


def open_scenario(
    path: Path,
    options: LoadOptions = _OPTIONS,
    progress: Progress = _SILENT,
    cache: ArrayCache | None = None,
) -> Scenario:
    """Open a package (folder, its ``scenario.json``, or ZIP) in a worker process; arrays are mapped, never copied.

    Args:
        path: the package.
        options: ``crs`` is the project's CRS in metres that geometry is brought to, ``ground`` the terrain it lies on.
        progress: hears how far it is and may stop it.
        cache: where the arrays are kept for the next time; None = a temporary folder.

    Raises:
        LoadError: one line with file, place, reason and remedy.
        Cancelled: ``progress`` asked to stop.
    """
    from loaders.scenario.spec import SPEC
    from loaders.worker import load_in_process

    place = Path(path)
    place = place / FILE_NAME if place.is_dir() else place
    loaded = load_in_process(place, options=options, progress=progress, cache=cache, spec=SPEC)
    assert loaded.result.scenario is not None
    return loaded.result.scenario


def load(path: Path, options: LoadOptions, progress: Progress) -> LoadResult:
    """Read a package; values too large for memory are stand-ins until they were stored (`loaders.spilled`).

    Raises:
        LoadError: one line with file, place, reason and remedy.
        Cancelled: ``progress`` asked to stop.
    """
    from loaders.registry import explain_os_error

    try:
        return _load(Path(path), options, progress, trusting=False)[0]
    except MemoryError as error:
        raise LoadError(
            path, "not enough memory to read this package.", remedy="Cut it into parts.", kind="out-of-memory"
        ) from error
    except OSError as error:
        if error.errno == 28:  # the worker tells this one
            raise
        raise explain_os_error(Path(path), error) from error


def measure_load(path: Path, options: LoadOptions, progress: Progress) -> LoadResult:
    """`load` for a package whose declared totals are not known yet; what it counted comes as its declared totals."""
    result, budget = _load(Path(path), options, progress, trusting=True)
    assert result.scenario is not None
    manifest = result.scenario.manifest
    declared = replace(
        manifest.declared, steps=budget.used_steps, cells=budget.used_cells, triangles=budget.used_triangles
    )
    scenario = Scenario(replace(manifest, declared=declared), {}, result.scenario.issues)
    return replace(result, scenario=scenario)


def _load(path: Path, options: LoadOptions, progress: Progress, trusting: bool) -> tuple[LoadResult, Budget]:
    progress.report(0.0, "opening")
    from loaders.scenario.disaggregate import read_disaggregations

    package = open_package(path, options)
    manifest = parse_manifest(package.manifest(), path)
    _check_claims(path, manifest, package, options)
    _check_files(path, manifest, package, progress)
    declared = manifest.declared
    cells, triangles = (MAX_CELLS, options.max_triangles) if trusting else (declared.cells, declared.triangles)
    budget = Budget(path, cells, triangles, MAX_STEPS if trusting else max(declared.steps, 1))
    ctx = Context(package, manifest, options, progress, budget)
    unlisted = sorted(set(package.names) - {entry.path for entry in manifest.files})
    if unlisted:
        text = "Files that the manifest does not list were not opened."
        ctx.issues.info("unlisted-file", text, unlisted[:20], len(unlisted))
    results: dict[str, Result] = {}
    count = max(len(manifest.variables), 1)
    for number, variable in enumerate(manifest.variables):
        span = 1.0 - _CHECKED
        ctx.share = (_CHECKED + span * number / count, _CHECKED + span * (number + 1) / count)
        ctx.stage = f"reading {text_in(variable.title)}"[:100]
        ctx.step(0.0)
        results[variable.id] = _reader(variable)(ctx, variable, _axis(path, variable))
    tables = read_disaggregations(ctx, manifest.disaggregations)
    scenario = Scenario(replace(manifest, disaggregations=tables), results, ctx.issues.issues())
    city = empty_city(text_in(manifest.title) or path.name, manifest)
    return LoadResult(city, FORMAT, manifest.version, scenario.issues, scenario), budget


def _axis(path: Path, variable: Variable) -> TimeAxis:
    try:
        return axis_of(variable.time)
    except ValueError as error:  # checked before; a manifest cannot come so far
        raise LoadError(path, f"{error}.", place=f"variable {variable.id}", kind="times") from error


def _check_claims(path: Path, manifest: Manifest, package: Package, options: LoadOptions) -> None:
    """Refuse what the package claims to be too large, too new or not there, before any of it is read."""
    declared = manifest.declared
    for amount, most, what in (
        (declared.bytes, options.max_bytes, "bytes"),
        (declared.cells, MAX_CELLS, "values"),
        (declared.triangles, options.max_triangles, "triangles"),
    ):
        if amount > most:
            reason = f"it declares {amount:,} {what}, more than the {most:,} that are read."
            raise LoadError(path, reason, place="declared", remedy="Cut it into parts.", kind="too-large")
    if manifest.viewer and _newer(manifest.viewer):
        reason = f"it needs version {manifest.viewer} of the viewer."
        raise LoadError(path, reason, place="viewer", remedy="Update Citiverse Viewer.", kind="newer-version")
    links = folder_links(path, [entry.path for entry in manifest.files]) if path.name == FILE_NAME else []
    if links:
        problem = Problem(links[0], "", "it is a link", "Copy the file itself into the package.", "link")
        raise refusal(path, [problem])


def _newer(wanted: str) -> bool:
    try:
        own = metadata.version("citiverse-viewer")
    except metadata.PackageNotFoundError:
        return False

    def numbers(text: str) -> tuple[int, ...]:
        return tuple(int(part) if part.isdigit() else 0 for part in text.split(".")[:4])

    return numbers(wanted) > numbers(own)


def _check_files(path: Path, manifest: Manifest, package: Package, progress: Progress) -> None:
    """Make the files available and compare them with what the manifest says; refuses the first that differs."""
    total = 2 * max(manifest.declared.bytes, 1)
    done = 0

    def heard(size: int) -> None:
        nonlocal done
        done += size
        progress.report(_CHECKED * min(done / total, 1.0), "checking the files")

    package.provide({entry.path: entry.size for entry in manifest.files}, heard)
    for entry in manifest.files:
        problem = file_problem(entry, package.root / entry.path, heard)
        if problem is not None:
            raise refusal(path, [problem])


def _reader(variable: Variable) -> Callable[[Context, Variable, TimeAxis], Result]:
    from loaders.scenario import features, patches, places, rasters, tracks, ugrid

    readers: dict[str, Callable[[Context, Variable, TimeAxis], Result]] = {
        "object": places.read_objects,
        "surface": places.read_surfaces,
        "points": places.read_points,
        "polygon": features.read_features,
        "links": features.read_features,
        "raster": rasters.read_raster,
        "mesh": ugrid.read_mesh,
        "trajectories": tracks.read_tracks,
        "patch": patches.read_patch,
    }
    return readers[variable.binding]


def empty_city(name: str, manifest: Manifest | None) -> CityData:
    """A city without objects, of a package's name and CRS."""
    none = np.zeros(0, np.int16)
    objects = ObjectTable(Strings.from_list([]), none, (), np.zeros(1, np.int64), np.zeros(0, np.int32))
    crs = CrsInfo(None) if manifest is None else manifest.crs
    return CityData(name, crs, None, objects, SurfaceTable(none, (), np.zeros(0, np.int32)), {})
