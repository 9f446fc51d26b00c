"""The object table (ids, types, hierarchy, attributes) and the table of semantic surfaces."""

from __future__ import annotations

import numpy as np

from loaders import columns
from loaders._issues import IssueLog
from loaders.city import SURFACE_CODE_OTHER, SURFACE_CODES, ObjectTable, Strings, SurfaceTable, UInt8
from loaders.cityjson_part import Part


def object_table(part: Part, issues: IssueLog) -> ObjectTable:
    """One row per city object, in file order."""
    _note_duplicates(part, issues)
    links = _links(part, issues)
    rows = len(part.ids)
    start = np.zeros(rows + 1, np.int64)
    for row, parents in links.items():
        start[row + 1] = len(parents)
    np.cumsum(start, out=start)
    ordered = [parent for row in sorted(links) for parent in links[row]]
    unknown = [name for name in part.type_names if name.startswith("+")]
    if unknown:
        issues.info("extension-type", "Objects of types that an extension defines are drawn like any other.", unknown)
    return ObjectTable(
        Strings.from_list(part.ids),
        part.types.astype(np.int16),
        tuple(part.type_names),
        start,
        np.array(ordered, np.int32),
        columns.build(part.columns, rows, issues),
    )


def _note_duplicates(part: Part, issues: IssueLog) -> None:
    """Features may repeat an id: every one is drawn, the second is told."""
    if len(set(part.ids)) == len(part.ids):
        return
    seen: set[str] = set()
    twice = []
    for name in part.ids:
        if name in seen:
            twice.append(name)
        seen.add(name)
    issues.warning("duplicate-id", "Ids that several features use: all of these objects are shown.", twice)


def _links(part: Part, issues: IssueLog) -> dict[int, list[int]]:
    """Rows of the parents by row; dangling links and cycles are taken out."""
    if not part.parents and not part.children:
        return {}
    row_of = {name: row for row, name in enumerate(part.ids)}
    links: dict[int, list[int]] = {}
    for row, names in part.parents:
        for name in names:
            parent = row_of.get(name) if isinstance(name, str) else None
            if parent is None:
                issues.warning("dangling-parent", "Parents that are not in the file were left out.", [part.ids[row]])
            elif parent not in links.setdefault(row, []):
                links[row].append(parent)
    for row, names in part.children:
        for name in names:
            child = row_of.get(name) if isinstance(name, str) else None
            if child is None:
                issues.warning("dangling-child", "Children that are not in the file were left out.", [part.ids[row]])
            elif row not in links.setdefault(child, []):
                links[child].append(row)
    loops = _loops(links)
    if loops:
        issues.warning(
            "parent-cycle", "Objects that are their own ancestors stand alone.", [part.ids[row] for row in loops]
        )
        loop = set(loops)
        links = {row: [p for p in parents if not (row in loop and p in loop)] for row, parents in links.items()}
    return {row: parents for row, parents in links.items() if parents}


def _loops(links: dict[int, list[int]]) -> list[int]:
    """Rows that can neither be reached from a root nor lead to a leaf without a cycle: the cycles themselves."""
    children: dict[int, list[int]] = {}
    for row, parents in links.items():
        for parent in parents:
            children.setdefault(parent, []).append(row)
    below = _peel({row: set(parents) for row, parents in links.items()}, children)
    remaining = {row for row in links if row in below}
    up = {row: {child for child in children.get(row, ()) if child in remaining} for row in remaining}
    return sorted(_peel(up, {row: [p for p in links[row] if p in remaining] for row in remaining}))


def _peel(waiting: dict[int, set[int]], followers: dict[int, list[int]]) -> set[int]:
    """Take away rows that wait for nothing, again and again; returns those that stay."""
    nodes = set(waiting) | set(followers)
    ready = [row for row in nodes if not waiting.get(row)]
    gone = set(ready)
    while ready:
        row = ready.pop()
        for follower in followers.get(row, ()):
            wants = waiting.get(follower)
            if wants is not None and row in wants:
                wants.discard(row)
                if not wants and follower not in gone:
                    gone.add(follower)
                    ready.append(follower)
    return nodes - gone


def surface_table(part: Part, issues: IssueLog) -> SurfaceTable:
    """One row per semantic surface object."""
    return SurfaceTable(
        part.surface_types.astype(np.int16),
        tuple(part.surface_names),
        part.surface_rows,
        columns.build(part.surface_columns, len(part.surface_types), issues),
    )


def surface_codes(part: Part) -> UInt8:
    """Code of each row of the surface table, and a last 0 for "none" (index -1)."""
    known = [SURFACE_CODE_OTHER if name.startswith("+") else SURFACE_CODES.get(name, 0) for name in part.surface_names]
    codes = np.array([*known, 0], np.uint8)
    return np.append(codes[part.surface_types], np.uint8(0))
