"""Cuts the long number arrays out of a CityJSON text, so that only a small skeleton is parsed as objects.

Nine tenths of a city file are vertex indices, coordinates and texture indices. They are found by searching
for their keys and replaced by their number: ``"boundaries":[[[0,1,2]]]`` becomes ``"boundaries":17``. The
skeleton goes through orjson, the arrays through `cityjson_ragged`. The walk over the skeleton notes which numbers it
met: a number that was not met where it belongs (an attribute called "values", say) is put back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain

import numpy as np

KEYS = (b'"boundaries"', b'"vertices"', b'"vertices-texture"', b'"values"')
BOUNDARIES, VERTICES, TEXTURE_VERTICES, VALUES = range(4)
_TYPICAL = tuple(key + b":[" for key in KEYS)
_LONGEST = max(map(len, KEYS))
_CHUNK = 1 << 20
_COLON = re.compile(rb"[ \n\r\t]*:[ \n\r\t]*\[")


@dataclass(slots=True, eq=False)
class Cuts:
    """Arrays cut out of ``data[start:stop]``: byte ranges in file order and the key that each belongs to."""

    data: bytes
    start: int
    stop: int
    ranges: list[tuple[int, int]] = field(default_factory=list)
    kinds: bytearray = field(default_factory=bytearray)

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


def cut(
    data: bytes, start: int = 0, stop: int | None = None, report: Callable[[float], None] | None = None
) -> Cuts | None:
    """Find the arrays in ``data[start:stop]``; None if the text has something that makes it unsure.

    Such an array holds neither quotes nor braces, so it ends at the last bracket before the next one of them.
    ``report(fraction)`` is called now and then and may raise to stop.
    """
    stop = len(data) if stop is None else stop
    cuts = Cuts(data, start, stop)
    find, match, ranges, kinds = data.find, _COLON.match, cuts.ranges, cuts.kinds
    for at, kind in _keys(data, start, stop, report):
        key = KEYS[kind]
        first = at + len(key) + 1
        if data[at : first + 1] != _TYPICAL[kind]:
            if data[at : first - 1] != key:
                continue
            colon = match(data, first - 1, stop)
            if colon is None:
                continue
            first = colon.end() - 1
        if data[at - 1] == 92:
            return None
        quote = find(b'"', first, stop)
        if quote < 0:
            quote = stop
        last = find(b"}", first, quote)
        if last < 0:
            last = quote
        while data[last - 1] in b", \n\r\t":
            last -= 1
        if data[last - 1] != 93:
            return None
        ranges.append((first, last))
        kinds.append(kind)
    return cuts


def _keys(data: bytes, start: int, stop: int, report: Callable[[float], None] | None) -> Iterator[tuple[int, int]]:
    """Places that look like one of the keys, in order: two quotes at the right distance, two right letters."""
    text = np.frombuffer(data, np.uint8)
    for at in range(start, stop, _CHUNK):
        if report is not None and not (at - start) % (32 * _CHUNK):
            report((at - start) / (stop - start))
        piece = text[at : min(at + _CHUNK + _LONGEST, stop)]
        quotes = np.flatnonzero(piece == 34).astype(np.int32)
        if not len(quotes):
            continue
        width = np.diff(quotes)
        places, codes = [], []
        for kind, key in enumerate(KEYS):
            here = quotes[:-1][width == len(key) - 1]
            here = here[(piece[here + 1] == key[1]) & (piece[here + 4] == key[4]) & (here < _CHUNK)]
            places.append(here)
            codes.append(np.full(len(here), kind, np.int32))
        place, code = np.concatenate(places), np.concatenate(codes)
        order = np.argsort(place)
        yield from zip((place[order] + at).tolist(), code[order].tolist(), strict=True)
