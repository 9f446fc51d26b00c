"""PALM: 3D output and its horizontal sections, masked output that follows the terrain, with the static driver.

What PALM writes: ``theta(time, zu_3d, y, x)``, ``u(time, zu_3d, y, xu)``, ``v(time, zu_3d, yv, x)``,
``w(time, zw_3d, y, x)``; sections ``theta_xy(time, zu_xy, y, x)`` and values at the surface
``bio_utci*_xy(time, zu1_xy, y, x)``; masks with ``ku_above_surf`` (grid points above the terrain). Places are metres
from the corner of the model, which the attributes origin_x and origin_y (or the variables E_UTM and N_UTM) tell, turned
clockwise by rotation_angle; seconds count from origin_time. Walls and ground are fill values. Heights are above the
lowest terrain: PALM lowers the terrain of the static driver (``zt``) by its minimum and raises origin_z by as much.
"""

from __future__ import annotations

import math
import re
from contextlib import ExitStack
from typing import Any

import numpy as np

from loaders.scenario.importers.clock import moments_after, parse_origin, seconds_of
from loaders.scenario.importers.kit import Draft, Json, clean_id
from loaders.scenario.importers.levels import Level, ask_level
from loaders.scenario.importers.netcdf_units import epsg_of, ucum_of
from loaders.scenario.importers.palm_cut import Cut, Field, Output, heights_of, vertical_key
from loaders.scenario.importers.palm_place import place_of

_VERTICAL = re.compile(r"(zu|zw|zu1|zs|zpc)_(3d|xy)|k[uw]_above_surf|z[uw]")
_SECTIONS = re.compile(r".*_(xz|yz)")
_TITLES = {
    "theta": "Potential temperature", "ta": "Air temperature", "wspeed": "Wind speed", "wdir": "Wind direction",
    "u": "Wind along the grid's x", "v": "Wind along the grid's y", "w": "Vertical wind", "rh": "Relative humidity",
    "q": "Mixing ratio", "e": "Turbulence energy", "bio_utci*": "UTCI (felt temperature)",
    "bio_pet*": "PET (felt temperature)", "bio_perct*": "Perceived temperature",
    "bio_mrt": "Mean radiant temperature", "bio_mrt*": "Mean radiant temperature",
    "theta_2m*": "Potential temperature 2 m above the ground", "ta_2m*": "Air temperature 2 m above the ground",
    "wspeed_10m*": "Wind speed 10 m above the ground", "tsurf*": "Surface temperature",
    "kc_NO2": "Nitrogen dioxide", "kc_NO": "Nitrogen monoxide", "kc_O3": "Ozone", "kc_PM10": "PM10",
}  # fmt: skip
_ABOVE = re.compile(r"_(\d+)m\*")


def is_palm(file: Any) -> bool:
    """True for the output of PALM (its vertical dimensions have names of their own)."""
    named = any(re.fullmatch(r"z[uw]1?_(3d|xy|xz|yz)|k[uw]_above_surf", name) for name in file.dimensions)
    return named or str(getattr(file, "title", "")).lower().startswith("palm ")


def is_static(file: Any) -> bool:
    """True for a static driver: terrain, buildings and other things that stay."""
    return any(name in file.variables for name in ("zt", "buildings_2d")) and "time" not in file.dimensions


def import_palm(draft: Draft) -> None:
    """Every field (or those of the answer "columns") at the level that is asked for. Raises NeedAnswers, LoadError."""
    import netCDF4

    draft.tool = draft.tool or "PALM"
    with ExitStack() as stack:
        outputs, static = [], None
        for path in draft.inputs:
            opened = stack.enter_context(netCDF4.Dataset(path))
            if is_static(opened):
                static = opened
            elif is_palm(opened) and "time" in opened.variables:
                outputs.append(
                    Output(path, opened, seconds_of(opened.variables["time"][:]), hasattr(opened, "time_avg"))
                )
            else:
                raise draft.refuse(path, "it is neither output of PALM nor a static driver.", "Leave it out.")
        if not outputs:
            raise draft.refuse(draft.inputs[0], "a static driver holds no results.", "Add PALM's output to it.")
        _import(draft, sorted(outputs, key=_begin), static)


def _begin(output: Output) -> float:
    known = output.seconds[np.isfinite(output.seconds)]
    return float(known[0]) if len(known) else math.inf


