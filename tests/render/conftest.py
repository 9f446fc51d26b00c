"""Cities of boxes, and an off-screen view that every test gets fresh."""

import numpy as np
import pytest

from loaders.city import CityData, CrsInfo, LodMesh, ObjectTable, Strings, SurfaceTable, TileSet
from viewer.document.state import Camera
from viewer.render.state import LayerLook, RenderState

FACES = np.array(
    [
        [0, 3, 2, 1],
        [4, 5, 6, 7],
        [0, 1, 5, 4],
        [1, 2, 6, 5],
        [2, 3, 7, 6],
        [3, 0, 4, 7],
    ]
)
CODES = np.array([3, 1, 2, 2, 2, 2])


def make_box_city(
    n=9, *, origin=(0.0, 0.0, 0.0), spacing=20.0, side=12.0, height=10.0, per_tile=4, lods=("1",), semantic=True
):
    """n boxes on a square grid, row by row, tiles of ``per_tile`` boxes; each LoD is 1.5 times as high as the last."""
    grid = int(np.ceil(np.sqrt(n)))
    corner = np.stack([np.arange(n) % grid, np.arange(n) // grid, np.zeros(n)], axis=1) * spacing
    meshes = {}
    for k, lod in enumerate(lods):
        size = np.array([side, side, height * 1.5**k])
        meshes[lod] = LodMesh(
            lod,
            box_tiles(corner, size, np.asarray(origin, float), per_tile, semantic),
            np.ones(n, np.bool_),
            float(n * (2 * side * side + 4 * side * size[2])),
        )
    top = np.add(corner.max(axis=0), (side, side, height * 1.5 ** (len(lods) - 1)))
    bbox = np.concatenate([np.asarray(origin, float), np.asarray(origin, float) + top])
    ids = Strings.from_list([f"box-{i}" for i in range(n)])
    objects = ObjectTable(ids, np.zeros(n, np.int16), ("Building",), np.zeros(n + 1, np.int64), np.zeros(0, np.int32))
    surfaces = SurfaceTable(
        np.tile(np.arange(6), n).astype(np.int16) * 0, ("RoofSurface",), np.repeat(np.arange(n), 6).astype(np.int32)
    )
    return CityData("boxes", CrsInfo("EPSG:7415"), bbox, objects, surfaces, meshes)


def box_tiles(corner, size, origin, per_tile, semantic=True):
    n = len(corner)
    unit = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 1], [1, 0, 1], [1, 1, 1], [0, 1, 1]], float)
    quads = (unit * size)[FACES]  # 6, 4, 3
    first = np.arange(0, n, per_tile)
    count = np.diff(np.append(first, n))
    tile_origin = corner[first]
    local = corner - np.repeat(tile_origin, count, axis=0)
    positions = (local[:, None, None, :] + quads).reshape(-1, 3).astype(np.float32)
    tags = np.empty((n, 6, 4, 2), np.float32)
    tags[..., 0] = np.arange(n)[:, None, None]
    tags[..., 1] = CODES[:, None] if semantic else 0
    within = np.arange(n) - np.repeat(first, count)
    two = np.arange(6)[:, None] * 4 + np.array([0, 1, 2, 0, 2, 3])  # 6, 6
    triangles = (within[:, None, None] * 24 + two).reshape(-1, 3).astype(np.int32)
    ends = np.append(first, n).astype(np.int64)
    low = np.minimum.reduceat(corner, first) + origin
    high = np.maximum.reduceat(corner, first) + origin + size
    surface = np.repeat(np.arange(n * 6), 2).astype(np.int32)
    return TileSet(
        tile_origin + origin,
        np.hstack([low, high]),
        ends * 24,
        ends * 12,
        positions,
        tags.reshape(-1, 2),
        triangles,
        surface if semantic else None,
    )


def make_look(
    city, layer_id="boxes", *, mode="surface", lod=0, rgb=None, hidden=(), selected=(), theme=None, visible=True
):
    n = len(city.objects)
    texels = np.zeros((n, 4), np.uint8)
    texels[:, :3] = (210, 210, 210) if rgb is None else rgb
    texels[:, 3] = lod + 1
    texels[list(hidden), 3] = 0
    return LayerLook(layer_id, visible, texels, mode, (lod,), theme, np.asarray(selected, np.int64))


def camera_on(city, distance=1.6, pitch=35.0, azimuth=45.0):
    low, high = city.bbox[:3], city.bbox[3:]
    middle = (low + high) / 2
    radius = float(np.linalg.norm(high - low)) / 2
    p, a = np.radians(pitch), np.radians(azimuth)
    back = np.array([-np.sin(a) * np.cos(p), -np.cos(a) * np.cos(p), np.sin(p)])
    return Camera(tuple(middle + back * radius * distance / np.tan(np.radians(20))), tuple(middle))


def top_camera(city, height=200.0):
    middle = (city.bbox[:3] + city.bbox[3:]) / 2
    return Camera(tuple(middle + np.array([0, 0, height])), tuple(middle), (0.0, 1.0, 0.0))


def make_state(city, *looks, camera=None):
    return RenderState(camera or camera_on(city), looks or (make_look(city),))


@pytest.fixture
def box_city():
    return make_box_city


@pytest.fixture
def look():
    return make_look


@pytest.fixture
def state():
    return make_state


@pytest.fixture
def cameras():
    return camera_on, top_camera


@pytest.fixture
def view():
    """A 320 x 240 off-screen view."""
    from viewer.render.offscreen import OffscreenView

    made = OffscreenView(320, 240)
    yield made
    made.close()
