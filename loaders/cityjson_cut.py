"""Cuts the long number arrays out of a CityJSON text, so that only a small skeleton is parsed as objects.

Nine tenths of a city file are vertex indices, coordinates and texture indices. They are found by searching
for their keys and replaced by their number: ``"boundaries":[[[0,1,2]]]`` becomes ``"boundaries":17``. The
skeleton goes through orjson, the arrays through `cityjson_ragged`. The walk over the skeleton notes which numbers it
met: a number that was not met where it belongs (an attribute called "values", say) is put back.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

KEYS = (b'"boundaries"', b'"vertices"', b'"vertices-texture"', b'"values"')
BOUNDARIES, VERTICES, TEXTURE_VERTICES, VALUES = range(4)
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
        view = memoryview(self.data)
        parts: list[bytes | memoryview] = []
        at = self.start
        for number, (first, last) in enumerate(self.ranges):
            if keep is not None and number in keep:
                continue
            parts.append(view[at:first])
            parts.append(b"%d" % number)
            at = last
        parts.append(view[at : self.stop])
        return b"".join(parts)


def cut(data: bytes, start: int = 0, stop: int | None = None) -> Cuts | None:
    """Find the arrays in ``data[start:stop]``; None if the text has something that makes it unsure."""
    stop = len(data) if stop is None else stop
    found: list[tuple[int, int, int]] = []
    gaps = [(start, stop)]
    for kind, key in enumerate(KEYS):
        here: list[tuple[int, int, int]] = []
        for first, last in gaps:
            if not _cut_gap(data, first, last, key, kind, here):
                return None
        if here:
            found.extend(here)
            found.sort()
            edges = [start, *(edge for item in found for edge in item[:2]), stop]
            gaps = [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a > len(key)]
    return Cuts(data, start, stop, [item[:2] for item in found], bytearray(item[2] for item in found))


def _cut_gap(data: bytes, at: int, stop: int, key: bytes, kind: int, out: list[tuple[int, int, int]]) -> bool:
    """Append the arrays behind ``key`` in one gap. False if a quote is escaped: then nothing here is sure.

    Such an array holds neither quotes nor braces, so it ends at the last bracket before the next one of them.
    """
    find = data.find
    width = len(key)
    at = find(key, at, stop)
    while at >= 0:
        if data[at - 1] == 92:
            return False
        first = at + width + 1
        if data[first - 1 : first + 1] != b":[":
            match = _COLON.match(data, at + width, stop)
            if match is None:
                at = find(key, at + 1, stop)
                continue
            first = match.end() - 1
        quote = find(b'"', first, stop)
        if quote < 0:
            quote = stop
        last = find(b"}", first, quote)
        if last < 0:
            last = quote
        while data[last - 1] in b", \n\r\t":
            last -= 1
        if data[last - 1] != 93:
            return False
        out.append((first, last, kind))
        at = find(key, last, stop)
    return True
