"""Where a variable's numbers lie in its package and which moments they belong to: its ``data`` and ``time``.

Only names: of files in the package, of columns, bands and NetCDF variables. Nothing here is ever run.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

TimeSource = Literal["static", "instants", "intervals", "periods"]


@dataclass(frozen=True, slots=True)
class TimeSpec:
    """The steps of a variable as the manifest writes them.

    Attributes:
        kind: as `loaders.scenario.model.TimeAxis.kind`.
        moments: ISO 8601 texts, one per step; without an offset in ``zone``. Empty: see ``start``, ``from_data``.
        ends: ISO 8601 texts of the ends of intervals and dated periods.
        start: first moment of equal steps ``step`` seconds long, ``count`` of them.
        names: names of periods.
        zone: IANA zone. calendar: CF calendar.
        from_data: the moments are the time coordinate of the variable's NetCDF file.
    """

    kind: TimeSource = "static"
    moments: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()
    start: str = ""
    step: float | None = None
    count: int | None = None
    names: tuple[str, ...] = ()
    zone: str = "UTC"
    calendar: str = "standard"
    from_data: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """One array's place.

    Attributes:
        files: one file, or one per step; none = the variable's own ``data.files``.
        names: a column, property or NetCDF variable; one, or one per step.
        bands: raster bands, 1 = first, one per step (or one, with one file per step); none = all in order.
    """

    files: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    bands: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class DataSpec:
    """Where the numbers of a variable lie.

    Attributes:
        files: one file, or one per step, paths inside the package.
        layer: of a GeoPackage. crs: of the data ("EPSG:28992"), "" = as the file says, else the package's.
        separator, decimal: of CSV.
        id: column (property) with the ids. surface: column with the number of the semantic surface in its object.
        owner: column with the id of the building that a receiver belongs to.
        time: column with moments, names of periods, or seconds after the start of the time axis; none = the table has
            a column or file per step.
        member: column, or NetCDF dimension, that counts the members of an ensemble.
        x, y, z: columns of places; nx, ny, nz: columns of normals.
        mover: column with the kind of a mover ("car").
        mesh: NetCDF variable that describes the topology (UGRID), "" = the only one.
        geometry, geometry_layer, geometry_id: file, layer and id property of the places that a table of values refers
            to by ``id``; "" = values and places are in one file.
        value, level, low, high, sd: arrays; ``level`` is the height of a water surface (rasters).
        members: one per member. quantiles: probability and array.
        nodata, not_modelled: numbers that stand for it, besides what the file itself declares.
        not_modelled_text: text that stands for "not modelled" in a table.
        changes, added: patch: JSON with what is removed and replaced, CityJSON or glTF with what is new.
        origin: glTF: where its zero lies, x, y and height (two numbers: on the ground), in ``crs``.
    """

    files: tuple[str, ...] = ()
    layer: str = ""
    crs: str = ""
    separator: str = ","
    decimal: str = "."
    id: str = ""
    surface: str = ""
    owner: str = ""
    time: str = ""
    member: str = ""
    x: str = ""
    y: str = ""
    z: str = ""
    nx: str = ""
    ny: str = ""
    nz: str = ""
    mover: str = ""
    mesh: str = ""
    geometry: str = ""
    geometry_layer: str = ""
    geometry_id: str = ""
    value: Part | None = None
    level: Part | None = None
    low: Part | None = None
    high: Part | None = None
    sd: Part | None = None
    members: tuple[Part, ...] = ()
    quantiles: tuple[tuple[float, Part], ...] = ()
    nodata: tuple[float, ...] = ()
    not_modelled: tuple[float, ...] = ()
    not_modelled_text: str = ""
    changes: str = ""
    added: str = ""
    origin: tuple[float, ...] = ()
    extra: tuple[str, ...] = field(default=())
    """Files that belong to the data without being named above (a shapefile's companions)."""

    def all_files(self) -> tuple[str, ...]:
        """Every file of the package that reading this takes, each once, in order."""
        parts = [self.value, self.level, self.low, self.high, self.sd, *self.members, *(p for _, p in self.quantiles)]
        named = [*self.files, self.geometry, self.changes, self.added, *self.extra]
        for part in parts:
            named += part.files if part is not None else ()
        return tuple(dict.fromkeys(name for name in named if name))
