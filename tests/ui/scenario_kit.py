"""Scenarios on the small city of these tests, in place of packages."""

from dataclasses import replace
from pathlib import Path
from runpy import run_path

import numpy as np
from PySide6.QtTest import QTest

from loaders.api import LoadResult
from loaders.scenario.model import BaseModel, Classes, Provenance, Source, Uncertainty, Variable

kit = run_path(str(Path(__file__).parents[1] / "session" / "result_kit.py"))
START, STILL, PERIODS = kit["START"], kit["STILL"], kit["PERIODS"]
hours, by_id, scenario, add = kit["hours"], kit["by_id"], kit["scenario"], kit["add"]

DEPTH = Variable(
    "depth",
    (("en", "Depth"),),
    "object",
    "m",
    "m",
    classes=Classes((0.5, 1.0), ((("en", "wet feet"),), (("en", "cars stop"),), (("en", "danger"),)), "Example 2026"),
    good="low",
    zero_is_none=True,
    uncertainty=Uncertainty("minmax"),
)
NOISE = Variable("noise", (("en", "Noise"),), "object", "dB[SPL]", "dB(A)", range=(40.0, 80.0))
NOISE = replace(NOISE, uncertainty=Uncertainty("not_quantified", (("en", "one run only"),)))
MADE = Provenance(
    "Water board",
    "flood@example.org",
    "FloodTool",
    "2.1",
    "2026-03-04",
    (Source("Terrain", "ab" * 32, "CC-BY-4.0"),),
    (("surge, m", "3.5"),),
    (("en", "Checked by two people"),),
    (("en", "No AI took part"),),
    (("en", "No sewers."),),
    "CC0-1.0",
)
BASE = BaseModel("town", "cd" * 32, "town.city.json", 0.15)


def depth(values, ids=("house-1", "家屋-2"), axis=None, spread=0.1):
    """Depths (T, N) with a range."""
    values = np.asarray(values, np.float32)
    return by_id(DEPTH, ids, axis or hours(len(values)), values, low=values - spread, high=values + spread)


def flood(name="flood", extra=0.0, **more):
    """Three hours of water at two houses, and noise without time."""
    water = depth(np.array([[0.2, 0.0], [1.5, 0.6], [0.7, 0.3]]) + extra)
    noise = by_id(NOISE, ("house-1", "nobody"), STILL, [[61.0, 50.0]])
    of = {"provenance": MADE, "base": (BASE,), "fictional": True, "digest": "f0" * 32} | more
    return scenario(name, water, noise, **of)


def put(session, *scenarios, **view):
    """Open scenarios and show them, as finished loads would; ties to the city are made."""
    for made in scenarios:
        add(session.document, made)
        session.scenarios._reports[made.manifest.id] = LoadResult(None, "Scenario package", "1.0", (), made)
    session.run("scenario.show", ids=tuple(view.pop("shown", [s.manifest.id for s in scenarios])), **view)
    session.wait(60)
    QTest.qWait(10)
