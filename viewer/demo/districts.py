"""The demo town drawn: its main roads, quarters, and what stands where. Town coordinates in metres."""

from __future__ import annotations

from cmath import rect
from itertools import pairwise
from math import tau

from viewer.demo import terrain
from viewer.demo.names import SQUARE
from viewer.demo.network import Network, Patch, Quarter, Ruling, bank, between, old_centre, rule, spline
from viewer.demo.roads import (
    BRIDGE_WIDTHS,
    E_EDGE,
    E_FAR,
    E_NORTH,
    GATES,
    N_EAST,
    N_MID,
    N_WEST,
    P_EAST,
    P_FAR,
    P_MID,
    P_TRAM,
    P_WEST,
    Q_EAST,
    Q_MID,
    Q_TRAM,
    Q_WEST,
    ROAD_BRIDGE,
    S_EAST,
    S_FAR,
    S_MID,
    S_TRAM,
    S_WEST,
    T_MID,
    T_NORTH,
    T_WEST,
    TRAM_BRIDGE,
    Roads,
    bank_y,
    island_shore,
    near,
    tram_route,
)


def draw() -> Network:
    """The whole network; always the same."""
    net, roads = Network(), Roads()
    _main_roads(net, roads)
    south_gates = [roads.at_quay(ROAD_BRIDGE), roads.at_quay(2085)]
    shore = between(roads.north_quay, roads.ring[-1], roads.ring[0])
    ring = [*roads.ring, *shore[1:-1]]
    old_centre(net, ring[::-1], [*GATES, *south_gates], complex(*terrain.CENTRE))
    _north(net, roads)
    _east(net, roads)
    _beyond(net, roads)
    _south(net, roads)
    _outside(net, roads)
    _marks(net)
    net.tram = tram_route(roads)
    return net


def _main_roads(net: Network, roads: Roads) -> None:
    net.add("North Quay", "quay", roads.north_quay)
    net.add("South Quay", "quay", roads.south_quay)
    net.add("Old Ring", "main", roads.ring)
    net.add("West Road", "main", roads.west)
    net.add("East Road", "main", roads.east)
    net.add("Heath Road", "street", roads.heath)
    net.add("Meridian Avenue", "main", roads.cross)
    net.add("Eastrim Road", "street", roads.rim)
    net.add("Station Avenue", "main", spline((GATES[2], 1962 + 2496j, 1962 + 2700j)))
    net.add("Station Street", "street", [N_WEST, *roads.station, N_EAST])
    net.add("Viaduct Street", "street", [1640 + 2712j, 1640 + 2786j, 1640 + 2852j])
    net.add("Signal Street", "street", [2290 + 2676j, 2290 + 2748j, 2290 + 2814j])
    net.add("Loop Road", "street", roads.beyond)
    net.add("North Road", "street", roads.north)
    net.add("Alda Railway", "rail", roads.rail)
    net.add("Polder Road", "main", roads.polder)
    net.add("Garden Road", "street", roads.garden)
    net.add("South Road", "street", roads.south)
    net.add("Bridge Road", "main", [complex(ROAD_BRIDGE, bank_y(ROAD_BRIDGE, -1)), *roads.bridge_road])
    net.add("Long Bridge Head", "main", [roads.at_quay(ROAD_BRIDGE), complex(ROAD_BRIDGE, bank_y(ROAD_BRIDGE, 1))])
    tram = complex(TRAM_BRIDGE, bank_y(TRAM_BRIDGE, -1))
    net.add("Delta Avenue", "main", [tram, *roads.delta])
    net.add("Tram Bridge Head", "main", [roads.ring[-1], complex(TRAM_BRIDGE, bank_y(TRAM_BRIDGE, 1))])
    for point, side in (
        (roads.north_quay[0], 1),
        (roads.north_quay[-1], 1),
        (roads.south_quay[0], -1),
        (roads.south_quay[-1], -1),
    ):
        net.add("", "edge", [point, complex(point.real, bank_y(point.real, side) - 3.0 * side)])
    net.add("Customs Street", "street", [roads.south_quay[0], S_WEST, P_WEST, Q_WEST])
    net.add("Park Lane", "street", [roads.south_quay[-1], S_EAST, P_EAST])
    net.add("Allotment Lane", "street", [S_FAR, P_FAR])
    net.add("Quay Rise", "street", spline((T_MID, *between(roads.north_quay, 1180 + 1500j, 1181 + 1500j))))
    net.add("Fair Street", "street", spline((T_MID, N_MID)))


