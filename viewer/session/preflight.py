"""Is a project ready to be shown? Every layer, viewpoint, path and step is looked at; what is missing is told.

Nothing is changed: `check` only reads the session. What only a window knows (screens, what draws) it hands in.
"""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loaders.api import Severity
from loaders.city import Float64
from loaders.empty import NOTHING_TO_DRAW
from loaders.layers import same_plane
from viewer.document.state import BASE_MODEL, Camera, LayerState, ScenarioView, Texts, Tour, TourStep
from viewer.session.registry import command
from viewer.session.timeline import texts_of

if TYPE_CHECKING:
    from viewer.session.session import Session

NOTES = "x-notes"
"""Language tag (private use of BCP 47) of what only the presenter reads."""
LEAST_FREE_BYTES = 1 << 30
FAR = 20.0
"""A camera is lost if it is farther from the middle of the scene than so many times the scene's diagonal."""


@dataclass(frozen=True, slots=True)
class PreflightLine:
    """One finding. ``place`` names the layer, viewpoint or step; ``remedy`` is "" where nothing has to be done."""

    severity: Severity
    place: str
    what: str
    remedy: str = ""

    @property
    def text(self) -> str:
        """The whole finding as one line."""
        return f"{self.place}: {self.what}." + (f" {self.remedy}" if self.remedy else "")


@dataclass(frozen=True, slots=True)
class PreflightReport:
    """All findings, and how much was looked at."""

    lines: tuple[PreflightLine, ...]
    layers: int
    viewpoints: int
    steps: int
    scenarios: int = 0

    @property
    def ready(self) -> bool:
        """True if nothing is missing; there may be warnings."""
        return all(line.severity is not Severity.ERROR for line in self.lines)

    @property
    def summary(self) -> str:
        """One line: "Ready: 3 layers, 10 viewpoints and 12 steps are there."."""
        counted = [(self.layers, "layer"), (self.viewpoints, "viewpoint"), (self.steps, "step")]
        if self.scenarios:
            counted.insert(1, (self.scenarios, "scenario"))
        there = ", ".join(f"{n} {word}{'' if n == 1 else 's'}" for n, word in counted)
        missing = sum(line.severity is Severity.ERROR for line in self.lines)
        doubts = sum(line.severity is Severity.WARNING for line in self.lines)
        told = f"; {doubts} thing{'' if doubts == 1 else 's'} to know" if doubts else ""
        if missing:
            return f"Not ready: {missing} thing{'' if missing == 1 else 's'} missing{told}. Looked at: {there}."
        return f"Ready{told}: {there}."

    def raw(self) -> dict[str, Any]:
        """The report as JSON."""
        lines = [{**asdict(line), "severity": str(line.severity)} for line in self.lines]
        counts = {
            "layers": self.layers,
            "scenarios": self.scenarios,
            "viewpoints": self.viewpoints,
            "steps": self.steps,
        }
        return {"ready": self.ready, "summary": self.summary, "looked_at": counts, "findings": lines}


@command("present.preflight", title="Ready to present?", undo=False)
def preflight(session: Session) -> PreflightReport:
    """Look at every layer, viewpoint, path and step; what is missing or doubtful is in the report."""
    return check(session)


def check(session: Session, surroundings: Iterable[PreflightLine] = ()) -> PreflightReport:
    """Look at everything. ``surroundings``: what the caller found out about screens and drawing."""
    state = session.document.state
    lines = [
        *_layers(session),
        *_scenarios(session),
        *_views(session),
        *_paths(session),
        *_steps(session),
        *_languages(session),
        *_disk(session),
        *surroundings,
    ]
    order = (Severity.ERROR, Severity.WARNING, Severity.INFO)
    lines.sort(key=lambda line: order.index(line.severity))
    steps = sum(len(tour.steps) for tour in state.tours)
    return PreflightReport(tuple(lines), len(state.layers), len(state.viewpoints), steps, len(state.scenarios))


def screen_lines(screens: int, renderer: str, software: bool) -> tuple[PreflightLine, ...]:
    """What a window knows: the number of screens and what draws."""
    lines = []
    if screens < 2:
        lines.append(
            PreflightLine(
                Severity.WARNING,
                "Screens",
                "there is one screen only",
                "Connect the projector and extend the desktop to it, or present on this screen.",
            )
        )
    if software:
        lines.append(
            PreflightLine(
                Severity.WARNING,
                "Drawing",
                f"the processor draws ({renderer or 'unknown'}), which is slow",
                "Install the driver of the graphics card, or choose the drawing quality Draft.",
            )
        )
    return tuple(lines)


# --- layers --------------------------------------------------------------------------------------------------------


def _layers(session: Session) -> Iterator[PreflightLine]:
    state = session.document.state
    if not state.layers:
        yield PreflightLine(Severity.ERROR, "Project", "it has no layers", "Open a city model and save the project.")
    elif not any(layer.visible for layer in state.layers):
        yield PreflightLine(Severity.WARNING, "Project", "all layers are hidden", "Show one of them.")
    for layer in state.layers:
        yield from _file(session, layer)
        yield from _content(session, layer)


