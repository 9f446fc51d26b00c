"""Nested dataclasses of arrays to one JSON tree plus a list of arrays, and back, driven by the type hints.

Reading builds only what the hints of the wanted class allow, so a damaged or forged tree ends in `Damaged`,
never in an object of another type. Nothing is pickled.
"""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Callable, Sequence
from enum import Enum
from functools import cache
from typing import Any, Literal, Union

import numpy as np
import numpy.typing as npt

from loaders.spilled import file_of

DTYPES = ("<f4", "<f8", "<i2", "<i4", "<i8", "|u1", "|b1")
"""The element types an array may have; always little-endian in the file."""
MAX_DEPTH = 64
"""Deepest nesting kept of free JSON (a file's metadata)."""

Array = npt.NDArray[Any]


class Damaged(Exception):
    """Stored data that does not fit together; the text says what."""


class Encoder:
    """Turns values into JSON and collects their arrays in order."""

    def __init__(self) -> None:
        self.arrays: list[Array] = []

    def encode(self, value: Any) -> Any:
        """JSON of a dataclass, container or scalar; an array becomes ``{"array": index}``."""
        if isinstance(value, np.ndarray):
            return self._array(value)
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return {name: self._field(hint, getattr(value, name)) for name, hint in hints_of(type(value)).items()}
        if isinstance(value, dict):
            return [[clean_text(str(key)), self.encode(item)] for key, item in value.items()]
        if isinstance(value, tuple | list):
            return [self.encode(item) for item in value]
        if isinstance(value, Enum):
            return value.value
        return plain(value)

    def _field(self, hint: Any, value: Any) -> Any:
        if hint == tuple[dict[str, Any], ...]:
            return [plain(item) for item in value]
        return plain(value) if hint == dict[str, Any] else self.encode(value)

    def _array(self, array: Array) -> dict[str, int]:
        if file_of(array) is not None:  # a stand-in; its values are not to be touched
            self.arrays.append(array)
            return {"array": len(self.arrays) - 1}
        kept = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
        if kept.dtype.str not in DTYPES or array.ndim < 1:
            raise TypeError(f"an array of {array.dtype} with {array.ndim} axes cannot be stored")
        self.arrays.append(kept)
        return {"array": len(self.arrays) - 1}


@cache
def _later_types() -> dict[str, Any]:
    """Types that `loaders.city` names but cannot import, because they are made of its own."""
    from loaders.layers import RasterData, VectorData

    return {"RasterData": RasterData, "VectorData": VectorData}


@cache
def hints_of(cls: type) -> dict[str, Any]:
    """Field names and resolved type hints of a dataclass, in order."""
    hints = typing.get_type_hints(cls, localns=_later_types())
    return {f.name: hints[f.name] for f in dataclasses.fields(cls)}


def clean_text(text: str) -> str:
    """The text with lone surrogates replaced, so that it can be written as UTF-8."""
    return text.encode("utf-8", "replace").decode("utf-8")


