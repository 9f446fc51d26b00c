"""The town by name: nodes, streets, uses of the cells and bridges. All coordinates in metres, local plan."""

from __future__ import annotations

STATIONS = (
    0, 85, 170, 250, 330, 385, 440, 496, 552, 596, 640, 680, 720, 785, 850, 890, 970, 1035, 1100, 1150, 1200,
)  # fmt: skip
"""Where lines across the river hold the embankments (x, metres)."""

BRIDGES = (("Long Bridge", 552, 15.0, 3, 2.6), ("Park Footbridge", 250, 5.0, 2, 1.8))
"""Name, station, width, spans, rise of the deck (metres)."""

BASIN = {"S850": "yard", "S890": "water", "S970": "yard", "S1035": "yard", "S1100": "yard", "S1150": "yard"}
"""South bank intervals (from the named station) that are not embankment road."""

NODES: dict[str, complex] = {
    # Old centre: the ring where the walls stood, and the lanes inside.
    "W1": 318 + 470j, "W15": 329 + 525j, "W2": 340 + 580j, "W25": 366 + 622j, "W3": 395 + 668j,
    "R1": 520 + 700j, "R2": 640 + 672j, "E3": 705 + 590j, "ER": 716 + 532j, "E2": 722 + 470j, "E1": 721 + 392j,
    "A": 402 + 452j, "B": 398 + 548j, "Q1": 468 + 463j, "Q2": 557 + 450j, "Q3": 567 + 522j, "Q4": 474 + 534j,
    "K3": 577 + 604j, "K4": 484 + 616j, "EA": 640 + 461j, "EB": 652 + 528j, "EC": 646 + 594j,
    # Grid quarter.
    "F1": 850 + 386j, "G1": 970 + 386j, "H1": 1100 + 388j, "F2": 850 + 484j, "G2": 970 + 486j, "H2": 1100 + 488j,
    "F3": 850 + 592j, "G3": 970 + 594j, "H3": 1100 + 596j, "F4": 850 + 705j, "G4": 970 + 705j, "H4": 1100 + 706j,
    "R3": 735 + 712j, "D5": 735 + 818j, "F5": 850 + 820j, "G5": 970 + 820j, "H5": 1100 + 820j,
    # West and north.
    "B1": 170 + 468j, "B15": 170 + 524j, "B2": 170 + 580j, "B25": 170 + 636j, "B3": 170 + 692j, "B5": 170 + 815j,
    "W5": 395 + 812j, "R5": 520 + 812j, "M5": 640 + 815j,
    "B6": 176 + 905j, "W6": 395 + 912j, "R6": 520 + 914j, "D6": 735 + 912j, "G6": 970 + 906j,
    # Edges of the map.
    "NW": 0 + 1000j, "NE": 1200 + 1000j, "A2": 0 + 580j, "A5": 0 + 815j, "I3": 1200 + 600j, "I5": 1200 + 822j,
    "SW": 0 + 36j, "SE": 1200 + 30j, "SA": 0 + 118j, "SI": 1200 + 104j,
    # South bank.
    "SB": 170 + 116j, "SC": 330 + 114j, "SD": 440 + 112j, "S5": 552 + 110j, "SF": 720 + 107j, "SG": 850 + 105j,
    "K1": 890 + 152j, "K2": 970 + 152j,
    "P1": 110 + 190j, "P2": 196 + 178j, "P3": 262 + 199j, "P4": 330 + 180j, "P5": 232 + 152j, "P6": 300 + 150j,
}  # fmt: skip

