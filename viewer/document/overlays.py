"""Geometry that comes with scenarios: not layers of the project, but drawn, picked and inspected like them.

Its `CityData` stands in `Document.cities` under "scenario:<scenario id>:<variable id>".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from weakref import WeakKeyDictionary

from loaders.city import CityData
from loaders.scenario.gltf_scene import THEME
from loaders.scenario.model import Scenario, text_in
from viewer.document.state import DocumentState, LayerState, ScenarioView, Style

PREFIX = "scenario:"
_NO_LAYERS: tuple[LayerState, ...] = ()
_MADE: WeakKeyDictionary[CityData, LayerState] = WeakKeyDictionary()


def overlay_id(scenario_id: str, variable_id: str) -> str:
    """The layer id of a result's geometry. A colon in a scenario's id is written "%3A", so that ids stay distinct."""
    return f"{PREFIX}{_escaped(scenario_id)}:{variable_id}"


def is_overlay(layer_id: str) -> bool:
    """True for ids made by `overlay_id`."""
    return layer_id.startswith(PREFIX)


def scenario_of_overlay(layer_id: str) -> str | None:
    """The scenario that an overlay belongs to; None for other layers."""
    return _parts(layer_id)[0] if is_overlay(layer_id) else None


def variable_of_overlay(layer_id: str) -> str | None:
    """The variable that an overlay shows; None for other layers."""
    return _parts(layer_id)[1] if is_overlay(layer_id) else None


def overlays_of(scenario_id: str, scenario: Scenario, made: Mapping[str, CityData]) -> dict[str, CityData]:
    """The geometry of a scenario by layer id; what was ``made`` (by variable) goes before what the results bring."""
    found = {name: result.overlay for name, result in scenario.results.items() if result.overlay is not None}
    return {overlay_id(scenario_id, name): city for name, city in {**found, **made}.items()}


def overlay_layers(
    state: DocumentState, scenarios: Mapping[str, Scenario], cities: Mapping[str, CityData]
) -> tuple[LayerState, ...]:
    """The overlays of all loaded scenarios of a state, in its order; visible are those that its view shows."""
    found: list[LayerState] = []
    for entry in state.scenarios:
        scenario = scenarios.get(entry.id)
        for name in scenario.results if scenario is not None else ():
            layer_id = overlay_id(entry.id, name)
            city = cities.get(layer_id)
            if city is not None and scenario is not None:
                title = text_in(scenario.results[name].variable.title) or name
                visible = _is_shown(state.scenario_view, entry.id, name, scenario)
                layer = LayerState(layer_id, f"{entry.name}: {title}", entry.path, visible)
                if city.default_theme == THEME:  # new objects of glTF bring colours of their own, and no surfaces
                    layer = replace(layer, style=Style(color_by="@theme"))
                found.append(_layer(city, layer))
    return tuple(found) if found else _NO_LAYERS


def _is_shown(view: ScenarioView, scenario_id: str, variable: str, scenario: Scenario) -> bool:
    if scenario_id not in view.shown:
        return False
    return variable == view.variable or scenario.results[variable].variable.binding == "patch"


def _layer(city: CityData, layer: LayerState) -> LayerState:
    """The same object as long as nothing differs: what compares by identity stays idle."""
    kept = _MADE.get(city)
    if kept == layer:
        return kept
    _MADE[city] = layer
    return layer


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace(":", "%3A")


def _parts(layer_id: str) -> tuple[str, str]:
    name, _, variable = layer_id.removeprefix(PREFIX).partition(":")
    return name.replace("%3A", ":").replace("%25", "%"), variable
