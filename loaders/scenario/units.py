"""Units by their UCUM codes (ucum.org), checked by ucumvert, and as people write them."""

from __future__ import annotations

from functools import cache
from typing import Any

LABELS = {
    "1": "",
    "m": "m",
    "dB[SPL]": "dB",
    "dB": "dB",
    "Cel": "°C",
    "K": "K",
    "%": "%",
    "m/s": "m/s",
    "km/h": "km/h",
    "m2": "m²",
    "m3/s": "m³/s",
    "ug/m3": "µg/m³",
    "W/m2": "W/m²",
    "kW.h/(m2.a)": "kWh/(m²·a)",
    "kW.h/m2": "kWh/m²",
    "kW.h": "kWh",
    "h": "h",
    "min": "min",
    "deg": "°",
}
_HINTS = {
    "db(a)": "dB[SPL]",
    "dba": "dB[SPL]",
    "°c": "Cel",
    "c": "Cel",
    "degc": "Cel",
    "celsius": "Cel",
    "meter": "m",
    "metre": "m",
    "meters": "m",
    "kwh": "kW.h",
    "kwh/m2": "kW.h/m2",
    "µg/m3": "ug/m3",
    "µg/m³": "ug/m3",
    "m²": "m2",
    "percent": "%",
    "-": "1",
    "none": "1",
    "vehicles": "{vehicles}",
    "persons": "{persons}",
    "ft": "[ft_i]",
}


@cache
def _parser() -> Any:
    from ucumvert import get_ucum_parser

    return get_ucum_parser()


@cache
def unit_problem(code: str) -> str:
    """ "" for a UCUM code, else what is wrong with it and, where it can be guessed, what was meant."""
    from lark.exceptions import LarkError

    try:
        if code and len(code) <= 60 and code.isascii():
            _parser().parse(code)
            return ""
    except (LarkError, RecursionError):
        pass
    meant = _HINTS.get(code.strip().lower())
    hint = f"; {meant!r} is probably meant" if meant else ""
    return f"{code!r} is no UCUM unit{hint}"


def unit_label(code: str) -> str:
    """How people write a UCUM unit; annotations in braces become words."""
    if code in LABELS:
        return LABELS[code]
    text = code.replace("{", "").replace("}", "")
    for digit, sign in (("2", "²"), ("3", "³")):
        text = text.replace(f"m{digit}", f"m{sign}")
    return text.replace(".", "·").replace("ug", "µg").replace("Cel", "°C")


def is_unit(code: str) -> bool:
    """True for a UCUM code."""
    return not unit_problem(code)