def _north(net: Network, roads: Roads) -> None:
    _north_west(net, roads)
    _around_the_station(net, roads)


def _north_west(net: Network, roads: Roads) -> None:
    q_west, q_mid, q_ring = roads.at_quay(760), roads.at_quay(1180), roads.ring[0]
    rise, fair = spline((q_mid, T_MID)), spline((T_MID, N_MID))
    rule(
        net,
        "Westwater",
        "terrace",
        Patch(
            between(roads.north_quay, q_west, q_mid),
            rise,
            between(roads.west, T_WEST, T_MID),
            between(roads.heath, q_west, T_WEST),
        ),
        Ruling(
            2,
            9,
            "terrace",
            4,
            specials=(
                (0, 0, "grid", "Quayside block"),
                (1, 0, "grid", "Chandlers block"),
                (1, 5, "green", "Westwater Green"),
                (0, 7, "school", "Harbour School"),
            ),
        ),
    )
    rule(
        net,
        "Sailmakers",
        "grid",
        Patch(
            between(roads.north_quay, q_mid, q_ring),
            between(roads.ring, q_ring, GATES[0]),
            between(roads.west, T_MID, GATES[0]),
            rise,
        ),
        Ruling(4, 4, "grid", 5, 0.06, specials=((1, 2, "green", "Sailmakers Square"),)),
    )
    rule(
        net,
        "Fairfield",
        "terrace",
        Patch(
            between(roads.west, T_WEST, T_MID),
            fair,
            between(roads.cross, T_NORTH, N_MID),
            between(roads.heath, T_WEST, T_NORTH),
        ),
        Ruling(2, 6, "terrace", 4, specials=((0, 2, "green", "Fairfield Green"),)),
    )


def _around_the_station(net: Network, roads: Roads) -> None:
    fair = spline((T_MID, N_MID))
    wall = between(roads.ring, GATES[0], GATES[1])
    rule(
        net,
        "St Ansel",
        "grid",
        Patch(between(roads.west, T_MID, GATES[0]), [*wall, N_WEST], between(roads.cross, N_MID, N_WEST), fair),
        Ruling(4, 4, "grid", 5, 0.06, specials=((1, 1, "church", "St Ansel's"), (2, 3, "school", "Ansel School"))),
    )
    net.add("Postern Street", "street", [GATES[1], N_WEST])
    north_edge = spline((near(roads.heath, 838 + 2838j), 1230 + 2797j, 1640 + 2712j))
    net.add("Embankment Road", "street", north_edge)
    rule(
        net,
        "Weavers' Field",
        "grid",
        Patch(
            between(roads.cross, T_NORTH, N_MID)[:-1] + between(roads.cross, N_MID, N_WEST),
            [N_WEST, 1640 + 2712j],
            north_edge,
            between(roads.heath, T_NORTH, north_edge[0]),
        ),
        Ruling(5, 3, "grid", 4, 0.05, specials=((2, 1, "park", "Weavers' Park"), (0, 2, "school", "Field School"))),
    )
    net.add("Crescent Street", "street", [1850 + 2342j, 1822 + 2494j])
    net.add("Herald Street", "street", [2088 + 2342j, 2112 + 2494j])
    net.add("Beacon Street", "street", [GATES[3], N_EAST])
    inner = between(roads.ring, GATES[1], GATES[3])
    net.quarters.append(Quarter("Walls", "grid", (N_WEST, *inner, *between(roads.cross, N_EAST, N_WEST))))
    rule(
        net,
        "Station quarter",
        "office",
        Patch(between(roads.cross, N_WEST, N_EAST), [N_EAST, 2290 + 2676j], roads.station, [N_WEST, 1640 + 2712j]),
        Ruling(4, 2, "grid", 2, specials=((1, 1, "green", "Arrivals Garden"), (2, 0, "hall", "Market Hall"))),
    )
    line = between(roads.rail, 1640 + 2786j, 2290 + 2748j)
    net.quarters.append(Quarter("Station", "office", (*roads.station, *reversed(line))))
    net.add("Platform Way", "lane", [1800 + 2706.5j, 1802 + 2779j])
    net.add("Luggage Lane", "lane", [2130 + 2690j, 2132 + 2760j])


