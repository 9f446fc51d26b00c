"""Commands of numbers: what counts as affected, what stands behind a number, and numbers as files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from loaders.api import Severity
from viewer.analysis.derived import derived
from viewer.analysis.legend import count_text
from viewer.analysis.measures import Rows, count_rows
from viewer.analysis.numbers import Numbers
from viewer.document.overlays import is_overlay
from viewer.document.state import FARTHEST_M, NEAR_M
from viewer.jobs import ThreadJob
from viewer.session.number_sheets import write
from viewer.session.numbers import numbers_of
from viewer.session.registry import CommandError, command

if TYPE_CHECKING:
    from viewer.session.session import Session

MOST_SELECTED = 200_000
"""More objects than this are not selected at once: the window would stand still."""


def _has_numbers(session: Session) -> bool:
    return bool(session.document.state.scenario_view.shown and session.document.state.scenario_view.variable)


@command("indicators.set_threshold", title="Threshold of what is affected", enabled=_has_numbers)
def set_threshold(session: Session, threshold: float | None = None) -> None:
    """Count buildings and people as affected from this value of the variable on; none = its first class break."""
    numbers_of(session).set_threshold(session.document.state.scenario_view.variable, threshold)


@command("indicators.set_when", title="Numbers of the moment, or of the worst", enabled=_has_numbers)
def set_when(session: Session, worst: bool) -> None:
    """Count at the clock's moment, or the worst of all moments for each building."""
    numbers_of(session).set("Numbers of the worst moment" if worst else "Numbers of the moment", worst=worst)


@command("indicators.set_quarters", title="Quarters of the numbers", enabled=_has_numbers)
def set_quarters(session: Session, attribute: str) -> None:
    """Choose the attribute that tells the quarter of a building; empty = no quarters."""
    numbers = numbers_of(session)
    known = numbers.answer.zones if numbers.answer is not None else ()
    if attribute and known and attribute not in known:
        raise CommandError(f"{attribute!r} does not divide the town. It could be: {', '.join(known)}.")
    numbers.set("Quarters of the numbers", quarters=attribute)


@command("indicators.set_counted", title="What the classes count", enabled=_has_numbers)
def set_counted(session: Session, indicator: str = "") -> None:
    """Let the classes count buildings ("objects"), dwellings, residents or another indicator; empty = the first."""
    numbers = numbers_of(session)
    known = [m.indicator.id for m in numbers.answer.measures] if numbers.answer is not None else []
    if indicator and known and indicator not in known:
        raise CommandError(f"There is no indicator {indicator!r}. Indicators: {', '.join(known)}.")
    numbers.set("What the classes count", counted=indicator)


@command("indicators.set_distance", title="How near a street counts as beside it", enabled=_has_numbers)
def set_distance(session: Session, metres: float = NEAR_M) -> None:
    """Count buildings as beside a street (a link of a network) within so many metres of it, up to 1000."""
    if not 0.0 < metres <= FARTHEST_M:
        raise CommandError(f"{metres:g} m is no distance from streets: give more than 0 and up to {FARTHEST_M:g}.")
    numbers_of(session).set("Distance from streets", near_m=metres)


@command("indicators.select", title="Select the buildings behind an indicator", undo=False, enabled=_has_numbers)
def select(session: Session, indicator: str = "objects", scenario: str | None = None) -> None:
    """Select and show the buildings that are affected in a scenario (the last one shown by default)."""

    def chosen(answer: Numbers) -> None:
        line = next((x for x in answer.indicators if x.measure.indicator.id == indicator), None)
        column = _column(answer, scenario)
        if line is None or column is None or answer.variable is None:
            told = ", ".join(x.measure.indicator.id for x in answer.indicators) or answer.why_not
            _refuse(session, f"There is no such number: {indicator!r} of {scenario or 'a scenario'}. {told}")
            return
        what = answer.affected
        name = answer.question.columns[column].name
        select_rows(session, line.cells[column].rows, f"{line.measure.indicator.title}, {what}, {name}")

    numbers_of(session).when_ready(chosen)


