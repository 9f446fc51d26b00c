"""The document's state as frozen values: what a project file holds and what undo goes back to.

States are never changed, only replaced (`dataclasses.replace`), so an undo step is simply the state before.
They hold ids and plain values, never arrays of a city, widgets or VTK objects. The loaded cities themselves
stand beside the state in `viewer.document.document.Document.cities`, keyed by layer id.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

LOD_HIGHEST = "highest"
"""Layer LoD meaning: every object in the finest level that it has."""

Vec3 = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Camera:
    """A perspective camera in world coordinates (float64 metres, z up) of the project's CRS."""

    position: Vec3
    target: Vec3
    up: Vec3 = (0.0, 0.0, 1.0)
    fov_deg: float = 40.0
    """Vertical field of view, degrees."""


@dataclass(frozen=True, slots=True)
class Style:
    """How a layer's objects are coloured.

    ``color_by`` is an attribute name, ``"@type"`` (city object type), ``"@surface"`` (semantic surface; the default
    look) or ``"@theme"`` (the file's own materials and textures).
    """

    color_by: str = "@surface"
    palette: str | None = None
    """Palette name; None = the default for the kind of values."""
    range: tuple[float, float] | None = None
    """Limits of a numeric ramp; None = the values' own."""
    theme: str | None = None
    """Appearance theme for ``@theme``; None = the file's default."""


@dataclass(frozen=True, slots=True)
class Light:
    """What lights the picture. Sun, moon and sky follow from the time and from the place that the CRS tells.

    ``time`` is ISO 8601 with an offset ("2026-06-21T15:00:00+02:00"); without one it is the local mean time of the
    place's 15 degree zone. None = no date: the constant light of an architectural model.
    """

    time: str | None = None
    shadows: bool = True


@dataclass(frozen=True, slots=True)
class LayerState:
    """One loaded file as the user arranged it."""

    id: str
    name: str
    path: str
    """Absolute path of the file (project files store it relative where possible)."""
    visible: bool = True
    lod: str = LOD_HIGHEST
    style: Style = field(default_factory=Style)
    hidden_types: frozenset[str] = frozenset()
    """City object types not shown."""
    hidden_ids: frozenset[str] = frozenset()
    """Object ids not shown."""
    only_ids: frozenset[str] | None = None
    """Isolation: when set, only these objects and their descendants are shown; None = no isolation."""
    filter: str | None = None
    """Filter expression (`viewer.analysis.filters`); None = all."""
    label_by: str | None = None
    """Attribute written beside the objects; "" = none; None = names in layers of features, nothing in city models."""
    labels_only: bool = False
    """True: the objects are not drawn, only what is written beside them."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The selected objects: one layer, object ids (in order of selection), and the surface clicked last."""

    layer_id: str | None = None
    ids: tuple[str, ...] = ()
    surface_row: int = -1
    """Row of the layer's `SurfaceTable`, -1 = none."""


Realism = Literal["plain", "shaded", "textured"]
ScenarioMode = Literal["single", "swipe", "split", "blend", "difference"]
"""How scenarios are compared: one alone; two beside a line, in linked views, on top of each other, or subtracted."""
BASE_MODEL = ""
"""Stands in `ScenarioView.shown` for the city as it is, without a scenario."""
MOST_SHOWN = 4
"""Scenarios seen at once."""
Transition = Literal["cut", "dissolve", "fly"]
Texts = tuple[tuple[str, str], ...]
"""Pairs of a language (BCP 47, such as "pt-BR"; "" = not told) and the text in it; no language twice."""


@dataclass(frozen=True, slots=True)
class ScenarioState:
    """One scenario package of the project."""

    id: str
    """The id in its manifest; unique in the project."""
    name: str
    path: str
    """Absolute path of its folder or zip file (project files store it relative where possible)."""


@dataclass(frozen=True, slots=True)
class ScenarioView:
    """Which scenarios are seen, and how. Camera, clock, palette, breaks and sun are the same for all of them."""

    shown: tuple[str, ...] = ()
    """Ids of one to four scenarios, the first is A, the second B; `BASE_MODEL` = without one. Empty = none."""
    variable: str = ""
    """Id of the variable that colours the picture; "" = none."""
    mode: ScenarioMode = "single"
    position: float = 0.5
    """Place of the swipe line from the left, or share of B in a blend, 0..1."""
    hatch: bool = True
    """True: what is uncertain is hatched."""
    sun: bool = True
    """True: sun and sky follow the clock."""
    trails: bool = False
    """True: what moves leaves a trail."""
    palette: str | None = None
    """Palette name; None = the variable's own."""


NEAR_M = 50.0
"""Metres from a street within which buildings are taken to lie at it, unless the project says otherwise."""
FARTHEST_M = 1000.0
"""The largest such distance."""


