"""The nine bindings of values, each as a small scenario on one city of boxes on flat land, with ranges where it can
have them. Of its three places the first is uncertain, the second sure, the third has no range."""

from dataclasses import replace
from pathlib import Path
from runpy import run_path
from types import SimpleNamespace

import numpy as np

from loaders._assemble import Piece, city_of, tile_set
from loaders.api import LoadResult
from loaders.city import CrsInfo, LodMesh, Strings, SurfaceTable
from loaders.layers import VectorData
from loaders.scenario.meshes import face_city, mark_city, node_city, ribbon_city
from loaders.scenario.model import Classes, Grid, Moves, Patch, Result, TimeAxis, Uncertainty, Variable
from viewer.analysis.links import links_of
from viewer.analysis.values_at import Spot
from viewer.document.document import Document
from viewer.document.overlays import overlay_id
from viewer.document.state import LayerState

TESTS = Path(__file__).parents[1]
kit = SimpleNamespace(**run_path(str(TESTS / "session" / "result_kit.py")))
RD = CrsInfo("EPSG:7415")
AT = np.array([85_000.0, 447_000.0, 0.0])
BREAKS = (1.0, 2.0)
VALUES = np.array([1.5, 1.5, 1.5], np.float32)
LOW, HIGH = np.array([0.4, 1.2, np.nan], np.float32), np.array([2.6, 1.8, np.nan], np.float32)
REASON = "One run only"
PLACES = np.array([[20.0, 50.0], [50.0, 50.0], [80.0, 50.0]])
"""Middles of the three places, metres from `AT`; each is 20 m wide."""
BINDINGS = (
    "object", "surface", "polygon", "raster", "water", "faces", "nodes", "points", "marks", "links",
    "trajectories", "patch",
)  # fmt: skip
"""The nine; three of them come in two forms: rasters on the ground and as water, meshes by faces and by nodes,
receivers on walls and alone."""
MARK = 9.0
RANGED = BINDINGS[:-2]
"""Those that can have ranges."""


def variable(name, **more):
    binding = {"water": "raster", "faces": "mesh", "nodes": "mesh", "marks": "points"}.get(name, name)
    made = Variable(
        "v", (("en", "Depth"),), binding, "m", "m", classes=Classes(BREAKS), good="low", zero_is_none=True,
        uncertainty=Uncertainty("minmax"),
    )  # fmt: skip
    return replace(made, **more)


def city():
    """Flat land of 100 m, three boxes of 20 x 20 x 8 m on it whose roofs and walls are surfaces."""
    land = np.array([[0, 0, 0], [100, 0, 0], [100, 100, 0], [0, 100, 0]], float) + AT
    pieces = [Piece(land, np.zeros(4, np.int32), np.array([[0, 1, 2], [0, 2, 3]], np.int32))]
    for number, (x, y) in enumerate(PLACES):
        points = (
            np.array([[i, j, k] for k in (0, 8) for j in (-10, 10) for i in (-10, 10)], float)
            + np.array([x, y, 0])
            + AT
        )
        faces = np.array(
            [
                [4, 5, 7],
                [4, 7, 6],
                [0, 1, 5],
                [0, 5, 4],
                [1, 3, 7],
                [1, 7, 5],
                [3, 2, 6],
                [3, 6, 7],
                [2, 0, 4],
                [2, 4, 6],
            ],
            np.int32,
        )
        pieces.append(Piece(points, np.full(8, number + 1, np.int32), faces))
    tiles, area = tile_set(pieces)
    owner = np.repeat(np.arange(-1, 3), [2, 10, 10, 10]).astype(np.int32)
    mesh = LodMesh("2", replace(tiles, triangle_surface=owner), np.ones(4, np.bool_), area)
    made = city_of("town", RD, ["land", "a", "b", "c"], ["TINRelief", *["Building"] * 3], {}, mesh, VectorData(()))
    return replace(
        made, surfaces=SurfaceTable(np.zeros(3, np.int16), ("WallSurface",), np.arange(1, 4, dtype=np.int32))
    )


def flat():
    """Land alone."""
    land = np.array([[0, 0, 0], [100, 0, 0], [100, 100, 0], [0, 100, 0]], float) + AT
    tiles, area = tile_set([Piece(land, np.zeros(4, np.int32), np.array([[0, 1, 2], [0, 2, 3]], np.int32))])
    return city_of(
        "land", RD, ["land"], ["TINRelief"], {}, LodMesh("2", tiles, np.ones(1, np.bool_), area), VectorData(())
    )


def _squares():
    """Nodes and triangles of three squares at 9 m height, two triangles each."""
    corners = np.array([[-10, -10], [10, -10], [10, 10], [-10, 10]], float)
    nodes = np.concatenate([np.column_stack([corners + place, np.full(4, 9.0)]) for place in PLACES]) + AT
    faces = np.concatenate([np.array([[0, 1, 2], [0, 2, 3]]) + 4 * k for k in range(3)])
    return nodes, faces