@command(
    "indicators.select_group", title="Select the buildings of a group that changes", undo=False, enabled=_has_numbers
)
def select_group(session: Session, name: str = "", way: Literal["better", "worse"] = "worse") -> None:
    """Select the buildings in which a group (or quarter) gets better or worse values; empty = everybody.

    Of a group all buildings with residents are selected, whoever lives there.
    """

    def chosen(answer: Numbers) -> None:
        lines = [*answer.groups, *answer.quarters[1:]]
        line = next((x for x in lines if name in ("", x.name)), None)
        if line is None:
            _refuse(session, f"There is no group {name!r}. Groups: {', '.join(x.name for x in lines) or 'none'}.")
            return
        rows = line.rows_better if way == "better" else line.rows_worse
        said = {"better": "higher" if answer.good == "high" else "lower", "worse": "higher"}[way]
        said = "lower" if way == "worse" and answer.good == "high" else said
        select_rows(session, rows, f"{line.name}, {said} values")

    numbers_of(session).when_ready(chosen)


@command("indicators.select_class", title="Select the buildings of a class", undo=False, enabled=_has_numbers)
def select_class(session: Session, label: str, scenario: str | None = None) -> None:
    """Select what lies in one class of the legend ("0.5 – 1") in a scenario (the last one shown by default)."""

    def chosen(answer: Numbers) -> None:
        line = next((x for x in answer.classes if x.label == label), None)
        column = _column(answer, scenario)
        if line is None or column is None:
            _refuse(session, f"There is no class {label!r}. Classes: {', '.join(x.label for x in answer.classes)}.")
            return
        select_rows(session, line.rows[column], f"{label}, {answer.question.columns[column].name}")

    numbers_of(session).when_ready(chosen)


@command("indicators.export", title="Export numbers", undo=False, enabled=_has_numbers)
def export(session: Session, path: Path) -> None:
    """Write all numbers as a table (.csv or .xlsx); the charts are written by the window (.png)."""
    if path.suffix.lower() == ".png":
        if not len(session.numbers_picture_wanted):
            raise CommandError("A picture of the charts needs the window with its numbers.")
        session.numbers_picture_wanted.emit(str(path))
        return
    if path.suffix.lower() not in (".csv", ".xlsx"):
        raise CommandError(f"{path.name}: numbers are written as .csv, .xlsx or .png.")

    def chosen(answer: Numbers) -> None:
        series = numbers_of(session).series

        def failed(error: Exception) -> None:
            reason = getattr(error, "strerror", None) or str(error)
            session.say(Severity.ERROR, f"{path} cannot be written: {reason}.")

        def done(_none: object) -> None:
            session.say(Severity.INFO, f"Written: {path.name}")

        session.submit(ThreadJob(write, (path, answer, series), done, failed, title=f"Writing {path.name}"))

    numbers_of(session).when_ready(chosen)


def select_rows(session: Session, rows: Rows, what: str) -> None:
    """Select objects and fill the view with them; of several layers, those of the one that has most of them."""
    if not rows:
        session.say(Severity.INFO, f"No building: {what}.")
        return
    layer_id, own = max(rows, key=lambda pair: len(pair[1]))
    if len(own) > MOST_SELECTED:
        _refuse(
            session, f"{count_text(len(own))} buildings are too many to select at once. Choose a stricter threshold."
        )
        return
    city = session.document.cities.get(layer_id)
    if city is None:
        return
    rest = count_rows(rows) - len(own)

    def done(ids: tuple[str, ...]) -> None:
        if session.document.cities.get(layer_id) is not city:
            return
        session.act("selection.set", layer_id=layer_id, ids=ids)
        session.act("selection.zoom_to")
        one = "feature" if is_overlay(layer_id) else "building"
        more = f" ({count_text(rest)} more in other layers)" if rest else ""
        session.say(Severity.INFO, f"{count_text(len(ids))} {one}{'s' * (len(ids) != 1)} selected: {what}{more}.")

    def failed(error: Exception) -> None:
        _refuse(session, f"They cannot be selected: {error}")

    session.submit(ThreadJob(_ids, (city, own), done, failed, title="Selecting", key="numbers selection"))


def _ids(city: object, rows: object) -> tuple[str, ...]:
    """Ids of rows; the city's index is made on the way, for whoever looks them up."""
    from loaders.city import CityData

    assert isinstance(city, CityData) and isinstance(rows, np.ndarray)
    names = city.objects.ids.to_list() if len(rows) > 500 else None
    chosen = [names[row] if names is not None else city.objects.ids[row] for row in rows.tolist()]
    base = derived(city)
    base.remember(chosen, rows.tolist())
    return tuple(dict.fromkeys(chosen))


def _column(answer: Numbers, scenario: str | None) -> int | None:
    ids = [column.id for column in answer.question.columns]
    if scenario is None:
        return len(ids) - 1 if ids else None
    return ids.index(scenario) if scenario in ids else None


def _refuse(session: Session, text: str) -> None:
    session.say(Severity.ERROR, text)
