"""Outlines: few points that frame a city as tightly as all its vertices would."""

import numpy as np
import pytest

from loaders.api import LoadOptions, NoProgress
from loaders.cityjson import load
from viewer.analysis.bounds import bounds_of, outline_of
from viewer.demo.files import CITY, demo_folder


@pytest.fixture(scope="module")
def town(small_demo):
    return load(small_demo / demo_folder().name / CITY, LoadOptions(), NoProgress()).value


def test_an_outline_is_small_and_lies_in_the_box(town):
    outline = outline_of(town)
    assert 8 < len(outline) <= 128 and outline.dtype == np.float64
    box = bounds_of(town, np.arange(len(town.objects)))
    assert (outline >= box[:3] - 0.01).all() and (outline <= box[3:] + 0.01).all()


def test_an_outline_reaches_as_far_as_the_city_in_every_direction(town):
    outline = outline_of(town)
    tiles = town.lods["2.2"].tiles
    of_tile = np.repeat(np.arange(tiles.tile_count), np.diff(tiles.vertex_start))
    vertices = tiles.positions + tiles.origins[of_tile]
    size = float(np.ptp(vertices, axis=0).max())
    for direction in np.random.default_rng(1).normal(size=(50, 3)):
        direction /= np.linalg.norm(direction)
        assert (vertices @ direction).max() - (outline @ direction).max() < 0.02 * size


def test_an_outline_is_made_once(town):
    assert outline_of(town) is outline_of(town)
