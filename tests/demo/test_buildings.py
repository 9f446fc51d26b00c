"""Houses of every quarter: closed, inside their lot, off each other, on their ground, the same for the same seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import get_args

import numpy as np
import pytest
import shapely
import trimesh
from shapely.geometry import Polygon

from viewer.demo.buildings import build_lot
from viewer.demo.envelope import hip
from viewer.demo.geometry import Ring, polygon, rectangle, spin
from viewer.demo.house import DEEP, FOOT, House, settle
from viewer.demo.lots import Lot, Use
from viewer.demo.plan import make_plan
from viewer.demo.roofs import Body
from viewer.demo.rows import drawn_in, pieces, plots, rows_of

Sound = Callable[[Body], trimesh.Trimesh]

SHAPES: dict[str, tuple[Ring, str]] = {
    "box": (rectangle(200 + 300j, spin(0.04), 130.0, 95.0), "SSSS"),
    "small": (rectangle(0j, spin(0.3), 46.0, 34.0), "SSSS"),
    "chamfered": ((0j, 70 + 0j, 73 + 3j, 90 + 70j, 0 + 60j), "SSSSS"),
    "wedge": ((0j, 120 + 10j, 118 + 14j, 10 + 75j), "SSSS"),
    "curved": (tuple(80 * spin(k / 24) for k in range(24)), "S" * 24),
    "concave": ((0j, 110 + 0j, 110 + 90j, 62 + 90j, 58 + 52j, 0 + 50j), "SSSSSS"),
    "waterside": (rectangle(500j, 1 + 0j, 240.0, 120.0), "SS S"),
    "open": (rectangle(5j, spin(0.9), 150.0, 110.0), "S   "),
}
BUILT = [use for use in get_args(Use) if use not in ("pond", "green", "wood", "field", "meadow", "bank")]


def slope(point: complex) -> float:
    """Ground that rises by 1 in 12."""
    return 3.0 + 0.08 * point.real + 0.02 * point.imag


def lot(use: Use, shape: str = "box", ground: Callable[[complex], float] = lambda _: 2.5) -> Lot:
    ring, sides = SHAPES[shape]
    streets = tuple(f"Street {k}" if s == "S" else "" for k, s in enumerate(sides))
    return Lot(f"{use} {shape}", "Quarter", use, ring, streets, tuple("street" if s else "" for s in streets), ground)


def plan(ring: Ring) -> Polygon:
    return Polygon([(p.real, p.imag) for p in ring])


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("use", BUILT)
def test_houses_stay_inside_their_lot_and_apart(use: Use, shape: str) -> None:
    site = lot(use, shape)
    houses = build_lot(site, 1)
    shapes = [plan(b.ring) for h in houses for b in h.bodies]
    assert all(s.is_valid and s.area > 1 for s in shapes)
    outline = plan(site.ring).buffer(0.02)
    assert all(outline.contains(s) for s in shapes)
    tree = shapely.STRtree(np.array(shapes, object))
    for i, j in zip(*tree.query(np.array(shapes, object), predicate="intersects"), strict=True):
        if i < j:
            common = shapes[i].intersection(shapes[j])
            assert common.area < 0.02 + 0.006 * common.length, (use, shape)


@pytest.mark.parametrize("use", BUILT)
def test_bodies_are_closed_and_stand_in_sloping_ground(use: Use, sound: Sound) -> None:
    for shape in ("box", "chamfered", "waterside"):
        for house in build_lot(lot(use, shape, slope), 3):
            assert house.ground == pytest.approx(slope(house.door), abs=0.01) if house.door else house.ground > -9
            for body in house.bodies:
                sound(body)
                lowest = min(slope(p) for p in body.ring)
                assert body.base <= lowest - DEEP + 0.01
                assert min(p[2] for ring, _ in body.faces for p in ring) == body.base != FOOT
                assert body.eaves > max(body.base + 1.0, house.ground + 1.0)


@pytest.mark.parametrize("use", BUILT)
def test_the_same_seed_gives_the_same_houses(use: Use) -> None:
    assert build_lot(lot(use), 5) == build_lot(lot(use), 5)


def test_another_seed_gives_other_houses() -> None:
    assert build_lot(lot("old"), 5) != build_lot(lot("old"), 6)


def houses_of(use: Use, shape: str = "box", seed: int = 1) -> list[House]:
    return [h for h in build_lot(lot(use, shape), seed) if not h.outbuilding]


def test_quarters_are_as_dense_and_as_high_as_they_should_be() -> None:
    height = {use: np.median([max(b.ridge for b in h.bodies) - h.ground for h in houses_of(use)])
              for use in ("villa", "terrace", "old", "grid", "slab")}  # fmt: skip
    assert height["villa"] < height["terrace"] < height["old"] < height["grid"] < height["slab"]
    count = {use: len(houses_of(use)) for use in ("slab", "villa", "grid", "terrace", "old")}
    assert count["slab"] < count["villa"] < count["grid"] < count["old"]
    assert count["terrace"] > count["villa"]
    assert len(build_lot(lot("allotments"), 1)) > 35


def test_closed_blocks_have_no_needless_gaps() -> None:
    for use in ("old", "grid"):
        ring = SHAPES["box"][0]
        front = plan(ring).exterior
        built = shapely.union_all([plan(b.ring).buffer(0.02) for h in houses_of(use) for b in h.bodies])
        assert built.buffer(0.05).intersection(front).length > 0.85 * front.length, use


def test_roofs_have_all_the_forms() -> None:
    forms = {b.roof for use in BUILT for k in (1, 2) for h in build_lot(lot(use), k) for b in h.bodies}
    assert forms >= {"gable", "hipped", "half-hipped", "mansard", "flat", "shed", "saw-tooth", "barrel", "pyramid",
                     "spire", "dome", "cone", "lantern"}  # fmt: skip


def test_harbour_has_cranes_at_the_water_and_silos() -> None:
    houses = [h for seed in range(4) for h in build_lot(lot("harbour", "waterside"), seed)]
    kinds = {h.kind for h in houses}
    assert kinds == {"Building", "OtherConstruction"}
    assert {"Quay crane", "Grain silos", "Tank"} <= {h.name for h in houses}
    quay = plan(SHAPES["waterside"][0]).exterior
    assert all(plan(h.bodies[0].ring).distance(quay) < 4 for h in houses if h.name == "Quay crane")


def test_named_factories_get_their_landmark() -> None:
    for name, sight in (("Power station", "Alda Power Station"), ("Gas works", "Gasometer")):
        assert sight in {h.name for h in build_lot(replace(lot("works"), name=name), 1)}


def test_sights_on_large_lots_stand_among_town_houses() -> None:
    ring = rectangle(0j, 1 + 0j, 180.0, 140.0)
    for use, manner in (("townhall", "old"), ("church", "grid")):
        houses = build_lot(replace(lot(use), ring=ring, name="Large"), 1)
        assert houses[0].name == "Large" and {h.quarter for h in houses[1:]} == {manner}
        assert len(houses) > 15


def test_rows_end_clear_of_edges_without_a_street() -> None:
    ring = (0j, 50 + 0j, 40 + 30j, 10 + 30j)
    (row,) = rows_of(ring, ("A", "", "", ""), 9.0)
    assert row.margins == pytest.approx((3.0, 3.0))
    for plot in plots(row, 9.0, (1, 2), (6, 9), Random(1)):
        front, back = row.stretch(plot.low, plot.high, 9.0)
        assert plan(ring).buffer(0.01).contains(plan((*front, *reversed(back))))


def test_an_edge_that_would_turn_round_is_left_out() -> None:
    ring = (0j, 40 + 0j, 42 + 2j, 42 + 40j, 0 + 40j)
    line, names = drawn_in(ring, ("a", "b", "c", "d", "e"), 6.0, 1.0)
    assert names == ("a", "c", "d", "e")
    assert plan(line).area == pytest.approx(30 * 28)
    assert drawn_in(polygon(0j, 4.0, 5), tuple("abcde"), 6.0, 1.0) == ((), ())


def test_bent_footprints_fall_into_convex_pieces() -> None:
    ring = (0j, 20 + 0j, 20 + 20j, 11 + 20j, 11 + 9j, 9j)
    assert sum(plan(p).area for p in pieces(ring)) == pytest.approx(plan(ring).area)
    assert pieces(SHAPES["box"][0]) == [SHAPES["box"][0]]


def test_settling_keeps_the_foot_below_the_lowest_ground() -> None:
    house = House("q", "s", "", 2, hip(rectangle(0j, 1 + 0j, 10, 10), FOOT, 6.0, 1.0), door=-5j)
    settle([house], lambda p: 10 + p.real)
    assert house.body and (house.ground, house.body.base) == (10.0, pytest.approx(5.0 - DEEP))
    other = House("q", "s", "", 2, hip(rectangle(0j, 1 + 0j, 10, 10), FOOT, 6.0, 1.0), door=-5j)
    settle([other], lambda p: float(10 + p.real))
    assert other == house, "with a function of one point, too"
    assert house.body.eaves == 16.0 and house.body.ridge == pytest.approx(21.0)


def test_no_two_houses_of_the_whole_town_overlap() -> None:
    lots = make_plan().lots
    houses = [house for lot in lots for house in build_lot(lot, 1)]
    assert len(houses) > 6000
    shapes = np.array([plan(b.ring) for h in houses for b in h.bodies], object)
    assert shapely.is_valid(shapes).all()
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    first, second = first[first < second], second[first < second]
    common = shapely.intersection(shapes[first], shapes[second])
    assert (shapely.area(common) < 0.02 + 0.006 * shapely.length(common)).all()


def test_the_streets_of_the_town_are_lined_with_houses() -> None:
    built = total = 0.0
    for lot in make_plan().lots:
        if lot.use in ("old", "grid"):
            walls = shapely.union_all([plan(b.ring).buffer(0.05) for h in build_lot(lot, 1) for b in h.bodies])
            ends = zip(lot.ring, (*lot.ring[1:], lot.ring[0]), lot.streets, strict=True)
            lines = shapely.linestrings([[(a.real, a.imag), (b.real, b.imag)] for a, b, street in ends if street])
            total += shapely.length(lines).sum()
            built += shapely.length(shapely.intersection(lines, walls)).sum()
    assert built > 0.93 * total