def plain(value: Any, depth: int = 0) -> Any:
    """Free JSON made safe to write: finite numbers, 64-bit integers, valid text, at most `MAX_DEPTH` deep."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, int | np.integer):
        return int(value) if -(2**63) <= value < 2**63 else str(value)
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else repr(float(value))
    if depth >= MAX_DEPTH:
        return "..."
    if isinstance(value, dict):
        return {clean_text(str(key)): plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item, depth + 1) for item in value]
    return clean_text(str(value))


class Decoder:
    """Builds typed values from a JSON tree and the arrays beside it; raises `Damaged` on any misfit."""

    def __init__(self, arrays: Sequence[Array]) -> None:
        self._arrays = arrays

    def decode(self, kind: Any, node: Any, where: str) -> Any:
        """A value of the type ``kind`` from JSON; ``where`` names the place in messages."""
        if kind is Any or kind == dict[str, Any]:
            return _expect(node, dict if kind is not Any else object, where)
        origin = typing.get_origin(kind)
        if kind in (str, bool, int, float, type(None)):
            return _scalar(kind, node, where)
        if origin is np.ndarray:
            return self._array(kind, node, where)
        if dataclasses.is_dataclass(kind) and isinstance(kind, type):
            return self._dataclass(kind, node, where)
        if isinstance(kind, type) and issubclass(kind, Enum):
            return _enum(kind, node, where)
        builders: dict[Any, Callable[[tuple[Any, ...], Any, str], Any]] = {
            tuple: self._tuple,
            dict: self._dict,
            Literal: _literal,
            Union: self._union,
            types.UnionType: self._union,
        }
        if origin not in builders:
            raise TypeError(f"{where}: no way to store {kind}")
        return builders[origin](typing.get_args(kind), node, where)

    def _dataclass(self, cls: type, node: Any, where: str) -> Any:
        hints = hints_of(cls)
        fields = _expect(node, dict, where)
        if set(fields) != set(hints):
            raise Damaged(f"{where}: wrong fields")
        return cls(**{name: self.decode(hints[name], item, f"{where}.{name}") for name, item in fields.items()})

    def _array(self, kind: Any, node: Any, where: str) -> Array:
        index = _expect(node, dict, where).get("array")
        if type(index) is not int or not 0 <= index < len(self._arrays):
            raise Damaged(f"{where}: no such array")
        array = self._arrays[index]
        wanted = typing.get_args(typing.get_args(kind)[1])[0]
        if wanted is not Any and array.dtype != np.dtype(wanted):
            raise Damaged(f"{where}: {array.dtype} instead of {np.dtype(wanted)}")
        return array

    def _tuple(self, args: tuple[Any, ...], node: Any, where: str) -> tuple[Any, ...]:
        items = _expect(node, list, where)
        if len(args) == 2 and args[1] is Ellipsis:
            return tuple(self.decode(args[0], item, f"{where}[{i}]") for i, item in enumerate(items))
        if len(args) != len(items):
            raise Damaged(f"{where}: {len(items)} values instead of {len(args)}")
        return tuple(self.decode(kind, item, where) for kind, item in zip(args, items, strict=True))

    def _dict(self, args: tuple[Any, ...], node: Any, where: str) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for pair in _expect(node, list, where):
            if not (isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str)):
                raise Damaged(f"{where}: not a list of pairs")
            out[pair[0]] = self.decode(args[1], pair[1], f"{where}[{pair[0]!r}]")
        return out

    def _union(self, args: tuple[Any, ...], node: Any, where: str) -> Any:
        if node is None and type(None) in args:
            return None
        kinds = [arg for arg in args if arg is not type(None)]
        if len(kinds) > 1:  # dataclasses, told apart by their fields
            fields = set(_expect(node, dict, where))
            kinds = [kind for kind in kinds if fields == set(hints_of(kind))]
        if len(kinds) != 1:
            raise Damaged(f"{where}: none of the possible types")
        return self.decode(kinds[0], node, where)


def _expect(node: Any, kind: type, where: str) -> Any:
    if not isinstance(node, kind):
        raise Damaged(f"{where}: {type(node).__name__} instead of {kind.__name__}")
    return node


def _scalar(kind: type, node: Any, where: str) -> Any:
    if kind is float and (type(node) is int or node in ("nan", "inf", "-inf")):
        return float(node)
    if type(node) is not kind:
        raise Damaged(f"{where}: {type(node).__name__} instead of {kind.__name__}")
    return node


def _enum(kind: type[Enum], node: Any, where: str) -> Enum:
    try:
        return kind(node)
    except ValueError as error:
        raise Damaged(f"{where}: {error}") from error


def _literal(args: tuple[Any, ...], node: Any, where: str) -> Any:
    if node not in args:
        raise Damaged(f"{where}: {node!r} is none of {args}")
    return node
