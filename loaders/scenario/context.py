"""What the readers of one package share: its files, limits, issues, and the CRS that everything is brought to."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from loaders import _georef
from loaders._issues import IssueLog
from loaders.api import LoadError, LoadOptions, Progress
from loaders.city import CrsInfo, Float32, Float64
from loaders.scenario.model import NOT_MODELLED, Manifest, Variable
from loaders.scenario.names import one_line
from loaders.scenario.package import Package
from loaders.scenario.sink import Budget

FARTHEST, HIGHEST = 1e8, 1e6
"""Metres from the origin of a CRS, and above or below it, beyond which nothing can be."""


@dataclass(slots=True)
class Context:
    """One load. ``share`` is the part of the progress (from, to) that the variable being read may use."""

    package: Package
    manifest: Manifest
    options: LoadOptions
    progress: Progress
    budget: Budget
    issues: IssueLog = field(default_factory=IssueLog)
    share: tuple[float, float] = (0.0, 1.0)
    stage: str = "reading"
    _ground: _georef.Ground | None = None
    _target: Any = None

    def file(self, name: str) -> Path:
        """Where a file of the package lies."""
        return self.package.file(name)

    def refused(self, reason: str, place: str = "", remedy: str = "", kind: str = "bad-data") -> LoadError:
        """The error for something that cannot be shown; ``place`` is a file of the package, or a place in it."""
        told = remedy or "Correct the file and run: citiverse scenario hash PACKAGE"
        return LoadError(
            self.package.path, one_line(f"{reason}."), place=one_line(place), remedy=one_line(told), kind=kind
        )

    def step(self, done: float) -> None:
        """Tell how far this variable is, 0..1; the place where a load stops."""
        first, last = self.share
        self.progress.report(first + (last - first) * min(max(done, 0.0), 1.0), self.stage)

    @property
    def ground(self) -> _georef.Ground:
        """The terrain that flat things lie on."""
        if self._ground is None:
            self._ground = _georef.open_ground(self.options, self.issues)
        return self._ground

    def plane(self, text: str | None) -> Any:
        """The plane CRS that a file or, where it says nothing, the package names; LoadError where there is none."""
        found = _georef.frame(text).horizontal if text else None
        return found or _georef.frame((self.manifest.crs.name or "").partition("+")[0]).horizontal

    def target(self, crs: Any, xy: Float64) -> Any:
        """The CRS in metres that geometry is brought to: the project's, else its own, else a UTM zone."""
        if self._target is None:
            wanted, issues = _georef.wanted_crs(self.ground, self.options), self.issues
            if wanted is None:  # the package's own CRS, which needs no word
                own = self.plane(None)
                wanted, issues = (own, IssueLog()) if own is not None and _georef.metric(own) else (None, issues)
            self._target = _georef.working_crs(crs, xy[np.isfinite(xy).all(axis=1)], wanted, issues)
        return self._target

    def world(self, xyz: Float64, text: str | None, above: float = 0.0) -> Float64:
        """Places float64 (N, 3) of a CRS in the target CRS; where z is NaN, ``above`` metres over the ground.

        What cannot be a place of this world is NaN throughout.
        """
        crs = self.plane(text)
        out = np.array(xyz, np.float64)
        target = self.target(crs, out[:, :2])
        out[:, :2] = _georef.Transform(crs, target)(out[:, :2])
        lost = ~(np.abs(out[:, :2]) <= FARTHEST).all(axis=1) | (np.abs(out[:, 2]) > HIGHEST)
        out[lost] = np.nan
        flat = np.isnan(out[:, 2]) & ~lost
        if flat.any():
            out[flat, 2] = self.heights(out[flat, :2]) + above
        return out

    def heights(self, xy: Float64) -> Float64:
        """Heights of the ground at places float64 (N, 2) in the target CRS; its mean where it has none."""
        found = self.ground.heights(xy, self._target)
        missing = ~np.isfinite(found)
        if missing.any():
            raster = self.ground.raster
            known = raster.values[0][np.isfinite(raster.values[0])] if raster is not None else np.zeros(0)
            found[missing] = float(known.mean()) if known.size else 0.0
            self.issues.info(
                "beyond-ground", "Places beyond the terrain lie at its mean height.", count=int(missing.sum())
            )
        return found

    def crs_info(self) -> CrsInfo:
        """The name of the target CRS: the project's where it is the same."""
        if self._target is None:
            return self.manifest.crs
        shared = self.ground.names(self._target)
        if shared is not None:
            return shared
        own = self.plane(None)
        if own is not None and own.equals(self._target, ignore_axis_order=True):
            return self.manifest.crs
        return CrsInfo(_georef.name_of(self._target), self._target.name)

    def draw_options(self) -> LoadOptions:
        """Options that make the vector loader draw in the target CRS."""
        name = None if self._target is None else _georef.name_of(self._target)
        return replace(self.options, crs=name or self.options.crs)

    def clean(self, values: Any, variable: Variable) -> Float32:
        """Numbers as float32 with NaN for no data and `NOT_MODELLED`; -inf counts as the latter already."""
        exact = np.asarray(values, np.float64)
        with np.errstate(over="ignore"):  # what is too large becomes infinite, and is told
            out: Float32 = exact.astype(np.float32)
        infinite = np.isposinf(out) | (np.isneginf(out) & ~np.isneginf(exact))
        if infinite.any():
            self.issues.warning(
                "infinite-value", "Values that are infinite were taken for missing.", count=int(infinite.sum())
            )
            out[infinite] = np.nan
        for mark in variable.data.nodata:
            out[out == _float32(mark)] = np.nan
        for mark in variable.data.not_modelled:
            out[out == _float32(mark)] = NOT_MODELLED
        return out


def _float32(mark: float) -> np.float32:
    with np.errstate(over="ignore"):
        return np.float32(mark)
