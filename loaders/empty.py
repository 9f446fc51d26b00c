"""Says why a load has nothing to draw, so that an empty picture never comes without a reason; for every format."""

from __future__ import annotations

from dataclasses import replace

from loaders.api import Issue, LoadResult, Severity

NOTHING_TO_DRAW = "nothing-to-draw"
LOSES_GEOMETRY = frozenset(
    (
        *("bad-boundaries", "bad-coordinate", "bad-geometry", "bad-instance", "bad-point", "degenerate-surface"),
        *("degenerate-transform", "empty-geometry", "missing-template", "unknown-geometry", "vertex-out-of-range"),
        "wrong-nesting",
    )
)
"""Kinds of warnings by which geometry is left out. (An error always means that a part of the file is missing.)"""


def explain_empty(result: LoadResult) -> LoadResult:
    """The result as it is; where nothing of it can be drawn, with an issue of kind "nothing-to-draw" that says why."""
    city = result.value
    if result.scenario is not None or city.drawable or any(issue.kind == NOTHING_TO_DRAW for issue in result.issues):
        return result
    count = len(city.objects)
    names = tuple(city.objects.ids[row] for row in range(min(count, 20)))
    issue = Issue(Severity.WARNING, NOTHING_TO_DRAW, _reason(result), max(count, 1), names)
    return replace(result, issues=(issue, *result.issues))


def _reason(result: LoadResult) -> str:
    count = len(result.value.objects)
    causes = [issue for issue in result.issues if _loses(issue)]
    causes.sort(key=lambda issue: (issue.severity is not Severity.ERROR, -issue.count))
    if not count:
        what, why = "Nothing can be drawn", "there is no object in the file"
    else:
        what = "Its one object cannot be drawn" if count == 1 else f"None of its {count:,} objects can be drawn"
        why = "it has no geometry" if count == 1 else "they have no geometry"
    if not causes:
        return f"{what}: {why}."
    told = " ".join(f"{cause.message.rstrip('.')} ({cause.count:,})." for cause in causes[:3])
    return f"{what}. {told}"


def _loses(issue: Issue) -> bool:
    return issue.severity is Severity.ERROR or (issue.severity is Severity.WARNING and issue.kind in LOSES_GEOMETRY)
