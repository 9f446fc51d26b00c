"""Nested JSON number arrays straight to flat numpy arrays.

The numbers come from pysimdjson (small documents of about a megabyte, so that its tape stays in the
cache), the nesting from the text with everything but brackets and commas deleted, looked at by numpy.
Arrays that are not cleanly nested lists of integers go through plain Python, one by one.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import simdjson

from loaders.city import Float64, Int32, Int64

PIECE_BYTES = 1 << 20
"""Text parsed at once: measured best between 0.5 and 2 MiB."""
_NUMERIC = b"0123456789-+.eE \n\r\t"
_INTEGER = b"0123456789- \n\r\t"
_COMMA, _OPEN = b",["
MAX_INDEX = np.iinfo(np.int32).max

Text = bytes | memoryview


@dataclass(slots=True, eq=False)
class Ragged:
    """Arrays of one nesting depth, flattened: array -> groups (surfaces) -> rings -> numbers.

    Attributes:
        numbers: int32 (N,).
        ring_len: int32 (R,), numbers in each innermost list.
        group_rings: int32 (G,), innermost lists in each list one level up (a surface); depth 1 has none.
        array_numbers, array_rings, array_groups: int64 (A,), how many of each an array has.
        broken: position of an array -> what was wrong with it (its counts may be 0).
    """

    depth: int
    numbers: Int32
    ring_len: Int32
    group_rings: Int32
    array_numbers: Int64
    array_rings: Int64
    array_groups: Int64
    broken: dict[int, str] = field(default_factory=dict)

    @property
    def arrays(self) -> int:
        """Number of arrays."""
        return len(self.array_numbers)

    @classmethod
    def empty(cls, depth: int) -> Ragged:
        """No arrays at all."""
        i32, i64 = np.zeros(0, np.int32), np.zeros(0, np.int64)
        return cls(depth, i32, i32, i32, i64, i64, i64)


def concat(pieces: Sequence[Ragged], depth: int) -> Ragged:
    """Append pieces to each other, keeping the order of their arrays; their numbers are moved."""
    if not pieces:
        return Ragged.empty(depth)
    if len(pieces) == 1:
        return pieces[0]
    broken: dict[int, str] = {}
    base = 0
    for piece in pieces:
        broken.update({base + at: reason for at, reason in piece.broken.items()})
        base += piece.arrays
    names = ("numbers", "ring_len", "group_rings", "array_numbers", "array_rings", "array_groups")
    joined = {}
    for name in names:
        joined[name] = _joined([getattr(piece, name) for piece in pieces])
        for piece in pieces if not name.startswith("array") else ():  # what is copied goes: half the memory
            setattr(piece, name, joined[name][:0])
    return Ragged(depth=depth, broken=broken, **joined)


def constant(value: int, count: int) -> Int32:
    """``count`` times the same number in four bytes of memory; read-only."""
    return np.broadcast_to(np.int32(value), (count,))


def is_constant(array: npt.NDArray[Any]) -> bool:
    """True for what `constant` made."""
    return array.ndim == 1 and array.strides == (0,) and len(array) > 0


def all_equal(array: npt.NDArray[Any], value: int) -> bool:
    """True if every number is ``value``."""
    return bool(np.all((array[:1] if is_constant(array) else array) == value))


def _joined(pieces: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    filled = [piece for piece in pieces if len(piece)]
    if filled and all(is_constant(piece) and piece[0] == filled[0][0] for piece in filled):
        return constant(int(filled[0][0]), sum(map(len, filled)))
    return np.concatenate(pieces)


def text_depth(text: Text) -> int:
    """How many brackets an array opens with: 1 for ``[1, 2]``, 3 for ``[[[0, 1, 2]]]``."""
    head = bytes(text[:512]).translate(None, b" \n\r\t")
    return len(head) - len(head.lstrip(b"["))


def parse_integers(texts: Sequence[Text], depth: int, parser: Any, nulls: bool = False) -> Ragged:
    """Flatten arrays that all open with ``depth`` brackets; ``null`` becomes -1 if allowed by ``nulls``."""
    joined = b"[" + b",".join(texts) + b"]"
    if nulls and b"null" in joined:
        joined = joined.replace(b"null", b"-1")
    ragged = _parse_clean(joined, depth, len(texts), parser)
    if ragged is not None:
        return ragged
    if len(texts) == 1:
        return _parse_slowly(texts[0], depth, nulls)
    return concat([parse_integers([text], depth, parser, nulls) for text in texts], depth)


def _parse_clean(joined: bytes, depth: int, arrays: int, parser: Any) -> Ragged | None:
    try:
        buffer = parser.parse(joined).as_buffer(of_type="i")
    except (ValueError, TypeError, RuntimeError, MemoryError):
        return None
    wide = np.frombuffer(buffer, np.int64)
    if wide.size and (int(wide.max()) > MAX_INDEX or int(wide.min()) < -MAX_INDEX):
        wide = np.clip(wide, -MAX_INDEX, MAX_INDEX)
    skeleton = joined.translate(None, _INTEGER)
    numbers = wide.astype(np.int32)
    if depth >= 3 and len(numbers) % 3 == 0:
        ragged = _triangles(skeleton, numbers, depth, arrays)
        if ragged is not None:
            return ragged
    return _structure(skeleton, numbers, depth, arrays)


def _triangles(skeleton: bytes, numbers: Int32, depth: int, arrays: int) -> Ragged | None:
    """Shortcut for arrays of nothing but triangles in one list (shell): compare with what they would look like."""
    between = b"]" * depth + b"," + b"[" * depth
    first = 1 + depth
    lengths = np.array([len(part) for part in skeleton[first : len(skeleton) - first].split(between)], np.int64)
    count, rest = np.divmod(lengths + 5, 7)  # n triangles: ",," then n - 1 times "]],[[,,"
    if len(count) != arrays or 3 * int(count.sum()) != len(numbers) or rest.any():
        return None
    pattern = b",,]],[[" * int(count.max())
    expected = between.join([pattern[: 7 * number - 5] for number in count.tolist()])
    if skeleton != b"[" + b"[" * depth + expected + b"]" * depth + b"]":
        return None
    faces = len(numbers) // 3
    return Ragged(depth, numbers, constant(3, faces), constant(1, faces), 3 * count, count, count)


def _structure(skeleton: bytes, numbers: Int32, depth: int, arrays: int) -> Ragged | None:
    """Nesting of ``[array, array, ...]`` from its brackets and commas, or None where it is not regular.

    Innermost list: an opening bracket directly followed by a closing one; its commas tell its length.
    Any other pair of neighbouring brackets must touch (``[[``, ``]]``) or have one comma (``],[``).
    """
    text = np.frombuffer(skeleton, np.uint8)
    at = np.flatnonzero(text != _COMMA).astype(np.int32)
    opens = text[at] == _OPEN
    step = opens.view(np.int8) * np.int8(2)
    step -= 1
    level = np.cumsum(step, dtype=np.int16)
    gap = np.diff(at)
    inner = opens[:-1] & ~opens[1:]
    turn = opens[1:] & ~opens[:-1]
    ring_at = np.flatnonzero(inner)
    ring_len = gap[ring_at]
    array_at = np.flatnonzero(opens & (level == 2))
    regular = (
        bool(np.all(inner | (gap == 1 + turn.view(np.int8))))
        and int(ring_len.sum()) == len(numbers)
        and bool(np.all(level[ring_at] == depth + 1))
        and len(array_at) == arrays
    )
    if not regular:
        return None
    group_at = np.flatnonzero(opens & (level == depth)) if depth > 1 else ring_at[:0]
    rings = len(ring_at)
    if len(group_at) == rings:
        group_rings = np.ones(rings, np.int32)
    else:
        before = np.searchsorted(ring_at, group_at)
        group_rings = np.diff(before, append=rings).astype(np.int32)
    first_ring = np.searchsorted(ring_at, array_at)
    number_start = np.zeros(rings + 1, np.int64)
    np.cumsum(ring_len, out=number_start[1:])
    return Ragged(
        depth,
        numbers,
        ring_len,
        group_rings,
        np.diff(number_start[np.append(first_ring, rings)]),
        np.diff(first_ring, append=rings).astype(np.int64),
        np.diff(np.searchsorted(group_at, array_at), append=len(group_at)).astype(np.int64),
    )


class NotJson(Exception):
    """A text that was cut out of a document turned out not to be JSON: then the document is not either."""


def load_loosely(text: Text) -> Any:
    """JSON with Python's own reader: slow, but takes NaN, 1e999 and integers of any size; raises `NotJson`."""
    try:
        return json.loads(bytes(text))
    except (ValueError, RecursionError) as error:
        raise NotJson from error


