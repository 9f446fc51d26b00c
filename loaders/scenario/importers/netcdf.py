"""NetCDF: CF grids (SOLWEIG exports), turned grids (SFINCS), UGRID meshes (Delft3D FM, SFINCS quadtree), and PALM."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from loaders.scenario.importers import fm
from loaders.scenario.importers.kit import Draft, ImporterSpec, Json, clean_id
from loaders.scenario.importers.netcdf_units import epsg_of, ucum_of

_MAGIC = (b"\x89HDF\r\n\x1a\n", b"CDF\x01", b"CDF\x02", b"CDF\x05")
_DEPTH: Json = {"zero_is_none": True, "good": "low", "palette": "water", "quantity": "length"}
_LOOKS: dict[str, Json] = {"flood_water_thickness": _DEPTH, "sea_floor_depth_below_sea_surface": _DEPTH}
"""How quantities are shown, by their CF standard name."""
_SKIP = ("time", "x", "y", "z", "lat", "lon", "longitude", "latitude", "crs", "spatial_ref")
_TOOLS = {"sfincs": "SFINCS", "delft3d": "Delft3D FM", "d-flow": "Delft3D FM", "palm": "PALM"}
_LEVELS = ("sea_surface_height_above_reference_level", "sea_surface_height", "sea_surface_height_above_mean_sea_level",
           "maximum of sea_surface_height_above_mean_sea_level")  # fmt: skip


def is_netcdf(head: bytes) -> bool:
    """True for NetCDF 3 and 4."""
    return head.startswith(_MAGIC)


def sniff(paths: tuple[Path, ...], heads: tuple[bytes, ...]) -> int:
    """One NetCDF file, the parts of a partitioned one, or PALM's output with its static driver."""
    return 50 if paths and all(is_netcdf(head) for head in heads) else 0


SPEC = ImporterSpec(
    "netcdf", "NetCDF: CF grids, SFINCS, UGRID meshes, Delft3D FM (also partitioned), PALM", sniff,
    "loaders.scenario.importers.netcdf:run",
)  # fmt: skip


def run(draft: Draft) -> None:
    """Every variable over a grid or mesh (or those named by the answer "columns") becomes one of the package."""
    import netCDF4

    path = draft.inputs[0]
    try:
        with netCDF4.Dataset(path) as file:
            kind = _kind(file)
        if kind == "palm":
            from loaders.scenario.importers.palm import import_palm

            import_palm(draft)
            return
        with netCDF4.Dataset(path) as file:
            _name_tool(draft, file)
            draft.crs = draft.crs or draft.ask_crs(epsg_of(file))
            if kind in ("mesh", "flow"):
                _meshes(draft, file)
            elif len(draft.inputs) > 1:
                raise draft.refuse(draft.inputs[1], "several NetCDF files that are no parts of one run.",
                                   "Import them one by one, or merge them along time first (ncrcat).")  # fmt: skip
            else:
                _grids(draft, file)
    except (OSError, RuntimeError) as error:
        raise draft.refuse(
            path, "the NetCDF file cannot be read.", "The file may be damaged: export it again."
        ) from error


def _kind(file: Any) -> str:
    from loaders.scenario.importers.palm import is_palm, is_static

    if is_palm(file) or is_static(file):
        return "palm"
    if _mesh_name(file):
        return "mesh"
    return "flow" if "FlowElemContour_x" in file.variables else "grid"


def _mesh_name(file: Any) -> str:
    """The first mesh of faces (some files describe networks of lines too)."""
    found = [n for n, v in file.variables.items() if getattr(v, "cf_role", "") == "mesh_topology"]
    return next((n for n in found if int(getattr(file.variables[n], "topology_dimension", 2)) == 2), "")


def _name_tool(draft: Draft, file: Any) -> None:
    told = " ".join(
        str(getattr(file, name, "")) for name in ("source", "institution", "history", "title", "references")
    )
    draft.tool = draft.tool or next((tool for word, tool in _TOOLS.items() if word in told.lower()), "")


