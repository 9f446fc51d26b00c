"""The ground as city objects: streets, pavements, waters, lots, fields, and the walls between their heights."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from viewer.demo import terrain
from viewer.demo.bridges import Crossing, bodies, crossings, strips
from viewer.demo.districts import waters_edge
from viewer.demo.ground import FaceSet, Ground, faces, walls
from viewer.demo.names import TRADES
from viewer.demo.plan import Plan
from viewer.demo.relief import MARGIN
from viewer.demo.roofs import FLOOR, ROOF, Point
from viewer.demo.writer import HIGH, LOW, Json, Writer

_KINDS: dict[str, tuple[str, str]] = {
    "carriageway": ("Road", "TrafficArea"), "crossing": ("Road", "TransportationMarking"),
    "cycle": ("Road", "TrafficArea"), "path": ("Road", "TrafficArea"), "pavement": ("Road", "AuxiliaryTrafficArea"),
    "promenade": ("Road", "AuxiliaryTrafficArea"), "tram": ("Railway", "TrafficArea"),
    "rails": ("CityFurniture", ""), "rail": ("Railway", "TrafficArea"),
    "square": ("TransportSquare", "TrafficArea"), "water": ("WaterBody", "WaterSurface"),
    "pond": ("WaterBody", "WaterSurface"),
}  # fmt: skip
"""City object type and surface type of each kind of ground; green kinds are PlantCover, all others LandUse."""
_GREEN = (
    "park", "green", "garden", "wood", "vineyard", "verge", "bank", "meadow", "church", "allotments", "slab",
    "villa", "terrace", "sport", "chapel", "museum",
)  # fmt: skip
_FUNCTIONS = {
    "old": "courtyard", "grid": "courtyard", "terrace": "gardens", "villa": "gardens", "slab": "lawn", "verge": "grass",
    "office": "forecourt", "school": "school yard", "hall": "market yard", "works": "works yard",
    "harbour": "harbour yard", "church": "churchyard", "garden": "courtyard garden", "green": "park",
    "museum": "park", "chapel": "churchyard", "bank": "grass", "village": "gardens", "farm": "farm yard",
    "station": "forecourt", "townhall": "forecourt", "hospital": "lawn", "sport": "sports ground",
    "meadow": "pasture", "field": "arable field", "park": "park",
}  # fmt: skip
_NAMED = (
    "park", "green", "square", "pond", "water", "sport", "school", "church", "museum", "chapel", "hospital",
    "hall", "station", "townhall",
)  # fmt: skip
_ROADS: dict[str, Json] = {
    "main": {"class": "main road", "lanes": 2, "maxSpeed_km_h": 50, "surfaceMaterial": "asphalt"},
    "quay": {"class": "quay road", "lanes": 2, "maxSpeed_km_h": 30, "surfaceMaterial": "asphalt"},
    "street": {"class": "street", "lanes": 2, "maxSpeed_km_h": 30, "surfaceMaterial": "asphalt"},
    "lane": {"class": "lane", "lanes": 1, "maxSpeed_km_h": 15, "surfaceMaterial": "cobbles"},
}
_CROPS = ("wheat", "barley", "maize", "potatoes", "rape", "sugar beet", "clover")

_Key = tuple[str, str]


def slug(name: str) -> str:
    """A name as part of an id."""
    return "".join(c if c.isalnum() else "-" for c in name.lower().replace("'", ""))


def write_ground(plan: Plan, ground: Ground, writer: Writer) -> None:
    """One object per street, pavement, water and lot."""
    found = faces(ground)
    boundaries = _boundaries(found, writer)
    rows: dict[_Key, list[int]] = {}
    for row, source in enumerate(found.source.tolist()):
        rows.setdefault((ground.kinds[source], ground.owners[source]), []).append(row)
    steps: dict[_Key, list[list[list[int]]]] = {}
    quays: list[list[list[int]]] = []
    rim: list[list[list[int]]] = []
    for wall in walls(ground):
        ring = [[writer.vertex(p) for p in wall.ring]]
        if wall.kind == "kerb":
            steps.setdefault((wall.under, wall.owner), []).append(ring)
        else:
            (rim if wall.kind == "rim" else quays).append(ring)
    classes = {s.name: s.kind for s in plan.network.streets}
    areas = _areas(ground)
    for key in sorted(rows):
        kind, owner = key
        city_type, surface = _KINDS.get(kind, ("PlantCover" if kind in _GREEN else "LandUse", ""))
        flat = [boundaries[row] for row in rows[key]]
        geometry = [_surfaces(flat, [], surface, LOW), _surfaces(flat, steps.get(key, []), surface, HIGH)]
        writer.add(f"{kind}-{slug(owner)}", city_type, _facts(kind, owner, classes, areas[key]), geometry)
    geometry = [_surfaces(quays, [], "WallSurface", lod) for lod in (LOW, HIGH)]
    writer.add("quay-walls", "OtherConstruction", {"usage": "quay wall"}, geometry)
    geometry = [_surfaces(rim, [], "", lod) for lod in (LOW, HIGH)]
    writer.add("model-rim", "PlantCover", {"usage": "grass"}, geometry)
    for name, outline in outer_waters():
        sheet = [[[writer.vertex(p) for p in outline]]]
        geometry = [_surfaces(sheet, [], "WaterSurface", lod) for lod in (LOW, HIGH)]
        writer.add(slug(name), "WaterBody", {"usage": "river"}, geometry)


def outer_waters() -> Iterator[tuple[str, list[Point]]]:
    """The river beyond the square, as far as the terrain goes: id and surface."""
    for name, x0, x1 in (("River mouth", -MARGIN, 0.0), ("Upper river", terrain.SIDE, terrain.SIDE + MARGIN)):
        sides = [waters_edge(x0, x1, side) for side in (-1, 1)]
        ring = [*sides[0], *reversed(sides[1])]
        yield name, [(round(p.real, 3), round(p.imag, 3), terrain.WATER) for p in ring]


def _boundaries(found: FaceSet, writer: Writer) -> list[list[list[int]]]:
    """The rings of every face as vertex indices."""
    index = writer.indices(np.column_stack([found.points, found.z]))
    out: list[list[list[int]]] = [[] for _ in range(len(found.source))]
    start = 0
    for count, face in zip(found.counts.tolist(), found.polygon.tolist(), strict=True):
        out[face].append(index[start : start + count])
        start += count
    return out


def _surfaces(flat: list[list[list[int]]], steps: list[list[list[int]]], surface: str, lod: str) -> Json:
    """A MultiSurface of level faces and the walls of their edges."""
    out: Json = {"type": "MultiSurface", "lod": lod, "boundaries": [*flat, *steps]}
    if surface:
        edge = "AuxiliaryTrafficArea" if surface == "TrafficArea" else surface
        kinds = [{"type": surface}] if edge == surface else [{"type": surface}, {"type": edge}]
        values = [0] * len(flat) + [len(kinds) - 1] * len(steps)
        out["semantics"] = {"surfaces": kinds if steps else kinds[:1], "values": values}
    return out


def _areas(ground: Ground) -> dict[_Key, float]:
    out: dict[_Key, float] = {}
    for kind, owner, polygon in zip(ground.kinds, ground.owners, ground.polygons, strict=True):
        out[kind, owner] = out.get((kind, owner), 0.0) + polygon.area
    return out


def _facts(kind: str, owner: str, classes: dict[str, str], extent: float) -> Json:
    if kind == "carriageway":
        facts: Json = {"name": owner, **_ROADS[classes[owner]], "area_m2": round(extent, 1)}
        if owner.split()[0] in TRADES:
            facts["surfaceMaterial"] = "cobbles"  # the old centre
        return facts
    if kind == "path":
        return {"name": owner, "class": "footpath", "surfaceMaterial": "gravel"}
    traffic = {
        "crossing": {"usage": "crossing"}, "cycle": {"usage": "cycle path", "surfaceMaterial": "red asphalt"},
        "tram": {"name": owner, "usage": "tram track"}, "rails": {"usage": "rails"},
        "rail": {"name": owner, "usage": "railway"},
        "pavement": {"usage": "pavement", "surfaceMaterial": "slabs"},
        "promenade": {"usage": "pavement", "surfaceMaterial": "slabs", "street": owner},
    }  # fmt: skip
    if kind in traffic:
        return traffic[kind]
    facts = {"area_m2": round(extent, 1)}
    if kind in _NAMED and not owner[-1].isdigit():
        facts["name"] = owner
    if kind not in ("water", "pond", "square"):
        facts["usage"] = _FUNCTIONS.get(kind, kind)
    if kind == "square":
        facts["surfaceMaterial"] = "cobbles"
    if kind == "field":
        facts["crop"] = _CROPS[sum(map(ord, owner)) % len(_CROPS)]
    return facts


def write_bridges(writer: Writer) -> None:
    """The bridges with what lies on them."""
    names = {ROOF: "OuterFloorSurface", FLOOR: "OuterCeilingSurface"}
    for crossing in crossings():
        ident = slug(crossing.name)
        facts = {"name": crossing.name, "width_m": round(crossing.width, 1), "yearOfConstruction": crossing.year}
        for name, body in bodies(crossing).items():
            geometry = [writer.solid(body.faces, lod, names) for lod in (LOW, HIGH)]
            if name == "Arches":
                writer.add(ident, "Bridge", facts, geometry)
            else:
                writer.add(f"{ident}-{slug(name)}", "BridgeInstallation", {"name": name}, geometry, ident)
        for kind, city_type, attributes, parts in _decks(crossing):
            geometry = [writer.surfaces(parts, lod) for lod in (LOW, HIGH)]
            writer.add(f"{ident}-{kind}", city_type, attributes, geometry)


def _decks(
    crossing: Crossing,
) -> Iterator[tuple[str, str, Json, list[tuple[tuple[tuple[float, float, float], ...], str]]]]:
    for kind, parts in strips(crossing):
        city_type = _KINDS[kind][0]
        facts = _facts(kind, crossing.road, {crossing.road: "main"}, 0.0)
        facts.pop("area_m2", None)
        yield kind, city_type, facts, [(tuple(ring), surface) for ring, surface in parts]
