"""Scenarios into a `RenderState`: from the document and a moment to texels, rasters, water, nodes, movers and panes.

Everything that takes longer than a moment is prepared by `viewer.analysis.steps`; here only keys are compared, so that
a moving camera costs nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from loaders.city import Bool, CityData, Float64, Int64, UInt8
from loaders.scenario.model import Patch, Result
from viewer.analysis.comparing import Asker, Painted, Showing, show, token
from viewer.analysis.links import Links, links_of
from viewer.analysis.matching import needs_match
from viewer.analysis.moments import span_of
from viewer.analysis.showing import Side
from viewer.analysis.steps import steps_of
from viewer.document.document import Document
from viewer.document.overlays import is_overlay, scenario_of_overlay, variable_of_overlay
from viewer.document.state import ScenarioView
from viewer.render import scenario_fields
from viewer.render import scenario_texels as texels
from viewer.render.state import NO_ROWS, LayerLook, RenderState

DRAPED_OVER = {"polygon": 0.75, "links": 0.45}
"""Metres that the model's land may rise over areas and ways draped on the terrain, by binding: kerbs, and a terrain
made to lie below the land. (Ways lie a little over the terrain already.)"""
FADE_SHARE = 0.015
"""What comes and goes fades for this share of the whole time."""


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """What one side makes of one layer; None = as the layer is."""

    texels: UInt8 | None = None
    surfaces: UInt8 | None = None
    hidden: bool = False
    by_nodes: bool = False
    """True: the shader colours it from values at its nodes."""
    over: float = 0.0
    """As `LayerLook.over`."""


@dataclass(slots=True, eq=False)
class Context:
    """What all parts of one picture need.

    Attributes:
        document, view, shown: what is seen.
        ask: for prepared steps. links: matched ids.
        compared: True if two sides are in one picture.
    """

    document: Document
    view: ScenarioView
    shown: Showing
    ask: Asker
    links: Links
    compared: bool = False

    @property
    def moment(self) -> float:
        """The moment of changes to the city: without dates they have all happened."""
        return self.shown.moment if self.shown.moment is not None and self.shown.dated else math.inf


def with_scenarios(
    document: Document,
    state: RenderState,
    moment: float | None,
    wait: bool = False,
    view: ScenarioView | None = None,
) -> RenderState:
    """The state with what is shown of scenarios at a moment; overlays of others are hidden.

    ``wait``: prepare all that it needs (pictures without a window); else what is not ready yet looks as it did, and
    `Steps.take_arrived` tells when to draw again. ``view``: what is seen in place of the document's own.
    """
    view = document.state.scenario_view if view is None else view
    steps, links = steps_of(document), links_of(document)
    ask = Asker(steps, wait)
    shown = show(document, moment, ask, view) if document.scenarios else None
    if shown is None:
        if document.scenarios:
            steps.use(set())
        else:
            steps.clear()
        return replace(state, layers=tuple(look for look in state.layers if not is_overlay(look.layer_id)))
    context = Context(document, view, shown, ask, links)
    if shown.mode == "split":
        panes = tuple(_one(context, state, number) for number in range(len(shown.sides)))
        made = replace(panes[0], panes=panes)
    elif shown.mode in ("swipe", "blend"):
        made = _two(context, state)
    elif shown.mode == "difference":
        made = _changes(context, state)
    else:
        made = _one(context, state, 0)
    steps.use(ask.families)
    return made


# --- the ways to compare --------------------------------------------------------------------------------------------


def _one(context: Context, state: RenderState, number: int) -> RenderState:
    """One side alone."""
    shown = context.shown
    side, painted = shown.sides[number], shown.painted[number]
    name = str(number)
    cities = context.document.cities
    layers = tuple(
        _fading(context, _joined(cities[look.layer_id], look, _part(context, look, side, painted, name), None), side)
        for look in state.layers
    )
    if painted is None and side.patch is not None:
        layers = tuple(_new_outlined(context, look, side) for look in layers)
    return _with_fields(context, replace(state, layers=layers), (painted, None), name)


def _new_outlined(context: Context, look: LayerLook, side: Side) -> LayerLook:
    """Lines round what a side builds: where nothing is coloured, nothing else tells it from the city."""
    own = scenario_of_overlay(look.layer_id) == side.id and variable_of_overlay(look.layer_id) == _patch_name(side)
    if not own or not look.visible:
        return look
    made = look.texels
    rows = context.ask.once(("outlined", look.layer_id), (token(made),), lambda: np.flatnonzero(made[:, 3] & 15))
    return look if rows is None else replace(look, added=rows)


def _two(context: Context, state: RenderState) -> RenderState:
    """Two sides in one picture."""
    shown = context.shown
    context.compared = True
    pairs = list(zip(shown.sides[:2], shown.painted[:2], ("0", "1"), strict=True))
    cities = context.document.cities
    layers = tuple(
        _joined(
            cities[look.layer_id], look, *(_part(context, look, side, painted, name) for side, painted, name in pairs)
        )
        for look in state.layers
    )
    mode = "swipe" if shown.mode == "swipe" else "blend"
    state = replace(state, layers=layers, compare=mode, position=context.view.position)  # type: ignore[arg-type]
    return _with_fields(context, state, (shown.painted[0], shown.painted[1]), "01")


def _changes(context: Context, state: RenderState) -> RenderState:
    """B minus A; what only one has is outlined, and everything of both is there."""
    shown = context.shown
    a, b = shown.sides[:2]
    painted = shown.painted[0]
    layers = []
    for look in state.layers:
        owner = scenario_of_overlay(look.layer_id)
        side = b if owner == b.id else a
        part = _part(context, look, side, painted, "d", patched=False)
        found = _joined(context.document.cities[look.layer_id], look, part, None)
        if owner is None:
            found = replace(found, removed=_removed_only(context, look, b, a), added=_removed_only(context, look, a, b))
        elif not part.hidden and variable_of_overlay(look.layer_id) == _patch_name(side):
            rows, other = _new_or_other(side, _shown_rows(found))
            found = replace(found, added=rows) if owner == b.id else replace(found, removed=rows)
            found = replace(found, changed=other)
        layers.append(found)
    return _with_fields(context, replace(state, layers=tuple(layers)), (painted, None), "d")


# --- layers -------------------------------------------------------------------------------------------------------


def _part(
    context: Context, look: LayerLook, side: Side, painted: Painted | None, name: str, patched: bool = True
) -> _Part:
    """What a side makes of a layer of the city or of an overlay."""
    city = context.document.cities[look.layer_id]
    if is_overlay(look.layer_id):
        return _overlay_part(context, look, city, side, painted, name)
    base = look.texels
    hidden = _gone(context, look, city, side, name) if patched else None
    if painted is not None and needs_match(painted.result) and painted.result.variable.binding != "points":
        own = _matched(context, look, city, painted, base, hidden, name)
        if own is not None:
            return own
    return _Part(hidden)


def _matched(
    context: Context,
    look: LayerLook,
    city: CityData,
    painted: Painted,
    base: UInt8,
    hidden: UInt8 | None,
    name: str,
) -> _Part | None:
    """Objects or surfaces of a layer coloured by values that are matched to them; None if there are none."""
    result, scale = painted.result, context.shown.scale
    if scale is None:
        return None
    under = base if hidden is None else hidden
    hatch, links = context.view.hatch, context.links
    by_surface = result.surfaces is not None

    def make(step: int) -> UInt8 | None:
        sources = links.match(result, city).sources
        colours = texels.step_paint(result, step, scale, hatch)
        if by_surface:
            return texels.surface_texels(colours, sources)
        return texels.object_texels(colours, sources, under)

    family = ("surfaces" if by_surface else "objects", look.layer_id, name)
    # a surface's colour does not depend on what is shown of its object
    rest = (token(result.values), scale, hatch, 0 if by_surface else token(under), token(city.objects.ids.offsets))
    found = context.ask.step(family, rest, len(result.values), painted.step, make)
    if found is None:
        return None
    if not by_surface:
        return _Part(found)
    pale = context.ask.once(("pale", look.layer_id, name), (token(under),), lambda: texels.muted(under))
    return _Part(under if pale is None else pale, found)


def _overlay_part(
    context: Context, look: LayerLook, city: CityData, side: Side, painted: Painted | None, name: str
) -> _Part:
    """Geometry that comes with a scenario: seen on its own side only."""
    owner, variable = scenario_of_overlay(look.layer_id), variable_of_overlay(look.layer_id)
    if owner != side.id or side.scenario is None or variable is None:
        return _Part(hidden=True)
    own = side.scenario.results.get(variable)
    if own is not None and own.patch is not None:
        return _new_part(context, look, city, own, painted, name)
    if painted is None or painted.owner != owner or variable != context.view.variable:
        return _Part(hidden=True)
    if painted.result.grid is not None or painted.result.moves is not None:
        return _Part()  # a sheet: a raster colours it as every ground, and what moves only stands on it
    if look.layer_id in context.links.facades or painted.result.smooth:
        return _Part(by_nodes=True)
    scale, result, base, hatch = context.shown.scale, painted.result, look.texels, context.view.hatch
    if scale is None:
        return _Part()

    def make(step: int) -> UInt8:
        return texels.feature_texels(texels.step_paint(result, step, scale, hatch), base)

    rest = (token(result.values), scale, hatch, token(base))
    found = context.ask.step(("features", look.layer_id, name), rest, len(result.values), painted.step, make)
    return _Part(found, over=DRAPED_OVER.get(result.variable.binding, 0.0))


def _new_part(
    context: Context, look: LayerLook, city: CityData, own: Result, painted: Painted | None, name: str
) -> _Part:
    """What a scenario builds: there from its moment on, and coloured like the rest of the city."""
    patch, moment = own.patch, context.moment
    assert patch is not None
    base, stage = look.texels, _stage(patch.added_from, moment)

    def make() -> UInt8:
        return texels.without(base, ~texels.new_objects(patch, city, moment))

    there = base
    if stage < len(patch.added_from):
        made = context.ask.once(("new", look.layer_id, name), (token(base), token(patch.added_from), stage), make)
        if made is None:
            return _Part(hidden=True)
        there = made
    if painted is not None and needs_match(painted.result) and painted.result.variable.binding != "points":
        coloured = _matched(context, look, city, painted, there, None, name)
        if coloured is not None:
            return coloured
    return _Part(there)


def _gone(context: Context, look: LayerLook, city: CityData, side: Side, name: str) -> UInt8 | None:
    """Texels without what a side removes and replaces by the moment; None = nothing."""
    patch = side.patch.patch if side.patch is not None else None
    if patch is None:
        return None
    base, links = look.texels, context.links
    moment = context.moment - (0.0 if context.compared else _fade_seconds(context))
    stage = (_stage(patch.removed_at, moment), _stage(patch.added_from, moment))
    if stage == (0, 0):
        return None

    def make() -> UInt8 | None:
        mask = texels.gone_objects(patch, city, links, moment)
        return None if mask is None else texels.without(base, mask)

    rest = (token(base), token(patch.removed_at), *stage, token(city.objects.ids.offsets))
    return context.ask.once(("gone", look.layer_id, name), rest, make)


def _joined(city: CityData, look: LayerLook, a: _Part, b: _Part | None) -> LayerLook:
    """A layer's look with what each side makes of it."""
    if b is None:
        if a.hidden:
            return replace(look, visible=False)
        if a.texels is None and a.surfaces is None and not a.by_nodes:
            return look
        coloured = _coloured(look, a)
        return replace(
            look,
            texels=look.texels if a.texels is None else a.texels,
            over=a.over,
            surface_texels=a.surfaces,
            color_mode="object" if coloured else look.color_mode,
            theme=None if coloured else look.theme,
        )
    if a.hidden and b.hidden:
        return replace(look, visible=False)
    one, two = (_of_side(look, part) for part in (a, b))
    if one is look.texels and two is look.texels and a.surfaces is None and b.surfaces is None:
        return look
    coloured = _coloured(look, a) or _coloured(look, b)
    none = _no_surfaces(len(city.surfaces)) if (a.surfaces is None) != (b.surfaces is None) else None
    return replace(
        look,
        texels=one,
        over=max(a.over, b.over),
        texels_b=None if two is one else two,
        surface_texels=none if a.surfaces is None else a.surfaces,
        surface_texels_b=none if b.surfaces is None else b.surfaces,
        color_mode="object" if coloured else look.color_mode,
        theme=None if coloured else look.theme,
    )


