"""Which results a document shows: one rule for the clock, the picture, the legend and the values under the cursor."""

from __future__ import annotations

from dataclasses import dataclass

from loaders.scenario.model import Result, Scenario, Variable
from viewer.analysis.moments import iso_of, joined
from viewer.document.document import Document
from viewer.document.state import BASE_MODEL, ScenarioView


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One of the scenarios seen.

    Attributes:
        id: the scenario's id; `BASE_MODEL` = the city without one.
        name: for people.
        scenario: its data; None for the base model and while it is loading.
        result: the result of the variable shown; None where it has none.
        patch: what it changes in the city; None = nothing.
    """

    id: str
    name: str
    scenario: Scenario | None = None
    result: Result | None = None
    patch: Result | None = None

    @property
    def results(self) -> tuple[Result, ...]:
        """What it shows."""
        found = (self.result, self.patch if self.patch is not self.result else None)
        return tuple(result for result in found if result is not None)


def sides_of(document: Document, view: ScenarioView | None = None) -> tuple[Side, ...]:
    """The scenarios that are seen, A first; scenarios that the project does not have are left out."""
    view = document.state.scenario_view if view is None else view
    found = []
    for scenario_id in view.shown:
        if scenario_id == BASE_MODEL:
            found.append(Side(BASE_MODEL, "City as it is"))
            continue
        entry = next((item for item in document.state.scenarios if item.id == scenario_id), None)
        if entry is not None:
            found.append(_side(entry.id, entry.name, document.scenarios.get(entry.id), view.variable))
    wanted = 1 if view.mode == "single" else 4 if view.mode == "split" else 2
    return tuple(found[:wanted])


def side_names(document: Document) -> tuple[str, ...]:
    """Names to be written beside the sides of a picture: of panes, and A and B of a swipe; none where one side is seen
    alone or both are mixed."""
    view = document.state.scenario_view
    sides = sides_of(document) if document.scenarios else ()
    if len(sides) < 2 or view.mode not in ("split", "swipe"):
        return ()
    marks = ("A  ", "B  ") if view.mode == "swipe" else ("",) * len(sides)
    return tuple(mark + side.name for mark, side in zip(marks, sides, strict=False))


def shown_results(document: Document, view: ScenarioView | None = None) -> list[Result]:
    """The results that the clock runs over (or those of another view than the document's)."""
    return [result for side in sides_of(document, view) for result in side.results]


def variable_shown(document: Document) -> Variable | None:
    """The variable that colours the picture: as the first scenario that has it describes it."""
    for side in sides_of(document):
        if side.result is not None:
            return side.result.variable
    return None


def sun_time(document: Document, moment: float | None) -> str | None:
    """The time of the light, ISO 8601, where the sun follows the clock; None where it does not."""
    view = document.state.scenario_view
    if moment is None or not view.sun or not view.shown:
        return None
    axis = joined([result.time for result in shown_results(document)])
    return iso_of(axis, moment) if axis is not None else None


def _side(scenario_id: str, name: str, scenario: Scenario | None, variable: str) -> Side:
    if scenario is None:
        return Side(scenario_id, name)
    patch = next((result for result in scenario.results.values() if result.patch is not None), None)
    return Side(scenario_id, name, scenario, scenario.results.get(variable), patch)
