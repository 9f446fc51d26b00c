"""Results of scenarios made for tests."""

from dataclasses import replace

import numpy as np

from loaders.city import CrsInfo, Strings
from loaders.scenario.model import Grid, Result, TimeAxis, Variable

RD = CrsInfo("EPSG:28992")


def axis(steps=1):
    if steps == 1:
        return TimeAxis("static", np.zeros(1), dated=False)
    return TimeAxis("instants", 1.7e9 + 3600.0 * np.arange(steps))


def variable(binding="object", **values):
    return replace(Variable("depth", (("en", "Depth"),), binding, "m", "m", good="low"), **values)


def by_id(ids, values, low=None, high=None, **of_variable):
    values = np.atleast_2d(np.asarray(values, np.float32))
    ends = [None if end is None else np.atleast_2d(np.asarray(end, np.float32)) for end in (low, high)]
    made = variable(**of_variable)
    return Result(made, axis(len(values)), values, ends[0], ends[1], ids=Strings.from_list(list(ids)))


def raster(values, x=0.0, y=0.0, cell=10.0, crs=RD, **others):
    """The first row of ``values`` (T, rows, columns) lies in the north; (x, y) is the north-western corner."""
    values = np.asarray(values, np.float32)
    values = values[None] if values.ndim == 2 else values
    grid = Grid((cell, 0.0, x, 0.0, -cell, y), values.shape[1], values.shape[2], crs)
    return Result(variable("raster"), axis(len(values)), values, grid=grid, **others)
