"""Names of the demo town: invented, easy to say, and as mixed in origin as the people of a port."""

from __future__ import annotations

from collections.abc import Iterator

TOWN, RIVER, SQUARE, BASIN = "Aldhaven", "River Alda", "Market Square", "Grain Dock"

PEOPLE = (
    "Adeyemi", "Amaru", "Arslan", "Bellamy", "Benali", "Bergström", "Bianchi", "Castell", "Chandra", "Delacroix",
    "Dvorak", "Eriksen", "Fadel", "Farrow", "Ferreira", "Gallo", "Haddad", "Halloran", "Hashimi", "Ibarra", "Ivanic",
    "Jansen", "Kaldor", "Kamara", "Karim", "Kestrel", "Kovac", "Laurent", "Lindqvist", "Lomax", "Macleod", "Mbeki",
    "Mendel", "Molnar", "Moreau", "Nakata", "Nazari", "Novak", "Obando", "Okafor", "Olander", "Orlov", "Ozturk",
    "Pascal", "Pereira", "Petrov", "Quintana", "Rashid", "Rossi", "Sato", "Serrano", "Sharma", "Silva", "Soliman",
    "Tamura", "Tereshko", "Tolar", "Ulrich", "Valdez", "Vasari", "Wanjiku", "Weiss", "Yilmaz", "Zapata", "Zeman",
)  # fmt: skip
"""Family names after which the streets of the newer quarters are called."""

TREES = (
    "Acacia", "Alder", "Almond", "Apple", "Ash", "Aspen", "Bay", "Beech", "Birch", "Box", "Briar", "Cedar", "Cherry",
    "Chestnut", "Cypress", "Elder", "Elm", "Fig", "Fir", "Hawthorn", "Hazel", "Hemlock", "Holly", "Hornbeam", "Ivy",
    "Juniper", "Laburnum", "Larch", "Laurel", "Lilac", "Lime", "Linden", "Maple", "Medlar", "Mulberry", "Myrtle",
    "Oak", "Olive", "Pear", "Pine", "Plane", "Plum", "Poplar", "Privet", "Quince", "Rowan", "Sorrel", "Spruce",
    "Sycamore", "Tamarisk", "Walnut", "Willow", "Yew",
)  # fmt: skip
"""Streets of terraces and villas."""

TRADES = (
    "Baker", "Barber", "Basket", "Bell", "Brewer", "Candle", "Carter", "Chandler", "Cooper", "Dyer", "Felt", "Ferry",
    "Fish", "Fuller", "Glass", "Glover", "Goldsmith", "Hatter", "Horn", "Kiln", "Lantern", "Mason", "Mercer", "Mint",
    "Net", "Oil", "Pewter", "Potter", "Quill", "Rope", "Saddler", "Sail", "Salt", "Silver", "Smith", "Spice",
    "Spinner", "Tailor", "Tanner", "Thatcher", "Tiler", "Vintner", "Wax", "Weaver", "Wheel", "Wool",
)  # fmt: skip
"""Lanes of the old centre."""

CARGO = (
    "Amber", "Anchor", "Ballast", "Cable", "Coffee", "Copper", "Cotton", "Crane", "Flax", "Grain", "Indigo", "Jute",
    "Malt", "Pepper", "Rigging", "Saffron", "Sisal", "Sugar", "Tar", "Tea", "Timber",
)  # fmt: skip
"""Roads of the harbour."""

FARMS = ("Heron", "Lark", "Plover", "Curlew", "Lapwing", "Kestrel", "Wren", "Stork", "Swift", "Finch", "Teal", "Rook")
"""Farms and fields."""


class Names:
    """Hands out street names, none of them twice."""

    def __init__(self) -> None:
        self._pools: dict[str, Iterator[str]] = {
            "old": self._all(TRADES, ("Lane", "Row", "Yard", "Alley")),
            "grid": self._all(PEOPLE, ("Street", "Avenue", "Place")),
            "terrace": self._all(TREES[::2] + TREES[1::2], ("Street", "Road", "Grove")),
            "villa": self._all(TREES[::-1], ("Drive", "Close", "Rise")),
            "slab": self._all(PEOPLE[::-1], ("Walk", "Court", "Way")),
            "harbour": self._all(CARGO, ("Road", "Wharf")),
            "rural": self._all(FARMS, ("Lane", "Track", "Way")),
        }

    @staticmethod
    def _all(roots: tuple[str, ...], ends: tuple[str, ...]) -> Iterator[str]:
        return iter([f"{root} {end}" for end in ends for root in roots])

    def next(self, pool: str) -> str:
        """The next free name of a pool."""
        return next(self._pools[pool])
