"""Which legend is shown: one rule for the window and for pictures made without one. Scenarios go before layers.

With a scenario come the lines that every picture of it bears: what is seen and when, how sure it is, that the sides
are shown alike, and where the numbers come from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from loaders.city import CityData
from loaders.scenario.model import Manifest, Result, text_in
from viewer.analysis.change_legend import change_legend
from viewer.analysis.classify import BY_SURFACE, BY_THEME, colors_for
from viewer.analysis.comparing import Asker, Painted, Showing, show, token
from viewer.analysis.difference import WIDEST
from viewer.analysis.fields import (
    OUTSIDE,
    Scale,
    codes_of,
    counts_of,
    hatched_between,
    hatched_where,
    kinds_in,
    legend_of,
    sampled,
    water_ends,
)
from viewer.analysis.legend import Legend
from viewer.analysis.moments import moment_text, step_text
from viewer.analysis.steps import read_step, steps_of
from viewer.document.document import Document
from viewer.document.state import DocumentState, LayerState

LOCKED = "The same for all: camera, clock, palette, breaks, sun."
LOCKED_SHORT = "same camera, clock, colours, breaks, sun"
SHADOWS_OF_A = "shadows as in A"
"""Two sides in one picture have one set of shadows; it is told where that shows: where one changes the city."""
COUNTED = ("object", "surface", "polygon", "links", "points")
"""Bindings whose rows are things that people count."""
_WAYS = {"swipe": "left and right of the line", "blend": "mixed", "split": "side by side"}


def shown_legend(
    state: DocumentState, cities: Mapping[str, CityData], current: str = ""
) -> tuple[LayerState, Legend] | None:
    """The legend of a layer to show and the layer that it explains; None if legends are off or nothing is drawn.

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


def picture_legend(
    document: Document, moment: float | None = None, current: str = "", *, wait: bool = False, language: str = "en"
) -> Legend | None:
    """The legend of the picture: that of the scenarios shown, else that of a layer; None = there is none.

    Where legends are off, what a picture of scenarios has to say stays (`Legend.lines`). ``wait``: count here and now;
    else the legend has counts when they are ready.
    """
    found = scenario_legend(document, moment, wait=wait, language=language)
    if found is not None:
        return found
    layer = shown_legend(document.state, document.cities, current)
    return None if layer is None else layer[1]


def scenario_legend(
    document: Document, moment: float | None = None, *, wait: bool = False, language: str = "en"
) -> Legend | None:
    """The legend of the scenarios shown, with the lines that belong into every picture; None if none is shown."""
    ask = Asker(steps_of(document), wait)
    shown = show(document, moment, ask) if document.scenarios else None
    if shown is None or not any(side.id for side in shown.sides):
        return None
    lines, strip = _lines(shown, language), _strip(shown, language)
    title, panes = _seen(shown), len(shown.sides) if shown.mode == "split" else 0
    if shown.scale is None and document.state.show_legend and (changes := change_legend(shown, language)) is not None:
        return replace(changes, lines=lines, strip=strip, panes=panes)
    if shown.scale is None or shown.variable is None or not document.state.show_legend:
        return Legend(title, "", "classes", lines=lines[1:], strip=strip, panes=panes)
    first = next((painted for painted in shown.painted if painted is not None), None)
    counts = None
    if len(shown.painted) == 1 and first is not None and shown.variable.binding in COUNTED:
        result, step, scale = first.result, first.step, shown.scale
        counts = ask.step(
            "counts",
            (token(result.values), scale),
            len(result.values),
            step,
            lambda k: counts_of(codes_of(read_step(result.values, k), scale)),
        )
    hatched = document.state.scenario_view.hatch and any(
        _is_hatched(painted, shown.scale, ask, side) for side, painted in enumerate(shown.painted)
    )
    kinds = _kinds(shown, ask)
    legend = legend_of(shown.scale, shown.variable, counts, language, hatched, kinds)
    return replace(legend, lines=lines, strip=strip, panes=panes)


def _kinds(shown: Showing, ask: Asker) -> frozenset[int]:
    """States that occur on any side at the moment; of what is still being counted none is told."""
    found: frozenset[int] = frozenset()
    for side, painted in enumerate(shown.painted):
        if painted is None or shown.scale is None:
            continue
        result, scale = painted.result, shown.scale
        if result.moves is not None:
            values = result.moves.values
            if np.isfinite(values).any():  # else all have one colour, which says nothing
                found |= kinds_in(values, scale)
            continue
        if not len(result.values):
            continue

        def make(step: int, result: Result = result, scale: Scale = scale) -> frozenset[int]:
            kinds = kinds_in(read_step(result.values, step), scale)
            return kinds & {OUTSIDE} if result.level is not None else kinds  # dry places look as they are

        rest = (token(result.values), scale, result.level is None)
        found |= ask.step(("kinds", side), rest, len(result.values), painted.step, make) or frozenset()
    return found


def _is_hatched(painted: Painted | None, scale: Scale, ask: Asker, side: int) -> bool:
    """True if some of the values at the moment are hatched."""
    if painted is None:
        return False
    result, low, high = painted.result, painted.result.low, painted.result.high
    if low is None or high is None:
        return False
    between = result.smooth or result.variable.binding == "points"

    def make(step: int) -> bool:
        ends = sampled(read_step(low, step)), sampled(read_step(high, step))
        if result.level is not None:
            return bool(hatched_where(*water_ends(*ends), scale).any())
        values = sampled(read_step(result.values, step))
        if between:
            known = np.isfinite(values)
            return hatched_between(ends[0][known], ends[1][known], scale)
        return bool((hatched_where(*ends, scale) & np.isfinite(values)).any())

    return bool(
        ask.step(("hatched", side), (token(low), scale, result.level is None), len(result.values), painted.step, make)
    )


