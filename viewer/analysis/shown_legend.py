"""Which of several layers' legends is shown: one rule for the window and for pictures made without one."""

from __future__ import annotations

from collections.abc import Mapping

from loaders.city import CityData
from viewer.analysis.classify import BY_SURFACE, BY_THEME, colors_for
from viewer.analysis.legend import Legend
from viewer.document.state import DocumentState, LayerState


def shown_legend(
    state: DocumentState, cities: Mapping[str, CityData], current: str = ""
) -> tuple[LayerState, Legend] | None:
    """The legend to show and the layer that it explains; None if legends are off or nothing is drawn.

    It is that of a layer that is visible and coloured by a type or an attribute, because those colours say nothing
    without it: the ``current`` layer if it is one of them (the one coloured or chosen last), else the first in the
    list; where there is none, that of the visible layer whose legend says most, if
    surfaces are drawn in the legend's colours (`DocumentState.realism`).
    """
    if not state.show_legend:
        return None
    drawn = [layer for layer in state.layers if _is_drawn(layer, cities)]
    telling = [layer for layer in drawn if layer.style.color_by not in (BY_SURFACE, BY_THEME)]
    chosen = [layer for layer in telling if layer.id == current]
    for layer in (*chosen, *telling):
        return layer, colors_for(cities[layer.id], layer.style)[1]
    if state.realism != "shaded":
        return None  # surfaces are white, or have the tones of their use
    legends = [(layer, colors_for(cities[layer.id], layer.style)[1]) for layer in drawn]
    return max(legends, key=lambda pair: len(pair[1].entries), default=None)


def _is_drawn(layer: LayerState, cities: Mapping[str, CityData]) -> bool:
    return layer.visible and not layer.labels_only and layer.id in cities and bool(cities[layer.id].drawable)