def _import(draft: Draft, outputs: list[Output], static: Any) -> None:
    first = outputs[0]
    draft.tool_version = draft.tool_version or str(getattr(first.file, "palm_version", "")).strip()
    fields = _fields(draft, outputs)
    place = place_of(draft, first.file, static)
    draft.crs = draft.crs or draft.ask_crs(epsg_of(first.file) or (epsg_of(static) if static is not None else ""))
    start = str(getattr(first.file, "origin_time", ""))
    begun = parse_origin(start) or parse_origin(draft.ask_start("second 0 of the run (UTC)"))
    work = [(_variable(draft, item), item) for item in fields]
    levels = {key: _level(draft, key, [f for f in fields if vertical_key(f) == key]) for key in _keys(fields)}
    if any(level is not None and level.above for level in levels.values()) and static is None:
        draft.ask("terrain", "Heights above the ground need the terrain: name the run's static driver with the files;"
                  " or, if there is none, answer flat.", choices=("flat",))  # fmt: skip
    draft.settle()
    assert begun is not None and place is not None
    cut = Cut(draft, place, levels, static)
    for variable, item in work:
        times = [float(output.seconds[number]) for output, number in item.steps]
        variable["time"] = {"kind": "instants", "moments": moments_after(begun, np.array(times))}
        cut.add(variable, item)
    cut.add_speed(work)
    draft.note("Places inside walls and ground hold no data, as PALM wrote them.")


def _fields(draft: Draft, outputs: list[Output]) -> list[Field]:
    chosen = [part.strip() for part in draft.answers.get("columns", "").split(",") if part.strip()]
    found: dict[tuple[str, bool], Field] = {}
    sections = False
    for output in outputs:
        for name, variable in output.file.variables.items():
            dims = variable.dimensions
            if variable.dtype.kind != "f" or len(dims) not in (3, 4) or dims[0] != "time":
                continue
            if any(_SECTIONS.fullmatch(dim) for dim in dims):
                sections = True
                continue
            if dims[-1] not in ("x", "xu") or dims[-2] not in ("y", "yv") or (chosen and name not in chosen):
                continue
            if len(dims) == 4 and not _VERTICAL.fullmatch(dims[1]):
                continue
            item = found.setdefault((name, output.mean), Field(name, output.mean))
            if item.steps and item.source.shape[1:] != variable.shape[1:]:
                raise draft.refuse(output.path, f"{name!r} lies on another grid than in {item.steps[0][0].path.name}.",
                                   "Import the domains of a nested run one by one.")  # fmt: skip
            last = item.steps[-1][0].seconds[item.steps[-1][1]] if item.steps else -math.inf
            good = np.flatnonzero(np.isfinite(output.seconds) & (output.seconds > last))
            item.steps += [(output, int(number)) for number in good]
    kept = [item for item in found.values() if item.steps]
    if not kept:
        remedy = "Vertical sections cannot be shown; take the _3d or _xy file." if sections else "See ncdump -h."
        raise draft.refuse(outputs[0].path, "no field lies on horizontal levels over time.", remedy)
    if sections:
        draft.note("Vertical sections (_xz, _yz) were left out.")
    return kept


def _variable(draft: Draft, item: Field) -> Json:
    """What the manifest tells of a field; units may be asked for."""
    told = str(getattr(item.source, "units", "")).strip()
    unit = draft.ask_unit(item.name, ucum_of(told))
    title = _TITLES.get(item.key, str(getattr(item.source, "long_name", "") or item.name))
    raw: Json = {"id": clean_id(item.name), "title": title, "binding": "raster", "unit": unit}
    if item.mean:
        raw |= {"id": f"{raw['id']}-mean", "cell_methods": "time: mean"}
    if unit in ("Cel", "K"):
        raw |= {"palette": "heat", "quantity": "temperature"}
    above = _ABOVE.search(item.name)
    if above:
        raw["height_above_ground"] = float(above[1])
    return raw


def _keys(fields: list[Field]) -> list[str]:
    return list(dict.fromkeys(key for key in map(vertical_key, fields) if key))


def _level(draft: Draft, key: str, fields: list[Field]) -> Level | None:
    item = next((f for f in fields if "w" not in f.source.dimensions[1]), fields[0])
    name = item.source.dimensions[1]
    follows = name.startswith(("ku", "kw"))
    heights = heights_of(item.steps[0][0].file, name)
    what = f"{name} (grid points above the terrain)" if follows else name
    return ask_level(draft, key, what, heights, "" if follows else "m", ground=key == "level" and not follows)
