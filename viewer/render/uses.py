"""What an object is for, as a small number that the shaders know: from its type and its attributes.

Attributes say it in many languages and code lists. Every category of a column is looked at once; objects get their
number through the category. No VTK.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from loaders.city import CityData, Column, ObjectTable

UInt8 = npt.NDArray[np.uint8]

UNKNOWN, RESIDENTIAL, OLD_TOWN, OFFICE, RETAIL, INDUSTRY, PUBLIC, CHURCH, GREENHOUSE = range(9)
GRASS, WOOD, GARDEN, ALLOTMENTS, FIELD, VINEYARD, SPORT, SAND, PAVED, HARBOUR = range(16, 26)
ASPHALT, COBBLES, FOOTPATH, MARKING, RAIL = range(32, 37)
WATER, TERRAIN = 40, 44
FOLIAGE, CONIFER, FURNITURE = 48, 49, 50
BRIDGE = 56
FEW = 20_000
"""Most categories of a column that are looked at: a column of free text says nothing about uses."""
OLD_UNTIL = 1880
"""Houses built until that year get the narrow bays of an old town."""

_TYPES = {
    "Building": UNKNOWN,
    "BuildingPart": UNKNOWN,
    "PlantCover": GRASS,
    "LandUse": GRASS,
    "Road": ASPHALT,
    "TransportSquare": COBBLES,
    "Square": COBBLES,
    "Track": FOOTPATH,
    "Railway": RAIL,
    "Waterway": WATER,
    "WaterBody": WATER,
    "TINRelief": TERRAIN,
    "SolitaryVegetationObject": FOLIAGE,
    "CityFurniture": FURNITURE,
    "Bridge": BRIDGE,
    "BridgePart": BRIDGE,
    "BridgeConstructiveElement": BRIDGE,
    "BridgeInstallation": BRIDGE,
    "OtherConstruction": BRIDGE,
    "Tunnel": BRIDGE,
    "TunnelPart": BRIDGE,
}
_BUILDINGS = ("Building", "BuildingPart", "BuildingInstallation", "BuildingConstructiveElement", "BuildingUnit")
_LANDS = ("PlantCover", "LandUse", "GenericCityObject")
_WAYS = ("Road", "TransportSquare", "Square", "Track", "Railway")
_PLANTS = ("SolitaryVegetationObject",)

_BUILDING_WORDS = (
    (GREENHOUSE, "greenhouse|glasshouse|kassen?$|warenhuis kas|tuinbouwkas|gewächshaus|gewaechshaus|treibhaus|serre"),
    (CHURCH, "church|chapel|cathedral|basilica|religio|mosque|synagogue|temple|kerk|kapel|gebedshuis|moskee|kirche"
             "|kapelle|dom$|moschee|sakral|église|eglise|iglesia|chiesa|kościół|minster"),
    (RETAIL, r"retail|\bshop|store$|commerc|mall|winkel|handel|kaufhaus|supermarkt|laden|geschäft|market|restaurant"
             "|gastst|hotel|horeca|logies|café|cafe|tienda|negozio|commerce"),
    (INDUSTRY, "industr|factory|workshop|plant$|warehouse|manufactur|storage|depot|hangar|silo|fabri[ek]"
               "|werk(platz|statt|halle)|lager|bedrijf|nijver|loods|gewerbe|agricult|farm|barn|stable|landwirt|scheune|stall|boerderij|usine"),
    (OFFICE, "office|bureau|kantoor|büro|buero|administration|verwaltung|business|bank$|insurance|oficina|ufficio"),
    (PUBLIC, "public|school|universit|education|hospital|health|civic|government|town ?hall|museum|library|theat"
             "|station|kindergarten|college|onderwijs|gezondheid|bijeenkomst|sport|cel(functie)?$|öffentlich|schule"
             "|krankenhaus|rathaus|bildung|hospice|clinic|cultur|kultur|fire|police|école|mairie|hôpital"),
    (RESIDENTIAL, "resid|dwelling|housing|apartment|flat|house|terrace|detached|villa|woon|woning|wohn|habit|logement"
                  "|vivienda|abitazion|mixed|living"),
)  # fmt: skip
_OLD_WORDS = ((OLD_TOWN, r"old ?town|\bold$|altstadt|historic|medieval|monument|binnenstad|vieille"),)
_LAND_WORDS = (
    (WATER, "water|wasser|pond|lake|river|canal|sloot|gracht|vijver"),
    (VINEYARD, "vine|wijngaard|wein(berg|bau)|vigne|viña"),
    (ALLOTMENTS, "allotment|volkstuin|kleingart|schreber"),
    (SPORT, "sport|pitch|playing|stadium|tennis|football|soccer|playground|speel|spielplatz"),
    (WOOD, "wood|forest|bos$|bos[^s]|loofbos|naaldbos|houtwal|wald|gehölz|trees?$|shrub|scrub|struik|bosque|forêt"),
    (FIELD, "arable|crop|field|farmland|bouwland|akker|acker|cereal|wheat|maize|potato|boomteelt|fruit|orchard|meadow"
            "|agrar"),
    (GARDEN, "garden|tuin|garten|jardin|churchyard|cemetery|friedhof|begraaf"),
    (HARBOUR, "harbou?r|port area|quay|dock|haven|kade|hafen|container|industr"),
    (SAND, "sand|beach|dune|duin|gravel|grind|kies|strand|onverhard|half verhard|bare|quarry|construction"),
    (PAVED, "paved|yard|erf$|hof$|verhard|sealed|versiegelt|parking|parkeer|parkplatz|court|plaza|square|retail"
            "|commercial|urban|built|wohn|residential"),
    (GRASS, "grass|park|lawn|green|gras|groen|grün|wiese|rasen|berm|heide|moor|riet|pasture|weide|recreation"),
)  # fmt: skip
_WAY_WORDS = (
    (RAIL, "tram|rail|spoor|bahn|schiene|metro"),
    (MARKING, "crossing|marking|zebra|crosswalk"),
    (FOOTPATH, "foot|pedestrian|pavement|sidewalk|voetpad|voetgang|gehweg|fussweg|fußweg|path$|path |walk|steps"
               "|trottoir|fietspad|cycle|radweg"),
    (COBBLES, "cobble|sett|stone|klinker|kassei|pflaster|open verharding|woonerf|square|platz|plein|brick|paving"),
    (SAND, "gravel|unpaved|grind|kies|onverhard|dirt|ground"),
    (GRASS, "groenvoorziening|grass|berm"),
    (ASPHALT, "asphalt|tarmac|bitum|concrete|beton|gesloten verharding|rijbaan|fahrbahn|carriage|road|street|lane"
              "|autoweg|highway|parking|parkeer"),
)  # fmt: skip
_PLANT_WORDS = (
    (CONIFER, "conifer|pine|spruce|fir$|larch|cedar|cypress|yew|naaldboom|nadel|kiefer|fichte|tanne|picea|abies|pinus"),
)
_BUILDING_COLUMNS = ("class", "usage", "function", "building", "amenity", "bldg:function", "gebruiksdoel", "functie")
_LAND_COLUMNS = (
    "class", "usage", "function", "landuse", "natural", "leisure", "bgt_functie", "bgt_fysiekvoorkomen", "surface",
    "surfaceMaterial", "crop",
)  # fmt: skip
_WAY_COLUMNS = (
    "class", "usage", "function", "highway", "railway", "bgt_functie", "bgt_fysiekvoorkomen", "surface",
    "surfaceMaterial",
)  # fmt: skip
_PLANT_COLUMNS = ("class", "function", "species", "leafType", "leaf_type")
_YEARS = ("yearOfConstruction", "oorspronkelijkbouwjaar", "year", "start_date")
_STOREYS = ("storeysAboveGround", "storeys", "levels", "building:levels", "b3_bouwlagen", "numberOfFloors")

# ALKIS Gebäudefunktion, as in the German CityGML models: 31001_1010 is a dwelling house
_ALKIS = (
    ("274", GREENHOUSE), ("304", CHURCH), ("205", RETAIL), ("201", RETAIL), ("207", RETAIL), ("208", RETAIL),
    ("202", OFFICE), ("203", OFFICE), ("204", OFFICE), ("20", OFFICE), ("2", INDUSTRY), ("3", PUBLIC),
    ("1", RESIDENTIAL),
)  # fmt: skip
# CityGML 2.0, code list of building classes (annex C.1)
_CLASSES = {
    "1000": RESIDENTIAL, "1020": OFFICE, "1030": RETAIL, "1040": RETAIL, "1050": PUBLIC, "1060": PUBLIC,
    "1070": PUBLIC, "1080": CHURCH, "1090": INDUSTRY, "1100": PUBLIC, "1120": PUBLIC, "1130": OFFICE, "1140": PUBLIC,
    "1150": INDUSTRY, "1160": INDUSTRY, "1170": PUBLIC,
}  # fmt: skip
_Words = tuple[tuple[int, str], ...]


def uses_of(city: CityData) -> UInt8:
    """uint8 (N,): what every object is for, 0..63. Parts take over what their parents say."""
    objects = city.objects
    by_type = np.array([_TYPES.get(name.lstrip("+"), UNKNOWN) for name in objects.type_names] or [0], np.uint8)
    uses = by_type[np.clip(objects.type_codes, 0, len(by_type) - 1)]
    for types, columns, words in (
        (_LANDS, _LAND_COLUMNS, _LAND_WORDS),
        (_WAYS, _WAY_COLUMNS, _WAY_WORDS),
        (_PLANTS, _PLANT_COLUMNS, _PLANT_WORDS),
    ):
        _refine(uses, objects, types, columns, words)
    _refine(uses, objects, _BUILDINGS, _BUILDING_COLUMNS, _BUILDING_WORDS)
    _make_old(uses, objects)
    parent = _parents(objects)
    built = _of_types(objects, _BUILDINGS)
    for _ in range(2):
        open_ = built & (uses == UNKNOWN) & (parent >= 0)
        uses[open_] = uses[parent[open_]]
    return uses


def storeys_of(city: CityData) -> npt.NDArray[np.float32]:
    """float32 (N,): storeys above ground, 0 = unknown; parts take over what their parents say."""
    out = np.zeros(len(city.objects), np.float32)
    column = _numeric(city.objects, _STOREYS)
    if column is None:
        return out
    values = column.as_float()
    sane = column.present & (values >= 1) & (values <= 200)
    out[sane] = values[sane]
    parent = _parents(city.objects)
    open_ = (out == 0) & (parent >= 0)
    out[open_] = out[parent[open_]]
    return out


def use_of_text(text: str, words: _Words = _BUILDING_WORDS) -> int:
    """The use that a word in an attribute means, `UNKNOWN` where none is known."""
    low = text.strip().lower()
    if low.startswith("31001_") or low.startswith("31001-"):
        return next((use for start, use in _ALKIS if low[6:].startswith(start)), UNKNOWN)
    return next((use for use, pattern in words if re.search(pattern, low)), UNKNOWN)


def get_ready() -> None:
    """Compile the patterns, which takes 20 ms: for a thread, before there is a city."""
    for words in (_BUILDING_WORDS, _OLD_WORDS, _LAND_WORDS, _WAY_WORDS, _PLANT_WORDS):
        use_of_text("", words)


def _refine(uses: UInt8, objects: ObjectTable, types: Iterable[str], names: Iterable[str], words: _Words) -> None:
    """Take over what columns say about objects of some types; later columns are more exact."""
    chosen = _of_types(objects, types)
    if not chosen.any():
        return
    by_name = {name.lower(): column for name, column in objects.columns.items()}
    for name in names:
        column = by_name.get(name.lower())
        if column is not None:
            found = _column_uses(column, words, numbers=_CLASSES if words is _BUILDING_WORDS else {})
            take = chosen & (found != UNKNOWN)
            uses[take] = found[take]


def _column_uses(column: Column, words: _Words, numbers: dict[str, int]) -> UInt8:
    """uint8 (N,): the use that a column tells, `UNKNOWN` where it does not."""
    if column.categories is None:
        if column.kind != "integer" or column.name != "class":
            return np.zeros(len(column.values), np.uint8)
        keys, codes = np.unique(column.values, return_inverse=True)
        table = np.array([numbers.get(str(key), UNKNOWN) for key in keys[:FEW]] or [0], np.uint8)
        return np.asarray(np.where(column.present & (codes < len(table)), table[np.minimum(codes, len(table) - 1)], 0))
    if not 0 < len(column.categories) <= FEW:
        return np.zeros(len(column.values), np.uint8)
    texts = column.categories.to_list()
    exact = numbers if column.name == "class" else {}
    table = np.array([exact.get(text) or use_of_text(text, words) for text in texts], np.uint8)
    codes = np.asarray(column.values, np.int64)
    inside = column.present & (codes >= 0) & (codes < len(table))
    return np.asarray(np.where(inside, table[np.where(inside, codes, 0)], UNKNOWN), np.uint8)


def _make_old(uses: UInt8, objects: ObjectTable) -> None:
    """Dwellings and shops from before `OLD_UNTIL`, or in an old quarter."""
    house = _of_types(objects, _BUILDINGS) & np.isin(uses, (UNKNOWN, RESIDENTIAL))
    years = _numeric(objects, _YEARS)
    if years is not None:
        values = years.as_float()
        uses[house & years.present & (values > 500) & (values <= OLD_UNTIL)] = OLD_TOWN
    for name in ("quarter", "class", "district"):
        column = objects.columns.get(name)
        if column is not None and column.categories is not None:
            uses[house & (_column_uses(column, _OLD_WORDS, {}) == OLD_TOWN)] = OLD_TOWN


def _numeric(objects: ObjectTable, names: Iterable[str]) -> Column | None:
    return next((c for c in map(objects.columns.get, names) if c is not None and c.is_numeric()), None)


def _of_types(objects: ObjectTable, types: Iterable[str]) -> npt.NDArray[np.bool_]:
    wanted = set(types)
    table = np.array([name.lstrip("+") in wanted for name in objects.type_names] or [False], np.bool_)
    return np.asarray(table[np.clip(objects.type_codes, 0, len(table) - 1)], np.bool_)


def _parents(objects: ObjectTable) -> npt.NDArray[np.int64]:
    """int64 (N,): row of the first parent, -1 = none."""
    out = np.full(len(objects), -1, np.int64)
    start = objects.parent_start
    has = np.flatnonzero(start[1:] > start[:-1])
    out[has] = objects.parent_rows[start[has]]
    return out
