"""What a picture says of scenarios that change the city itself: lines for what is new and what is gone, with counts."""

from __future__ import annotations

import math

import numpy as np

from loaders.scenario.model import Patch, text_in
from viewer.analysis.comparing import Showing
from viewer.analysis.legend import Legend, LegendEntry, count_text
from viewer.analysis.palettes import RGB
from viewer.analysis.showing import Side

ADDED_RGB: RGB = (5, 158, 87)
REMOVED_RGB: RGB = (204, 18, 51)
"""As the lines round them, ``shaders/outline.glsl``."""


def change_legend(shown: Showing, language: str = "en") -> Legend | None:
    """Lines for changes to the city where nothing is coloured by values; None where nothing is changed, or where the
    picture has no lines round what is changed (two sides in one picture)."""
    patched = [side for side in shown.sides if side.patch is not None]
    if shown.scale is not None or not patched or shown.mode in ("swipe", "blend"):
        return None
    moment = shown.moment if shown.moment is not None and shown.dated else math.inf
    result = patched[0].patch
    assert result is not None
    title = text_in(result.variable.title, language) or "Changes"
    if shown.mode == "difference":
        a, b = (_changed(side, moment) for side in shown.sides[:2])
        new, gone = b[0] + len(a[1] - b[1]), a[0] + len(b[1] - a[1])
        entries = [LegendEntry("only in B: new", ADDED_RGB, new), LegendEntry("only in A: gone", REMOVED_RGB, gone)]
        return Legend(title, "", "classes", tuple(entry for entry in entries if entry.count))
    found = [_changed(side, moment) for side in patched]
    new, gone = sum(count for count, _ in found), len(set().union(*(ids for _, ids in found)))
    note = f"{count_text(gone)} of today are gone" if gone else ""
    entries = [LegendEntry("new", ADDED_RGB, new)] if new else []
    return Legend(title, "", "classes", tuple(entries), note=note)


def _changed(side: Side, moment: float) -> tuple[int, set[str]]:
    """How many objects a side adds by a moment, parts not counted; ids of what it removes or replaces."""
    patch: Patch | None = side.patch.patch if side.patch is not None else None
    if patch is None or side.patch is None:
        return 0, set()
    there = np.asarray(patch.added_from <= moment, np.bool_)
    city = side.patch.overlay
    if city is not None and len(city.objects) == len(there):
        starts = city.objects.parent_start
        there = there & (starts[1:] == starts[:-1])
    gone = {text for text, at in zip(patch.removed.to_list(), patch.removed_at.tolist(), strict=True) if at <= moment}
    gone |= {text for text, at in zip(patch.replaces.to_list(), patch.added_from.tolist(), strict=True) if at <= moment}
    return int(np.count_nonzero(there)), gone - {""}
