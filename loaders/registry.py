"""Which loader reads a file: by extension, then by content; and what to say when none does.

All loaders, the built-in ones too, come through the entry-point group ``citiverse.loaders``. A source tree or a
frozen bundle has no installed metadata; there `BUILT_IN` names the same loaders.
"""

from __future__ import annotations

import errno
import importlib
import os
import stat
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path

from loaders.api import LoadError, LoaderSpec
from loaders.magic import describe

GROUP = "citiverse.loaders"
BUILT_IN = ("loaders.cityjson:SPEC", "loaders.raster:SPEC", "loaders.vector:SPEC", "loaders.scenario.spec:SPEC")
"""The loaders of this project, as in the entry points of ``pyproject.toml`` (a test ties the two)."""

HEAD_BYTES = 4096
MAX_FOLDER_FILES = 10_000
PACKAGE = "scenario.json"
"""A folder with a file of this name is one scenario package."""
_CERTAIN_ENOUGH = 50
"""Least sniff score for a file whose extension no loader claims."""


@dataclass(frozen=True, slots=True)
class _Found:
    specs: tuple[LoaderSpec, ...]
    problems: tuple[str, ...]


def specs() -> tuple[LoaderSpec, ...]:
    """All loaders that can be used, built-in ones first."""
    return _discover().specs


def problems() -> tuple[str, ...]:
    """One line for every declared loader that cannot be used (an installed extension that is broken, say)."""
    return _discover().problems


def refresh() -> None:
    """Forget what was discovered, so that loaders installed since are seen."""
    _discover.cache_clear()


def known_extensions() -> tuple[str, ...]:
    """Extensions of all formats, lower case with the leading dot, longest first."""
    found = {extension.lower() for spec in specs() for extension in spec.extensions}
    return tuple(sorted(found, key=lambda e: (-len(e), e)))


@cache
def _discover() -> _Found:
    chosen: dict[str, LoaderSpec] = {}
    troubles: list[str] = []
    for source in _sources():
        try:
            spec = _resolve(source)
        except Exception as error:  # a stranger's module may raise anything at import
            troubles.append(f"Loader {source} cannot be used: {type(error).__name__}: {error}")
            continue
        if chosen.setdefault(spec.name, spec) is not spec:
            troubles.append(f"Loader {source} is ignored: there is already a loader named {spec.name!r}.")
    return _Found(tuple(chosen.values()), tuple(troubles))


def _sources() -> list[str]:
    installed = sorted(entry.value.replace(" ", "") for entry in metadata.entry_points(group=GROUP))
    return [*BUILT_IN, *(value for value in dict.fromkeys(installed) if value not in BUILT_IN)]


def _resolve(source: str) -> LoaderSpec:
    module, _, attribute = source.partition(":")
    spec = getattr(importlib.import_module(module), attribute or "SPEC")
    if not isinstance(spec, LoaderSpec):
        raise TypeError(f"{attribute} is {type(spec).__name__}, not LoaderSpec")
    if not spec.name or ":" not in spec.load or not callable(spec.sniff):
        raise ValueError("name, sniff and load ('module:function') are required")
    return spec


def pick(path: Path) -> LoaderSpec:
    """The loader for a file: extension, then content, highest score.

    Raises:
        LoadError: missing, not a plain file, unreadable, empty, or of no known format; the text says which
            and, for the last, what the file seems to be and which formats are known.
    """
    path = Path(path)
    head = read_head(path)
    scored: list[tuple[int, bool, int, LoaderSpec]] = []
    for order, spec in enumerate(specs()):
        claims = _claims(spec, path.name)
        score = _score(spec, head, path)
        if score > 0 and (claims or score >= _CERTAIN_ENOUGH):
            scored.append((score, claims, -order, spec))
    if scored:
        return max(scored, key=lambda item: item[:3])[3]
    raise LoadError(
        path,
        f"this seems to be {describe(head)}, which cannot be opened.",
        remedy=f"Formats that can be: {_known_formats()}.",
        kind="unknown-format",
    )


def _known_formats() -> str:
    """Names with extensions, "CityJSON (.json .jsonl)"; the packed forms of an extension go without saying."""
    parts = []
    for spec in specs():
        extensions = sorted({e.lower() for e in spec.extensions if not e.lower().endswith(".gz")})
        parts.append(f"{spec.name} ({' '.join(extensions)})")
    return ", ".join(parts) or "none"


def _claims(spec: LoaderSpec, name: str) -> bool:
    lower = name.lower()
    names = (lower, lower.removesuffix(".gz"))
    return any(n.endswith(extension.lower()) for n in names for extension in spec.extensions)


