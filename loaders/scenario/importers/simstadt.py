"""SimStadt: yearly results per building as CSV keyed by gml:id, with units in the names of the columns."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from loaders.scenario.importers.kit import Draft, ImporterSpec, clean_id
from loaders.scenario.importers.tabular import columns_of

_UNIT = re.compile(r"^(.*?)\s*[\[(]\s*([^\])]*)\s*[\])]\s*$")
_UCUM = {"kwh": "kW.h", "kwh/a": "kW.h/a", "kwh/m²": "kW.h/m2", "kwh/m2": "kW.h/m2", "kwh/m2.a": "kW.h/(m2.a)",
         "kwh/m²a": "kW.h/(m2.a)", "kwh/(m²a)": "kW.h/(m2.a)", "m²": "m2", "m2": "m2", "m³": "m3", "m3": "m3", "m": "m",
         "w/m²k": "W/(m2.K)", "w/(m²k)": "W/(m2.K)", "°c": "Cel", "kw": "kW", "%": "%", "-": "1"}  # fmt: skip
_IDS = ("gmlid", "gml id", "gml:id", "buildingid", "building id", "gml_id")


def sniff(paths: tuple[Path, ...], heads: tuple[bytes, ...]) -> int:
    """A CSV that names SimStadt, or whose header has a gml:id and units in brackets."""
    if len(paths) != 1 or paths[0].suffix.lower() not in (".csv", ".txt", ".out"):
        return 0
    text = heads[0].decode("utf-8", "replace").lower()
    if "simstadt" in text:
        return 95
    first = text.partition("\n")[0]
    return 70 if ("gmlid" in first.replace(" ", "").replace(":", "")) and ("[" in first or "(" in first) else 0


SPEC = ImporterSpec("simstadt", "SimStadt results per building", sniff, "loaders.scenario.importers.simstadt:run")


def run(draft: Draft) -> None:
    """Units come from the names of the columns; those without one are asked for."""
    draft.tool = draft.tool or "SimStadt"
    path = _without_comments(draft)
    separator, names, numeric = columns_of(draft, path)
    keys = [name for name in names if name.strip().lower() in _IDS]
    key = (
        keys[0] if keys else draft.ask("id", "Which column holds the gml:id of the buildings?", names[0], tuple(names))
    )
    chosen = [part.strip() for part in draft.answers.get("columns", "").split(",") if part.strip()]
    wanted = [name for name in numeric if name != key and (not chosen or name in chosen)]
    if not wanted:
        raise draft.refuse(draft.inputs[0], "no column holds numbers to show.", f"Columns: {', '.join(names[:12])}.")
    units = {}
    for name in wanted:
        found = _UNIT.match(name.strip())
        told = _UCUM.get(found[2].lower().replace(" ", ""), found[2]) if found else ""
        units[name] = draft.ask_unit(name, told)
    draft.settle()
    data: dict[str, Any] = {"file": draft.copy(path, "results.csv"), "id": key}
    if separator != ",":
        data["separator"] = separator
    for name in wanted:
        found = _UNIT.match(name.strip())
        title = found[1] if found else name
        draft.add({"id": clean_id(title), "title": title, "binding": "object", "unit": units[name],
                   "data": data | {"value": name}})  # fmt: skip


def _without_comments(draft: Draft) -> Path:
    """The table without the lines before its header and without lines that start with "#"."""
    path = draft.inputs[0]
    clean = draft.folder / "results.csv.part"
    count = 0
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as source, clean.open("w", newline="") as out:
        begun = False
        for line in source:
            plain = line.lower().replace(" ", "").replace(":", "")
            begun = begun or "gmlid" in plain or "buildingid" in plain
            if begun and line.strip() and not line.startswith("#"):
                out.write(line)
                count += 1
    if count < 2:
        clean.unlink()
        raise draft.refuse(path, "no header with a gml:id was found.", "Export the results per building again.")
    return clean
