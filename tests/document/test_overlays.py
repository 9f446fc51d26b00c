from dataclasses import replace

import numpy as np
import pytest

from loaders.city import CrsInfo
from loaders.scenario.model import Manifest, Result, Scenario, TimeAxis, Variable
from viewer.document.document import Document
from viewer.document.overlays import is_overlay, overlay_id, scenario_of_overlay, variable_of_overlay
from viewer.document.state import ScenarioState, ScenarioView


@pytest.fixture
def city(small_city):
    return small_city([("p1", "Building", [], {}, ["2"])])


@pytest.fixture
def scenario(city):
    variable = Variable("flood:zones", (("en", "Zones"),), "polygon")
    still = TimeAxis("static", np.zeros(1))
    result = Result(variable, still, np.zeros((1, 1), np.float32), overlay=city)
    other = Result(replace(variable, id="noise", binding="points"), still, np.zeros((1, 1), np.float32))
    manifest = Manifest("s:1", (("en", "S"),), CrsInfo("EPSG:7415"), (variable,))
    return Scenario(manifest, {"flood:zones": result, "noise": other})


ENTRY = ScenarioState("s:1", "Dike open", "/packages/s")


@pytest.mark.parametrize("name", ["a", "a:b", "a%3Ab", "%:", ""])
def test_ids_of_overlays_go_both_ways(name):
    layer_id = overlay_id(name, "depth:max")
    assert is_overlay(layer_id)
    assert (scenario_of_overlay(layer_id), variable_of_overlay(layer_id)) == (name, "depth:max")
    assert (is_overlay("layer-1"), scenario_of_overlay("layer-1")) == (False, None)


def test_overlays_are_drawn_layers_but_none_of_the_project(scenario, city):
    document = Document()
    with document.change("Open") as edit:
        edit.add_scenario(ENTRY, scenario, {"noise": city})
    assert document.state.layers == ()
    assert [(x.name, x.visible) for x in document.overlays()] == [
        ("Dike open: Zones", False),
        ("Dike open: Zones", False),
    ]
    assert all(document.cities[layer.id] is city for layer in document.drawn_layers())
    with document.change("Show") as edit:
        edit.state = replace(edit.state, scenario_view=ScenarioView(("s:1",), "noise"))
    shown = [layer.id for layer in document.overlays() if layer.visible]
    assert shown == [overlay_id("s:1", "noise")]


def test_undo_brings_a_scenario_with_its_data_back(scenario):
    document = Document()
    with document.change("Open") as edit:
        edit.add_scenario(ENTRY, scenario)
    with document.change("Remove") as edit:
        edit.state = replace(edit.state, scenarios=())
    assert document.overlays() == ()
    document.undo()
    assert document.scenarios["s:1"] is scenario
    assert len(document.overlays()) == 1


def test_data_that_no_state_refers_to_is_forgotten(scenario):
    document = Document()
    with document.change("Open") as edit:
        edit.add_scenario(ENTRY, scenario)
    document.undo()
    with document.change("Title") as edit:
        edit.state = replace(edit.state, title="x")
    assert (document.scenarios, document.cities) == ({}, {})


def test_a_failed_opening_leaves_no_data(scenario):
    document = Document()
    with pytest.raises(RuntimeError, match="half way"), document.change("Open") as edit:
        edit.add_scenario(ENTRY, scenario)
        raise RuntimeError("half way")
    assert (document.scenarios, document.cities, document.state.scenarios) == ({}, {}, ())


def test_data_that_comes_later_tells_what_changed(scenario):
    document = Document()
    with document.change("Open") as edit:
        edit.state = replace(edit.state, scenarios=(ENTRY,))
    seen = []
    document.changed.connect(seen.append)
    document.provide_scenario("s:1", scenario)
    assert seen[0].parts == {"cities", "scenarios"}
    assert seen[0].layers == {overlay_id("s:1", "flood:zones")}
    with pytest.raises(KeyError):
        document.provide_scenario("unknown", scenario)
