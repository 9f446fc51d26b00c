"""`Document`: the one place that the project's state lives in, with undo.

The state is a frozen value. It is replaced inside ``with document.change("Label") as edit`` and nowhere else, so
undo is "put the value from before back" and a failed change leaves no trace. The loaded cities stand beside
the state, by layer id, and stay as long as any state of the history refers to their layer.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path

from psygnal import Signal

from loaders.api import LoadResult
from loaders.city import CityData
from loaders.scenario.model import Scenario
from viewer.document.overlays import is_overlay, overlay_layers, overlays_of, scenario_of_overlay
from viewer.document.state import DocumentState, LayerState, ScenarioState, Selection

UNDO_LIMIT = 200
"""Steps kept; the oldest are forgotten first."""
MERGE_SECONDS = 1.5
"""Edits with the same ``merge_key`` that follow each other within this time are one step."""

_STATE_FIELDS = tuple(f.name for f in fields(DocumentState))
_LAYER_PARTS = {
    "visible": "visibility",
    "lod": "visibility",
    "hidden_types": "visibility",
    "hidden_ids": "visibility",
    "only_ids": "visibility",
    "filter": "visibility",
    "style": "style",
}


class ChangeError(RuntimeError):
    """The document was written to from a place where that is forbidden; always a mistake in the program."""


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """What a change touched, so that panels refresh only what they show.

    Attributes:
        label: the step's name ("Hide layer"), as in the Edit menu.
        origin: "change", "undo", "redo", "reset" (another project) or "cities" (data came or went, state as before).
        parts: names of the `DocumentState` fields that differ; "layers" comes with "style" and "visibility" where
            those differ; "cities" if the loaded data differs; "saved" if `Document.dirty` or the path may differ.
        layers: ids of the layers that were added, removed or changed.
    """

    label: str
    origin: str
    parts: frozenset[str]
    layers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Step:
    """One undo step: the state to go back to (or forward to), and what made it."""

    label: str
    state: DocumentState
    merge_key: str | None
    seconds: float


class Edit:
    """The right to write, handed out by `Document.change` and void when its block ends."""

    def __init__(self, document: Document):
        self._document: Document | None = document

    @property
    def state(self) -> DocumentState:
        """The state as it is now; assign a replaced one to change it."""
        return self._open()._state

    @state.setter
    def state(self, value: DocumentState) -> None:
        document = self._open()
        if not isinstance(value, DocumentState):
            raise ChangeError(f"a document state is needed, not {type(value).__name__}")
        document._check_thread()
        document._state = value

    def layer(self, layer_id: str, **values: object) -> None:
        """Replace fields of one layer; KeyError if there is no such layer."""
        state = self.state
        old = state.layer(layer_id)
        new = replace(old, **values)  # type: ignore[arg-type]
        self.state = replace(state, layers=tuple(new if layer is old else layer for layer in state.layers))

    def add_city(self, layer: LayerState, result: LoadResult) -> None:
        """Append a layer together with its data and load report."""
        document = self._open()
        document._check_thread()
        self.state = replace(self.state, layers=(*self.state.layers, layer))
        document.cities[layer.id] = result.value
        document.reports[layer.id] = result

    def add_scenario(
        self, state: ScenarioState, scenario: Scenario, overlays: Mapping[str, CityData] | None = None
    ) -> None:
        """Append a scenario with its data; ``overlays`` as in `Document.provide_scenario`."""
        document = self._open()
        document._check_thread()
        self.state = replace(self.state, scenarios=(*self.state.scenarios, state))
        document._keep_scenario(state.id, scenario, overlays)

    def _open(self) -> Document:
        if self._document is None:
            raise ChangeError("the document can be written to only inside its change block")
        return self._document

    def _close(self) -> None:
        self._document = None


class Document:
    """The open project: state, loaded cities, undo history, where it is saved.

    Attributes:
        cities: loaded data by layer id; a layer whose file is missing or still loading has none.
        reports: the load results by layer id, with their issues.
        scenarios: opened packages by scenario id. The geometry that comes with their results is in ``cities`` under
            the ids of `overlays`.
        changed: psygnal signal, emitted with a `ChangeSet` after each completed change.
    """

    changed = Signal(ChangeSet)

    def __init__(self, state: DocumentState | None = None, *, clock: Callable[[], float] = time.monotonic):
        self._state = state or DocumentState()
        self._owner = threading.get_ident()
        self._clock = clock
        self._undo: list[_Step] = []
        self._redo: list[_Step] = []
        self._open_edits: list[Edit] = []
        self._emitting = False
        self._saved = self._state
        self._merge_open = False
        self._layer_number = 0
        self.path: Path | None = None
        self.cities: dict[str, CityData] = {}
        self.reports: dict[str, LoadResult] = {}
        self.scenarios: dict[str, Scenario] = {}

    @property
    def state(self) -> DocumentState:
        """The state now; read only."""
        return self._state

    @property
    def dirty(self) -> bool:
        """True if something other than the selection differs from the saved project."""
        return replace(self._state, selection=Selection()) != replace(self._saved, selection=Selection())

    @property
    def can_undo(self) -> bool:
        """True if there is a step to undo."""
        return bool(self._undo)

    @property
    def can_redo(self) -> bool:
        """True if there is an undone step."""
        return bool(self._redo)

    @property
    def undo_label(self) -> str:
        """Name of the step that undo takes back; "" if none."""
        return self._undo[-1].label if self._undo else ""

    @property
    def redo_label(self) -> str:
        """Name of the step that redo does again; "" if none."""
        return self._redo[-1].label if self._redo else ""

    @property
    def undo_labels(self) -> tuple[str, ...]:
        """Names of all steps, oldest first."""
        return tuple(step.label for step in self._undo)

    @contextmanager
    def change(self, label: str, merge_key: str | None = None, merge_seconds: float = MERGE_SECONDS) -> Iterator[Edit]:
        """Open the document for writing; the whole block is one undo step.

        A block inside a block belongs to the outer one's step. An exception puts the state (and the cities) back to
        where the block began and goes on. ``merge_key``: a block with the same key as the step just made, soon after
        it (within ``merge_seconds``), extends that step, so that dragging a slider is one step; if the state is then
        what it was before the step, there is none any more.

        Raises `ChangeError` off the owning thread and inside a handler of `changed`.
        """
        self._check_writable()
        before, cities, reports = self._state, dict(self.cities), dict(self.reports)
        scenarios = dict(self.scenarios)
        edit = Edit(self)
        self._open_edits.append(edit)
        done = False
        try:
            yield edit
            done = True
        finally:
            edit._close()
            self._open_edits.remove(edit)
            if not done:
                self._state = before
                self._restore(cities, reports, scenarios)
        if not self._open_edits:
            self._commit(label, merge_key, merge_seconds, before, cities)

    def undo(self) -> None:
        """Take the last step back; nothing happens if there is none."""
        self._travel(self._undo, self._redo, "undo")

    def redo(self) -> None:
        """Do the last undone step again; nothing happens if there is none."""
        self._travel(self._redo, self._undo, "redo")

    def reset(self, state: DocumentState | None = None, path: Path | None = None) -> None:
        """Become another project: no history, no cities, not dirty."""
        self._check_idle()
        before, self._state = self._state, state or DocumentState()
        self._undo.clear()
        self._redo.clear()
        self._merge_open = False
        self.cities.clear()
        self.reports.clear()
        self.scenarios.clear()
        self._saved, self.path = self._state, path
        layers = frozenset(layer.id for layer in (*before.layers, *self._state.layers))
        parts = frozenset((*_STATE_FIELDS, "style", "visibility", "cities", "saved"))
        self._emit(ChangeSet("Open", "reset", parts, layers))

    def provide_city(self, layer_id: str, result: LoadResult) -> None:
        """Hand in the data of a layer that the state has already (a project's layer that was loaded now).

        Not an undo step. KeyError if no state of the history has such a layer.
        """
        self._check_idle()
        if layer_id not in self._known_layers():
            raise KeyError(layer_id)
        self.cities[layer_id] = result.value
        self.reports[layer_id] = result
        self._emit(ChangeSet("Load", "cities", frozenset({"cities"}), frozenset({layer_id})))

    def provide_scenario(
        self, scenario_id: str, scenario: Scenario, overlays: Mapping[str, CityData] | None = None
    ) -> None:
        """Hand in the data of a scenario that the state has already. Not an undo step.

        ``overlays``: geometry to draw by variable id, in place of the results' own and for results that have none
        (wall grids made of receivers). KeyError if no state of the history has such a scenario.
        """
        self._check_idle()
        if scenario_id not in self._known_scenarios():
            raise KeyError(scenario_id)
        before = set(self.cities)
        self._keep_scenario(scenario_id, scenario, overlays)
        changed = frozenset(name for name in before | set(self.cities) if scenario_of_overlay(name) == scenario_id)
        self._emit(ChangeSet("Load", "cities", frozenset({"cities", "scenarios"}), changed))

    def overlays(self) -> tuple[LayerState, ...]:
        """Layers of the geometry that comes with the loaded scenarios; visible are those that the view shows."""
        return overlay_layers(self._state, self.scenarios, self.cities)

    def drawn_layers(self) -> tuple[LayerState, ...]:
        """The project's layers and the overlays: all that a picture is made of."""
        return (*self._state.layers, *self.overlays())

    def mark_saved(self, path: Path | None = None) -> None:
        """Declare the state now as the saved one (and ``path``, if given, as its file)."""
        self._check_idle()
        self._saved = self._state
        self._merge_open = False
        if path is not None:
            self.path = path
        self._emit(ChangeSet("Save", "change", frozenset({"saved"})))

    def mark_unsaved(self) -> None:
        """Declare that no file holds this state (after a recovery), so that the user is asked to save."""
        self._check_idle()
        self._saved = DocumentState(title="\0never saved")
        self._emit(ChangeSet("Recover", "change", frozenset({"saved"})))

    def new_layer_id(self) -> str:
        """An id that no layer of any state in the history has."""
        known = self._known_layers() | set(self.cities)
        while True:
            self._layer_number += 1
            name = f"layer-{self._layer_number}"
            if name not in known:
                return name

    def _commit(
        self,
        label: str,
        merge_key: str | None,
        merge_seconds: float,
        before: DocumentState,
        cities: dict[str, CityData],
    ) -> None:
        """Turn a completed outermost block into a step and tell the world; nothing if nothing differs."""
        if self._state == before:
            self._state = before
            if cities != self.cities:
                self._prune()
                gone = frozenset(cities.keys() ^ self.cities.keys())
                self._emit(ChangeSet(label, "cities", frozenset({"cities"}), gone))
            return
        now = self._clock()
        if self._merges(merge_key, now, merge_seconds):
            if self._undo[-1].state == self._state:
                self._undo.pop()
            else:
                self._undo[-1] = replace(self._undo[-1], seconds=now)
        else:
            self._undo.append(_Step(label, before, merge_key, now))
            del self._undo[:-UNDO_LIMIT]
        self._merge_open = bool(self._undo)
        self._redo.clear()
        self._prune()
        self._announce(label, "change", before, cities)

    def _merges(self, merge_key: str | None, now: float, seconds: float) -> bool:
        if merge_key is None or not self._undo or not self._merge_open:
            return False
        last = self._undo[-1]
        return last.merge_key == merge_key and now - last.seconds <= seconds

    def _travel(self, source: list[_Step], goal: list[_Step], origin: str) -> None:
        self._check_idle()
        if not source:
            return
        step = source.pop()
        goal.append(replace(step, state=self._state))
        before, self._state = self._state, step.state
        self._merge_open = False
        self._announce(step.label, origin, before, self.cities)

    def _announce(self, label: str, origin: str, before: DocumentState, cities: dict[str, CityData]) -> None:
        parts, layers = difference(before, self._state)
        if cities is not self.cities and cities != self.cities:
            parts = parts | {"cities"}
            layers = layers | (cities.keys() ^ self.cities.keys())
        self._emit(ChangeSet(label, origin, parts | {"saved"}, layers))

    def _emit(self, changes: ChangeSet) -> None:
        self._emitting = True
        try:
            self.changed.emit(changes)
        finally:
            self._emitting = False

    def _known_layers(self) -> set[str]:
        states = (self._state, *(step.state for step in (*self._undo, *self._redo)))
        return {layer.id for state in states for layer in state.layers}

    def _known_scenarios(self) -> set[str]:
        states = (self._state, *(step.state for step in (*self._undo, *self._redo)))
        return {scenario.id for state in states for scenario in state.scenarios}

    def _keep_scenario(self, scenario_id: str, scenario: Scenario, overlays: Mapping[str, CityData] | None) -> None:
        for layer_id in [name for name in self.cities if scenario_of_overlay(name) == scenario_id]:
            del self.cities[layer_id]
        self.scenarios[scenario_id] = scenario
        self.cities.update(overlays_of(scenario_id, scenario, overlays or {}))

    def _prune(self) -> None:
        """Forget data that no state can show any more."""
        layers, scenarios = self._known_layers(), self._known_scenarios()
        for scenario_id in self.scenarios.keys() - scenarios:
            del self.scenarios[scenario_id]
        for layer_id in tuple(self.cities):
            if (scenario_of_overlay(layer_id) not in scenarios) if is_overlay(layer_id) else (layer_id not in layers):
                del self.cities[layer_id]
                self.reports.pop(layer_id, None)

    def _restore(
        self, cities: dict[str, CityData], reports: dict[str, LoadResult], scenarios: dict[str, Scenario]
    ) -> None:
        self.scenarios.clear()
        self.scenarios.update(scenarios)
        self.cities.clear()
        self.cities.update(cities)
        self.reports.clear()
        self.reports.update(reports)

    def _check_thread(self) -> None:
        if threading.get_ident() != self._owner:
            raise ChangeError("the document belongs to another thread; hand the work to its owner")

    def _check_writable(self) -> None:
        self._check_thread()
        if self._emitting:
            raise ChangeError("a handler of `changed` may not write to the document")

    def _check_idle(self) -> None:
        self._check_writable()
        if self._open_edits:
            raise ChangeError("not possible while a change is open")


def difference(a: DocumentState, b: DocumentState) -> tuple[frozenset[str], frozenset[str]]:
    """The parts (see `ChangeSet.parts`) and the layer ids in which two states differ."""
    parts = {name for name in _STATE_FIELDS if getattr(a, name) != getattr(b, name)}
    layers: set[str] = set()
    if "layers" in parts:
        before, after = ({layer.id: layer for layer in state.layers} for state in (a, b))
        for layer_id in before.keys() | after.keys():
            old, new = before.get(layer_id), after.get(layer_id)
            if old == new:
                continue
            layers.add(layer_id)
            if old is None or new is None:
                parts |= {"style", "visibility"}
            else:
                parts |= {part for name, part in _LAYER_PARTS.items() if getattr(old, name) != getattr(new, name)}
    return frozenset(parts), frozenset(layers)
