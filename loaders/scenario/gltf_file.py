"""glTF 2.0 (Khronos, ISO/IEC 12113) as a container: GLB or JSON with its buffers, and arrays out of them.

Everything is hostile until checked: every index, offset and count is compared with what is there before it is used.
Buffers are the binary chunk, base64 in the file, or files of the same package; images are never opened.
"""

from __future__ import annotations

import base64
import binascii
import math
import posixpath
import struct
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import numpy as np
import numpy.typing as npt

from loaders.city import Float64, Int64
from loaders.scenario.jsontext import BadJson, parse_json

MAX_JSON = 64 << 20
MAX_ITEMS = 1_000_000
"""Most nodes, meshes, accessors or other things of one kind."""
_MAGIC, _JSON, _BIN = 0x46546C67, 0x4E4F534A, 0x004E4942
_TYPES: dict[int, str] = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}
_UNDERSTOOD = ("KHR_mesh_quantization", "KHR_materials_", "KHR_texture_", "EXT_texture_", "KHR_lights_punctual")
"""Extensions that a file may require: they are read, or change nothing of shape and place."""

ENDINGS = (".glb", ".gltf")

Opener = Callable[[str], bytes]
"""Content of another file of the package, by its path relative to the glTF file; GltfError if there is none."""


def is_gltf(name: str) -> bool:
    """True for the name of a glTF file."""
    return name.lower().endswith(ENDINGS)


class GltfError(ValueError):
    """What is wrong with a file, in words that end without a full stop."""


class Gltf:
    """An open file: its JSON and its arrays."""

    def __init__(self, data: bytes, opener: Opener) -> None:
        """Raises GltfError."""
        self.binary: bytes | None = None
        text = data
        if data[:4] == b"glTF":
            text, self.binary = _chunks(data)
        try:
            self.json = parse_json(text, max_bytes=MAX_JSON)
        except BadJson as error:
            raise GltfError(f"its JSON cannot be read: {error}") from error
        self._opener = opener
        self._buffers: dict[int, bytes] = {}
        self._check()

    def _check(self) -> None:
        if not isinstance(self.json, dict) or not isinstance(self.json.get("asset"), dict):
            raise GltfError("it is no glTF")
        version = str(self.json["asset"].get("version", ""))
        if version.partition(".")[0] != "2":
            raise GltfError(f"it is glTF {version[:20] or 'without a version'}; only glTF 2 is read")
        required = self.json.get("extensionsRequired", [])
        for name in required if isinstance(required, list) else []:
            if not str(name).startswith(_UNDERSTOOD):
                raise GltfError(f"it needs the extension {str(name)[:60]}; export it without (no compression)")

    def items(self, kind: str) -> list[Any]:
        """The list "nodes", "meshes", ...; empty where there is none."""
        found = self.json.get(kind, [])
        if not isinstance(found, list) or len(found) > MAX_ITEMS:
            raise GltfError(f"its {kind} are no list, or too long")
        return found

    def item(self, kind: str, index: Any) -> dict[str, Any]:
        """One entry of such a list."""
        found = self.items(kind)
        if type(index) is not int or not 0 <= index < len(found) or not isinstance(found[index], dict):
            raise GltfError(f"there is no entry {str(index)[:20]} among its {kind}")
        entry: dict[str, Any] = found[index]
        return entry

    def rows(self, index: Any, width: int) -> Float64:
        """An accessor of vectors as float64 (N, width), normalised integers as -1..1 or 0..1."""
        told = self.item("accessors", index)
        array = self._accessor(told, width).astype(np.float64)
        if told.get("normalized") is True and told.get("componentType") != 5126:
            most = float(np.iinfo(np.dtype(_TYPES[int(told["componentType"])])).max)
            array = np.maximum(array / most, -1.0)
        return array

    def indices(self, index: Any) -> Int64:
        """An accessor of indices as int64 (N,)."""
        told = self.item("accessors", index)
        if told.get("componentType") not in (5121, 5123, 5125):
            raise GltfError("its indices are no whole numbers without sign")
        return self._accessor(told, 1).reshape(-1).astype(np.int64)

    def count(self, index: Any) -> int:
        """How many entries an accessor has, before it is read."""
        return _whole(self.item("accessors", index), "count", least=1)

    def _accessor(self, told: dict[str, Any], width: int) -> npt.NDArray[Any]:
        kind = _TYPES.get(told.get("componentType", 0))
        if kind is None or _WIDTHS.get(str(told.get("type"))) != width:
            raise GltfError(f"an accessor is of the type {str(told.get('type'))[:10]}, not of {width} numbers")
        count = _whole(told, "count", least=1)
        dtype = np.dtype(kind)
        if "bufferView" in told:
            out = self._strided(told["bufferView"], _whole(told, "byteOffset"), dtype, count, width)
        elif "sparse" in told and count <= MAX_ITEMS:
            out = np.zeros((count, width), dtype)
        else:
            raise GltfError("an accessor has no data")
        return self._sparse(told["sparse"], out, dtype, width) if "sparse" in told else out

    def _sparse(self, told: Any, out: npt.NDArray[Any], dtype: np.dtype[Any], width: int) -> npt.NDArray[Any]:
        if not isinstance(told, dict) or not all(isinstance(told.get(key), dict) for key in ("indices", "values")):
            raise GltfError("a sparse accessor is broken")
        count = _whole(told, "count", least=1)
        where, what = told["indices"], told["values"]
        kind = _TYPES.get(where.get("componentType", 0), "")
        if kind not in ("<u1", "<u2", "<u4") or count > len(out):
            raise GltfError("a sparse accessor is broken")
        offset = _whole(where, "byteOffset")
        places = self._strided(where.get("bufferView"), offset, np.dtype(kind), count, 1).reshape(-1).astype(np.int64)
        if len(places) and int(places.max()) >= len(out):
            raise GltfError("a sparse accessor reaches beyond its end")
        changed = out.copy()
        changed[places] = self._strided(what.get("bufferView"), _whole(what, "byteOffset"), dtype, count, width)
        return changed

    def _strided(self, view: Any, offset: int, dtype: np.dtype[Any], count: int, width: int) -> npt.NDArray[Any]:
        """Entries of a buffer view (count, width), within its bounds."""
        told = self.item("bufferViews", view)
        if isinstance(told.get("extensions"), dict) and any("compression" in name for name in told["extensions"]):
            raise GltfError("its data are compressed; export it without compression")
        buffer = self._buffer(told.get("buffer"))
        first, length = _whole(told, "byteOffset"), _whole(told, "byteLength", least=1)
        size = dtype.itemsize * width
        stride = _whole(told, "byteStride") or size
        if first + length > len(buffer) or stride < size or offset + (count - 1) * stride + size > length:
            raise GltfError("an accessor reaches beyond the end of its data")
        return np.ndarray((count, width), dtype, buffer, first + offset, (stride, dtype.itemsize))

    def _buffer(self, index: Any) -> bytes:
        told = self.item("buffers", index)
        if index not in self._buffers:
            length = _whole(told, "byteLength", least=1)
            data = self._content(told.get("uri"), index)
            if len(data) < length:
                raise GltfError(f"its buffer {index} has {len(data):,} bytes of {length:,}")
            self._buffers[index] = data[:length]
        return self._buffers[index]

    def _content(self, uri: Any, index: int) -> bytes:
        if uri is None:
            if index != 0 or self.binary is None:
                raise GltfError(f"its buffer {index} is nowhere")
            return self.binary
        if not isinstance(uri, str):
            raise GltfError("the address of a buffer is no text")
        if uri.startswith("data:"):
            head, mark, text = uri.partition(",")
            if not mark or not head.endswith(";base64"):
                raise GltfError("data in the file are not in base64")
            try:
                return base64.b64decode(text, validate=True)
            except (binascii.Error, ValueError) as error:
                raise GltfError("data in the file are broken base64") from error
        return self._opener(inside(uri))


