"""Cities of polygons for walking: houses, terrain, kerbs, stairs, a bridge over water, walls with openings."""

from itertools import pairwise

import numpy as np

from loaders.city import SURFACE_CODES, CityData, CrsInfo, LodMesh, ObjectTable, Strings, SurfaceTable, TileSet
from viewer.analysis.collision import CollisionWorld
from viewer.analysis.soup import Shapes


class Town:
    """Collects triangles of objects by type; `city` makes a `CityData` of them, cut into tiles of 400 triangles."""

    def __init__(self, origin=(85000.0, 447000.0, 0.0)):
        self.origin = np.array(origin)
        self.types, self.triangles, self.tags = [], [], []

    def add(self, kind, polygons, code=""):
        """An object of convex polygons [(x, y, z), ...] with one surface type."""
        row = len(self.types)
        self.types.append(kind)
        for polygon in polygons:
            for k in range(1, len(polygon) - 1):
                self.triangles.append((polygon[0], polygon[k], polygon[k + 1]))
                self.tags.append((row, SURFACE_CODES[code]))
        return row

    def box(self, x0, y0, x1, y1, z0, z1, kind="Building", inward=False, bottom=True):
        a, b, c, d = (x0, y0), (x1, y0), (x1, y1), (x0, y1)
        up = [[(*p, z0), (*q, z0), (*q, z1), (*p, z1)] for p, q in ((a, b), (b, c), (c, d), (d, a))]
        faces = [*up, [(*p, z1) for p in (a, b, c, d)]] + ([[(*p, z0) for p in (d, c, b, a)]] if bottom else [])
        return self.add(kind, [face[::-1] for face in faces] if inward else faces)

    def terrain(self, x0, y0, x1, y1, height, step=4.0):
        """A grid of terrain; ``height(x, y)`` in metres."""
        xs, ys = np.arange(x0, x1 + 1e-9, step), np.arange(y0, y1 + 1e-9, step)
        corner = [[(float(x), float(y), float(height(x, y))) for x in xs] for y in ys]
        faces = []
        for j in range(len(ys) - 1):
            for i in range(len(xs) - 1):
                a, b, c, d = corner[j][i], corner[j][i + 1], corner[j + 1][i + 1], corner[j + 1][i]
                faces += [[a, b, c], [a, c, d]]
        return self.add("TINRelief", faces)

    def city(self):
        corners = np.array(self.triangles, float)
        count, size = len(corners), 400
        tiles = range(0, count, size)
        origins, bounds, positions = [], [], []
        for first in tiles:
            part = corners[first : first + size].reshape(-1, 3)
            middle = np.floor(part.mean(axis=0))
            origins.append(middle + self.origin)
            positions.append((part - middle).astype(np.float32))
            bounds.append(np.concatenate([part.min(axis=0), part.max(axis=0)]) + np.tile(self.origin, 2))
        ends = np.array([*tiles, count], np.int64)
        index = np.concatenate([np.arange(3 * (b - a)) for a, b in pairwise(ends)])
        tags = np.repeat(np.array(self.tags, np.float32), 3, axis=0)
        positions = np.concatenate(positions)
        parts = 3 * ends, ends, positions, tags, index.reshape(-1, 3).astype(np.int32)
        mesh = LodMesh("2", TileSet(np.array(origins), np.array(bounds), *parts), np.ones(len(self.types), bool), 1.0)
        names = tuple(dict.fromkeys(self.types))
        n = len(self.types)
        codes = np.array([names.index(t) for t in self.types], np.int16)
        ids = Strings.from_list([f"o{k}" for k in range(n)])
        objects = ObjectTable(ids, codes, names, np.zeros(n + 1, np.int64), np.zeros(0, np.int32))
        box = np.array(bounds)
        bbox = np.concatenate([box[:, :3].min(axis=0), box[:, 3:].max(axis=0)])
        surfaces = SurfaceTable(np.zeros(0, np.int16), (), np.zeros(0, np.int32))
        return CityData("town", CrsInfo("EPSG:7415"), bbox, objects, surfaces, {"2": mesh})

    def world(self):
        city = self.city()
        return CollisionWorld([Shapes(city, np.ones(len(city.objects), np.uint8))])

    def house_rays(self):
        if not hasattr(self, "_houses"):
            kept = zip(self.triangles, self.tags, strict=True)
            self._houses = rays_of([t for t, (row, _) in kept if self.types[row] == "Building"])
        return self._houses

    def at(self, x, y, z=0.0):
        """A local point in world coordinates."""
        return tuple(float(v) for v in self.origin + np.array([x, y, z]))

    def local(self, point):
        return tuple(np.asarray(point) - self.origin)


