"""Packages "hot summer day": air temperature by day and night, as it is and with many more street trees."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import shapely

from viewer.demo import terrain
from viewer.demo.heat import CELL, Heat, model
from viewer.demo.package_kit import Draft, Json, Site, classes, manifest, world, write_features
from viewer.demo.relief import write_raster

MORE_TREES = 0.22
"""Share of ground that crowns cover more, at most, where there is little green."""
PERIODS: Json = {"kind": "periods", "names": ["Afternoon, 15:00", "Night, 04:00"]}
SOURCE = "Example classes; a tropical night stays above 20 °C (WMO)"
DAY = (29.0, 30.5, 31.5, 32.5, 33.5)
DAY_LABELS = (
    "below 29 °C: pleasant for the day",
    "29 to 30.5 °C: warm",
    "30.5 to 31.5 °C: hot",
    "31.5 to 32.5 °C: very hot",
    "32.5 to 33.5 °C: a strain",
    "above 33.5 °C: health at risk",
)
NIGHT = (17.0, 18.0, 19.0, 20.0, 21.0)
NIGHT_LABELS = (
    "below 17 °C: cool",
    "17 to 18 °C: one sleeps well",
    "18 to 19 °C: mild",
    "19 to 20 °C: warm",
    "20 to 21 °C: tropical night",
    "above 21 °C: hard to sleep",
)


def drafts(site: Site) -> Iterator[Draft]:
    """Today, and with more trees."""
    yield Draft("hot-day", "Hot summer day", partial(_write, site, "hot-day", 0.0))
    yield Draft("hot-day-trees", "Hot summer day, more trees", partial(_write, site, "hot-day-trees", MORE_TREES))


def _write(site: Site, ident: str, trees: float, folder: Path) -> Json:
    heat = model(site.town, more_trees=trees)
    bands = [np.ascontiguousarray(grid[::-1], np.float32) for grid in (heat.day, heat.night)]
    names = [{"name": name, "unit": "degC"} for name in PERIODS["names"]]
    write_raster(folder / "data" / "air.tif", bands, (0.0, terrain.SIDE), CELL, names, {})
    write_features(folder / "data" / "quarters.geojson", _quarters(site, heat))
    title = {
        "en": "Hot summer day, more trees" if trees else "Hot summer day",
        "nl": "Hete zomerdag, meer bomen" if trees else "Hete zomerdag",
        "de": "Heißer Sommertag, mehr Bäume" if trees else "Heißer Sommertag",
        "fr": "Journée de canicule, plus d'arbres" if trees else "Journée de canicule",
        "es": "Día de calor, más árboles" if trees else "Día de calor",
        "ar": "يوم صيفي حار مع أشجار أكثر" if trees else "يوم صيفي حار",
    }
    summary = "Air temperature on a hot day in July, in the afternoon and at night" + (
        ", if streets had many more trees." if trees else "."
    )
    limits = (
        "A linear index of the shares of built ground, green, crowns and water within 100 m and of the sky that"
        " buildings hide, with made-up weights. Wind, slopes and the weather before are left out."
    )
    variables = _variables()
    return manifest(
        site, ident, title, summary, variables, limits,
        baseline="hot-day" if trees else None, parameters={"crown cover added, share of ground": trees},
    )  # fmt: skip


_UNSURE = {
    "kind": "not_quantified",
    "reason": {"en": "The weights are made up: nobody can say how far the figures are off. Read them as a ranking."},
}


_DAY_TITLE = {
    "en": "Air temperature at 15:00", "nl": "Luchttemperatuur om 15:00", "de": "Lufttemperatur um 15 Uhr",
    "fr": "Température de l'air à 15 h", "es": "Temperatura del aire a las 15:00",
    "ar": "درجة حرارة الهواء الساعة ١٥",
}  # fmt: skip
_NIGHT_TITLE = {
    "en": "Air temperature at 04:00", "nl": "Luchttemperatuur om 04:00", "de": "Lufttemperatur um 4 Uhr",
    "fr": "Température de l'air à 4 h", "es": "Temperatura del aire a las 4:00",
    "ar": "درجة حرارة الهواء الساعة ٤",
}  # fmt: skip
_SHARED: Json = {
    "unit": "Cel", "standard_name": "air_temperature", "quantity": "temperature", "height_above_ground": 2.0,
    "palette": "heat", "good": "low", "uncertainty": _UNSURE,
}  # fmt: skip


def _variables() -> list[Json]:
    """Afternoon and night have classes of their own: on one scale the one would be all red, the other all white."""
    found = []
    for band, (ident, title, breaks, labels) in enumerate(
        (("afternoon", _DAY_TITLE, DAY, DAY_LABELS), ("night", _NIGHT_TITLE, NIGHT, NIGHT_LABELS)), 1
    ):
        own = _SHARED | {"title": title, "classes": classes(breaks, labels, SOURCE)}
        data: Json = {"file": "data/air.tif", "value": {"bands": [band]}}
        found.append(own | {"id": ident, "binding": "raster", "data": data})
    quarters: Json = {
        "id": "mean-by-quarter", "title": {"en": "Mean air temperature of the quarter"}, "binding": "polygon",
        "range": [16.0, 35.0], "time": PERIODS,
        "data": {"file": "data/quarters.geojson", "crs": "EPSG:28992", "id": "id", "value": ["day", "night"]},
    }  # fmt: skip
    return [*found, _SHARED | quarters]


def _quarters(site: Site, heat: Heat) -> list[Json]:
    """Every quarter with its mean by day and by night."""
    marks = np.arange(CELL / 2, terrain.SIDE, CELL)
    cells = shapely.points(*(part.ravel() for part in np.meshgrid(marks, marks)))
    out = []
    for quarter in site.town.plan.network.quarters:
        shape = shapely.make_valid(shapely.Polygon([(p.real, p.imag) for p in quarter.ring]))
        shape = max(shapely.get_parts(shape), key=lambda part: part.area)
        inside = np.flatnonzero(shapely.contains(shape, cells))
        if not len(inside):
            continue
        ring = world(shapely.get_coordinates(shape.exterior)).tolist()
        facts = {"id": quarter.name, "day": round(float(heat.day.ravel()[inside].mean()), 2),
                 "night": round(float(heat.night.ravel()[inside].mean()), 2)}  # fmt: skip
        out.append({"type": "Feature", "properties": facts, "geometry": {"type": "Polygon", "coordinates": [ring]}})
    return out