def _score(spec: LoaderSpec, head: bytes, path: Path) -> int:
    try:
        return max(0, min(100, int(spec.sniff(head, path))))
    except Exception:  # a stranger's sniff must not stop the others
        return 0


def read_head(path: Path) -> bytes:
    """The first 4 KiB of a plain file, unpacked when gzip-compressed; never waits on a pipe or device.

    Raises:
        LoadError: missing, a folder, a device or pipe, unreadable or empty.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    try:
        _refuse_special(path, path.stat())
        handle = os.open(path, flags)
        try:
            _refuse_special(path, os.fstat(handle))
            packed = os.read(handle, HEAD_BYTES * 4)
        finally:
            os.close(handle)
    except (OSError, ValueError) as error:
        raise explain_os_error(path, error) from error
    if not packed:
        raise LoadError(path, "the file is empty.", remedy="Export or download it again.", kind="empty")
    return _unpack_head(packed) if packed[:2] == b"\x1f\x8b" else packed[:HEAD_BYTES]


def _unpack_head(packed: bytes) -> bytes:
    try:
        head = zlib.decompressobj(wbits=31).decompress(packed, HEAD_BYTES)
    except zlib.error:
        return packed[:HEAD_BYTES]
    return head or packed[:HEAD_BYTES]


def _refuse_special(path: Path, status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise LoadError(path, "this is a folder.", remedy="Open the files in it.", kind="folder")
    if not stat.S_ISREG(status.st_mode):
        raise LoadError(
            path, "this is a device or pipe, not a file.", remedy="Save the data to a file first.", kind="not-a-file"
        )


def explain_os_error(path: Path, error: OSError | ValueError) -> LoadError:
    """The `LoadError` that tells a user what an operating-system error on opening ``path`` means."""
    number = getattr(error, "errno", None)
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return LoadError(path, "there is no such file.", remedy="Check the name and the folder.", kind="missing")
    if isinstance(error, PermissionError):
        return LoadError(
            path, "no permission to read it.", remedy="Ask its owner, or copy it to a folder of yours.", kind="denied"
        )
    if number == errno.ELOOP:
        return LoadError(path, "its links lead in a circle.", remedy="Open the real file.", kind="link-loop")
    if isinstance(error, ValueError) or number in (errno.ENAMETOOLONG, errno.EINVAL):
        return LoadError(path, "this is not a valid file name.", remedy="Rename the file.", kind="bad-name")
    reason = getattr(error, "strerror", None) or str(error)
    return LoadError(path, f"it cannot be read ({reason}).", remedy="Copy it to this computer and try again.")


def expand(paths: Iterable[Path | str]) -> list[Path]:
    """Files to open: a file stays as it is, a folder becomes the files in and below it that a loader recognises.

    Links to folders are not followed. At most `MAX_FOLDER_FILES` files of one folder are looked at.

    Raises:
        LoadError: a folder holds nothing that can be opened, or too many files; a text is a network address.
    """
    found: list[Path] = []
    for given in paths:
        path = Path(given)
        if isinstance(given, str) and "://" in given:
            raise LoadError(
                path,
                "addresses on the network are not opened.",
                remedy="Save the file on this computer first.",
                kind="remote",
            )
        try:
            folder = path.is_dir()
        except (OSError, ValueError) as error:
            raise explain_os_error(path, error) from error
        if not folder:
            found.append(path)
            continue
        inside = [file for file in _walk(path) if _readable(file)]
        if not inside:
            raise LoadError(
                path,
                "the folder holds no file that can be opened.",
                remedy=f"Formats that can be: {_known_formats()}.",
                kind="empty-folder",
            )
        found += inside
    return found


def _walk(folder: Path) -> Iterator[Path]:
    seen = 0
    for parent, folders, names in os.walk(folder, followlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        if PACKAGE in names:  # its other files are parts of it
            folders[:], names = [], [PACKAGE]
        for name in sorted(names):
            seen += 1
            if seen > MAX_FOLDER_FILES:
                raise LoadError(
                    folder,
                    f"the folder holds more than {MAX_FOLDER_FILES:,} files.",
                    remedy="Open the files that you need.",
                    kind="too-many-files",
                )
            if not name.startswith(".") and any(_claims(spec, name) for spec in specs()):
                yield Path(parent) / name


def _readable(path: Path) -> bool:
    try:
        pick(path)
    except LoadError as error:
        # A file with the right name that is empty or locked is shown to the user as a failure of its own.
        return error.kind not in ("unknown-format", "not-a-file")
    return True
