"""Cuts the long number arrays out of a CityJSON text, so that only a small skeleton is parsed as objects.

Nine tenths of a city file are vertex indices, coordinates and texture indices. They are found by searching
for their keys and replaced by their number: ``"boundaries":[[[0,1,2]]]`` becomes ``"boundaries":17``. The
skeleton goes through orjson, the arrays through `cityjson_ragged`. The walk over the skeleton notes which numbers it
met: a number that was not met where it belongs (an attribute called "values", say) is put back.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import chain

import numpy as np

from loaders.city import Int64, UInt8

KEYS = (b'"boundaries"', b'"vertices"', b'"vertices-texture"', b'"values"')
BOUNDARIES, VERTICES, TEXTURE_VERTICES, VALUES, OBJECTS = range(5)
"""Kinds of what is cut out; OBJECTS is the whole of CityObjects, which has no key of its own in `KEYS`."""
_CHUNK = 1 << 20
_OVERLAP = 1 << 16
"""Arrays that end this far behind a chunk are still found at once with the others."""
_COLON = re.compile(rb"[ \n\r\t]*:[ \n\r\t]*\[")


@dataclass(slots=True, eq=False)
class Cuts:
    """Arrays cut out of ``data[start:stop]``: byte ranges in file order and the key that each belongs to."""

    data: bytes
    start: int
    stop: int
    ranges: list[tuple[int, int]] = field(default_factory=list)
    kinds: bytearray = field(default_factory=bytearray)
    table: Int64 | None = None

    def edges(self) -> Int64:
        """The ranges as an array (N, 2)."""
        if self.table is None:
            flat = np.fromiter(chain.from_iterable(self.ranges), np.int64, 2 * len(self.ranges))
            self.table = flat.reshape(-1, 2)
        return self.table

    def text(self, number: int) -> memoryview:
        """The array's text."""
        first, last = self.ranges[number]
        return memoryview(self.data)[first:last]

    def skeleton(self, keep: set[int] | None = None) -> bytes:
        """The text with every array replaced by its number, except those in ``keep``."""
        chosen = range(len(self.ranges)) if keep is None else [n for n in range(len(self.ranges)) if n not in keep]
        ranges = self.ranges if keep is None else [self.ranges[number] for number in chosen]
        edges = [self.start, *chain.from_iterable(ranges), self.stop]
        data = self.data
        parts = [b""] * (2 * len(ranges) + 1)
        parts[::2] = [data[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True)]
        parts[1::2] = [b"%d" % number for number in chosen]
        return b"".join(parts)


class _Odd(Exception):
    """Something that makes it unsure where an array is."""


def cut(
    data: bytes, start: int = 0, stop: int | None = None, report: Callable[[float], None] | None = None
) -> Cuts | None:
    """Find the arrays in ``data[start:stop]``; None if the text has something that makes it unsure.

    Such an array holds neither quotes nor braces, so it ends at the last bracket before the next one of them.
    ``report(fraction)`` is called now and then and may raise to stop.
    """
    stop = len(data) if stop is None else stop
    text = np.frombuffer(data, np.uint8)
    found: list[Int64] = [np.zeros((0, 3), np.int64)]
    try:
        for number, at in enumerate(range(start, stop, _CHUNK)):
            if report is not None and not number % 32:
                report((at - start) / (stop - start))
            found.append(_cut_chunk(data, text, at, stop))
    except _Odd:
        return None
    table = np.concatenate(found)
    edges = table[:, :2]
    ranges = list(zip(edges[:, 0].tolist(), edges[:, 1].tolist(), strict=True))
    return Cuts(data, start, stop, ranges, bytearray(table[:, 2].astype(np.uint8)), edges)


def _cut_chunk(data: bytes, text: UInt8, at: int, stop: int) -> Int64:
    """Arrays whose keys begin in one chunk: (n, 3) first byte, byte after the last, kind; in order."""
    piece = text[at : min(at + _CHUNK + _OVERLAP, stop)]
    quotes = np.flatnonzero(piece == 34)
    if len(quotes) < 2:
        return np.zeros((0, 3), np.int64)
    keys, kinds = _keys(piece, quotes)
    if not len(keys):
        return np.zeros((0, 3), np.int64)
    if (text[np.maximum(at + quotes[keys] - 1, 0)] == 92).any():
        raise _Odd
    far = len(piece) + 1
    braces = np.append(np.flatnonzero(piece == 125), far)
    close = quotes[keys + 1]
    first = close + 2
    after = np.append(quotes, far)[np.minimum(keys + 2, len(quotes))]
    end = np.minimum(after, braces[np.searchsorted(braces, close)])
    inside = (end < far) & (first < len(piece))
    end = np.where(inside, end, 2)
    comma = (piece[end - 1] == 44) & inside
    last = end - comma
    first_safe = np.where(inside, first, 1)
    fine = inside & (piece[last - 1] == 93) & (piece[first_safe] == 91) & (piece[first_safe - 1] == 58)
    table = np.stack([first + at, last + at, kinds], axis=1)
    odd = np.flatnonzero(~fine).tolist()
    for row in odd:
        table[row, :2] = _cut_one(data, int(close[row]) + at + 1, stop)
    return table[table[:, 1] > 0] if odd else table


def _keys(piece: UInt8, quotes: Int64) -> tuple[Int64, Int64]:
    """Numbers of the quotes that open one of the `KEYS` (not in the overlap), and which."""
    width = np.diff(quotes)
    places, codes = [], []
    for kind, key in enumerate(KEYS):
        here = np.flatnonzero(width == len(key) - 1)
        here = here[quotes[here] < _CHUNK]
        for letter in (1, 4, 2, 3, *range(5, len(key) - 1)):
            if not len(here):
                break
            here = here[piece[quotes[here] + letter] == key[letter]]
        places.append(here)
        codes.append(np.full(len(here), kind, np.int64))
    place, code = np.concatenate(places), np.concatenate(codes)
    order = np.argsort(place)
    return place[order], code[order]


def _cut_one(data: bytes, at: int, stop: int) -> tuple[int, int]:
    """The array behind one key that ends at ``at``: with blanks, or long; (0, 0) if there is none."""
    colon = _COLON.match(data, at, stop)
    if colon is None:
        return 0, 0
    first = colon.end() - 1
    quote = data.find(b'"', first, stop)
    quote = stop if quote < 0 else quote
    last = data.find(b"}", first, quote)
    last = quote if last < 0 else last
    while data[last - 1] in b", \n\r\t":
        last -= 1
    if data[last - 1] != 93:
        raise _Odd
    return first, last