def provenance(manifest: Manifest) -> str:
    """Where numbers come from, in one line: tool, version, date, who, version of the package, whether it is real."""
    made = manifest.provenance
    tool = " ".join(part for part in (made.tool, made.tool_version) if part)
    parts = [tool, made.date, made.publisher]
    parts.append(f"version {manifest.short_digest}" if manifest.digest else "")
    parts.append("fictional" if manifest.fictional else "")
    return " · ".join(part for part in parts if part)


def uncertainty_text(result: Result, language: str = "en") -> str:
    """How sure the values are, in one line."""
    sure = result.variable.uncertainty
    reason = text_in(sure.reason, language)
    if sure.kind == "not_quantified":
        return _sentence(f"Uncertainty not quantified{f': {reason}' if reason else ''}")
    return _sentence(f"{_range_text(result)}{f' ({reason.rstrip(_STOPS)})' if reason else ''}")


def _range_text(result: Result) -> str:
    """What the ends of the range are."""
    sure = result.variable.uncertainty
    if sure.reason is WIDEST:
        return "Range of the change: the widest there can be"
    kinds = {
        "members": f"Range of {sure.members} runs" if sure.members else "Range of several runs",
        "quantiles": f"Range: {sure.level:.0%} of the cases",
        "minmax": "Range: smallest to largest",
        "sd": f"Range: {sure.level:.0%} of the cases, from the standard deviation",
        "exceedance": "Probability"
        + (f" of more than {sure.threshold:g} {result.variable.unit_label}" if sure.threshold is not None else ""),
        "return_period": "Return period" + (f": {sure.return_period:g} years" if sure.return_period else ""),
        "agreement": "Agreement of the runs",
    }
    return kinds.get(sure.kind, sure.kind)


_STOPS = " .;:,"


def _sentence(text: str) -> str:
    """A text with one full stop at its end; texts of packages end with one or not."""
    return text if text.endswith(("!", "?", "\u2026")) else f"{text.rstrip(_STOPS)}."


def _strip(shown: Showing, language: str) -> tuple[str, ...]:
    """What every picture has to bear, in short parts: what, when, how compared, how sure, from where, which version."""
    seen = _seen(shown)
    if len(shown.sides) > 1 and shown.mode in ("difference", "blend"):
        seen = f"B minus A: {seen}" if shown.mode == "difference" else f"{seen}, mixed"
    parts = [seen, _when(shown)]
    if shown.refusal:
        parts.append(f"no difference: {shown.refusal.rstrip(_STOPS)}")
    if len(shown.sides) > 1:
        parts.append(LOCKED_SHORT)
    if shown.mode in ("swipe", "blend") and len({id(side.patch) for side in shown.sides}) > 1:
        parts.append(SHADOWS_OF_A)
    first = next((painted for painted in shown.painted if painted is not None), None)
    if first is not None and first.result.patch is None:
        unsure = first.result.variable.uncertainty.kind == "not_quantified"
        text = "uncertainty not quantified" if unsure else _range_text(first.result)
        parts.append(text[:1].lower() + text[1:])
    manifests = [side.scenario.manifest for side in shown.sides if side.scenario is not None]
    parts += dict.fromkeys(_made_by(manifest) for manifest in manifests)
    versions = dict.fromkeys(manifest.short_digest for manifest in manifests if manifest.digest)
    if versions:
        parts.append(f"version{'s' if len(versions) > 1 else ''} {', '.join(versions)}")
    if any(manifest.fictional for manifest in manifests):
        parts.append("fictional")
    return tuple(part for part in parts if part)


def _made_by(manifest: Manifest) -> str:
    """Tool, publisher and date; a publisher who is told with the tool is not named twice."""
    made = manifest.provenance
    tool = " ".join(part for part in (made.tool, made.tool_version) if part)
    publisher = "" if made.publisher.split(" (")[0] in tool else made.publisher
    return ", ".join(part for part in (tool, publisher, made.date) if part)


def _lines(shown: Showing, language: str) -> tuple[str, ...]:
    lines = [_seen(shown)]
    when = _when(shown)
    if when:
        lines.append(when)
    if shown.refusal:
        lines.append(f"No difference: {shown.refusal}")
    first = next((painted for painted in shown.painted if painted is not None), None)
    if first is not None:
        lines.append(uncertainty_text(first.result, language))
    if len(shown.sides) > 1:
        lines.append(LOCKED)
    several = len(shown.sides) > 1
    for side in shown.sides:
        text = provenance(side.scenario.manifest) if side.scenario is not None else ""
        if text:
            lines.append(f"{side.name}: {text}" if several else text)
    return tuple(lines)


def _seen(shown: Showing) -> str:
    names = [side.name for side in shown.sides]
    if len(names) == 1:
        return names[0]
    if shown.mode == "difference":
        return f"{names[1]} minus {names[0]}"
    if shown.mode == "split":
        return " | ".join(names)
    return f"A {names[0]} | B {names[1]}"


def _when(shown: Showing) -> str:
    """The step that is seen, of the variable if it has steps, in its zone."""
    if shown.moment is None or shown.axis is None:
        return ""
    first = next((painted for painted in shown.painted if painted is not None), None)
    axis, text = shown.axis, ""
    if first is not None and len(first.result.time) > 1 and shown.mode != "difference":
        axis = first.result.time
        text = step_text(axis, first.step) if axis.kind != "instants" else ""
    text = text or moment_text(axis, shown.moment)
    return f"{text} ({axis.zone})" if axis.dated and text else text


def _is_drawn(layer: LayerState, cities: Mapping[str, CityData]) -> bool:
    return layer.visible and not layer.labels_only and layer.id in cities and bool(cities[layer.id].drawable)
