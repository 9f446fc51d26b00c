"""The main lines of the demo town, drawn by hand: quays, ring, avenues, railway, tram; bridges stand on them."""

from __future__ import annotations

from viewer.demo import terrain
from viewer.demo.network import between, quay, spline

ROAD_BRIDGE, TRAM_BRIDGE = 1850.0, 2300.0
"""x of the two bridges; both run straight north."""
BRIDGE_WIDTHS = (16.0, 11.0)
GATES = (1590 + 1935j, 1735 + 2262j, 1962 + 2370j, 2208 + 2262j, 2322 + 1960j)
"""Gates of the old centre in the ring road, west to east; two more lie on the quay."""
RING = (
    1573 + 1760j,
    GATES[0],
    1640 + 2115j,
    GATES[1],
    1850 + 2342j,
    GATES[2],
    2088 + 2342j,
    GATES[3],
    2292 + 2122j,
    GATES[4],
    2313 + 1800j,
)
T_WEST, T_MID, T_NORTH = 760 + 2090j, 1180 + 2030j, 800 + 2480j
N_MID, N_WEST, N_EAST = 1230 + 2452j, 1640 + 2490j, 2290 + 2478j
E_MID, E_EDGE, E_FAR, E_NORTH = 2690 + 2040j, 3060 + 2092j, 3600 + 2150j, 3030 + 2392j
S_WEST, S_MID, S_TRAM, S_EAST, S_FAR = 1330 + 1128j, 1850 + 1150j, 2300 + 1152j, 3000 + 1118j, 3460 + 1128j
P_WEST, P_MID, P_TRAM, P_EAST, P_FAR = 1330 + 722j, 1850 + 742j, 2300 + 758j, 3000 + 728j, 3460 + 700j
Q_WEST, Q_MID, Q_TRAM, Q_EAST = 1318 + 402j, 1842 + 380j, 2290 + 420j, 2900 + 446j
RAIL = (
    0 + 2992j,
    430 + 2925j,
    840 + 2862j,
    1230 + 2818j,
    1640 + 2786j,
    1965 + 2770j,
    2290 + 2748j,
    2700 + 2642j,
    3045 + 2478j,
    3500 + 2322j,
    4000 + 2262j,
)


def near(line: list[complex], point: complex) -> complex:
    """The vertex of a line nearest to a point."""
    return min(line, key=lambda p: abs(p - point))


class Roads:
    """The main lines that quarters share."""

    def __init__(self) -> None:
        self.north_quay = quay(760, 1590, 1) + quay(1590, ROAD_BRIDGE, 1)[1:]
        self.north_quay += quay(ROAD_BRIDGE, TRAM_BRIDGE, 1)[1:] + quay(TRAM_BRIDGE, 3060, 1)[1:]
        self.south_quay = quay(1330, ROAD_BRIDGE, -1) + quay(ROAD_BRIDGE, TRAM_BRIDGE, -1)[1:]
        self.south_quay += quay(TRAM_BRIDGE, 3000, -1)[1:]
        west, east = quay(1590, 1591, 1)[0], quay(TRAM_BRIDGE, TRAM_BRIDGE + 1, 1)[0]
        self.ring = spline((west, *RING, east), 32)
        self.west = spline((GATES[0], T_MID, T_WEST, 400 + 2150j, 0 + 2126j))
        self.east = spline((GATES[4], E_MID, E_EDGE, E_FAR, 4000 + 2118j))
        self.heath = spline((self.at_quay(760), T_WEST, T_NORTH, 842 + 2862j, 930 + 3220j, 980 + 3540j, 1010 + 4000j))
        self.cross = spline((T_NORTH, N_MID, N_WEST, 1962 + 2496j, N_EAST, 2690 + 2482j, E_NORTH))
        self.rim = spline((E_EDGE, E_NORTH, 3045 + 2478j, 3062 + 2560j))
        self.station = spline((1640 + 2712j, 1962 + 2700j, 2290 + 2676j))
        self.beyond = spline((near(self.heath, 853 + 2926j), 1230 + 2886j, 1640 + 2852j, 1962 + 2836j, 2290 + 2814j))
        self.north = spline((930 + 3220j, 1280 + 3196j, 1640 + 3190j, 2260 + 3182j, 2820 + 3150j))
        self.polder = spline((0 + 640j, 620 + 668j, P_WEST, P_MID, P_TRAM, P_EAST, P_FAR, 4000 + 640j))
        self.garden = spline(
            (
                620 + 880j,
                850 + 880j,
                1090 + 880j,
                1220 + 962j,
                S_WEST,
                S_MID,
                S_TRAM,
                2640 + 1130j,
                S_EAST,
                S_FAR,
                4000 + 1160j,
            )
        )
        self.south = spline((Q_WEST, Q_MID, Q_TRAM, Q_EAST))
        self.rail = spline(RAIL)
        head, tram = near(self.south_quay, ROAD_BRIDGE + 1400j), near(self.south_quay, TRAM_BRIDGE + 1400j)
        self.bridge_road = spline((head, S_MID, P_MID, Q_MID, 1800 + 0j))
        self.delta = spline((tram, S_TRAM, P_TRAM, Q_TRAM))

    def at_quay(self, x: float) -> complex:
        """The point of the north quay road at x."""
        return min(self.north_quay, key=lambda p: abs(p.real - x))


def tram_route(roads: Roads) -> list[list[complex]]:
    """The tram's middle line from the station over the island to the south, in pieces between the bridges."""
    ring = between(roads.ring, GATES[2], roads.ring[-1])
    north = [1962 + 2690j, 1962 + 2600j, 1962 + 2496j, *ring, complex(TRAM_BRIDGE, bank_y(TRAM_BRIDGE, 1))]
    south = [complex(TRAM_BRIDGE, bank_y(TRAM_BRIDGE, -1)), *roads.delta]
    return [north, [island_shore(TRAM_BRIDGE, 1), island_shore(TRAM_BRIDGE, -1)], south]


def bank_y(x: float, side: int) -> float:
    """y of the north (+1) or south (-1) bank at x."""
    return float(terrain.axis(x) + side * terrain.half_width(x))


def island_shore(x: float, sign: int) -> complex:
    """A point of the island's north (+1) or south (-1) shore."""
    return complex(x, float(terrain.axis(x)) + sign * max(float(terrain.island_half(x)), 0.0))
