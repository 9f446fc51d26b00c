"""Whether water is drawn with waves, which move while something plays."""

from __future__ import annotations

from collections.abc import Iterable

from loaders.city import CityData


def has_waves(realism: str, cities: Iterable[CityData]) -> bool:
    """True if a picture with that realism shows waves on a body of water of one of these cities."""
    return realism == "textured" and any(
        name.lstrip("+").startswith("WaterBody") for city in cities for name in city.objects.type_names
    )
