"""Vehicles and people as a few boxes and prisms each, made in code. x ahead, y to the left, z up, metres."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

Float32 = npt.NDArray[np.float32]
Int32 = npt.NDArray[np.int32]

BODY, GLASS, DARK, LIGHT, SKIN = range(5)
"""What a face is: of the mover's colour, a window, tyres and frames, lamps, heads and hands."""
KINDS = ("car", "van", "truck", "bus", "tram", "bicycle", "motorcycle", "person")
_ALIASES = {
    "lorry": "truck",
    "hgv": "truck",
    "trailer": "truck",
    "delivery": "van",
    "coach": "bus",
    "train": "tram",
    "rail": "tram",
    "light_rail": "tram",
    "bike": "bicycle",
    "cyclist": "bicycle",
    "moped": "motorcycle",
    "pedestrian": "person",
    "walk": "person",
    "taxi": "car",
    "passenger": "car",
    "truck_bus": "truck",
}
Box = tuple[float, float, float, float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """A template. Attributes: positions float32 (V, 3); parts float32 (V,); triangles int32 (T, 3); length, metres."""

    positions: Float32
    parts: Float32
    triangles: Int32
    length: float


def kind_of(name: str) -> int:
    """Place in `KINDS` of a kind's name, in any case; a car for unknown ones."""
    plain = name.strip().lower()
    plain = _ALIASES.get(plain, plain)
    return KINDS.index(plain) if plain in KINDS else 0


@cache
def shape_of(kind: str) -> Shape:
    """The template of one of `KINDS`."""
    blocks = _BLOCKS[kind]
    positions, parts, triangles = [], [], []
    count = 0
    for low, high, sides, top in blocks:
        for part, face in _faces(low, high, sides, top):
            positions.append(face)
            parts.append(np.full(4, part))
            triangles.append(np.array([[0, 1, 2], [0, 2, 3]]) + count)
            count += 4
    points = np.concatenate(positions)
    length = float(points[:, 0].max() - points[:, 0].min())
    return Shape(
        points.astype(np.float32),
        np.concatenate(parts).astype(np.float32),
        np.concatenate(triangles).astype(np.int32),
        max(length, float(points[:, 2].max())),
    )


def _faces(low: Box, high: Box, sides: int, top: int) -> list[tuple[int, npt.NDArray[np.float64]]]:
    """Four sides and the top of a block: low is (x0, x1, y0, y1, z, -) of its foot, high that of its top."""
    x0, x1, y0, y1, z, _ = low
    a = np.array([[x0, y0, z], [x1, y0, z], [x1, y1, z], [x0, y1, z]])
    x0, x1, y0, y1, z, _ = high
    b = np.array([[x0, y0, z], [x1, y0, z], [x1, y1, z], [x0, y1, z]])
    made = [(sides, np.stack([a[k], a[(k + 1) % 4], b[(k + 1) % 4], b[k]])) for k in range(4)]
    return [*made, (top, b)]


def _block(
    x: tuple[float, float],
    half: float,
    z: tuple[float, float],
    part: int = BODY,
    top: int | None = None,
    lean: tuple[float, float, float] = (0.0, 0.0, 0.0),
    y: float = 0.0,
) -> tuple[Box, Box, int, int]:
    """A block from x[0] to x[1], ``half`` as wide to each side of y, from z[0] to z[1]; its top is shorter behind,
    in front and on each side by ``lean``."""
    back, front, side = lean
    low = (x[0], x[1], y - half, y + half, z[0], 0.0)
    high = (x[0] + back, x[1] - front, y - half + side, y + half - side, z[1], 0.0)
    return low, high, part, part if top is None else top


def _wheels(xs: tuple[float, ...], half: float, radius: float) -> list[tuple[Box, Box, int, int]]:
    lean = (0.12 * radius, 0.12 * radius, 0.0)
    return [_block((x - radius, x + radius), half, (0.0, 1.6 * radius), DARK, lean=lean) for x in xs]


def _long(length: float, half: float, high: float, wheels: tuple[float, ...]) -> list[tuple[Box, Box, int, int]]:
    """A bus: skirt, band of windows, roof."""
    end = length / 2.0
    return [
        *_wheels(wheels, half - 0.04, 0.48),
        _block((-end, end), half, (0.35, 1.25)),
        _block((-end, end), half, (1.25, 0.74 * high), GLASS, lean=(0.03, 0.12, 0.03)),
        _block((-end + 0.03, end - 0.12), half - 0.03, (0.74 * high, high), lean=(0.1, 0.1, 0.12)),
    ]


def _two_wheeler(length: float, wheel: float, width: float, seat: float) -> list[tuple[Box, Box, int, int]]:
    """A bicycle or motorcycle with its rider."""
    end = length / 2.0
    return [
        _block((-end, -end + 2 * wheel), width, (0.0, 2 * wheel), DARK, lean=(0.2 * wheel, 0.2 * wheel, 0.0)),
        _block((end - 2 * wheel, end), width, (0.0, 2 * wheel), DARK, lean=(0.2 * wheel, 0.2 * wheel, 0.0)),
        _block((-end + wheel, end - wheel), 1.4 * width, (1.3 * wheel, seat), lean=(0.1, 0.1, 0.0)),
        _block((end - 1.6 * wheel, end - 1.3 * wheel), 0.28, (seat + 0.05, seat + 0.15), DARK),
        _block((-0.25, 0.15), 0.17, (seat - 0.45, seat + 0.1), DARK),
        _block((-0.30, 0.10), 0.22, (seat + 0.05, seat + 0.62), lean=(0.22, -0.12, 0.03)),
        _block((-0.02, 0.20), 0.10, (seat + 0.64, seat + 0.88), SKIN, lean=(0.03, 0.03, 0.02)),
    ]


_BLOCKS: dict[str, list[tuple[Box, Box, int, int]]] = {
    "car": [
        *_wheels((-1.35, 1.35), 0.84, 0.32),
        _block((-2.2, 2.2), 0.9, (0.30, 0.82), lean=(0.10, 0.28, 0.06)),
        _block((-1.95, 1.05), 0.84, (0.82, 1.44), GLASS, BODY, lean=(0.35, 0.75, 0.16)),
        _block((2.02, 2.16), 0.72, (0.52, 0.66), LIGHT),
    ],
    "van": [
        *_wheels((-1.6, 1.7), 0.92, 0.36),
        _block((-2.6, 2.6), 1.0, (0.32, 1.10), lean=(0.02, 0.30, 0.0)),
        _block((-2.58, 2.30), 1.0, (1.10, 2.30), lean=(0.03, 0.95, 0.08)),
        _block((1.30, 2.22), 1.01, (1.15, 1.85), GLASS, lean=(0.15, 0.62, 0.05)),
    ],
    "truck": [
        *_wheels((-3.2, -2.0, 3.2), 1.15, 0.50),
        _block((-4.6, 4.6), 1.1, (0.55, 0.95), DARK),
        _block((-4.6, 2.3), 1.25, (0.95, 3.70)),
        _block((2.55, 4.6), 1.22, (0.60, 1.75), lean=(0.0, 0.08, 0.0)),
        _block((2.55, 4.52), 1.22, (1.75, 2.70), GLASS, BODY, lean=(0.0, 0.25, 0.05)),
    ],
    "bus": _long(12.0, 1.27, 3.05, (-3.4, 3.6)),
    "tram": [
        *[
            block
            for middle in (-10.0, 0.0, 10.0)
            for block in [
                _block((middle - 2.2, middle + 2.2), 1.0, (0.05, 0.5), DARK),
                _block((middle - 4.7, middle + 4.7), 1.2, (0.35, 1.2)),
                _block((middle - 4.7, middle + 4.7), 1.2, (1.2, 2.5), GLASS, lean=(0.12, 0.12, 0.03)),
                _block((middle - 4.6, middle + 4.6), 1.17, (2.5, 3.35), lean=(0.25, 0.25, 0.15)),
            ]
        ],
        _block((-5.3, -4.7), 1.0, (0.4, 3.2), DARK),
        _block((4.7, 5.3), 1.0, (0.4, 3.2), DARK),
        _block((-0.6, 0.6), 0.8, (4.1, 4.2), DARK),
    ],
    "bicycle": _two_wheeler(1.75, 0.34, 0.035, 0.95),
    "motorcycle": _two_wheeler(2.1, 0.32, 0.09, 0.85),
    "person": [
        _block((-0.12, 0.12), 0.09, (0.0, 0.85), DARK, y=0.10),
        _block((-0.12, 0.12), 0.09, (0.0, 0.85), DARK, y=-0.10),
        _block((-0.14, 0.14), 0.20, (0.80, 1.48), lean=(0.0, 0.0, -0.05)),
        _block((-0.10, 0.10), 0.09, (1.52, 1.78), SKIN, lean=(0.03, 0.03, 0.02)),
    ],
}
