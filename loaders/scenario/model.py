"""What a scenario package says (`Manifest`, from ``scenario.json``) and what it holds (`Scenario`, ready to be shown).

The file format is published as ``assets/schemas/citiverse-scenario-1.schema.json``. Values are float32 everywhere: NaN
means *no data* (there should be a value, and there is none), `NOT_MODELLED` that the simulation did not cover the
place; zero is a value like any other, and is drawn in a look of its own where the variable says so.
Moments are float64 seconds since 1970-01-01T00:00:00Z (of the axis's own calendar where that is not the usual one).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from loaders.api import Issue
from loaders.city import Bool, CityData, CrsInfo, Float32, Float64, Int32, Int64, Strings, UInt8
from loaders.scenario.sources import DataSpec, TimeSpec

NOT_MODELLED = np.float32(-np.inf)
"""The value of places that the simulation did not cover."""

Texts = tuple[tuple[str, str], ...]
"""Pairs of a language (BCP 47; "" = not told) and the text in it."""

BindingKind = Literal["object", "surface", "polygon", "raster", "mesh", "points", "links", "trajectories", "patch"]
"""What values belong to: the nine bindings."""
TimeKind = Literal["static", "instants", "intervals", "periods"]
UncertaintyKind = Literal[
    "members", "quantiles", "minmax", "sd", "exceedance", "return_period", "agreement", "not_quantified"
]
Good = Literal["low", "high", "none"]


def text_in(texts: Texts, language: str = "en") -> str:
    """The text in a language, else in English, else in any; "" if there is none."""
    have = dict(texts)
    for wanted in (language, language.partition("-")[0], "en", ""):
        if wanted in have:
            return have[wanted]
    return texts[0][1] if texts else ""


@dataclass(frozen=True, slots=True, eq=False)
class TimeAxis:
    """The steps of a result.

    Attributes:
        kind: static (one step), instants, intervals, or named periods ("day", "2050s").
        starts: float64 (T,), moments, growing; periods without dates are counted 0, 1, 2...
        ends: float64 (T,), ends of intervals (and of periods with dates); None for the other kinds.
        labels: (T,) names of periods, "" elsewhere.
        zone: IANA zone for showing moments ("Europe/Amsterdam") or "UTC".
        calendar: CF calendar; other than "standard" and "proleptic_gregorian", moments are of that calendar.
        dated: False where periods have no dates: the clock then steps through them, and the sun stays.
    """

    kind: TimeKind
    starts: Float64
    ends: Float64 | None = None
    labels: tuple[str, ...] = ()
    zone: str = "UTC"
    calendar: str = "standard"
    dated: bool = True

    def __len__(self) -> int:
        return len(self.starts)

    def index_at(self, moment: float) -> int:
        """The step shown at a moment: the last that began before it, the first before the beginning."""
        return int(np.clip(np.searchsorted(self.starts, moment, side="right") - 1, 0, max(len(self) - 1, 0)))


@dataclass(frozen=True, slots=True)
class Classes:
    """Class breaks with their meaning: class k holds breaks[k - 1] <= value < breaks[k]; one class more than breaks."""

    breaks: tuple[float, ...]
    labels: tuple[Texts, ...] = ()
    """One per class, or none."""
    source: str = ""
    """Where the breaks come from ("WHO 2018", "Directive 2002/49/EC")."""


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """How sure the values are. ``reason`` says why nothing is quantified, or what the numbers leave out."""

    kind: UncertaintyKind
    reason: Texts = ()
    level: float = 0.9
    """Share of the cases between low and high (quantiles, sd: how many the range stands for)."""
    members: int = 0
    threshold: float | None = None
    """For exceedance: the value whose exceedance probability is given."""
    return_period: float | None = None
    """For return_period: years between two events like this one, on average."""


@dataclass(frozen=True, slots=True)
class Variable:
    """One quantity of a scenario."""

    id: str
    title: Texts
    binding: BindingKind
    unit: str = ""
    """UCUM code ("m", "dB(A)" is "dB[SPL]", "Cel"); "1" = a plain number, "" = has none (patch)."""
    unit_label: str = ""
    """The unit for people ("m", "dB(A)", "°C")."""
    standard_name: str = ""
    quantity: str = ""
    height_above_ground: float | None = None
    classes: Classes | None = None
    palette: str | None = None
    range: tuple[float, float] | None = None
    good: Good = "none"
    """Which end is better, for gains and losses."""
    zero_is_none: bool = False
    """True: zero has a look of its own (dry ground, no traffic), and is no class."""
    uncertainty: Uncertainty = field(default_factory=lambda: Uncertainty("not_quantified"))
    note: Texts = ()
    cell_methods: str = ""
    """CF cell methods, where a value sums up a time ("time: maximum")."""
    time: TimeSpec = field(default_factory=TimeSpec)
    """The steps as the manifest writes them; `Result.time` has them as numbers."""
    data: DataSpec = field(default_factory=DataSpec)
    """Where the numbers lie in the package."""
    resampling: str = ""
    """How the publisher allows to bring the values to another grid ("nearest", "bilinear"); "" = not at all."""


@dataclass(frozen=True, slots=True)
class BaseModel:
    """The city model that ids and places refer to."""

    identifier: str
    sha256: str = ""
    file: str = ""
    accuracy_m: float | None = None
    """Error of its heights (RMSE), metres; None = not known."""
    accuracy_note: Texts = ()


@dataclass(frozen=True, slots=True)
class Source:
    """An input of the simulation."""

    title: str
    sha256: str = ""
    licence: str = ""
    date: str = ""
    file: str = ""
    """Its name; nothing is opened."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """Who made the results, with what, from what; what W3C PROV calls agent, activity and entity."""

    publisher: str = ""
    contact: str = ""
    tool: str = ""
    tool_version: str = ""
    date: str = ""
    inputs: tuple[Source, ...] = ()
    parameters: tuple[tuple[str, str], ...] = ()
    review: Texts = ()
    """Review status in words ("Not reviewed")."""
    ai: Texts = ()
    """Which steps used AI, which model; or that none did."""
    limitations: Texts = ()
    licence: str = ""


@dataclass(frozen=True, slots=True)
class TableRow:
    """One cell of a disaggregation table. ``value`` None = suppressed or missing; see ``note``."""

    zone: str
    group: str
    indicator: str
    value: float | None
    denominator: float | None = None
    low: float | None = None
    high: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Disaggregation:
    """A table zone x group x indicator. No rows about persons, ever; small cells are suppressed on reading."""

    title: Texts
    groups: tuple[str, ...]
    zones: tuple[str, ...]
    indicators: tuple[tuple[str, str], ...]
    """Name and unit."""
    rows: tuple[TableRow, ...]
    year: str = ""
    suppress_below: int = 10
    """Cells with a smaller count are hidden, and as many others that they cannot be computed from totals."""
    not_covered: tuple[str, ...] = ()
    """Groups that the data says nothing about."""
    dimensions: tuple[str, ...] = ()
    """One per group: what it divides people by ("sex", "age"); the groups of one dimension add up to the total."""
    kinds: tuple[str, ...] = ()
    """One per indicator: "count", "share" (of the denominator; unit "1" or "%") or "mean"."""
    total_zone: str = ""
    """Name of the zone that holds all zones, "" = there is none."""
    total_group: str = ""
    """Name of the group that holds everybody, "" = there is none."""
    file: str = ""
    """CSV with the rows; "" = they are in the manifest."""
    within: tuple[tuple[str, str], ...] = ()
    """Zones, sorted, with the zone that holds each (a quarter its district), of this table or another one."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What the package says that it holds; checked before anything is allocated and enforced while reading."""

    bytes: int
    steps: int
    cells: int
    triangles: int = 0


