"""A picture in slices: what each draws, so that none takes long. Nothing here draws."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
from vtkmodules.vtkRenderingCore import vtkActor

from viewer.render.instanced import Drawable
from viewer.render.passes import FIRST_TIME

PIXELS = {"scene": 180_000, "sky": 150_000, "smooth": 100_000}
"""Pixels of the scene, of the background, and of a smoothed picture, that a processor computes in one slice at most."""
LEAST_SHARE = 0.2
"""Of these, however slow it is: what does not depend on the number of pixels is paid again in every slice."""
GOAL_SECONDS = 0.016
"""How long such a slice should take."""
SLOWER, FASTER = 0.5, 1.2
"""How much fewer, or more, pixels than in the slice before."""
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

    @property
    def kind(self) -> str:
        """What most of its time is spent on, if that depends on its pixels: a key of `PIXELS`, else ""."""
        if self.smooth is not None:
            return "smooth"
        return "scene" if self.within is not None else "sky" if self.sky is not None and not self.draws else ""


class Pace:
    """How many pixels of each kind a slice may have, from what those before it took; see `PIXELS`."""

    def __init__(self) -> None:
        self._shares = dict.fromkeys(PIXELS, 1.0)

    def pixels(self, kind: str) -> int:
        """Pixels of the next slice."""
        return int(self._shares[kind] * PIXELS[kind])

    def took(self, kind: str, seconds: float) -> None:
        """Note what a slice of so many pixels took."""
        change = min(max(GOAL_SECONDS / max(seconds, 1e-4), SLOWER), FASTER)
        self._shares[kind] = min(max(self._shares[kind] * change, LEAST_SHARE), 1.0)


def bands(width: int, height: int, pixels: int | None) -> tuple[Rows, ...]:
    """A picture's rows in bands of about so many pixels (None = in one); every row is in exactly one of them."""
    return tuple(_paced(Rows(0, height), width, None if pixels is None else lambda: pixels))


def _paced(rows: Rows, width: int, pixels: Callable[[], int] | None) -> Iterator[Rows]:
    """The same for some rows; asked before each band, how many pixels it may have."""
    start = rows.start
    while start < rows.end:
        left = (rows.end - start) * width
        count = 1 if pixels is None else max(1, min(-(-left // max(pixels(), 1)), (rows.end - start) // _BLOCK))
        end = rows.end if count == 1 else start + max((rows.end - start) // count // _BLOCK * _BLOCK, _BLOCK)
        yield Rows(start, end)
        start = end


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
    pace: Pace,
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
        pace: asked before each slice that is a band of the picture, how many pixels it may have.
    """
    split = triangles is not None and software
    width, height = size
    whole = Rows(0, height)
    after = smooth or (lines and split)
    joined = sky and not split  # a slice of its own would cost more than it saves
    done, first = 0, True
    while first or done < len(wanted):
        part = slice_of(wanted[done:], moving, _gently(triangles) if split and first else triangles)
        if split:
            # what covers the picture several times over takes as much longer, however few its triangles are
            over = np.cumsum(pixels[done : done + len(part)]) > width * height
            part = part[: max(1, int(np.argmax(over)))] if over.any() else part
        covered = int(min(sum(pixels[done : done + len(part)]), width * height))
        done += len(part)
        complete = done == len(wanted)
        banded = split and covered > pace.pixels("scene")
        share = width * height / max(covered, 1)
        wide = partial(_more, pace, "scene", share)
        for within in _paced(whole, width, wide) if banded else (None,):
            rows = whole if joined and complete else None
            last = complete and not after and (joined or not sky) and (within is None or within.end == height)
            yield Slice(part, within, rows, None, first, last)
            first = False
    for rows in _paced(whole, width, partial(pace.pixels, "sky") if split else None) if sky and not joined else ():
        yield Slice((), None, rows, None, False, not after and rows.end == height)
    for rows in _paced(whole, width, partial(pace.pixels, "smooth") if split else None) if smooth else ():
        yield Slice((), None, None, rows, False, rows.end == height and not (lines and split))
    if lines and split:
        yield Slice((), None, None, None, False, True)


def _more(pace: Pace, kind: str, times: float) -> int:
    return int(pace.pixels(kind) * times)


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
