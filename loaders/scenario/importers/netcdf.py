"""NetCDF: CF grids (SFINCS, PALM, SOLWEIG exports), UGRID meshes (Delft3D FM, SFINCS quadtree)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from loaders.scenario.importers.kit import Draft, ImporterSpec, Json, clean_id

_MAGIC = (b"\x89HDF\r\n\x1a\n", b"CDF\x01", b"CDF\x02", b"CDF\x05")
_UNITS = {"m": "m", "m s-1": "m/s", "m/s": "m/s", "degc": "Cel", "degree_celsius": "Cel", "degrees_celsius": "Cel",
          "celsius": "Cel", "k": "K", "kelvin": "K", "1": "1", "-": "1", "w m-2": "W/m2", "w/m2": "W/m2",
          "ug m-3": "ug/m3", "%": "%", "m3 s-1": "m3/s"}  # fmt: skip
_LOOKS: dict[str, Json] = {
    "flood_water_thickness": {"zero_is_none": True, "good": "low", "palette": "water", "quantity": "length"},
    "sea_floor_depth_below_sea_surface": {"zero_is_none": True, "palette": "water", "quantity": "length"},
}
"""How quantities are shown, by their CF standard name."""
_SKIP = ("time", "x", "y", "z", "lat", "lon", "longitude", "latitude", "crs", "spatial_ref")
_TOOLS = {"sfincs": "SFINCS", "delft3d": "Delft3D FM", "d-flow": "Delft3D FM", "palm": "PALM"}


def is_netcdf(head: bytes) -> bool:
    """True for NetCDF 3 and 4."""
    return head.startswith(_MAGIC)


def sniff(paths: tuple[Path, ...], heads: tuple[bytes, ...]) -> int:
    """One NetCDF file, or the parts of a partitioned one."""
    return 50 if paths and all(is_netcdf(head) for head in heads) else 0


SPEC = ImporterSpec("netcdf", "NetCDF grids and meshes (CF, UGRID)", sniff, "loaders.scenario.importers.netcdf:run")


def run(draft: Draft) -> None:
    """Every variable over a grid or mesh (or those named by the answer "columns") becomes one of the package."""
    import netCDF4

    path = draft.inputs[0]
    if len(draft.inputs) > 1:
        raise draft.refuse(path, "parts of a partitioned result have to be merged first.",
                           "Delft3D FM: run dfmoutput mapmerge, then import the one file.")  # fmt: skip
    try:
        with netCDF4.Dataset(path) as file:
            _name_tool(draft, file)
            mesh = next((n for n, v in file.variables.items() if getattr(v, "cf_role", "") == "mesh_topology"), None)
            found = _on_mesh(draft, file, mesh) if mesh else _on_grid(draft, file)
            draft.crs = draft.crs or draft.ask_crs(_crs(file))
    except (OSError, RuntimeError) as error:
        raise draft.refuse(
            path, "the NetCDF file cannot be read.", "The file may be damaged: export it again."
        ) from error
    if not found:
        raise draft.refuse(
            path, "no variable lies on a grid or mesh that can be shown.", "See its contents with ncdump -h."
        )
    draft.settle()
    name = draft.copy(path, "results.nc")
    for variable in found:
        variable["data"]["file"] = name
        draft.add(variable)


def _name_tool(draft: Draft, file: Any) -> None:
    told = " ".join(
        str(getattr(file, name, "")) for name in ("source", "institution", "history", "title", "references")
    )
    draft.tool = draft.tool or next((tool for word, tool in _TOOLS.items() if word in told.lower()), "")


def _wanted(draft: Draft, name: str) -> bool:
    chosen = [part.strip() for part in draft.answers.get("columns", "").split(",") if part.strip()]
    return not chosen or name in chosen


def _on_mesh(draft: Draft, file: Any, mesh: str) -> list[Json]:
    out = []
    for name, variable in file.variables.items():
        if getattr(variable, "mesh", "") != mesh or getattr(variable, "location", "") not in ("face", "node"):
            continue
        if variable.dtype.kind != "f" or not _wanted(draft, name) or len(variable.dimensions) > 2:
            continue
        out.append(_variable(draft, file, name, "mesh") | {"data": {"mesh": mesh, "value": name}})
    return out


def _on_grid(draft: Draft, file: Any) -> list[Json]:
    out = []
    for name, variable in file.variables.items():
        if name.lower() in _SKIP or variable.dtype.kind not in "fi" or not _wanted(draft, name):
            continue
        if len(variable.dimensions) not in (2, 3) or not _flat(file, variable.dimensions[-2:]):
            continue
        if len(variable.dimensions) == 3 and not _is_time(file, variable.dimensions[0]):
            draft.note(f"{name!r} has levels besides time: cut out one level to show it.")
            continue
        out.append(_variable(draft, file, name, "raster") | {"data": {"value": name}})
    return out


def _flat(file: Any, dimensions: tuple[str, ...]) -> bool:
    """True if both have a coordinate variable of their own."""
    return all(name in file.variables and file.variables[name].dimensions == (name,) for name in dimensions)


def _is_time(file: Any, name: str) -> bool:
    return name in file.variables and " since " in str(getattr(file.variables[name], "units", ""))


def _variable(draft: Draft, file: Any, name: str, binding: str) -> Json:
    source = file.variables[name]
    told = str(getattr(source, "units", "")).strip()
    title = str(getattr(source, "long_name", "") or name)
    raw: Json = {"id": clean_id(name), "title": title, "binding": binding,
                 "unit": draft.ask_unit(name, _UNITS.get(told.lower(), told))}  # fmt: skip
    standard = str(getattr(source, "standard_name", ""))
    if standard:
        raw["standard_name"] = standard
        raw |= _LOOKS.get(standard, {})
    if raw["unit"] in ("Cel", "K"):
        raw |= {"palette": "heat", "quantity": "temperature"}
    methods = str(getattr(source, "cell_methods", ""))
    if methods:
        raw["cell_methods"] = methods[:200]
    if any(_is_time(file, dimension) for dimension in source.dimensions):
        raw["time"] = {"kind": "instants", "from_data": True}
    if name in ("zs", "zsmax") or standard in ("sea_surface_height_above_reference_level", "sea_surface_height"):
        draft.note(f"{name!r} is the height of the water surface, not its depth.")
    return raw


def _crs(file: Any) -> str:
    """The CRS that the file names, as an EPSG code; "" if it names none."""
    for name, variable in file.variables.items():
        for key in ("epsg_code", "EPSG_code", "epsg", "spatial_ref", "crs_wkt"):
            told = str(getattr(variable, key, "")).strip()
            if told and (hasattr(variable, "grid_mapping_name") or key.lower().startswith("epsg") or "crs" in name):
                code = _code(told)
                if code:
                    return code
    return ""


def _code(told: str) -> str:
    import pyproj

    digits = told.upper().replace("EPSG:", "").strip()
    if digits.isdigit():
        return f"EPSG:{digits}" if 1000 < int(digits) < 100_000 else ""
    try:
        found = pyproj.CRS.from_user_input(told).to_epsg()
    except pyproj.exceptions.CRSError:
        return ""
    return f"EPSG:{found}" if found else ""
