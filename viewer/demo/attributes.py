"""Attributes of the buildings: plausible together (age, use, size, energy) and in space (old centre, new quarters)."""

from __future__ import annotations

from random import Random
from typing import Any

from viewer.demo.geometry import area, centre
from viewer.demo.house import House

SQUARE = 515 + 497j
"""The market square, where the shops are."""

YEARS: dict[str, tuple[tuple[int, int, float], ...]] = {
    "old": ((1560, 1700, 3), (1700, 1800, 4), (1800, 1890, 4), (1953, 1968, 1), (1988, 2012, 0.7)),
    "grid": ((1888, 1911, 8), (1924, 1938, 1), (1954, 1972, 1.2), (2003, 2022, 1)),
    "detached": ((1926, 1939, 2), (1954, 1979, 4), (1984, 2003, 3), (2008, 2023, 1.5)),
    "slab": ((1962, 1972, 1),),
    "office": ((1998, 2021, 1),),
    "wharf": ((2014, 2022, 1),),
}
HEAT: tuple[tuple[int, float], ...] = (
    (1800, 215), (1900, 195), (1946, 205), (1976, 180), (1990, 132), (2003, 96), (2014, 62), (9999, 34),
)  # fmt: skip
"""Heat demand, kWh per m2 and year, of buildings older than the year (order of magnitude of European typologies)."""
LABELS = ((45, "A"), (75, "B"), (105, "C"), (140, "D"), (175, "E"), (210, "F"), (9999, "G"))


def describe(house: House, use: str, number: int, rng: Random) -> dict[str, Any]:
    """Attributes of one building; ``use`` is its cell's, ``number`` its house number. A few values are left out."""
    year = house.year or _year(use, rng)
    footprint = sum(area(b.ring) for b in house.bodies)
    floors = house.storeys
    out: dict[str, Any] = {
        "name": house.name,
        "function": _function(house, use, rng),
        "district": house.district,
        "address": f"{house.street} {number}" if number else None,
        "yearOfConstruction": year if rng.random() > 0.03 else None,
        "storeysAboveGround": floors,
        "measuredHeight": round(max(b.ridge for b in house.bodies), 2),
        "eavesHeight": round(max(b.eaves for b in house.bodies), 2),
        "roofType": max(house.bodies, key=lambda b: area(b.ring)).roof,
        "footprintArea_m2": round(footprint, 1),
        "grossFloorArea_m2": round(footprint * floors, 0),
        "monument": house.name in _MONUMENTS or (year < 1850 and rng.random() < 0.45),
    }
    _inhabit(out, footprint * floors, use, rng)
    if not house.outbuilding and out["function"] not in ("agriculture", "industry", "church"):
        _energy(out, year, rng)
    if use == "old" and out["function"] in ("retail", "hotel", "restaurant"):
        out["visitorsPerDay"] = int(20 + 200 * rng.random() ** 2)
    return {key: value for key, value in out.items() if value is not None}


_MONUMENTS = ("St Alda's Church", "Weigh House", "Market Hall", "Old Mill", "Alda Weaving Mill", "Bandstand")


def _year(use: str, rng: Random) -> int:
    spans = YEARS.get(use, ((1950, 1990, 1),))
    low, high, _ = rng.choices(spans, [w for *_, w in spans])[0]
    return rng.randint(int(low), int(high))


def _function(house: House, use: str, rng: Random) -> str:
    if house.use:
        return house.use
    ring = house.bodies[0].ring
    away = abs(centre(ring) - SQUARE)
    draw = rng.random()
    if use == "old":
        if draw < max(0.08, 0.75 - away / 220):
            return rng.choices(("retail", "restaurant", "hotel"), (7, 3, 0.8))[0]
        return "office" if draw > 0.92 else "residential"
    if draw < 0.12:
        return "retail"
    return "office" if draw > 0.94 else "residential"


def _inhabit(out: dict[str, Any], floor_area: float, use: str, rng: Random) -> None:
    """Dwellings and residents from the floor area; shops keep one floor for themselves."""
    function = out["function"]
    if function == "residential" and use in ("terrace", "detached", "meadow"):
        out["dwellings"] = 1
    elif function == "residential":
        out["dwellings"] = max(1, round(floor_area * 0.8 / rng.uniform(72, 96)))
    elif function in ("retail", "restaurant") and out["storeysAboveGround"] > 1:
        share = 1 - 1 / out["storeysAboveGround"]
        out["dwellings"] = max(1, round(floor_area * share * 0.8 / rng.uniform(72, 96)))
    if "dwellings" in out:
        out["residents"] = sum(rng.choices((1, 2, 3, 4, 5), (36, 33, 13, 12, 6))[0] for _ in range(out["dwellings"]))


def _energy(out: dict[str, Any], year: int, rng: Random) -> None:
    """Heat demand from the year, lower after a renovation; one in ten has no label."""
    demand = next(value for limit, value in HEAT if year < limit) * rng.uniform(0.86, 1.15)
    if year < 1990 and rng.random() < 0.24:
        out["renovated"] = rng.randint(1996, 2023)
        demand *= rng.uniform(0.42, 0.66)
    out["heatDemand_kWh_m2a"] = round(demand, 1)
    if rng.random() > 0.1:
        out["energyLabel"] = next(label for limit, label in LABELS if demand < limit)
    if rng.random() < (0.3 if year > 2000 else 0.08):
        out["solarPanels_kWp"] = round(rng.uniform(2.2, 8.5), 1)
