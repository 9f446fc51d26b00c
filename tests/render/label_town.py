"""A small town of boxes with named streets, places, quarters and a river, for the tests of labels."""

from __future__ import annotations

import numpy as np

from loaders.city import (
    CityData,
    Column,
    CrsInfo,
    LineSet,
    LodMesh,
    ObjectTable,
    PointSet,
    Strings,
    SurfaceTable,
    TileSet,
)
from loaders.layers import VectorData, VectorLayer

ORIGIN = np.array([85_000.0, 446_000.0, 0.0])
BLOCK, STREET, BLOCKS = 70.0, 16.0, 8
"""Metres of a block of houses and of a street, and blocks to each side."""
EASTWARD = ["Königsallee", "Lange Straße", "شارع البحر", "Οδός Ερμού", "Набережная улица", "רחוב הרצל", "Church Street"]
NORTHWARD = [
    "Canal Street",
    "Hafenstraße",
    "شارع 26 يوليو",
    "Λεωφόρος Αθηνών",
    "Садовая улица",
    "Rue de l’Église",
    "A12",
]
PLACES = {"Market square": (1.5, 3.5), "محطة القطار": (5.5, 5.5), "Ратуша": (3.5, 1.5), "Πλατεία": (6.5, 2.5)}
QUARTERS = {"Altstadt": (0, 0, 4, 4), "Harbour": (4, 0, 8, 4), "حي الميناء": (0, 4, 4, 8), "Neustadt": (4, 4, 8, 8)}
STEP = BLOCK + STREET
SIZE = BLOCKS * STEP


def text_column(name: str, texts: list[str | None]) -> Column:
    known = sorted({text for text in texts if text is not None})
    codes = np.array([-1 if text is None else known.index(text) for text in texts], np.int32)
    return Column(name, "string", codes, codes >= 0, Strings.from_list(known))


def table(types: list[str], columns: dict[str, Column]) -> ObjectTable:
    names = tuple(dict.fromkeys(types))
    count = len(types)
    codes = np.array([names.index(name) for name in types], np.int16)
    ids = Strings.from_list([f"id-{n}" for n in range(count)])
    return ObjectTable(ids, codes, names, np.zeros(count + 1, np.int64), np.zeros(0, np.int32), columns)


def quads(corners: np.ndarray, rows: np.ndarray, codes: np.ndarray, origin: np.ndarray = ORIGIN) -> TileSet:
    """One tile of quadrangles (Q, 4, 3) with an object row and a surface code each."""
    count = len(corners)
    tags = np.stack([np.repeat(rows, 4), np.repeat(codes, 4)], axis=1).astype(np.float32)
    triangles = (np.arange(count)[:, None, None] * 4 + np.array([(0, 1, 2), (0, 2, 3)])).reshape(-1, 3)
    flat = corners.reshape(-1, 3)
    low, high = (flat.min(axis=0), flat.max(axis=0)) if count else (np.zeros(3), np.zeros(3))
    bounds = np.concatenate([low, high])[None] + np.tile(origin, 2)
    ends = np.array([0, 4 * count], np.int64), np.array([0, 2 * count], np.int64)
    return TileSet(
        origin[None].copy(), bounds, *ends, flat.astype(np.float32), tags, triangles.reshape(-1, 3).astype(np.int32)
    )


def make_city(
    name: str, objects: ObjectTable, mesh: LodMesh, box: np.ndarray, source: VectorData | None = None
) -> CityData:
    surfaces = SurfaceTable(np.zeros(0, np.int16), (), np.zeros(0, np.int32))
    return CityData(name, CrsInfo("EPSG:28992"), box, objects, surfaces, {"": mesh}, source=source)


def whole_box(top: float) -> np.ndarray:
    return np.concatenate([ORIGIN, ORIGIN + np.array([SIZE, SIZE, top])])


