"""The demo town as a file: sound CityJSON, closed solids, houses off streets and water, trees off houses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import orjson
import pytest
import shapely
import trimesh
from shapely.geometry import Polygon

from loaders.api import LoadOptions, NoProgress
from loaders.cityjson import load
from viewer.demo.files import DemoFiles
from viewer.demo.lots import KERB
from viewer.demo.roofs import Body
from viewer.demo.shapes import TREES, templates
from viewer.demo.town import Town
from viewer.demo.writer import HIGH, LOW

Json = dict[str, Any]


@pytest.fixture(scope="module")
def city(files: DemoFiles) -> Json:
    return orjson.loads(files.city.read_bytes())


def test_our_loader_has_nothing_to_say(files: DemoFiles) -> None:
    result = load(files.city, LoadOptions(), NoProgress())
    assert [issue.message for issue in result.issues] == []
    assert result.value.crs.name == "EPSG:7415" and set(result.value.lods) >= {LOW, HIGH}


def test_is_cityjson_with_every_vertex_used_once(city: Json) -> None:
    assert (city["type"], city["version"]) == ("CityJSON", "2.0")
    assert "fictional" in city["metadata"]["title"]
    vertices = np.array(city["vertices"])
    assert vertices.dtype == np.int64
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    assert len(np.unique(np.ravel_multi_index((vertices - low).T, high - low + 1))) == len(vertices)
    used = np.zeros(len(vertices), np.bool_)
    for thing in city["CityObjects"].values():
        for geometry in thing.get("geometry", []):
            shells = geometry["boundaries"] if geometry["type"] == "Solid" else [geometry["boundaries"]]
            if geometry["type"] == "GeometryInstance":
                used[geometry["boundaries"]] = True
                continue
            for shell in shells:
                for surface in shell:
                    for ring in surface:
                        assert len(set(ring)) == len(ring) >= 3
                        used[ring] = True
    assert used.all()


def test_holds_what_a_town_holds(city: Json, town: Town) -> None:
    count = Counter(thing["type"] for thing in city["CityObjects"].values())
    assert count["Building"] >= 6_000
    assert 8_000 <= count["SolitaryVegetationObject"] <= 22_000
    assert count["Bridge"] == 3
    for kind in ("Road", "Railway", "WaterBody", "LandUse", "PlantCover", "CityFurniture", "TransportSquare"):
        assert count[kind] >= 1, kind
    trees = [t["attributes"] for t in city["CityObjects"].values() if t["type"] == "SolitaryVegetationObject"]
    assert len({t.get("species") for t in trees} - {None}) == len(TREES) >= 7
    assert all(t["height"] > 1 for t in trees if "species" in t)
    assert len(town.plan.network.quarters) >= 25
    uses = {lot.use for lot in town.plan.lots}
    assert uses >= {"old", "grid", "terrace", "slab", "villa", "harbour", "office", "village", "allotments", "vineyard",
                    "park", "square", "church", "station", "wood", "field"}  # fmt: skip


def test_streets_have_names_of_their_own(town: Town) -> None:
    names = {s.name for s in town.plan.network.streets if s.kind in ("main", "street", "lane", "quay")}
    assert len(names) > 150 and all(len(name) > 4 and name[0].isupper() for name in names)


def test_buildings_have_an_lod_and_attributes(city: Json) -> None:
    for name, thing in city["CityObjects"].items():
        if thing["type"] != "Building":
            continue
        facts = thing["attributes"]
        assert {"function", "storeysAboveGround", "roofType", "measuredHeight"} <= facts.keys(), name
        assert {"airTemp_day_C", "airTemp_night_C"} <= facts.keys(), name
        assert 24 < facts["airTemp_day_C"] < 38 and 13 < facts["airTemp_night_C"] < 26
        assert thing.get("children") or [g["lod"] for g in thing["geometry"]] in ([LOW], [LOW, HIGH])


def test_houses_stand_beside_streets_and_water(town: Town) -> None:
    kinds = np.array(town.ground.kinds)
    taken = (
        "carriageway",
        "tram",
        "rail",
        "rails",
        "cycle",
        "crossing",
        "water",
        "pond",
        "pavement",
        "promenade",
        "bank",
    )
    polygons = town.ground.polygons[np.isin(kinds, taken)]
    at, hit = shapely.STRtree(polygons).query(town.footprints, "intersects")
    common = shapely.area(shapely.intersection(town.footprints[at], polygons[hit]))
    assert common.max(initial=0.0) < 0.05


def test_houses_do_not_overlap(town: Town) -> None:
    at, hit = shapely.STRtree(town.footprints).query(town.footprints, "intersects")
    pairs = at < hit
    common = shapely.area(shapely.intersection(town.footprints[at[pairs]], town.footprints[hit[pairs]]))
    owner = np.array([k for k, built in enumerate(town.built) for _ in built.house.bodies])
    other = owner[at[pairs]] != owner[hit[pairs]]
    assert common[other].max(initial=0.0) < 0.05


def test_doors_are_at_street_level(town: Town) -> None:
    for built in town.built[::5]:
        house = built.house
        door = house.door if house.door is not None else (house.bodies[0].ring[0] + house.bodies[0].ring[1]) / 2
        lot = next(iter(town.plan.lots)).ground(door)
        assert abs(house.ground - lot) < 0.3, built.ident
        for body in house.bodies:
            lowest = min(town.plan.lots[0].ground(p) for p in body.ring)
            assert body.base <= lowest - KERB, built.ident


def test_trees_stand_clear_of_houses_and_carriageways(town: Town) -> None:
    points = shapely.points(town.trees.points[:, :2])
    assert not len(shapely.STRtree(town.footprints).query(points, "within")[0])
    taken = town.ground.polygons[np.isin(town.ground.kinds, ("carriageway", "tram", "rail", "water", "cycle"))]
    assert not len(shapely.STRtree(taken).query(points, "within")[0])


def test_trees_are_closed_to_the_eye_and_cheap() -> None:
    for name in TREES:
        low, high = templates()[name]
        triangles = sum(len(ring) - 2 for ring, _ in high)
        assert 40 <= triangles <= 110 and sum(len(ring) - 2 for ring, _ in low) < triangles
        top = max(p[2] for ring, _ in high for p in ring)
        assert top == pytest.approx(TREES[name].height, rel=0.05)


def test_a_sample_of_solids_is_closed(town: Town, sound: Callable[[Body], trimesh.Trimesh]) -> None:
    for built in town.built[::61]:
        if built.house.kind == "Building":
            for body in built.house.bodies:
                assert sound(body).volume > 0.5, built.ident


def test_the_footprints_are_polygons(town: Town) -> None:
    assert all(isinstance(p, Polygon) and p.is_valid and p.area > 1 for p in town.footprints)
