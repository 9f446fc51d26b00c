"""What can be counted in a city: buildings, the ground they cover, dwellings, people and groups of people, costs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np

from loaders.city import Bool, CityData, Float32, Float64
from viewer.analysis.derived import derived
from viewer.analysis.legend import title_of, titled_with_unit

Good = Literal["low", "high", "none"]
_AMOUNTS = re.compile(r"^(residents|population|inhabitants|dwellings|households|jobs|beds|pupils)", re.IGNORECASE)
_COSTS = re.compile(r"(^|_)(costs?|damages?)(_|$)", re.IGNORECASE)
_GROUPED = re.compile(r"^(residents|population|inhabitants|households)_(.+)$", re.IGNORECASE)
_THINGS = re.compile(r"^dwellings", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Indicator:
    """What is added up over the objects beyond a threshold.

    ``column``: "" counts objects, "@footprint" adds the area of their boxes' ground, else a numeric attribute.
    ``digits``: decimals that are told. ``method``: how it is counted, for people; "" = summed up over buildings.
    """

    id: str
    title: str
    unit: str
    column: str
    digits: int = 0
    method: str = ""


def indicators_of(city: CityData) -> tuple[Indicator, ...]:
    """Objects, footprint, and every attribute that counts people or dwellings."""
    found = [Indicator("objects", "Buildings", "", ""), Indicator("footprint", "Footprint", "m²", "@footprint")]
    for name, column in city.objects.columns.items():
        if column.is_numeric() and _AMOUNTS.match(name):
            found.append(Indicator(name, amount_title(name), "", name))
        elif column.is_numeric() and _COSTS.search(name):
            found.append(Indicator(name, *titled_with_unit(name), name))
    grouped = [i for i in found if family_of(i.column) == "residents"]
    if len(grouped) > 1 and not any(i.column == "residents" for i in found):
        found.insert(2, Indicator("residents", "Residents", "", "+" + "+".join(i.column for i in grouped)))
    return tuple(found)


def family_of(name: str) -> str:
    """What a group is a part of: "residents" for "residents_0_17"; "" for what is no group."""
    found = _GROUPED.match(name)
    return found.group(1).lower() if found else ""


def is_people(name: str) -> bool:
    """True if an attribute counts people (or households), of whom small numbers are not told."""
    return bool(_AMOUNTS.match(name)) and not _THINGS.match(name)


def amount_title(name: str) -> str:
    """ "residents_65_plus" -> "Residents 65 and over", "residents_0_17" -> "Residents 0-17"."""
    text = re.sub(r"_(\d+)_plus$", r" \1 and over", name)
    text = re.sub(r"_(\d+)_(\d+)$", "  \\1\u2013\\2", text)
    return " ".join(title_of(text).split())


def buildings_of(city: CityData) -> Bool:
    """bool (N,): whole buildings (not their parts), or every object that stands for itself if there is none."""
    names = np.array([name == "Building" for name in city.objects.type_names] or [False])
    codes = city.objects.type_codes
    mask = names[codes] if len(names) else np.zeros(len(codes), np.bool_)
    return np.asarray(mask if mask.any() else derived(city).first_parent < 0, np.bool_)


def amounts(city: CityData, indicator: Indicator) -> Float64:
    """What each object adds: float64 (N,), 0 where it has no value."""
    count = len(city.objects)
    if indicator.column == "":
        return np.ones(count)
    if indicator.column == "@footprint":
        return footprints(city)
    out = np.zeros(count)
    for name in indicator.column.split("+"):
        column = city.objects.columns.get(name)
        if column is not None and column.is_numeric():
            out += np.nan_to_num(column.as_float(), nan=0.0, posinf=0.0, neginf=0.0)
    return out


def footprints(city: CityData) -> Float64:
    """Ground covered by each object, m2, float64 (N,): the faces of its finest level of detail that look down, seen
    from above; where it has none, those that look up. Children count for their parent."""
    down, up = np.zeros((2, len(city.objects)))
    for mesh in city.lods.values():  # the finer level replaces the coarser
        tiles = mesh.tiles
        if not tiles.triangle_count:
            continue
        tile = np.repeat(np.arange(tiles.tile_count), np.diff(tiles.triangle_start))
        corners = tiles.triangles.astype(np.int64) + np.asarray(tiles.vertex_start)[tile][:, None]
        flat = tiles.positions[corners][:, :, :2].astype(np.float64)
        p, q = flat[:, 1] - flat[:, 0], flat[:, 2] - flat[:, 0]
        area = 0.5 * (p[:, 0] * q[:, 1] - p[:, 1] * q[:, 0])
        rows = tiles.tags[corners[:, 0], 0].astype(np.int64)
        here = np.bincount(rows, minlength=len(down)) > 0
        for side, sign in ((down, -1.0), (up, 1.0)):
            part = np.bincount(rows, np.maximum(sign * area, 0.0), minlength=len(side))
            side[here] = part[here]
    own = np.where(down > 0, down, up)
    base = derived(city)
    out = own.copy()
    np.add.at(out, base.edge_parent, own[base.edge_child])
    return out


def beyond(values: Float32, threshold: float, good: Good) -> Bool:
    """bool (N,): worse than the threshold: at least it, or where high values are good, at most it."""
    with np.errstate(invalid="ignore"):
        return np.asarray(values <= threshold if good == "high" else values >= threshold, np.bool_)
