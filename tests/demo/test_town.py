"""The demo town is sound CityJSON: closed solids, a seamless ground, nothing overlapping, plausible attributes."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from statistics import median
from typing import Any

import mapbox_earcut
import numpy as np
import orjson
import pytest
import shapely
import trimesh
from shapely.geometry import Point, Polygon

from viewer.demo import town
from viewer.demo.geometry import contains, edges
from viewer.demo.landscape import BED, RIM, TREES
from viewer.demo.plan import ROAD, make_plan, millimetres
from viewer.demo.writer import HIGH, LOW, ORIGIN

Json = dict[str, Any]


@pytest.fixture(scope="module")
def city() -> Json:
    return orjson.loads(orjson.dumps(town.build_town()))


@pytest.fixture(scope="module")
def points(city: Json) -> np.ndarray:
    """Local coordinates in metres."""
    return np.array(city["vertices"], np.float64) * city["transform"]["scale"]


def solids(city: Json, *types: str) -> list[tuple[str, Json]]:
    return [
        (name, geometry)
        for name, thing in city["CityObjects"].items()
        if thing["type"] in types
        for geometry in thing.get("geometry", [])
        if geometry["type"] == "Solid"
    ]


def rings(geometry: Json) -> list[list[int]]:
    surfaces = geometry["boundaries"][0] if geometry["type"] == "Solid" else geometry["boundaries"]
    assert all(len(surface) == 1 for surface in surfaces), "no holes in the demo town"
    return [surface[0] for surface in surfaces]


def surface_names(geometry: Json) -> list[str]:
    semantics = geometry["semantics"]
    values = semantics["values"][0] if geometry["type"] == "Solid" else semantics["values"]
    return [semantics["surfaces"][v]["type"] if v is not None else "" for v in values]


def normal(ring: np.ndarray) -> np.ndarray:
    """Newell's normal, its length twice the area."""
    return np.cross(ring - ring[0], np.roll(ring, -1, axis=0) - ring[0]).sum(axis=0)


def triangles(points: np.ndarray, ring: list[int]) -> np.ndarray:
    corner = points[ring]
    axis = normal(corner)
    drop = int(np.argmax(np.abs(axis)))
    flat = np.ascontiguousarray(np.delete(corner, drop, axis=1))
    order = mapbox_earcut.triangulate_float64(flat, np.array([len(ring)], np.uint32)).reshape(-1, 3)
    out = np.array(ring)[order]
    area = np.cross(points[out[:, 1]] - points[out[:, 0]], points[out[:, 2]] - points[out[:, 0]]).sum(axis=0)
    if area @ axis < 0:
        out = out[:, ::-1]
    return out


def ground_faces(city: Json, points: np.ndarray, *types: str) -> list[tuple[str, str, Polygon, float]]:
    """Level faces of the ground: (object, surface, polygon, height)."""
    out = []
    for name, thing in city["CityObjects"].items():
        if thing["type"] not in types:
            continue
        geometry = thing["geometry"][-1]
        names = surface_names(geometry) if "semantics" in geometry else [""] * len(geometry["boundaries"])
        for ring, surface in zip(rings(geometry), names, strict=True):
            corner = points[ring]
            if np.ptp(corner[:, 2]) == 0:
                assert normal(corner)[2] > 0, f"{name} faces down"
                out.append((name, surface, Polygon(corner[:, :2]), float(corner[0, 2])))
    return out


GROUND = ("Road", "TransportSquare", "WaterBody", "LandUse", "PlantCover")


def footprints(city: Json, points: np.ndarray) -> dict[str, Polygon]:
    """Plan of every building and part, from the ground surface of its LoD1."""
    out = {}
    for name, geometry in solids(city, "Building", "BuildingPart"):
        if geometry["lod"] == LOW:
            at = surface_names(geometry).index("GroundSurface")
            out[name] = Polygon(points[rings(geometry)[at]][:, :2])
    return out


