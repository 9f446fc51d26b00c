"""Which objects a layer shows, and in which LoD: types, ids, isolation and filter taken together. Pure numpy."""

from __future__ import annotations

import numpy as np

from loaders.city import Bool, CityData, UInt8
from viewer.analysis.derived import Derived, derived
from viewer.analysis.filters import FilterError, compile_filter
from viewer.document.state import LOD_HIGHEST, LayerState

MAX_LODS = 15
"""LoDs that four bits can name besides "hidden"."""


def shown_objects(city: CityData, layer: LayerState) -> UInt8:
    """uint8 (N,): 0 = hidden, k + 1 = shown with the geometry of the k-th LoD, as `LayerLook.texels` holds it."""
    base = derived(city)
    choice = lod_choice(city, layer.lod)
    hidden = np.zeros(base.count, np.bool_)
    if layer.hidden_types:
        hidden |= _types_mask(city, layer.hidden_types)
    if layer.hidden_ids:
        hidden |= base.with_descendants(base.mask_of(layer.hidden_ids))
    if layer.only_ids is not None:
        hidden |= ~base.with_descendants(base.mask_of(layer.only_ids))
    if layer.filter:
        hidden |= ~_filter_mask(city, base, layer.filter)
    choice[hidden] = 0
    return choice


def lod_choice(city: CityData, lod: str) -> UInt8:
    """uint8 (N,): k + 1 of the LoD in which each object is drawn when nothing is hidden, 0 = in none."""
    choice = np.zeros(len(city.objects), np.uint8)
    for index, (name, mesh) in enumerate(city.lods.items()):
        if index < MAX_LODS and lod in (LOD_HIGHEST, name):
            choice[mesh.drawn] = index + 1
    return choice


def _types_mask(city: CityData, types: frozenset[str]) -> Bool:
    lookup = np.array([name in types for name in city.objects.type_names] or [False], np.bool_)
    return np.asarray(lookup[city.objects.type_codes], np.bool_)


def _filter_mask(city: CityData, base: Derived, expression: str) -> Bool:
    """Objects that match, and those below a match. A filter that cannot be read (from a project file) hides nothing."""
    try:
        mask = compile_filter(expression).mask(city)
    except FilterError:
        return np.ones(base.count, np.bool_)
    return base.with_descendants(mask)
