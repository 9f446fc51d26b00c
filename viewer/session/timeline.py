"""What a tour or a path shows at every moment: the same for playing it in a window and for recording it as a video."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial

from loaders.city import Float64
from viewer.document.state import (
    Camera,
    CameraPath,
    DocumentState,
    Realism,
    ScenarioView,
    Texts,
    Tour,
    TourStep,
    Viewpoint,
)
from viewer.session.camera_paths import PathCurve
from viewer.session.flights import plan

DISSOLVE_S = 1.0
Boxes = Callable[[], Iterable[Float64]]
"""Gives the boxes around everything that stands in the way, as for `viewer.session.flights.plan`."""


class NothingToPlay(ValueError):
    """A tour or path without anything to show; the text is one line for the user."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a step shows besides its camera; None = as it was before the tour."""

    time: str | None = None
    realism: Realism | None = None
    layers: frozenset[str] | None = None
    texts: Texts = ()
    scenario_view: ScenarioView | None = None
    moment: float | None = None
    clock_speed: float = 0.0
    """Minutes of the results in a second, from ``moment`` on."""


@dataclass(frozen=True, slots=True)
class Stop:
    """A step as it is played. ``index``: its place in the tour; ``start``: when its transition begins, seconds."""

    index: int
    name: str
    start: float
    look: Look


@dataclass(frozen=True, slots=True)
class Moment:
    """What is shown. ``stop``: place in `Timeline.stops`; ``old``: share of the picture before that is still seen."""

    camera: Camera
    stop: int
    old: float = 0.0


@dataclass(frozen=True, slots=True)
class _Span:
    start: float
    seconds: float
    stop: int
    camera: Callable[[float], Camera]
    dissolve: bool = False


class Timeline:
    """Cameras, stops and looks over time.

    Attributes:
        title: name of the tour or path.
        stops: the steps in order; a path is one stop.
        seconds: the whole length.
        missing: names of viewpoints and paths that steps ask for and that are not there.
    """

    def __init__(self, title: str) -> None:
        self.title = title
        self.stops: list[Stop] = []
        self.missing: list[str] = []
        self.seconds = 0.0
        self._spans: list[_Span] = []
        self._starts: list[float] = []

    def at(self, seconds: float) -> Moment:
        """What is shown at a time; before the beginning the first moment, after the end the last."""
        index = max(bisect_right(self._starts, seconds) - 1, 0)
        span = self._spans[index]
        inside = min(max(seconds - span.start, 0.0), span.seconds)
        old = 1.0 - inside / span.seconds if span.dissolve and span.seconds > 0 else 0.0
        return Moment(span.camera(inside), span.stop, old)

    def before(self, seconds: float) -> Moment | None:
        """The last moment before the way of showing that a time belongs to began; None at the beginning."""
        index = max(bisect_right(self._starts, seconds) - 1, 0)
        if index == 0:
            return None
        span = self._spans[index - 1]
        return Moment(span.camera(span.seconds), span.stop)

    def moment_at(self, seconds: float) -> float | None:
        """Where the clock of the results stands at a time; None = as it was before."""
        stop = self.stops[self.at(seconds).stop] if self.stops else None
        if stop is None or stop.look.moment is None:
            return None
        return stop.look.moment + max(seconds - stop.start, 0.0) * stop.look.clock_speed * 60.0

    def stop_at(self, seconds: float) -> int:
        """Which stop a time belongs to."""
        return self.at(seconds).stop

    def end_of(self, stop: int) -> float:
        """When a stop ends."""
        return self.stops[stop + 1].start if stop + 1 < len(self.stops) else self.seconds

    def add_stop(self, index: int, name: str, look: Look) -> None:
        """Begin a stop."""
        self.stops.append(Stop(index, name, self.seconds, look))

    def add(self, seconds: float, camera: Callable[[float], Camera], dissolve: bool = False) -> None:
        """Let the stop begun last go on with a camera that moves for so long."""
        if seconds > 0:
            self._starts.append(self.seconds)
            self._spans.append(_Span(self.seconds, seconds, len(self.stops) - 1, camera, dissolve))
            self.seconds += seconds


def path_timeline(path: CameraPath, speed: float = 1.0) -> Timeline:
    """A path as one stop, ``speed`` times as fast as it was recorded."""
    curve = PathCurve(path.keys)
    if curve.seconds <= 0:
        raise NothingToPlay(f"Path {path.name!r} has one place only.")
    line = Timeline(path.name)
    line.add_stop(0, path.name, Look())
    line.add(curve.seconds / speed, lambda t: curve.at(t * speed))
    return line


def flight_timeline(start: Camera, end: Camera, boxes: Boxes) -> Timeline:
    """A flight as one stop."""
    line = Timeline("")
    line.add_stop(0, "", Look())
    flight = plan(start, end, boxes())
    line.add(flight.seconds, flight.at)
    return line


