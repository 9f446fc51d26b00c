"""Package "sun on roofs": yearly light on every roof surface, and heat demand after insulation."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from viewer.demo.package_kit import Draft, Json, Site, classes, manifest, write_table
from viewer.demo.solar import SD_SHARE, yearly
from viewer.demo.writer import LOW

SAVING = (0.35, 0.45, 0.58)
"""Least, middle and greatest share of the heat demand that insulation saves in houses from before 1990."""


def drafts(site: Site) -> Iterator[Draft]:
    """The one package."""
    yield Draft("roofs", "Sun on roofs and insulation", partial(_write, site))


def _write(site: Site, folder: Path) -> Json:
    _write_sun(site, folder / "data" / "roofs.csv")
    _write_heat(site, folder / "data" / "heat.csv")
    sun = {
        "id": "sun", "title": {"en": "Sun on roofs in a year", "de": "Sonne auf Dächern im Jahr"},
        "binding": "surface", "unit": "kW.h/m2", "unit_label": "kWh/m²", "quantity": "irradiation",
        "palette": "magma", "good": "high",
        "classes": classes((700.0, 850.0, 1000.0, 1100.0), (
            "below 700: no panels", "700 to 850: poor", "850 to 1,000: fair", "1,000 to 1,100: good",
            "above 1,100: very good"), "Example classes"),
        "uncertainty": {"kind": "sd", "reason": {"en": "Years differ by about 8 %; shadows are not counted."}},
        "data": {"file": "data/roofs.csv", "id": "id", "surface": "surface", "value": "kwh_m2", "sd": "sd"},
    }  # fmt: skip
    heat = {
        "id": "heat-demand", "title": {"en": "Heat demand after insulation"}, "binding": "object",
        "unit": "kW.h/m2", "unit_label": "kWh/(m² a)", "quantity": "specific energy", "palette": "viridis",
        "good": "low",
        "classes": classes((30.0, 50.0, 75.0, 105.0, 140.0, 175.0),
                           ("A+", "A", "B", "C", "D", "E", "F or worse"), "Energy classes of the demo town"),
        "uncertainty": {"kind": "minmax", "reason": {"en": "Little and much care in carrying it out."}},
        "data": {"file": "data/heat.csv", "id": "id", "value": "after", "low": "least", "high": "most"},
    }  # fmt: skip
    limits = "A clear horizon everywhere: no shadows of houses or trees. Savings by a fixed share of today's demand."
    title = {"en": "Sun on roofs, and insulated houses", "nl": "Zon op daken, geïsoleerde huizen",
             "de": "Sonne auf Dächern, gedämmte Häuser", "fr": "Soleil sur les toits, maisons isolées",
             "es": "Sol en los tejados, casas aisladas", "ar": "الشمس على الأسطح ومنازل معزولة"}  # fmt: skip
    summary = "What the roofs could bring in, and what houses would need if those from before 1990 were insulated."
    return manifest(site, "roofs", title, summary, [sun, heat], limits,
                    parameters={"share saved, middle": SAVING[1]})  # fmt: skip


def _write_sun(site: Site, path: Path) -> None:
    """Every roof surface of the finest level of detail, by its number within its object in the file."""
    import orjson

    city = orjson.loads(site.city.read_bytes())
    ids: list[str] = []
    numbers: list[int] = []
    slopes: list[float] = []
    turns: list[float] = []
    for name, entry in city["CityObjects"].items():
        number = 0
        for geometry in entry.get("geometry", ()):
            for surface in geometry.get("semantics", {}).get("surfaces", ()):
                if surface["type"] == "RoofSurface" and geometry["lod"] != LOW:
                    ids.append(name)
                    numbers.append(number)
                    slopes.append(surface.get("slope_deg", 0.0))
                    turns.append(surface.get("azimuth_deg", 0.0))
                number += 1
    values = np.round(yearly(np.array(slopes), np.array(turns))).astype(int)
    spread = np.round(values * SD_SHARE).astype(int)
    write_table(path, {"id": ids, "surface": numbers, "kwh_m2": values.tolist(), "sd": spread.tolist()})


def _write_heat(site: Site, path: Path) -> None:
    rows = []
    for built in site.town.built:
        demand = built.facts.get("heatDemand_kWh_m2a")
        if demand is None:
            continue
        old = (built.facts.get("yearOfConstruction") or 1980) < 1990 and "yearOfRenovation" not in built.facts
        least, middle, most = SAVING if old and not built.facts.get("heritage") else (0.0, 0.0, 0.0)
        after = [round(demand * (1.0 - share), 1) for share in (middle, most, least)]
        rows.append((built.ident, *after))
    ids, after_, low, high = zip(*rows, strict=True)
    write_table(path, {"id": ids, "after": after_, "least": low, "most": high})