def houses(height: float = 14.0) -> CityData:
    """Four houses around the yard of each block, with a name and a height; squares stay free."""
    unit = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 1], [1, 0, 1], [1, 1, 1], [0, 1, 1]], float)
    faces = np.array([[4, 5, 6, 7], [0, 1, 5, 4], [1, 2, 6, 5], [2, 3, 7, 6], [3, 0, 4, 7]])
    free = {(int(x), int(y)) for x, y in PLACES.values()}
    corner, names, heights = [], [], []
    for i in range(BLOCKS):
        for j in range(BLOCKS):
            if (i, j) in free:
                continue
            for k, (u, v) in enumerate(((0, 0), (1, 0), (0, 1), (1, 1))):
                corner.append((i * STEP + 8 + u * 40, j * STEP + 8 + v * 40, 0.0))
                heights.append(height * (0.7 + 0.15 * ((3 * i + 5 * j + k) % 5)))
                names.append(f"House {i}{j}{k}")
    size = np.stack([np.full(len(corner), 30.0), np.full(len(corner), 30.0), np.array(heights)], axis=1)
    boxes = np.array(corner)[:, None, None, :] + (unit[faces][None] * size[:, None, None, :])
    rows = np.repeat(np.arange(len(corner)), 5)
    mesh = LodMesh(
        "", quads(boxes.reshape(-1, 4, 3), rows, np.tile([1, 2, 2, 2, 2], len(corner))), np.ones(len(corner), bool), 1.0
    )
    values = np.array(heights)
    columns = {
        "label": text_column("label", list(names)),
        "height": Column("height", "number", values, np.ones(len(values), np.bool_)),
    }
    return make_city("houses", table(["Building"] * len(corner), columns), mesh, whole_box(2 * height))


def features() -> CityData:
    """Streets (in pieces of one block), places, quarters and a river, as a file of features gives them."""
    lines, types, names = [], [], []
    for number, text in enumerate(EASTWARD, 1):
        for i in range(BLOCKS):
            lines.append([(i * STEP, number * STEP, 0.1), ((i + 1) * STEP, number * STEP, 0.1)])
            names.append(text)
    for number, text in enumerate(NORTHWARD, 1):
        for j in range(BLOCKS):
            pair = [(number * STEP, j * STEP, 0.1), (number * STEP, (j + 1) * STEP, 0.1)]
            lines.append(pair if j % 2 else pair[::-1])
            names.append(text)
    types += ["+streets"] * len(names)
    points = [(x * STEP, y * STEP, 0.0) for x, y in PLACES.values()]
    types += ["+places"] * len(points)
    names += list(PLACES)
    areas = [(np.array(box, float) * STEP).tolist() for box in QUARTERS.values()]
    areas.append([-60.0, -80.0, SIZE, -20.0])
    types += ["+quarters"] * len(QUARTERS) + ["+rivers"]
    names += [*QUARTERS, "Sandrivier"]
    first = len(lines)
    rows = np.arange(len(types))
    path = np.array(lines, np.float32).reshape(-1, 3)
    tags = np.stack([np.repeat(rows[:first], 2), np.zeros(2 * first)], axis=1).astype(np.float32)
    line_set = LineSet(ORIGIN, path, tags, np.arange(0, 2 * first + 1, 2, dtype=np.int64))
    point_rows = rows[first : first + len(points)]
    tags = np.stack([point_rows, np.zeros(len(points))], axis=1).astype(np.float32)
    point_set = PointSet(ORIGIN, np.array(points, np.float32), tags)
    ground = np.array([[(x0, y0, 0), (x1, y0, 0), (x1, y1, 0), (x0, y1, 0)] for x0, y0, x1, y1 in areas], float)
    area_rows = rows[first + len(points) :]
    codes = np.array([16] * len(QUARTERS) + [12])
    tiles = quads(ground - (0.0, 0.0, 0.3), area_rows, codes)
    mesh = LodMesh("", tiles, np.ones(len(types), np.bool_), 1.0, point_set, line_set)
    layers = (VectorLayer("town", ("LineString", "Point", "Polygon"), len(types), CrsInfo("EPSG:28992"), True),)
    columns = {"name": text_column("name", list(names))}
    return make_city("features", table(types, columns), mesh, whole_box(1.0), VectorData(layers))
