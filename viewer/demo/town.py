"""The demo town as a CityJSON 2.0 document, its file in the user's cache, and the viewpoints of its tour."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path
from random import Random

import orjson
import platformdirs

from loaders.api import LoadError
from viewer.demo.attributes import describe
from viewer.demo.buildings import BASE, build_cell
from viewer.demo.geometry import Footprints, area
from viewer.demo.house import House
from viewer.demo.landmarks import build_landmarks
from viewer.demo.landscape import TREES, Thing, bridge_bodies, furnish, ground_walls, plant, templates
from viewer.demo.places import STREETS
from viewer.demo.plan import Plan, make_plan
from viewer.demo.roofs import FLOOR, ROOF, Body, Face, block, level
from viewer.demo.writer import HIGH, LOW, ORIGIN, Json, Writer
from viewer.document.state import Camera, DocumentState, LayerState, Vec3, Viewpoint

GENERATOR_VERSION = 1
"""Raised with every change of the town, so that an updated program writes its file anew."""

TITLE = "Demo town (fictional)"
CRS = "https://www.opengis.net/def/crs/EPSG/0/7415"


def build_town(seed: int = 1) -> Json:
    """The town as a CityJSON 2.0 object in Python values; the same seed gives the same town."""
    plan, writer = make_plan(), Writer()
    taken = Footprints()
    _write_ground(plan, writer)
    for cell in plan.cells:
        rng = Random(f"{seed}/attributes/{cell.name}")
        numbers: dict[str, int] = {}
        houses = [*build_landmarks(cell), *build_cell(cell, seed)]
        for index, house in enumerate(houses, 1):
            for body in house.bodies:
                taken.add(body.ring)
            numbers[house.street] = numbers.get(house.street, -1) + 2
            number = 0 if house.outbuilding else numbers[house.street]
            _write_house(writer, house, f"{_slug(cell.name)}-{index:03d}", describe(house, cell.use, number, rng))
    _write_bridges(plan, writer)
    _write_things([*plant(plan, taken, seed), *furnish(plan, seed)], writer)
    return writer.city(
        {
            "identifier": f"citiverse-demo-town-{GENERATOR_VERSION}-{seed}",
            "title": TITLE,
            "referenceDate": "2026-01-01",
            "referenceSystem": CRS,
            "pointOfContact": {"contactName": "Citiverse Viewer", "emailAddress": "none@example.org"},
        }
    )


def _slug(name: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in name.lower().replace("'", ""))


def _write_house(writer: Writer, house: House, ident: str, attributes: Json) -> None:
    if house.body:
        writer.add(ident, "Building", attributes, _both(writer, house.body))
        return
    writer.add(ident, "Building", attributes, [])
    for name, body in house.parts.items():
        facts = {"name": name, "roofType": body.roof, "measuredHeight": round(body.ridge, 2)}
        writer.add(f"{ident}-{_slug(name)}", "BuildingPart", facts, _both(writer, body), ident)


def _both(writer: Writer, body: Body) -> list[Json]:
    """LoD1: a block as high as half-way up the roof; LoD2: the body."""
    top = body.eaves + (body.ridge - body.eaves) * (0.5 if body.roof not in ("flat", "spire") else 0.0)
    return [writer.solid(block(body.ring, BASE, top), LOW), writer.solid(body.faces, HIGH)]


_SURFACES = {"carriageway": "TrafficArea", "path": "TrafficArea", "square": "TrafficArea",
             "pavement": "AuxiliaryTrafficArea", "water": "WaterSurface"}  # fmt: skip
_GREEN = {"park", "green", "meadow", "wood", "church", "lawn", "detached", "terrace", "slab", "wharf", "garden"}
_USES = {"old": "courtyard", "grid": "courtyard", "terrace": "gardens", "detached": "gardens", "slab": "lawn",
         "wharf": "lawn", "church": "churchyard", "office": "forecourt", "school": "school yard", "hall": "market yard",
         "works": "works yard", "yard": "harbour yard", "harbour": "harbour yard", "lawn": "bank",
         "garden": "courtyard garden"}  # fmt: skip


def _write_ground(plan: Plan, writer: Writer) -> None:
    """One object per street, water, square and lot, of all its faces; the steps between them belong to the higher."""
    faces: dict[tuple[str, str], list[Face]] = {}
    use: dict[tuple[str, str], str] = {}
    for ground in plan.ground:
        key = (_ground_type(ground.kind), ground.owner)
        use.setdefault(key, ground.kind)
        faces.setdefault(key, []).append((level(ground.ring, ground.height), _SURFACES.get(ground.kind, "")))
    quays: list[Face] = []
    rim: list[Face] = []
    for kind, owner, ring in ground_walls(plan.ground):
        if kind == "kerb" and ("Road", owner) in faces:
            faces["Road", owner].append((ring, "AuxiliaryTrafficArea"))
        else:
            (rim if kind == "rim" else quays).append((ring, "WallSurface"))
    for (kind, owner), parts in faces.items():
        geometry = [writer.surfaces(parts, lod) for lod in (LOW, HIGH)]
        writer.add(
            f"{kind.lower()}-{_slug(owner)}", kind, _ground_attributes(kind, owner, use[kind, owner], plan), geometry
        )
    for name, parts in (("Quay walls", quays), ("Model rim", rim)):
        geometry = [writer.surfaces(parts, lod) for lod in (LOW, HIGH)]
        writer.add(_slug(name), "OtherConstruction", {"name": name}, geometry)


def _ground_type(kind: str) -> str:
    if kind in ("carriageway", "pavement", "path"):
        return "Road"
    return {"square": "TransportSquare", "water": "WaterBody"}.get(kind, "PlantCover" if kind in _GREEN else "LandUse")


_CLASSES = {name: kind for name, kind, *_ in STREETS if name}
_ROADS: dict[str, Json] = {
    "main": {"class": "main road", "lanes": 2, "maxSpeed_km_h": 50, "surfaceMaterial": "asphalt"},
    "street": {"class": "street", "lanes": 2, "maxSpeed_km_h": 30, "surfaceMaterial": "asphalt"},
    "lane": {"class": "lane", "lanes": 1, "maxSpeed_km_h": 15, "surfaceMaterial": "cobbles"},
    "path": {"class": "footpath", "surfaceMaterial": "gravel"},
}


def _ground_attributes(kind: str, owner: str, use: str, plan: Plan) -> Json:
    if kind == "Road":
        return {"name": owner, **_ROADS[_CLASSES[owner]]}
    extent = sum(area(g.ring) for g in plan.ground if g.owner == owner and _ground_type(g.kind) == kind)
    facts = {"name": owner, "area_m2": round(extent, 1)}
    return facts if kind in ("WaterBody", "TransportSquare") else {**facts, "function": _USES.get(use, use)}


def _write_bridges(plan: Plan, writer: Writer) -> None:
    names = {ROOF: "OuterFloorSurface", FLOOR: "OuterCeilingSurface"}
    for crossing in plan.crossings:
        ident = _slug(crossing.name)
        facts = {
            "name": crossing.name,
            "width_m": crossing.width,
            "yearOfConstruction": 1786 if crossing.width > 9 else 1911,
        }
        for name, body in bridge_bodies(crossing).items():
            geometry = [writer.solid(body.faces, lod, names) for lod in (LOW, HIGH)]
            if name == "Deck":
                writer.add(ident, "Bridge", facts, geometry)
            else:
                writer.add(f"{ident}-{_slug(name)}", "BridgeInstallation", {"name": name}, geometry, ident)


def _write_things(things: list[Thing], writer: Writer) -> None:
    for name, (low, high) in templates().items():
        writer.template(name, low, high)
    kinds = {"barge": "GenericCityObject"}
    for index, thing in enumerate(things, 1):
        facts: Json = {"function": thing.template, "place": thing.place}
        kind = kinds.get(thing.template, "CityFurniture")
        if thing.template in TREES:
            tree, kind = TREES[thing.template], "SolitaryVegetationObject"
            facts = {
                "species": tree.species,
                "function": tree.common,
                "height": round(tree.height * thing.scale[1], 1),
                "crownDiameter": round(2 * tree.radius * thing.scale[0], 1),
                "place": thing.place,
            }
        point = (thing.point.real, thing.point.imag, thing.height)
        geometry = writer.instances(thing.template, point, thing.scale, thing.turn)
        writer.add(f"{thing.template}-{index:04d}", kind, facts, geometry)


def write_town(path: Path) -> Path:
    """Write the town to ``path`` (folders are made); whole or not at all. The bytes are always the same.

    Raises OSError where the folder cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=path.name, suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(orjson.dumps(build_town()))
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return path


