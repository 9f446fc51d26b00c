"""What a difference says in words: the same in the window, in pictures made without one and in videos."""

from __future__ import annotations

from viewer.analysis.comparing import Showing, showing
from viewer.analysis.legend import count_text
from viewer.document.document import Document

_NOUNS = {"raster": "cells", "object": "objects", "surface": "surfaces", "points": "receivers"}
_MEANINGS = {"low": (" (better)", " (worse)"), "high": (" (worse)", " (better)")}


def difference_title(shown: Showing) -> tuple[str, str]:
    """Heading and line of a difference: "B minus A", and in how many places it is lower or higher, or why there is
    none."""
    a, b = shown.sides[:2]
    text = f"No difference can be shown. {shown.refusal}" if shown.refusal else difference_words(shown)
    return f"{b.name} minus {a.name}", text


def title_of(document: Document, moment: float | None) -> tuple[str, str] | None:
    """The same for a picture of a document at a moment, computed here and now; None where no difference is shown."""
    view = document.state.scenario_view
    if view.mode != "difference" or not document.scenarios:
        return None
    shown = showing(document, moment, wait=True)
    return None if shown is None or shown.mode != "difference" else difference_title(shown)


def difference_words(shown: Showing) -> str:
    """In how many places B is lower, higher, equal, or cannot be told from A, with what that means."""
    found = shown.difference
    if found is None:
        return "Computing…" if not shown.ready else ""
    result = found.result
    parts = []
    if result is not None:
        words = _MEANINGS.get(result.variable.good, ("", ""))
        what = _NOUNS.get(result.variable.binding, "places")
        parts = [
            f"lower at {count_text(found.lower)} {what}{words[0]}",
            f"higher at {count_text(found.higher)}{words[1]}",
            f"equal at {count_text(found.same)}",
        ]
        if found.unsure:
            parts.append(f"cannot be told at {count_text(found.unsure)}")
    for name, only in (("A", found.only_a), ("B", found.only_b)):
        if only:
            parts.append(f"{count_text(len(only))} only in {name}")
    return " · ".join(parts)