@dataclass(frozen=True, slots=True)
class PackageFile:
    """A file of the package: path with "/" inside it, size in bytes, SHA-256 as hex."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """``scenario.json``, checked."""

    id: str
    title: Texts
    crs: CrsInfo
    variables: tuple[Variable, ...]
    summary: Texts = ()
    vertical_datum: str = ""
    base: tuple[BaseModel, ...] = ()
    baseline: str | None = None
    """Id of the scenario to compare with."""
    provenance: Provenance = field(default_factory=Provenance)
    disaggregations: tuple[Disaggregation, ...] = ()
    views: tuple[dict[str, Any], ...] = ()
    """Ordered viewpoints: {"name", "geopose", "texts", "read_aloud", "alternative", "variable", "time"}."""
    declared: Declared = field(default_factory=lambda: Declared(0, 0, 0))
    files: tuple[PackageFile, ...] = ()
    fictional: bool = False
    story: Texts = ()
    """What the views tell together."""
    viewer: str = ""
    """Least version of the viewer that can show it; "" = any."""
    version: str = "1.0"
    digest: str = ""
    """SHA-256 over the manifest and all hashes of its files: names this very version."""

    @property
    def short_digest(self) -> str:
        """What is written into pictures."""
        return self.digest[:8]


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Where a raster lies: ``transform`` as in `loaders.layers.RasterData` (a, b, c, d, e, f), in ``crs``."""

    transform: tuple[float, float, float, float, float, float]
    rows: int
    columns: int
    crs: CrsInfo


