"""What a package tells beside its numbers: its viewpoints become those of the project, and a tour tells its story.

Texts for the ear and for those who do not see the picture travel with a viewpoint under tags of private use (BCP 47):
"x-aloud-en" is what is read aloud, "x-alt-en" what is to be seen. They are not written into pictures.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from loaders.api import Severity
from loaders.scenario.manifest_read import texts
from loaders.scenario.model import Scenario
from loaders.scenario.times import parse_moment
from viewer.document.state import Camera, ScenarioView, Texts, Tour, TourStep, Viewpoint
from viewer.session import geopose
from viewer.session.preflight import NOTES
from viewer.session.registry import CommandError, command
from viewer.session.scenario_commands import scenario_of
from viewer.session.scenario_opening import first_variable

if TYPE_CHECKING:
    from viewer.session.session import Session

ALOUD, ALTERNATIVE = "x-aloud", "x-alt"


def _has_scenario(session: Session) -> bool:
    return bool(session.document.state.scenarios)


@command("scenario.take_views", title="Take the scenario's viewpoints", enabled=_has_scenario)
def take_views(session: Session, scenario_id: str) -> tuple[str, ...]:
    """Add the viewpoints of a scenario's package, with what they show and say, and a tour of them; returns their names.

    Views without a place keep the present camera.
    """
    entry = scenario_of(session, scenario_id)
    scenario = session.document.scenarios.get(scenario_id)
    if scenario is None:
        raise CommandError(f"{entry.name} is not loaded.")
    if not scenario.manifest.views:
        raise CommandError(f"The package of {entry.name} has no viewpoints.")
    warnings: list[str] = []
    cameras = [_camera(session, view, warnings) for view in scenario.manifest.views]
    with session.document.change(f"Take the viewpoints of {entry.name}") as edit:
        taken = {viewpoint.name for viewpoint in edit.state.viewpoints}
        found = []
        for view, camera in zip(scenario.manifest.views, cameras, strict=True):
            name = _free(view["name"], taken)
            taken.add(name)
            found.append(_viewpoint(name, camera, view, scenario))
        tour = Tour(_free(entry.name, {tour.name for tour in edit.state.tours}), _steps(found, scenario))
        edit.state = replace(edit.state, viewpoints=(*edit.state.viewpoints, *found), tours=(*edit.state.tours, tour))
    for warning in dict.fromkeys(warnings):
        session.say(Severity.WARNING, f"{entry.name}: {warning}")
    return tuple(viewpoint.name for viewpoint in found)


def _camera(session: Session, view: dict[str, Any], warnings: list[str]) -> Camera:
    """Where a view is looked from; its warnings are added to the list."""
    fov = float(view.get("fov", session.camera.fov_deg))
    if "geopose" not in view:
        return replace(session.camera, fov_deg=fov)
    try:
        camera, warning = geopose.to_camera(view["geopose"], session.document.state.crs, fov)
    except geopose.PoseError as error:
        raise CommandError(f"The view {view['name']!r} has no place here: {error}") from error
    if warning:
        warnings.append(warning)
    return camera


def _viewpoint(name: str, camera: Camera, view: dict[str, Any], scenario: Scenario) -> Viewpoint:
    variable = first_variable(scenario, view.get("variable", ""))
    shown = ScenarioView(shown=(scenario.manifest.id,), variable=variable)
    told = (*_untold(texts(view.get("texts"))), *_private(view, "read_aloud", ALOUD))
    told = (*told, *_private(view, "alternative", ALTERNATIVE))
    return Viewpoint(name, camera, texts=told, scenario_view=shown, moment=_moment(view, variable, scenario))


def _untold(found: Texts) -> Texts:
    return tuple((language, text) for language, text in found if text.strip())


def _private(view: dict[str, Any], member: str, tag: str) -> Iterator[tuple[str, str]]:
    for language, text in _untold(texts(view.get(member))):
        yield f"{tag}-{language}" if language else tag, text


def _moment(view: dict[str, Any], variable: str, scenario: Scenario) -> float | None:
    """Where the clock stands; None where the view tells nothing, or its variable has no dates."""
    result = scenario.results.get(variable)
    if "time" not in view or result is None or not result.time.dated:
        return None
    return parse_moment(view["time"], result.time.zone, result.time.calendar)


def _steps(viewpoints: list[Viewpoint], scenario: Scenario) -> tuple[TourStep, ...]:
    """A stop at each viewpoint; the story is told at the first, or by the presenter where that has a text."""
    steps = [TourStep(viewpoint=viewpoint.name) for viewpoint in viewpoints]
    story = _untold(scenario.manifest.story)
    if story:
        told = any(not tag.startswith("x-") for tag, _ in viewpoints[0].texts)
        steps[0] = replace(steps[0], texts=((NOTES, dict(story).get("en", story[0][1])),) if told else story)
    return tuple(steps)


def _free(name: str, taken: set[str]) -> str:
    """A name that is not taken yet."""
    numbers = (name if n == 1 else f"{name} {n}" for n in range(1, len(taken) + 2))
    return next(text for text in numbers if text not in taken)
