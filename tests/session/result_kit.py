"""Scenarios made for tests of the session, in place of packages."""

from dataclasses import replace

import numpy as np

from loaders.city import CrsInfo, Strings
from loaders.scenario.model import Classes, Manifest, Result, Scenario, TimeAxis, Variable
from viewer.document.state import ScenarioState

START = 1782000000.0  # 2026-06-21T00:00:00Z
STILL = TimeAxis("static", np.zeros(1), dated=False)
PERIODS = TimeAxis("periods", np.arange(3.0), None, ("day", "evening", "night"), dated=False)
DEPTH = Variable("depth", (("en", "Depth"),), "object", "m", "m", classes=Classes((0.5, 1.0)), zero_is_none=True)
NOISE = Variable("noise", (("en", "Noise"),), "object", "dB[SPL]", "dB(A)", range=(40.0, 80.0))


def hours(count=5, start=START):
    return TimeAxis("instants", start + 3600.0 * np.arange(count), zone="Europe/Amsterdam")


def by_id(variable, ids, axis, values=None, **more):
    shape = (len(axis), len(ids))
    values = np.arange(np.prod(shape), dtype=np.float32).reshape(shape) / 4 if values is None else values
    return Result(variable, axis, np.asarray(values, np.float32), ids=Strings.from_list(list(ids)), **more)


def scenario(name, *results, **of_manifest):
    manifest = Manifest(name, (("en", name.title()),), CrsInfo("EPSG:7415"), tuple(r.variable for r in results))
    return Scenario(replace(manifest, **of_manifest), {result.variable.id: result for result in results})


def add(document, made, path="/packages/x"):
    entry = ScenarioState(made.manifest.id, made.manifest.title[0][1], path)
    with document.change(f"Add {entry.name}") as edit:
        edit.add_scenario(entry, made)
    return entry


def show(document, *ids, variable="depth", **more):
    with document.change("Show") as edit:
        view = replace(edit.state.scenario_view, shown=ids, variable=variable, **more)
        edit.state = replace(edit.state, scenario_view=view)
