"""Cuts the long number arrays out of a CityJSON text, so that only a small skeleton is parsed as objects.

Nine tenths of a city file are vertex indices, coordinates and texture indices. They are found by searching
for their keys and replaced by their number: ``"boundaries":[[[0,1,2]]]`` becomes ``"boundaries":17``. The
skeleton goes through orjson, the arrays through `cityjson_ragged`. The walk over the skeleton notes which numbers it
met: a number that was not met where it belongs (an attribute called "values", say) is put back.

What remains of the geometries is much the same in all objects: they are cut out too, as shells around their arrays
(see `cityjson_shells`). Lists of objects are taken to end at the first ``}]``; that such a text is JSON proves it,
for no JSON list begins with another one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from loaders.city import Int64, UInt8
from loaders.triangulate import ranges

KEYS = (b'"boundaries"', b'"vertices"', b'"vertices-texture"', b'"values"', b"", b'"surfaces"', b'"geometry"')
BOUNDARIES, VERTICES, TEXTURE_VERTICES, VALUES, OBJECTS, SURFACES, GEOMETRY = range(7)
"""Kinds of what is cut out; OBJECTS is the whole of CityObjects, which has no key of its own in `KEYS`."""
ARRAY, SHELL = b"\1", b"\0"
"""Stand for an array and for the ends of a shell: no JSON text may hold these characters."""
_CHUNK = 1 << 20
_OVERLAP = 1 << 16
"""Arrays that end this far behind a chunk are still found at once with the others."""
_COLON = re.compile(rb"[ \n\r\t]*:[ \n\r\t]*\[")


@dataclass(slots=True, eq=False)
class Cuts:
    """Arrays cut out of ``data[start:stop]``.

    Attributes:
        table: int64 (N, 2), byte ranges of the arrays in file order.
        kinds: the key that each belongs to.
        shells: int64 (S, 2), byte ranges of geometry lists; the arrays in them are numbers of ``table`` all the same.
    """

    data: bytes
    start: int
    stop: int
    table: Int64 = field(default_factory=lambda: np.zeros((0, 2), np.int64))
    kinds: bytearray = field(default_factory=bytearray)
    shells: Int64 = field(default_factory=lambda: np.zeros((0, 2), np.int64))

    def text(self, number: int) -> memoryview:
        """The array's text."""
        first, last = self.table[number].tolist()
        return memoryview(self.data)[first:last]

    def skeleton(self, keep: set[int] | None = None) -> bytes:
        """The text with every array replaced by its number, except those in ``keep``; shells stay where they are."""
        chosen = np.arange(len(self.table))
        if keep:
            chosen = np.setdiff1d(chosen, list(keep))
        return self._filled(
            self.table[chosen, 0], self.table[chosen, 1], [b"%d" % number for number in chosen.tolist()]
        )

    def shelled(self) -> tuple[bytes, list[bytes]]:
        """The text with every array and shell replaced by its number (shells count on from the arrays), and the text of
        each shell with `ARRAY` for its arrays; raises `ValueError` if the text holds characters that it must not."""
        arrays, shells = len(self.table), len(self.shells)
        at = np.concatenate([self.table[:, 0], self.shells[:, 0], self.shells[:, 1]])
        to = np.concatenate([self.table[:, 1], self.shells[:, 0], self.shells[:, 1]])
        fill = [ARRAY] * arrays + [SHELL] * (2 * shells)
        first, count = self.children()
        loose = np.ones(arrays, np.bool_)
        loose[ranges(first, count)] = False
        for number in np.flatnonzero(loose).tolist():
            fill[number] = b"%d" % number
        order = np.argsort(at, kind="stable")
        text = self._filled(at[order], to[order], list(map(fill.__getitem__, order.tolist())))
        pieces = text.split(SHELL)
        if len(pieces) != 2 * shells + 1 or text.count(ARRAY) != int(count.sum()):
            raise ValueError("control characters in the text")
        inner = pieces[1::2]
        pieces[1::2] = [b"%d" % number for number in range(arrays, arrays + shells)]
        return b"".join(pieces), inner

    def children(self) -> tuple[Int64, Int64]:
        """First array in each shell, and how many."""
        first = np.searchsorted(self.table[:, 0], self.shells[:, 0])
        return first, np.searchsorted(self.table[:, 0], self.shells[:, 1]) - first

    def _filled(self, at: Int64, to: Int64, fill: list[bytes]) -> bytes:
        """The text with the ranges ``at[i]:to[i]`` replaced by ``fill[i]``."""
        data = self.data
        parts = [b""] * (2 * len(fill) + 1)
        parts[::2] = [data[a:b] for a, b in zip([self.start, *to.tolist()], [*at.tolist(), self.stop], strict=True)]
        parts[1::2] = fill
        return b"".join(parts)


