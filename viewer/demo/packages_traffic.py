"""Packages "morning rush": cars on the streets, single vehicles and people, and the noise at facades; as it is, and
with the quays closed to cars. And the current of the river through a tide, on a mesh."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path

import numpy as np

from viewer.demo import terrain
from viewer.demo.current import HOURS, current
from viewer.demo.lots import KERB
from viewer.demo.noise import SD_DB, Receivers, levels, receivers
from viewer.demo.package_kit import ZONE, Draft, Json, Site, classes, manifest, world, write_features, write_table
from viewer.demo.traffic import MINUTES, START_HOUR, Flows, Streets, assign, movers, streets_of
from viewer.demo.writer import ORIGIN

NOISE_BREAKS = (45.0, 50.0, 55.0, 60.0, 65.0, 70.0)
NOISE_LABELS = ("below 45 dB(A): quiet", "45 to 50 dB(A)", "50 to 55 dB(A)", "55 to 60 dB(A): annoying",
                "60 to 65 dB(A): loud", "65 to 70 dB(A): very loud", "above 70 dB(A): harms health")  # fmt: skip
CAR_BREAKS = (50.0, 150.0, 400.0, 800.0, 1400.0)
CAR_LABELS = ("below 50", "50 to 150", "150 to 400", "400 to 800", "800 to 1,400", "above 1,400")
_FLOW_LIMITS = (
    "A gravity model of the way to work by car, with made-up parameters; no deliveries, no through traffic, no traffic"
    " lights. Single vehicles and people are drawn by chance: nobody in particular."
)


def drafts(site: Site) -> Iterator[Draft]:
    """With cars on the quays and without, and the current."""
    streets, places = streets_of(site.town), receivers(site.town)

    @cache
    def flows(closed: bool) -> Flows:
        return assign(site.town, streets, frozenset({"quay"}) if closed else frozenset())

    for ident, title, closed in (("rush", "Morning rush", False), ("rush-car-free", "Morning rush, quays free", True)):
        yield Draft(ident, title, partial(_write, site, ident, streets, partial(flows, closed), places))
    yield Draft("tide-current", "Current of the river", partial(_write_current, site))


def _write(
    site: Site, ident: str, streets: Streets, assigned: Callable[[], Flows], places: Receivers, folder: Path
) -> Json:
    flows = assigned()
    closed = ident != "rush"
    write_features(folder / "data" / "streets.geojson", _links(streets, flows))
    _write_movers(folder / "data" / "movers.parquet", site, streets, flows)
    _write_noise(folder / "data" / "noise.csv", site, streets, flows, places)
    title = {
        "en": "Morning rush, quays without cars" if closed else "Morning rush",
        "nl": "Ochtendspits, autovrije kades" if closed else "Ochtendspits",
        "de": "Morgenverkehr, Kais ohne Autos" if closed else "Morgenverkehr",
        "fr": "Heure de pointe, quais sans voitures" if closed else "Heure de pointe du matin",
        "es": "Hora punta, muelles sin coches" if closed else "Hora punta de la mañana",
        "ar": "ذروة الصباح، أرصفة بلا سيارات" if closed else "ذروة الصباح",
    }
    summary = "Cars, trams, bicycles and people between eight and nine on a weekday" + (
        "; cars may not use the quays." if closed else "."
    )
    variables = [_noise_variable(), _link_variable(), _mover_variable()]
    return manifest(
        site, ident, title, summary, variables, _FLOW_LIMITS, baseline="rush" if closed else None,
        parameters={"closed to cars": "quays" if closed else "nothing"},
    )  # fmt: skip


def _links(streets: Streets, flows: Flows) -> list[Json]:
    out = []
    for number, (line, name) in enumerate(zip(streets.lines, streets.names, strict=True)):
        z = terrain.land(line[:, 0], line[:, 1]) + KERB
        points = world(np.column_stack([line, z])).tolist()
        cars = float(flows.cars[number])
        facts = {"id": f"link-{number:04d}", "name": name, "class": streets.classes[number], "cars": cars,
                 "kmh": round(float(flows.speed[number]) * 3.6, 1)}  # fmt: skip
        out.append({"type": "Feature", "properties": facts, "geometry": {"type": "LineString", "coordinates": points}})
    return out


def _write_movers(path: Path, site: Site, streets: Streets, flows: Flows) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    found = movers(site.town, streets, flows)
    x, y, z = (found.places + np.array(ORIGIN)).T
    table = pa.table({
        "id": pa.array(found.ids).dictionary_encode(), "kind": pa.array(found.kinds).dictionary_encode(),
        "time": found.seconds, "x": np.round(x, 2), "y": np.round(y, 2), "z": np.round(z, 2),
        "speed": np.asarray(found.speeds, np.float32),
    })  # fmt: skip
    parquet.write_table(table, path, compression="zstd")


def _write_noise(path: Path, site: Site, streets: Streets, flows: Flows, places: Receivers) -> None:
    found = levels(site.town, streets, flows, places)
    x, y, z = world(places.places).T.tolist()
    columns: dict[str, object] = {
        "id": [f"r{k:05d}" for k in range(len(x))],
        "building": [site.town.built[k].ident for k in places.owner.tolist()],
        "x": x, "y": y, "z": z,
        "nx": np.round(places.normals[:, 0], 4).tolist(), "ny": np.round(places.normals[:, 1], 4).tolist(),
        "nz": [0] * len(x), "sd": [SD_DB] * len(x),
    }  # fmt: skip
    write_table(path, columns | {name: values.tolist() for name, values in found.items()})  # type: ignore[arg-type]


def _noise_variable() -> Json:
    return {
        "id": "road-noise",
        "title": {"en": "Road noise at facades", "nl": "Verkeerslawaai op gevels", "de": "Straßenlärm an Fassaden",
                  "fr": "Bruit routier en façade", "es": "Ruido de tráfico en fachadas",
                  "ar": "ضوضاء الطرق على الواجهات"},
        "binding": "points", "unit": "dB[SPL]", "unit_label": "dB(A)", "quantity": "sound pressure level",
        "palette": "noise", "good": "low",
        "classes": classes(NOISE_BREAKS, NOISE_LABELS, "Directive 2002/49/EC, with classes below 55 dB(A) added"),
        "uncertainty": {"kind": "sd", "level": 0.9,
                        "reason": {"en": "Standard deviation claimed for this simple method; flows are not varied."}},
        "time": {"kind": "periods", "names": ["Day, 7 to 19", "Evening, 19 to 23", "Night, 23 to 7", "Lden"]},
        "data": {"file": "data/noise.csv", "id": "id", "owner": "building", "x": "x", "y": "y", "z": "z",
                 "nx": "nx", "ny": "ny", "nz": "nz", "value": ["day", "evening", "night", "den"], "sd": ["sd"] * 4},
    }  # fmt: skip


def _link_variable() -> Json:
    return {
        "id": "cars", "title": {"en": "Cars in the busiest hour"}, "binding": "links", "unit": "1/h",
        "unit_label": "cars/h", "quantity": "flow", "palette": "traffic", "good": "low", "zero_is_none": True,
        "classes": classes(CAR_BREAKS, CAR_LABELS, "Example classes"),
        "uncertainty": {"kind": "not_quantified", "reason": {"en": "One run of a model with made-up parameters."}},
        "data": {"file": "data/streets.geojson", "crs": "EPSG:28992", "id": "id", "value": "cars"},
    }  # fmt: skip


def _mover_variable() -> Json:
    return {
        "id": "movers", "title": {"en": "Vehicles and people"}, "binding": "trajectories", "unit": "m/s",
        "quantity": "speed", "good": "none",
        "uncertainty": {"kind": "not_quantified", "reason": {"en": "One draw by chance out of the flows."}},
        "time": {"kind": "instants", "start": f"2026-05-12T{START_HOUR:02d}:00", "step": "PT1M", "count": MINUTES + 1,
                 "zone": ZONE},
        "data": {"file": "data/movers.parquet", "id": "id", "mover": "kind", "time": "time", "x": "x", "y": "y",
                 "z": "z", "value": "speed"},
    }  # fmt: skip


def _write_current(site: Site, folder: Path) -> Json:
    import netCDF4

    found = current()
    places = world(found.nodes)
    with netCDF4.Dataset(folder / "data" / "current.nc", "w", format="NETCDF4") as file:
        file.Conventions = "CF-1.11 UGRID-1.0"
        file.createDimension("time", len(HOURS))
        file.createDimension("node", len(places))
        file.createDimension("face", len(found.triangles))
        file.createDimension("corner", 3)
        mesh = file.createVariable("mesh", "i4")
        mesh.setncatts({"cf_role": "mesh_topology", "topology_dimension": 2, "node_coordinates": "x y",
                        "face_node_connectivity": "faces"})  # fmt: skip
        time = file.createVariable("time", "f8", ("time",))
        time.setncatts({"units": "hours since 2026-06-01 00:00:00", "calendar": "standard", "standard_name": "time"})
        time[:] = HOURS
        for name, values in (("x", places[:, 0]), ("y", places[:, 1]), ("z", places[:, 2])):
            file.createVariable(name, "f8", ("node",))[:] = values
            file[name].units = "m"
        faces = file.createVariable("faces", "i4", ("face", "corner"))
        faces.setncatts({"cf_role": "face_node_connectivity", "start_index": 0})
        faces[:] = found.triangles
        speed = file.createVariable("speed", "f4", ("time", "node"), zlib=True)
        speed.setncatts({"mesh": "mesh", "location": "node", "units": "m s-1", "standard_name": "sea_water_speed"})
        speed[:] = found.speed
    variable = {
        "id": "speed", "title": {"en": "Speed of the current"}, "binding": "mesh", "unit": "m/s",
        "standard_name": "sea_water_speed", "quantity": "speed", "palette": "viridis", "good": "none",
        "classes": classes((0.25, 0.5, 1.0, 1.5), ("below 0.25: swimmers are safe", "0.25 to 0.5", "0.5 to 1",
                                                   "1 to 1.5: hard to row against", "above 1.5"), "Example classes"),
        "uncertainty": {"kind": "not_quantified", "reason": {"en": "Continuity and one formula, not a simulation."}},
        "time": {"kind": "instants", "from_data": True, "zone": ZONE},
        "data": {"file": "data/current.nc", "mesh": "mesh", "z": "z", "value": "speed"},
    }  # fmt: skip
    title = {"en": "Current of the river through a tide", "nl": "Stroming van de rivier", "de": "Strömung des Flusses",
             "fr": "Courant de la rivière", "es": "Corriente del río", "ar": "تيار النهر"}  # fmt: skip
    limits = "Discharge by continuity, spread over every section by Manning's formula; no friction along the river."
    return manifest(site, "tide-current", title, "Speed of the water every half hour.", [variable], limits)
