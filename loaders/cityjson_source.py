"""Bytes of a CityJSON file: read or unpacked within limits, checked for what it surely is not."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from loaders.api import LoadError, LoadOptions, Progress


@dataclass(slots=True)
class Source:
    """The text while it is needed: for a second look at odd arrays, until `release`."""

    data: bytes

    def release(self) -> None:
        """Let go of the text, so that its memory is free for the arrays to draw."""
        self.data = b""


_GZIP = b"\x1f\x8b"
_CHUNK = 4 << 20
_SMALL = 1 << 20
"""A ratio says nothing about output smaller than this."""
_KINDS = (
    (_GZIP, "gzip data inside gzip data", "Unpack it once with gunzip."),
    (b"PK\x03\x04", "a ZIP archive", "Unpack it and open the .json file inside."),
    (b"\xfd7zXZ", "an xz archive", "Unpack it with unxz."),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive", "Unpack it with unzstd."),
    (b"BZh", "a bzip2 archive", "Unpack it with bunzip2."),
    (b"\xff\xfe", "UTF-16 text", "Save it as UTF-8."),
    (b"\xfe\xff", "UTF-16 text", "Save it as UTF-8."),
    (b"{\x00", "UTF-16 text", "Save it as UTF-8."),
    (b"\x00{", "UTF-16 text", "Save it as UTF-8."),
    (b"<", "XML or HTML text", "Convert CityGML to CityJSON with citygml-tools."),
)
_REMEDY = "Download or export the file again."


def read_source(path: Path, options: LoadOptions, progress: Progress) -> bytes:
    """The unpacked text as bytes, UTF-8 mark removed; raises `LoadError`, `Cancelled`."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            packed = file.read(2) == _GZIP
            file.seek(0)
            if not packed and size > options.max_bytes:
                raise _too_large(path, options)
            data: bytes = _unpack(file, path, options, progress) if packed else file.read()
    except OSError as error:
        raise LoadError(path, f"cannot be read ({error.strerror or error}).", kind="unreadable") from error
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
    for mark, what, remedy in _KINDS:
        if data.startswith(mark):
            raise LoadError(path, f"this is {what}, not CityJSON.", place="byte 0", remedy=remedy, kind="not-cityjson")
    if not data[:4096].strip() and not data.strip():
        raise LoadError(path, "the file is empty.", remedy=_REMEDY, kind="empty")
    return data


def _too_large(path: Path, options: LoadOptions) -> LoadError:
    limit = f"{options.max_bytes / 2**20:,.0f} MiB"
    return LoadError(
        path, f"larger than the limit of {limit}.", remedy="Cut it into parts or raise the limit.", kind="too-large"
    )


def _unpack(file: Any, path: Path, options: LoadOptions, progress: Progress) -> bytes:
    """Gunzip piece by piece; size and ratio are checked while unpacking, not believed from the header."""
    parts: list[bytes] = []
    unpacked = 0
    packed = 0
    engine = zlib.decompressobj(wbits=31)
    waiting = b""
    try:
        while True:
            if engine.eof:
                waiting = engine.unused_data or waiting
                if not waiting:
                    waiting = file.read(_CHUNK)
                if not waiting.strip(b"\0"):
                    break
                engine = zlib.decompressobj(wbits=31)
            if not waiting:
                waiting = file.read(_CHUNK)
                packed += len(waiting)
            if not waiting:
                raise LoadError(path, "the gzip data ends too early.", remedy=_REMEDY, kind="truncated")
            parts.append(engine.decompress(waiting, _CHUNK))
            waiting = engine.unconsumed_tail
            unpacked += len(parts[-1])
            if unpacked > options.max_bytes:
                raise _too_large(path, options)
            if unpacked > _SMALL and unpacked > options.max_ratio * packed:
                reason = f"unpacks to more than {options.max_ratio} times its size."
                raise LoadError(path, reason, remedy="Unpack it by hand if you trust it.", kind="bomb")
            progress.report(0.02, "unpacking")
    except zlib.error as error:
        raise LoadError(path, f"damaged gzip data ({error}).", remedy=_REMEDY, kind="damaged") from error
    return b"".join(parts)


def is_sequence(data: bytes) -> bool:
    """True for CityJSONSeq: the first two lines that are not blank are both whole ``{...}``."""
    first = _line(data, 0)
    if first is None or not (first[0].startswith(b"{") and first[0].endswith(b"}")):
        return False
    second = _line(data, first[1])
    return second is not None and second[0].startswith(b"{")


def _line(data: bytes, at: int) -> tuple[bytes, int] | None:
    while at < len(data):
        end = data.find(b"\n", at)
        end = len(data) if end < 0 else end
        line = data[at:end].strip(b" \t\r\x1e")
        if line:
            return line, end + 1
        at = end + 1
    return None


def _bad_byte(data: bytes) -> str:
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return f"byte {error.start}"
    return "text"


_JSON_PLACE = re.compile(r": line (\d+) column (\d+) \(char (\d+)\)$")


def json_error(
    path: Path, error: orjson.JSONDecodeError, line: int | None = None, data: bytes | None = None
) -> LoadError:
    """What is wrong with a text that is not JSON, and where; ``line`` if the text was one line of a sequence."""
    reason = _JSON_PLACE.sub("", str(error)) or "unreadable"
    where = f"line {line if line is not None else error.lineno}, column {error.colno}"
    end = len(error.doc.rstrip()) if isinstance(error.doc, str) else -1
    early = "unexpected end" in reason.lower() or (end >= 0 and error.pos >= end)
    if "UTF-8" in reason:
        place = where if line is not None else _bad_byte(data or b"")
        return LoadError(path, "not UTF-8 text.", place=place, remedy="Save it as UTF-8.", kind="not-json")
    if "recursion" in reason.lower() or "depth limit" in reason.lower():
        return LoadError(path, "nested too deeply for CityJSON.", place=where, remedy=_REMEDY, kind="too-deep")
    if early:
        return LoadError(path, f"the file ends too early ({reason}).", place=where, remedy=_REMEDY, kind="truncated")
    return LoadError(path, f"not valid JSON: {reason}.", place=where, remedy=_REMEDY, kind="not-json")