def _file(session: Session, layer: LayerState) -> Iterator[PreflightLine]:
    """The file can be read."""
    path, place = Path(layer.path), f"Layer {layer.name}"
    try:
        there = path.is_file()
    except (OSError, ValueError):
        there = False
    if not there:
        yield PreflightLine(
            Severity.ERROR, place, f"its file {path.name} is not there", "Copy it to its place, or find it anew."
        )
    elif not os.access(path, os.R_OK):
        yield PreflightLine(
            Severity.ERROR, place, f"its file {path.name} may not be read", "Change the rights of the file."
        )


def _content(session: Session, layer: LayerState) -> Iterator[PreflightLine]:
    """The data is loaded, whole, and in the project's CRS."""
    document, place = session.document, f"Layer {layer.name}"
    if layer.id not in document.cities:
        if session.jobs.active:
            yield PreflightLine(Severity.ERROR, place, "it is still being opened", "Wait, and check again.")
        elif Path(layer.path).is_file():
            yield PreflightLine(
                Severity.ERROR, place, "it could not be opened", "See what citiverse info says of its file."
            )
        return
    report = document.reports.get(layer.id)
    for issue in report.issues if report is not None else ():
        if issue.severity is Severity.ERROR or issue.kind == NOTHING_TO_DRAW:
            told = issue.message.rstrip(".") + (f" ({issue.count} times)" if issue.count > 1 else "")
            yield PreflightLine(Severity.WARNING, place, told, "See the load report.")
    own, crs = document.cities[layer.id].crs.name, document.state.crs
    if not own:
        yield PreflightLine(
            Severity.WARNING, place, "its coordinate system is not known", "Set it, or make sure that it lies right."
        )
    elif crs and not same_plane(own, crs):
        yield PreflightLine(
            Severity.WARNING, place, f"it is in {own}, the project in {crs}", f"Convert the file to {crs}."
        )


# --- viewpoints, paths, steps --------------------------------------------------------------------------------------


def _views(session: Session) -> Iterator[PreflightLine]:
    box = _scene(session)
    layers = {layer.id for layer in session.document.state.layers}
    for viewpoint in session.document.state.viewpoints:
        place = f"Viewpoint {viewpoint.name}"
        problem = _lost(viewpoint.camera, box)
        if problem:
            yield PreflightLine(Severity.ERROR, place, problem, "Look from where it should be and take the view anew.")
        yield from _unknown_layers(place, viewpoint.layers, layers)


def _scenarios(session: Session) -> Iterator[PreflightLine]:
    """Every scenario of the project, and everything that viewpoints and steps show of scenarios."""
    state, known = session.document.state, session.document.scenarios
    for entry in state.scenarios:
        place = f"Scenario {entry.name}"
        if entry.id not in known:
            there = Path(entry.path).is_file()
            what = "its package is not loaded" if there else f"its package is not there ({entry.path})"
            yield PreflightLine(Severity.ERROR, place, what, "Tell where it is in the scenario's menu.")
            continue
        for count in (session.scenarios.count(entry.id, name) for name in known[entry.id].results):
            if count is not None and not count.complete:
                yield PreflightLine(Severity.WARNING, place, count.text, "Check that it was made for this city.")
    views = [("Project", state.scenario_view), *((f"Viewpoint {v.name}", v.scenario_view) for v in state.viewpoints)]
    for tour in state.tours:
        views += [(f"Tour {tour.name}, step {n}", step.scenario_view) for n, step in enumerate(tour.steps, 1)]
    ids = {entry.id for entry in state.scenarios} | {BASE_MODEL}
    for place, view in views:
        yield from _scenario_view(session, place, view, ids)


def _scenario_view(session: Session, place: str, view: ScenarioView | None, ids: set[str]) -> Iterator[PreflightLine]:
    remedy = "Let it keep its scenarios anew."
    for name in view.shown if view is not None else ():
        if name not in ids:
            yield PreflightLine(Severity.ERROR, place, f"there is no scenario {name!r}", remedy)
    loaded = [session.document.scenarios[x] for x in view.shown if x in session.document.scenarios] if view else []
    if view is not None and view.variable and loaded and not any(view.variable in x.results for x in loaded):
        yield PreflightLine(Severity.ERROR, place, f"no scenario that it shows has {view.variable!r}", remedy)


def _paths(session: Session) -> Iterator[PreflightLine]:
    box = _scene(session)
    for path in session.document.state.paths:
        lost = sum(bool(_off(key.position, box)) for key in path.keys)
        if lost:
            yield PreflightLine(
                Severity.ERROR, f"Path {path.name}", f"{lost} of its {len(path.keys)} places are not in the scene",
                "Record it anew.",
            )  # fmt: skip