def result(name, values=VALUES, low=LOW, high=HIGH, **of_variable):
    """A result of one step with the values at the three places."""
    told = variable(name, **of_variable)
    rows = [None if part is None else np.asarray(part, np.float32) for part in (values, low, high)]

    def steps(change):
        return [None if part is None else change(part)[None] for part in rows]

    names = Strings.from_list(["a", "b", "c"])
    if name == "object":
        return Result(told, kit.STILL, *steps(lambda x: x), ids=names)
    if name == "surface":
        return Result(told, kit.STILL, *steps(lambda x: x), ids=names, surfaces=np.zeros(3, np.int32))
    if name in ("polygon", "faces"):
        nodes, faces = _squares()
        found = steps(lambda x: np.repeat(x, 2))
        ids = Strings.from_list([f"p{k}" for k in range(6)]) if name == "polygon" else None
        return Result(told, kit.STILL, *found, ids=ids, overlay=face_city("m", RD, nodes, faces))
    if name == "nodes":
        nodes, faces = _squares()
        overlay, vertex_rows = node_city("m", RD, nodes, faces)
        return Result(told, kit.STILL, *steps(lambda x: np.repeat(x, 4)), overlay=overlay, vertex_rows=vertex_rows)
    if name in ("raster", "water"):
        grid = Grid((10.0, 0.0, AT[0], 0.0, -10.0, AT[1] + 100.0), 10, 10, RD)
        made = Result(told, kit.STILL, *steps(_cells), grid=grid)
        return replace(made, level=np.where(made.values > 0, made.values, np.nan)) if name == "water" else made
    if name == "links":
        lines = [np.array([[x - 10, y, 9.0], [x + 10, y, 9.0]]) + AT for x, y in PLACES]
        overlay = ribbon_city("m", RD, ["a", "b", "c"], lines, np.full(3, 20.0))
        return Result(told, kit.STILL, *steps(lambda x: x), ids=names, overlay=overlay)
    if name in ("points", "marks"):
        walls = np.array([[x, y - 11.0, 4.0] for x, y in PLACES]) + AT
        owners = names if name == "points" else Strings.from_list([""] * 3)
        return Result(
            told, kit.STILL, *steps(lambda x: x), ids=Strings.from_list(["r1", "r2", "r3"]), places=walls, owners=owners
        )
    if name == "trajectories":
        times = np.tile([kit.START, kit.START + 60.0], 3)
        places = np.repeat(np.column_stack([PLACES, np.full(3, 9.0)]) + AT, 2, axis=0)
        moves = Moves(
            names, np.zeros(3, np.uint8), ("bus",), np.array([0, 2, 4, 6]), times, places, np.repeat(rows[0], 2)
        )
        return Result(told, TimeAxis("instants", times[:2]), np.zeros((0, 0), np.float32), moves=moves)
    patch = Patch(Strings.from_list(["b"]), np.zeros(1), np.zeros(4), Strings.from_list([""] * 4))
    return Result(replace(told, classes=None), kit.STILL, np.zeros((0, 0), np.float32), overlay=city(), patch=patch)


def _cells(three):
    out = np.full((10, 10), np.nan, np.float32)
    for number, (x, _) in enumerate(PLACES):
        column = int(x // 10)
        out[3:7, column - 1 : column + 1] = three[number]
    return out


def put(document, name, made, base):
    """A scenario with one result in a document whose layer is ``base``, with walls or marks as a session makes them."""
    scenario = kit.scenario(name, made)
    kit.add(document, scenario)
    layer = overlay_id(name, "v")
    if made.places is not None:
        grid = links_of(document).facade(made, base)
        names = made.ids.to_list()
        overlay = mark_city("v", RD, names, np.asarray(made.places), MARK) if grid is None else grid.city
        document.provide_scenario(name, scenario, {"v": overlay})
        if grid is not None:
            links_of(document).facades[layer] = grid
    return layer


def document_of(base):
    """A document with one layer."""
    document = Document()
    with document.change("Add") as edit:
        edit.state = replace(edit.state, crs="EPSG:7415")
        edit.add_city(LayerState("a", "Town", "/a.json"), LoadResult(base, "CityJSON", "2.0"))
    return document


def spot(name, place, layer):
    """Where the pointer is on one of the three places: layer, row of the object, row of the surface, position."""
    x, y = (PLACES[place] + AT[:2]).tolist()
    if name in ("raster", "water"):
        return Spot("a", 0, -1, (x, y, 0.0))
    if name in ("object", "surface"):
        return Spot("a", place + 1, place, (x, y, 8.0))
    if name == "trajectories":
        return Spot("a", 0, -1, (x, y, 9.0))
    row = {"polygon": 2 * place, "faces": 2 * place, "nodes": 0, "patch": place + 1}.get(name, place)
    return Spot(layer, row, -1, (x, y - 10.0, 4.0) if name in ("points", "marks") else (x + 1.0, y, 9.0))
