"""How the results of a document's scenarios hang on its cities: matched ids, walls made of receivers. Made once each.

What is made belongs to a pair of a result and a city and is forgotten with either.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from loaders.city import CityData, Int64, Strings
from loaders.scenario.model import Result
from viewer.analysis.facades import FacadeGrid, facade_grid
from viewer.analysis.matching import Match, MatchCount, count_matches, find_ids, match
from viewer.document.document import Document
from viewer.document.overlays import is_overlay

_BY_DOCUMENT: WeakKeyDictionary[Document, Links] = WeakKeyDictionary()


def links_of(document: Document) -> Links:
    """The links of a document."""
    if document not in _BY_DOCUMENT:
        _BY_DOCUMENT[document] = Links()
    return _BY_DOCUMENT[document]


def base_cities(document: Document) -> dict[str, CityData]:
    """The loaded layers of the project, without what comes with scenarios."""
    return {layer_id: city for layer_id, city in document.cities.items() if not is_overlay(layer_id)}


class Links:
    """Matches and walls by pairs of a result and a city. Safe to use from several threads.

    Attributes:
        facades: walls by overlay id, as `session.scenario_opening` made them.
    """

    def __init__(self) -> None:
        self.facades: dict[str, FacadeGrid] = {}
        self._made: dict[tuple[object, ...], tuple[tuple[object, ...], Any]] = {}
        self._lock = threading.RLock()

    def match(self, result: Result, city: CityData) -> Match:
        """As `viewer.analysis.matching.match`; slow the first time."""
        return self._once("match", _matched_by(result, city), lambda: match(result, city))  # type: ignore[no-any-return]

    def rows(self, names: Strings, city: CityData) -> Int64:
        """As `viewer.analysis.matching.find_ids` in the city's objects."""
        return self._once("rows", (names, city), lambda: find_ids(names, city.objects.ids))  # type: ignore[no-any-return]

    def known_match(self, result: Result, city: CityData) -> Match | None:
        """The match, if it has been made."""
        with self._lock:
            found = self._made.get(("match", *map(id, _matched_by(result, city))))
            return None if found is None else found[1]

    def count(self, result: Result, cities: Iterable[CityData]) -> MatchCount:
        """How many rows of a result the cities have."""
        return count_matches(result, {str(n): self.match(result, city) for n, city in enumerate(cities)})

    def facade(self, result: Result, city: CityData) -> FacadeGrid | None:
        """Walls of a city with the receivers of a result; None if it has none of its buildings."""
        places = result.places
        if places is None or result.owners is None:
            return None

        def make() -> FacadeGrid | None:
            rows = self.match(result, city).rows
            if not (rows >= 0).any():
                return None
            grid = facade_grid(city, rows, np.asarray(places), result.normals)
            return None if grid is None else _where_known(grid)

        return self._once("facade", (result, city), make)  # type: ignore[no-any-return]

    def prune(self, document: Document) -> None:
        """Forget what belongs to results or cities that the document does not have any more."""
        alive = {id(city) for city in document.cities.values()}
        for scenario in document.scenarios.values():
            for result in scenario.results.values():
                alive |= {id(part) for part in (result, result.ids, result.owners, result.surfaces)}
                if result.patch is not None:
                    alive |= {id(result.patch.removed), id(result.patch.replaces)}
        with self._lock:
            for key in [key for key in self._made if not alive.issuperset(key[1:])]:
                del self._made[key]
            for name in self.facades.keys() - document.cities.keys():
                del self.facades[name]

    def _once(self, kind: str, pair: tuple[object, ...], make: Callable[[], Any]) -> Any:
        key = (kind, *map(id, pair))
        with self._lock:
            found = self._made.get(key)
        if found is not None:
            return found[1]
        made = make()
        with self._lock:
            # the pair is kept with it, so that its ids are not given to others meanwhile
            return self._made.setdefault(key, (pair, made))[1]


def _where_known(grid: FacadeGrid) -> FacadeGrid:
    """The walls without what no receiver is near to: there the building keeps its own look."""
    known = grid.weights.sum(axis=1) > 0
    mesh = next(iter(grid.city.lods.values()), None)
    if mesh is None or known.all():
        return grid
    tiles = mesh.tiles
    counts = np.diff(tiles.triangle_start)
    first = np.repeat(tiles.vertex_start[:-1], counts)
    keep = known[grid.vertex_rows.astype(np.int64)][tiles.triangles + first[:, None]].all(axis=1)
    owner = np.repeat(np.arange(len(counts)), counts)
    starts = np.concatenate([[0], np.cumsum(np.bincount(owner[keep], minlength=len(counts)))])
    kept = replace(tiles, triangles=np.ascontiguousarray(tiles.triangles[keep]), triangle_start=starts.astype(np.int64))
    if tiles.triangle_surface is not None:
        kept = replace(kept, triangle_surface=tiles.triangle_surface[keep])
    lods = {name: replace(mesh, tiles=kept) for name in grid.city.lods}
    return replace(grid, city=replace(grid.city, lods=lods))


def _matched_by(result: Result, city: CityData) -> tuple[object, ...]:
    """What a match depends on: a difference has the ids of one of its two results, and needs no match of its own."""
    names = result.owners if result.variable.binding == "points" else result.ids
    return (result if names is None else names, result.surfaces, city)
