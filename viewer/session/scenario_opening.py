"""Scenario packages that have been read become part of the project, and are tied to its city.

Tying them (ids to objects, receivers to walls, rasters to a ground) is done in threads, again whenever layers come or
go. What does not fit is counted and told.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from psygnal import Signal

from loaders.api import Issue, LoadResult, Severity
from loaders.city import CityData, CrsInfo, Float64
from loaders.layers import same_plane
from loaders.scenario.integrity import hash_file
from loaders.scenario.meshes import MARK, mark_city
from loaders.scenario.model import Grid, Manifest, Moves, Result, Scenario, text_in
from viewer.analysis.facades import FacadeGrid
from viewer.analysis.links import Links, base_cities, links_of
from viewer.analysis.matching import MatchCount, needs_match
from viewer.analysis.planes import moved
from viewer.analysis.sheets import needs_sheet, sheet
from viewer.document.document import ChangeSet
from viewer.document.overlays import is_overlay, overlay_id
from viewer.document.state import MOST_SHOWN, DocumentState, ScenarioState, ScenarioView
from viewer.jobs import ThreadJob
from viewer.session.ports import Action

if TYPE_CHECKING:
    from viewer.session.session import Session

BELOW_WHEELS = 0.05
"""Metres between what moves and a sheet made for it."""
MARK_MOST = 15.0
"""Half the size of the largest mark, metres."""
MOST_HASHED = 2 << 30
"""Larger files of base models are not compared with the hash that a package tells."""


@dataclass(frozen=True, slots=True, eq=False)
class Ties:
    """How one scenario hangs on the city: what a thread found out.

    Attributes:
        counts: matched rows by variable id.
        overlays: geometry made for it by variable id: walls with receivers, sheets under rasters.
        facades: the walls, by overlay id.
        issues: what does not fit.
    """

    counts: dict[str, MatchCount] = field(default_factory=dict)
    overlays: dict[str, CityData] = field(default_factory=dict)
    facades: dict[str, FacadeGrid] = field(default_factory=dict)
    issues: tuple[Issue, ...] = ()


class Scenarios:
    """The scenarios of one session: load reports, matched rows, and the work that ties them to the city.

    Signals: changed(scenario id): what is known of a scenario is different.
    """

    changed = Signal(str)

    def __init__(self, session: Session) -> None:
        self._session = session
        self._ties: dict[str, Ties] = {}
        self._reports: dict[str, LoadResult] = {}
        self._tied: dict[str, tuple[object, ...]] = {}
        self._unsaid: set[str] = set()
        session.document.changed.connect(self._document_changed)

    def count(self, scenario_id: str, variable: str) -> MatchCount | None:
        """How many rows of a result were found in the city; None while that is not known."""
        ties = self._ties.get(scenario_id)
        return None if ties is None else ties.counts.get(variable)

    def issues(self, scenario_id: str) -> tuple[Issue, ...]:
        """What was skipped or assumed when the package was read, and what does not fit the city."""
        report, ties = self._reports.get(scenario_id), self._ties.get(scenario_id)
        return (*(report.issues if report else ()), *(ties.issues if ties else ()))

    def report(self, scenario_id: str) -> LoadResult | None:
        """The load report of a package, with what does not fit the city."""
        report = self._reports.get(scenario_id)
        return None if report is None else replace(report, issues=self.issues(scenario_id))

    def arrived(self, path: Path, result: LoadResult) -> None:
        """Take over a package that has been read."""
        scenario = result.scenario
        assert scenario is not None
        document, manifest = self._session.document, scenario.manifest
        known = next((item for item in document.state.scenarios if item.id == manifest.id), None)
        if known is not None and manifest.id in document.scenarios and not _same_file(known.path, path):
            self._session.say(
                Severity.WARNING,
                f"{path.name}: scenario {manifest.id!r} is in the project already, as {known.name!r}.",
                "Remove that one first, or give one of the two packages another id.",
            )
            return
        self._reports[manifest.id] = result
        if known is None:
            self._add(path, scenario)
        else:
            document.provide_scenario(manifest.id, scenario)
        if known is None or any(issue.severity is not Severity.INFO for issue in result.issues):
            self._tell(manifest, result)
        self.changed.emit(manifest.id)

    def _add(self, path: Path, scenario: Scenario) -> None:
        manifest = scenario.manifest
        entry = ScenarioState(manifest.id, name_of(manifest), str(path.absolute()))
        with self._session.document.change(f"Open scenario {entry.name}") as edit:
            edit.add_scenario(entry, scenario)
            crs = edit.state.crs if edit.state.layers or edit.state.crs else manifest.crs.name
            view = edit.state.scenario_view
            if not view.shown:
                view = replace(view, shown=(entry.id,), mode="single", variable=first_variable(scenario, view.variable))
            edit.state = replace(edit.state, crs=crs, scenario_view=view)

    def _tell(self, manifest: Manifest, result: LoadResult) -> None:
        number = len(result.issues)
        things = f" {number} thing{'' if number == 1 else 's'} to know: see its report." if number else ""
        count = len(manifest.variables)
        text = f"{name_of(manifest)}: {count} variable{'' if count == 1 else 's'}.{things}"
        worse = any(issue.severity is not Severity.INFO for issue in result.issues)
        told = {"scenario_id": manifest.id}
        actions = [Action("Report", "scenario.show_report", told)] if number else []
        if manifest.views:
            text += f" It has {len(manifest.views)} viewpoint{'s' * (len(manifest.views) != 1)} of its own."
            actions.append(Action("Take its viewpoints", "scenario.take_views", told))
        self._session.say(Severity.WARNING if worse else Severity.INFO, text, actions=tuple(actions))
        own, project = manifest.crs.name, self._session.document.state.crs
        if own and project and not same_plane(own, project) and not _only_ids(manifest):
            self._session.say(Severity.INFO, f"{name_of(manifest)} is in {own} and was brought to {project}.")

    # --- ties -----------------------------------------------------------------------------------------------------

    def _document_changed(self, changes: ChangeSet) -> None:
        if changes.origin == "reset":
            self._ties.clear()
            self._reports.clear()
            self._tied.clear()
            self._unsaid.clear()
        if "cities" in changes.parts or "scenarios" in changes.parts or changes.origin == "reset":
            links_of(self._session.document).prune(self._session.document)
            for scenario_id in self._tied.keys() - self._session.document.scenarios.keys():
                del self._tied[scenario_id]
            for entry in self._session.document.state.scenarios:
                self._tie(entry.id)
            self._tell_misfits()

    def _tie(self, scenario_id: str) -> None:
        """Have a thread find out how a scenario hangs on the city, unless that is known."""
        document = self._session.document
        scenario = document.scenarios.get(scenario_id)
        if scenario is None:
            return
        cities = base_cities(document)
        seen = (id(scenario), *sorted((name, id(city)) for name, city in cities.items()))
        if self._tied.get(scenario_id) == seen:
            return
        self._tied[scenario_id] = seen
        paths = tuple(layer.path for layer in document.state.layers if layer.id in cities)
        work = (scenario_id, scenario, tuple(cities.values()), paths, document.state.crs, links_of(document))

        def done(ties: Ties) -> None:
            if self._tied.get(scenario_id) == seen and document.scenarios.get(scenario_id) is scenario:
                self._take(scenario_id, scenario, ties)

        def failed(error: Exception) -> None:
            self._session.say(Severity.ERROR, f"Scenario {scenario_id!r} could not be tied to the city: {error}.")

        title = f"Matching {name_of(scenario.manifest)}"
        self._session.submit(ThreadJob(tie, work, done, failed, title=title, key=f"ties {scenario_id}"))

    def _take(self, scenario_id: str, scenario: Scenario, ties: Ties) -> None:
        before = self._ties.get(scenario_id)
        self._ties[scenario_id] = ties
        document, links = self._session.document, links_of(self._session.document)
        kept = {
            name: city
            for name in scenario.results
            if (city := document.cities.get(overlay_id(scenario_id, name))) is not None
        }
        own = {name: result.overlay for name, result in scenario.results.items() if result.overlay is not None}
        wanted = {**own, **ties.overlays}
        links.facades.update(ties.facades)
        if {name: id(city) for name, city in kept.items()} != {name: id(city) for name, city in wanted.items()}:
            document.provide_scenario(scenario_id, scenario, ties.overlays)
        if before is None or before.counts != ties.counts:
            self._unsaid.add(scenario_id)
            self._tell_misfits()
        self.changed.emit(scenario_id)

    def _tell_misfits(self) -> None:
        """Tell what does not fit, once all files have been read: until then buildings may still come."""
        if self._session.opening.loading:
            return
        for scenario_id in sorted(self._unsaid & self._ties.keys() & self._session.document.scenarios.keys()):
            ties, name = self._ties[scenario_id], name_of(self._session.document.scenarios[scenario_id].manifest)
            lost = [count for count in ties.counts.values() if not count.complete]
            other = [issue.message for issue in ties.issues if issue.kind == "other-base"]
            if lost:
                self._session.say(
                    Severity.WARNING,
                    f"{name}: {lost[0].text}.",
                    "Not found: " + ", ".join(lost[0].example_unmatched),
                    (Action("Report", "scenario.show_report", {"scenario_id": scenario_id}),),
                )
            elif other:
                self._session.say(Severity.WARNING, other[0])
        self._unsaid.clear()


def tie(
    scenario_id: str,
    scenario: Scenario,
    cities: tuple[CityData, ...],
    paths: tuple[str, ...],
    crs: str | None,
    links: Links,
) -> Ties:
    """How a scenario hangs on cities; runs in a thread."""
    counts: dict[str, MatchCount] = {}
    overlays: dict[str, CityData] = {}
    facades: dict[str, FacadeGrid] = {}
    for name, result in scenario.results.items():
        if needs_match(result) and cities:
            counts[name] = links.count(result, cities)
        for city in cities:
            grid = links.facade(result, city)
            if grid is not None and name not in overlays:
                overlays[name], facades[overlay_id(scenario_id, name)] = grid.city, grid
        if result.moves is not None and len(result.moves.positions) and not cities:
            overlays[name] = sheet_below(name, result.moves, crs)
        if result.places is not None and result.overlay is None and name not in overlays:
            overlays[name] = marks_at(name, result, crs)
        if result.grid is not None and result.level is None:
            made = sheet_under(name, result, result.grid, cities, crs)
            if made is not None:
                overlays[name] = made
    issues = (*_unmatched(counts), *_other_base(scenario.manifest, paths))
    return Ties(counts, overlays, facades, issues)


_MARKS: dict[tuple[object, ...], tuple[object, CityData]] = {}


def marks_at(name: str, result: Result, crs: str | None) -> CityData:
    """Marks for receivers that stand at no wall of the project, as large as can be told apart from their neighbours;
    the same ones for the same receivers."""
    places = result.places
    assert places is not None
    key = (id(places), crs)
    kept = _MARKS.get(key)
    if kept is not None and kept[0] is places:
        return kept[1]
    while len(_MARKS) > 16:
        del _MARKS[next(iter(_MARKS))]
    ids = result.ids.to_list() if result.ids is not None else [str(k) for k in range(len(places))]
    made = mark_city(name, CrsInfo(crs), ids, np.asarray(places), mark_size(np.asarray(places)))
    _MARKS[key] = places, made
    return made


def mark_size(places: Float64) -> float:
    """Half the size of marks at places float64 (N, 3), metres: a sixth of the typical distance between neighbours."""
    if len(places) < 2:
        return MARK_MOST
    area = float(np.prod(np.maximum(np.ptp(places[:, :2], axis=0), 1.0)))
    return float(np.clip(np.sqrt(area / len(places)) / 6.0, MARK, MARK_MOST))


def sheet_below(name: str, moves: Moves, crs: str | None) -> CityData:
    """A sheet for what moves where nothing else is open; the same one for the same ways."""
    key = (id(moves), crs)
    while len(_SHEETS) > 16:
        del _SHEETS[next(iter(_SHEETS))]
    if key not in _SHEETS:
        low, high = moves.positions.min(axis=0), moves.positions.max(axis=0)
        margin = max(float((high - low)[:2].max()) * 0.05, 20.0)
        (west, south), (east, north) = low[:2] - margin, high[:2] + margin
        outline = np.array([[west, south], [east, south], [east, north], [west, north]])
        _SHEETS[key] = sheet(name, CrsInfo(crs), outline, float(low[2]) - BELOW_WHEELS)
    return _SHEETS[key]


_SHEETS: dict[tuple[object, ...], CityData] = {}


def sheet_under(
    name: str, result: Result, grid: Grid, cities: tuple[CityData, ...], crs: str | None
) -> CityData | None:
    """A sheet for a raster; None where there is ground under it. The same one for the same raster."""
    outline = outline_in(grid, crs)
    if not needs_sheet(outline, cities):
        return None
    boxes = [city.bbox for city in cities if city.bbox is not None]
    height = min((float(box[2]) for box in boxes), default=0.0)
    key = (outline.tobytes(), height, crs, id(result.grid))
    while len(_SHEETS) > 16:
        del _SHEETS[next(iter(_SHEETS))]
    if key not in _SHEETS:
        _SHEETS[key] = sheet(name, CrsInfo(crs), outline, height)
    return _SHEETS[key]


def outline_in(grid: Grid, crs: str | None) -> Float64:
    """The corners of a raster in a CRS, float64 (4, 2), one after the other round it; NaN where it has no place."""
    a, b, c, d, e, f = grid.transform
    at = np.array([[0, 0], [grid.columns, 0], [grid.columns, grid.rows], [0, grid.rows]], np.float64)
    x, y = a * at[:, 0] + b * at[:, 1] + c, d * at[:, 0] + e * at[:, 1] + f
    return np.column_stack(moved(grid.crs.name, crs, x, y))


def name_of(manifest: Manifest) -> str:
    """A scenario's name for people."""
    return text_in(manifest.title) or manifest.id


