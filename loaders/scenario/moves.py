"""Ways of vehicles and people, sorted and checked."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from loaders.city import Float64, Strings
from loaders.scenario.model import Moves

KINDS = ("car", "bus", "tram", "truck", "bicycle", "person")
"""Kinds that have a shape of their own; others are drawn as cars."""
_WORDS = {
    "car": ("car", "passenger", "taxi", "pkw", "veh", "auto", "evehicle", "private"),
    "bus": ("bus", "coach", "trolley"),
    "tram": ("tram", "rail", "train", "subway", "lightrail"),
    "truck": ("truck", "lorry", "trailer", "hgv", "freight", "delivery", "lkw"),
    "bicycle": ("bicycle", "bike", "cycl", "moped", "scooter", "motorcycle"),
    "person": ("person", "pedestrian", "ped", "walk", "agent"),
}


def kind_of(text: str) -> str:
    """The kind that a simulator's own word for a vehicle means: one of `KINDS`; "car" if nothing is known."""
    plain = text.lower()
    for kind in ("bicycle", "bus", "tram", "truck", "person", "car"):
        if any(word in plain for word in _WORDS[kind]):
            return kind
    return "car"


def moves_from_samples(
    ids: npt.NDArray[np.object_] | list[str],
    times: Float64,
    positions: Float64,
    kinds: npt.NDArray[np.object_] | list[str] | None = None,
    values: npt.NDArray[np.floating] | None = None,
) -> Moves:
    """Samples in any order: id, moment (seconds), place float64 (P, 3) and, if known, kind and value of each.

    Samples that are not finite are left out; of several at one moment the first counts. Movers come in the order of
    their first sample in the input.
    """
    names, owner = _numbered(np.asarray(ids, object))
    good = np.isfinite(times) & np.isfinite(positions[:, :2]).all(axis=1)
    order = np.lexsort((np.arange(len(times)), times, owner))
    order = order[good[order]]
    sorted_owner, sorted_times = owner[order], times[order]
    fresh = np.ones(len(order), np.bool_)
    fresh[1:] = (np.diff(sorted_owner) > 0) | (np.diff(sorted_times) > 0)
    order = order[fresh]
    counts = np.bincount(owner[order], minlength=len(names))
    start = np.zeros(len(names) + 1, np.int64)
    np.cumsum(counts, out=start[1:])
    kind = np.zeros(len(names), np.uint8)
    if kinds is not None and len(order):
        first = np.minimum(start[:-1], len(order) - 1)
        words = np.asarray(kinds, object)[order][first]
        known = {word: KINDS.index(kind_of(str(word))) for word in set(words.tolist())}
        kind = np.array([known[word] for word in words.tolist()], np.uint8)
    value = np.full(len(order), np.nan, np.float32) if values is None else np.asarray(values, np.float32)[order]
    return Moves(
        Strings.from_list(names),
        kind,
        KINDS,
        start,
        np.ascontiguousarray(times[order]),
        np.ascontiguousarray(positions[order]),
        value,
    )


def _numbered(ids: npt.NDArray[np.object_]) -> tuple[list[str], npt.NDArray[np.int64]]:
    """Different ids in order of appearance, and the number of each sample's."""
    numbers: dict[str, int] = {}
    owner = np.fromiter((numbers.setdefault(str(name), len(numbers)) for name in ids), np.int64, len(ids))
    return list(numbers), owner
