"""Arrays derived from a city once and kept as long as the city: hierarchy, what is drawn, rows by id.

`derived(city)` holds no reference to the city itself, so a city that nobody uses any more is freed with them.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from loaders.city import Bool, CityData, Column, Int64, ObjectTable

MAX_DEPTH = 64
"""Levels of parents followed; a cycle of parents ends here."""
MAX_HITS = 500
"""Most ids that a search looks at closely."""
FEW_IDS = 8
"""Up to so many unknown ids are searched one by one before an index of all ids is built."""


class Derived:
    """Derived arrays of one city. N = number of objects.

    Attributes:
        count: N.
        drawn: bool (N,), object has geometry in any LoD.
        edge_child, edge_parent: int64 (E,), every parent relation.
        first_parent: int64 (N,), row of the first parent, -1 = none.
    """

    def __init__(self, city: CityData):
        objects = city.objects
        self.count = len(objects)
        self._ids = objects.ids
        self.drawn = _drawn(city)
        self.edge_child, self.edge_parent = _edges(objects)
        self.first_parent = np.full(self.count, -1, np.int64)
        self.first_parent[self.edge_child[::-1]] = self.edge_parent[::-1]
        self._rows: dict[str, int] = {}
        self._index: dict[str, int] | None = None
        self._asked: tuple[tuple[str, ...] | None, Int64] = None, np.zeros(0, np.int64)

    @cached_property
    def _lengths(self) -> Int64:
        offsets = np.asarray(self._ids.offsets, np.int64)
        return offsets[1:] - offsets[:-1]

    def with_descendants(self, mask: Bool) -> Bool:
        """bool (N,): the rows of ``mask`` and all below them in the hierarchy."""
        if not len(self.edge_child):
            return mask
        reached = mask.copy()
        for _ in range(MAX_DEPTH):
            fresh = self.edge_child[reached[self.edge_parent]]
            fresh = fresh[~reached[fresh]]
            if not len(fresh):
                break
            reached[fresh] = True
        return reached

    def inherited(self, present: Bool) -> tuple[Int64, Int64] | None:
        """Which rows take a value from a parent, and from which row: the nearest first parent that has one.

        ``present`` bool (N,) tells which rows have a value of their own. Returns int64 (M,) rows without a value
        and int64 (M,) rows that have theirs; None if no row inherits.
        """
        wanting = np.flatnonzero(~present & (self.first_parent >= 0))
        if not len(wanting):
            return None
        at = self.first_parent[wanting]
        for _ in range(MAX_DEPTH):
            climbing = np.flatnonzero(~present[at] & (self.first_parent[at] >= 0))
            if not len(climbing):
                break
            at[climbing] = self.first_parent[at[climbing]]
        found = present[at]
        if not found.any():
            return None
        return (wanting, at) if found.all() else (wanting[found], at[found])

    def effective(self, column: Column) -> tuple[npt.NDArray[Any], Bool, Int64]:
        """A column's values (N,) and presence (N,) with inherited ones filled in, and the rows that inherit."""
        values, present = np.asarray(column.values), np.asarray(column.present, np.bool_)
        pairs = self.inherited(present)
        if pairs is None:
            return values, present, np.zeros(0, np.int64)
        rows, sources = pairs
        values, present = values.copy(), present.copy()
        values[rows] = values[sources]
        present[rows] = True
        return values, present, rows

    def remember(self, ids: Iterable[str], rows: Iterable[int]) -> None:
        """Note the rows of ids that the caller knows, so that they need not be searched."""
        self._rows.update(zip(ids, rows, strict=True))

    def rows_of(self, ids: Iterable[str]) -> Int64:
        """Rows of the ids that exist, int64, in the order of the ids; unknown ids are left out."""
        asked, found = self._asked
        if ids is asked:  # by one panel after the other
            return found.copy()
        wanted = list(ids)
        known = list(map(self._rows.get, wanted))
        unknown = [] if None not in known else [name for name in dict.fromkeys(wanted) if name not in self._rows]
        if len(unknown) > FEW_IDS and self._index is None:
            names = self._ids.to_list()
            names.reverse()  # so that of two objects with one id the first is found
            self._index = dict(zip(names, range(self.count - 1, -1, -1), strict=True))
        for name in unknown:
            self._rows[name] = self._index.get(name, -1) if self._index is not None else self._search(name)
        rows = np.fromiter(map(self._rows.__getitem__, wanted) if unknown else known, np.int64, len(wanted))
        rows = rows[rows >= 0]
        if isinstance(ids, tuple):
            self._asked = ids, rows.copy()
        return rows

    @cached_property
    def _folded_ids(self) -> bytes:
        """All ids one after the other, ASCII letters small."""
        return bytes(self._ids.data).lower()

    def find(self, text: str, limit: int) -> list[int]:
        """Rows of at most ``limit`` objects whose id contains ``text`` (ASCII letters in any case), best first.

        The id itself comes first, then ids that begin with the text, then the others, each in file order.
        """
        wanted = text.encode("utf-8", "replace").lower()
        hits = self._containing(wanted, MAX_HITS) if wanted else []
        exact = [row for row in self.rows_of([text]).tolist() if row not in hits]
        offsets = self._ids.offsets

        def rank(row: int) -> tuple[bool, bool, int]:
            start, end = int(offsets[row]), int(offsets[row + 1])
            folded = self._folded_ids[start:end]
            return folded != wanted, not folded.startswith(wanted), row

        return sorted([*exact, *hits], key=rank)[:limit]

    def _containing(self, wanted: bytes, limit: int) -> list[int]:
        """The first rows whose folded id contains the bytes."""
        rows: list[int] = []
        folded, offsets = self._folded_ids, np.asarray(self._ids.offsets)
        at = folded.find(wanted)
        while at >= 0 and len(rows) < limit:
            row = int(np.searchsorted(offsets, at, side="right")) - 1
            end = int(offsets[row + 1])
            if at + len(wanted) <= end:
                rows.append(row)
                at = folded.find(wanted, end)
            else:  # across two ids
                at = folded.find(wanted, at + 1)
        return rows

    def mask_of(self, ids: Iterable[str]) -> Bool:
        """bool (N,): the rows with those ids."""
        mask = np.zeros(self.count, np.bool_)
        mask[self.rows_of(ids)] = True
        return mask

    def _search(self, name: str) -> int:
        """Row of one id or -1: by length, then byte by byte from the end, where ids differ most."""
        wanted = np.frombuffer(name.encode("utf-8", "replace"), np.uint8)
        rows = np.flatnonzero(self._lengths == len(wanted))
        ends = np.asarray(self._ids.offsets)[1:]
        for back in range(1, len(wanted) + 1):
            if not len(rows):
                return -1
            rows = rows[self._ids.data[ends[rows] - back] == wanted[-back]]
        return int(rows[0]) if len(rows) else -1


_CACHE: WeakKeyDictionary[CityData, Derived] = WeakKeyDictionary()


def derived(city: CityData) -> Derived:
    """The derived arrays of a city, made at the first call."""
    found = _CACHE.get(city)
    if found is None:
        found = _CACHE[city] = Derived(city)
    return found


def _drawn(city: CityData) -> Bool:
    drawn = np.zeros(len(city.objects), np.bool_)
    for mesh in city.lods.values():
        drawn |= mesh.drawn
    return drawn


def _edges(objects: ObjectTable) -> tuple[Int64, Int64]:
    """(child rows, parent rows) of all relations; relations to rows that do not exist are left out."""
    start = np.asarray(objects.parent_start, np.int64)
    counts = start[1:] - start[:-1]
    child = np.repeat(np.arange(len(objects), dtype=np.int64), counts)
    parent = np.asarray(objects.parent_rows, np.int64)
    good = (parent >= 0) & (parent < len(objects)) & (parent != child)
    return (child, parent) if good.all() else (child[good], parent[good])
