"""The demo town's vector layers: streets, tram, quarters and places in one GeoPackage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from viewer.demo import terrain
from viewer.demo.bridges import crossings, outline
from viewer.demo.lots import KERB
from viewer.demo.markings import rounded
from viewer.demo.names import RIVER, TOWN
from viewer.demo.surfaces import slug
from viewer.demo.town import Town
from viewer.demo.writer import ORIGIN

OVER = 0.15
"""How far lines lie over the pavements, metres."""
_PLACES = {
    "square": "square", "park": "park", "green": "square", "church": "church", "school": "school", "sport": "sport",
    "hospital": "hospital", "station": "station", "townhall": "town hall", "hall": "market", "museum": "museum",
    "chapel": "chapel", "pond": "water",
}  # fmt: skip
_OPEN = frozenset({"square", "park", "sport", "water"})
Fields = dict[str, list[Any]]


def write_layers(path: Path, town: Town) -> None:
    """Write all layers; the same town gives the same bytes."""
    import pyogrio

    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": "2026-01-01T00:00:00.000Z"})
    try:
        for layer, kind, shapes, fields in _layers(town):
            data = [np.array(column, object if isinstance(column[0], str) else None) for column in fields.values()]
            pyogrio.raw.write(
                path, shapely.to_wkb(np.array(shapes), output_dimension=3), data, list(fields), layer=layer,
                driver="GPKG", geometry_type=kind, crs="EPSG:7415", append=path.exists(), SPATIAL_INDEX="YES",
            )  # fmt: skip
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def _layers(town: Town) -> Iterator[tuple[str, str, list[shapely.Geometry], Fields]]:
    net = town.plan.network
    rows = [s for s in net.streets if s.name and s.kind != "rail"]
    lines = [_line([(p.real, p.imag) for p in s.line]) for s in rows]
    yield "streets", "LineString Z", lines, {"name": [s.name for s in rows], "class": [s.kind for s in rows]}
    tram = [_line([(p.real, p.imag) for p in rounded(piece)]) for piece in net.tram]
    rail = [_line([(p.real, p.imag) for p in s.line]) for s in net.streets if s.kind == "rail"]
    names = ["Tram line 1"] * len(tram) + ["Alda Railway"] * len(rail)
    kinds = ["tram"] * len(tram) + ["railway"] * len(rail)
    yield "rails", "LineString Z", [*tram, *rail], {"name": names, "class": kinds}
    people = _residents(town)
    rings = [_ring(q.ring) for q in net.quarters]
    yield "quarters", "Polygon Z", rings, {
        "name": [q.name for q in net.quarters], "use": [q.use for q in net.quarters],
        "residents": [people.get(q.name, 0) for q in net.quarters],
    }  # fmt: skip
    places = list(_places(town))
    points = [shapely.Point(ORIGIN[0] + p.real, ORIGIN[1] + p.imag, ORIGIN[2] + z) for _, _, p, z in places]
    yield "places", "Point Z", points, {"name": [p[0] for p in places], "kind": [p[1] for p in places]}


def _line(points: Sequence[tuple[float, float]]) -> shapely.LineString:
    """A line over the pavements, with a point at least every 25 m."""
    x, y = shapely.get_coordinates(shapely.LineString(points).segmentize(25.0)).T
    return shapely.LineString(
        np.column_stack([x + ORIGIN[0], y + ORIGIN[1], terrain.land(x, y) + KERB + OVER + ORIGIN[2]])
    )


def _ring(ring: Sequence[complex]) -> shapely.Polygon:
    shape = shapely.make_valid(shapely.Polygon([(p.real, p.imag) for p in ring]))
    shape = max(shapely.get_parts(shape), key=lambda part: part.area)
    x, y = shapely.get_coordinates(shape.exterior).T
    return shapely.Polygon(
        np.column_stack([x + ORIGIN[0], y + ORIGIN[1], terrain.land(x, y) + KERB + OVER + ORIGIN[2]])
    )


def _residents(town: Town) -> dict[str, int]:
    out: dict[str, int] = {}
    for built in town.built:
        total = built.facts.get("residents") or sum(v for k, v in built.facts.items() if k.startswith("residents_"))
        out[built.house.district] = out.get(built.house.district, 0) + int(total)
    return out


def _places(town: Town) -> Iterator[tuple[str, str, complex, float]]:
    """Name, kind, place and height of everything with a name that is neither a street nor a building."""
    tops: dict[str, float] = {}
    for built in town.built:
        key = built.ident.rsplit("-", 1)[0]
        tops[key] = max(tops.get(key, 0.0), *(body.ridge for body in built.house.bodies))
    yield TOWN, "town", complex(*terrain.CENTRE), terrain.land_at(*terrain.CENTRE) + 3.0
    for quarter in town.plan.network.quarters:
        middle = _ring(quarter.ring).representative_point()
        p = complex(middle.x - ORIGIN[0], middle.y - ORIGIN[1])
        yield quarter.name, "quarter", p, terrain.land_at(p.real, p.imag) + 3.0
    for cell in town.plan.cells:
        kind = _PLACES.get(cell.use)
        if kind and cell.quarter != "Countryside" and not cell.name[-1].isdigit():
            middle = cell.outline.representative_point()
            roof = 0.0 if kind in _OPEN else tops.get(slug(cell.name), 0.0)  # open places are named on the ground
            height = max(roof, terrain.land_at(middle.x, middle.y)) + 1.0
            yield cell.name, kind, complex(middle.x, middle.y), height
    for crossing in crossings():
        yield crossing.name, "bridge", sum(outline(crossing)) / 4, terrain.QUAY + 6.0
    for x in (330.0, 1560.0, 3500.0):
        yield RIVER, "water", complex(x, float(terrain.axis(x))), 3.0
    yield "Grain Dock", "water", complex(965, 1120), 3.0