def first_variable(scenario: Scenario, wanted: str = "") -> str:
    """The wanted variable if the scenario has it, else its first that has colours; "" = it only changes the city."""
    if wanted in scenario.results:
        return wanted
    return next((name for name, result in scenario.results.items() if result.patch is None), "")


def pruned(state: DocumentState, gone: str) -> ScenarioView:
    """What is seen when a scenario is gone."""
    view = state.scenario_view
    shown = tuple(name for name in view.shown if name != gone)[:MOST_SHOWN]
    mode = view.mode if len(shown) > 1 else "single"
    return replace(view, shown=shown if any(shown) else (), mode=mode)


def _same_file(one: str, other: Path) -> bool:
    return Path(one) == other.absolute()


def _only_ids(manifest: Manifest) -> bool:
    return all(variable.binding in ("object", "surface") for variable in manifest.variables)


def _unmatched(counts: dict[str, MatchCount]) -> list[Issue]:
    return [
        Issue(
            Severity.WARNING,
            "unmatched",
            f"{name}: {count.text}; the others are not in the project.",
            count.total - count.matched,
            count.example_unmatched,
        )
        for name, count in counts.items()
        if not count.complete
    ]


def _other_base(manifest: Manifest, paths: tuple[str, ...]) -> list[Issue]:
    """Files of the project that are named as the base model, but have other content."""
    found = []
    by_name: dict[str, Callable[[], str]] = {Path(text).name: partial(_hash, Path(text)) for text in paths}
    for base in manifest.base:
        name = Path(base.file).name
        if base.sha256 and name in by_name and (own := by_name[name]()) and own != base.sha256.lower():
            text = f"{name_of(manifest)} was made for another version of {name}: places and ids may not fit."
            found.append(Issue(Severity.WARNING, "other-base", text))
    return found


def _hash(path: Path) -> str:
    try:
        return hash_file(path)[1] if path.stat().st_size <= MOST_HASHED else ""
    except OSError:
        return ""


__all__ = ["Scenarios", "Ties", "first_variable", "is_overlay", "name_of", "pruned", "tie"]
