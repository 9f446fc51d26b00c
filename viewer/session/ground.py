"""Which terrain flat layers are laid on when they are loaded: the first elevation raster that is open.

Vector layers, and rasters of other values, wait for rasters that are being opened with them: one of these may be the
terrain. In a new project vector layers wait for cities too: one of these decides the CRS. Layers that were opened
before the first terrain came are loaded again.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from loaders import raster, registry
from loaders.api import LoadError, LoaderSpec, LoadOptions
from loaders.layers import RasterData
from loaders.worker import LoadedFile

if TYPE_CHECKING:
    from viewer.session.session import Session


class Grounds:
    """The terrains of one session, and the rasters that may become one."""

    def __init__(self, session: Session):
        self._session = session
        self._loading: dict[str, int] = {}
        self._cities: set[str] = set()
        self._crs: str | None = None
        self._known: dict[str, Path] = {}
        self._fresh: set[str] = set()
        self._next = 0

    def begins(self, key: str, path: Path) -> Callable[[], bool] | None:
        """Note that a file is about to be loaded; returns what tells when it may begin, None = at once."""
        spec = _spec(path)
        if spec is None or not spec.uses_ground:
            self._cities.add(key)
            return None
        self._next += 1
        number = self._next
        if _is_raster(spec):
            self._loading[key] = number

        def ready() -> bool:
            if not _is_raster(spec) and self._cities and not self._session.document.state.layers:
                return False
            return self.folder() is not None or not any(
                other != key and (not _is_raster(spec) or order < number) for other, order in self._loading.items()
            )

        return ready

    def ended(self, key: str, loaded: LoadedFile | None) -> None:
        """Note that a load came to its end; what came out of it may be the ground from now on."""
        self._loading.pop(key, None)
        self._cities.discard(key)
        if loaded is None:
            return
        self._crs = self._crs or loaded.result.value.crs.name
        source = loaded.result.value.source
        if isinstance(source, RasterData) and source.kind == "elevation" and loaded.result.value.bbox is not None:
            self._known[key] = loaded.folder
            self._fresh.add(key)

    def arrived(self, key: str) -> list[str]:
        """Note that a new layer is in the document; returns the layers that can now be laid on it."""
        if key not in self._fresh:
            return []
        self._fresh.discard(key)
        reports = self._session.document.reports
        return [
            layer_id
            for layer_id, report in reports.items()
            if layer_id in self._session.document.cities and any(issue.kind == "flat" for issue in report.issues)
        ]

    def forget_loads(self) -> None:
        """All loads were cancelled."""
        self._loading.clear()
        self._cities.clear()
        self._fresh.clear()
        self._crs = None

    def folder(self) -> Path | None:
        """Where the arrays of the ground are stored, or its file if they are gone; None = there is no terrain."""
        layers = {file_key(Path(layer.path)): Path(layer.path) for layer in self._session.document.state.layers}
        for key, folder in self._known.items():
            if key in layers or key in self._fresh:
                return folder if folder.is_dir() else layers.get(key)
        return None

    def options(self) -> LoadOptions:
        """What a load that begins now is given."""
        folder = self.folder()
        state = self._session.document.state
        return replace(
            self._session.load_options(),
            ground=None if folder is None else str(folder),
            crs=state.crs if state.layers else self._crs,
        )


def in_loading_order(paths: Iterable[Path]) -> list[Path]:
    """The same paths: rasters, one of which may be the ground, then cities, then what is laid on the ground."""

    def rank(path: Path) -> int:
        spec = _spec(path)
        return 0 if spec is not None and _is_raster(spec) else 2 if spec is not None and spec.uses_ground else 1

    return sorted(paths, key=rank)


def _is_raster(spec: LoaderSpec) -> bool:
    return spec.name == raster.SPEC.name


def _spec(path: Path) -> LoaderSpec | None:
    try:
        return registry.pick(path)
    except LoadError:
        return None


def file_key(path: Path) -> str:
    """The same text for every way to write the path of one file."""
    return os.path.normcase(os.path.realpath(path))
