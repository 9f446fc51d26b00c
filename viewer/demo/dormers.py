"""What stands on roofs, cut into them so that the body stays closed: dormers, chimneys, lift houses, towers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from viewer.demo.geometry import dot, unit
from viewer.demo.roofs import ROOF, WALL, Body, Face, Point, at


@dataclass(frozen=True, slots=True)
class Fixture:
    """A thing on a roof face, in metres along its eaves (``left``, ``right``) and away from them in plan (``near``).

    ``kind``: "dormer" (roof running back into the slope), "gablet" (dormer under its own gable), "box" (chimney, lift
    house) or "tower" (box behind a parapet); boxes reach to ``far``. ``height``: a dormer's front above the slope, a
    box's top above the eaves.
    """

    kind: str
    left: float
    right: float
    near: float
    height: float
    far: float = 0.0


class _Frame:
    """A roof face seen from its eaves: points by metres along the eaves, metres away from them and height."""

    def __init__(self, ring: Sequence[Point]) -> None:
        a, b, c = (complex(p[0], p[1]) for p in ring[:3])
        self.start, self.along, self.foot = a, unit(b - a), ring[0][2]
        self.pitch = (ring[2][2] - ring[0][2]) / dot(c - a, self.along * 1j)

    def up(self, away: float) -> float:
        """Height of the roof face."""
        return self.foot + self.pitch * away

    def point(self, x: float, y: float, z: float | None = None) -> Point:
        """A point; on the face without ``z``."""
        return at(self.start + self.along * complex(x, y), self.up(y) if z is None else z)


def fit(body: Body, index: int, fixtures: Sequence[Fixture]) -> Body:
    """The body with fixtures on its face ``index``, a convex roof face with level eaves; none may touch another.

    The face is cut in two along a line through all fixtures, so that no face has a hole.
    """
    if not fixtures:
        return body
    ring = _from_eaves(body.faces[index][0])
    frame = _Frame(ring)
    below: list[Point] = []
    above: list[Point] = [ring[0]]
    extra: list[Face] = []
    top = body.ridge
    ordered = sorted(fixtures, key=lambda f: f.left)
    for k, fixture in enumerate(ordered):
        foot, behind, faces = _MAKERS[fixture.kind](frame, fixture)
        above += [foot[0], *behind] + ([foot[1]] if k < len(ordered) - 1 else [])
        below = [foot[1], foot[0], *below] if k < len(ordered) - 1 else [behind[-1], foot[1], foot[0], *below]
        extra += faces
        top = max(top, *(p[2] for face, _ in faces for p in face))
    faces = list(body.faces)
    faces[index] = ((ring[0], ring[1], ring[2], *below), ROOF)
    return replace(body, faces=(*faces, ((*above, *ring[2:]), ROOF), *extra), ridge=top)


def _from_eaves(ring: Sequence[Point]) -> tuple[Point, ...]:
    """The ring turned so that its lowest level side comes first."""
    count = len(ring)
    k = min(range(count), key=lambda i: (round(ring[i][2] + ring[(i + 1) % count][2], 6), i))
    return (*ring[k:], *ring[:k])


Made = tuple[tuple[Point, Point], list[Point], list[Face]]
"""A fixture's front corners on the roof, the corners behind from left to right, its faces."""


def _dormer(frame: _Frame, f: Fixture) -> Made:
    pitch = 0.12
    top = frame.up(f.near) + f.height
    far = f.near + f.height / (frame.pitch - pitch)
    p, q = frame.point(f.left, f.near), frame.point(f.right, f.near)
    p2, q2 = frame.point(f.left, f.near, top), frame.point(f.right, f.near, top)
    r, s = frame.point(f.right, far), frame.point(f.left, far)
    faces: list[Face] = [((p, q, q2, p2), WALL), ((s, p, p2), WALL), ((q, r, q2), WALL), ((p2, q2, r, s), ROOF)]
    return (p, q), [s, r], faces


def _gablet(frame: _Frame, f: Fixture) -> Made:
    top = frame.up(f.near) + f.height
    middle, ridge = (f.left + f.right) / 2, top + (f.right - f.left) * 0.42
    far, end = f.near + f.height / frame.pitch, f.near + (ridge - frame.up(f.near)) / frame.pitch
    p, q = frame.point(f.left, f.near), frame.point(f.right, f.near)
    p2, q2 = frame.point(f.left, f.near, top), frame.point(f.right, f.near, top)
    r, s = frame.point(f.right, far), frame.point(f.left, far)
    t, back = frame.point(middle, f.near, ridge), frame.point(middle, end)
    faces: list[Face] = [
        ((p, q, q2, t, p2), WALL), ((s, p, p2), WALL), ((q, r, q2), WALL), ((p2, t, back, s), ROOF),
        ((t, q2, r, back), ROOF),
    ]  # fmt: skip
    return (p, q), [s, back, r], faces


def _box(frame: _Frame, f: Fixture) -> Made:
    corners = ((f.left, f.near), (f.right, f.near), (f.right, f.far), (f.left, f.far))
    foot = [frame.point(x, y) for x, y in corners]
    head = [frame.point(x, y, frame.foot + f.height) for x, y in corners]
    faces: list[Face] = [((foot[k], foot[m], head[m], head[k]), WALL) for k, m in ((0, 1), (1, 2), (2, 3), (3, 0))]
    return (foot[0], foot[1]), [foot[3], foot[2]], [*faces, (tuple(head), ROOF)]


def _tower(frame: _Frame, f: Fixture) -> Made:
    rim, parapet = 0.4, 1.1
    front, behind, faces = _box(frame, f)
    head = faces.pop()[0]
    low, high = frame.foot + f.height - parapet, frame.foot + f.height
    corners = ((f.left + rim, f.near + rim), (f.right - rim, f.near + rim), (f.right - rim, f.far - rim),
               (f.left + rim, f.far - rim))  # fmt: skip
    upper = [frame.point(x, y, high) for x, y in corners]
    lower = [frame.point(x, y, low) for x, y in corners]
    for k, m in ((0, 1), (1, 2), (2, 3), (3, 0)):
        faces += [((head[k], head[m], upper[m], upper[k]), ROOF), ((lower[m], lower[k], upper[k], upper[m]), WALL)]
    return front, behind, [*faces, (tuple(lower), ROOF)]


_MAKERS = {"dormer": _dormer, "gablet": _gablet, "box": _box, "tower": _tower}


def dormers(length: float, count: int, width: float, near: float, height: float, kind: str = "dormer") -> list[Fixture]:
    """``count`` equal dormers in equal steps along eaves of a length, metres."""
    step = length / count
    return [Fixture(kind, (k + 0.5) * step - width / 2, (k + 0.5) * step + width / 2, near, height)
            for k in range(count)]  # fmt: skip