STREETS: tuple[tuple[str, ...], ...] = (
    ("North Quay", "main", "N0..N1200"),
    ("South Quay", "main", "S0..S850"),
    ("West Ring", "main", "N330", "W1", "W15", "W2", "W25", "W3"),
    ("North Ring", "main", "W3", "R1", "R2"),
    ("East Ring", "main", "N720", "E1", "E2", "ER", "E3", "R2"),
    ("Bridge Street", "street", "N552", "Q2"),
    ("Rope Lane", "lane", "N440", "A"),
    ("Ferry Lane", "lane", "N640", "EA"),
    ("Fish Lane", "lane", "W1", "A", "Q1"),
    ("Baker Street", "lane", "Q2", "EA", "E2"),
    ("Cooper Lane", "lane", "A", "B"),
    ("Smith Street", "lane", "W2", "B", "Q4"),
    ("Market Side", "lane", "Q1", "Q2"),
    ("Mint Street", "lane", "Q3", "EB", "ER"),
    ("Church Side", "lane", "Q2", "Q3", "K3"),
    ("Dean Lane", "lane", "Q1", "Q4", "K4"),
    ("Chapter Row", "lane", "Q4", "Q3"),
    ("Priory Street", "lane", "W3", "K4", "K3"),
    ("North Gate", "lane", "K3", "R1"),
    ("East Gate", "lane", "K3", "EC", "E3"),
    ("Weaver Lane", "lane", "EA", "EB", "EC"),
    ("Market Road", "main", "R2", "R3"),
    ("Garden Street", "street", "E1", "F1", "G1", "H1"),
    ("Linden Street", "street", "E2", "F2", "G2", "H2"),
    ("Union Street", "street", "E3", "F3", "G3", "H3", "I3"),
    ("Foundry Street", "street", "R3", "F4", "G4", "H4"),
    ("First Avenue", "street", "N850", "F1", "F2", "F3", "F4", "F5"),
    ("Second Avenue", "street", "N970", "G1", "G2", "G3", "G4", "G5"),
    ("Third Avenue", "street", "N1100", "H1", "H2", "H3", "H4", "H5"),
    ("Orchard Road", "street", "A5", "B5", "W5", "R5", "M5", "D5", "F5", "G5", "H5", "I5"),
    ("Field Lane", "street", "A2", "B2"),
    ("Hill Road", "street", "B6", "W6", "R6", "D6", "G6"),
    ("Mill Road", "street", "N170", "B1", "B15", "B2", "B25", "B3", "B5", "B6"),
    ("Priory Road", "street", "W3", "W5", "W6"),
    ("School Road", "street", "R1", "R5", "R6"),
    ("Market Lane", "street", "R2", "M5"),
    ("Hall Street", "street", "R3", "D5", "D6"),
    ("Ridge Road", "street", "G5", "G6"),
    ("Spinner Row", "street", "B1", "W1"),
    ("Potter Row", "street", "B15", "W15"),
    ("Tanner Row", "street", "B2", "W2"),
    ("Dyer Row", "street", "B25", "W25"),
    ("Sawyer Row", "street", "B3", "W3"),
    ("South Road", "street", "SA", "SB", "SC", "SD", "S5", "SF", "SG", "SI"),
    ("Park Street", "street", "S440", "SD"),
    ("Bridge Road", "street", "S552", "S5"),
    ("Wharf Street", "street", "S720", "SF"),
    ("Harbour Street", "street", "S850", "SG"),
    ("Heron Path", "path", "S85", "P1", "P2", "P3", "P4", "SD"),
    ("Lime Path", "path", "S250", "P3"),
    ("Pond Path", "path", "P2", "P5", "P6", "P4"),
    ("Meadow Path", "path", "SB", "P5"),
    ("", "edge", "N0", "A2", "A5", "NW", "NE", "I5", "I3", "N1200"),
    ("", "edge", "S0", "SA", "SW", "SE", "SI", "S1200"),
    ("", "edge", "S850..S890", "K1", "K2", "S970..S1200"),
    ("", "edge", "S890", "S970"),
)
"""Name, class, nodes; "N0..N330" stands for all stations between."""

CELLS: tuple[tuple[complex, str, str], ...] = (
    (360 + 400j, "Rope quarter", "old"), (500 + 400j, "Quay quarter", "old"), (600 + 400j, "Ferry quarter", "old"),
    (680 + 400j, "Water Gate", "old"), (365 + 510j, "Fish quarter", "old"), (435 + 500j, "Cooper quarter", "old"),
    (410 + 600j, "Priory quarter", "old"), (490 + 655j, "North Gate quarter", "old"),
    (600 + 490j, "Baker quarter", "old"), (610 + 560j, "Mint quarter", "old"), (685 + 500j, "East wall", "old"),
    (680 + 560j, "Weaver quarter", "old"), (610 + 645j, "East Gate quarter", "old"),
    (515 + 495j, "Market Square", "square"), (525 + 570j, "Churchyard", "church"),
    (785 + 345j, "Alda block", "grid"), (910 + 335j, "Barge block", "grid"), (1035 + 335j, "Harbour view", "grid"),
    (785 + 430j, "Garden block", "grid"), (910 + 435j, "Lilac block", "grid"), (1035 + 435j, "Maple block", "grid"),
    (785 + 535j, "Linden block", "grid"), (910 + 540j, "Linden Green", "green"), (1035 + 540j, "Ash block", "grid"),
    (785 + 650j, "Union block", "grid"), (910 + 650j, "Anvil block", "grid"), (1035 + 650j, "Forge block", "grid"),
    (790 + 765j, "Foundry offices", "office"), (910 + 765j, "Bellows block", "grid"),
    (1035 + 765j, "Foundry flats", "slab"), (1150 + 450j, "East gardens", "detached"),
    (1150 + 700j, "East meadow", "meadow"),
    (250 + 410j, "Mill flats", "slab"), (250 + 500j, "Spinner terraces", "terrace"),
    (250 + 550j, "Potter terraces", "terrace"), (250 + 605j, "Tanner terraces", "terrace"),
    (250 + 655j, "Dyer terraces", "terrace"), (280 + 750j, "Sawyer gardens", "detached"),
    (455 + 750j, "North gardens", "detached"), (575 + 750j, "School", "school"), (685 + 760j, "Market hall", "hall"),
    (280 + 860j, "Orchard west", "detached"), (455 + 860j, "Orchard middle", "detached"),
    (630 + 860j, "Orchard east", "detached"), (850 + 860j, "Ridge", "detached"),
    (80 + 450j, "Mill meadow", "meadow"), (80 + 700j, "West fields", "meadow"), (600 + 960j, "North wood", "wood"),
    (60 + 200j, "Alda Park west", "park"), (170 + 215j, "Alda Park", "park"), (350 + 220j, "Alda Park east", "park"),
    (266 + 170j, "Heron Pond", "pond"), (330 + 130j, "Alda Park lawn", "park"),
    (495 + 190j, "Villa quarter", "detached"), (630 + 190j, "Wharf gardens", "wharf"),
    (785 + 165j, "Wharf yard", "works"), (1050 + 130j, "Harbour yard", "harbour"), (930 + 190j, "Basin", "basin"),
    (600 + 70j, "South fields", "meadow"),
)  # fmt: skip
"""A point inside, name and use of every cell of the street graph."""
