"""Scenario: road noise at the facades of the demo town, from the flows of `viewer.demo.traffic`.

Method: every piece of street is a row of point sources. A vehicle's sound power is 94 dB(A) at 50 km/h and grows with
20 lg of the speed; sound spreads over a half sphere (-20 lg r - 8 dB). A facade that looks away from a source gets 15
dB less of it, one that is hidden by another house 12 dB less (only the three loudest sources are tested). There are no
reflections, no ground and no wind. Day, evening and night have fixed shares of the busiest hour; Lden is that of
Directive 2002/49/EC, Annex I.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from viewer.demo import terrain
from viewer.demo.geometry import edges
from viewer.demo.town import Town
from viewer.demo.traffic import Flows, Streets

Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]

STEP, REACH = 24.0, 130.0
"""Length of a source and distance up to which it is heard, metres."""
RADIUS = 900.0
"""Receivers stand at houses nearer to the market square than this, metres."""
LEVELS_M = (4.0, 10.0, 16.0)
"""Heights of receivers over the ground; the lowest is that of the directive."""
BEFORE = 1.5
"""Metres between facade and receiver."""
SHORTEST = 3.5
"""Facades shorter than this (metres) have none."""
SHARES = {"day": 0.62, "evening": 0.34, "night": 0.085}
"""Traffic of an hour, as a share of the busiest hour's."""
FLOOR_DB = 32.0
"""Background, dB(A)."""
SD_DB = 2.5
"""Standard deviation of the levels that is claimed for this method."""


@dataclass(frozen=True, slots=True, eq=False)
class Receivers:
    """Places before facades (N, 3) and the outward normals of these (N, 2), town coordinates; owner (N,): building."""

    places: Float64
    normals: Float64
    owner: Int64


def receivers(town: Town) -> Receivers:
    """In front of every facade that is free, at up to three heights."""
    middle = complex(*terrain.CENTRE)
    places, normals, owners = [], [], []
    for number, built in enumerate(town.built):
        house = built.house
        if house.outbuilding or house.kind != "Building" or abs(house.bodies[0].ring[0] - middle) > RADIUS:
            continue
        for body in house.bodies:
            for a, b in edges(body.ring):
                if abs(b - a) < SHORTEST:
                    continue
                out = (b - a) / abs(b - a) * -1j
                at = (a + b) / 2 + BEFORE * out
                for height in LEVELS_M:
                    if height < LEVELS_M[0] + 0.1 or house.ground + height < body.eaves - 0.5:
                        places.append((at.real, at.imag, house.ground + height))
                        normals.append((out.real, out.imag))
                        owners.append(number)
    points = np.array(places)
    tree = shapely.STRtree(town.footprints)
    covered = np.unique(tree.query(shapely.points(points[:, :2]), predicate="intersects")[0])
    free = np.ones(len(points), np.bool_)
    free[covered] = False  # a party wall
    return Receivers(points[free], np.array(normals)[free], np.array(owners, np.int64)[free])


def levels(town: Town, streets: Streets, flows: Flows, at: Receivers) -> dict[str, Float64]:
    """dB(A) at the receivers for "day", "evening", "night" and "den", float64 (N,) each."""
    xy, power = _sources(streets, flows)
    heard, source = _pairs(at.places, xy)
    away = np.column_stack([xy[source] - at.places[heard, :2], 0.5 - (at.places[heard, 2] - _ground(xy)[source])])
    distance = np.maximum(np.linalg.norm(away, axis=1), 2.0)
    part = power[source] - 20.0 * np.log10(distance) - 8.0
    facing = (away[:, :2] * at.normals[heard]).sum(axis=1) / distance
    part -= np.where(facing < -0.02, 15.0, 0.0)
    part -= 12.0 * _hidden(town, at.places, xy, heard, source, part)
    busiest = np.bincount(heard, 10.0 ** (part / 10.0), minlength=len(at.places))
    out = {name: _decibels(busiest * share) for name, share in SHARES.items()}
    out["den"] = lden(out["day"], out["evening"], out["night"])
    return {name: np.round(values, 1) for name, values in out.items()}


def lden(day: Float64, evening: Float64, night: Float64) -> Float64:
    """Day-evening-night level (Directive 2002/49/EC, Annex I): 12, 4 and 8 hours, 5 and 10 dB added."""
    total = 12 * 10 ** (day / 10) + 4 * 10 ** ((evening + 5) / 10) + 8 * 10 ** ((night + 10) / 10)
    return np.asarray(10.0 * np.log10(total / 24.0), np.float64)


def _sources(streets: Streets, flows: Flows) -> tuple[Float64, Float64]:
    """Places float64 (S, 2) and sound power (S,) in dB(A) of all sources."""
    places, power = [], []
    for line, cars, speed in zip(streets.lines, flows.cars.tolist(), flows.speed.tolist(), strict=True):
        if cars < 4.0:
            continue
        shape = shapely.LineString(line)
        count = max(1, round(shape.length / STEP))
        at = shapely.line_interpolate_point(shape, (np.arange(count) + 0.5) / count, normalized=True)
        kmh = max(speed * 3.6, 10.0)
        each = 94.0 + 20.0 * np.log10(kmh / 50.0) + 10.0 * np.log10(cars / (1000.0 * kmh) * shape.length / count)
        places.append(shapely.get_coordinates(at))
        power.append(np.full(count, each))
    return np.concatenate(places), np.concatenate(power)


def _ground(xy: Float64) -> Float64:
    return terrain.land(xy[:, 0], xy[:, 1])


def _pairs(places: Float64, xy: Float64) -> tuple[Int64, Int64]:
    tree = shapely.STRtree(shapely.points(xy))
    heard, source = tree.query(shapely.points(places[:, :2]), predicate="dwithin", distance=REACH)
    return heard.astype(np.int64), source.astype(np.int64)


def _hidden(town: Town, places: Float64, xy: Float64, heard: Int64, source: Int64, part: Float64) -> Float64:
    """1 where a house stands between receiver and source, for the three loudest sources of every receiver."""
    order = np.lexsort((-part, heard))
    first = np.ones(len(order), np.bool_)
    first[1:] = np.diff(heard[order]) > 0
    rank = np.arange(len(order)) - np.maximum.accumulate(np.where(first, np.arange(len(order)), 0))
    tested = order[rank < 3]
    ends = np.stack([places[heard[tested], :2], xy[source[tested]]], axis=1)
    near = ends[:, 0] + 0.02 * (ends[:, 1] - ends[:, 0])
    lines = shapely.linestrings(np.stack([near, ends[:, 1]], axis=1))
    cut = np.unique(shapely.STRtree(town.footprints).query(lines, predicate="intersects")[0])
    out = np.zeros(len(part))
    out[tested[cut]] = 1.0
    return out


def _decibels(power: npt.NDArray[np.floating]) -> Float64:
    return np.asarray(10.0 * np.log10(power + 10.0 ** (FLOOR_DB / 10.0)), np.float64)
