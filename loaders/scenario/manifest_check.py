"""What a schema cannot say about a manifest: units, zones, moments, and whether its members fit together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Any

from loaders.scenario import manifest_read as read
from loaders.scenario.gltf_file import is_gltf
from loaders.scenario.jsontext import Raw
from loaders.scenario.model import Variable
from loaders.scenario.names import is_control, name_problem
from loaders.scenario.sources import DataSpec, Part
from loaders.scenario.times import axis_of, parse_moment
from loaders.scenario.units import unit_problem

Found = Iterator[tuple[str, str, str]]

TABLES = frozenset((".csv", ".parquet"))
RASTERS = frozenset((".tif", ".tiff", ".nc"))
VECTORS = frozenset((".geojson", ".gpkg", ".fgb", ".parquet"))
MOVES = frozenset((".csv", ".parquet", ".json"))
MODELS = frozenset((".json", ".jsonl", ".glb", ".gltf"))
ENDINGS = {
    "object": TABLES | VECTORS,
    "surface": TABLES,
    "polygon": TABLES | VECTORS,
    "raster": RASTERS,
    "mesh": frozenset((".nc",)),
    "points": TABLES | VECTORS,
    "links": TABLES | VECTORS,
    "trajectories": MOVES,
    "patch": MODELS,
}
"""Formats that values of each binding may lie in."""

_TOTALS = frozenset(("total", "totals", "all", "sum", "everybody", "overall", "totaal", "gesamt", "insgesamt", "tous"))


def problems_inside(raw: Raw) -> Found:
    """(place, reason, remedy) of whatever does not fit in a manifest of the right form."""
    yield from _controls(raw, "")
    yield from _crs(raw["crs"], "crs")
    yield from _files(raw)
    if raw.get("baseline") == raw["id"]:
        yield "baseline", "the scenario names itself as its baseline", "Name another, or leave it out."
    if not raw["variables"] and not raw.get("disaggregations"):
        yield "variables", "there are no results", "Describe at least one variable."
    yield from _twice([item["id"] for item in raw["variables"]], "variables", "id")
    listed = {item["path"] for item in raw["files"]}
    for number, item in enumerate(raw["variables"]):
        yield from _variable(item, f"variables/{number}", listed)
    for number, item in enumerate(raw.get("disaggregations", ())):
        yield from _table(item, f"disaggregations/{number}", listed)
    known = {item["id"] for item in raw["variables"]}
    for number, view in enumerate(raw.get("views", ())):
        if "variable" in view and view["variable"] not in known:
            yield f"views/{number}/variable", f"there is no variable {view['variable']!r}", "Use the id of one."
        if "time" in view:
            yield from _moment(view["time"], f"views/{number}/time")
    for place, text in _dates(raw["provenance"]):
        yield from _moment(text, place)


LARGEST = 3e38
"""Values are float32: nothing beyond this can be told apart."""
_LONG = frozenset(("summary", "story", "note", "reason", "review", "ai", "limitations", "texts", "read_aloud",
                   "alternative", "accuracy_note"))  # fmt: skip
"""Texts that may have several lines."""


def _controls(value: Any, place: str, long: bool = False) -> Found:
    """Texts that would command a terminal, or turn round what stands beside them."""
    if isinstance(value, str):
        bad = next((char for char in value if is_control(char) and not (long and char in "\n\t")), "")
        if bad:
            yield place or "the top", f"the text holds the control character U+{ord(bad):04X}", "Remove it."
        return
    items: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for key, item in items:
        where = f"{place}/{key}".lstrip("/")
        if isinstance(key, str):
            yield from _controls(key, where)
        if key != "separator":
            yield from _controls(item, where, long or key in _LONG)


def _dates(provenance: Raw) -> Iterator[tuple[str, str]]:
    yield "provenance/date", provenance["date"]
    for number, item in enumerate(provenance["inputs"]):
        if "date" in item:
            yield f"provenance/inputs/{number}/date", item["date"]


def _moment(text: str, place: str) -> Found:
    try:
        parse_moment(text)
    except ValueError as error:
        yield place, str(error), ""


def _crs(text: str, place: str) -> Found:
    from loaders._georef import frame

    if frame(text.partition("+")[0]).horizontal is None:
        yield place, f"{text!r} is no coordinate reference system", 'Write it as "EPSG:28992".'


def _files(raw: Raw) -> Found:
    seen: dict[str, str] = {}
    for number, item in enumerate(raw["files"]):
        name, place = item["path"], f"files/{number}/path"
        reason = name_problem(name)
        if reason:
            yield place, f"{name[:80]!r} {reason}", "Rename the file."
        folded = name.casefold()
        if folded in seen:
            yield place, f"{name!r} is there twice, or differs from {seen[folded]!r} in capitals only", "Rename one."
        seen[folded] = name
    total = sum(item["size"] for item in raw["files"])
    if total != raw["declared"]["bytes"]:
        reason = f"the files have {total:,} bytes, declared are {raw['declared']['bytes']:,}"
        yield "declared/bytes", reason, "Run: citiverse scenario hash PACKAGE"


def _twice(names: list[str], place: str, member: str) -> Found:
    seen: set[str] = set()
    for number, name in enumerate(names):
        if name.casefold() in seen:
            yield f"{place}/{number}/{member}", f"{name!r} is used twice", "Give each its own."
        seen.add(name.casefold())


def _variable(raw: Raw, place: str, listed: set[str]) -> Found:
    if "unit" in raw:
        reason = unit_problem(raw["unit"])
        if reason:
            yield f"{place}/unit", reason, 'See ucum.org; a plain number has the unit "1".'
    if "crs" in raw["data"]:
        yield from _crs(raw["data"]["crs"], f"{place}/data/crs")
    try:
        item = read.variable(raw)
        axis_of(item.time)
    except ValueError as error:
        yield f"{place}/time", str(error), ""
        return
    yield from _scale(item, place)
    yield from _uncertain(item, place)
    yield from _data(item, f"{place}/data", listed)


def _scale(item: Variable, place: str) -> Found:
    told = (*(item.classes.breaks if item.classes is not None else ()), *(item.range or ()))
    if any(abs(number) > LARGEST for number in told):
        yield place, f"a class break or end of the range is beyond {LARGEST:g}", "Choose another unit."
    if item.classes is not None:
        breaks = item.classes.breaks
        if any(b <= a for a, b in pairwise(breaks)):
            yield f"{place}/classes/breaks", "the breaks do not grow", "Sort them, and leave out what is there twice."
        if item.classes.labels and len(item.classes.labels) != len(breaks) + 1:
            reason = f"{len(breaks)} breaks make {len(breaks) + 1} classes; there are {len(item.classes.labels)} labels"
            yield f"{place}/classes/labels", reason, "Give one label per class, the open ones at both ends too."
    if item.range is not None and item.range[0] >= item.range[1]:
        yield f"{place}/range", "the range has no extent", "Write the lower end first."


def _uncertain(item: Variable, place: str) -> Found:
    told, data, kind = f"{place}/uncertainty", item.data, item.uncertainty.kind
    have = {
        "members": bool(data.members or data.member),
        "quantiles": len(data.quantiles) >= 2 or (data.low is not None and data.high is not None),
        "minmax": data.low is not None and data.high is not None,
        "sd": data.sd is not None,
    }
    if kind in have and not have[kind] and item.binding not in ("trajectories", "patch"):
        where = {
            "members": '"members" or "member"',
            "quantiles": '"quantiles"',
            "minmax": '"low" and "high"',
            "sd": '"sd"',
        }
        yield told, f"the data name no {where[kind]}", "Name them in the variable's data."
    for text, language in [(text, language) for language, text in item.uncertainty.reason]:
        if kind == "not_quantified" and len(text.strip()) < 5:
            yield f"{told}/reason", f"the reason {language!r} says nothing", "Say in words why there are no numbers."


def _data(item: Variable, place: str, listed: set[str]) -> Found:
    data = item.data
    for name in data.all_files():
        if name not in listed:
            remedy = "Put it into the package and run: citiverse scenario hash PACKAGE"
            yield place, f"the file {name!r} is not in the list of files", remedy
    for name, why in _needed(item.binding, data):
        yield place, f"{name!r} is missing: {why}", "Add it to the variable's data."
    if data.origin and not is_gltf(data.added):
        yield place, "'origin' is told, but nothing is added as glTF", "Leave it out."
    allowed = ENDINGS[item.binding]
    new = {data.added} if data.added and item.binding == "patch" else set()
    for name in _value_files(data) | new:
        if PurePosixPath(name).suffix.lower() not in allowed:
            forms = " ".join(sorted(allowed))
            yield place, f"{name!r} is of no format for the binding {item.binding!r}", f"Formats: {forms}."
    yield from _steps(item, place)


def _value_files(data: DataSpec) -> set[str]:
    parts = [data.value, data.level, data.low, data.high, data.sd, *data.members, *(p for _, p in data.quantiles)]
    return {*data.files, *(name for part in parts if part is not None for name in part.files)}


_NEEDED: dict[str, tuple[tuple[str, str], ...]] = {
    "object": (("id", "the column with the ids of the objects"),),
    "surface": (("id", "the column with the ids of the objects"), ("surface", "the column with the surface's number")),
    "polygon": (("id", "the property with the ids"),),
    "links": (("id", "the property with the ids"),),
    "points": (("id", "the column with the names of the receivers"),),
}


def _needed(binding: str, data: DataSpec) -> Iterator[tuple[str, str]]:
    for name, why in _NEEDED.get(binding, ()):
        if not getattr(data, name):
            yield name, why
    if binding == "patch":
        if not (data.changes or data.added):
            yield "changes", "a patch needs what is removed, or what is new (added)"
        if is_gltf(data.added) and not data.origin:
            yield "origin", "where the zero of the glTF file lies (x and y, or x, y and height)"
        return
    if not _value_files(data):
        yield "file", "no file is named"
    if binding == "trajectories":
        columns = not all(name.lower().endswith(".json") for name in data.files)
        for name in ("id", "time", "x", "y") if columns else ():
            if not getattr(data, name):
                yield name, "the column of a way"
    elif binding != "raster" and data.value is None and not (data.members or data.quantiles):
        yield "value", "the name of the values"


def _steps(item: Variable, place: str) -> Found:
    """Lists with an entry per step must have as many as the time has."""
    spec = item.time
    if spec.from_data or item.binding in ("trajectories", "patch"):
        return
    steps = len(axis_of(spec))
    data = item.data
    lists: list[tuple[str, tuple[Any, ...]]] = [("files", data.files)]
    parts: list[tuple[str, Part | None]] = [(n, getattr(data, n)) for n in ("value", "level", "low", "high", "sd")]
    parts += [(f"members/{n}", part) for n, part in enumerate(data.members)]
    parts += [(f"quantiles/{q:g}", part) for q, part in data.quantiles]
    for name, part in parts:
        if part is not None:
            lists += [(f"{name}/{member}", getattr(part, member)) for member in ("files", "names", "bands")]
    for name, values in lists:
        if len(values) > 1 and len(values) != steps:
            yield f"{place}/{name}", f"{len(values):,} entries for {steps:,} steps of time", "Give one per step."


def _table(raw: Raw, place: str, listed: set[str]) -> Found:
    table = read.disaggregation(raw)
    for number, item in enumerate(raw["indicators"]):
        reason = unit_problem(item["unit"])
        if reason:
            yield f"{place}/indicators/{number}/unit", reason, 'See ucum.org; a plain number has the unit "1".'
        if item["kind"] == "share" and item["unit"] not in ("1", "%"):
            yield f"{place}/indicators/{number}/unit", 'a share has the unit "1" or "%"', ""
    yield from _twice([name for name, _ in table.indicators], f"{place}/indicators", "name")
    yield from _twice(list(table.groups), f"{place}/groups", "name")
    if table.file and table.file not in listed:
        yield (
            f"{place}/file",
            f"the file {table.file!r} is not in the list of files",
            "Add it and run: citiverse scenario hash PACKAGE",
        )
    if table.file and not table.file.lower().endswith(".csv"):
        yield f"{place}/file", f"{table.file!r} is no CSV file", "Save the table as CSV."
    for member, names in (("zone", table.zones), ("group", table.groups)):
        total = table.total_zone if member == "zone" else table.total_group
        if total and total not in names:
            yield f"{place}/total_{member}", f"{total!r} is none of the {member}s", "Add it to them."
        hidden = [name for name in names if name.strip().casefold() in _TOTALS and name != total]
        if hidden:
            reason = f"{hidden[0]!r} seems to be a sum, from which hidden numbers could be computed"
            yield f"{place}/{member}s", reason, f'Name it in "total_{member}", or give it another name.'
    yield from _nested(table, f"{place}/within")
    if len(table.zones) * len(table.groups) > 20_000:
        yield place, "there are more than 20,000 cells of zones and groups", "Cut the table up."
    yield from table_problems(table, f"{place}/rows")


MOST_LEVELS = 16
"""Zones that hold zones that hold zones..."""


def _nested(table: Any, place: str) -> Found:
    """Zones that are none, and rings of zones that hold each other."""
    within = dict(table.within)
    for zone in within:
        if zone not in table.zones:
            yield f"{place}/{zone[:60]}", f"{zone[:60]!r} is none of the zones", "Name it there."
            return
        seen, at = {zone}, within[zone]
        while at in within and at not in seen and len(seen) <= MOST_LEVELS:
            seen.add(at)
            at = within[at]
        if len(seen) > MOST_LEVELS:
            yield place, f"zones hold zones over more than {MOST_LEVELS} levels", "Leave levels out."
            return
        if at in seen:
            yield f"{place}/{zone[:60]}", f"the zone {zone[:60]!r} holds itself", "Correct which zone holds which."
            return


def table_problems(table: Any, place: str) -> Found:
    """What is wrong with the rows of a table."""
    seen = set()
    names = {name: kind for (name, _), kind in zip(table.indicators, table.kinds, strict=True)}
    for number, row in enumerate(table.rows):
        key = (row.zone, row.group, row.indicator)
        for value, known, what in (
            (row.zone, table.zones, "zones"),
            (row.group, table.groups, "groups"),
            (row.indicator, names, "indicators"),
        ):
            if value not in known:
                yield f"{place}/{number}", f"{value[:60]!r} is none of the {what}", "Name it there."
                return
        if key in seen:
            yield (
                f"{place}/{number}",
                f"zone, group and indicator {' / '.join(key)[:120]!r} are there twice",
                "Keep one.",
            )
            return
        seen.add(key)
        if row.value is not None and names[row.indicator] != "count" and row.denominator is None:
            reason = "a share or mean without its denominator"
            yield f"{place}/{number}", reason, "Tell how many people it is about, so that small numbers can be hidden."
            return
        if row.value is not None and names[row.indicator] != "mean" and row.value < 0:
            yield f"{place}/{number}", "a count or share below 0", "Correct it."
            return