def _wanted(draft: Draft, name: str) -> bool:
    chosen = [part.strip() for part in draft.answers.get("columns", "").split(",") if part.strip()]
    return not chosen or name in chosen


def _nothing(draft: Draft) -> Exception:
    reason = "no variable lies on a grid or mesh that can be shown."
    return draft.refuse(draft.inputs[0], reason, "See its contents with ncdump -h.")


# --- meshes ----------------------------------------------------------------------------------------------------------


def _meshes(draft: Draft, file: Any) -> None:
    mesh = _mesh_name(file)
    names = [name for name in fm.field_names(file, mesh) if _wanted(draft, name) and name != f"{mesh}_node_z"]
    if not names:
        raise _nothing(draft)
    layered = any(len(file.variables[n].dimensions) - ("time" in file.variables[n].dimensions) > 1 for n in names)
    told = {name: _variable(draft, file, name, "mesh") for name in names}
    if len(draft.inputs) == 1 and mesh and not layered:
        draft.settle()
        written, target, on = names, draft.copy(draft.inputs[0], "results.nc"), mesh
    else:
        written = fm.merge(draft, names, mesh, "results.nc")
        target, on = "data/results.nc", fm.MESH
        lost = sorted(set(names) - set(written))
        if lost:
            draft.note(f"Left out, as they are not in every part or have more than layers: {', '.join(lost[:12])}.")
    if not written:
        raise _nothing(draft)
    for name in written:
        draft.add(told[name] | {"data": {"file": target, "mesh": on, "value": name}})
    fm.description(draft, draft.variables)


# --- grids -----------------------------------------------------------------------------------------------------------


def _grids(draft: Draft, file: Any) -> None:
    from loaders.scenario.importers.sliced import cut, is_cut

    plain, sliced = [], []
    for name, variable in file.variables.items():
        if name.lower() in _SKIP or variable.dtype.kind not in "fi" or not _wanted(draft, name):
            continue
        dims = variable.dimensions
        if len(dims) in (2, 3) and _flat(file, dims[-2:]) and (len(dims) == 2 or _is_time(file, dims[0])):
            plain.append(name)
        elif is_cut(file, name):
            sliced.append(name)
    if not plain and not sliced:
        raise _nothing(draft)
    told = {name: _variable(draft, file, name, "raster") for name in (*plain, *sliced)}
    if sliced:
        cut(draft, file, {name: told[name] for name in sliced})
    draft.settle()
    if plain:
        target = draft.copy(draft.inputs[0], "results.nc")
        for name in plain:
            draft.add(told[name] | {"data": {"file": target, "value": name}})


def _flat(file: Any, dimensions: tuple[str, ...]) -> bool:
    """True if both have a coordinate variable of their own."""
    return all(name in file.variables and file.variables[name].dimensions == (name,) for name in dimensions)


def _is_time(file: Any, name: str) -> bool:
    return name in file.variables and " since " in str(getattr(file.variables[name], "units", ""))


def _variable(draft: Draft, file: Any, name: str, binding: str) -> Json:
    source = file.variables[name]
    told = str(getattr(source, "units", "")).strip()
    title = str(getattr(source, "long_name", "") or name).strip()
    title = title[:1].upper() + title[1:] if title != name else title
    raw: Json = {"id": clean_id(name), "title": title, "binding": binding,
                 "unit": draft.ask_unit(name, ucum_of(told))}  # fmt: skip
    standard = str(getattr(source, "standard_name", ""))
    if standard:
        raw["standard_name"] = standard
        raw |= _LOOKS.get(standard, {})
    if name in ("h", "hmax") and standard == "depth":
        raw |= _DEPTH
    if raw["unit"] in ("Cel", "K"):
        raw |= {"palette": "heat", "quantity": "temperature"}
    methods = str(getattr(source, "cell_methods", ""))
    if methods:
        raw["cell_methods"] = methods[:200]
    if any(_is_time(file, dimension) for dimension in source.dimensions):
        raw["time"] = {"kind": "instants", "from_data": True}
    if name in ("zs", "zsmax") or standard in _LEVELS:
        draft.note(f"{name!r} is the height of the water surface, not its depth.")
    return raw
