"""Vehicles and people: copies of small templates whose places are rewritten for every picture.

Who is near is drawn as a shape, who is far as a dot. Shapes lie in chunks of 64 copies, so that a kind of which two are
near costs no more than a chunk; the numbers of all copies are one small texture.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from vtkmodules.vtkRenderingCore import vtkTexture

from viewer.render.culling import View
from viewer.render.lit import LitMaterial, Surroundings
from viewer.render.meshes import Draw, Mesh
from viewer.render.mover_shapes import KINDS, kind_of, shape_of
from viewer.render.state import STYLE_WIDTH, MoverSet
from viewer.render.style_texture import make_texture

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]

CHUNK, DOTS = 64, 2048
"""Copies of a template, and dots, per actor."""
NEAR, NEAR_SOFTWARE = 12_000, 1200
"""Movers that are drawn as shapes at most; the nearest are."""
TRAILS, TRAILS_SOFTWARE = 50_000, 4000
"""Movers that have trails at most."""
LEAST_PIXELS = 6.0
"""Length on the screen (points) below which a mover is a dot."""
SHOWN_PIXELS = 11.0
"""Length on the screen that shapes are enlarged to."""
PEOPLE_PIXELS = 5.0
"""The same as `LEAST_PIXELS` for people, by their height."""
DOT_RADIUS = 2.9
TRAIL_WIDTH = 3.0


class _Texels:
    """RGBA32F numbers that are rewritten, in a texture that grows."""

    def __init__(self) -> None:
        self.values: Float32 = np.zeros((STYLE_WIDTH, 4), np.float32)
        self.texture: vtkTexture = make_texture(self.values, STYLE_WIDTH, 1)

    def room(self, count: int) -> Float32:
        """At least so many texels, float32 (C, 4), to be written; `touch` them then."""
        if count > len(self.values):
            rows = 1 << int(np.ceil(np.log2(-(-count // STYLE_WIDTH))))
            self.values = np.zeros((rows * STYLE_WIDTH, 4), np.float32)
            self.texture = make_texture(self.values, STYLE_WIDTH, rows)
        return self.values

    def touch(self) -> None:
        """Have it uploaded with the next picture."""
        image = self.texture.GetInput()
        image.GetPointData().GetScalars().Modified()
        image.Modified()


class Movers:
    """Moving things of one side.

    Args:
        software: True if OpenGL runs on the processor.
        side: 0 for A, 1 for B.
    """

    def __init__(self, software: bool, side: int):
        self._near = NEAR_SOFTWARE if software else NEAR
        self._most_trails = TRAILS_SOFTWARE if software else TRAILS
        sided = {"SIDE": 1} if side else {}
        self._shapes = [LitMaterial("mover", **sided) for _ in KINDS]
        self._dot, self._trail = LitMaterial("mover", DOT=1, **sided), LitMaterial("trail", **sided)
        self._chunks: dict[str, list[Draw]] = {}
        self._firsts: list[int] = []
        self._texels, self._trail_texels = _Texels(), _Texels()
        self._trail_length = 0

    def place(self, movers: MoverSet, view: View, origin: Float64, scale: float) -> tuple[list[Draw], list[Draw]]:
        """Write the places of what is in view. What is drawn, and what of it has to be put into the scene first.

        scale: pixels of the picture per point. Takes about 10 ms for 50,000.
        """
        places = (movers.positions - origin).astype(np.float32)
        kinds = _kinds(movers)
        seen, depth = _seen(view, places)
        lengths = _LENGTHS[kinds[seen]]
        pixel = depth * np.float32(2.0 * view.tan_y / view.height)
        size = lengths / pixel
        near = size >= np.where(kinds[seen] == _PERSON, PEOPLE_PIXELS, LEAST_PIXELS) * scale
        if np.count_nonzero(near) > self._near:
            limit = np.partition(depth[near], self._near)[self._near]
            near &= depth < limit
        enlarged = np.maximum(1.0, SHOWN_PIXELS * scale / np.maximum(size, 1e-6)).astype(np.float32)
        order, counts = _by_kind(kinds[seen], near)
        slots, self._firsts, total = _slots(counts)
        self._write(movers, places, seen[order], np.where(near, enlarged, np.float32(1.0))[order], slots, total)
        shown, new = self._chunks_for(counts)
        trails, more = self._place_trails(movers, seen, depth, origin)
        return shown + trails, new + more

    def dress(self, around: Surroundings, sides: int, line: tuple[float, float], size: tuple[int, int]) -> None:
        """Hand the materials light, textures and numbers. ``size``: pixels of the picture."""
        materials = [*self._shapes, self._dot]
        for material, first in zip(materials, self._firsts or [0] * len(materials), strict=True):
            material.choose(around, SIDES=sides)
            material.light(around)
            material.put_texture("moverTex", self._texels.texture)
            material.program.GetVertexCustomUniforms().SetUniformi("firstCopy", first)
            _put_line(material, line)
        self._trail.choose(around, SIDES=sides)
        self._trail.put_texture("trailTex", self._trail_texels.texture)
        _put_line(self._trail, line)
        for material, name, points in ((self._dot, "dotPixels", DOT_RADIUS), (self._trail, "trailPixels", TRAIL_WIDTH)):
            vertex = material.program.GetVertexCustomUniforms()
            vertex.SetUniform2f("viewportPixels", (float(size[0]), float(size[1])))
            vertex.SetUniformf(name, points * around.scale)
        self._trail.program.GetVertexCustomUniforms().SetUniformi("trailLength", self._trail_length)

    def _write(self, movers: MoverSet, places: Float32, rows: Int64, sizes: Float32, slots: Int64, total: int) -> None:
        texels = self._texels.room(2 * total)[: 2 * total].reshape(-1, 2, 4)
        texels[:, 0, 3] = 0.0  # (chunks have more copies than there are movers)
        headings = movers.headings[rows]
        own = np.zeros((len(rows), 2, 4), np.float32)
        own[:, 0, :3] = places[rows]
        own[:, 0, 3] = sizes
        own[:, 1, 0] = np.cos(headings)
        own[:, 1, 1] = np.sin(headings)
        own[:, 1, 2] = movers.rgb[rows].astype(np.float32) @ _BITS
        own[:, 1, 3] = 0.0 if movers.states is None else movers.states[rows]
        texels[slots] = own
        self._texels.touch()

    def _chunks_for(self, counts: Int64) -> tuple[list[Draw], list[Draw]]:
        """Actors for so many of each kind, and of dots at last; those that are new."""
        shown: list[Draw] = []
        new: list[Draw] = []
        for k, count in enumerate(counts.tolist()):
            name = KINDS[k] if k < len(KINDS) else ""
            have = self._chunks.setdefault(name, [])
            wanted = -(-count // (CHUNK if name else DOTS))
            while len(have) < wanted:
                have.append(_template(name, len(have), self._shapes[k]) if name else _dots(len(have), self._dot))
                new.append(have[-1])
            shown += have[:wanted]
        return shown, new

    def _place_trails(
        self, movers: MoverSet, seen: Int64, depth: Float32, origin: Float64
    ) -> tuple[list[Draw], list[Draw]]:
        trails = movers.trails
        if trails is None or not len(seen) or trails.shape[1] < 1:
            return [], []
        rows = seen
        if len(rows) > self._most_trails:
            rows = seen[np.argpartition(depth, self._most_trails)[: self._most_trails]]
        length = trails.shape[1] + 1
        self._trail_length = length
        name = f"trail {length}"
        have = self._chunks.setdefault(name, [])
        new: list[Draw] = []
        wanted = -(-len(rows) // CHUNK)
        while len(have) < wanted:
            have.append(_trail_mesh(len(have), length, self._trail))
            new.append(have[-1])
        texels = self._trail_texels.room(wanted * CHUNK * length)
        texels[: wanted * CHUNK * length, 3] = -1.0
        own = texels[: len(rows) * length].reshape(-1, length, 4)
        own[:, 0, :3] = movers.positions[rows] - origin
        own[:, 1:, :3] = trails[rows] - origin
        colour = movers.rgb[rows].astype(np.float32) @ _BITS
        own[:, :, 3] = np.where(np.isfinite(own[:, :, 0]), colour[:, None], -1.0)
        np.nan_to_num(own, copy=False)
        own[:, :, 2] += 0.4
        self._trail_texels.touch()
        return have[:wanted], new


_LENGTHS = np.array([shape_of(kind).length for kind in KINDS], np.float32)
_PERSON = KINDS.index("person")
_BITS = np.array([1.0, 256.0, 65536.0], np.float32)


def _kinds(movers: MoverSet) -> npt.NDArray[np.uint8]:
    """uint8 (M,) into `KINDS`."""
    table = np.array([kind_of(name) for name in movers.kind_names] or [0], np.uint8)
    return table[np.minimum(movers.kinds, len(table) - 1)]


def _seen(view: View, places: Float32) -> tuple[Int64, Float32]:
    """Rows of places (M, 3), scene coordinates, that may be in view, and their depth (K,)."""
    away = places - view.eye.astype(np.float32)
    axes = np.stack([view.right, view.up, view.ahead], axis=1).astype(np.float32)
    x, y, depth = (away @ axes).T
    reach = np.float32(40.0)
    inside = (np.abs(x) < depth * np.float32(view.tan_x) + reach) & (np.abs(y) < depth * np.float32(view.tan_y) + reach)
    rows = np.flatnonzero(inside & (depth > 0.1))
    return rows, np.asarray(depth[rows])


def _by_kind(kinds: npt.NDArray[np.uint8], near: npt.NDArray[np.bool_]) -> tuple[Int64, Int64]:
    """Order in which those of a kind follow each other and dots come last; counts int64 (kinds + 1,)."""
    key = np.where(near, kinds, np.uint8(len(KINDS)))
    return np.argsort(key, kind="stable"), np.bincount(key, minlength=len(KINDS) + 1).astype(np.int64)


def _slots(counts: Int64) -> tuple[Int64, list[int], int]:
    """Numbers of the copies in the texture, (sum of counts,): every kind begins a chunk of its own. First number of
    every kind; how many numbers there are."""
    size = np.full(len(counts), CHUNK)
    size[-1] = DOTS
    room = -(-counts // size) * size
    firsts = np.cumsum(room) - room
    slots = np.arange(int(counts.sum())) + np.repeat(firsts - (np.cumsum(counts) - counts), counts)
    return slots, [int(first) for first in firsts], int(room.sum())


def _template(name: str, number: int, material: LitMaterial) -> Draw:
    shape = shape_of(name)
    count = len(shape.positions)
    copy = np.repeat(np.arange(CHUNK) + number * CHUNK, count)
    attribute = np.stack([copy, np.tile(shape.parts, CHUNK)], axis=1).astype(np.float32)
    triangles = (shape.triangles[None] + (np.arange(CHUNK, dtype=np.int32) * count)[:, None, None]).reshape(-1, 3)
    return _draw(np.tile(shape.positions, (CHUNK, 1)), triangles.astype(np.int32), {"copy": attribute}, material)


def _dots(number: int, material: LitMaterial) -> Draw:
    corners = np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]], np.float32)
    copy = np.repeat(np.arange(DOTS) + number * DOTS, 4)
    attribute = np.stack([copy, np.zeros(len(copy))], axis=1).astype(np.float32)
    return _draw(np.tile(corners, (DOTS, 1)), _quads(DOTS), {"copy": attribute}, material)


def _trail_mesh(number: int, length: int, material: LitMaterial) -> Draw:
    pieces = length - 1
    corners = np.array([[0, -1], [0, 1], [1, 1], [1, -1]], np.float32)
    points = np.empty((CHUNK, pieces, 4, 3), np.float32)
    points[..., :2] = corners
    points[..., 2] = np.arange(pieces)[:, None]
    copy = np.repeat(np.arange(CHUNK) + number * CHUNK, pieces * 4).astype(np.float32)
    return _draw(points.reshape(-1, 3), _quads(CHUNK * pieces), {"copy": copy}, material)


def _quads(count: int) -> npt.NDArray[np.int32]:
    first = np.arange(count, dtype=np.int32)[:, None] * 4
    return (first + np.array([0, 1, 2, 0, 2, 3], np.int32)).reshape(-1, 3)


def _draw(
    positions: Float32, triangles: npt.NDArray[np.int32], attributes: dict[str, Float32], material: LitMaterial
) -> Draw:
    zero = np.zeros(3)
    mesh = Mesh(zero, np.zeros(6), positions.astype(np.float32), triangles, attributes, slice(0, len(positions)))
    return Draw(mesh, material, zero)


def _put_line(material: LitMaterial, line: tuple[float, float]) -> None:
    fragment = material.program.GetFragmentCustomUniforms()
    fragment.SetUniformf("swipeX", line[0])
    fragment.SetUniformf("blendShare", line[1])
