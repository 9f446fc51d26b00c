"""What is counted, over all layers of a project: buildings, ground, dwellings, people; and the values at them.

Pure numpy, for any thread. What is slow is made once for each city and kept as long as the city.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np

from loaders.city import Bool, CityData, Float64, Int64
from loaders.scenario.model import Result
from viewer.analysis.comparing import token
from viewer.analysis.exposure import Exposure, exposure, spread_to_parents
from viewer.analysis.indicators import Indicator, amounts, buildings_of, family_of, indicators_of, is_people
from viewer.analysis.links import Links
from viewer.analysis.matching import needs_match
from viewer.document.state import NEAR_M

Layers = tuple[tuple[str, CityData], ...]
"""Layer ids with their cities."""
Rows = tuple[tuple[str, Int64], ...]
"""Objects: layer ids with sorted rows, layers without any left out."""
MOST_BYTES = 128 << 20
"""Values at objects kept for the next question."""

_AMOUNTS: WeakKeyDictionary[CityData, dict[str, Float64]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Measure:
    """One kind of thing that is added up.

    Attributes:
        indicator: what it is.
        people: True where small numbers are not told.
        family: what it adds up to with others ("residents"), "" = it stands alone.
        part: True for a group of the family, False for all of it.
    """

    indicator: Indicator
    people: bool = False
    family: str = ""
    part: bool = False


def built_layers(cities: Layers) -> Layers:
    """The layers with buildings; all, where none has any."""
    built = tuple(pair for pair in cities if "Building" in pair[1].objects.type_names)
    return built or cities


def measures_of(cities: Layers) -> tuple[Measure, ...]:
    """Everything that any of the layers tells, in order; a group only where all of its family is known too."""
    found: dict[str, Indicator] = {}
    for _, city in cities:
        for indicator in indicators_of(city):
            found.setdefault(indicator.id, indicator)
    families = {family_of(name) for name in found} - {""}
    out = []
    for name, indicator in found.items():
        family = family_of(name)
        if family in found:
            out.append(Measure(indicator, True, family, True))
        elif name in families:
            out.append(Measure(indicator, True, name))
        else:
            out.append(Measure(indicator, is_people(name)))
    return tuple(sorted(out, key=_order))


def _order(measure: Measure) -> tuple[int, str, bool]:
    """Buildings, ground, dwellings; then residents before their groups; then the others."""
    name = measure.indicator.id
    first = ("objects", "footprint", "dwellings")
    rank = first.index(name) if name in first else 3 if measure.family else 4
    return rank, measure.family, measure.part


def amounts_of(city: CityData, indicator: Indicator) -> Float64:
    """As `viewer.analysis.indicators.amounts`, kept."""
    kept = _AMOUNTS.setdefault(city, {})
    if indicator.column not in kept:
        kept[indicator.column] = amounts(city, indicator)
    return kept[indicator.column]


class Exposures:
    """Values of results at the objects of cities, the last ones kept. Safe to use from several threads."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._kept: OrderedDict[Hashable, tuple[CityData, Exposure | None]] = OrderedDict()
        self._lock = threading.Lock()

    def at(
        self,
        result: Result,
        step: int | None,
        city: CityData,
        links: Links,
        tick: Callable[[float], None],
        near_m: float = NEAR_M,
    ) -> Exposure | None:
        """The value at every object at a step, or the worst over all steps (None); None where it tells nothing of it.

        ``tick`` is called with the share done and may raise to stop. ``near_m``: objects lie at links that are so near.
        """
        key = (token(result.values), step, id(city), near_m if result.variable.binding == "links" else 0.0)
        with self._lock:
            if key in self._kept and self._kept[key][0] is city:
                self._kept.move_to_end(key)
                return self._kept[key][1]
        if step is None:
            made = _worst(result, city, links, tick, near_m)
        else:
            made = _at_step(result, step, city, links, near_m)
        with self._lock:
            self._kept[key] = (city, made)
            while len(self._kept) > 1 and sum(_size(one) for _, one in self._kept.values()) > self._most:
                self._kept.popitem(last=False)
        return made

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()