def _east(net: Network, roads: Roads) -> None:
    corner = roads.north_quay[-1]
    edge = spline((corner, 3072 + 1780j, E_EDGE))
    net.add("Eastrim Road", "street", edge)
    rule(
        net,
        "Copernic",
        "grid",
        Patch(
            between(roads.north_quay, roads.ring[-1], corner),
            edge,
            between(roads.east, GATES[4], E_EDGE),
            between(roads.ring, roads.ring[-1], GATES[4]),
        ),
        Ruling(
            7,
            4,
            "grid",
            4,
            0.05,
            specials=(
                (3, 2, "green", "Copernic Garden"),
                (5, 1, "school", "Copernic School"),
                (1, 0, "green", "Ferry Garden"),
            ),
        ),
    )
    rim = between(roads.rim, E_EDGE, E_NORTH)
    wall = between(roads.ring, GATES[4], GATES[3])
    rule(
        net,
        "Linden",
        "grid",
        Patch(between(roads.east, GATES[4], E_EDGE), rim, between(roads.cross, N_EAST, E_NORTH), [*wall, N_EAST]),
        Ruling(7, 3, "grid", 4, 0.05, specials=((2, 1, "park", "Linden Park"), (5, 1, "church", "Trinity Church"))),
    )
    for x in (2430, 2600, 2790):
        net.add("", "edge", [near(roads.cross, x + 2480j), near(roads.rail, x + 40 + 2650j)])
    yards = [*between(roads.cross, N_EAST, E_NORTH), *between(roads.rail, 3045 + 2478j, 2290 + 2748j)]
    net.quarters.append(Quarter("Railway works", "works", tuple(yards)))
    _eastern_gardens(net, roads, edge, rim)


def _eastern_gardens(net: Network, roads: Roads, edge: list[complex], rim: list[complex]) -> None:
    corner = roads.north_quay[-1]
    ferry = spline((corner, 3330 + 1522j, 3600 + 1580j))
    brook = spline((ferry[-1], 3622 + 1860j, E_FAR))
    net.add("Ferry Road", "street", ferry)
    net.add("Brook Road", "street", brook)
    rule(
        net,
        "Eastgardens",
        "villa",
        Patch(ferry, brook, between(roads.east, E_EDGE, E_FAR), edge),
        Ruling(4, 6, "villa", 9, 0.08, ("lane", "street"), ((1, 3, "green", "Eastgarden Common"),)),
    )
    over, last = spline((E_NORTH, 3330 + 2326j, 3570 + 2262j)), [E_FAR, 3570 + 2262j]
    net.add("Railside Road", "street", over)
    net.add("Brook Road", "street", last)
    rule(
        net,
        "Railside",
        "villa",
        Patch(between(roads.east, E_EDGE, E_FAR), last, over, rim),
        Ruling(4, 2, "villa", 6, 0.0, ("lane", "street")),
    )


