"""Attributes of the demo city's buildings agree with each other and with the place."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from random import Random
from statistics import mean, median
from typing import Any

import pytest

from viewer.demo.attributes import describe
from viewer.demo.buildings import build_lot
from viewer.demo.geometry import rectangle
from viewer.demo.lots import Lot, Use
from viewer.demo.terrain import CENTRE

Facts = dict[str, Any]
USES: tuple[Use, ...] = ("old", "grid", "terrace", "villa", "slab", "office", "works", "village")


def facts_of(use: Use, away: float = 700.0, seed: int = 1) -> list[Facts]:
    """Attributes of the houses of six lots at a distance from the centre."""
    out: list[Facts] = []
    for k in range(6):
        ring = rectangle(complex(*CENTRE) + away + 5j * k, 1 + 0j, 150.0, 100.0)
        lot = Lot(f"{use} {k} {away}", "Quarter", use, ring, ("A", "B", "C", "D"), ("street",) * 4, lambda _: 3.0)
        rng = Random(f"{seed}/{lot.name}")
        out += [describe(house, use, 2 * i + 1, rng) for i, house in enumerate(build_lot(lot, seed))]
    return out


@pytest.fixture(scope="module")
def quarters() -> dict[str, list[Facts]]:
    return {use: facts_of(use) for use in USES}


def values(rows: list[Facts], name: str) -> list[Any]:
    return [row[name] for row in rows if name in row]


def test_the_same_seed_gives_the_same_attributes() -> None:
    assert facts_of("grid") == facts_of("grid")
    assert facts_of("grid") != facts_of("grid", seed=2)


def test_figures_agree(quarters: dict[str, list[Facts]]) -> None:
    for row in (row for rows in quarters.values() for row in rows):
        assert 0 < row["eavesHeight"] <= row["measuredHeight"]
        assert row["footprintArea_m2"] > 3
        assert all(value is not None for value in row.values())
        if "residents" in row:
            groups = [row[f"residents_{g}"] for g in ("0_17", "18_64", "65_plus")]
            assert sum(groups) == row["residents"] and min(groups) >= 0 and row["dwellings"] >= 1
        if row["class"] == "outbuilding":
            assert not {"residents", "jobs", "heatDemand_kWh_m2a", "grossFloorArea_m2"} & set(row)
        if "yearOfRenovation" in row:
            assert row.get("yearOfConstruction", 0) < row["yearOfRenovation"]


def test_energy_classes_follow_the_heat_demand(quarters: dict[str, list[Facts]]) -> None:
    demand: dict[str, list[float]] = {}
    for row in (row for rows in quarters.values() for row in rows):
        if "energyClass" in row and "heatDemand_kWh_m2a" in row:
            demand.setdefault(row["energyClass"], []).append(row["heatDemand_kWh_m2a"])
    order = [c for c in ("A+", "A", "B", "C", "D", "E", "F", "G") if c in demand]
    assert len(order) >= 7
    assert all(max(demand[a]) <= min(demand[b]) + 0.1 for a, b in pairwise(order))
    assert max(max(v) for v in demand.values()) < 330


def test_old_houses_need_more_heat_and_renovation_helps(quarters: dict[str, list[Facts]]) -> None:
    rows = [
        row for rows in quarters.values() for row in rows if {"heatDemand_kWh_m2a", "yearOfConstruction"} <= set(row)
    ]
    new = [r["heatDemand_kWh_m2a"] for r in rows if r["yearOfConstruction"] >= 2003]
    old = [r for r in rows if r["yearOfConstruction"] < 1970]
    assert mean(new) < 0.5 * mean(r["heatDemand_kWh_m2a"] for r in old)
    assert mean(r["heatDemand_kWh_m2a"] for r in old if "yearOfRenovation" in r) < 0.7 * mean(
        r["heatDemand_kWh_m2a"] for r in old if "yearOfRenovation" not in r
    )


def test_the_town_grew_outwards(quarters: dict[str, list[Facts]]) -> None:
    middle = {use: median(values(rows, "yearOfConstruction")) for use, rows in quarters.items()}
    assert middle["old"] < middle["grid"] < middle["terrace"] < middle["slab"] < middle["office"]
    near, far = (median(values(facts_of("terrace", away), "yearOfConstruction")) for away in (400.0, 1500.0))
    assert far - near > 40


def test_people_live_where_they_should(quarters: dict[str, list[Facts]]) -> None:
    old_share = {}
    for use, rows in quarters.items():
        people = sum(values(rows, "residents"))
        old_share[use] = sum(values(rows, "residents_65_plus")) / people if people else 0.0
        if use in ("grid", "slab", "terrace", "villa", "old"):
            assert 1.2 < people / sum(values(rows, "dwellings")) < 3.2, use
    assert old_share["slab"] > old_share["grid"]
    assert sum(values(quarters["office"], "residents")) == 0 < sum(values(quarters["office"], "jobs"))


def test_shops_crowd_around_the_market() -> None:
    near, far = (Counter(values(facts_of("old", away), "function")) for away in (40.0, 400.0))
    assert near["retail"] / near.total() > 2 * far["retail"] / far.total()
    assert near["restaurant"] > 0


def test_some_values_are_missing_but_few(quarters: dict[str, list[Facts]]) -> None:
    heated = [r for rows in quarters.values() for r in rows if r["class"] == "habitation"]
    assert len(heated) > 600
    for name, least, most in (("yearOfConstruction", 0.005, 0.07), ("energyClass", 0.06, 0.15),
                              ("heatDemand_kWh_m2a", 0.005, 0.05), ("owner", 0.01, 0.08)):  # fmt: skip
        assert least < 1 - len(values(heated, name)) / len(heated) < most, name


def test_listed_buildings_are_old(quarters: dict[str, list[Facts]]) -> None:
    def share(use: str) -> float:
        found = values(quarters[use], "heritage")
        return sum(found) / len(found)

    assert share("old") > 0.15 > share("grid") > share("slab")
    assert any(values(quarters["slab"], "greenRoof")) or any(values(quarters["grid"], "greenRoof"))
