"""What is near somebody who walks: the street, and the place or quarter, from the layers' own names."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from loaders.city import CityData
from viewer.document.state import Vec3
from viewer.jobs import ThreadJob
from viewer.render.label_places import Kind, Places, label_attribute, places_of

if TYPE_CHECKING:
    from viewer.session.session import Session

STREET_M, AREA_M = 40.0, 350.0
"""How near a street, and a place, has to be to be named."""
_REACHES = {Kind.STREET: STREET_M, Kind.WATER: STREET_M, Kind.GREEN: 2 * STREET_M, Kind.PLACE: AREA_M,
            Kind.QUARTER: AREA_M}  # fmt: skip


@dataclass(frozen=True, slots=True)
class NearNames:
    """Names near a place; "" = none is known."""

    street: str = ""
    area: str = ""


class Nearby:
    """Finds names; the places of a layer are looked for on a thread, once."""

    def __init__(self, session: Session):
        self._session = session
        self._found: dict[tuple[int, str], tuple[CityData, Places | None]] = {}

    def names(self, at: Vec3) -> NearNames:
        """The nearest street (or water, green) and the nearest place or quarter."""
        best: dict[str, tuple[float, str]] = {}
        for places in self._places():
            flat = np.hypot(places.anchors[:, 0] - at[0], places.anchors[:, 1] - at[1])
            along = np.hypot(places.along[:, 0], places.along[:, 1])
            # a street's anchor stands for the chord on both sides of it
            away = np.maximum(flat - 0.8 * along, _across(places, at))
            for kind, reach in _REACHES.items():
                own = np.flatnonzero((places.kind == kind) & (away <= reach))
                if not len(own):
                    continue
                nearest = int(own[np.argmin(away[own])])
                slot = "area" if kind in (Kind.PLACE, Kind.QUARTER) else "street"
                entry = float(away[nearest]), places.texts[int(places.codes[nearest])]
                best[slot] = min(best.get(slot, entry), entry)
        return NearNames(*(best[slot][1] if slot in best else "" for slot in ("street", "area")))

    def _places(self) -> list[Places]:
        document = self._session.document
        alive, found = set(), []
        for layer in document.state.layers:
            city = document.cities.get(layer.id)
            attribute = None if city is None or not layer.visible else label_attribute(city, layer.label_by)
            if city is None or attribute is None:
                continue
            key = id(city), attribute
            alive.add(key)
            if key not in self._found:
                self._found[key] = city, None
                done = partial(self._take, key, city)
                self._session.submit(ThreadJob(places_of, (city, attribute), done, lambda _error: None, title=""))
            places = self._found[key][1]
            if places is not None and len(places):
                found.append(places)
        self._found = {key: kept for key, kept in self._found.items() if key in alive}
        return found

    def _take(self, key: tuple[int, str], city: CityData, places: Places) -> None:
        if key in self._found:
            self._found[key] = city, places


def _across(places: Places, at: Vec3) -> np.ndarray:
    """Distance of a point from the line of each street; from the anchor where there is no line."""
    dx, dy = at[0] - places.anchors[:, 0], at[1] - places.anchors[:, 1]
    length = np.hypot(places.along[:, 0], places.along[:, 1])
    safe = np.maximum(length, 1e-9)
    across = np.abs(dx * places.along[:, 1] - dy * places.along[:, 0]) / safe
    return np.where(length > 1e-6, across, np.hypot(dx, dy))
