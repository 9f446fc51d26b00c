"""Where labels can stand: one anchor for each place, quarter and object, several along each street. numpy, no VTK.

Computed once per layer and attribute. World coordinates are float64, metres.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from loaders.city import Bool, CityData, Column, Float64, Int64, LineSet, LodMesh
from loaders.layers import VectorData
from viewer.analysis.derived import derived
from viewer.render import label_shapes as shapes
from viewer.render.resolve import lod_choice

MAX_CANDIDATES = 200_000
"""Anchors kept of one layer, the weightiest first."""
CHUNK_METRES = 90.0
"""A street has one anchor for about so much of its length, so that part of it in the picture is named too."""
MAX_CHUNKS = 24
CHORD_METRES = 30.0
"""The direction of a street is that of the chord over so much to each side of the anchor."""
FLAT_TYPES = {"LandUse", "PlantCover", "WaterBody", "Road", "Railway", "Square", "TransportSquare", "Track", "Waterway"}
"""City object types that lie on the ground; all others are labelled over their top."""
WATER_WORDS = ("water", "river", "canal", "lake", "stream", "harbour basin")
GREEN_WORDS = ("green", "park", "plantcover", "wood", "forest", "garden", "cemetery", "allotment", "vineyard")
STREET_WORDS = ("road", "street", "railway", "track", "tram")
NAME = "name"
WEIGHT_COLUMNS = ("label_rank", "population", "inhabitants")


class Kind(IntEnum):
    """What is labelled; the order is that of importance."""

    PLACE = 0
    QUARTER = 1
    WATER = 2
    GREEN = 3
    STREET = 4
    OBJECT = 5


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Candidates of one layer; C of them, T different texts.

    Attributes:
        rows: int64 (C,), the labelled object.
        probe: int64 (C,), the object whose geometry is labelled (a part of it, say); the label is hidden with it.
        codes: int64 (C,), index into ``texts``.
        anchors: float64 (C, 3), world.
        along: float64 (C, 3), half the chord of a street or river there, metres; 0 where there is no direction.
        extent: float64 (C,), metres that the label names: length of the street, size of the area or object.
        kind: uint8 (C,), `Kind`.
        weight: float64 (C,), 0..1, importance within the kind.
        letters: int64 (C,), length of the text.
    """

    rows: Int64
    probe: Int64
    codes: Int64
    texts: tuple[str, ...]
    anchors: Float64
    along: Float64
    extent: Float64
    kind: npt.NDArray[np.uint8]
    weight: Float64
    letters: Int64

    def __len__(self) -> int:
        return len(self.rows)


def label_attribute(city: CityData, label_by: str | None) -> str | None:
    """The attribute that a layer's labels show: the chosen one ("" = none); by default the name in layers of features
    (streets, places), none in city models."""
    if label_by is not None:
        return label_by if label_by in city.objects.columns else None
    if not isinstance(city.source, VectorData):
        return None
    return next((key for key in city.objects.columns if key.lower() == NAME), None)


def places_of(city: CityData, attribute: str) -> Places:
    """Every place where the objects of a layer can be labelled with an attribute."""
    codes, texts = coded(city.objects.columns[attribute])
    owner = _owners(city, codes >= 0)
    choice = lod_choice(city, "highest")
    drawn = shapes.Shapes(len(city.objects))
    flat = _flat_rows(city)
    parts: list[shapes.Found] = []
    for index, mesh in enumerate(city.lods.values()):
        used = np.where(choice == index + 1, owner, -1)
        parts += _marks(mesh, used, codes)
        parts.append(shapes.areas(mesh, np.where(flat, used, -1)))
        drawn.add(mesh, np.where(flat, -1, used))
    parts.append(drawn.tops())
    return _together(city, parts, codes, texts)


def coded(column: Column) -> tuple[Int64, tuple[str, ...]]:
    """A column as texts: int64 (N,) indices, -1 = nothing to write, and the different texts."""
    out = np.full(len(column.present), -1, np.int64)
    present = np.asarray(column.present, np.bool_)
    if column.categories is not None:
        texts = tuple(column.categories.to_list())
        out[present] = np.asarray(column.values)[present]
    else:
        values, inverse = np.unique(np.asarray(column.values)[present], return_inverse=True)
        texts = tuple(_written(value) for value in values.tolist())
        out[present] = inverse
    empty = np.array([not text.strip() for text in texts] or [True], np.bool_)
    out[(out >= 0) & empty[np.maximum(out, 0)]] = -1
    return out, texts


def _written(value: float | bool) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,.6g}" if isinstance(value, float) else str(value)


def _owners(city: CityData, wanted: Bool) -> Int64:
    """int64 (N,): the row whose label an object's geometry carries: its own, or that of the nearest parent; else -1."""
    base = derived(city)
    owner = np.where(wanted, np.arange(base.count), -1)
    above = base.first_parent.copy()
    for _ in range(8):
        open_ = (owner < 0) & (above >= 0)
        if not open_.any():
            break
        owner[open_] = np.where(wanted[above[open_]], above[open_], -1)
        above[open_] = base.first_parent[above[open_]]
    return owner


def _flat_rows(city: CityData) -> Bool:
    if isinstance(city.source, VectorData):
        return np.ones(len(city.objects), np.bool_)
    by_type = np.array([name in FLAT_TYPES for name in city.objects.type_names] or [False])
    return np.asarray(by_type[np.clip(city.objects.type_codes, 0, len(by_type) - 1)], np.bool_)


