"""The quality ladder: how carefully this machine draws when nobody chose."""

from __future__ import annotations

import os
import re

LEVELS = ("draft", "normal", "high")
AUTO = "auto"
_MODEST = re.compile(r"\b(intel|mali|adreno|videocore|virgl|svga3d|parallels|vmware|radeon graphics)\b", re.IGNORECASE)
"""Graphics built into a processor, or passed into a virtual machine."""


def choose(renderer: str, software: bool, cores: int | None = None) -> tuple[str, str]:
    """The level for a renderer as OpenGL names it, and why, for people.

    Args:
        software: OpenGL runs on the processor.
        cores: processor cores; None = those of this machine.
    """
    count = cores or os.cpu_count() or 1
    if software and count < 2:
        return "draft", "no graphics card and one processor core: shadows would take seconds"
    if software:
        return "normal", f"no graphics card: {count} processor cores draw; fast while moving, shadows when still"
    if _MODEST.search(renderer):
        return "normal", "a modest graphics chip: shadows and soft edges at a steady pace"
    return "high", "a graphics card: fine shadows and the softest edges"
