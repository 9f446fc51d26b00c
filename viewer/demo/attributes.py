"""Attributes of the buildings: plausible together (age, use, size, energy, people) and in space (growth rings).

All figures are invented; their orders of magnitude follow European building typologies (IEE project TABULA) and
household statistics. So that the data behave like real ones, some values are missing on purpose: the year of 3 % of the
buildings, the energy class of 10 %, the heat demand of 2 %, the owner of 4 %.
"""

from __future__ import annotations

from math import sqrt
from random import Random
from typing import Any

from viewer.demo import terrain
from viewer.demo.geometry import area, edges
from viewer.demo.house import House

Spans = tuple[tuple[int, int, float], ...]
YEARS: dict[str, Spans] = {
    "old": ((1560, 1700, 2), (1700, 1800, 4), (1800, 1890, 5), (1953, 1968, 1), (1988, 2012, 0.7)),
    "grid": ((1880, 1914, 8), (1924, 1938, 1.4), (1954, 1972, 1.4), (2003, 2023, 1)),
    "villa": ((1926, 1939, 2), (1954, 1979, 4), (1984, 2003, 3), (2008, 2023, 1.5)),
    "slab": ((1962, 1976, 5), (1977, 1984, 1)),
    "office": ((1984, 2001, 2), (2002, 2023, 4)),
    "works": ((1889, 1938, 3), (1951, 1979, 3), (1985, 2018, 2)),
    "harbour": ((1898, 1939, 2), (1950, 1979, 4), (1985, 2021, 3)),
    "village": ((1740, 1899, 4), (1900, 1949, 2), (1960, 2020, 2)),
    "farm": ((1760, 1910, 3), (1960, 2010, 2)),
    "allotments": ((1951, 2015, 1),),
}
"""When a quarter was built: from, to, weight. Terraces know their own year (`site.grown`)."""
HEAT: tuple[tuple[int, float], ...] = (
    (1800, 205), (1900, 190), (1946, 200), (1976, 178), (1990, 130), (2003, 95), (2014, 62), (9999, 36),
)  # fmt: skip
"""Heat demand, kWh per m2 and year, of buildings older than the year, at an average shape."""
CLASSES = ((30, "A+"), (50, "A"), (75, "B"), (105, "C"), (140, "D"), (175, "E"), (210, "F"), (9999, "G"))
"""Energy class of buildings that need less heat than the limit."""
AGES: dict[str, tuple[float, float]] = {
    "old": (0.11, 0.17), "grid": (0.15, 0.13), "terrace": (0.24, 0.15), "villa": (0.23, 0.25), "slab": (0.17, 0.27),
    "village": (0.20, 0.24), "farm": (0.22, 0.20),
}  # fmt: skip
"""Shares of residents under 18 and from 65 by quarter."""
_FUNCTIONS: dict[str, tuple[str, str, float]] = {
    # use: (function, class, m2 of floor area per job; 0: none)
    "residential": ("residential", "habitation", 0), "office": ("office", "business", 24),
    "retail": ("retail", "commerce", 45), "restaurant": ("restaurant", "commerce", 30),
    "hotel": ("hotel", "commerce", 55),
    "workshop": ("workshop", "industry", 70), "industry": ("industrial", "industry", 95),
    "storage": ("storage", "industry", 0), "agriculture": ("agricultural", "agriculture", 600),
    "church": ("religious", "religious", 700), "school": ("school", "education", 75),
    "hospital": ("hospital", "health care", 32), "museum": ("museum", "culture", 120),
    "public": ("town hall", "public administration", 28), "station": ("railway station", "public transport", 110),
    "sport": ("sports facility", "public recreation", 500), "culture": ("bandstand", "culture", 0),
    "garage": ("garage", "outbuilding", 0), "outbuilding": ("outbuilding", "outbuilding", 0),
    "summer house": ("summer house", "outbuilding", 0), "crane": ("crane", "harbour equipment", 0),
}  # fmt: skip
_UNHEATED = {"storage", "garage", "outbuilding", "summer house", "crane", "culture", "agriculture", "sport"}
_DETACHED = {"villa", "slab", "village", "farm", "office", "works", "harbour"}


def describe(house: House, use: str, number: int, rng: Random) -> dict[str, Any]:
    """Attributes of one building; ``number``: house number, 0 for none; ``use``: its lot's, if it has no own quarter.

    The same arguments and random state give the same attributes. Missing values are left out.
    """
    use = house.quarter or use
    year = house.year or _year(use, rng)
    purpose = _purpose(house, use, rng)
    function, kind, _ = _FUNCTIONS[purpose]
    main = max(house.bodies, key=lambda b: area(b.ring))
    footprint, floors = house.footprint, house.storeys
    out: dict[str, Any] = {
        "name": house.name,
        "function": function,
        "class": kind,
        "district": house.district,
        "street": house.street or None,
        "houseNumber": str(number) if number and house.street else None,
        "yearOfConstruction": year if rng.random() > 0.03 else None,
        "storeysAboveGround": floors,
        "storeyHeight": house.storey,
        "roofType": main.roof if main.roof != "none" else None,
        "measuredHeight": round(max(b.ridge for b in house.bodies) - house.ground, 2),
        "eavesHeight": round(main.eaves - house.ground, 2),
        "groundHeight": round(house.ground, 2),
        "footprintArea_m2": round(footprint, 1),
    }
    if house.kind != "Building" or purpose in ("garage", "outbuilding", "summer house"):
        return {key: value for key, value in out.items() if value is not None}
    floor_area = footprint * floors * 0.86
    out["grossFloorArea_m2"] = round(footprint * floors)
    out["heritage"] = _listed(house, year, rng)
    out["owner"] = _owner(house, purpose, use, rng)
    out["greenRoof"] = main.roof == "flat" and rng.random() < (0.45 if year > 2000 else 0.07)
    _people(out, purpose, floor_area, use, rng)
    if purpose not in _UNHEATED:
        _energy(out, house, year, use, rng)
    return {key: value for key, value in out.items() if value is not None}


