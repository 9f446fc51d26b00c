"""ANUGA: SWW files (NetCDF with triangles and ``stage`` at nodes or centroids), as water depth on a UGRID mesh."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from loaders.scenario.importers.kit import Draft, ImporterSpec
from loaders.scenario.importers.netcdf import is_netcdf

DRY = 0.001
"""Water shallower than this (metres) is none."""


def sniff(paths: tuple[Path, ...], heads: tuple[bytes, ...]) -> int:
    """A NetCDF file whose name says .sww."""
    return 95 if len(paths) == 1 and is_netcdf(heads[0]) and ".sww" in paths[0].name.lower() else 0


SPEC = ImporterSpec("anuga-sww", "ANUGA flood results (SWW)", sniff, "loaders.scenario.importers.anuga:run")


def run(draft: Draft) -> None:
    """Depth = stage - elevation; the file's own start time and offset are used where it has them."""
    import netCDF4

    draft.tool = draft.tool or "ANUGA"
    path = draft.inputs[0]
    try:
        with netCDF4.Dataset(path) as file:
            start = float(getattr(file, "starttime", 0.0) or 0.0)
            begun = _moment(start)
            if not begun:
                begun = draft.ask_start("second 0 of the run")
            zone = int(getattr(file, "zone", -1) or -1)
            draft.crs = draft.crs or draft.ask_crs(_utm(file, zone))
            draft.settle()
            _write(draft, path, file, begun)
    except (OSError, KeyError, IndexError, RuntimeError) as error:
        raise draft.refuse(path, "it is no SWW file that can be read.", "Run ANUGA again and keep its .sww.") from error
    draft.add({
        "id": "depth", "title": "Water depth", "binding": "mesh", "unit": "m", "quantity": "length", "palette": "water",
        "good": "low", "zero_is_none": True, "time": {"kind": "instants", "from_data": True},
        "data": {"file": "data/depth.nc", "mesh": "mesh", "z": "elevation", "value": "depth"},
        "note": {"en": f"Water surface less ground; shallower than {DRY * 1000:g} mm counts as dry."},
    })  # fmt: skip


def _utm(file: Any, zone: int) -> str:
    """The UTM zone of WGS 84; "" where the file leaves it open, or on which side of the equator it is."""
    side = str(getattr(file, "hemisphere", "")).strip().lower()
    if float(getattr(file, "false_northing", 0.0) or 0.0) > 0:
        side = "southern"
    first = {"southern": 32700, "northern": 32600}.get(side)
    return f"EPSG:{first + zone}" if first is not None and 1 <= zone <= 60 else ""


def _moment(start: float) -> str:
    """ISO 8601 of a start time in seconds since 1970; "" for runs whose clock begins at zero."""
    if start < 86400.0 * 365:
        return ""
    from loaders.scenario.times import iso

    return iso(start)


def _write(draft: Draft, path: Path, file: Any, begun: str) -> None:
    import netCDF4

    at_faces = "stage_c" in file.variables
    stage = file.variables["stage_c" if at_faces else "stage"]
    ground = np.asarray(file.variables["elevation_c" if at_faces else "elevation"][:], np.float32)
    x = np.asarray(file.variables["x"][:], np.float64) + float(getattr(file, "xllcorner", 0.0) or 0.0)
    y = np.asarray(file.variables["y"][:], np.float64) + float(getattr(file, "yllcorner", 0.0) or 0.0)
    volumes = np.asarray(file.variables["volumes"][:], np.int64)
    times = np.asarray(file.variables["time"][:], np.float64)
    if volumes.ndim != 2 or volumes.shape[1] != 3 or volumes.min() < 0 or volumes.max() >= len(x):
        raise draft.refuse(path, "its triangles name points that there are none of.")
    place, size = ("face", len(volumes)) if at_faces else ("node", len(x))
    nodes = _at_nodes(ground, volumes, len(x)) if at_faces else ground
    with netCDF4.Dataset(draft.data("depth.nc"), "w", format="NETCDF4") as out:
        for name, count in (("time", len(times)), ("node", len(x)), ("face", len(volumes)), ("corner", 3)):
            out.createDimension(name, count)
        mesh = out.createVariable("mesh", "i4")
        mesh.setncatts({"cf_role": "mesh_topology", "topology_dimension": 2, "node_coordinates": "x y",
                        "face_node_connectivity": "faces"})  # fmt: skip
        clock = out.createVariable("time", "f8", ("time",))
        clock.setncatts({"units": f"seconds since {begun.replace('T', ' ').replace('Z', '')}", "standard_name": "time"})
        clock[:] = times
        for name, values in (("x", x), ("y", y), ("elevation", nodes)):
            out.createVariable(name, "f8", ("node",))[:] = values
            out[name].units = "m"
        faces = out.createVariable("faces", "i4", ("face", "corner"))
        faces.start_index = 0
        faces[:] = volumes
        depth = out.createVariable("depth", "f4", ("time", place), zlib=True, chunksizes=(1, size))
        depth.setncatts({"mesh": "mesh", "location": place, "units": "m"})
        for step in range(len(times)):
            draft.progress.report(step / len(times), "computing depths")
            found = np.asarray(stage[step], np.float32) - ground
            depth[step] = np.where(found > DRY, found, np.float32(0.0))


def _at_nodes(ground: Any, volumes: Any, count: int) -> Any:
    """Heights of faces as the mean of the faces around each node."""
    total, faces = np.zeros(count), np.zeros(count)
    for corner in range(3):
        np.add.at(total, volumes[:, corner], ground)
        np.add.at(faces, volumes[:, corner], 1)
    return total / np.maximum(faces, 1)
