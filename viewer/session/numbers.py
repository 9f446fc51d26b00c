"""Numbers of the scenarios that are seen, counted anew in the background whenever what they depend on changes.

They cost something, so they are counted only while somebody looks (`ScenarioNumbers.watch`) or asks once
(`ScenarioNumbers.when_ready`). A clock that runs does not starve them: one count ends before the next begins.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, ref

from psygnal import Signal

from loaders.api import Cancelled, Severity
from loaders.scenario.model import Result, TimeAxis
from viewer.analysis.comparing import step_at, token
from viewer.analysis.counting import count
from viewer.analysis.derived import derived
from viewer.analysis.indicators import buildings_of
from viewer.analysis.links import base_cities, links_of
from viewer.analysis.measures import Exposures
from viewer.analysis.moments import joined
from viewer.analysis.numbers import Asked, Numbers, Question
from viewer.analysis.own_numbers import is_money
from viewer.analysis.place_series import PlaceSeries, Spot, series_at
from viewer.analysis.showing import shown_results
from viewer.document.document import ChangeSet
from viewer.document.overlays import is_overlay
from viewer.document.state import BASE_MODEL, MOST_SHOWN, NumbersView
from viewer.jobs import ThreadJob

if TYPE_CHECKING:
    from viewer.session.session import Session

BASE_NAME = "Base model"


class CountJob(ThreadJob):
    """Counts; tells how far it is, and stops between two steps when it is cancelled."""

    def __init__(self, question: Question, on_done: Callable[[Numbers], None], on_error: Callable[[Exception], None]):
        super().__init__(
            count, (question, self._tick), on_done, on_error, title="Counting what is affected", key="numbers"
        )
        self._stop = threading.Event()
        self._told = (0.0, "")

    def _tick(self, share: float, stage: str) -> None:
        if self._stop.is_set():
            raise Cancelled
        self._told = share, stage

    def poll(self) -> bool:
        """See `Job.poll`."""
        self.fraction, self.stage = self._told
        return super().poll()

    def cancel(self) -> None:
        """See `Job.cancel`."""
        self._stop.set()
        super().cancel()


class ScenarioNumbers:
    """The numbers of one session.

    Signals: changed(): answer, series or what is being done is different.

    Attributes:
        answer: the last numbers; None = none were counted. They may be of a moment ago: see ``busy``.
        busy: True while newer ones are being counted.
        failed: why the last count failed; "" = it did not.
        series: lines over time at the spot, one for each column. spot: where; None = nothing is chosen.

    What is counted (threshold, quarters, distance) is a part of the project: `viewer.document.state.NumbersView`.
    """

    changed = Signal()

    def __init__(self, session: Session) -> None:
        self._held = ref(session)
        self.answer: Numbers | None = None
        self.busy = False
        self.failed = ""
        self.series: tuple[PlaceSeries, ...] = ()
        self.spot: Spot | None = None
        self._exposures = Exposures()
        self._watched = False
        self._again = False
        self._key: tuple[object, ...] = ()
        self._series_key: tuple[object, ...] = ()
        self._waiting: list[Callable[[Numbers], None]] = []
        self._job = -1
        session.document.changed.connect(self._document_changed)
        session.clock_changed.connect(self._clock_changed)
        session.picked.connect(self._picked)

    @property
    def _session(self) -> Session:
        """Held weakly: numbers are kept for as long as their session, not the other way round."""
        session = self._held()
        assert session is not None
        return session

    # --- what is asked ------------------------------------------------------------------------------------------

    def watch(self, on: bool) -> None:
        """Say whether somebody looks at the numbers."""
        self._watched = on
        if on:
            self._look()

    def when_ready(self, then: Callable[[Numbers], None]) -> None:
        """Call with the numbers of now: at once if they are there, else when they have been counted."""
        question = self.question()
        if self.answer is not None and not self.busy and self._key == self._key_of(question):
            then(self.answer)
            return
        self._waiting.append(then)
        self._ask(question)

    @property
    def view(self) -> NumbersView:
        """What is counted."""
        return self._session.document.state.numbers

    def set(self, label: str = "Count otherwise", **values: Any) -> None:
        """Change what is counted (fields of `NumbersView`), as a step that can be undone."""
        document = self._session.document
        with document.change(label) as edit:
            edit.state = replace(edit.state, numbers=replace(edit.state.numbers, **values))

    def set_threshold(self, variable: str, threshold: float | None) -> None:
        """What counts as affected; None = the variable's own."""
        kept = {name: value for name, value in self.view.thresholds if name != variable}
        if threshold is not None:
            kept[variable] = threshold
        self.set("Threshold of what is affected", thresholds=tuple(sorted(kept.items())))

    def cancel(self) -> None:
        """Stop counting; what was counted before stays."""
        self._session.jobs.cancel(self._job)
        self._waiting.clear()
        self._again = False
        if self.busy:
            self.busy, self._key = False, ()
            self.changed.emit()

    def question(self) -> Question:
        """What the project shows now, as a question."""
        document, variable = self._session.document, self._session.document.state.scenario_view.variable
        columns = self.columns()
        baseline = self._baseline(columns)
        other = next((n for n in range(len(columns)) if n != baseline), baseline)
        cities, view = tuple(base_cities(document).items()), self.view
        return Question(
            columns, cities, links_of(document), self._exposures, baseline, other, view.threshold(variable),
            view.quarters, view.counted, near_m=view.near_m,
        )  # fmt: skip

    def columns(self) -> tuple[Asked, ...]:
        """The scenarios that are seen; one alone is seen beside its baseline, where that is open."""
        document = self._session.document
        view, scenarios = document.state.scenario_view, document.scenarios
        ids = list(view.shown[:MOST_SHOWN])
        if len(ids) == 1 and ids[0] in scenarios:
            baseline = scenarios[ids[0]].manifest.baseline
            ids = [baseline, *ids] if baseline in scenarios else ids
        names = {entry.id: entry.name for entry in document.state.scenarios}
        axis, moment = joined([result.time for result in shown_results(document)]), self._session.clock.now
        if axis is not None and moment is None:
            moment = float(axis.starts[0])
        found = []
        for name in ids:
            scenario = scenarios.get(name)
            result = scenario.results.get(view.variable) if scenario is not None else None
            manifest = scenario.manifest if scenario is not None else None
            costs = [one for one in scenario.results.values() if is_money(one.variable)] if scenario is not None else []
            found.append(
                Asked(
                    name,
                    BASE_NAME if name == BASE_MODEL else names.get(name, name),
                    result,
                    self._step(result, axis, moment),
                    manifest,
                    tuple((one, self._step(one, axis, moment)) for one in costs),
                )
            )
        return tuple(found)

    def _step(self, result: Result | None, axis: TimeAxis | None, moment: float | None) -> int | None:
        """The step of a result that is counted, None = all."""
        if result is None or not len(result.time):
            return 0
        return None if self.view.worst and len(result.time) > 1 else step_at(result, axis, moment)

    @staticmethod
    def _baseline(columns: tuple[Asked, ...]) -> int:
        """The scenario that another one names as its baseline, else the first."""
        named = {column.manifest.baseline for column in columns if column.manifest is not None}
        return next((n for n, column in enumerate(columns) if column.id in named), 0)

    # --- counting -----------------------------------------------------------------------------------------------

    def _key_of(self, question: Question) -> tuple[object, ...]:
        columns = tuple((c.id, c.name, token(c.result.values) if c.result else 0, c.step) for c in question.columns)
        cities = tuple((layer, id(city)) for layer, city in question.cities)
        asked = question.threshold, question.zone_by, question.weigh, question.baseline, question.near_m
        return columns, cities, *asked, document_variable(self._session)

    def _look(self) -> None:
        if self._watched:
            self._ask(self.question())
            self._ask_series()

    def _ask(self, question: Question) -> None:
        key = self._key_of(question)
        if key == self._key:
            return
        self._key, self.busy, self._again = key, True, False

        def done(answer: Numbers) -> None:
            self.answer, self.busy, self.failed = answer, False, ""
            waiting, self._waiting = self._waiting, []
            for then in waiting:
                then(answer)
            self.changed.emit()
            if self._again:
                self._again = False
                self._look()

        def failed(error: Exception) -> None:
            self.busy, self._key, self.failed = False, (), f"The numbers could not be counted: {error}"
            self._waiting.clear()
            self._session.say(Severity.ERROR, self.failed)
            self.changed.emit()

        self._job = self._session.submit(CountJob(question, done, failed))
        self.changed.emit()

    def _ask_series(self) -> None:
        spot = self._spot()
        columns = self.columns()
        key = (
            None if spot is None else (spot.layer_id, spot.row, id(spot.city), spot.position),
            tuple((c.id, token(c.result.values) if c.result else 0) for c in columns),
            (self.view.near_m, document_variable(self._session)),
        )
        if key == self._series_key:
            return
        self._series_key, self.spot = key, spot
        if spot is None:
            self.series = ()
            self.changed.emit()
            return
        document = self._session.document

        def done(series: tuple[PlaceSeries, ...]) -> None:
            self.series = series
            self.changed.emit()

        def failed(error: Exception) -> None:
            self.series = ()
            self._session.say(Severity.ERROR, f"Nothing can be told over time at this place: {error}")
            self.changed.emit()

        work = (columns, spot, links_of(document), document.state.crs, self.view.near_m)
        self._session.submit(ThreadJob(series_at, work, done, failed, title="Looking over time", key="series"))

    # --- what happens -------------------------------------------------------------------------------------------

    def _document_changed(self, changes: ChangeSet) -> None:
        if changes.origin == "reset":
            self.answer, self.series, self.spot, self._key, self._series_key = None, (), None, (), ()
            self._exposures.clear()
            self._last_pick = None
        if changes.origin == "reset" or changes.parts & {"scenarios", "scenario_view", "cities", "layers", "numbers"}:
            self._look()
        elif "selection" in changes.parts and self._watched:
            self._ask_series()

    def _clock_changed(self, _moment: float) -> None:
        if not self._watched:
            return
        if self.busy and self._session.clock.playing:
            self._again = True
            return
        self._ask(self.question())

    # --- the place of the series --------------------------------------------------------------------------------

    _last_pick: Any = None

    def _picked(self, hit: Any) -> None:
        self._last_pick = hit
        if self._watched:
            self._ask_series()

    def _spot(self) -> Spot | None:
        """The selected object; the place clicked, where that is no building."""
        document, hit = self._session.document, self._last_pick
        selection = document.state.selection
        city = document.cities.get(selection.layer_id or "")
        if selection.layer_id is None or city is None or not selection.ids:
            return None
        rows = derived(city).rows_of(selection.ids[-1:])
        if not len(rows):
            return None
        row, layer_id = int(rows[0]), selection.layer_id
        clicked = hit is not None and (hit.layer_id, hit.row) == (layer_id, row)
        position = tuple(float(value) for value in hit.position) if clicked else None
        built = "Building" in city.objects.type_names and not is_overlay(layer_id)
        whole = built and self._is_building(city, row)
        return Spot(layer_id, row, city, position, whole)  # type: ignore[arg-type]

    @staticmethod
    def _is_building(city: Any, row: int) -> bool:
        parent = int(derived(city).first_parent[row])
        among = buildings_of(city)
        return bool(among[row] or (parent >= 0 and among[parent]))


def document_variable(session: Session) -> str:
    """Id of the variable that is seen: results without values of their own (ways) are told apart by it."""
    return session.document.state.scenario_view.variable


_OF_SESSIONS: WeakKeyDictionary[Session, ScenarioNumbers] = WeakKeyDictionary()


def numbers_of(session: Session) -> ScenarioNumbers:
    """The numbers of a session, made at the first call."""
    found = _OF_SESSIONS.get(session)
    if found is None:
        found = _OF_SESSIONS[session] = ScenarioNumbers(session)
    return found