_NOTHING: dict[int, tuple[int, UInt8]] = {}


def _of_side(look: LayerLook, part: _Part) -> UInt8:
    if not part.hidden:
        return look.texels if part.texels is None else part.texels
    key, number = id(look.texels), token(look.texels)
    kept = _NOTHING.get(key)
    if kept is None or kept[0] != number:
        while len(_NOTHING) > 16:
            del _NOTHING[next(iter(_NOTHING))]
        kept = _NOTHING[key] = (number, texels.nothing_shown(look.texels))
    return kept[1]


@lru_cache(maxsize=16)
def _no_surfaces(count: int) -> UInt8:
    """Surface texels of a side that has none: every surface is drawn as its object is."""
    found = np.zeros((count, 4), np.uint8)
    found.setflags(write=False)
    return found


def _coloured(look: LayerLook, part: _Part) -> bool:
    """True if a side gives objects or surfaces colours with a meaning (not only hides some)."""
    if part.surfaces is not None or part.by_nodes:
        return True
    if part.hidden or part.texels is None or part.texels is look.texels:
        return False
    return not _same_colours(look.texels, part.texels)


_COLOURS: dict[tuple[int, int], bool] = {}


def _same_colours(one: UInt8, two: UInt8) -> bool:
    """True if two sets of texels differ in what is shown only. Looked at once for every pair."""
    key = (token(one), token(two))
    if key not in _COLOURS:
        while len(_COLOURS) > 256:
            del _COLOURS[next(iter(_COLOURS))]
        _COLOURS[key] = bool((one[:, :3] == two[:, :3]).all())
    return _COLOURS[key]


