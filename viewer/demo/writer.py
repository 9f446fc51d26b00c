"""CityJSON 2.0 from the demo town's parts: integer vertices, semantic surfaces, two LoDs, geometry templates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import atan2, degrees, hypot
from typing import Any

import numpy as np
import numpy.typing as npt

from viewer.demo.roofs import Face, Point

ORIGIN = (143_000.0, 498_500.0, 0.0)
"""World coordinates of the town's origin: RD New easting, northing, NAP (EPSG:7415)."""
SCALE = 0.001
LOW, HIGH = "1.2", "2.2"
"""The two levels of detail that every object has."""

Json = dict[str, Any]


class Writer:
    """Collects city objects and their shared vertices."""

    def __init__(self) -> None:
        self.objects: Json = {}
        self._vertices: dict[tuple[int, int, int], int] = {}
        self._templates: list[Json] = []
        self._template_vertices: list[list[float]] = []
        self._template_rows: dict[str, tuple[int, int]] = {}

    def vertex(self, point: Point) -> int:
        """Index of a point, rounded to whole millimetres; equal points share one index."""
        key = (round(point[0] / SCALE), round(point[1] / SCALE), round(point[2] / SCALE))
        return self._vertices.setdefault(key, len(self._vertices))

    def indices(self, points: npt.NDArray[np.float64]) -> list[int]:
        """Indices of many points (N, 3), as `vertex` gives them."""
        keys = np.rint(points / SCALE).astype(np.int64)
        unique, inverse = np.unique(keys, axis=0, return_inverse=True)
        known, rows = self._vertices, []
        for x, y, z in unique.tolist():
            rows.append(known.setdefault((x, y, z), len(known)))
        return [int(v) for v in np.array(rows)[inverse.ravel()]]

    def add(self, ident: str, kind: str, attributes: Json, geometry: list[Json], parent: str | None = None) -> None:
        """Add a city object, and enter it with its parent; ValueError for an id already taken."""
        if ident in self.objects:
            raise ValueError(f"two objects named {ident}")
        entry: Json = {"type": kind}
        if attributes:
            entry["attributes"] = attributes
        if geometry:
            entry["geometry"] = geometry
        if parent is not None:
            entry["parents"] = [parent]
            self.objects[parent].setdefault("children", []).append(ident)
        self.objects[ident] = entry

    def solid(self, faces: Iterable[Face], lod: str, names: dict[str, str] | None = None) -> Json:
        """A solid of one shell; roof faces carry slope and azimuth. ``names`` replaces surface types."""
        boundaries, semantics = self._surfaces(faces, names or {})
        semantics["values"] = [semantics["values"]]
        return {"type": "Solid", "lod": lod, "boundaries": [boundaries], "semantics": semantics}

    def surfaces(self, faces: Iterable[Face], lod: str) -> Json:
        """A MultiSurface; without semantics if no face names a surface type."""
        boundaries, semantics = self._surfaces(faces, {})
        out: Json = {"type": "MultiSurface", "lod": lod, "boundaries": boundaries}
        if semantics["surfaces"]:
            out["semantics"] = semantics
        return out

    def _surfaces(self, faces: Iterable[Face], names: dict[str, str]) -> tuple[list[Any], Json]:
        boundaries: list[Any] = []
        surfaces: list[Json] = []
        shared: dict[str, int] = {}
        values: list[int | None] = []
        seen: dict[Point, int] = {}
        for ring, kind in faces:
            row = []
            for point in ring:
                index = seen.get(point)
                if index is None:
                    index = seen[point] = self.vertex(point)
                row.append(index)
            boundaries.append([row])
            name = names.get(kind, kind)
            if not name:
                values.append(None)
            elif name == "RoofSurface":
                values.append(len(surfaces))
                surfaces.append({"type": name, **_lie(ring)})
            else:
                if name not in shared:
                    shared[name] = len(surfaces)
                    surfaces.append({"type": name})
                values.append(shared[name])
        return boundaries, {"surfaces": surfaces, "values": values}

    def template(self, name: str, low: Sequence[Face], high: Sequence[Face]) -> None:
        """Add a template in both LoDs."""
        rows = []
        for faces, lod in ((low, LOW), (high, HIGH)):
            local: dict[Point, int] = {}
            start = len(self._template_vertices)
            boundaries = [[[start + local.setdefault(_near(p), len(local)) for p in ring]] for ring, _ in faces]
            self._template_vertices += [list(p) for p in local]
            rows.append(len(self._templates))
            self._templates.append({"type": "MultiSurface", "lod": lod, "boundaries": boundaries})
        self._template_rows[name] = (rows[0], rows[1])

    def instances(self, name: str, point: int, matrix: list[float]) -> list[Json]:
        """The template in both LoDs at a vertex, under a 4 x 4 matrix (16 numbers, row by row)."""
        return [
            {"type": "GeometryInstance", "template": row, "boundaries": [point], "transformationMatrix": matrix}
            for row in self._template_rows[name]
        ]

    def city(self, metadata: Json) -> Json:
        """The whole CityJSON object."""
        points = list(self._vertices)
        table = np.array(points, np.int64)
        low, high = ((end * SCALE + np.array(ORIGIN)).tolist() for end in (table.min(axis=0), table.max(axis=0)))
        return {
            "type": "CityJSON",
            "version": "2.0",
            "transform": {"scale": [SCALE] * 3, "translate": list(ORIGIN)},
            "metadata": {**metadata, "geographicalExtent": [round(v, 3) for v in (*low, *high)]},
            "CityObjects": self.objects,
            "vertices": points,
            "geometry-templates": {"templates": self._templates, "vertices-templates": self._template_vertices},
        }


def _near(point: Point) -> Point:
    return (round(point[0], 4) + 0.0, round(point[1], 4) + 0.0, round(point[2], 4) + 0.0)


def _newell(ring: Sequence[Point]) -> list[float]:
    """Newell's normal, its length twice the area."""
    n = [0.0, 0.0, 0.0]
    for a, b in zip(ring, (*ring[1:], ring[0]), strict=True):
        n[0] += (a[1] - b[1]) * (a[2] + b[2])
        n[1] += (a[2] - b[2]) * (a[0] + b[0])
        n[2] += (a[0] - b[0]) * (a[1] + b[1])
    return n


def _lie(ring: Sequence[Point]) -> Json:
    """Slope and azimuth (clockwise from north; none for flat) of a roof face, degrees."""
    (ax, ay, az), (bx, by, bz), (cx, cy, cz) = ring[:3]
    ux, uy, uz, vx, vy, vz = bx - ax, by - ay, bz - az, cx - ax, cy - ay, cz - az
    n = [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx]
    if n[2] < 0.05:  # the first corner is nearly straight, or turns inwards
        n = _newell(ring)
    slope = degrees(atan2(hypot(n[0], n[1]), n[2]))
    if slope < 0.5:
        return {"slope_deg": 0.0}
    return {"slope_deg": round(slope, 1), "azimuth_deg": round(degrees(atan2(n[0], n[1])) % 360, 1)}
