"""The demo city, made once for all tests, and helpers: is a body closed?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import mapbox_earcut
import numpy as np
import pytest
import trimesh

from viewer.demo import files as demo
from viewer.demo.files import DemoFiles, demo_files
from viewer.demo.ground import Ground
from viewer.demo.roofs import Body
from viewer.demo.town import Town, make_town


@dataclass
class Making:
    """The demo made anew, in full: where it lies, the town that was written, and the progress that was told."""

    folder: Path
    towns: list[Town] = field(default_factory=list)
    fractions: list[float] = field(default_factory=list)
    cancelled = False

    def report(self, fraction: float, stage: str) -> None:
        assert stage
        self.fractions.append(fraction)


@pytest.fixture(scope="session")
def making(tmp_path_factory: pytest.TempPathFactory) -> Making:
    """One run of the generator, which takes ten seconds, for all tests."""
    made = Making(tmp_path_factory.mktemp("making") / "again")

    def keeping(report: Callable[[float, str], None]) -> Town:
        made.towns.append(make_town(report=report))
        return made.towns[0]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo, "make_town", keeping)
        demo.write_demo(made.folder, made)
    return made


@pytest.fixture(scope="session")
def town(making: Making) -> Town:
    """Everything in the town as it was written."""
    return making.towns[0]


@pytest.fixture(scope="session")
def ground(town: Town) -> Ground:
    """The partition of the ground."""
    return town.ground


@pytest.fixture(scope="session")
def files() -> DemoFiles:
    """The demo's files."""
    return demo_files()


@pytest.fixture(scope="session")
def sound() -> Callable[[Body], trimesh.Trimesh]:
    """Asserts that a body is closed and its faces are plane and of their kinds; returns its mesh."""
    return assert_sound


def mesh_of(body: Body) -> trimesh.Trimesh:
    """The body as triangles, points rounded to millimetres as in the file."""
    numbers: dict[tuple[float, ...], int] = {}
    out = []
    for ring, _ in body.faces:
        points = np.round(np.array(ring), 3)
        turned = np.roll(points, -1, axis=0)
        normal = np.cross(points - points[0], turned - points[0]).sum(axis=0)
        drop = int(np.argmax(np.abs(normal)))
        plan = np.ascontiguousarray(np.delete(points, drop, axis=1))
        rows = mapbox_earcut.triangulate_float64(plan, np.array([len(ring)], np.uint32)).reshape(-1, 3)
        side = np.cross(points[rows[:, 1]] - points[rows[:, 0]], points[rows[:, 2]] - points[rows[:, 0]]).sum(axis=0)
        index = [numbers.setdefault(tuple(p), len(numbers)) for p in points.tolist()]
        out.append(np.array(index)[rows if side @ normal > 0 else rows[:, ::-1]])
    return trimesh.Trimesh(np.array(list(numbers)), np.concatenate(out), process=False, validate=False)


def assert_sound(body: Body) -> trimesh.Trimesh:
    """Closed, consistently turned, flat faces of the right kinds."""
    mesh = mesh_of(body)
    assert mesh.is_watertight and mesh.is_winding_consistent, body.roof
    assert mesh.volume > 0
    for ring, kind in body.faces:
        points = np.array(ring)
        normal = np.cross(points - points[0], np.roll(points, -1, axis=0) - points[0]).sum(axis=0)
        size = np.linalg.norm(normal)
        assert size > 1e-6
        assert np.abs((points - points[0]) @ normal).max() / size < 0.006, (body.roof, kind)
        up = normal[2] / size
        expected = {"RoofSurface": up > 0.05, "WallSurface": abs(up) < 0.18, "GroundSurface": up < -0.99,
                    "OuterCeilingSurface": up < -0.05}  # fmt: skip
        assert expected[kind], up
    assert body.ridge == pytest.approx(mesh.bounds[1][2], abs=1e-3)
    assert body.base < body.eaves <= body.ridge
    return mesh
