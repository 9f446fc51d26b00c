"""A package as files on this computer: a folder as it is, a ZIP unpacked within limits.

Nothing of a ZIP is written before all names, sizes and kinds of its entries have been looked at. What an entry claims
is a ceiling that is enforced while it is unpacked.
"""

from __future__ import annotations

import os
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from loaders.api import LoadError, LoadOptions
from loaders.scenario.manifest import FILE_NAME, MAX_BYTES
from loaders.scenario.names import is_archive, name_problem, one_line

ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
MAX_FILES = 10_000
_RATIO_FROM = 1 << 20
"""Smaller entries may be packed as well as they can: text of one letter is no bomb."""
_CHUNK = 1 << 20
_STORED, _DEFLATED = 0, 8
_ENCRYPTED = 0x1 | 0x40 | 0x2000


@dataclass(slots=True)
class Package:
    """An opened package.

    Attributes:
        path: what the user opened: a ZIP, or the ``scenario.json`` of a folder.
        root: the folder that its files lie in.
        names: its files, paths with "/", sorted; without ``scenario.json``.
    """

    path: Path
    root: Path
    names: tuple[str, ...]
    _zip: Path | None = None
    _unpacked: set[str] = field(default_factory=set)
    options: LoadOptions = field(default_factory=LoadOptions)

    def manifest(self) -> bytes:
        """The bytes of ``scenario.json``; LoadError where it is missing or too large."""
        if self._zip is not None:
            _unpack(self, {FILE_NAME: MAX_BYTES}, lambda done: None)
        try:
            with (self.root / FILE_NAME).open("rb") as file:
                data = file.read(MAX_BYTES + 1)
        except OSError as error:
            raise _refused(self.path, FILE_NAME, f"it cannot be read ({error.strerror})", "missing-file") from error
        if len(data) > MAX_BYTES:
            raise _refused(self.path, FILE_NAME, f"it is larger than {MAX_BYTES >> 20} MiB", "too-large")
        return data

    def provide(self, sizes: dict[str, int], heard: Callable[[int], None]) -> None:
        """Make files available, each at most so many bytes; ``heard`` is told of every piece. Raises LoadError."""
        missing = sorted(set(sizes) - set(self.names))
        if missing:
            raise _refused(
                self.path, missing[0], "the manifest names it, but it is not in the package", "missing-file",
                "Copy the whole package again.",
            )  # fmt: skip
        if self._zip is not None:
            _unpack(self, {name: size for name, size in sizes.items() if name not in self._unpacked}, heard)
            self._unpacked |= set(sizes)

    def file(self, name: str) -> Path:
        """Where a file lies; LoadError if it is not in the package or not provided."""
        path = self.root / name
        if name not in self.names or not path.is_file():
            raise _refused(self.path, name, "it is not in the package", "missing-file")
        return path


def open_package(path: Path, options: LoadOptions) -> Package:
    """Open a ZIP or a folder's ``scenario.json``.

    Raises:
        LoadError: not a package, or one with a name, link, entry or size that is not allowed.
    """
    with path.open("rb") as file:
        head = file.read(4)
    if head in ZIP_MAGIC:
        return _open_zip(path, options)
    return Package(path, path.parent, tuple(_folder_names(path)), options=options)


def _folder_names(manifest: Path) -> list[str]:
    """Files of a folder, links and hidden files left out: they are then missing if the manifest names them."""
    root = manifest.parent
    found: list[str] = []
    for parent, folders, names in os.walk(root, followlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(parent) / name
            if name.startswith(".") or path.is_symlink() or not path.is_file():
                continue
            found.append(path.relative_to(root).as_posix())
            if len(found) > MAX_FILES:
                raise _refused(manifest, "", f"its folder holds more than {MAX_FILES:,} files", "too-many-files")
    return [name for name in found if name != FILE_NAME]


def folder_links(manifest: Path, names: Iterable[str]) -> list[str]:
    """Those of the names that are links, or lie behind one: a package may not hold any."""
    root = manifest.parent
    return [name for name in names if any((root / part).is_symlink() for part in _steps(name))]


def _steps(name: str) -> list[str]:
    parts = name.split("/")
    return ["/".join(parts[: n + 1]) for n in range(len(parts))]


def _open_zip(path: Path, options: LoadOptions) -> Package:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            size = path.stat().st_size
            _check_entries(path, entries, size, options)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, ValueError, EOFError) as error:
        raise _refused(path, "", f"the ZIP archive is damaged ({str(error)[:120]})", "damaged") from error
    names = sorted(entry.filename for entry in entries if not entry.is_dir())
    if FILE_NAME not in names:
        raise LoadError(
            path,
            f"there is no {FILE_NAME} at the top of the archive.",
            remedy="Pack the files of the package, not the folder that holds them.",
            kind="no-scenario",
        )
    root = Path(tempfile.mkdtemp(prefix="package-"))
    return Package(path, root, tuple(name for name in names if name != FILE_NAME), path, options=options)


