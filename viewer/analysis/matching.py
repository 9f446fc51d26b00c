"""Which object of a city a row of a result means: by id, for a million rows in a fraction of a second."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from loaders.city import Bool, CityData, Int32, Int64, Strings
from loaders.scenario.model import Result
from loaders.scenario.names import one_line
from viewer.analysis.derived import derived
from viewer.analysis.legend import count_text

UInt64 = npt.NDArray[np.uint64]

CHUNK = 100_000
"""Ids looked at together: bounds the memory that it takes."""
EXAMPLES = 5
EXAMPLE_LENGTH = 80
"""Characters shown of an id that was not found."""
_PRIME = np.uint64(0x100000001B3)
_NOUNS = {
    "object": ("building or object", "buildings and objects"),
    "surface": ("surface", "surfaces"),
    "points": ("receiver", "receivers"),
}
_INDEXES: WeakKeyDictionary[CityData, _Index] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True, eq=False)
class Match:
    """Rows of a result and of one city.

    Attributes:
        rows: int64 (N,), row of the city's objects (of its surfaces, for surface results) for each row of the result,
            -1 = unmatched.
        sources: int32 (M,), row of the result for each object (surface) of the city, -1 = none. Objects without a
            value of their own take that of their nearest parent.
    """

    rows: Int64
    sources: Int32

    @property
    def found(self) -> Bool:
        """bool (N,): rows of the result that the city has."""
        return self.rows >= 0


@dataclass(frozen=True, slots=True)
class MatchCount:
    """How many rows of a result were found in the project.

    Attributes:
        matched, total: rows.
        example_unmatched: a few ids that were not found.
        text: "1 204 of 1 310 surfaces matched"; "" where nothing has to be matched.
    """

    matched: int = 0
    total: int = 0
    example_unmatched: tuple[str, ...] = ()
    text: str = ""

    @property
    def complete(self) -> bool:
        """True if nothing is missing."""
        return self.matched == self.total


def match(result: Result, city: CityData) -> Match:
    """Match the rows of an object, surface or points result (its owners) to a city. ValueError for other bindings."""
    names = _names(result)
    if names is None:
        raise ValueError(f"results of kind {result.variable.binding} have no ids to match")
    objects = find_ids(names, city.objects.ids, _index(city))
    if result.surfaces is not None:
        rows = _surface_rows(objects, np.asarray(result.surfaces, np.int64), city)
        return Match(rows, _sources(rows, len(city.surfaces)))
    sources = _sources(objects, len(city.objects))
    pairs = derived(city).inherited(sources >= 0)
    if pairs is not None:
        sources[pairs[0]] = sources[pairs[1]]
    return Match(objects, sources)


def needs_match(result: Result) -> bool:
    """True for results whose rows name objects of the city."""
    return _names(result) is not None


def count_matches(result: Result, matches: Mapping[str, Match]) -> MatchCount:
    """How many rows any of several cities has (a project may have its buildings and roads in different layers)."""
    names = _names(result)
    if names is None:
        return MatchCount()
    found = np.zeros(len(names), np.bool_)
    for one in matches.values():
        found |= one.found
    matched, total = int(np.count_nonzero(found)), len(found)
    lost = np.flatnonzero(~found)[:EXAMPLES].tolist()
    examples = tuple(one_line(names[row][:EXAMPLE_LENGTH]) for row in lost)
    one_word, many = _NOUNS.get(result.variable.binding, ("row", "rows"))
    word = one_word if total == 1 else many
    return MatchCount(matched, total, examples, f"{count_text(matched)} of {count_text(total)} {word} matched")


def find_ids(needles: Strings, hay: Strings, index: _Index | None = None) -> Int64:
    """int64 (N,): place of each of ``needles`` in ``hay``, the first of several, -1 = not there."""
    if not len(needles) or not len(hay):
        return np.full(len(needles), -1, np.int64)
    index = index or _Index(hay)
    if index.unique and _same_strings(needles, hay):
        return np.arange(len(needles), dtype=np.int64)
    rows = index.find(_hashes(needles))
    there = np.flatnonzero(rows >= 0)
    for start in range(0, len(there), CHUNK):
        part = there[start : start + CHUNK]
        rows[part[~_equal(needles, part, hay, rows[part])]] = -1
    return rows


class _Index:
    """Hashes of a city's ids in order."""

    def __init__(self, hay: Strings):
        hashes = _hashes(hay)
        self._order = np.argsort(hashes, kind="stable")
        self._sorted = hashes[self._order]
        self.unique = bool((self._sorted[1:] != self._sorted[:-1]).all())

    def find(self, hashes: UInt64) -> Int64:
        """Rows whose hash is the same, the first of several; -1 = none."""
        at = np.minimum(np.searchsorted(self._sorted, hashes, side="left"), len(self._sorted) - 1)
        return np.asarray(np.where(self._sorted[at] == hashes, self._order[at], -1), np.int64)


