"""A square of flat terrain with one box on it, for rasters and water."""

import numpy as np

from loaders.city import CityData, CrsInfo, LodMesh, ObjectTable, Strings, SurfaceTable, TileSet

SIDE = 100.0


def terrain_city(origin=(0.0, 0.0, 0.0), height=0.0):
    """A TINRelief of 100 x 100 m at a height, and a building of 10 x 10 x 8 m in its middle; world ``origin``."""
    flat = [[0, 0, 0], [SIDE, 0, 0], [SIDE, SIDE, 0], [0, SIDE, 0]]
    roof = [[45, 45, 8], [55, 45, 8], [55, 55, 8], [45, 55, 8]]
    positions = np.array(flat + roof, np.float32) + np.array([0.0, 0.0, height], np.float32)
    tags = np.array([[0, 0]] * 4 + [[1, 1]] * 4, np.float32)
    triangles = np.array([[0, 1, 2], [0, 2, 3], [4, 5, 6], [4, 6, 7]], np.int32)
    origins = np.array([origin], float)
    x, y, z = origin
    bounds = np.array([[x, y, z + height, x + SIDE, y + SIDE, z + height + 8.0]])
    tiles = TileSet(origins, bounds, np.array([0, 8]), np.array([0, 4]), positions, tags, triangles)
    names = ("TINRelief", "Building")
    objects = ObjectTable(
        Strings.from_list(["land", "house"]),
        np.array([0, 1], np.int16),
        names,
        np.zeros(3, np.int64),
        np.zeros(0, np.int32),
    )
    surfaces = SurfaceTable(np.zeros(0, np.int16), (), np.zeros(0, np.int32))
    mesh = LodMesh("1", tiles, np.ones(2, np.bool_), 0.0)
    return CityData("land", CrsInfo("EPSG:7415"), bounds[0], objects, surfaces, {"1": mesh})
