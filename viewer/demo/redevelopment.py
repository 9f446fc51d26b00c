"""Scenario: the western half of the harbour becomes a quarter to live in; what goes, and what comes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

import orjson

from viewer.demo.attributes import describe
from viewer.demo.buildings import build_lot
from viewer.demo.lots import Lot, Use
from viewer.demo.surfaces import slug
from viewer.demo.town import Built, Town, metadata, write_house
from viewer.demo.writer import Writer

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


def write_redevelopment(folder: Path, town: Town) -> dict[str, object]:
    """The list of removed ids and a CityJSON file of the new buildings; returns what the README says of them."""
    folder.mkdir()
    removed, added = proposal(town)
    (folder / "removed.json").write_bytes(orjson.dumps(removed))
    writer = Writer()
    for built in added:
        write_house(writer, built)
    city = writer.city(metadata("New Dock (fictional proposal)", "citiverse-demo-new-dock"))
    (folder / "added.city.json").write_bytes(orjson.dumps(city))
    return {
        "removed": "removed.json",
        "removedCount": len(removed),
        "added": "added.city.json",
        "addedCount": len(added),
    }
