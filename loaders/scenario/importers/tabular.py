"""Tables of values by object id, or at places (columns x and y): CSV or Parquet. Numbers become variables."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from loaders.scenario.importers.kit import Draft, ImporterSpec, clean_id

_IDS = ("id", "gml_id", "gmlid", "gml:id", "identifier", "building_id", "objectid", "identificatie")
_SEPARATORS = (",", ";", "\t", "|")
_PLACES = ({"x", "lon", "longitude", "easting"}, {"y", "lat", "latitude", "northing"}, {"z"})
MAX_COLUMNS = 200


def sniff(paths: tuple[Path, ...], heads: tuple[bytes, ...]) -> int:
    """One CSV with a header, or one Parquet file."""
    if len(paths) != 1:
        return 0
    if heads[0].startswith(b"PAR1"):
        return 40
    return 30 if paths[0].suffix.lower() == ".csv" else 0


SPEC = ImporterSpec(
    "table", "Table by object id, or of places (CSV, Parquet)", sniff, "loaders.scenario.importers.tabular:run"
)


def run(draft: Draft) -> None:
    """Ask which column holds the ids (where its name does not say) and the unit of every column of numbers."""
    path = draft.inputs[0]
    separator, names, numeric = columns_of(draft, path)
    found = [name for name in names if name.lower() in _IDS]
    key = draft.answers.get("id", "")
    if not key and len(found) == 1:
        key = found[0]
        draft.note(f"The column {key!r} holds the ids.")
    if key not in names:
        key = draft.ask("id", "Which column holds the ids of the objects?", names[0], tuple(names))
    places = _places(draft, numeric)
    wanted = [name for name in numeric if name != key and name not in places.values()]
    chosen = draft.answers.get("columns", "")
    if chosen:
        wanted = [name for name in wanted if name in [part.strip() for part in chosen.split(",")]]
    if not wanted:
        raise draft.refuse(path, "no column holds numbers to show.", f"Its columns: {', '.join(names[:12])}.")
    units = {name: draft.ask_unit(name) for name in wanted}
    draft.settle()
    data: dict[str, Any] = {"file": draft.copy(path), "id": key, **places}
    if separator not in ("", ","):
        data["separator"] = separator
    binding = "points" if places else "object"
    for name in wanted:
        draft.add({"id": clean_id(name), "title": name, "binding": binding, "unit": units[name],
                   "data": data | {"value": name}})  # fmt: skip


def _places(draft: Draft, numeric: list[str]) -> dict[str, str]:
    """The columns x, y and z of places, if the user says that they are some; {} for values of objects."""
    found = [next((name for name in numeric if name.strip().lower() in words), "") for words in _PLACES]
    if not (found[0] and found[1]):
        return {}
    text = f"Are the values at places that {found[0]!r} and {found[1]!r} tell, or of objects of the city?"
    if draft.ask("places", text, choices=("points", "objects")) == "objects":
        return {}
    degrees = found[0].strip().lower().startswith("lon")
    draft.crs = draft.crs or draft.ask_crs("EPSG:4326" if degrees else "")
    return {axis: name for axis, name in zip("xyz", found, strict=True) if name}


def columns_of(draft: Draft, path: Path) -> tuple[str, list[str], list[str]]:
    """Separator ("" for Parquet), all columns, and those that hold numbers in every row looked at."""
    with path.open("rb") as file:
        if file.read(4) == b"PAR1":
            return ("", *_parquet_columns(draft, path))
    with path.open(encoding="utf-8-sig", newline="", errors="replace") as file:
        head = file.readline(1 << 20)
        separator = max(_SEPARATORS, key=lambda mark: len(next(csv.reader([head], delimiter=mark), [])))
        names = next(csv.reader([head], delimiter=separator), [])
        if len(names) < 2:
            raise draft.refuse(path, "its first line names no columns.", "Export it as CSV with a header.")
        good = dict.fromkeys(names, True)
        some = dict.fromkeys(names, False)
        for _, row in zip(range(2000), csv.reader(file, delimiter=separator), strict=False):
            for name, text in zip(names, row, strict=False):
                if text.strip() and not is_number(text):
                    good[name] = False
                some[name] = some[name] or bool(text.strip())
    return separator, names, [name for name in names[:MAX_COLUMNS] if good[name] and some[name]]


def _parquet_columns(draft: Draft, path: Path) -> tuple[list[str], list[str]]:
    from loaders.scenario.tables import arrow

    pa = arrow()
    import pyarrow.parquet as pq

    try:
        schema = pq.ParquetFile(
            path, thrift_string_size_limit=64 << 20, thrift_container_size_limit=4 << 20
        ).schema_arrow
    except (pa.ArrowException, OSError) as error:
        raise draft.refuse(path, "the Parquet file is damaged.", "Export it again.") from error
    numeric = [f.name for f in schema if pa.types.is_floating(f.type) or pa.types.is_integer(f.type)]
    return list(schema.names), numeric[:MAX_COLUMNS]


def is_number(text: str) -> bool:
    """True for what can be read as a number, with a point."""
    try:
        float(text)
    except ValueError:
        return False
    return True
