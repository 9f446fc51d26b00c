"""A CityJSON 2.0 house of LoD3 with its inside: rooms, storeys, door and window as surfaces, stairs, gallery, ramp.

Outside 12 x 8 m, walls of 0.3 m. One comes in by the front door (a Door surface in a hole of the wall), climbs 16
risers of 0.18 m along the west wall to a gallery 2.88 m up, goes east on it, and out by an opening without a door onto
a ramp.
"""

import json
from itertools import pairwise

import numpy as np
from shapely import constrained_delaunay_triangles
from shapely.geometry import Polygon

ORIGIN = (85000.0, 447000.0, 0.0)
UP, TREAD, RISERS, RISE = 2.88, 0.27, 16, 0.18
DOOR, WINDOW, OPENING = (5.0, 6.1), (8.0, 9.2), (6.0, 7.2)
"""Where they are along their wall, metres; the window goes down to the floor."""
RAMP_END = 12.0 + 6.0 * UP
STAIR_X, STAIR_Y = (0.3, 1.5), 5.5 - 15 * TREAD


def wall(a, b, z0, z1, holes=()):
    """An upright wall from a to b (x, y) with notches or holes (from, to, low, high), counted along it in metres."""
    length = ((b[0] - a[0]) ** 2 + (b[1] - a[1]) ** 2) ** 0.5

    def at(s, z):
        return (a[0] + (b[0] - a[0]) * s / length, a[1] + (b[1] - a[1]) * s / length, z)

    outer, inner, s = [at(0, z0)], [], 0.0
    for low, high, bottom, top in holes:
        ring = [at(low, bottom), at(low, top), at(high, top), at(high, bottom)]
        if bottom <= z0:
            outer += ring
        else:
            inner.append(ring)
        s = high
    outer += [at(length, z0), at(length, z1), at(0, z1)]
    assert s <= length
    return [outer, *inner]


def level(x0, y0, x1, y1, z, hole=None):
    ring = [(x0, y0, z), (x1, y0, z), (x1, y1, z), (x0, y1, z)]
    return [ring] if hole is None else [ring, level(*hole, z)[0][::-1]]


def pane(x0, x1, y, z1, z0=0.0):
    return [[(x0, y, z0), (x1, y, z0), (x1, y, z1), (x0, y, z1)]]


def jambs(x0, x1, y0, y1, z0, z1):
    """The four sides of an opening through a wall."""
    return [[[(x, y0, z0), (x, y1, z0), (x, y1, z1), (x, y0, z1)]] for x in (x0, x1)] + [
        level(x0, y0, x1, y1, z1),
        level(x0, y0, x1, y1, z0),
    ]


def shell():
    """Surfaces of the outside by type."""
    front = wall((0, 0), (12, 0), 0.0, 6.2, ((*DOOR, 0.0, 2.1), (*WINDOW, 0.0, 2.1)))
    east = wall((12, 0), (12, 8), 0.0, 6.2, ((*OPENING, UP, UP + 2.1),))
    sides = [front, east, wall((12, 8), (0, 8), 0.0, 6.2), wall((0, 8), (0, 0), 0.0, 6.2)]
    sides += jambs(*DOOR, 0.0, 0.3, 0.0, 2.1) + jambs(*WINDOW, 0.0, 0.3, 0.0, 2.1)
    turned = [
        [[(12.0 - y, x, z) for x, y, z in ring] for ring in face] for face in jambs(*OPENING, 0.0, 0.3, UP, UP + 2.1)
    ]
    return {
        "WallSurface": sides + turned,
        "RoofSurface": [level(0, 0, 12, 8, 6.2)],
        "GroundSurface": [level(0, 0, 12, 8, 0.0)],
        "Door": [pane(*DOOR, 0.0, 2.1)],
        "Window": [pane(*WINDOW, 0.0, 2.1)],
    }


def hall():
    """Surfaces of the room, two storeys high."""
    x0, y0, x1, y1, top = 0.3, 0.3, 11.7, 7.7, 5.9
    south = wall((x0, y0), (x1, y0), 0.0, top, tuple((a - x0, b - x0, 0.0, 2.1) for a, b in (DOOR, WINDOW)))
    east = wall((x1, y0), (x1, y1), 0.0, top, ((OPENING[0] - y0, OPENING[1] - y0, UP, UP + 2.1),))
    return {
        "FloorSurface": [level(x0, y0, x1, y1, 0.0)],
        "CeilingSurface": [level(x0, y0, x1, y1, top)],
        "InteriorWallSurface": [south, east, wall((x1, y1), (x0, y1), 0.0, top), wall((x0, y1), (x0, y0), 0.0, top)],
        "Door": [pane(*DOOR, 0.3, 2.1)],
        "Window": [pane(*WINDOW, 0.3, 2.1)],
    }


def stairs():
    """Risers and treads, and the slope below them under which one can walk as far as one fits."""
    faces, (a, b) = [], STAIR_X
    for k in range(RISERS):
        y, z = STAIR_Y + k * TREAD, k * RISE
        faces.append([[(a, y, z), (b, y, z), (b, y, z + RISE), (a, y, z + RISE)]])
        if k < RISERS - 1:
            faces.append(level(a, y, b, y + TREAD, z + RISE))
    top = STAIR_Y + 15 * TREAD
    faces.append([[(a, STAIR_Y + 0.5, 0.0), (b, STAIR_Y + 0.5, 0.0), (b, top, UP - 0.5), (a, top, UP - 0.5)]])
    return {"": faces}