@dataclass(frozen=True, slots=True)
class NumbersView:
    """What the numbers of the scenarios count."""

    thresholds: tuple[tuple[str, float], ...] = ()
    """Ids of variables, sorted, and from which value on something is affected; others: their first class break."""
    quarters: str | None = None
    """Attribute with the quarter of a building; None = the likeliest there is, "" = no quarters."""
    counted: str = ""
    """Id of the indicator that classes count; "" = the first there is."""
    worst: bool = False
    """True: the worst of all moments, not the clock's."""
    near_m: float = NEAR_M
    """Metres from a street within which buildings are taken to lie at it."""

    def threshold(self, variable: str) -> float | None:
        """What was chosen for a variable; None = nothing."""
        return dict(self.thresholds).get(variable)


@dataclass(frozen=True, slots=True)
class Viewpoint:
    """A named camera, and what else it shows. What is None stays as it is when one goes there."""

    name: str
    camera: Camera
    time: str | None = None
    """Time of the light as in `Light.time`; "" = the constant light of a model."""
    realism: Realism | None = None
    layers: frozenset[str] | None = None
    """Ids of the layers that are visible; all others are hidden."""
    texts: Texts = ()
    """A note for people."""
    scenario_view: ScenarioView | None = None
    """The scenarios seen from here."""
    moment: float | None = None
    """Where the clock of the results stands, seconds as in `loaders.scenario.model`."""


@dataclass(frozen=True, slots=True)
class PathKey:
    """Where a camera was at a time of its path."""

    seconds: float
    """Since the path's beginning; later keys have later times."""
    position: Vec3
    direction: Vec3
    """Unit vector of the look."""
    fov_deg: float = 60.0


@dataclass(frozen=True, slots=True)
class CameraPath:
    """A way that a camera goes; the first key is at 0 seconds."""

    name: str
    keys: tuple[PathKey, ...]

    @property
    def seconds(self) -> float:
        """How long it takes."""
        return self.keys[-1].seconds if self.keys else 0.0


@dataclass(frozen=True, slots=True)
class TourStep:
    """One stop of a tour: a viewpoint that is looked from, or a path that is gone."""

    viewpoint: str | None = None
    path: str | None = None
    dwell: float = 5.0
    """Seconds to stay, after the path if there is one."""
    transition: Transition = "fly"
    """How one comes here from the step before."""
    time: str | None = None
    """As in `Viewpoint`; goes before the viewpoint's."""
    layers: frozenset[str] | None = None
    """As in `Viewpoint`; goes before the viewpoint's."""
    texts: Texts = ()
    """What is told here; goes before the viewpoint's."""
    scenario_view: ScenarioView | None = None
    """As in `Viewpoint`; goes before the viewpoint's."""
    moment: float | None = None
    """As in `Viewpoint`; goes before the viewpoint's."""
    clock_speed: float = 0.0
    """The clock runs while the step is shown: minutes of the results in a second; 0 = it stands."""


@dataclass(frozen=True, slots=True)
class Tour:
    """A guided tour."""

    name: str
    steps: tuple[TourStep, ...] = ()


@dataclass(frozen=True, slots=True)
class DocumentState:
    """Everything that undo covers and a project file holds."""

    title: str = "Untitled"
    crs: str | None = None
    """The project's CRS ("EPSG:7415"): that of the first layer unless set."""
    layers: tuple[LayerState, ...] = ()
    viewpoints: tuple[Viewpoint, ...] = ()
    selection: Selection = field(default_factory=Selection)
    show_legend: bool = True
    quality: Literal["auto", "draft", "normal", "high"] = "auto"
    """auto: what suits the machine that draws."""
    realism: Realism = "shaded"
    """plain: a white model; shaded: materials; textured: with windows, ground and water drawn by the program."""
    light: Light = field(default_factory=Light)
    contour_step: float = 0.0
    """Height between contour lines on ground and terrain, metres; 0 = none."""
    labels: bool = True
    """False hides every label."""
    caption: str = ""
    """Written into every picture ("Fictional town"); "" = nothing."""
    paths: tuple[CameraPath, ...] = ()
    tours: tuple[Tour, ...] = ()
    scenarios: tuple[ScenarioState, ...] = ()
    scenario_view: ScenarioView = field(default_factory=ScenarioView)
    numbers: NumbersView = field(default_factory=NumbersView)

    def layer(self, layer_id: str) -> LayerState:
        """The layer with that id; KeyError if there is none."""
        for layer in self.layers:
            if layer.id == layer_id:
                return layer
        raise KeyError(layer_id)

    def scenario(self, scenario_id: str) -> ScenarioState:
        """The scenario with that id; KeyError if there is none."""
        for scenario in self.scenarios:
            if scenario.id == scenario_id:
                return scenario
        raise KeyError(scenario_id)
