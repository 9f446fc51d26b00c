"""Numbers of people that may be told: rounded, and hidden where fewer than ten people could be recognised.

Two rules, both known from official statistics (A. Hundepool et al., Statistical Disclosure Control, 2012, chapter 4):

* People are rounded to ten. So a difference of two numbers (two scenarios, the ends of a range, a total less its part)
  never tells of three persons, and no sum gives a hidden number back exactly.
* A number from 1 to 9 is hidden. Where numbers add up to a total, others are hidden with it until the hidden ones hold
  ten more people; if there are not as many, all of them are hidden.

Only what is told leaves this module: tables, bars, tips, files and JSON are made from that alone. Buildings, their
ground and their dwellings stand in the street for all to see and are told exactly.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from loaders.city import Bool, Float64

LEAST = 10
"""Fewer people than this are not told."""
NOTE = "People are rounded to 10. Hidden: fewer than 10 people, or needed to hide such a number."


@dataclass(frozen=True, slots=True)
class Told:
    """A number as it may be told. ``value`` None: there is none, or it is ``hidden``."""

    value: float | None
    hidden: bool = False


NOTHING = Told(None)
HIDDEN = Told(None, True)


def rounded(count: float) -> float:
    """A number of people, rounded to ten."""
    return math.floor(count / LEAST + 0.5) * float(LEAST)


def few(count: float) -> bool:
    """True for a number that must not be told."""
    return 0 < count < LEAST


def tell(count: float | None) -> Told:
    """A number of people that is no part of a total which is told."""
    if count is None or not math.isfinite(count):
        return NOTHING
    return HIDDEN if few(count) else Told(rounded(count))


def hidden_parts(parts: Float64, rows_add_up: bool = False) -> Bool:
    """bool (P, F): which numbers of P parts are hidden, where the parts of each of F figures add up to a told sum.

    Args:
        parts: float64 (P, F), people; not negative, 0 where there is none.
        rows_add_up: True if the figures of a part add up to a told number too (better + worse + same = all).

    A part that has a small figure is hidden as a whole, and so are its companions: parts with ten people or more in the
    same figure. Where no companion is left, the figure is hidden for all parts (everything, if rows add up).
    """
    small = (parts > 0) & (parts < LEAST)
    whole: Bool = np.asarray(small.any(axis=1), np.bool_)
    gone: Bool = np.zeros(parts.shape, np.bool_)
    for figure in range(parts.shape[1]):
        column = parts[:, figure]
        while small[:, figure].any() and column[whole].sum() - column[small[:, figure]].max() < LEAST:
            free = np.flatnonzero(~whole & (column >= LEAST))
            if not len(free):
                gone[:, figure] = True
                break
            whole[free[np.argmin(column[free])]] = True
    if rows_add_up and gone.any():
        gone[:] = True
    return np.asarray(gone | whole[:, None], np.bool_)


def tell_parts(parts: Float64, sums: Float64, rows_add_up: bool = False) -> tuple[list[list[Told]], list[Told]]:
    """Parts float64 (P, F) and their sums float64 (F,) as they may be told, P lists of F and one of F."""
    gone = hidden_parts(parts, rows_add_up)
    told = [
        [HIDDEN if hide else Told(rounded(number)) for number, hide in zip(row, mask, strict=True)]
        for row, mask in zip(parts.tolist(), gone.tolist(), strict=True)
    ]
    total = [tell(number) for number in sums.tolist()]
    if rows_add_up and any(cell.hidden for cell in total):
        total = [HIDDEN] * len(total)
    return told, total


def less(b: Told, a: Told) -> Told:
    """B minus A, of what is told of both."""
    if b.value is None or a.value is None:
        return HIDDEN if b.hidden or a.hidden else NOTHING
    return Told(b.value - a.value)