# --- changes to the city --------------------------------------------------------------------------------------------


def _fade_seconds(context: Context) -> float:
    axis = context.shown.axis
    if axis is None or not axis.dated:
        return 0.0
    low, high = span_of(axis)
    return FADE_SHARE * (high - low)


def _fading(context: Context, look: LayerLook, side: Side) -> LayerLook:
    """Let what has just been removed or built be half there."""
    window, moment = _fade_seconds(context), context.moment
    owner = scenario_of_overlay(look.layer_id)
    patch = side.patch.patch if side.patch is not None else None
    if patch is None or window <= 0 or not math.isfinite(moment):
        return look
    if owner is None:
        when = _last_between(np.concatenate([patch.removed_at, patch.added_from]), moment, window)
        if when is None:
            return look
        event, city, links = when, context.document.cities[look.layer_id], context.links
        rows = context.ask.once(
            ("fading", look.layer_id),
            (token(patch.removed_at), when, token(city.objects.ids.offsets)),
            lambda: _rows(texels.gone_objects(_only(patch, event, window), city, links, event)),
        )
        return look if rows is None else replace(look, fading=rows, fade=1.0 - (moment - when) / window)
    if owner == side.id and variable_of_overlay(look.layer_id) == _patch_name(side):
        when = _last_between(patch.added_from, moment, window)
        if when is not None:
            rows = np.flatnonzero((patch.added_from <= moment) & (patch.added_from > moment - window))
            return replace(look, fading=rows, fade=(moment - when) / window)
    return look


