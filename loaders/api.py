"""What every loader promises: a value plus the issues found on the way, or one clear refusal.

A loader is one module with ``SPEC = LoaderSpec(...)``. Declaring it imports nothing heavy: ``load`` is
named as text (``"loaders.cityjson:load"``) and resolved only when a file of that format is opened, in
the worker process.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from loaders.city import CityData
    from loaders.scenario.model import Scenario

MAX_ISSUE_OBJECTS = 20
"""An issue names at most this many object ids; ``count`` always tells how many there are."""


class Severity(StrEnum):
    """How much an issue matters to somebody who looks at the picture."""

    INFO = "info"
    """Something was assumed or upgraded; the picture is right."""
    WARNING = "warning"
    """Something was repaired or skipped; the picture may lack it."""
    ERROR = "error"
    """A part of the file could not be read and is missing from the picture."""


@dataclass(frozen=True, slots=True)
class Issue:
    """One line of the load report: what was skipped, repaired or assumed, how often and where.

    ``kind`` is a stable kebab-case word that scripts may test (``missing-crs``, ``vertex-out-of-range``).
    """

    severity: Severity
    kind: str
    message: str
    count: int = 1
    objects: tuple[str, ...] = ()


class LoadError(Exception):
    """A file that cannot be read at all. The text is one line: file, place, reason and remedy."""

    def __init__(self, path: Path | str, reason: str, *, place: str = "", remedy: str = "", kind: str = "unreadable"):
        self.path = Path(path)
        self.reason = reason
        self.place = place
        self.remedy = remedy
        self.kind = kind
        name = self.path.name or str(self.path)  # the root of a file system has no name
        where = f"{name}, {place}" if place else name
        text = f"{where}: {reason}"
        super().__init__(f"{text} {remedy}" if remedy else text)

    def __reduce__(self) -> tuple[Callable[..., LoadError], tuple[object, ...]]:
        return (_rebuild_load_error, (str(self.path), self.reason, self.place, self.remedy, self.kind))


def _rebuild_load_error(path: str, reason: str, place: str, remedy: str, kind: str) -> LoadError:
    return LoadError(path, reason, place=place, remedy=remedy, kind=kind)


class Cancelled(Exception):
    """The user stopped the load; nothing was changed."""


class Progress(Protocol):
    """Where a loader says how far it is and asks whether it should go on."""

    def report(self, fraction: float, stage: str) -> None:
        """Tell how far the load is (``fraction`` 0..1) and what it is doing; raise `Cancelled` to stop."""

    @property
    def cancelled(self) -> bool:
        """True once the user asked to stop."""


class NoProgress:
    """A `Progress` for callers that do not want to hear."""

    cancelled = False

    def report(self, fraction: float, stage: str) -> None:
        """Ignore the report."""


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """What the caller decides about a load; limits are refusals, never truncations."""

    processes: int = 1
    """Processes that may work on the file at once."""
    max_bytes: int = 4 << 30
    """Largest (unpacked) size read, in bytes."""
    max_ratio: int = 200
    """Largest unpacked : packed ratio of a compressed file."""
    max_triangles: int = 200_000_000
    """Most triangles drawn from one file, instances expanded."""
    max_texture_pixels: int = 64_000_000
    """Largest single texture image, in pixels."""
    ground: str | None = None
    """Where flat layers lie: a raster of elevations, as a file or as the folder of its stored arrays; None = at 0."""
    crs: str | None = None
    """CRS in metres that rasters and vector layers are brought to ("EPSG:7415"); None = their own, or a UTM zone."""


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What came out of a file."""

    value: CityData
    format: str
    version: str
    issues: tuple[Issue, ...] = ()
    scenario: Scenario | None = None
    """What a scenario package held; ``value`` is then a city without objects, of its name and CRS."""


@dataclass(frozen=True, slots=True)
class LoaderSpec:
    """A format: how to recognise it and, by name, the function that reads it.

    ``sniff(head, path)`` sees the first 4 KiB (unpacked) and returns 0 (no) to 100 (certain).
    ``load`` is ``"package.module:function"`` with the signature
    ``(path: Path, options: LoadOptions, progress: Progress) -> LoadResult``; it raises `LoadError` or `Cancelled`.
    """

    name: str
    extensions: tuple[str, ...]
    sniff: Callable[[bytes, Path], int]
    load: str
    version: int = 1
    """Raised when the arrays that the loader makes change, so that caches made before are dropped."""
    media_types: tuple[str, ...] = field(default=())
    uses_ground: bool = False
    """True if what is loaded depends on ``LoadOptions.ground`` and ``crs``; it is then stored once for each."""
    companions: Callable[[Path], tuple[Path, ...]] | None = None
    """Other files that a load reads besides: they count for its limits, and a change of one is a change of the file."""
