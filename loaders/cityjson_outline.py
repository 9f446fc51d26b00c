"""Where the members of ``CityObjects`` begin and end in the text of a document, without parsing it.

Between two members the text can be cut, so that a large document is read in sections like a sequence of
features: little memory at a time, and several processes can share the work. `guess` looks for what a member
usually begins with; that every section then is whole JSON proves it right. `scan` counts braces outside strings through
the whole text: slower, but always right.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from loaders.city import Int64, UInt8

_NAME = b'"CityObjects"'
_KEY = re.compile(rb'"CityObjects"[ \n\r\t]*:[ \n\r\t]*\{')
_MEMBER = re.compile(
    rb"\}[ \n\r\t]*,[ \n\r\t]*"
    rb'("(?:[^"\\]|\\.){0,200}"[ \n\r\t]*:[ \n\r\t]*\{[ \n\r\t]*'
    rb'"(?:type|attributes|geometry|geographicalExtent|parents|children|address)"[ \n\r\t]*:)'
)
_FARTHEST = 8 << 20
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """``data[start:stop]`` is the value of CityObjects, braces included; sections are byte ranges of whole members."""

    start: int
    stop: int
    sections: list[tuple[int, int]]


def guess(data: bytes, section_bytes: int, report: Callable[[float], None]) -> Outline | None:
    """Cut at what looks like the beginning of a member; None where the end of CityObjects is not found."""
    key = data.find(_NAME)
    match = _KEY.match(data, key) if key >= 0 else None
    if match is None:
        return None
    start = match.end() - 1
    begin = start + 1
    sections = []
    while True:
        report(begin / len(data))
        found = _MEMBER.search(data, begin + section_bytes, begin + section_bytes + _FARTHEST)
        if found is None:
            break
        sections.append((begin, found.start() + 1))
        begin = found.start(1)
    rest = _Scan(data, begin, begin - 1, level=2)
    at = begin
    while rest.stop is None and at < len(data):
        rest.chunk(at)
        at += _CHUNK
    if rest.stop is None or data.find(_NAME, rest.stop) >= 0:
        return None
    if data[begin : rest.stop - 1].strip(b" \n\r\t"):
        sections.append((begin, rest.stop - 1))
    return Outline(start, rest.stop, sections)


def scan(data: bytes, section_bytes: int, report: Callable[[float], None]) -> Outline | None:
    """Find CityObjects and cut it into sections; None if that is not sure. ``report`` may raise to stop."""
    key = data.find(_NAME)
    match = _KEY.match(data, key) if key >= 0 else None
    if match is None:
        return None
    braces = _Scan(data, match.start(), match.end() - 1)
    for number, at in enumerate(range(0, len(data), _CHUNK)):
        if not number % 32:
            report(at / len(data))
        if not braces.chunk(at):
            break
    if braces.stop is None or not braces.sure or data.find(_NAME, braces.stop) >= 0:
        return None
    ends = np.concatenate([*braces.ends, np.zeros(0, np.int64)])
    if not len(ends):
        return Outline(braces.start, braces.stop, [])
    marks = ends[np.minimum(np.searchsorted(ends, np.arange(braces.start, braces.stop, section_bytes)), len(ends) - 1)]
    edges = np.unique(np.concatenate([marks[1:], ends[-1:]]))
    sections = []
    begin = braces.start + 1
    for end in (edges + 1).tolist():
        sections.append((begin, end))
        begin = _after_comma(data, end)
        if begin < 0 and end != int(ends[-1]) + 1:
            return None
    return Outline(braces.start, braces.stop, sections)


def _after_comma(data: bytes, at: int) -> int:
    """The byte after the comma that follows, blanks skipped; -1 if something else follows."""
    while data[at : at + 1] in (b" ", b"\n", b"\r", b"\t"):
        at += 1
    return at + 1 if data[at : at + 1] == b"," else -1


class _Scan:
    """Depth of braces through the text, chunk by chunk."""

    def __init__(self, data: bytes, key: int, start: int, level: int = 0):
        self.text = np.frombuffer(data, np.uint8)
        self.key, self.start = key, start
        self.stop: int | None = None
        self.sure = False
        self.ends: list[Int64] = []
        self._odd = 0
        self._level = level

    def chunk(self, at: int) -> bool:
        """Look at one chunk; False when CityObjects is over."""
        piece = self.text[at : at + _CHUNK]
        quotes = self._quotes(piece, at)
        high = np.flatnonzero(piece >= 123)
        signs = piece[high]
        high = high[(signs == 123) | (signs == 125)]
        high = high[(np.searchsorted(quotes, high) + self._odd) % 2 == 0]
        level = self._level + np.cumsum(124 - piece[high].astype(np.int64))
        if at <= self.key < at + _CHUNK:
            before = int(np.searchsorted(high + at, self.key))
            depth = int(level[before - 1]) if before else self._level
            outside = (int(np.searchsorted(quotes + at, self.key)) + self._odd) % 2 == 0
            self.sure = depth == 1 and outside
        place = high + at
        if at + len(piece) > self.start:
            inside = place > self.start
            over = np.flatnonzero(inside & (level == 1))
            if len(over):
                self.stop = int(place[over[0]]) + 1
                inside &= place < place[over[0]]
            self.ends.append(place[inside & (level == 2) & (piece[high] == 125)])
        self._odd = (self._odd + len(quotes)) % 2
        self._level = int(level[-1]) if len(level) else self._level
        return self.stop is None and (self.sure or at + len(piece) <= self.key)

    def _quotes(self, piece: UInt8, at: int) -> Int64:
        """Quotes that begin or end a string: not those behind an odd number of backslashes."""
        quotes = np.flatnonzero(piece == 34)
        if not len(quotes):
            return quotes
        escaped = np.flatnonzero(self.text[np.maximum(quotes + at - 1, 0)] == 92)
        if not len(escaped):
            return quotes
        keep = np.ones(len(quotes), np.bool_)
        for number in escaped.tolist():
            place = int(quotes[number]) + at - 1
            run = 0
            while place >= 0 and self.text[place] == 92:
                run += 1
                place -= 1
            keep[number] = run % 2 == 0
        return quotes[keep]