def demo_path() -> Path:
    """The town's file in the user's cache, written on first use and after an update of the generator.

    Where the cache cannot be written it lies in a temporary folder until the program ends.

    Raises:
        LoadError: it can be written nowhere.
    """
    home = os.environ.get("CITIVERSE_HOME")
    folder = Path(home) / "cache" if home else platformdirs.user_cache_path("citiverse", appauthor=False)
    path = folder / "demo" / f"demo-town-{GENERATOR_VERSION}.city.json"
    try:
        return path if path.is_file() else write_town(path)
    except OSError:
        return _temporary_town(path.name)


@cache
def _temporary_town(name: str) -> Path:
    try:
        folder = tempfile.mkdtemp(prefix="citiverse-demo-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        return write_town(Path(folder) / name)
    except OSError as error:
        raise LoadError(
            name,
            f"the demo city cannot be written ({error.strerror}).",
            remedy="Free some space in the folder for temporary files.",
            kind="disk-full",
        ) from error


_CAMERAS: tuple[tuple[str, Vec3, Vec3, float], ...] = (
    ("Overview from the south-west", (70.0, -230.0, 430.0), (575.0, 440.0, -40.0), 40.0),
    ("Old centre", (330.0, 240.0, 150.0), (530.0, 530.0, 8.0), 40.0),
    ("Market square", (478.0, 444.0, 25.0), (532.0, 545.0, 12.0), 58.0),
    ("River and bridge", (470.0, 324.0, 8.0), (560.0, 316.0, 3.0), 52.0),
    ("Grid quarter", (1190.0, 270.0, 300.0), (900.0, 560.0, -20.0), 40.0),
    ("Street view", (470.5, 474.5, 2.6), (496.0, 545.0, 15.0), 62.0),
)


def viewpoints() -> tuple[Viewpoint, ...]:
    """The six cameras of the tour, in world coordinates."""
    return tuple(
        Viewpoint(name, Camera(_world(eye), _world(target), fov_deg=fov)) for name, eye, target, fov in _CAMERAS
    )


def _world(local: Vec3) -> Vec3:
    return (local[0] + ORIGIN[0], local[1] + ORIGIN[1], local[2] + ORIGIN[2])


def demo_state() -> DocumentState:
    """A document of the town with its viewpoints; the file is written if need be."""
    layer = LayerState(id="demo-town", name=TITLE, path=str(demo_path()))
    return DocumentState(title=TITLE, crs="EPSG:7415", layers=(layer,), viewpoints=viewpoints())