def _year(use: str, rng: Random) -> int:
    spans = YEARS.get(use, ((1950, 1990, 1),))
    low, high, _ = rng.choices(spans, [weight for *_, weight in spans])[0]
    return rng.randint(low, high)


def _purpose(house: House, use: str, rng: Random) -> str:
    """What the building is used for; where its builder left it open, shops crowd towards the market square."""
    if house.use:
        return house.use
    draw = rng.random()
    away = abs(house.bodies[0].ring[0] - complex(*terrain.CENTRE))
    if use == "old":
        if draw < max(0.10, 0.8 - away / 300):
            return rng.choices(("retail", "restaurant", "hotel"), (7, 3, 0.7))[0]
        return "office" if draw > 0.92 else "residential"
    if use == "grid":
        if draw < max(0.06, 0.3 - away / 4000):
            return rng.choices(("retail", "restaurant", "hotel"), (7, 2, 0.3))[0]
        return "office" if draw > 0.93 else "residential"
    return "retail" if draw < 0.015 else "residential"


def _listed(house: House, year: int, rng: Random) -> bool:
    chance = 0.5 if year < 1850 else 0.12 if year < 1915 else 0.01
    return bool(house.name and year < 1940) or rng.random() < chance


def _owner(house: House, purpose: str, use: str, rng: Random) -> str | None:
    draw = rng.random()
    if draw < 0.04:
        return None
    if purpose in ("school", "hospital", "museum", "public", "sport"):
        return "municipality"
    if purpose in ("church", "station"):
        return "church" if purpose == "church" else "railway"
    if purpose in ("office", "industry", "storage", "hotel"):
        return "company"
    shared = {"slab": 0.75, "grid": 0.25, "terrace": 0.2, "old": 0.1}.get(use, 0.0)
    if draw < shared:
        return "housing cooperative" if draw < shared * 0.6 else "municipality"
    return "company" if use in ("grid", "old") and draw > 0.85 else "private"


def _people(out: dict[str, Any], purpose: str, floor_area: float, use: str, rng: Random) -> None:
    """Dwellings, residents by age and jobs from the floor area; shops keep one floor for themselves."""
    floors = out["storeysAboveGround"]
    living = floor_area if purpose == "residential" else 0.0
    if purpose in ("retail", "restaurant") and floors > 1:
        living = floor_area * (1 - 1 / floors)
    if living:
        single = use in ("terrace", "villa", "village", "farm") and purpose == "residential"
        dwellings = 1 if single else max(1, round(living / rng.uniform(72, 100)))
        _residents(out, dwellings, 2.5 if single else 1.85, AGES.get(use, (0.16, 0.2)), rng)
    density = _FUNCTIONS[purpose][2]
    if density and floor_area > living:
        out["jobs"] = max(1, round((floor_area - living) / density * rng.uniform(0.7, 1.25)))


def _residents(out: dict[str, Any], dwellings: int, size: float, ages: tuple[float, float], rng: Random) -> None:
    """Residents in three age groups; single households are old or young, large ones have children."""
    mean = dwellings * size
    total = max(0, round(mean + rng.gauss(0, 0.95 * sqrt(mean))))
    young, old = ages[0], ages[1]
    if dwellings == 1:
        young, old = (young * 1.6, old * 0.35) if total > 2 else (0.03 * (total > 1), old * 1.7)
    counts = [0, 0, 0]
    if total <= 12:
        for _ in range(total):
            draw = rng.random()
            counts[0 if draw < young else 2 if draw > 1 - old else 1] += 1
    else:
        counts[0] = round(total * young * rng.uniform(0.75, 1.25))
        counts[2] = round(total * old * rng.uniform(0.75, 1.25))
        counts[1] = total - counts[0] - counts[2]
    out["dwellings"], out["residents"] = dwellings, total
    out["residents_0_17"], out["residents_18_64"], out["residents_65_plus"] = counts


def _energy(out: dict[str, Any], house: House, year: int, use: str, rng: Random) -> None:
    """Heat demand from the year, the shape and a renovation; energy class, roof panels."""
    height = max(out["eavesHeight"], 2.5)
    outline = sum(abs(b - a) for a, b in edges(house.bodies[0].ring))
    ground = area(house.bodies[0].ring)
    free = 1.0 if use in _DETACHED else 0.55
    compact = (outline * free * height + 2.2 * ground) / (ground * height)
    demand = next(value for limit, value in HEAT if year < limit) * rng.uniform(0.88, 1.13)
    demand *= min(max(0.62 + 0.72 * compact, 0.75), 1.3)
    if out["class"] in ("industry", "religious"):
        demand *= 0.6
    if year < 1990 and rng.random() < (0.34 if use == "slab" else 0.22):
        out["yearOfRenovation"] = rng.randint(1996, 2024)
        demand *= rng.uniform(0.42, 0.66)
    if rng.random() > 0.02:
        out["heatDemand_kWh_m2a"] = round(demand, 1)
    if rng.random() > 0.10:
        out["energyClass"] = next(label for limit, label in CLASSES if demand < limit)
    if not out["heritage"] and rng.random() < (0.3 if year > 2000 else 0.09):
        out["solarPanels_kWp"] = round(rng.uniform(0.03, 0.07) * ground, 1)
