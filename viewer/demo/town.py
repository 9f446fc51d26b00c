"""The demo town: plan, ground, houses, bridges, trees, put together as one CityJSON 2.0 object."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import numpy as np
import shapely

from viewer.demo.attributes import describe
from viewer.demo.buildings import build_lot
from viewer.demo.ground import Ground, partition
from viewer.demo.house import House
from viewer.demo.landscape import Things, furnish, plant
from viewer.demo.plan import Plan, Shapes, make_plan
from viewer.demo.shapes import TREES, templates
from viewer.demo.surfaces import slug, write_bridges, write_ground
from viewer.demo.writer import HIGH, LOW, Json, Writer

GENERATOR_VERSION = 4
"""Raised with every change of the town, so that an updated program writes its files anew."""
TITLE = "Demo town (fictional)"
CRS = "https://www.opengis.net/def/crs/EPSG/0/7415"

Report = Callable[[float, str], None]
"""Told the share done (0..1) and what is being made; may raise to stop."""


@dataclass(frozen=True, slots=True)
class Built:
    """A building as it was written: id, the house, its attributes (written last, so they may still grow)."""

    ident: str
    house: House
    facts: Json
    use: str


@dataclass(frozen=True, slots=True)
class Town:
    """All parts of the town in town coordinates, before they are written."""

    plan: Plan
    ground: Ground
    built: tuple[Built, ...]
    footprints: Shapes
    trees: Things
    furniture: Things


def silent(share: float, text: str) -> None:
    """Report to nobody."""


def make_town(seed: int = 1, report: Report = silent) -> Town:
    """Everything that stands in the town; the same seed gives the same town."""
    report(0.0, "Drawing streets")
    plan = make_plan()
    report(0.12, "Laying the ground")
    ground = partition(plan)
    report(0.3, "Building houses")
    built = tuple(_build(plan, seed))
    rings = [body.ring for b in built for body in b.house.bodies]
    footprints = np.array([shapely.Polygon([(p.real, p.imag) for p in ring]) for ring in rings])
    report(0.5, "Planting trees")
    trees = plant(plan, ground, footprints, seed)
    return Town(plan, ground, built, footprints, trees, furnish(plan, ground, seed))


def _build(plan: Plan, seed: int) -> list[Built]:
    out = []
    numbers: dict[str, int] = {}
    for lot in plan.lots:
        rng = Random(f"{seed}/attributes/{lot.name}")
        for index, house in enumerate(build_lot(lot, seed), 1):
            numbers[house.street] = numbers.get(house.street, -1) + 2
            number = 0 if house.outbuilding else numbers[house.street]
            out.append(Built(f"{slug(lot.name)}-{index:03d}", house, describe(house, lot.use, number, rng), lot.use))
    return out


def write_city(town: Town, report: Report = silent) -> Json:
    """The town as a CityJSON object in Python values."""
    writer = Writer()
    report(0.55, "Writing the ground")
    write_ground(town.plan, town.ground, writer)
    write_bridges(writer)
    report(0.65, "Writing houses")
    for built in town.built:
        write_house(writer, built)
    report(0.8, "Writing trees")
    for name, (low, high) in templates().items():
        writer.template(name, low, high)
    for things in (town.trees, town.furniture):
        _write_things(things, writer)
    return writer.city(metadata(TITLE, "citiverse-demo-town"))


def metadata(title: str, ident: str) -> Json:
    """Metadata of a CityJSON file of the town."""
    return {
        "identifier": f"{ident}-{GENERATOR_VERSION}",
        "title": title,
        "referenceDate": "2026-01-01",
        "referenceSystem": CRS,
        "pointOfContact": {"contactName": "Citiverse Viewer", "emailAddress": "none@example.org"},
    }


def write_house(writer: Writer, built: Built) -> None:
    """One building with its parts."""
    house = built.house
    if house.body:
        writer.add(built.ident, house.kind, built.facts, _levels(writer, house, "body"))
        return
    writer.add(built.ident, house.kind, built.facts, [])
    for name, body in house.parts.items():
        facts = {"name": name, "roofType": body.roof, "measuredHeight": round(body.ridge - house.ground, 2)}
        kind = f"{house.kind}Part" if house.kind in ("Building", "Bridge") else "OtherConstruction"
        writer.add(f"{built.ident}-{slug(name)}", kind, facts, _levels(writer, house, name), built.ident)


def _levels(writer: Writer, house: House, name: str) -> list[Json]:
    """LoD1: a block; LoD2: the body."""
    body = house.body if name == "body" and house.body else house.parts[name]
    low = writer.solid(body.block, LOW)
    return [low] if house.far else [low, writer.solid(body.faces, HIGH)]


def _write_things(things: Things, writer: Writer) -> None:
    kinds = {"barge": "GenericCityObject", "boat": "GenericCityObject", "hedge": "SolitaryVegetationObject"}
    start = len(writer.objects)
    points, matrices = writer.indices(things.points), _matrices(things)
    rows = zip(things.names.tolist(), points, matrices, things.scales.tolist(), things.places.tolist(), strict=True)
    for number, (name, point, matrix, (wide, high), place) in enumerate(rows, start):
        facts: Json = {"class": name}  # not "function", by which one colours the buildings
        kind = kinds.get(name, "CityFurniture")
        if name in TREES:
            tree, kind = TREES[name], "SolitaryVegetationObject"
            facts = {
                "species": tree.species,
                "commonName": tree.common,
                "height": round(tree.height * high, 1),
                "crownDiameter": round(2 * tree.radius * wide, 1),
            }
        if place:
            facts["place"] = place
        writer.add(f"{name}-{number:05d}", kind, facts, writer.instances(name, point, matrix))


def _matrices(things: Things) -> list[list[float]]:
    """4 x 4 matrices, row by row: scaled (wide, high) and turned about the vertical."""
    out = np.zeros((len(things.turns), 16))
    turn, wide = 2 * np.pi * things.turns, things.scales[:, 0]
    out[:, 0] = out[:, 5] = np.cos(turn) * wide
    out[:, 4] = np.sin(turn) * wide
    out[:, 1] = -out[:, 4]
    out[:, 10], out[:, 15] = things.scales[:, 1], 1.0
    matrices: list[list[float]] = (np.round(out, 4) + 0.0).tolist()
    return matrices
