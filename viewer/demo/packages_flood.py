"""Packages "storm tide": the flood hour by hour, as it is and with raised quays; five members of an ensemble each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from viewer.demo import terrain
from viewer.demo.flood import CELL, CREST, HOURS, barriers, cell_heights, level, walled, water
from viewer.demo.package_kit import ZONE, Draft, Json, Site, classes, manifest, write_table
from viewer.demo.relief import write_raster

Float64 = npt.NDArray[np.float64]

OFFSETS = (-0.3, -0.15, 0.0, 0.15, 0.3)
"""By how much the surge of each member differs from the middle one, metres."""
AFFECTED = 0.2
"""Depth from which a household counts as affected, metres."""
BREAKS = (0.2, 0.5, 1.0, 1.5, 2.0)
LABELS = (
    "below 0.2 m: wet feet",
    "0.2 to 0.5 m: cars stop",
    "0.5 to 1 m: children cannot stand",
    "1 to 1.5 m: nobody can walk",
    "1.5 to 2 m: ground floors lost",
    "above 2 m: danger to life indoors",
)
TIME: Json = {"kind": "instants", "start": "2026-01-05T06:00", "step": "PT1H", "count": len(HOURS), "zone": ZONE}


def drafts(site: Site) -> Iterator[Draft]:
    """Without and with the walls."""
    ground = cell_heights()
    for ident, title, heights, baseline in (
        ("storm-tide", "Storm tide", ground, None),
        ("storm-tide-walls", "Storm tide, raised quays", walled(ground), "storm-tide"),
    ):
        yield Draft(ident, title, partial(_write, site, ident, heights, baseline))


def _write(site: Site, ident: str, heights: Float64, baseline: str | None, folder: Path) -> Json:
    reached = barriers(heights)
    depths: list[list[Float64]] = []
    for number, offset in enumerate(OFFSETS):
        steps = [water(heights, reached, level(hour) + offset) for hour in HOURS]
        depth = [np.where(np.isnan(d), 0.0, d) for _, d in steps]
        _grids(folder / "data" / f"depth-{number}.tif", depth, "water depth")
        if offset == 0.0:
            _grids(folder / "data" / "level.tif", [surface for surface, _ in steps], "water surface")
        depths.append(depth)
    at_houses = [np.stack([_at_houses(site, grid) for grid in member]) for member in depths]
    middle = at_houses[OFFSETS.index(0.0)]
    low, high = np.min(at_houses, axis=0), np.max(at_houses, axis=0)
    ids = [built.ident for built in site.town.built]
    columns: dict[str, Sequence[object]] = {"id": list(ids)}
    for name, values in (("depth", middle), ("low", low), ("high", high)):
        columns |= {f"{name}_{hour:02d}h": [f"{v:.2f}" for v in values[k]] for k, hour in enumerate(HOURS)}
    write_table(folder / "data" / "houses.csv", columns)
    walls = baseline is not None
    title = {
        "en": "Storm tide with raised quays" if walls else "Storm tide",
        "nl": "Stormvloed met verhoogde kades" if walls else "Stormvloed",
        "de": "Sturmflut mit erhöhten Kais" if walls else "Sturmflut",
        "fr": "Onde de tempête, quais surélevés" if walls else "Onde de tempête",
        "es": "Marea de tempestad con muelles elevados" if walls else "Marea de tempestad",
        "ar": "مد عاصفي مع أرصفة مرفوعة" if walls else "مد عاصفي",
    }
    summary = "A storm tide runs up the river on a day in January" + (
        f"; quays and south dike are raised to {CREST} m." if walls else "."
    )
    limits = (
        "A connected bathtub: water stands level along the whole river, and reaches a place when a path leads there on"
        " which nothing is higher. Storage, speed, waves, rain and sewers are left out."
    )
    parameters = {"highest level at the mouth, m NAP": level(6.5), "cell size, m": CELL, "crest of quays, m NAP": CREST}
    return manifest(
        site, ident, title, summary, [_depth_variable(), _house_variable()], limits,
        baseline=baseline, tables=[_table(site, middle, low, high)], parameters=parameters,
    )  # fmt: skip


def _grids(path: Path, grids: list[Float64], name: str) -> None:
    """One band per hour, first row in the north."""
    bands = [np.ascontiguousarray(grid[::-1], np.float32) for grid in grids]
    names = [{"name": f"{name}, {hour:02d}:00", "unit": "metre"} for hour in HOURS]
    write_raster(path, bands, (0.0, terrain.SIDE), CELL, names, {})


def _depth_variable() -> Json:
    return {
        "id": "depth",
        "title": {"en": "Water depth", "nl": "Waterdiepte", "de": "Wassertiefe", "fr": "Hauteur d'eau",
                  "es": "Profundidad del agua", "ar": "عمق المياه"},
        "binding": "raster", "unit": "m", "standard_name": "flood_water_thickness", "quantity": "length",
        "classes": classes(BREAKS, LABELS, "Example classes, after what people and cars can stand"),
        "palette": "water", "good": "low", "zero_is_none": True,
        "uncertainty": {"kind": "members", "members": len(OFFSETS),
                        "reason": {"en": "Five surges, 30 cm lower to 30 cm higher; the model itself is not varied."}},
        "time": TIME,
        "data": {"file": "data/depth-2.tif", "level": {"file": "data/level.tif"},
                 "members": [{"file": f"data/depth-{k}.tif"} for k in range(len(OFFSETS))]},
    }  # fmt: skip


def _house_variable() -> Json:
    hours = [f"{hour:02d}h" for hour in HOURS]
    return {
        "id": "depth-at-buildings",
        "title": {"en": "Water depth at buildings"},
        "binding": "object", "unit": "m", "quantity": "length",
        "classes": classes(BREAKS, LABELS, "Example classes, after what people and cars can stand"),
        "palette": "water", "good": "low", "zero_is_none": True,
        "uncertainty": {"kind": "minmax", "reason": {"en": "Lowest and highest of five surges."}},
        "time": TIME,
        "data": {"file": "data/houses.csv", "id": "id", "value": [f"depth_{h}" for h in hours],
                 "low": [f"low_{h}" for h in hours], "high": [f"high_{h}" for h in hours]},
    }  # fmt: skip


def _at_houses(site: Site, depth: Float64) -> Float64:
    """The deepest water at the corners and the middle of every building."""
    points, owner = [], []
    for number, built in enumerate(site.town.built):
        ring = built.house.bodies[0].ring
        for p in (*ring, sum(ring) / len(ring)):
            points.append(p)
            owner.append(number)
    at = np.array(points)
    cells = [np.clip((part / CELL).astype(int), 0, len(depth) - 1) for part in (at.imag, at.real)]
    out = np.zeros(len(site.town.built))
    np.maximum.at(out, np.array(owner), depth[cells[0], cells[1]])
    return np.round(out, 2)


def _table(site: Site, middle: Float64, low: Float64, high: Float64) -> Json:
    """Residents with water at their house at the worst hour: quarter x age."""
    worst = [values.max(axis=0) >= AFFECTED for values in (middle, low, high)]
    groups = {"Under 18": "residents_0_17", "18 to 64": "residents_18_64", "65 and over": "residents_65_plus"}
    zones: dict[str, list[int]] = {}
    for number, built in enumerate(site.town.built):
        if built.facts.get("residents"):
            zones.setdefault(built.house.district, []).append(number)
    rows = []
    everybody = sorted(number for members in zones.values() for number in members)
    for zone, members in (*sorted(zones.items()), ("Whole town", everybody)):
        for group, keys in (*((name, [key]) for name, key in groups.items()), ("All ages", list(groups.values()))):
            people = np.array([sum(site.town.built[n].facts.get(key, 0) for key in keys) for n in members])
            value, least, most = (int(people[mask[members]].sum()) for mask in worst)
            rows.append({"zone": zone, "group": group, "indicator": "Residents affected", "value": value,
                         "denominator": int(people.sum()), "low": least, "high": most})  # fmt: skip
    return {
        "title": {"en": f"Residents with {AFFECTED} m of water or more at their house, at the worst hour"},
        "year": "2026", "groups": [*({"name": name, "dimension": "age"} for name in groups), "All ages"],
        "zones": [*sorted(zones), "Whole town"],
        "indicators": [{"name": "Residents affected", "unit": "1", "kind": "count"}],
        "rows": rows, "suppress_below": 10, "total_zone": "Whole town", "total_group": "All ages",
        "not_covered": ["People without a home", "People at work or in shops", "Visitors"],
    }  # fmt: skip
