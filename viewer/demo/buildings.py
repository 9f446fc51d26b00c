"""The buildings of the demo city: every lot is handed to the builder of its use."""

from __future__ import annotations

from collections.abc import Callable

from viewer.demo.dense import grid_block, old_block
from viewer.demo.house import House, settle
from viewer.demo.industry import harbour, offices, works
from viewer.demo.landmarks import (
    chapel,
    church,
    hospital,
    market_hall,
    museum,
    pavilions,
    school,
    sport,
    square,
    station,
    townhall,
    vineyard,
)
from viewer.demo.loose import allotments, farm, slabs, terraces, village, villas
from viewer.demo.lots import Lot
from viewer.demo.site import Site

_QUARTERS: dict[str, Callable[[Site], None]] = {
    "old": old_block, "grid": grid_block, "terrace": terraces, "slab": slabs, "villa": villas, "office": offices,
    "harbour": harbour, "works": works, "village": village, "farm": farm, "allotments": allotments, "church": church,
    "square": square, "school": school, "station": station, "townhall": townhall, "hospital": hospital,
    "hall": market_hall, "museum": museum, "chapel": chapel, "sport": sport, "park": pavilions, "vineyard": vineyard,
}  # fmt: skip


def build_lot(lot: Lot, seed: int) -> list[House]:
    """All buildings of a lot, standing on its ground; none on open land. The same seed gives the same houses.

    They lie inside the lot, do not overlap (neighbours share their party wall's plane), and face its streets.
    """
    builder = _QUARTERS.get(lot.use)
    if builder is None:
        return []
    site = Site(lot, seed)
    builder(site)
    return settle(site.houses, lot.ground)