def _beyond(net: Network, roads: Roads) -> None:
    """Quarters north of the railway."""
    knee, knot = 1640 + 2852j, 2290 + 2814j
    middle, signal = [knee, 1640 + 3190j], spline((knot, 2282 + 3000j, 2260 + 3182j))
    net.add("Viaduct Street", "street", middle)
    net.add("Signal Street", "street", signal)
    start = roads.beyond[0]
    rule(
        net,
        "Loopfield",
        "slab",
        Patch(
            between(roads.beyond, start, knee),
            middle,
            between(roads.north, 930 + 3220j, 1640 + 3190j),
            between(roads.heath, start, 930 + 3220j),
        ),
        Ruling(4, 3, "slab", 4, specials=((1, 1, "green", "Loopfield Green"), (3, 0, "school", "Loop School"))),
    )
    rule(
        net,
        "Northpoint",
        "slab",
        Patch(between(roads.beyond, knee, knot), signal, between(roads.north, 1640 + 3190j, 2260 + 3182j), middle),
        Ruling(3, 2, "slab", 4, specials=((1, 1, "park", "Northpoint Park"),)),
    )
    foot = spline((knot, 2550 + 2752j, 2800 + 2694j))
    slope = spline((foot[-1], 2872 + 2910j, 2820 + 3150j))
    net.add("Hillfoot Road", "street", foot)
    net.add("Terrace Road", "street", slope)
    rule(
        net,
        "Hillside",
        "villa",
        Patch(foot, slope, between(roads.north, 2260 + 3182j, 2820 + 3150j), signal),
        Ruling(4, 5, "villa", 8, 0.05, ("lane", "street"), ((2, 2, "green", "Hillside Common"),)),
    )
    crest, close = spline((980 + 3540j, 1330 + 3528j, 1660 + 3515j)), [1640 + 3190j, 1660 + 3515j]
    net.add("Heathside Road", "street", crest)
    net.add("Mill Road", "street", close)
    rule(
        net,
        "Heathside",
        "villa",
        Patch(
            between(roads.north, 930 + 3220j, 1640 + 3190j), close, crest, between(roads.heath, 930 + 3220j, crest[0])
        ),
        Ruling(4, 4, "villa", 9, 0.06, ("lane", "street"), ((0, 3, "green", "Heath Common"),)),
    )


def _south(net: Network, roads: Roads) -> None:
    customs, garden = [S_WEST, roads.south_quay[0]], roads.garden
    main, tram = roads.bridge_road, roads.delta
    bridge, delta = between(main, S_MID, main[0]), between(tram, S_TRAM, tram[0])
    rule(
        net,
        "Southbank",
        "grid",
        Patch(between(garden, S_WEST, S_MID), bridge, between(roads.south_quay, roads.south_quay[0], main[0]), customs),
        Ruling(5, 3, "grid", 4, 0.05, specials=((2, 1, "green", "Southbank Square"),)),
    )
    rule(
        net,
        "Delta",
        "grid",
        Patch(between(garden, S_MID, S_TRAM), delta, between(roads.south_quay, main[0], tram[0]), bridge),
        Ruling(4, 3, "grid", 4, 0.05, specials=((1, 2, "green", "Delta Garden"), (2, 0, "church", "St Noor's"))),
    )
    rule(
        net,
        "Meadowgate",
        "slab",
        Patch(
            between(roads.polder, P_WEST, P_MID),
            between(main, P_MID, S_MID),
            between(garden, S_WEST, S_MID),
            [P_WEST, S_WEST],
        ),
        Ruling(3, 3, "slab", 4, specials=((1, 1, "school", "Meadow School"), (2, 2, "green", "Meadowgate Green"))),
    )
    rule(
        net,
        "Clinics",
        "slab",
        Patch(
            between(roads.polder, P_MID, P_TRAM),
            between(tram, P_TRAM, S_TRAM),
            between(garden, S_MID, S_TRAM),
            between(main, P_MID, S_MID),
        ),
        Ruling(3, 3, "slab", 4, specials=((1, 1, "hospital", "Alda Hospital"), (1, 0, "green", "Clinic Garden"))),
    )
    _southern_gardens(net, roads)
    _park(net, roads)
    _harbour(net, roads)