def _size(made: Exposure | None) -> int:
    parts = () if made is None else (made.values, made.low, made.high, made.gaps)
    return sum(0 if part is None else part.nbytes for part in parts)


def object_rows(result: Result, city: CityData, links: Links) -> Int64 | None:
    """int64 (N,): the object of the city that each row of a result belongs to, -1 = none; None if rows name none."""
    if not needs_match(result):
        return None
    rows = links.match(result, city).rows
    if result.surfaces is None:
        return rows
    owners = np.asarray(city.surfaces.object_rows, np.int64)
    return np.where(rows >= 0, owners[np.maximum(rows, 0)], -1) if len(owners) else rows


def _at_step(result: Result, step: int, city: CityData, links: Links, near_m: float) -> Exposure | None:
    found = exposure(result, step, city, object_rows(result, city, links), buildings_of(city), near_m)
    if found is None:
        return None
    values, low, high, gaps = (
        None if part is None else spread_to_parents(city, part)
        for part in (found.values, found.low, found.high, found.gaps)
    )
    assert values is not None
    return Exposure(values, low, high, found.how, gaps)


def _worst(
    result: Result, city: CityData, links: Links, tick: Callable[[float], None], near_m: float
) -> Exposure | None:
    """The worst of all steps for each object: the highest, or where high is good, the lowest."""
    worse = np.fmin if result.variable.good == "high" else np.fmax
    best: Exposure | None = None
    for step in range(len(result.values)):
        tick(step / len(result.values))
        found = _at_step(result, step, city, links, near_m)
        if found is None:
            return None
        if best is None:
            best = found
            continue
        worse(best.values, found.values, out=best.values)
        for one, other in ((best.low, found.low), (best.high, found.high)):
            if one is not None and other is not None:
                worse(one, other, out=one)
        if best.gaps is not None and found.gaps is not None:
            np.fmax(best.gaps, found.gaps, out=best.gaps)
    return best


def rows_of(masks: dict[str, Bool]) -> Rows:
    """Rows by layer of masks (N,) by layer."""
    found = ((layer, np.flatnonzero(mask)) for layer, mask in masks.items())
    return tuple((layer, rows) for layer, rows in found if len(rows))


def count_rows(rows: Rows) -> int:
    """How many objects."""
    return sum(len(own) for _, own in rows)


def zone_attributes(cities: Layers) -> tuple[str, ...]:
    """Attributes that could divide a town into quarters: texts with few different values; likely ones first."""
    found: dict[str, int] = {}
    for _, city in cities:
        among = buildings_of(city)
        for name, column in city.objects.columns.items():
            if column.kind != "string" or column.categories is None or name in found:
                continue
            codes = np.asarray(column.values)[among & np.asarray(column.present, np.bool_)]
            if len(column.categories) <= MOST_NAMES and 2 <= len(np.unique(codes)) <= MOST_ZONES:
                found[name] = _likeness(name)
    return tuple(sorted(found, key=lambda name: found[name]))


MOST_ZONES, MOST_NAMES = 60, 10_000
"""Zones that a town can be divided into; names that an attribute has at all."""
_PLACES = (
    "quarter",
    "district",
    "neighbourhood",
    "neighborhood",
    "borough",
    "ward",
    "zone",
    "wijk",
    "buurt",
    "stadtteil",
)


def _likeness(name: str) -> int:
    """Where an attribute stands in the choice: 0 = it surely is a quarter."""
    return next((n for n, word in enumerate(_PLACES) if word in name.lower()), len(_PLACES))


def zone_names(city: CityData, attribute: str) -> tuple[list[str], Int64]:
    """Names of the zones of a city, and the zone of each object int64 (N,), -1 = none."""
    column = city.objects.columns.get(attribute)
    if column is None or column.kind != "string" or column.categories is None:
        return [], np.full(len(city.objects), -1, np.int64)
    codes = np.where(np.asarray(column.present, np.bool_), np.asarray(column.values, np.int64), -1)
    return column.categories.to_list(), codes
