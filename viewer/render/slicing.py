"""A picture in slices: what each draws, so that none takes long. Nothing here draws."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from vtkmodules.vtkRenderingCore import vtkActor

from viewer.render.instanced import Drawable
from viewer.render.passes import FIRST_TIME

SCENE_PIXELS, SKY_PIXELS, SMOOTH_PIXELS = 180_000, 150_000, 100_000
"""Pixels of the scene, of the background, and of a smoothed picture, that a processor computes in one slice."""
FIRST_TRIANGLES = 60_000
"""Triangles of a picture's first slice there: maps of shadows, drawn before it, have many in the same time."""
_BLOCK = 4
"""Bands begin at multiples of so many rows: software renderers compute blocks of them."""


class Rows(NamedTuple):
    """Rows of a picture, counted from its lowest: from ``start`` up to, but without, ``end``."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Slice:
    """What is drawn at once.

    Attributes: draws: of the scene; within: rows that they are drawn in, None = all; sky: rows of the background,
    behind all that is drawn already; smooth: rows that are smoothed once everything is there; first: the picture is
    cleared before; last: it is complete with this one.
    """

    draws: Sequence[Drawable]
    within: Rows | None
    sky: Rows | None
    smooth: Rows | None
    first: bool
    last: bool


def bands(width: int, height: int, pixels: int | None) -> tuple[Rows, ...]:
    """A picture's rows in bands of about so many pixels (None = in one); every row is in exactly one of them."""
    count = 1 if pixels is None else max(1, min(-(-width * height // pixels), height // _BLOCK))
    ends = [height * k // count // _BLOCK * _BLOCK for k in range(count)] + [height]
    return tuple(Rows(a, b) for a, b in pairwise(ends))


def picture_slices(
    wanted: Sequence[Drawable],
    pixels: Sequence[float],
    size: tuple[int, int],
    triangles: Callable[[], int] | None,
    *,
    moving: bool,
    software: bool,
    sky: bool,
    smooth: bool,
    lines: bool,
) -> Iterator[Slice]:
    """The slices of a picture. The background comes when the scene is there: what that hides is not computed.

    Args:
        wanted: what of the scene is drawn.
        pixels: how many each of them covers at most.
        size: width and height of the picture, pixels.
        triangles: asked before each slice how many it may have; None = all at once.
        moving: drafts are drawn.
        software: pixels are computed by a processor, which takes long for many of them.
        sky: there is a background.
        smooth: edges are smoothed at the end.
        lines: more is drawn over the complete picture, which takes a while too.
    """
    split = triangles is not None and software
    behind = bands(*size, SKY_PIXELS if split else None) if sky else ()
    after: tuple[Rows | None, ...] = bands(*size, SMOOTH_PIXELS if split else None) if smooth else ()
    after = (*after, None) if lines and split else after
    joined = not split and len(behind) == 1  # a slice of its own would cost more than it saves
    done, first = 0, True
    while first or done < len(wanted):
        part = slice_of(wanted[done:], moving, _gently(triangles) if split and first else triangles)
        if split:
            # what covers the picture several times over takes as much longer, however few its triangles are
            over = np.cumsum(pixels[done : done + len(part)]) > size[0] * size[1]
            part = part[: max(1, int(np.argmax(over)))] if over.any() else part
        covered = int(min(sum(pixels[done : done + len(part)]), size[0] * size[1]))
        done += len(part)
        complete = done == len(wanted)
        count = -(-covered // SCENE_PIXELS) if split else 1
        for within in bands(*size, -(-size[0] * size[1] // count)) if count > 1 else (None,):
            rows = behind[0] if joined and complete else None
            last = complete and not after and (joined or not behind) and (within is None or within.end == size[1])
            yield Slice(part, within, rows, None, first, last)
            first = False
    for rows in () if joined else behind:
        yield Slice((), None, rows, None, False, not after and rows is behind[-1])
    for k, smoothed in enumerate(after):
        yield Slice((), None, None, smoothed, False, k == len(after) - 1)


def _gently(triangles: Callable[[], int] | None) -> Callable[[], int] | None:
    return None if triangles is None else lambda: min(triangles(), FIRST_TRIANGLES)


def actor_of(draw: Drawable, moving: bool) -> vtkActor:
    """The actor to show: a draft while the camera moves, if there is one and it is not close by."""
    return draw.draft if moving and draw.draft is not None and not draw.near else draw.actor


def cost_of(draw: Drawable, moving: bool) -> int:
    """Triangles that it takes, twice as many the first time."""
    count = draw.draft_count if actor_of(draw, moving) is draw.draft else draw.triangle_count
    return count * (1 if draw.uploaded else FIRST_TIME)


def slice_of(draws: Sequence[Drawable], moving: bool, triangles: Callable[[], int] | None) -> Sequence[Drawable]:
    """The first draws, of about so many triangles (all for None), but one at least."""
    if triangles is None or not draws:
        return draws
    costs = np.cumsum([cost_of(draw, moving) for draw in draws])
    return draws[: max(1, int(np.searchsorted(costs, triangles(), side="right")))]
