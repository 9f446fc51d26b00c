"""Where panes lie in a picture. Needs no VTK."""

from __future__ import annotations

from typing import NamedTuple

LINE_POINTS = 3.0
"""Width of a line and of a gap, points of the screen."""
MOST_PANES = 4


class Rect(NamedTuple):
    """A part of the window in pixels from its top left."""

    left: int
    top: int
    width: int
    height: int


def pane_rects(count: int, width: int, height: int, scale: float = 1.0) -> tuple[Rect, ...]:
    """Where panes lie: side by side, four in two rows; all of one size, with gaps between.

    Args:
        count: panes, 1 to 4.
        width, height: of the window, pixels.
        scale: pixels per point.
    """
    columns = 2 if count == MOST_PANES else max(count, 1)
    rows = -(-count // columns)
    gap = max(1, round(LINE_POINTS * scale))
    w = max(1, (width - gap * (columns - 1)) // columns)
    h = max(1, (height - gap * (rows - 1)) // rows)
    lefts = [(width - w) * k // max(columns - 1, 1) for k in range(columns)]
    tops = [(height - h) * k // max(rows - 1, 1) for k in range(rows)]
    return tuple(Rect(lefts[k % columns], tops[k // columns], w, h) for k in range(count))