def test_is_cityjson_with_every_index_in_range_and_every_vertex_used(city: Json) -> None:
    assert (city["type"], city["version"]) == ("CityJSON", "2.0")
    assert city["metadata"]["referenceSystem"].endswith("/EPSG/0/7415")
    assert "fictional" in city["metadata"]["title"]
    vertices = city["vertices"]
    assert all(type(v) is int for point in vertices for v in point)
    assert len({tuple(v) for v in vertices}) == len(vertices)
    used: set[int] = set()
    for thing in city["CityObjects"].values():
        for geometry in thing.get("geometry", []):
            if geometry["type"] == "GeometryInstance":
                used.update(geometry["boundaries"])
                assert geometry["template"] < len(city["geometry-templates"]["templates"])
            else:
                for ring in rings(geometry):
                    assert len(set(ring)) == len(ring) >= 3
                    used.update(ring)
                if "semantics" in geometry:
                    assert len(surface_names(geometry)) == len(rings(geometry))
    assert used == set(range(len(vertices)))


def test_templates_use_every_template_vertex(city: Json) -> None:
    templates = city["geometry-templates"]
    used = {i for t in templates["templates"] for surface in t["boundaries"] for ring in surface for i in ring}
    assert used == set(range(len(templates["vertices-templates"])))


def test_holds_what_a_town_holds(city: Json) -> None:
    count = Counter(thing["type"] for thing in city["CityObjects"].values())
    assert 500 <= count["Building"] <= 1000
    assert count["BuildingPart"] >= 9
    assert count["SolitaryVegetationObject"] > 1000
    for kind in ("Road", "WaterBody", "LandUse", "PlantCover", "Bridge", "CityFurniture", "TransportSquare"):
        assert count[kind] >= 1
    roofs = {t["attributes"]["roofType"] for t in city["CityObjects"].values() if t["type"].startswith("Building")}
    assert roofs >= {"gable", "hipped", "flat", "shed", "saw-tooth", "pyramid", "spire", "mansard", "barrel"}


def test_every_object_has_both_levels_of_detail(city: Json) -> None:
    templates = city["geometry-templates"]["templates"]
    for name, thing in city["CityObjects"].items():
        if "children" in thing and "geometry" not in thing:
            continue
        lods = [templates[g["template"]]["lod"] if "template" in g else g["lod"] for g in thing["geometry"]]
        assert lods == [LOW, HIGH], name


def test_parents_and_children_agree(city: Json) -> None:
    things = city["CityObjects"]
    for name, thing in things.items():
        assert all(name in things[parent]["children"] for parent in thing.get("parents", []))
        assert all(things[child]["parents"] == [name] for child in thing.get("children", []))


def test_every_solid_is_closed_and_faces_outwards(city: Json, points: np.ndarray) -> None:
    for name, geometry in solids(city, "Building", "BuildingPart", "Bridge", "BridgeInstallation"):
        faces = np.concatenate([triangles(points, ring) for ring in rings(geometry)])
        unique, index = np.unique(faces, return_inverse=True)
        mesh = trimesh.Trimesh(points[unique], index.reshape(-1, 3), process=False, validate=False)
        assert mesh.is_watertight and mesh.is_winding_consistent, f"{name} LoD {geometry['lod']}"
        assert mesh.volume > 1.0, f"{name} LoD {geometry['lod']}"


def test_every_face_is_plane(city: Json, points: np.ndarray) -> None:
    for name, thing in city["CityObjects"].items():
        for geometry in thing.get("geometry", []):
            if geometry["type"] == "GeometryInstance":
                continue
            for ring in rings(geometry):
                corner = points[ring]
                axis = normal(corner)
                size = np.linalg.norm(axis)
                assert size > 1e-4, f"{name} has an empty face"
                assert np.abs((corner - corner.mean(axis=0)) @ axis).max() / size < 0.006, name


def test_surface_types_match_how_faces_lie(city: Json, points: np.ndarray) -> None:
    for name, geometry in solids(city, "Building", "BuildingPart"):
        for ring, surface in zip(rings(geometry), surface_names(geometry), strict=True):
            axis = normal(points[ring])
            up = axis[2] / np.linalg.norm(axis)
            expected = {"RoofSurface": up > 0.05, "WallSurface": abs(up) < 0.01, "GroundSurface": up < -0.99}
            assert expected[surface], f"{name}: {surface} with normal z {up:.2f}"


