"""The demo as a document: its layers, light, caption, and the viewpoints of its tour."""

from __future__ import annotations

import json

from viewer.demo.files import DemoFiles, demo_files
from viewer.demo.scenarios import scenario_states, scenario_tour, scenario_viewpoints
from viewer.demo.town import TITLE
from viewer.demo.writer import ORIGIN
from viewer.document.state import (
    Camera,
    CameraPath,
    DocumentState,
    LayerState,
    Light,
    PathKey,
    Tour,
    TourStep,
    Vec3,
    Viewpoint,
)
from viewer.resources import asset

CAPTION = "Fictional town: made by the program, no real place"
LIGHT = Light(time="2026-06-20T16:30:00+02:00")

_CAMERAS: tuple[tuple[str, Vec3, Vec3, float], ...] = (
    ("Overview from the south-west", (640.0, 180.0, 720.0), (1900.0, 1760.0, -60.0), 40.0),
    ("Market square", (1902.0, 1962.0, 9.5), (1972.0, 2026.0, 14.0), 62.0),
    ("Old street", (1658.0, 1946.0, 8.0), (1800.0, 1958.0, 12.0), 58.0),
    ("Long Bridge", (1716.0, 1566.0, 13.0), (1930.0, 1586.0, 6.0), 48.0),
    ("Island and tram bridge", (2520.0, 1440.0, 62.0), (2270.0, 1590.0, 2.0), 46.0),
    ("Grain Dock", (1170.0, 790.0, 120.0), (940.0, 1130.0, 0.0), 45.0),
    ("Alda Park", (2768.0, 1196.0, 17.0), (2640.0, 1290.0, 3.0), 58.0),
    ("Station quarter", (1770.0, 2520.0, 92.0), (1985.0, 2740.0, 12.0), 48.0),
    ("Courtyards", (2440.0, 1700.0, 120.0), (2640.0, 1880.0, 0.0), 45.0),
    ("From the vineyard", (3160.0, 2880.0, 66.0), (2300.0, 2150.0, 4.0), 40.0),
)

_TOUR: tuple[tuple[str, float, str | None, str], ...] = (
    ("Overview from the south-west", 6.0, None, "Aldhaven, a town on a river. It does not exist: the program made it."),
    ("Long Bridge", 6.0, "2026-06-21T08:30:00+02:00", "Morning on the quays. Shadows fall as they do at this hour."),
    ("Market square", 6.0, "2026-06-21T12:30:00+02:00", "The market at noon, with the church and the old houses."),
    ("Old street", 5.0, "2026-06-21T16:30:00+02:00", "At eye level: press G to walk on from here."),
    ("Grain Dock", 6.0, "2026-06-21T17:30:00+02:00", "The harbour, which a scenario turns into homes."),
    ("Island and tram bridge", 6.0, "2026-06-21T21:10:00+02:00", "Evening over the island."),
    ("Courtyards", 6.0, "2026-06-21T23:30:00+02:00", "And night. Lit windows are made up, like all windows here."),
)
"""Viewpoint, seconds, time of the light, text."""


WALK_TIME = "2026-06-21T10:40:00+02:00"
_WALK_TEXT = "Two minutes on foot, from the market down the high street to the river and onto the Long Bridge."


def walk() -> CameraPath:
    """A recorded walk through the town, world coordinates (`packaging/make_demo_walk.py` records it)."""
    raw = json.loads(asset("demo/walk.json").read_text(encoding="utf-8"))
    keys = tuple(PathKey(t, _world((x, y, z)), (dx, dy, dz), fov) for t, x, y, z, dx, dy, dz, fov in raw["keys"])
    return CameraPath(raw["name"], keys)


def tours() -> tuple[Tour, ...]:
    """A day in the town, and a walk to the river."""
    steps = tuple(
        TourStep(viewpoint=name, dwell=seconds, time=time, texts=(("en", text),)) for name, seconds, time, text in _TOUR
    )
    step = TourStep(path=walk().name, dwell=3.0, time=WALK_TIME, texts=(("en", _WALK_TEXT),))
    return Tour("A day in Aldhaven", steps), Tour("A walk to the river", (step,))


def viewpoints() -> tuple[Viewpoint, ...]:
    """The cameras of the tour, in world coordinates; the first is the one that the demo opens with."""
    return tuple(
        Viewpoint(name, Camera(_world(eye), _world(target), fov_deg=fov)) for name, eye, target, fov in _CAMERAS
    )


def _world(local: Vec3) -> Vec3:
    return (local[0] + ORIGIN[0], local[1] + ORIGIN[1], local[2] + ORIGIN[2])


def demo_state(files: DemoFiles | None = None) -> DocumentState:
    """A document of the town with its viewpoints; its files are written if need be."""
    files = files or demo_files()
    layers = (  # the last becomes the current one in the window
        LayerState(id="demo-terrain", name="Terrain", path=str(files.terrain)),
        LayerState(
            id="demo-layers",
            name="Streets and places",
            path=str(files.layers),
            hidden_types=frozenset({"+quarters", "+rails"}),
            label_by="name",
            labels_only=True,
        ),
        LayerState(id="demo-town", name=TITLE, path=str(files.city)),
    )
    scenarios = scenario_states(files.scenarios) or ()
    return DocumentState(
        title=TITLE,
        crs="EPSG:7415",
        layers=layers,
        viewpoints=(*viewpoints(), *(scenario_viewpoints() if scenarios else ())),
        realism="textured",
        light=LIGHT,
        caption=CAPTION,
        tours=(*tours(), *((scenario_tour(),) if scenarios else ())),
        paths=(walk(),),
        scenarios=scenarios,
    )
