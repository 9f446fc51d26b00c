"""Changes of the city: what is removed, what is new or takes the place of something, and from when.

``changes`` is JSON: {"remove": ["id", {"id": "...", "from": "2031-01-01"}], "add": [{"id": "...", "from": "...",
"replaces": "..."}]}. ``added`` is CityJSON, CityJSONSeq or glTF 2.0 with what is new; objects that "add" does not tell
of are new from the beginning and replace nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from loaders.api import LoadError
from loaders.city import CityData, Strings
from loaders.cityjson import load as load_cityjson
from loaders.layers import same_plane
from loaders.scenario.context import Context
from loaders.scenario.gltf_city import read_gltf
from loaders.scenario.gltf_file import is_gltf
from loaders.scenario.jsontext import BadJson, parse_json
from loaders.scenario.model import Patch, Result, TimeAxis, Variable
from loaders.scenario.times import parse_moment, static_axis

MAX_CHANGES = 1_000_000


class _Quiet:
    cancelled = False

    def report(self, fraction: float, stage: str) -> None:
        """The package tells its own progress."""


def read_patch(ctx: Context, variable: Variable, axis: TimeAxis) -> Result:
    """The result of a patch. Its axis has the moments of its changes, or one step without a date. Raises LoadError."""
    told = _changes(ctx, variable.data.changes) if variable.data.changes else {}
    overlay = _added(ctx, variable) if variable.data.added else None
    place = variable.data.changes
    removed = [_entry(ctx, variable, item, f"{place}, remove/{n}") for n, item in enumerate(told.get("remove", ()))]
    added = {
        own: (moment, replaced)
        for own, moment, replaced in (
            _entry(ctx, variable, item, f"{place}, add/{n}") for n, item in enumerate(told.get("add", ()))
        )
    }
    ids = overlay.objects.ids.to_list() if overlay is not None else []
    missing = sorted(set(added) - set(ids))
    if missing:
        reason = f"{missing[0]!r} is to be added, but it is not in the file of what is new"
        raise ctx.refused(reason, place, kind="missing-object")
    rows = [added.get(own, (-np.inf, "")) for own in ids]
    patch = Patch(
        Strings.from_list([own for own, _, _ in removed]),
        np.array([moment for _, moment, _ in removed], np.float64),
        np.array([moment for moment, _ in rows], np.float64),
        Strings.from_list([replaced for _, replaced in rows]),
    )
    moments = np.unique(np.concatenate([patch.removed_at, patch.added_from]))
    moments = moments[np.isfinite(moments)]
    if axis.kind == "static" and len(moments):
        axis = TimeAxis("instants", moments, zone=variable.time.zone)
    return Result(
        variable, axis if len(axis) else static_axis(), np.zeros((0, 0), np.float32), overlay=overlay, patch=patch
    )


def _changes(ctx: Context, name: str) -> dict[str, Any]:
    try:
        raw = parse_json(ctx.file(name).read_bytes())
    except BadJson as error:
        raise ctx.refused(str(error), name, kind="bad-json") from error
    good = isinstance(raw, dict) and all(isinstance(raw.get(key, []), list) for key in ("remove", "add"))
    if not good or not set(raw) <= {"remove", "add"}:
        raise ctx.refused('it is no object with the lists "remove" and "add"', name, kind="bad-json")
    if len(raw.get("remove", ())) + len(raw.get("add", ())) > MAX_CHANGES:
        raise ctx.refused(f"there are more than {MAX_CHANGES:,} changes", name, kind="too-large")
    return dict(raw)


def _entry(ctx: Context, variable: Variable, item: Any, place: str) -> tuple[str, float, str]:
    """Id, moment (-inf = from the beginning) and what is replaced."""
    told = {"id": item} if isinstance(item, str) else item
    if not isinstance(told, dict) or not set(told) <= {"id", "from", "replaces"}:
        raise ctx.refused('an entry is no id and no object with "id", "from" and "replaces"', place, kind="bad-json")
    texts = [told.get(key, "") for key in ("id", "from", "replaces")]
    if not all(isinstance(text, str) for text in texts) or not texts[0]:
        raise ctx.refused("an entry has no id, or something that is no text", place, kind="bad-json")
    try:
        moment = parse_moment(texts[1], variable.time.zone) if texts[1] else -np.inf
    except ValueError as error:
        raise ctx.refused(str(error), place, kind="times") from error
    return texts[0], moment, texts[2]


def _added(ctx: Context, variable: Variable) -> CityData:
    name = variable.data.added
    if is_gltf(name):
        return read_gltf(ctx, variable, name)
    try:
        result = load_cityjson(ctx.file(name), ctx.options, _Quiet())
    except LoadError as error:
        raise ctx.refused(
            error.reason.rstrip("."), f"{name}, {error.place}".rstrip(", "), error.remedy, error.kind
        ) from error
    city = result.value
    for issue in result.issues:
        ctx.issues.add(issue.severity, issue.kind, issue.message, issue.objects, issue.count)
    ctx.budget.take_triangles(max((mesh.triangle_count for mesh in city.lods.values()), default=0), name)
    wanted = ctx.options.crs or ctx.manifest.crs.name
    if city.crs.name and wanted and not same_plane(city.crs.name, wanted):
        text = f"What is new is in {city.crs.name}, the project in {wanted}: it will not lie in the right place."
        ctx.issues.warning("other-crs", text, [name])
    return city
