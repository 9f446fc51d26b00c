"""What NetCDF files say of units and of their CRS, as UCUM and EPSG codes."""

from __future__ import annotations

from typing import Any

_UNITS = {
    "m": "m", "meters": "m", "meter": "m", "metre": "m", "mm": "mm", "cm": "cm", "m s-1": "m/s", "m/s": "m/s",
    "degc": "Cel", "degree_c": "Cel", "degrees_c": "Cel", "deg_c": "Cel", "degree_celsius": "Cel",
    "degrees_celsius": "Cel", "celsius": "Cel", "°c": "Cel", "k": "K", "kelvin": "K", "1": "1", "-": "1",
    "dimensionless": "1", "none": "1", "w m-2": "W/m2", "w/m2": "W/m2", "w m**-2": "W/m2", "ug m-3": "ug/m3",
    "ug/m3": "ug/m3", "kg m-3": "kg/m3", "kg/m^3": "kg/m3", "kg kg-1": "kg/kg", "g kg-1": "g/kg", "ppm": "[ppm]",
    "ppb": "[ppb]", "%": "%", "percent": "%", "m3 s-1": "m3/s", "m2 s-1": "m2/s", "m2 s-2": "m2/s2",
    "mm h-1": "mm/h", "mm hr-1": "mm/h", "seconds": "s", "s": "s", "sec": "s", "hours": "h", "degree": "deg",
    "degrees": "deg", "pa": "Pa", "hpa": "hPa", "n m-2": "N/m2",
}  # fmt: skip


def ucum_of(told: str) -> str:
    """The UCUM code of a unit as tools write it; what is not known stays as it is."""
    return _UNITS.get(told.strip().lower(), told.strip())


def epsg_of(file: Any) -> str:
    """The CRS that a file names, as an EPSG code; "" if it names none."""
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