@dataclass(frozen=True, slots=True, eq=False)
class Moves:
    """Ways of vehicles and people.

    Attributes:
        ids: (M,) names. kinds: uint8 (M,) into kind_names ("car", "bus", "bicycle", "person", ...).
        start: int64 (M + 1,): samples of mover i are start[i]:start[i + 1], times growing.
        times: float64 (P,) moments. positions: float64 (P, 3) world, metres. values: float32 (P,) (speed, say).
    """

    ids: Strings
    kinds: UInt8
    kind_names: tuple[str, ...]
    start: Int64
    times: Float64
    positions: Float64
    values: Float32


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """What a scenario changes in the city. Moments of validity are float64, -inf and inf where open.

    Attributes: removed ids (R,) of the base model with removed_at float64 (R,); ``Result.overlay`` holds the added
    objects, with added_from float64 (N,) and replaces (N,) ids ("" = nothing, the object is new).
    """

    removed: Strings
    removed_at: Float64
    added_from: Float64
    replaces: Strings


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """One variable, ready to be shown. T steps, N rows.

    Attributes:
        time: its steps.
        values: float32 (T, N), or (T, rows, columns) for a raster; memory-mapped. Empty for trajectories and patches.
        low, high: ends of the range of uncertainty, like values; None where not quantified.
        ids: object: (N,) ids of the base model. surface: (N,) ids of the object that has the surface. polygon, links:
            (N,) ids of the features. points: (N,) receivers. Else None.
        surfaces: surface only: int32 (N,), number of the semantic surface within its object, file order.
        owners: points only: (N,) id of the building that the receiver belongs to, "" = none.
        places: points only: float64 (N, 3) world.
        normals: points only: float32 (N, 3) outwards from the wall, 0 where unknown; None = unknown.
        grid: raster only.
        level: raster only: float32 (T, rows, columns), height of a water surface in metres of the vertical datum, NaN
            where dry: then it is drawn as water, coloured by ``values`` (its depth).
        overlay: geometry that comes with the result, in the CRS of the project: polygons and links as objects in the
            order of rows; mesh: one object per face (rows are faces) or one object (rows are nodes); patch: what is
            new.
        vertex_rows: float32 (V,), row of every vertex of the overlay's only LoD, where rows are nodes: colours run
            smoothly between them; None = the row of an object is its row in ``values``.
        moves: trajectories only. patch: patch only.
    """

    variable: Variable
    time: TimeAxis
    values: Float32
    low: Float32 | None = None
    high: Float32 | None = None
    ids: Strings | None = None
    surfaces: Int32 | None = None
    owners: Strings | None = None
    places: Float64 | None = None
    normals: Float32 | None = None
    grid: Grid | None = None
    level: Float32 | None = None
    overlay: CityData | None = None
    vertex_rows: Float32 | None = None
    moves: Moves | None = None
    patch: Patch | None = None

    @property
    def smooth(self) -> bool:
        """True if colours run between nodes."""
        return self.vertex_rows is not None


@dataclass(frozen=True, slots=True, eq=False)
class Scenario:
    """A package, opened: results by the id of their variable, in the manifest's order."""

    manifest: Manifest
    results: dict[str, Result]
    issues: tuple[Issue, ...] = ()

    def result(self, variable: str) -> Result:
        """The result of a variable; KeyError if there is none."""
        return self.results[variable]


def modelled(values: Float32) -> Bool:
    """True where the simulation covered the place, with a value or without: same shape as values."""
    return np.asarray(values != NOT_MODELLED)