def _last_between(times: Float64, moment: float, window: float) -> float | None:
    found = times[(times <= moment) & (times > moment - window)]
    return float(found.max()) if len(found) else None


def _only(patch: Patch, when: float, window: float) -> Patch:
    """A change with nothing but what happens shortly before a moment."""
    old = when - window
    removed = np.where(patch.removed_at > old, patch.removed_at, np.inf)
    return replace(patch, removed_at=removed, added_from=np.where(patch.added_from > old, patch.added_from, np.inf))


def _rows(mask: Bool | None) -> Int64 | None:
    return None if mask is None else np.flatnonzero(mask)


def _removed_only(context: Context, look: LayerLook, one: Side, other: Side) -> Int64:
    """Rows of a layer that one scenario removes (or replaces) by the moment, and the other does not."""
    patch = one.patch.patch if one.patch is not None else None
    if patch is None:
        return NO_ROWS
    against = other.patch.patch if other.patch is not None else None
    city, links, moment = context.document.cities[look.layer_id], context.links, context.moment

    def make() -> Int64:
        mask = texels.gone_objects(patch, city, links, moment)
        if mask is None:
            return NO_ROWS
        if against is not None and (more := texels.gone_objects(against, city, links, moment)) is not None:
            mask = mask & ~more
        return np.flatnonzero(mask)

    rest = (token(patch.removed_at), 0 if against is None else token(against.removed_at), moment)
    found = context.ask.once(("only", look.layer_id, one.id), rest, make)
    return NO_ROWS if found is None else found


def _shown_rows(look: LayerLook) -> Int64:
    return np.flatnonzero(look.texels[:, 3] & 15)


def _new_or_other(side: Side, rows: Int64) -> tuple[Int64, Int64]:
    """Of rows of what a scenario builds: what is new, and what stands for something that was there."""
    patch = side.patch.patch if side.patch is not None else None
    if patch is None or not len(patch.replaces):
        return rows, NO_ROWS
    other = np.diff(np.asarray(patch.replaces.offsets, np.int64))[rows] > 0
    return rows[~other], rows[other]


def _patch_name(side: Side) -> str | None:
    return side.patch.variable.id if side.patch is not None else None


def _stage(times: Float64, moment: float) -> int:
    """How many of some moments have come."""
    return int(np.count_nonzero(times <= moment))


# --- rasters, water, nodes, movers --------------------------------------------------------------------------------


def _with_fields(
    context: Context, state: RenderState, painted: tuple[Painted | None, Painted | None], name: str
) -> RenderState:
    """The state with what the shader colours from the values themselves."""
    facades = context.links.facades
    return scenario_fields.with_fields(context.document, context.shown, context.ask, facades, state, painted, name)