def tour_timeline(
    state: DocumentState, tour: Tour, boxes: Boxes, start: Camera | None = None, reduced: bool = False
) -> Timeline:
    """A tour, beginning from a camera (None = at its first step). ``reduced``: dissolve instead of flying.

    Raises `NothingToPlay` if no step shows anything that is there.
    """
    viewpoints = {viewpoint.name: viewpoint for viewpoint in state.viewpoints}
    paths = {path.name: path for path in state.paths}
    line, now = Timeline(tour.name), start
    for index, step in enumerate(tour.steps):
        wanted = step.path or step.viewpoint
        path, viewpoint = paths.get(step.path or ""), viewpoints.get(step.viewpoint or "")
        if wanted is None or (viewpoint is None if step.path is None else path is None):
            line.missing.append(wanted or "(nothing)")
            continue
        curve = PathCurve(path.keys) if step.path is not None and path is not None else None
        first = curve.at(0.0) if curve is not None else viewpoint.camera if viewpoint is not None else None
        assert first is not None
        line.add_stop(index, wanted, look_of(step, viewpoint))
        _come(line, now, first, step, boxes, reduced)
        if curve is not None:
            line.add(curve.seconds, curve.at)
            first = curve.at(curve.seconds)
        line.add(step.dwell, partial(_stay, first))
        now = first
    if not line.stops or line.seconds <= 0:
        what = f" (missing: {', '.join(line.missing[:3])})" if line.missing else ""
        raise NothingToPlay(f"Tour {tour.name!r} has no step to show{what}. Add a viewpoint to it.")
    return line


def _come(line: Timeline, now: Camera | None, first: Camera, step: TourStep, boxes: Boxes, reduced: bool) -> None:
    """The transition into a step."""
    if now is None or now == first or step.transition == "cut":
        return
    if step.transition == "dissolve" or reduced:
        line.add(DISSOLVE_S, partial(_stay, first), dissolve=True)
    else:
        flight = plan(now, first, boxes())
        line.add(flight.seconds, flight.at)


def _stay(camera: Camera, _seconds: float) -> Camera:
    return camera


def look_of(step: TourStep, viewpoint: Viewpoint | None) -> Look:
    """What a step shows: its own wishes before its viewpoint's."""
    if viewpoint is None or step.path is not None:
        return Look(step.time, None, step.layers, step.texts, step.scenario_view, step.moment, step.clock_speed)
    return Look(
        step.time if step.time is not None else viewpoint.time,
        viewpoint.realism,
        step.layers if step.layers is not None else viewpoint.layers,
        texts_of(step, viewpoint),
        step.scenario_view if step.scenario_view is not None else viewpoint.scenario_view,
        step.moment if step.moment is not None else viewpoint.moment,
        step.clock_speed,
    )


def texts_of(step: TourStep, viewpoint: Viewpoint | None) -> Texts:
    """The step's texts; with those of its viewpoint where the step itself tells the audience nothing."""
    if viewpoint is None or any(not _is_private(tag) for tag, _text in step.texts):
        return step.texts
    own = dict(step.texts)
    return (*step.texts, *(pair for pair in viewpoint.texts if pair[0] not in own))


def _is_private(tag: str) -> bool:
    """True for a tag of private use (BCP 47): what only the presenter reads."""
    return tag.lower().startswith("x-")


def looked(now: DocumentState, before: DocumentState, look: Look) -> DocumentState:
    """``now`` with the look; what that leaves open is as in ``before``."""
    time = before.light.time if look.time is None else look.time or None
    was = {layer.id: layer.visible for layer in before.layers}
    layers = tuple(
        replace(x, visible=was.get(x.id, x.visible) if look.layers is None else x.id in look.layers) for x in now.layers
    )
    return replace(
        now,
        light=replace(now.light, time=time),
        realism=look.realism or before.realism,
        layers=layers if layers != now.layers else now.layers,
        scenario_view=before.scenario_view if look.scenario_view is None else look.scenario_view,
    )


def folded(before: DocumentState, applied: DocumentState, now: DocumentState) -> DocumentState:
    """``before`` with what somebody else changed since ``applied``, so that putting it back takes nothing from them."""
    light = now.light if now.light != applied.light else before.light
    realism = now.realism if now.realism != applied.realism else before.realism
    shown, was = ({x.id: x.visible for x in state.layers} for state in (applied, before))
    layers = tuple(
        replace(x, visible=x.visible if x.visible != shown.get(x.id) else was.get(x.id, x.visible)) for x in now.layers
    )
    view = now.scenario_view if now.scenario_view != applied.scenario_view else before.scenario_view
    return replace(now, light=light, realism=realism, layers=layers, scenario_view=view)


def text_in(texts: Texts, language: str = "") -> str:
    """The text in a language (BCP 47), else in one of the same main language, else in English, else the first.

    What has a tag of private use ("x-notes": what only the presenter reads) is told to nobody.
    """
    wanted = language.lower()
    told = [pair for pair in texts if not _is_private(pair[0])]
    ranked = sorted(told, key=lambda pair: _foreign(pair[0].lower(), wanted))
    return ranked[0][1] if ranked else ""


def _foreign(name: str, wanted: str) -> int:
    """0 for the very language, 3 for another one that nobody asked for."""
    if name == wanted:
        return 0
    if name.split("-")[0] == wanted.split("-")[0]:
        return 1
    return 2 if name.split("-")[0] == "en" else 3
