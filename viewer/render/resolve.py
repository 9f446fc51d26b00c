"""`resolve`: the document's wishes and the loaded data become one frozen `RenderState`. Pure; needs no VTK.

Derived arrays are kept per document and layer and come back as the same objects as long as nothing that they
depend on differs, so moving the camera costs nothing and the renderer sees by identity what to upload.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from loaders.city import CityData, Int64, UInt8
from viewer.analysis.classify import BY_SURFACE, BY_THEME, colors_for
from viewer.analysis.derived import derived
from viewer.analysis.showing import sun_time
from viewer.analysis.shown import MAX_LODS, lod_choice, shown_objects
from viewer.analysis.sun import Place, parse_time, place_of, sky_at
from viewer.document.document import Document
from viewer.document.state import Camera, LayerState, ScenarioView, Selection, Style
from viewer.render.resolve_scenarios import with_scenarios
from viewer.render.state import MODEL_LIGHT, LayerLook, LightState, RenderState

__all__ = ["light_of", "lod_choice", "place_shown", "resolve", "shown_objects"]

_COLOR_MODES = {BY_SURFACE: "surface", BY_THEME: "theme"}


@dataclass(slots=True)
class _Kept:
    """What was made for a layer the last time, with what it was made from."""

    city: CityData
    style: Style
    shown_from: tuple[object, ...]
    shown: UInt8
    texels: UInt8
    lods: tuple[int, ...]
    selected_from: tuple[str, ...]
    selected: Int64
    look: LayerLook


_CACHES: WeakKeyDictionary[Document, dict[str, _Kept]] = WeakKeyDictionary()
_NO_ROWS = np.zeros(0, np.int64)
_NO_ROWS.setflags(write=False)


def resolve(
    document: Document,
    camera: Camera,
    hover: tuple[str, int] | None = None,
    size: tuple[int, int] | None = None,
    moment: float | None = None,
    wait: bool = False,
    view: ScenarioView | None = None,
) -> RenderState:
    """Everything that the picture depends on. ``hover`` is (layer id, object row), ``size`` the picture in pixels.

    ``moment`` is that of the results and, if the view of scenarios says so, of the sun. Steps of
    results that are not prepared yet look as those before, and `viewer.analysis.steps` tells when they are there;
    ``wait`` prepares them here and now. ``view``: what is seen of scenarios for a while in place of the document's.

    Layers whose data is not (yet) loaded are left out. Hover and size end up in ``RenderState.extra``
    ("hover_layer" as the layer's place in ``layers``, "hover_row", "width", "height").
    """
    state = document.state
    cache = _CACHES.setdefault(document, {})
    looks: list[LayerLook] = []
    for layer in document.drawn_layers():
        city = document.cities.get(layer.id)
        if city is not None:
            looks.append(_look(cache, layer, city, state.selection))
    for layer_id in cache.keys() - {look.layer_id for look in looks}:
        del cache[layer_id]
    extra: dict[str, float] = {}
    if size is not None:
        extra |= {"width": float(size[0]), "height": float(size[1])}
    if hover is not None:
        places = [place for place, look in enumerate(looks) if look.layer_id == hover[0]]
        extra |= {"hover_layer": float(places[0]), "hover_row": float(hover[1])} if places else {}
    made = RenderState(
        camera,
        tuple(looks),
        state.quality,
        state.realism,
        light_of(document, moment),
        contour_step=state.contour_step,
        extra=extra,
    )
    return with_scenarios(document, made, moment, wait, view)


def place_shown(document: Document) -> Place | None:
    """Where on the earth the loaded cities lie; None where no CRS tells."""
    cities = [(document.cities[x.id], x) for x in document.state.layers if x.id in document.cities]
    boxes = [city.bbox for city, _ in cities if city.bbox is not None]
    crs = document.state.crs or next((city.crs.name for city, _ in cities if city.crs.name), None)
    if not boxes or crs is None:
        return None
    low = np.min([box[:2] for box in boxes], axis=0)
    high = np.max([box[3:5] for box in boxes], axis=0)
    return place_of(crs, float(low[0] + high[0]) / 2.0, float(low[1] + high[1]) / 2.0)


def light_of(document: Document, moment: float | None = None) -> LightState:
    """Sun and moon at the document's time and place; the light of a model without a date, or where no place is known
    or the time cannot be read (it may come from a project file).

    Where scenarios with dates are seen and their view says so, the time is the ``moment`` of the results.
    """
    wish = document.state.light
    told = sun_time(document, moment)
    wish = wish if told is None else replace(wish, time=told)
    place = place_shown(document) if wish.time is not None else None
    if wish.time is None or place is None:
        return replace(MODEL_LIGHT, shadows=wish.shadows)
    return _dated_light(wish.time, wish.shadows, place)


@lru_cache(maxsize=64)
def _dated_light(time: str, shadows: bool, place: Place) -> LightState:
    try:
        sky = sky_at(parse_time(time, place.lon), place)
    except ValueError:
        return replace(MODEL_LIGHT, shadows=shadows)
    sun, moon = sky.sun.direction(place.north), sky.moon.direction(place.north)
    return LightState(sun, moon, sky.moon_phase, shadows, dated=True)


def _look(cache: dict[str, _Kept], layer: LayerState, city: CityData, selection: Selection) -> LayerLook:
    kept = cache.get(layer.id)
    if kept is not None and kept.city is not city:
        kept = None
    shown_from = (layer.lod, layer.hidden_types, layer.hidden_ids, layer.only_ids, layer.filter)
    same_shown = kept is not None and _same(kept.shown_from, shown_from)
    if kept is not None and same_shown:
        shown, lods = kept.shown, kept.lods
    else:
        shown = shown_objects(city, layer)
        lods = tuple(int(k) - 1 for k in np.flatnonzero(np.bincount(shown, minlength=MAX_LODS + 1)) if k)
    if kept is not None and same_shown and kept.style == layer.style:
        texels = kept.texels
    else:
        texels = _texels(colors_for(city, layer.style)[0], shown)
    ids = selection.ids if selection.layer_id == layer.id else ()
    selected = kept.selected if kept is not None and kept.selected_from == ids else _selected_rows(city, ids)
    look = LayerLook(
        layer.id,
        layer.visible,
        texels,
        _mode(layer.style),
        lods,
        _theme(layer.style, city),
        selected,
        not layer.labels_only,
    )
    if kept is not None and _same_look(kept.look, look):
        look = kept.look
    cache[layer.id] = _Kept(city, layer.style, shown_from, shown, texels, lods, ids, selected, look)
    return look


def _texels(rgb: UInt8, shown: UInt8) -> UInt8:
    texels = np.empty((len(shown), 4), np.uint8)
    texels[:, :3] = rgb
    texels[:, 3] = shown
    texels.setflags(write=False)
    return texels


def _selected_rows(city: CityData, ids: tuple[str, ...]) -> Int64:
    """Sorted rows of the selected objects and everything below them."""
    if not ids:
        return _NO_ROWS
    base = derived(city)
    rows = np.flatnonzero(base.with_descendants(base.mask_of(ids)))
    rows.setflags(write=False)
    return rows


def _mode(style: Style) -> str:
    return _COLOR_MODES.get(style.color_by, "object")


def _theme(style: Style, city: CityData) -> str | None:
    return (style.theme or city.default_theme) if style.color_by == BY_THEME else None


def _same(a: tuple[object, ...], b: tuple[object, ...]) -> bool:
    return all(x is y or x == y for x, y in zip(a, b, strict=True))


def _same_look(a: LayerLook, b: LayerLook) -> bool:
    plain_a = (a.visible, a.drawn, a.color_mode, a.lods, a.theme)
    arrays: tuple[tuple[npt.NDArray[np.generic], npt.NDArray[np.generic]], ...] = (
        (a.texels, b.texels),
        (a.selected, b.selected),
    )
    return plain_a == (b.visible, b.drawn, b.color_mode, b.lods, b.theme) and all(x is y for x, y in arrays)
