"""Scenario: the western half of the harbour becomes a quarter to live in; what goes, and what comes."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from viewer.demo.attributes import describe
from viewer.demo.buildings import build_lot
from viewer.demo.lots import Lot, Use
from viewer.demo.surfaces import slug
from viewer.demo.town import Built, Town

SITE, NAME = "Grain Dock West", "New Dock"
_USES: tuple[Use, ...] = ("grid", "office", "slab", "grid")


def proposal(town: Town, seed: int = 1) -> tuple[list[str], list[Built]]:
    """Ids of the buildings that are removed, and the new buildings."""
    lots = [lot for lot in town.plan.lots if lot.quarter == SITE]
    starts = {slug(lot.name) for lot in lots}
    removed = [b.ident for b in town.built if b.ident.rsplit("-", 1)[0] in starts]
    added = []
    for number, lot in enumerate(lots):
        added += _houses(replace(lot, name=f"{NAME} {number + 1}", quarter=NAME, use=_USES[number % len(_USES)]), seed)
    return removed, added


def _houses(lot: Lot, seed: int) -> list[Built]:
    rng = Random(f"{seed}/redevelopment/{lot.name}")
    out = []
    for index, house in enumerate(build_lot(lot, seed), 1):
        house.year = 2031
        facts = describe(house, lot.use, index, rng)
        facts["status"] = "proposed"
        out.append(Built(f"{slug(lot.name)}-{index:03d}", house, facts, lot.use))
    return out