def _steps(session: Session) -> Iterator[PreflightLine]:
    state = session.document.state
    views = {viewpoint.name for viewpoint in state.viewpoints}
    paths = {path.name for path in state.paths}
    layers = {layer.id for layer in state.layers}
    if not state.tours and not state.viewpoints:
        yield PreflightLine(
            Severity.WARNING, "Project", "it has neither a tour nor viewpoints", "Add the views that you want to show."
        )
    for tour in state.tours:
        if not tour.steps:
            yield PreflightLine(Severity.WARNING, f"Tour {tour.name}", "it has no steps", "Add some, or remove it.")
        for number, step in enumerate(tour.steps, 1):
            place = f"Tour {tour.name}, step {number}"
            yield from _step(place, step, views, paths)
            yield from _unknown_layers(place, step.layers, layers)


def _step(place: str, step: TourStep, views: set[str], paths: set[str]) -> Iterator[PreflightLine]:
    remedy = "Choose another one for this step, or remove the step."
    if step.path is not None and step.path not in paths:
        yield PreflightLine(Severity.ERROR, place, f"there is no path {step.path!r}", remedy)
    elif step.path is None and step.viewpoint is None:
        yield PreflightLine(Severity.ERROR, place, "it shows nothing", remedy)
    elif step.path is None and step.viewpoint not in views:
        yield PreflightLine(Severity.ERROR, place, f"there is no viewpoint {step.viewpoint!r}", remedy)


def _unknown_layers(place: str, wanted: frozenset[str] | None, known: set[str]) -> Iterator[PreflightLine]:
    if wanted is None:
        return
    gone = len(wanted - known)
    if gone:
        named = f"{gone} layer{'' if gone == 1 else 's'} that it shows"
        verb = "is" if gone == 1 else "are"
        yield PreflightLine(Severity.ERROR, place, f"{named} {verb} not in the project", "Let it keep its layers anew.")
    elif not wanted:
        yield PreflightLine(Severity.WARNING, place, "it hides every layer", "Let it keep its layers anew.")


def _scene(session: Session) -> Float64 | None:
    """The box around all loaded layers, visible or not."""
    boxes = [box for city in session.document.cities.values() if (box := city.bbox) is not None]
    if not boxes:
        return None
    low = [min(float(box[n]) for box in boxes) for n in range(3)]
    high = [max(float(box[n]) for box in boxes) for n in range(3, 6)]
    found = boxes[0].copy()
    found[:3], found[3:] = low, high
    return found


def _lost(camera: Camera, box: Float64 | None) -> str:
    """Why a camera shows nothing; "" if it seems right."""
    values = (*camera.position, *camera.target, *camera.up, camera.fov_deg)
    if not all(math.isfinite(value) for value in values):
        return "its camera is not made of numbers"
    if math.dist(camera.position, camera.target) < 1e-9 or not 0.1 <= camera.fov_deg <= 170.0:
        return "its camera looks nowhere"
    return _off(camera.position, box)


def _off(position: Sequence[float], box: Float64 | None) -> str:
    if not all(math.isfinite(value) for value in position):
        return "its camera is not made of numbers"
    if box is None:
        return ""
    middle = (box[:3] + box[3:]) / 2.0
    size = max(math.dist(box[:3], box[3:]), 100.0)
    away = math.dist(position, middle)
    if away > FAR * size:
        return f"its camera is {away / 1000.0:,.0f} km away from the city"
    return ""


# --- words and disk ------------------------------------------------------------------------------------------------


def _languages(session: Session) -> Iterator[PreflightLine]:
    """Where something is told, it is told in every language of its tour."""
    views = {viewpoint.name: viewpoint for viewpoint in session.document.state.viewpoints}

    def told(step: TourStep) -> Texts:
        viewpoint = views.get(step.viewpoint or "") if step.path is None else None
        return texts_of(step, viewpoint)

    for tour in session.document.state.tours:
        yield from _untold(tour, [{tag for tag, text in told(step) if text and tag != NOTES} for step in tour.steps])


def _untold(tour: Tour, tags: list[set[str]]) -> Iterator[PreflightLine]:
    wanted = set().union(*tags)
    for number, own in enumerate(tags, 1):
        lacking = sorted(wanted - own)
        if own and lacking:
            names = ", ".join(tag or "(not told)" for tag in lacking)
            yield PreflightLine(
                Severity.WARNING, f"Tour {tour.name}, step {number}", f"its text is not there in {names}",
                "Write it in that language too.",
            )  # fmt: skip


def _disk(session: Session) -> Iterator[PreflightLine]:
    """Room for recovery copies and the cache."""
    folder = session.settings.path.parent
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        return
    if free < LEAST_FREE_BYTES:
        yield PreflightLine(
            Severity.WARNING, "Disk", f"only {free / 2**20:,.0f} MiB are free", "Make room before the presentation."
        )