def _check_entries(path: Path, entries: list[zipfile.ZipInfo], size: int, options: LoadOptions) -> None:
    """Refuse whatever is not allowed in a package, before anything is unpacked."""
    if len(entries) > MAX_FILES:
        raise _refused(path, "", f"it holds {len(entries):,} entries, more than {MAX_FILES:,}", "too-many-files")
    seen: dict[str, str] = {}
    total = 0
    for entry in entries:
        name = entry.orig_filename
        reason = _entry_problem(entry)
        if reason:
            raise _refused(path, name[:100], reason[0], reason[1])
        folded = name.rstrip("/").casefold()
        if folded in seen:
            raise _refused(path, name[:100], f"the name is there twice (also as {seen[folded][:100]!r})", "twice")
        seen[folded] = name
        total += entry.file_size
        packed = max(entry.compress_size, 1)
        if entry.file_size > _RATIO_FROM and entry.file_size > options.max_ratio * packed:
            reason_text = f"it would grow {entry.file_size // packed:,} times when unpacked"
            raise _refused(path, name[:100], reason_text, "bomb")
    if total > options.max_bytes:
        reason_text = f"it unpacks to {total / 2**30:,.1f} GiB, more than the {options.max_bytes / 2**30:.1f} GiB read"
        raise _refused(path, "", reason_text, "too-large", "Open the package as a folder, or cut it into parts.")
    _check_overlap(path, entries, size)
    _check_folders(path, entries)


def _entry_problem(entry: zipfile.ZipInfo) -> tuple[str, str] | None:
    name = entry.orig_filename
    bad = name_problem(name.rstrip("/") if entry.is_dir() else name)
    if bad or entry.filename != name:
        return f"the name {bad or 'cannot be used'}", "bad-name"
    mode = entry.external_attr >> 16
    if mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "it is a link or a device", "link"
    if entry.flag_bits & _ENCRYPTED:
        return "it is encrypted", "encrypted"
    if entry.compress_type not in (_STORED, _DEFLATED):
        return "it is packed in a way that is not allowed (only stored and deflate are)", "bad-compression"
    if is_archive(name):
        return "it is an archive inside the archive", "nested"
    if entry.is_dir() and entry.file_size:
        return "it is a folder with content", "damaged"
    return None


def _check_overlap(path: Path, entries: list[zipfile.ZipInfo], size: int) -> None:
    """Entries that share bytes are how a small archive becomes a huge one."""
    end = 0
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        if entry.header_offset < end:
            raise _refused(path, entry.filename[:100], "it overlaps another entry of the archive", "bomb")
        end = entry.header_offset + 30 + len(entry.orig_filename.encode("utf-8", "replace")) + entry.compress_size
        if end > size:
            raise _refused(path, entry.filename[:100], "it reaches beyond the end of the archive", "damaged")


def _check_folders(path: Path, entries: list[zipfile.ZipInfo]) -> None:
    """A file may not have the name of a folder that others lie in."""
    files = {entry.filename.casefold() for entry in entries if not entry.is_dir()}
    for entry in entries:
        for part in _steps(entry.filename.rstrip("/"))[:-1]:
            if part.casefold() in files:
                raise _refused(path, entry.filename[:100], f"{part!r} is a file and a folder", "twice")


def _unpack(package: Package, sizes: dict[str, int], heard: Callable[[int], None]) -> None:
    """Unpack entries; each may have at most its size in ``sizes`` and what the archive claims."""
    assert package._zip is not None
    try:
        with zipfile.ZipFile(package._zip) as archive:
            for name, ceiling in sizes.items():
                entry = archive.getinfo(name)
                if entry.file_size > ceiling:
                    reason = f"it has {entry.file_size:,} bytes, {ceiling:,} are allowed"
                    raise _refused(package.path, name, reason, "wrong-size")
                target = package.root / name
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(entry) as packed, target.open("wb") as out:
                    _pour(package, name, packed, out, ceiling, heard)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        text = str(error).replace(os.fspath(package.root), "")[:120]
        raise _refused(package.path, "", f"the archive is damaged ({text})", "damaged") from error


def _pour(package: Package, name: str, packed: object, out: object, ceiling: int, heard: Callable[[int], None]) -> None:
    done = 0
    first = True
    while piece := packed.read(_CHUNK):  # type: ignore[attr-defined]
        if first and piece[:4] in ZIP_MAGIC:
            raise _refused(package.path, name, "it is an archive inside the archive", "nested")
        first = False
        done += len(piece)
        if done > ceiling:
            raise _refused(package.path, name, f"it unpacks to more than the {ceiling:,} bytes declared", "bomb")
        out.write(piece)  # type: ignore[attr-defined]
        heard(len(piece))


def _refused(path: Path, place: str, reason: str, kind: str, remedy: str = "") -> LoadError:
    told = remedy or "Ask who made the package for an intact one."
    where = one_line(place) if place != path.name else ""
    return LoadError(path, one_line(f"{reason}."), place=where, remedy=told, kind=kind)