def _southern_gardens(net: Network, roads: Roads) -> None:
    garden, main, tram = roads.garden, roads.bridge_road, roads.delta
    lane = [P_EAST, S_EAST]
    rule(
        net,
        "Parkside",
        "villa",
        Patch(
            between(roads.polder, P_TRAM, P_EAST), lane, between(garden, S_TRAM, S_EAST), between(tram, P_TRAM, S_TRAM)
        ),
        Ruling(4, 5, "villa", 6, 0.05, specials=((1, 3, "green", "Parkside Green"), (3, 0, "school", "Park School"))),
    )
    rule(
        net,
        "Polderwick",
        "villa",
        Patch(
            between(roads.south, Q_WEST, Q_MID),
            between(main, Q_MID, P_MID),
            between(roads.polder, P_WEST, P_MID),
            [Q_WEST, P_WEST],
        ),
        Ruling(4, 4, "villa", 8, 0.05, specials=((1, 2, "green", "Polderwick Green"),)),
    )
    rule(
        net,
        "Tidewell",
        "terrace",
        Patch(
            between(roads.south, Q_MID, Q_TRAM),
            between(tram, Q_TRAM, P_TRAM),
            between(roads.polder, P_MID, P_TRAM),
            between(main, Q_MID, P_MID),
        ),
        Ruling(3, 5, "terrace", 4, specials=((0, 4, "church", "Tidewell Chapel"), (2, 2, "green", "Tidewell Green"))),
    )
    east = [Q_EAST, P_EAST]
    net.add("Plover Road", "street", east)
    rule(
        net,
        "Southgardens",
        "villa",
        Patch(
            between(roads.south, Q_TRAM, Q_EAST),
            east,
            between(roads.polder, P_TRAM, P_EAST),
            between(tram, Q_TRAM, P_TRAM),
        ),
        Ruling(4, 4, "villa", 8, 0.06, ("lane", "street")),
    )
    rule(
        net,
        "Seedlings",
        "allotments",
        Patch(between(roads.polder, P_EAST, P_FAR), [P_FAR, S_FAR], between(garden, S_EAST, S_FAR), lane),
        Ruling(5, 5, "rural", 3, 0.0, ("path", "path")),
    )


def _park(net: Network, roads: Roads) -> None:
    quay_line = between(roads.south_quay, roads.delta[0], roads.south_quay[-1])
    base = between(roads.garden, S_TRAM, S_EAST)
    side = between(roads.delta, S_TRAM, roads.delta[0])
    net.quarters.append(Quarter("Alda Park", "park", (*base, *reversed(quay_line), *reversed(side[:-1]))))
    west, east = near(side, 2300 + 1300j), S_EAST + (roads.south_quay[-1] - S_EAST) * 0.5
    north = spline((west, 2470 + 1338j, 2670 + 1336j, 2850 + 1312j, east))
    south = spline((2470 + 1338j, 2530 + 1262j, 2600 + 1196j, 2740 + 1194j, 2850 + 1234j, 2850 + 1312j))
    net.add("Heron Walk", "path", north)
    net.add("Pond Walk", "path", south)
    for name, line in (
        ("Orchard Walk", (base[0] + 0j, 2420 + 1230j, 2470 + 1338j)),
        ("Lime Walk", (near(base, 2640 + 1140j), 2600 + 1196j)),
        ("Rose Walk", (near(base, 2900 + 1120j), 2850 + 1234j)),
        ("River Walk", (2470 + 1338j, near(quay_line, 2440 + 1430j))),
        ("Bastion Walk", (2850 + 1312j, near(quay_line, 2820 + 1400j))),
    ):
        net.add(name, "path", spline(line))
    x, y, a, b = terrain.POND
    ring = [complex(x, y) + rect(1, tau * k / 28).real * a + rect(1, tau * k / 28).imag * b * 1j for k in range(29)]
    net.add("", "edge", ring)
    net.add("", "edge", [complex(x - a, y), complex(x - a - 75, y)])  # so that no lot has a hole
    net.add("", "edge", [complex(x + a, y), complex(x + a + 120, y)])
    net.mark(complex(x, y), "pond", "Heron Pond")
    path = [roads.south_quay[-1], *bank(3080, 3440, -1, 22.0), S_FAR]
    net.add("Dike Path", "path", path)
    net.mark(3200 + 1230j, "sport", "Alda Sports Ground")


