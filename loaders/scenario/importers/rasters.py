"""Rasters, one file per step or one band per step: GeoTIFF (SOLWEIG, RAS Mapper, any) and ESRI ASCII (LISFLOOD-FP)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from loaders.raster import driver_of
from loaders.scenario.importers.kit import Draft, ImporterSpec, Json, clean_id, clean_name

_DATE = re.compile(r"(?<!\d)(\d{4})-?(\d{2})-?(\d{2})[T_ -]?(\d{2}):?(\d{2})(?::?(\d{2}))?(?!\d)")
_SECONDS = re.compile(r"(?<!\d)(\d{1,7})\s*(s|sec|min|h)?(?!\d)", re.IGNORECASE)
_STEP = re.compile(r"-(\d{4,6})$")
_LISFLOOD = {".wd": "depth", ".elev": "level", ".max": "depth", ".mxe": "level"}
_SOLWEIG = {
    "tmrt": ("Mean radiant temperature", "Cel", 1.1, "Mean radiant temperature is not air temperature."),
    "utci": ("Universal thermal climate index (UTCI)", "Cel", 1.1, ""),
    "pet": ("Physiological equivalent temperature (PET)", "Cel", 1.1, ""),
    "kdown": ("Shortwave radiation from above", "W/m2", 1.1, ""),
    "ldown": ("Longwave radiation from above", "W/m2", 1.1, ""),
    "shadow": ("Share of sunlight", "1", None, "The greatest value is in the sun, 0 is in shadow."),
}


def sniff(paths: tuple[Path, ...], heads: tuple[bytes, ...]) -> int:
    """Every file is a GeoTIFF or an ESRI ASCII grid."""
    return 60 if all(driver_of(head) is not None for head in heads) else 0


SPEC = ImporterSpec(
    "rasters", "Rasters over time (GeoTIFF, ESRI ASCII)", sniff, "loaders.scenario.importers.rasters:run"
)


@dataclass(frozen=True, slots=True)
class _Step:
    """One band of one file: ``moment`` ISO 8601 or "", ``seconds`` since the start or None."""

    path: Path
    band: int
    moment: str
    seconds: float | None


def run(draft: Draft) -> None:
    """Group the files by what they hold, put their bands in order of time, and ask for unit, CRS and start."""
    groups: dict[str, list[Path]] = {}
    for path in draft.inputs:
        groups.setdefault(_quantity(path), []).append(path)
    levels = groups.pop("level", []) if "depth" in groups else []
    for name, paths in groups.items():
        _one(draft, name, sorted(paths), sorted(levels) if name == "depth" else [])
    draft.settle()


def _quantity(path: Path) -> str:
    if path.suffix.lower() in _LISFLOOD:
        return _LISFLOOD[path.suffix.lower()]
    stem = re.sub(r"[_-]cogs?$", "", path.stem.lower())
    for name in _SOLWEIG:
        if stem.startswith(name):
            return name
    return re.sub(r"[_-]?\d[\d_Tt-]*(s|sec|min|h|bands?)?$", "", stem) or stem


def _one(draft: Draft, name: str, paths: list[Path], levels: list[Path]) -> None:
    steps, unit, crs = [], "", ""
    for path in paths:
        found, own_unit, own_crs = _steps_in(draft, path)
        steps += found
        unit, crs = unit or own_unit, crs or own_crs
    title, usual, above, note = _SOLWEIG.get(name, (name, "", None, ""))
    if name == "shadow" and any(_whole_numbers(path) for path in paths):
        usual = "%"  # 0 to 100
    unit = draft.ask_unit(name, usual or unit)
    draft.crs = draft.crs or draft.ask_crs(crs)
    time, order = _time(draft, name, steps)
    if draft.open:
        return
    files = [_write(draft, name, path) for path in paths]
    where = dict(zip(paths, files, strict=True))
    ordered = [steps[k] for k in order]
    value: Json = {"files": [where[s.path] for s in ordered], "bands": [s.band for s in ordered]}
    data: Json = {"file": files[0]} if len(set(files)) == 1 else {"files": [where[s.path] for s in ordered]}
    if len(set(files)) == 1:
        value = {"bands": [s.band for s in ordered]}
    variable: Json = {
        "id": clean_id(name),
        "title": title,
        "binding": "raster",
        "unit": unit,
        "data": data | {"value": value},
    }
    if levels:
        variable["data"]["level"] = {"files": [_write(draft, "level", path) for path in levels]}
        if len(levels) != len(ordered):
            raise draft.refuse(levels[0], f"there are {len(levels)} files of levels for {len(ordered)} of depths.")
    if unit in ("Cel", "K"):
        variable |= {"palette": "heat", "quantity": "temperature"}
    if above is not None:
        variable["height_above_ground"] = above
    if note:
        variable["note"] = note
    parts = set(re.split(r"[_-]", name))
    if "depth" in parts:
        variable |= {"zero_is_none": True, "good": "low", "palette": "water", "quantity": "length"}
    if parts <= {"depth", "max", "maximum"}:
        variable["title"] = "Water depth" if name == "depth" else "Greatest water depth"
    if "depth" in parts and parts & {"max", "maximum"}:
        variable["cell_methods"] = "time: maximum"
    if time is not None:
        variable["time"] = time
    draft.add(variable)


def _whole_numbers(path: Path) -> bool:
    """True for a raster of whole numbers that go beyond 1 in one of its first bands."""
    import rasterio

    with rasterio.open(path) as opened:
        if not opened.dtypes[0].startswith(("int", "uint")):
            return False
        bands = range(1, min(opened.count, 24) + 1)
        return any(int(opened.read(band, masked=True, out_shape=(200, 200)).max() or 0) > 1 for band in bands)


def _steps_in(draft: Draft, path: Path) -> tuple[list[_Step], str, str]:
    """The bands of a file with what it says of their time, its unit and its CRS."""
    import rasterio

    with path.open("rb") as file:
        driver = driver_of(file.read(64))
    if driver is None:
        raise draft.refuse(path, "its content is neither GeoTIFF nor ESRI ASCII.", "Export it again as GeoTIFF.")
    try:
        with rasterio.open(path, driver=driver) as opened:
            tags = opened.tags()
            crs = "" if opened.crs is None else _code(opened.crs)
            unit = next((text for text in opened.units if text), "") or tags.get("UNIT", "")
            steps = []
            for band in range(1, opened.count + 1):
                own = opened.tags(band)
                told = [own.get("TIME", ""), opened.descriptions[band - 1] or "", tags.get("TIME", "")]
                told += [path.stem] if opened.count == 1 else []
                steps.append(_step(path, band, told, opened.count))
    except rasterio.errors.RasterioError as error:
        raise draft.refuse(path, "the raster cannot be read.", "Export it again as GeoTIFF.") from error
    return steps, _ucum(unit), crs


def _step(path: Path, band: int, told: list[str], bands: int) -> _Step:
    for text in told:
        found = _DATE.search(text)
        if found:
            y, mo, d, h, mi, s = found.groups()
            try:
                moment = datetime(int(y), int(mo), int(d), int(h), int(mi), int(s or 0))
            except ValueError:
                continue
            return _Step(path, band, moment.isoformat(), None)
    if bands > 1:
        return _Step(path, band, "", None)
    found = _STEP.search(path.stem) if path.suffix.lower() in _LISFLOOD else None
    if found:
        return _Step(path, band, "", None)
    numbers = list(_SECONDS.finditer(path.stem))
    if numbers and numbers[-1][2]:
        size = {"s": 1, "sec": 1, "min": 60, "h": 3600}[numbers[-1][2].lower()]
        return _Step(path, band, "", float(numbers[-1][1]) * size)
    return _Step(path, band, "", None)


def _time(draft: Draft, name: str, steps: list[_Step]) -> tuple[Json | None, list[int]]:
    """The manifest's time and the order of the steps; asks for what the files do not say."""
    if len(steps) == 1:
        return None, [0]
    zone = draft.ask_zone()
    rest = {} if zone == "UTC" else {"zone": zone}
    order = list(range(len(steps)))
    if all(s.moment for s in steps):
        order.sort(key=lambda k: steps[k].moment)
        return {"kind": "instants", "moments": [steps[k].moment for k in order], **rest}, order
    start = draft.ask_start(f"second 0 (or the first step) of {name!r}")
    if all(s.seconds is not None for s in steps):
        order.sort(key=lambda k: steps[k].seconds or 0.0)
        seconds = [steps[k].seconds or 0.0 for k in order]
        gaps = {round(b - a, 3) for a, b in pairwise(seconds)}
        if seconds[0] == 0.0 and len(gaps) == 1:
            return {"kind": "instants", "start": start, "step": gaps.pop(), "count": len(steps), **rest}, order
        return {"kind": "instants", "moments": [_later(start, s) for s in seconds], **rest}, order
    step = draft.ask_number(f"step.{name}", f"How many seconds lie between two steps of {name!r}?", "3600")
    return {"kind": "instants", "start": start, "step": step, "count": len(steps), **rest}, order