def _index(city: CityData) -> _Index:
    if city not in _INDEXES:
        _INDEXES[city] = _Index(city.objects.ids)
    return _INDEXES[city]


def _names(result: Result) -> Strings | None:
    kind = result.variable.binding
    if kind in ("object", "surface"):
        return result.ids
    return result.owners if kind == "points" else None


def _same_strings(a: Strings, b: Strings) -> bool:
    return len(a) == len(b) and np.array_equal(a.offsets, b.offsets) and np.array_equal(a.data, b.data)


def _hashes(strings: Strings) -> UInt64:
    """64-bit polynomial hashes; equal strings have equal ones (the reverse is checked by who uses them)."""
    offsets = np.asarray(strings.offsets, np.int64)
    out = np.zeros(len(strings), np.uint64)
    longest = int(np.diff(offsets).max(initial=0))
    with np.errstate(over="ignore"):
        powers = np.cumprod(np.full(longest + 1, _PRIME, np.uint64))
        for start in range(0, len(out), CHUNK):
            ends = offsets[start : start + CHUNK + 1]
            lengths = np.diff(ends)
            filled = np.flatnonzero(lengths)
            if not len(filled):
                continue
            place = np.arange(ends[-1] - ends[0]) - np.repeat(ends[:-1] - ends[0], lengths)
            terms = (strings.data[ends[0] : ends[-1]].astype(np.uint64) + np.uint64(1)) * powers[place]
            out[start + filled] = np.add.reduceat(terms, (ends[:-1] - ends[0])[filled])
    return out


def _equal(a: Strings, rows_a: Int64, b: Strings, rows_b: Int64) -> Bool:
    """bool (K,): whether strings of two tables are the same, byte by byte."""
    start_a, start_b = a.offsets[rows_a], b.offsets[rows_b]
    lengths = np.asarray(a.offsets[rows_a + 1] - start_a, np.int64)
    same = np.asarray(lengths == b.offsets[rows_b + 1] - start_b, np.bool_)
    close = np.flatnonzero(same & (lengths > 0))
    if not len(close):
        return same
    count = lengths[close]
    first = np.concatenate([[0], np.cumsum(count)[:-1]])
    place = np.arange(int(count.sum())) - np.repeat(first, count)
    equal = a.data[np.repeat(start_a[close], count) + place] == b.data[np.repeat(start_b[close], count) + place]
    same[close] = np.logical_and.reduceat(equal, first)
    return same


def _sources(rows: Int64, size: int) -> Int32:
    """The reverse of ``rows``; of several rows for one object the first counts."""
    sources = np.full(size, -1, np.int32)
    known = np.flatnonzero(rows >= 0)[::-1]
    sources[rows[known]] = known
    return sources


def _surface_rows(objects: Int64, numbers: Int64, city: CityData) -> Int64:
    """Rows of the surface table: the ``numbers``-th surface of each object, in the order of the file."""
    owners = np.asarray(city.surfaces.object_rows, np.int64)
    if not len(owners):
        return np.full(len(objects), -1, np.int64)
    order = np.argsort(owners, kind="stable")
    starts = np.searchsorted(owners[order], np.arange(len(city.objects) + 1))
    have = np.diff(starts)
    known = (objects >= 0) & (numbers >= 0)
    known[known] = numbers[known] < have[objects[known]]
    rows = np.full(len(objects), -1, np.int64)
    rows[known] = order[starts[objects[known]] + numbers[known]]
    return rows