def _harbour(net: Network, roads: Roads) -> None:
    west, south, east = terrain.DOCK
    low, high, customs = 850 + 880j, 1090 + 880j, roads.south_quay[0]
    quay_east = [*bank(1062, 1290, -1, 34.0), customs]
    left = [high, 1066 + 912j, quay_east[0]]
    net.add("Crane Road", "street", quay_east)
    net.add("Dockside Road", "street", left)
    rule(
        net,
        "Grain Dock East",
        "harbour",
        Patch(between(roads.garden, high, S_WEST), [S_WEST, customs], quay_east, left),
        Ruling(2, 2, "harbour", 0),
    )
    quay_west, foot = bank(590, 866, -1, 34.0), roads.garden[0]
    right, start = [low, 868 + 912j, quay_west[-1]], [foot, quay_west[0]]
    net.add("Stevedore Road", "street", quay_west)
    net.add("Stevedore Road", "street", right)
    net.add("Buoy Road", "street", start)
    rule(
        net,
        "Grain Dock West",
        "harbour",
        Patch(between(roads.garden, foot, low), right, quay_west, start),
        Ruling(2, 2, "harbour", 0),
    )
    rim = [620 + 668j, foot]
    net.add("Buoy Road", "street", rim)
    rule(
        net,
        "Foundries",
        "works",
        Patch(between(roads.polder, 620 + 668j, P_WEST), [P_WEST, S_WEST], between(roads.garden, foot, S_WEST), rim),
        Ruling(5, 2, "harbour", 3),
    )
    apron = (
        *bank(560, 1330, -1),
        customs,
        *reversed(quay_east),
        high,
        low,
        *reversed(right[1:-1]),
        *reversed(quay_west),
    )
    net.quarters.append(Quarter("Quayside yards", "harbour", apron[::-1]))
    mouth = [bank_y(x, -1) + 3.0 for x in (west, east)]
    net.add("", "edge", [complex(west, mouth[0]), complex(west, south), complex(east, south), complex(east, mouth[1])])
    net.add("", "edge", [complex(560, bank_y(560, -1) + 3.0), quay_west[0]])


def _outside(net: Network, roads: Roads) -> None:
    """Lanes of the countryside, two hamlets, the hill, the banks and the edges of the map."""
    lane = spline((near(roads.west, 400 + 2150j), 425 + 2560j, 430 + 2925j, 450 + 3192j, 472 + 3400j, 520 + 4000j))
    net.add("Lark Lane", "lane", lane)
    low, high = [330 + 3200j, near(lane, 450 + 3192j), 600 + 3180j], [345 + 3404j, near(lane, 472 + 3400j), 622 + 3386j]
    _hamlet(net, "Larkham", low, high)
    road = spline((P_FAR, 3484 + 520j, 3506 + 335j, 3530 + 0j))
    net.add("Teal Lane", "lane", road)
    low, high = [3368 + 330j, near(road, 3506 + 335j), 3662 + 332j], [3376 + 522j, near(road, 3484 + 520j), 3650 + 526j]
    _hamlet(net, "Tealby", low, high)
    net.add("Mill Road", "street", spline((1660 + 3515j, 1690 + 3740j, 1720 + 4000j)))
    net.add("Hill Road", "street", spline((2820 + 3150j, 2890 + 3500j, 2960 + 4000j)))
    net.add("Curlew Lane", "lane", spline((Q_WEST, 1290 + 200j, 1260 + 0j)))
    net.add("Rook Lane", "lane", spline((620 + 668j, 590 + 330j, 560 + 0j)))
    net.add("Stork Lane", "lane", spline((Q_EAST, 2950 + 220j, 2930 + 0j)))
    _hill(net, roads)
    for side in (1, -1):
        net.add("", "edge", _bank_line(side))
        for a, b in ((0.0, terrain.TOWN_BANK[0]), (terrain.TOWN_BANK[1], terrain.SIDE)):
            net.add("", "edge", waters_edge(a, b, side))
    middle, half, _ = terrain.ISLAND
    xs = [middle + half * t for t in (*_ISLAND_STOPS, *(-t for t in reversed(_ISLAND_STOPS)))]
    for sign in (1, -1):
        net.add("", "edge", [island_shore(x, sign) for x in xs])
    net.add("Island Street", "main", [island_shore(middle, -1), island_shore(middle, 1)])
    edge = terrain.SIDE
    net.add("", "edge", [0j, complex(edge), complex(edge, edge), complex(0, edge), 0j])