def _later(start: str, seconds: float) -> str:
    from datetime import timedelta

    try:
        return (datetime.fromisoformat(start) + timedelta(seconds=seconds)).isoformat()
    except ValueError:
        return start


def _write(draft: Draft, name: str, path: Path) -> str:
    """GeoTIFF as it is; ESRI ASCII as GeoTIFF."""
    with path.open("rb") as file:
        if driver_of(file.read(64)) == "GTiff":
            return draft.copy(path, f"{clean_name(path.stem)}.tif")
    import rasterio

    target = clean_name(f"{path.name}.tif".replace(path.suffix, path.suffix.replace(".", "-")))
    with rasterio.open(path, driver="AAIGrid") as source:
        profile: dict[str, Any] = {
            "driver": "GTiff", "width": source.width, "height": source.height, "count": 1, "dtype": "float32",
            "transform": source.transform, "nodata": source.nodata, "compress": "deflate", "predictor": 3,
            "tiled": True, "blockxsize": 256, "blockysize": 256, "crs": draft.crs,
        }  # fmt: skip
        with rasterio.open(draft.data(target), "w", **profile) as out:
            out.write(source.read(1).astype("float32"), 1)
    return f"data/{target}"


def _code(crs: Any) -> str:
    code = crs.to_epsg()
    return f"EPSG:{code}" if code else ""


def _ucum(text: str) -> str:
    """GDAL's words for units as UCUM."""
    return {"metre": "m", "meter": "m", "metres": "m", "degc": "Cel", "celsius": "Cel", "percent": "%"}.get(
        text.strip().lower(), text.strip()
    )