def _marks(mesh: LodMesh, owner: Int64, codes: Int64) -> list[shapes.Found]:
    """Points and lines of one LoD."""
    found = []
    if mesh.points is not None and len(mesh.points.positions):
        rows = mesh.points.tags[:, 0].astype(np.int64)
        _, first = np.unique(rows, return_index=True)
        first = first[owner[rows[first]] >= 0]
        world = mesh.points.positions[first].astype(np.float64) + mesh.points.origin
        zero = np.zeros(len(first))
        found.append(shapes.Found("point", owner[rows[first]], rows[first], world, np.zeros_like(world), zero, zero))
    if mesh.lines is not None and len(mesh.lines.positions):
        found.append(_streets(mesh.lines, owner, codes))
    return found


def _streets(lines: LineSet, owner: Int64, codes: Int64) -> shapes.Found:
    """Anchors along lines. Lines of one name that meet end to end are one street."""
    rows = lines.tags[lines.start[:-1], 0].astype(np.int64)
    named = owner[rows]
    text = np.where(named >= 0, codes[np.maximum(named, 0)], -1)
    chains = shapes.chain(lines, text)
    length, cumulative = chains.length, chains.cumulative
    many = np.clip(np.round(length / CHUNK_METRES), 1, MAX_CHUNKS).astype(np.int64)
    which = np.repeat(np.arange(len(length)), many)
    within = np.arange(len(which)) - np.repeat(np.cumsum(many) - many, many)
    start = cumulative[chains.first[which]]
    at = start + (within + 0.5) / many[which] * length[which]
    half = np.minimum(length[which] / 2.0, CHORD_METRES)
    low, high = np.maximum(at - half, start), np.minimum(at + half, start + length[which])
    anchors = chains.at(at, which)
    chord = chains.at(high, which) - chains.at(low, which)
    straight = np.linalg.norm(chord, axis=1) / np.maximum(high - low, 1e-9)
    line = chains.line_at(at, which)
    extent = np.minimum(length[which], 1.5 * CHUNK_METRES) * straight
    return shapes.Found("line", named[line], rows[line], anchors, chord / 2.0, extent, length[which])


def _together(city: CityData, parts: list[shapes.Found], codes: Int64, texts: tuple[str, ...]) -> Places:
    """All candidates of a layer with their kinds and weights."""
    kinds = [_kinds(city, part) for part in parts]
    rows = np.concatenate([np.zeros(0, np.int64), *(part.rows for part in parts)])
    probe = np.concatenate([np.zeros(0, np.int64), *(part.probe for part in parts)])
    anchors = np.concatenate([np.zeros((0, 3)), *(part.anchors for part in parts)])
    along = np.concatenate([np.zeros((0, 3)), *(part.along for part in parts)])
    extent = np.concatenate([np.zeros(0), *(part.extent for part in parts)])
    kind = np.concatenate([np.zeros(0, np.uint8), *kinds])
    weight = _weights(city, rows, kind, np.concatenate([np.zeros(0), *(part.measure for part in parts)]))
    good = np.flatnonzero(np.isfinite(anchors).all(axis=1) & (codes[rows] >= 0))
    if len(good) > MAX_CANDIDATES:
        good = np.sort(good[np.argsort(-weight[good], kind="stable")[:MAX_CANDIDATES]])
    rows = rows[good]
    letters = np.array([len(text) for text in texts] or [0], np.int64)[codes[rows]]
    more = probe[good], codes[rows], texts, anchors[good], along[good], extent[good], kind[good], weight[good]
    return Places(rows, *more, letters)


def _kinds(city: CityData, part: shapes.Found) -> npt.NDArray[np.uint8]:
    """uint8: what each candidate of a part is, from its geometry and the name of its type."""
    plain = {"point": Kind.PLACE, "line": Kind.STREET, "area": Kind.QUARTER, "solid": Kind.OBJECT}[part.geometry]
    by_type = np.array([_kind_of(name, plain) for name in city.objects.type_names] or [plain], np.uint8)
    return by_type[np.clip(city.objects.type_codes[part.probe], 0, len(by_type) - 1)]


def _kind_of(type_name: str, plain: Kind) -> Kind:
    name = type_name.lstrip("+").lower()
    if plain in (Kind.PLACE, Kind.OBJECT):
        return plain
    if any(word in name for word in WATER_WORDS):
        return Kind.WATER
    if plain is Kind.QUARTER and any(word in name for word in GREEN_WORDS):
        return Kind.GREEN
    return Kind.STREET if any(word in name for word in STREET_WORDS) else plain


def _weights(city: CityData, rows: Int64, kind: npt.NDArray[np.uint8], measure: Float64) -> Float64:
    """0..1 within each kind: by an attribute such as the population, else by size on a logarithmic scale."""
    value = np.log1p(np.maximum(measure, 0.0))
    column = next((city.objects.columns[name] for name in WEIGHT_COLUMNS if name in city.objects.columns), None)
    if column is not None and column.is_numeric():
        given = column.as_float()[rows]
        value = np.where(np.isfinite(given), np.log1p(np.maximum(given, 0.0)), value)
    out = np.zeros(len(rows))
    for one in np.unique(kind).tolist():
        own = kind == one
        low, high = float(value[own].min()), float(value[own].max())
        out[own] = (value[own] - low) / (high - low) if high > low else 0.5
    return out