class _Odd(Exception):
    """Something that makes it unsure where an array is."""


def cut(
    data: bytes,
    start: int = 0,
    stop: int | None = None,
    report: Callable[[float], None] | None = None,
    shells: bool = False,
) -> Cuts | None:
    """Find the arrays in ``data[start:stop]``; None if the text has something that makes it unsure.

    Such an array holds neither quotes nor braces, so it ends at the last bracket before the next one of them.
    ``shells``: lists of semantic surfaces and of geometries too, where they are written without blanks.
    ``report(fraction)`` is called now and then and may raise to stop.
    """
    stop = len(data) if stop is None else stop
    text = np.frombuffer(data, np.uint8)
    found: list[Int64] = [np.zeros((0, 3), np.int64)]
    try:
        for number, at in enumerate(range(start, stop, _CHUNK)):
            if report is not None and not number % 32:
                report((at - start) / (stop - start))
            found.append(_cut_chunk(data, text, at, stop, shells))
    except _Odd:
        return None
    table = np.concatenate(found)
    is_shell = table[:, 2] == GEOMETRY
    arrays = _outermost(table[~is_shell])
    kinds = bytearray(arrays[:, 2].astype(np.uint8))
    return Cuts(data, start, stop, arrays[:, :2], kinds, _outermost(table[is_shell])[:, :2])


def _outermost(table: Int64) -> Int64:
    """Without ranges that begin inside an earlier one."""
    if len(table) < 2:
        return table
    inside = table[1:, 0] < np.maximum.accumulate(table[:-1, 1])
    return table[np.append(True, ~inside)] if inside.any() else table


def _cut_chunk(data: bytes, text: UInt8, at: int, stop: int, shells: bool) -> Int64:
    """Arrays whose keys begin in one chunk: (n, 3) first byte, byte after the last, kind; in order."""
    piece = text[at : min(at + _CHUNK + _OVERLAP, stop)]
    quotes = np.flatnonzero(piece == 34)
    if len(quotes) < 2:
        return np.zeros((0, 3), np.int64)
    keys, kinds = _keys(piece, quotes, shells)
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
    own = quotes[keys] < _CHUNK
    if shells:
        _lists_of_objects(piece, braces[:-1], first, kinds, table, at)
        listed = kinds >= SURFACES
        own &= ~listed | (table[:, 1] > 0)
        fine |= listed
    odd = np.flatnonzero(~fine & own).tolist()
    for row in odd:
        table[row, :2] = _cut_one(data, int(close[row]) + at + 1, stop)
    return table[own & (table[:, 1] > 0)]


def _lists_of_objects(piece: UInt8, braces: Int64, first: Int64, kinds: Int64, table: Int64, at: int) -> None:
    """Set the ends of lists of surfaces and geometries, 0 where they are not found."""
    closers = braces[piece[np.minimum(braces + 1, len(piece) - 1)] == 93]
    for kind in (SURFACES, GEOMETRY):
        rows = np.flatnonzero(kinds == kind)
        begin = first[rows]
        safe = np.minimum(begin, len(piece) - 2)
        fine = (begin == safe) & (piece[safe - 1] == 58) & (piece[safe] == 91) & (piece[safe + 1] == 123)
        number = np.searchsorted(closers, begin)
        fine &= number < len(closers)
        table[rows, 1] = 0
        table[rows[fine], 1] = closers[number[fine]] + 2 + at
        closers = np.delete(closers, number[fine])


def _keys(piece: UInt8, quotes: Int64, shells: bool) -> tuple[Int64, Int64]:
    """Numbers of the quotes that open one of the `KEYS`, and which."""
    width = np.diff(quotes)
    by_width = {size: np.flatnonzero(width == size) for size in {len(key) - 1 for key in KEYS if key}}
    words = np.ndarray((max(len(piece) - 8, 1),), "<u8", piece if len(piece) > 8 else bytes(8), strides=(1,))
    places, codes = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for kind, key in enumerate(KEYS):
        if not key or (kind >= SURFACES and not shells):
            continue
        here = by_width[len(key) - 1]
        wanted, mask = key[1:9], b"\xff" * min(8, len(key) - 1)
        found = words[np.minimum(quotes[here] + 1, len(words) - 1)] & np.uint64(int.from_bytes(mask, "little"))
        here = here[found == int.from_bytes(wanted, "little")]
        for letter in range(9, len(key) - 1):
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