_ISLAND_STOPS = (-1.0, -0.98, -0.92, -0.84, -0.73, -0.6, -0.46, -0.32, -0.18, -BRIDGE_WIDTHS[1] / 2 / terrain.ISLAND[1])


def _bank_line(side: int) -> list[complex]:
    """The bank from rim to rim, with a point at every corner of a bridge."""
    stops = [0.0, terrain.TOWN_BANK[0], terrain.TOWN_BANK[1], terrain.SIDE]
    for x, width in zip((ROAD_BRIDGE, TRAM_BRIDGE), BRIDGE_WIDTHS, strict=True):
        stops += [x - width / 2, x + width / 2]
    line: list[complex] = []
    for a, b in pairwise(sorted(stops)):
        line += bank(a, b, side, 0.0, 32.0)[:-1]
    return [*line, *bank(terrain.SIDE - 1, terrain.SIDE, side)[-1:]]


def waters_edge(a: float, b: float, side: int) -> list[complex]:
    """Where the grass slope of a bank meets the water."""
    top = bank(a, b, side, 0.0, 32.0)
    return [p - side * 1j * float(terrain.bank_slope(p.real)) for p in top]


def _hamlet(net: Network, name: str, low: list[complex], high: list[complex]) -> None:
    left, right = [low[0], high[0]], [low[-1], high[-1]]
    for line in (low, high, left, right):
        net.add(f"{name} Lane", "lane", line)
    rule(net, name, "village", Patch(low, right, high, left), Ruling(1, 2, "rural", 0, 0.0, ("lane", "lane")))


def _hill(net: Network, roads: Roads) -> None:
    x, y, radius, _ = terrain.HILL
    top = complex(x, y)
    crown = [top + rect(44, tau * k / 12) for k in range(13)]
    net.add("Chapel Walk", "path", crown)
    net.mark(top, "chapel", "St Odile's Chapel")
    up = spline((2820 + 3150j, 2960 + 3070j, 3080 + 2985j, 3190 + 3010j, 3240 + 3080j, crown[6]))
    down = spline((roads.rim[-1], 3110 + 2720j, 3060 + 2860j, near(up, 3080 + 2985j)))
    net.add("Vineyard Lane", "lane", up)
    net.add("Chapel Lane", "lane", down)
    for reach in (0.36, 0.72):
        net.add(
            "",
            "divide",
            [top + complex(p.real / 0.86, p.imag) for p in (rect(radius * reach, tau * k / 36) for k in range(37))],
        )
    for k in range(12):
        spoke = rect(1, tau * (k + 0.35) / 12)
        net.add("", "divide", [top + spoke * 45, top + spoke * radius * 0.95])


def _marks(net: Network) -> None:
    middle = complex(*terrain.CENTRE)
    net.mark(middle, "square", SQUARE)
    net.mark(middle + rect(104, 1.75), "church", "St Alda's Church")
    net.mark(middle + rect(112, 3.5), "townhall", "Town Hall")
    net.mark(1965 + 2735j, "station", "Aldhaven Central")
    net.mark(2200 + 1565j, "museum", "Harbour Museum")
    net.mark(1279 + 976j, "works", "Alda Power Station")
    net.mark(1265 + 793j, "works", "Gas Works")
    net.mark(2400 + 1575j, "green", "Island Garden")