def gallery():
    """A slab along the north wall, with a railing that leaves the stairs free."""
    railing = [[(1.5, 5.5, UP), (11.7, 5.5, UP), (11.7, 5.5, UP + 1.0), (1.5, 5.5, UP + 1.0)]]
    edge = [[(0.3, 5.5, UP - 0.25), (11.7, 5.5, UP - 0.25), (11.7, 5.5, UP), (0.3, 5.5, UP)]]
    slab = [level(0.3, 5.5, 11.7, 7.7, UP), level(0.3, 5.5, 11.7, 7.7, UP - 0.25)]
    return {"": [*slab, edge, railing]}


def ramp():
    """From the opening down to the street, with a kerb as high as a railing on both sides."""
    (y0, y1), (x0, x1) = OPENING, (12.0, RAMP_END)
    way = [[(x0, y0, UP), (x1, y0, 0.0), (x1, y1, 0.0), (x0, y1, UP)]]
    rails = [[[(x0, y, UP), (x1, y, 0.0), (x1, y, 1.0), (x0, y, UP + 1.0)]] for y in (y0, y1)]
    return {"": [way, *rails]}


def house(rooms=True, shift=0.0):
    """City objects: name -> (type, parent, surfaces by type), ``shift`` metres to the north."""
    made = {"house": ("Building", None, shell())}
    if rooms:
        made["house-0"] = ("BuildingStorey", "house", {})
        made["house-hall"] = ("BuildingRoom", "house-0", hall())
        made["house-stairs"] = ("BuildingInstallation", "house", stairs())
        made["house-gallery"] = ("BuildingInstallation", "house", gallery())
        made["house-ramp"] = ("BuildingInstallation", "house", ramp())
    moved = {}
    for name, (kind, parent, surfaces) in made.items():
        tag = f"{shift:g}-"
        faces = {k: [[[(x, y + shift, z) for x, y, z in r] for r in f] for f in v] for k, v in surfaces.items()}
        moved[tag + name] = (kind, None if parent is None else tag + parent, faces)
    return moved


def street():
    """The ground all round."""
    return {"street": ("Road", None, {"TrafficArea": [level(-30, -40, 60, 60, 0.0)]})}


def write(path, objects):
    """The objects as CityJSON 2.0."""
    vertices, known, out = [], {}, {}

    def number(point):
        key = tuple(round(1000 * v) for v in point)
        if key not in known:
            known[key] = len(vertices)
            vertices.append(list(key))
        return known[key]

    for name, (kind, parent, surfaces) in objects.items():
        types = [{"type": k} for k in surfaces if k]
        numbers = {k: n for n, k in enumerate(k for k in surfaces if k)}
        faces = [
            (numbers.get(k), [[number(p) for p in ring] for ring in face]) for k, v in surfaces.items() for face in v
        ]
        geometry = {"type": "MultiSurface", "lod": "3", "boundaries": [face for _, face in faces]}
        if types:
            geometry["semantics"] = {"surfaces": types, "values": [k for k, _ in faces]}
        out[name] = {"type": kind, "geometry": [geometry] if faces else []}
        if parent is not None:
            out[name]["parents"] = [parent]
            out[parent].setdefault("children", []).append(name)
    transform = {"scale": [0.001] * 3, "translate": list(ORIGIN)}
    meta = {"referenceSystem": "https://www.opengis.net/def/crs/EPSG/0/7415"}
    text = {"type": "CityJSON", "version": "2.0", "transform": transform, "metadata": meta}
    path.write_text(json.dumps({**text, "CityObjects": out, "vertices": vertices}), encoding="utf-8")
    return path


def triangles(objects, without=()):
    """Corners (x, y, z) of all surfaces but those of some types, cut by shapely: for another library's rays."""
    found = []
    for _, _, surfaces in objects.values():
        for kind, faces in surfaces.items():
            for face in faces if kind not in without else ():
                found += _cut(face)
    return found


def _cut(face):
    normal = abs(sum(np.cross(p, q) for p, q in pairwise([*face[0], face[0][0]])))
    keep = [k for k in range(3) if k != int(normal.argmax())]  # seen along the axis it faces most
    rings = [[tuple(p[k] for k in keep) for p in ring] for ring in face]
    back = {tuple(round(p[k], 6) for k in keep): p for ring in face for p in ring}
    pieces = constrained_delaunay_triangles(Polygon(rings[0], rings[1:])).geoms
    return [[back[tuple(round(v, 6) for v in c[:2])] for c in list(p.exterior.coords)[:3]] for p in pieces]


ROUTE = ((5.55, -3.0), (5.55, 2.0), (0.9, 0.85), (0.9, 6.5), (11.0, 6.6), (13.5, 6.6), (RAMP_END + 1.5, 6.6))
"""In by the door, to the stairs, up, along the gallery, out and down the ramp."""
