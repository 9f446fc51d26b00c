"""Package "New Dock": the western harbour becomes a quarter to live in."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import orjson

from viewer.demo.package_kit import Draft, Json, Site, manifest
from viewer.demo.redevelopment import proposal
from viewer.demo.town import metadata, write_house
from viewer.demo.writer import Writer


def drafts(site: Site) -> Iterator[Draft]:
    """The one proposal."""
    yield Draft("new-dock", "New Dock", partial(_write, site))


def _write(site: Site, folder: Path) -> Json:
    removed, added = proposal(site.town)
    writer = Writer()
    for built in added:
        write_house(writer, built)
    city = writer.city(metadata("New Dock (fictional proposal)", "citiverse-demo-new-dock"))
    (folder / "data" / "new-dock.city.json").write_bytes(orjson.dumps(city))
    (folder / "data" / "changes.json").write_bytes(orjson.dumps({"remove": removed}))
    title = {"en": "New Dock: homes in the harbour", "nl": "Nieuw Dok: wonen in de haven",
             "de": "Neues Dock: Wohnen im Hafen", "fr": "Nouveau bassin : habiter le port",
             "es": "Nuevo muelle: viviendas en el puerto", "ar": "الحوض الجديد: مساكن في الميناء"}  # fmt: skip
    homes = sum(int(built.facts.get("dwellings", 0)) for built in added)
    variable = {
        "id": "buildings", "title": {"en": "Buildings that go and come"}, "binding": "patch",
        "data": {"changes": "data/changes.json", "added": "data/new-dock.city.json"},
        "note": {"en": "A proposal, not a decision. Heights and roofs are a first sketch."},
    }  # fmt: skip
    summary = f"{len(removed)} sheds and halls go, {len(added)} buildings with {homes:,} homes come."
    limits = "A sketch of volumes by rule: no architect, no law and no neighbour was asked."
    return manifest(site, "new-dock", title, summary, [variable], limits, parameters={"dwellings": homes})