def test_roof_faces_know_slope_and_azimuth(city: Json, points: np.ndarray) -> None:
    geometry = next(g for n, g in solids(city, "BuildingPart") if n.endswith("south-aisle") and g["lod"] == HIGH)
    roof = next(s for s in geometry["semantics"]["surfaces"] if s["type"] == "RoofSurface")
    assert roof["slope_deg"] == pytest.approx(np.degrees(np.arctan2(3.0, 5.5)), abs=0.1)
    assert 150 < roof["azimuth_deg"] < 210


def test_buildings_do_not_overlap(city: Json, points: np.ndarray) -> None:
    shapes = footprints(city, points)
    names, polygons = list(shapes), list(shapes.values())
    assert all(p.is_valid for p in polygons)
    tree = shapely.STRtree(polygons)
    for i, j in zip(*tree.query(polygons, predicate="intersects"), strict=True):
        if i < j:
            common = polygons[i].intersection(polygons[j])
            assert common.area < 0.02 + 0.002 * common.length, f"{names[i]} and {names[j]}"


def test_buildings_stand_on_the_ground_and_off_the_streets(city: Json, points: np.ndarray) -> None:
    streets = shapely.union_all([p for _, _, p, _ in ground_faces(city, points, "Road", "WaterBody")], grid_size=0.001)
    shapely.prepare(streets)
    for name, shape in footprints(city, points).items():
        assert streets.intersection(shape).area < 0.02 + 0.002 * shape.length, name
    for name, geometry in solids(city, "Building", "BuildingPart"):
        used = sorted({i for ring in rings(geometry) for i in ring})
        assert points[used][:, 2].min() == ROAD, name


def test_ground_is_one_partition_without_gaps_or_overlaps(city: Json, points: np.ndarray) -> None:
    faces = ground_faces(city, points, *GROUND)
    polygons = [p for _, _, p, _ in faces]
    assert all(p.is_valid for p in polygons)
    together = shapely.union_all(polygons)
    assert together.geom_type == "Polygon" and len(together.interiors) == 0
    assert sum(p.area for p in polygons) == pytest.approx(together.area, abs=0.5)
    assert together.area == pytest.approx(1.16e6, rel=0.02)


def test_neighbours_share_their_points_so_no_cracks_show() -> None:
    sides = Counter((millimetres(a), millimetres(b)) for face in make_plan().ground for a, b in edges(face.ring))
    assert max(sides.values()) == 1
    alone = [side for side in sides if side[::-1] not in sides]
    end = 1_200_000
    for (ax, ay), (bx, by) in alone:
        assert (ax == bx and ax in (0, end)) or min(ay, by) > 900_000 or max(ay, by) < 40_000


def test_steps_of_the_ground_are_closed(city: Json, points: np.ndarray) -> None:
    """Every edge of a level face is shared with another face, but for the model's rim."""
    sides: Counter[tuple[int, int]] = Counter()
    for thing in city["CityObjects"].values():
        if thing["type"] in (*GROUND, "OtherConstruction"):
            for ring in rings(thing["geometry"][-1]):
                sides.update(pairwise([*ring, ring[0]]))
    loose = [(a, b) for a, b in sides if (b, a) not in sides]
    heights = {round(float(points[i, 2]), 2) for side in loose for i in side}
    assert all(z in (RIM, -3.4, -1.75) or z == -2.0 or z == -0.35 or z <= 0.12 for z in heights)
    top = [side for side in loose if points[side[0], 2] > 0.1 and points[side[1], 2] > 0.1]
    assert top == []


def test_bridges_end_on_the_quays(city: Json, points: np.ndarray) -> None:
    roads = {
        i for n, t in city["CityObjects"].items() if t["type"] == "Road" for r in rings(t["geometry"][-1]) for i in r
    }
    for name, thing in city["CityObjects"].items():
        if thing["type"] != "Bridge":
            continue
        used = {i for ring in rings(thing["geometry"][-1]) for i in ring}
        ends = [i for i in used if points[i, 2] == ROAD]
        assert len(ends) == 4 and set(ends) <= roads, name
        assert points[list(used)][:, 2].min() == pytest.approx(BED)


