"""Moving vehicles and people in numbers: how many are there, how far they go and how fast. Pure numpy.

Between two samples of its way a mover goes straight and evenly. Where no sample is told for longer than
`viewer.analysis.moving.LONGEST_GAP`, it is taken to be away: that time and way count nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loaders.city import Bool, Float64, Int64
from loaders.scenario.model import Moves, Result
from viewer.analysis.disclosure import HIDDEN, NOTHING, Told, tell
from viewer.analysis.indicators import Indicator
from viewer.analysis.measures import Measure
from viewer.analysis.moving import LONGEST_GAP, moving_at

WORDS = {
    "car": "Cars",
    "bus": "Buses",
    "tram": "Trams",
    "truck": "Trucks",
    "bicycle": "Bicycles",
    "person": "People on foot",
}
PEOPLE = "person"
EVERY = "vehicles"
_STRAIGHT = "Straight between samples; pauses without a sample for over 2 minutes are left out."
COUNT_HOW = "Movers that are there at the moment; of all moments: that are there at any time. " + _STRAIGHT
WAY_HOW = "Distance travelled from this moment to the next one, summed up. " + _STRAIGHT
SPEED_HOW = "That distance divided by the time that they were there meanwhile, standing included. " + _STRAIGHT


@dataclass(frozen=True, slots=True)
class Flow:
    """Movers of one kind in a stretch of time: how many, how many there are in all, metres, seconds there."""

    count: int
    total: int
    metres: float
    seconds: float


def stretch(result: Result, step: int | None) -> tuple[float, float]:
    """From a step's moment to the next one (or to its end); of all steps (None) the whole time of the samples."""
    moves, axis = result.moves, result.time
    if moves is None or not len(moves.times):
        return 0.0, 0.0
    if step is None:
        return float(moves.times.min()), float(moves.times.max())
    start = float(axis.starts[step])
    if axis.ends is not None:
        return start, float(axis.ends[step])
    return start, float(axis.starts[step + 1]) if step + 1 < len(axis) else start


def flows(result: Result, step: int | None) -> dict[str, Flow]:
    """By kind of mover, and of all kinds but people on foot (`EVERY`), at a step or over the whole time (None)."""
    moves = result.moves
    if moves is None:
        return {}
    start, end = stretch(result, step)
    metres, seconds = _clipped(moves, start, end)
    here = np.zeros(len(moves.kinds), np.bool_)
    here[moving_at(moves, start).rows if step is not None else np.flatnonzero(np.diff(moves.start) > 0)] = True
    out = {}
    for code, kind in enumerate(moves.kind_names):
        own = moves.kinds == code
        if own.any():
            out[kind] = _flow(own, here, metres, seconds)
    vehicles = [code for code, kind in enumerate(moves.kind_names) if kind != PEOPLE and kind in out]
    if len(vehicles) > 1:
        out[EVERY] = _flow(np.isin(moves.kinds, vehicles), here, metres, seconds)
    return out


def _flow(own: Bool, here: Bool, metres: Float64, seconds: Float64) -> Flow:
    return Flow(int((own & here).sum()), int(own.sum()), float(metres[own].sum()), float(seconds[own].sum()))


def _clipped(moves: Moves, start: float, end: float) -> tuple[Float64, Float64]:
    """Metres and seconds of each mover between two moments, float64 (M,) each."""
    count = len(moves.start) - 1
    owner: Int64 = np.repeat(np.arange(count), np.diff(moves.start))
    span = np.diff(moves.times)
    use = (np.diff(owner) == 0) & (span > 0) & (span <= LONGEST_GAP)
    use &= (moves.times[1:] > start) & (moves.times[:-1] < end)
    first = np.flatnonzero(use)
    within = np.minimum(moves.times[first + 1], end) - np.maximum(moves.times[first], start)
    way = np.linalg.norm(np.nan_to_num(moves.positions[first + 1] - moves.positions[first]), axis=1)
    share = within / span[first]
    metres: Float64 = np.bincount(owner[first], way * share, count).astype(np.float64)
    return metres, np.bincount(owner[first], within, count).astype(np.float64)


def traffic_measures(results: list[Result]) -> tuple[Measure, ...]:
    """Three for every kind of mover that any result has: how many, how far, how fast."""
    names = {kind for result in results for kind in flows(result, None)}
    order = [kind for kind in (EVERY, *WORDS) if kind in names]
    out = []
    for kind in [*order, *sorted(names - set(order))]:
        word = "Vehicles" if kind == EVERY else WORDS.get(kind, kind.capitalize())
        people = kind == PEOPLE
        unit = "person-km" if people else "vehicle-km"
        out += [
            Measure(Indicator(f"{kind}:count", word, "", "@count", method=COUNT_HOW), people),
            Measure(Indicator(f"{kind}:way", f"{word}, distance", unit, "@way", 1, WAY_HOW), people, kind, True),
            Measure(
                Indicator(f"{kind}:speed", f"{word}, mean speed", "km/h", "@speed", 1, SPEED_HOW), people, kind, True
            ),
        ]
    return tuple(out)


def traffic_told(result: Result, step: int | None) -> dict[str, tuple[Told, Told]]:
    """Value and total by id of the measures of `traffic_measures`. Of fewer than ten people nothing is told."""
    whole = flows(result, None)
    out: dict[str, tuple[Told, Told]] = {}
    for kind, flow in flows(result, step).items():
        all_of_it = whole[kind]
        people = kind == PEOPLE
        count = tell(flow.count) if people else Told(float(flow.count))
        total = tell(flow.total) if people else Told(float(flow.total))
        hide = people and (count.hidden or total.hidden)
        lasts = flow.seconds > 0
        speed = Told(3.6 * flow.metres / flow.seconds) if lasts else NOTHING
        way = Told(flow.metres / 1000.0) if lasts else NOTHING
        out[f"{kind}:count"] = count, total
        out[f"{kind}:way"] = (HIDDEN if hide else way), (HIDDEN if hide else Told(all_of_it.metres / 1000.0))
        out[f"{kind}:speed"] = (HIDDEN if hide else speed), NOTHING
    return out


def passing(result: Result, x: float, y: float, near_m: float) -> Float64:
    """How many vehicles are within a distance of a place at each step's moment, float64 (T,); no people."""
    moves = result.moves
    assert moves is not None
    out = np.zeros(len(result.time))
    people = moves.kind_names.index(PEOPLE) if PEOPLE in moves.kind_names else -1
    for step, moment in enumerate(result.time.starts.tolist()):
        found = moving_at(moves, moment)
        away = np.hypot(found.positions[:, 0] - x, found.positions[:, 1] - y)
        out[step] = ((away <= near_m) & (moves.kinds[found.rows] != people)).sum()
    return out
