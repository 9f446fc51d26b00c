"""Roof forms: closed bodies that face outwards, of the right volume, with roofs above eaves."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from random import Random

import numpy as np
import pytest
import trimesh
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from viewer.demo.dormers import Fixture, dormers, fit
from viewer.demo.envelope import envelope, gabled, half_hip, hip, lathe, pavilion
from viewer.demo.geometry import Ring, area, polygon, rectangle, spin
from viewer.demo.roofs import Body, barrel, flat, gable, mansard, sweep

Sound = Callable[[Body], trimesh.Trimesh]
BOX = rectangle(3 + 4j, spin(0.07), 20.0, 10.0)


@st.composite
def convex(draw: st.DrawFn, corners: int) -> Ring:
    """Convex rings: distinct corners on a stretched circle, well apart, turned."""
    rng = Random(draw(st.integers(0, 10_000)))
    cuts = np.cumsum([rng.uniform(0.5, 1.5) for _ in range(corners)])
    wide, deep, turn = rng.uniform(6, 25), rng.uniform(6, 12), spin(rng.random())
    flat_ring = [spin(float(c / cuts[-1])) for c in cuts]
    return tuple(turn * complex(wide * p.real, deep * p.imag) + 500 + 800j for p in flat_ring)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(convex(4), st.floats(0.3, 2.0))
def test_roofs_over_any_convex_quad_are_closed(sound: Sound, quad: Ring, pitch: float) -> None:
    for body in (hip(quad, -0.3, 6.0, pitch), gabled(quad, -0.3, 6.0, pitch), pavilion(quad, -0.3, 6.0, 2.0)):
        mesh = sound(body)
        assert mesh.volume > area(quad) * 6.3
    sound(half_hip(quad, -0.3, 6.0, pitch))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(3, 9).flatmap(convex))
def test_hips_over_any_convex_ring_are_closed(sound: Sound, ring: Ring) -> None:
    body = hip(ring, 0.0, 5.0, 0.8)
    sound(body)
    assert sum(kind == "RoofSurface" for _, kind in body.faces) == len(ring)


def test_volumes_over_a_rectangle_are_those_of_the_textbook(sound: Sound) -> None:
    prism = 20 * 10 * 6.0
    assert sound(gabled(BOX, 0.0, 6.0, 0.8)).volume == pytest.approx(prism + 20 * 10 * 4 / 2, rel=1e-3)
    assert sound(hip(BOX, 0.0, 6.0, 0.8)).volume == pytest.approx(prism + 4 * (10 * 10 / 3 + 10 * 10 / 2), rel=1e-3)
    assert sound(gabled(BOX, 0.0, 6.0, 0.8)).volume > sound(half_hip(BOX, 0.0, 6.0, 0.8)).volume
    shed = sound(envelope(BOX, 0.0, 3.0, [(0, 0.0, 0.2)], "shed"))
    assert shed.volume == pytest.approx(20 * 10 * 4.0, rel=1e-3)
    assert sound(flat(BOX, 0.0, 6.0, 0.5, 0.4)).volume == pytest.approx(prism + 0.5 * (200 - 19.2 * 9.2), rel=1e-3)


def test_a_pyramid_meets_in_one_point(sound: Sound) -> None:
    body = hip(polygon(10j, 5.0, 6), 0.0, 4.0, 1.0)
    sound(body)
    assert body.ridge == pytest.approx(4.0 + 5 * 3**0.5 / 2, abs=1e-3)


def test_a_plane_below_the_ground_is_refused(sound: Sound) -> None:
    with pytest.raises(ValueError, match="below the ground"):
        envelope(BOX, 0.0, 3.0, [(0, 0.0, -1.0)], "shed")


def test_lathes_are_closed_with_roofs_where_they_lean(sound: Sound) -> None:
    ring = polygon(3j, 4.0, 8)
    spire = lathe(ring, -1.0, [(1.0, 20.0), (0.8, 22.0), (0.0, 40.0)], "spire", 20.0)
    sound(spire)
    assert [k for _, k in spire.faces].count("RoofSurface") == 16
    stump = lathe(ring, -1.0, [(1.0, 9.0), (0.7, 12.0)], "dome", 9.0)
    assert sound(stump).volume == pytest.approx(area(ring) * (10 + (1 + 0.7 + 0.49)), rel=1e-3)


def sides(body: Body) -> list[int]:
    return [k for k, (ring, kind) in enumerate(body.faces) if kind == "RoofSurface"]


@pytest.mark.parametrize("kind", ["dormer", "gablet"])
def test_dormers_add_their_volume_and_keep_the_body_closed(sound: Sound, kind: str) -> None:
    house = sweep(BOX[:2], (BOX[3], BOX[2]), gable(-0.3, 6.0, 11.0), "gable")
    first, second = sides(house)
    full = fit(fit(house, first, dormers(20.0, 3, 1.6, 0.8, 1.4, kind)), second, dormers(20.0, 2, 2.4, 0.5, 1.5, kind))
    assert sound(full).volume > sound(house).volume + 5


def test_chimneys_and_lift_houses_are_cut_into_the_roof(sound: Sound) -> None:
    house = sweep(BOX[:2], (BOX[3], BOX[2]), mansard(0.0, 6.0, 9.0, 10.0), "mansard")
    low, high = sides(house)[0], sides(house)[1]
    out = fit(fit(house, low, dormers(20.0, 4, 1.4, 0.3, 1.6)), high, [Fixture("box", 15.0, 15.7, 1.0, 3.0, 1.8)])
    sound(out)
    assert out.ridge == pytest.approx(12.0)
    block = flat(BOX, 0.0, 30.0, 0.8)
    top = next(k for k in sides(block))
    lift = fit(block, top, [Fixture("box", 4.0, 8.0, 3.0, 2.8, 6.0), Fixture("box", 12.0, 16.0, 3.0, 2.8, 6.0)])
    assert sound(lift).volume == pytest.approx(sound(block).volume + 2 * 4 * 3 * 2.8, rel=1e-3)
    podium = flat(rectangle(0j, 1 + 0j, 40.0, 40.0), 0.0, 8.0)
    tower = fit(podium, sides(podium)[0], [Fixture("tower", 8.0, 28.0, 8.0, 60.0, 28.0)])
    assert sound(tower).volume > 20 * 20 * 55
    assert tower.ridge == pytest.approx(68.0)


def test_blocks_of_lod1_are_prisms_between_eaves_and_ridge(sound: Sound) -> None:
    for body in (
        gabled(BOX, 0.0, 6.0, 0.8),
        flat(BOX, 0.0, 6.0),
        sweep(BOX[:2], (BOX[3], BOX[2]), barrel(0, 6, 3), "b"),
    ):
        heights = {p[2] for ring, _ in body.block for p in ring}
        assert len(heights) == 2 and body.eaves <= max(heights) <= body.ridge


def test_corner_houses_bend_round_the_corner(sound: Sound) -> None:
    front, back = (0j, 20 + 0j, 20 + 20j), (9j, 11 + 9j, 11 + 20j)
    body = sweep(front, back, gable(0.0, 6.0, 11.0), "gable")
    sound(body)
    assert all(abs(b - a) > 1 for a, b in pairwise(body.ring))