def test_trees_grow_clear_of_carriageways_and_walls(city: Json, points: np.ndarray) -> None:
    lanes = shapely.union_all(
        [p for _, s, p, _ in ground_faces(city, points, "Road") if s == "TrafficArea"], grid_size=0.001
    )
    water = shapely.union_all([p for _, _, p, _ in ground_faces(city, points, "WaterBody")], grid_size=0.001)
    walls = list(footprints(city, points).values())
    tree = shapely.STRtree(walls)
    shapely.prepare(lanes)
    for name, thing in city["CityObjects"].items():
        if thing["type"] != "SolitaryVegetationObject":
            continue
        at = Point(points[thing["geometry"][0]["boundaries"][0]][:2])
        crown = thing["attributes"]["crownDiameter"] / 2
        assert not lanes.contains(at) and not water.contains(at), name
        assert tree.geometries[tree.nearest(at)].distance(at) > crown - 0.06, name


def test_trees_vary(city: Json) -> None:
    trees = [t for t in city["CityObjects"].values() if t["type"] == "SolitaryVegetationObject"]
    assert {t["attributes"]["function"] for t in trees} == {tree.common for tree in TREES.values()}
    assert len({tuple(t["geometry"][0]["transformationMatrix"]) for t in trees}) > 0.9 * len(trees)


def test_attributes_fit_the_quarters(city: Json) -> None:
    plan_use = {cell.name: cell.use for cell in make_plan().cells}
    years: dict[str, list[int]] = {}
    for thing in city["CityObjects"].values():
        facts = thing.get("attributes", {})
        if thing["type"] == "Building" and "yearOfConstruction" in facts:
            years.setdefault(plan_use[facts["district"]], []).append(facts["yearOfConstruction"])
    middle = {use: median(values) for use, values in years.items()}
    assert middle["old"] < middle["grid"] < middle["terrace"] < middle["detached"] < middle["office"]


def test_attributes_agree_with_each_other(city: Json) -> None:
    order = "ABCDEFG"
    demand: dict[str, list[float]] = {}
    buildings = [t["attributes"] for t in city["CityObjects"].values() if t["type"] == "Building"]
    for facts in buildings:
        assert facts["eavesHeight"] <= facts["measuredHeight"]
        assert facts["measuredHeight"] > 2.0 * facts["storeysAboveGround"]
        assert ("residents" in facts) == ("dwellings" in facts)
        if "energyLabel" in facts:
            demand.setdefault(facts["energyLabel"], []).append(facts["heatDemand_kWh_m2a"])
    labels = sorted(demand)
    assert "".join(labels) == order
    assert all(max(demand[a]) <= min(demand[b]) for a, b in pairwise(labels))
    for name in ("yearOfConstruction", "energyLabel", "dwellings", "name"):
        known = sum(name in facts for facts in buildings)
        assert 0 < known < len(buildings), f"{name} is there always or never"
    assert len({facts["function"] for facts in buildings}) >= 10


def test_extent_is_that_of_the_vertices(city: Json, points: np.ndarray) -> None:
    extent = city["metadata"]["geographicalExtent"]
    assert extent[:3] == pytest.approx(points.min(axis=0) + ORIGIN, abs=1e-3)
    assert extent[3:] == pytest.approx(points.max(axis=0) + ORIGIN, abs=1e-3)


def test_viewpoints_look_at_the_town_from_the_open_air(city: Json, points: np.ndarray) -> None:
    views = town.viewpoints()
    assert len({v.name for v in views}) == 6
    shapes = footprints(city, points)
    for view in views:
        eye = np.array(view.camera.position) - ORIGIN
        target = np.array(view.camera.target) - ORIGIN
        assert eye[2] > 1.5 and np.linalg.norm(eye - target) > 20
        assert contains((0j, 1200 + 0j, 1200 + 1000j, 1000j), complex(target[0], target[1]))
        assert eye[2] > 70 or not any(s.contains(Point(eye[:2])) for s in shapes.values()), view.name
