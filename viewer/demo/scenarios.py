"""The demo's scenarios as part of its document: which packages there are once they have been made; where to look."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import orjson

from viewer.demo.writer import ORIGIN
from viewer.document.state import Camera, ScenarioState, ScenarioView, Tour, TourStep, Vec3, Viewpoint

DAYLIGHT = "2026-06-20T16:30:00+02:00"
"""Light for what has no date of its own."""

INDEX = "index.json"
"""Lists ids and names of the packages; it is there when all of them are."""


def scenario_states(folder: Path) -> tuple[ScenarioState, ...] | None:
    """The packages in the demo's folder of scenarios; None if they have yet to be made."""
    try:
        listed = orjson.loads((folder / INDEX).read_bytes())
        found = tuple(
            ScenarioState(str(item["id"]), str(item["name"]), str(folder / str(item["id"]) / "scenario.json"))
            for item in listed
        )
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return found if all(Path(item.path).is_file() for item in found) else None


@dataclass(frozen=True, slots=True)
class _Stop:
    """What is looked at: name, eye and target (town coordinates), field of view, what is seen, when, and the text."""

    name: str
    eye: Vec3
    target: Vec3
    fov: float
    view: ScenarioView
    moment: float
    seconds: float
    text: str
    speed: float = 0.0
    """Minutes of the results in a second of the tour, up to ``moment``."""


def _at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


_STOPS = (
    _Stop(
        "Storm tide at its height", (1500.0, 700.0, 380.0), (1950.0, 1800.0, 0.0), 40.0,
        ScenarioView(("storm-tide",), "depth"), _at("2026-01-05T12:00:00+01:00"), 8.0,
        "A storm tide, computed hour by hour. Hatched where five runs do not agree on the class.", 45.0,
    ),
    _Stop(
        "Storm tide, quays raised", (1500.0, 700.0, 380.0), (1950.0, 1800.0, 0.0), 40.0,
        ScenarioView(("storm-tide", "storm-tide-walls"), "depth", "swipe", 0.5),
        _at("2026-01-05T12:00:00+01:00"), 8.0,
        "Left as it is, right with raised quays: the same hour, camera and colours.",
    ),
    _Stop(
        "Hot afternoon", (640.0, 180.0, 720.0), (1900.0, 1760.0, -60.0), 40.0,
        ScenarioView(("hot-day",), "afternoon"), 0.0, 7.0,
        "Air temperature on a hot afternoon. Nobody can say how sure it is, and the picture says so.",
    ),
    _Stop(
        "Noise at facades", (2330.0, 1800.0, 70.0), (2450.0, 2010.0, 5.0), 50.0,
        ScenarioView(("rush",), "road-noise"), 0.0, 7.0,
        "Road noise where people live: computed in front of every facade, storey by storey.",
    ),
    _Stop(
        "Cars in the old town", (1800.0, 1900.0, 120.0), (2000.0, 2100.0, 0.0), 45.0,
        ScenarioView(("rush", "rush-car-free"), "cars", "swipe", 0.5), 0.0, 7.0,
        "Cars in the busiest hour: left today, right with the quays closed to cars.",
    ),
    _Stop(
        "New Dock", (1130.0, 900.0, 115.0), (735.0, 1090.0, 12.0), 45.0,
        ScenarioView(("new-dock",)), 0.0, 7.0,
        "A proposal: homes in the western harbour. What is new is outlined.",
    ),
    _Stop(
        "Sun on roofs", (1700.0, 1800.0, 160.0), (1930.0, 2020.0, 0.0), 45.0,
        ScenarioView(("roofs",), "sun"), 0.0, 7.0,
        "What the sun brings to every roof in a year.",
    ),
)  # fmt: skip


def scenario_viewpoints() -> tuple[Viewpoint, ...]:
    """Where the scenarios are seen best, in world coordinates."""
    return tuple(
        Viewpoint(
            stop.name,
            Camera(_world(stop.eye), _world(stop.target), fov_deg=stop.fov),
            time=None if stop.moment else DAYLIGHT,
            scenario_view=stop.view,
            moment=stop.moment,
        )
        for stop in _STOPS
    )


def scenario_tour() -> Tour:
    """From one to the next."""
    return Tour(
        "What may come",
        tuple(
            TourStep(
                viewpoint=stop.name,
                dwell=stop.seconds,
                texts=(("en", stop.text),),
                moment=stop.moment - 60.0 * stop.speed * stop.seconds if stop.speed else None,
                clock_speed=stop.speed,
            )
            for stop in _STOPS
        ),
    )


def _world(local: Vec3) -> Vec3:
    return (local[0] + ORIGIN[0], local[1] + ORIGIN[1], local[2] + ORIGIN[2])