def _parse_slowly(text: Text, depth: int, nulls: bool) -> Ragged:
    """One odd array: surfaces that cannot be used keep their place as an empty ring."""
    value = load_loosely(text)
    if not isinstance(value, list):
        return _broken(depth, "not a list of numbers")
    flat = _Flat(nulls)
    flat.walk(value, depth)
    if flat.fault is None and not flat.numbers:
        flat.fault = "empty"
    ragged = Ragged(
        depth,
        np.array(flat.numbers, np.int32),
        np.array(flat.ring_len, np.int32),
        np.array(flat.group_rings, np.int32),
        np.array([len(flat.numbers)], np.int64),
        np.array([len(flat.ring_len)], np.int64),
        np.array([len(flat.group_rings)], np.int64),
    )
    if flat.fault is not None:
        ragged.broken[0] = flat.fault
    return ragged


def _broken(depth: int, reason: str) -> Ragged:
    ragged = Ragged.empty(depth)
    ragged.array_numbers = ragged.array_rings = ragged.array_groups = np.zeros(1, np.int64)
    ragged.broken[0] = reason
    return ragged


class _Flat:
    """Walks a nested list of the expected depth and keeps what is well formed."""

    def __init__(self, nulls: bool):
        self.nulls = nulls
        self.numbers: list[int] = []
        self.ring_len: list[int] = []
        self.group_rings: list[int] = []
        self.fault: str | None = None

    def walk(self, value: Any, depth: int) -> None:
        if depth > 2:
            if not isinstance(value, list):
                self.fault = "wrong nesting"
                return
            for item in value:
                self.walk(item, depth - 1)
            return
        if depth == 1:
            self._rings([value])
            return
        before = len(self.ring_len)
        if not isinstance(value, list) or not value or not self._rings(value):
            del self.ring_len[before:]
            self.ring_len.append(0)
            self.fault = self.fault or "wrong nesting"
        self.group_rings.append(len(self.ring_len) - before)

    def _rings(self, rings: list[Any]) -> bool:
        """Append the rings if all are lists of integers; else nothing but the reason."""
        found: list[list[int]] = []
        for ring in rings:
            if self.nulls and isinstance(ring, list):
                ring = [-1 if item is None else item for item in ring]
            if not isinstance(ring, list) or any(isinstance(item, list | dict) for item in ring):
                self.fault = "wrong nesting"
                return False
            if not all(type(item) is int for item in ring):
                self.fault = "not an integer"
                return False
            found.append([max(-MAX_INDEX, min(MAX_INDEX, item)) for item in ring])
        for ring in found:
            self.numbers.extend(ring)
            self.ring_len.append(len(ring))
        return True