def quarter(seed=0, terrain=True):
    """Houses on a hilly ground with streets between, a canal with a bridge, stairs, thin and inward walls."""
    dice = np.random.default_rng(seed)
    town = Town()

    def ground(x, y):
        return 0.0 if 36 <= x <= 64 or not terrain else 1.5 * np.sin(x / 25.0) * np.sin(y / 31.0)

    if terrain:
        town.terrain(-40, -40, 40, 120, ground)
        town.terrain(56, -40, 120, 120, ground)
    else:
        town.add("Road", [[(36, -40, 0), (40, -40, 0), (40, 120, 0), (36, 120, 0)]], "TrafficArea")
    water = [[(40, -40, -1.5), (56, -40, -1.5), (56, 120, -1.5), (40, 120, -1.5)]]
    town.add("WaterBody", water, "WaterSurface")
    deck = [[(38, 38, 0.2), (58, 38, 0.2), (58, 42, 0.2), (38, 42, 0.2)]]
    under = [[(x, y, -0.2) for x, y, _ in deck[0]][::-1]]
    rails = [[(40, y, 0.2), (56, y, 0.2), (56, y, 1.2), (40, y, 1.2)] for y in (38, 42)]
    town.add("Bridge", deck + under + rails)
    for i in range(4):
        for j in range(5):
            x, y = -36 + i * 17 + dice.uniform(0, 3), -30 + j * 22 + dice.uniform(0, 3)
            w, d = dice.uniform(6, 11), dice.uniform(6, 12)
            z = min(ground(x, y), ground(x + w, y + d)) - 0.5
            town.box(x, y, x + w, y + d, z, z + dice.uniform(3, 15), inward=bool(dice.integers(2)))
    for k in range(6):  # stairs of 0.18 m
        town.box(70 + 0.3 * k, 0, 75, 3, -1.5, 0.18 * (k + 1), "OtherConstruction")
    town.add("OtherConstruction", [[(90, 0, -2), (90, 30, -2), (90, 30, 4), (90, 0, 4)]])
    return town


def rays_of(triangles):
    """``rays(start, end)`` -> heights where a line meets the triangles (N, 3, 3), in order, by VTK's cell locator."""
    from vtkmodules.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray
    from vtkmodules.vtkCommonCore import vtkIdList, vtkPoints
    from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData, vtkStaticCellLocator

    corners = np.array(triangles, float).reshape(-1, 3)
    points, cells = vtkPoints(), vtkCellArray()
    points.SetData(numpy_to_vtk(corners, deep=True))
    ends = numpy_to_vtkIdTypeArray(np.arange(0, len(corners) + 1, 3), deep=True)
    cells.SetData(ends, numpy_to_vtkIdTypeArray(np.arange(len(corners)), deep=True))
    mesh, locator = vtkPolyData(), vtkStaticCellLocator()
    mesh.SetPoints(points)
    mesh.SetPolys(cells)
    locator.SetDataSet(mesh)
    locator.BuildLocator()

    def rays(start, end, keep=mesh):
        met, ids = vtkPoints(), vtkIdList()
        locator.IntersectWithLine(start, end, 1e-9, met, ids)
        return [met.GetPoint(k)[2] for k in range(met.GetNumberOfPoints())]

    return rays
