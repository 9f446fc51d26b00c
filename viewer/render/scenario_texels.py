"""Texels of scenarios: the colours of one step, brought to the objects and surfaces of a layer. Pure numpy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from loaders.city import Bool, CityData, Int64, UInt8
from loaders.scenario.model import Patch, Result
from viewer.analysis.derived import derived
from viewer.analysis.fields import NO_PART, Paint, Scale, gathered, hatched_where, paint, state_alpha, water_ends
from viewer.analysis.links import Links
from viewer.analysis.steps import read_step
from viewer.render.state import TEXEL_HATCHED, TEXEL_NO_DATA, TEXEL_NOT_MODELLED

UInt32 = npt.NDArray[np.uint32]

MUTED, MUTED_SHARE = 214.0, 0.62
"""What a result does not speak about is drawn paler, towards this tone."""
_ALPHA, _LOD = np.uint32(0xFF000000), np.uint32(0x0F000000)
_HATCH_BIT = np.uint32(TEXEL_HATCHED << 24)


def step_paint(result: Result, step: int, scale: Scale, hatch: bool) -> Paint:
    """The rows of one step, coloured."""
    values = read_step(result.values, step)
    if result.low is None or result.high is None or not hatch:
        return paint(values, result.variable, scale)
    low, high = read_step(result.low, step), read_step(result.high, step)
    return paint(values, result.variable, scale, low, high)


def object_texels(painted: Paint, sources: npt.NDArray[np.integer], base: UInt8) -> UInt8 | None:
    """Texels uint8 (M, 4) of the objects of a layer; None if none of them is part of the result.

    ``sources`` as `Match.sources`; ``base`` uint8 (M, 4): texels without the result, whose alpha stays.
    """
    if not (sources >= 0).any():
        return None
    codes = gathered(painted.codes, sources)
    words = _words(painted, state_alpha(0, TEXEL_NO_DATA, TEXEL_NOT_MODELLED, 0))
    out = np.take(words, codes)
    bases = np.ascontiguousarray(base).view(np.uint32)[:, 0]
    out |= bases & _ALPHA
    rest = np.flatnonzero(sources < 0)
    out[rest] = muted(base[rest]).view(np.uint32)[:, 0]
    if painted.hatched is not None and painted.hatched.any():
        out[np.append(painted.hatched, False)[sources]] |= _HATCH_BIT
    return _finished(out)


def surface_texels(painted: Paint, sources: npt.NDArray[np.integer]) -> UInt8 | None:
    """Texels uint8 (S, 4) of the surfaces of a layer, alpha 0 where the result says nothing; None if it says nothing
    about any of them."""
    if not (sources >= 0).any():
        return None
    codes = gathered(painted.codes, sources)
    out = np.take(_words(painted, state_alpha(15, 15 | TEXEL_NO_DATA, 15 | TEXEL_NOT_MODELLED, 0)), codes)
    if painted.hatched is not None and painted.hatched.any():
        out[np.append(painted.hatched, False)[sources]] |= _HATCH_BIT
    return _finished(out)


def feature_texels(painted: Paint, base: UInt8) -> UInt8:
    """Texels uint8 (N, 4) of geometry that comes with the result: its rows are the objects."""
    rows = np.full(len(base), -1, np.int64)
    count = min(len(painted.codes), len(base))
    rows[:count] = np.arange(count)
    found = object_texels(painted, rows, base)
    return base if found is None else found


def muted(texels: UInt8) -> UInt8:
    """Texels with paler colours; alpha as it was."""
    out = np.ascontiguousarray(texels).copy()
    out[:, :3] = np.rint(texels[:, :3] * (1.0 - MUTED_SHARE) + MUTED * MUTED_SHARE)
    return out


def without(texels: UInt8, hidden: Bool) -> UInt8:
    """Texels with some rows hidden."""
    out = np.ascontiguousarray(texels).view(np.uint32)[:, 0].copy()
    out[hidden] &= ~_LOD
    return _finished(out)


def nothing_shown(texels: UInt8) -> UInt8:
    """Texels with all rows hidden."""
    return without(texels, np.ones(len(texels), np.bool_))


def gone_objects(patch: Patch, city: CityData, links: Links, moment: float) -> Bool | None:
    """bool (M,): objects of a city that a change to it has removed or replaced by a moment, with all their parts."""
    rows = np.concatenate(
        [
            _known(links.rows(patch.removed, city), patch.removed_at <= moment),
            _known(links.rows(patch.replaces, city), patch.added_from <= moment),
        ]
    )
    if not len(rows):
        return None
    mask = np.zeros(len(city.objects), np.bool_)
    mask[rows] = True
    return derived(city).with_descendants(mask)


def new_objects(patch: Patch, city: CityData, moment: float) -> Bool:
    """bool (N,): objects that a change has brought by a moment; parts come with what they belong to."""
    there = np.asarray(patch.added_from <= moment, np.bool_)
    return there[: len(city.objects)]


def hatch_mask(result: Result, step: int, scale: Scale) -> UInt8 | None:
    """uint8, the shape of a step: 1 where the range is wider than a class; None if nowhere. What has no value is never
    marked, but places that water may reach are."""
    if result.low is None or result.high is None:
        return None
    ends = read_step(result.low, step), read_step(result.high, step)
    if result.level is not None:
        mask = hatched_where(*water_ends(*ends), scale)
    else:
        mask = hatched_where(*ends, scale) & np.isfinite(read_step(result.values, step))
    return mask.astype(np.uint8) if mask.any() else None


def _known(rows: Int64, chosen: Bool) -> Int64:
    return rows[(rows >= 0) & chosen]


def _words(painted: Paint, alpha: UInt8) -> UInt32:
    table = painted.scale.words.view(np.uint8).reshape(-1, 4).copy()
    table[:, 3] = alpha
    return table.view(np.uint32)[:, 0]


def _finished(words: UInt32) -> UInt8:
    texels = words.view(np.uint8).reshape(-1, 4)
    texels.setflags(write=False)
    return texels


__all__ = [
    "NO_PART",
    "feature_texels",
    "gone_objects",
    "hatch_mask",
    "muted",
    "new_objects",
    "nothing_shown",
    "object_texels",
    "step_paint",
    "surface_texels",
    "without",
]