def inside(uri: str) -> str:
    """The path that a relative address names, with "/" between folders; GltfError for any other address."""
    path = posixpath.normpath(unquote(uri))
    if ":" in uri or "\\" in path or "?" in uri or "#" in uri or "\0" in path or path.startswith(("/", "..")):
        raise GltfError(f"the address {uri[:60]!r} is not inside the package")
    return path


def _chunks(data: bytes) -> tuple[bytes, bytes | None]:
    """JSON and binary chunk of a GLB."""
    if len(data) < 20:
        raise GltfError("it ends in its header")
    _, version, total = struct.unpack_from("<III", data)
    if version != 2:
        raise GltfError(f"it is GLB version {version}; only 2 is read")
    if total > len(data):
        raise GltfError(f"it has {len(data):,} bytes of {total:,}")
    found: dict[int, bytes] = {}
    at = 12
    while at + 8 <= total:
        length, kind = struct.unpack_from("<II", data, at)
        if at + 8 + length > total:
            raise GltfError("a chunk reaches beyond its end")
        found.setdefault(kind, data[at + 8 : at + 8 + length])
        at += 8 + length + -length % 4
    if _JSON not in found:
        raise GltfError("it has no chunk of JSON")
    return found[_JSON], found.get(_BIN)


def _whole(told: dict[str, Any], key: str, least: int = 0) -> int:
    value = told.get(key, 0)
    if type(value) is not int or not least <= value < 1 << 53:
        raise GltfError(f"{key} is {str(value)[:20]}, no number that makes sense")
    return value


def numbers(value: Any, count: int, what: str) -> list[float]:
    """A list of so many finite numbers; GltfError otherwise."""
    fine = isinstance(value, list) and len(value) == count
    if not fine or not all(type(v) in (int, float) and math.isfinite(v) and abs(v) < 1e15 for v in value):
        raise GltfError(f"{what} is no list of {count} numbers")
    return [float(v) for v in value]