def parse_rows(texts: Sequence[Text], width: int, parser: Any) -> tuple[Float64, Int64]:
    """Lists of coordinate rows, ``[[x, y, z], ...]``, to float64 (N, width) and the rows of each list.

    A row that is not ``width`` numbers becomes NaN; numbers beyond float64 become infinite.
    """
    joined = b"[" + b",".join(texts) + b"]"
    try:
        numbers = np.frombuffer(parser.parse(joined).as_buffer(of_type="d"), np.float64)
    except (ValueError, TypeError, RuntimeError, MemoryError):
        numbers = None
    if numbers is not None and len(numbers) % width == 0:
        counts = _row_counts(joined.translate(None, _NUMERIC), len(texts), len(numbers) // width, width)
        if counts is not None:
            return numbers.reshape(-1, width), counts
    if len(texts) > 1:
        parts = [parse_rows([text], width, parser) for text in texts]
        return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])
    rows = [_loose_row(row, width) for row in _as_list(load_loosely(texts[0]))]
    return np.array(rows, np.float64).reshape(-1, width), np.array([len(rows)], np.int64)


def _row_counts(skeleton: bytes, texts: int, rows: int, width: int) -> Int64 | None:
    """Rows in each list, from brackets and commas; None if any row has another width."""
    row = b"[" + b"," * (width - 1) + b"]"
    if texts == 1:
        return np.array([rows], np.int64) if skeleton == b"[[" + b",".join([row] * rows) + b"]]" else None
    text = np.frombuffer(skeleton, np.uint8)
    begins = np.flatnonzero((text[:-1] == _OPEN) & (text[1:] == _OPEN))[1:]
    if len(begins) != texts:
        return None
    # a list of r rows takes r * (width + 1) + r - 1 characters, its own brackets and a comma
    counts, rest = np.divmod(np.diff(begins, append=len(text)) - 2, width + 2)
    if rest.any():
        return None
    expected = b"[" + b",".join([b"[" + b",".join([row] * n) + b"]" for n in counts.tolist()]) + b"]"
    return counts.astype(np.int64) if expected == skeleton else None


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _loose_row(row: Any, width: int) -> list[float]:
    if not isinstance(row, list) or len(row) != width:
        return [np.nan] * width
    return [_loose_number(item) for item in row]


def _loose_number(item: Any) -> float:
    if type(item) not in (int, float):
        return float("nan")
    try:
        return float(item)
    except OverflowError:
        return float("inf")


def as_text(value: Any) -> bytes:
    """JSON text of a list that was not cut out of the file (with NaN and huge integers as Python writes them)."""
    try:
        return orjson.dumps(value)
    except (TypeError, ValueError):
        pass
    try:
        return json.dumps(value).encode()
    except (ValueError, RecursionError):
        return b"null"


def pieces_of(sizes: Int64, limit: int = PIECE_BYTES) -> list[tuple[int, int]]:
    """Cut a run of texts into pieces of about ``limit`` bytes: (first, after last)."""
    ends = np.cumsum(sizes)
    total = int(ends[-1]) if len(ends) else 0
    edges = np.searchsorted(ends, np.arange(limit, total, limit)) + 1
    return list(pairwise(np.unique(np.concatenate([[0], edges, [len(sizes)]])).tolist()))


def split_rows(data: bytes, start: int, end: int, limit: int = PIECE_BYTES) -> list[tuple[int, int]]:
    """Byte ranges of a long ``[[..],[..],..]`` at ``data[start:end]`` that hold whole rows, outer brackets left out."""
    at, end = start + 1, end - 1
    ranges = []
    while at < end:
        stop = data.find(b"]", at + limit, end) if at + limit < end else -1
        stop = end if stop < 0 else stop + 1
        ranges.append((at, stop))
        at = stop
        while at < end and data[at] in b", \n\r\t":
            at += 1
    return ranges


def new_parser() -> Any:
    """A pysimdjson parser to be used again and again by one thread."""
    return simdjson.Parser()
