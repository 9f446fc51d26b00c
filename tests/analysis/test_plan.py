"""Plans show what lies uppermost."""

from pathlib import Path
from runpy import run_path
from types import SimpleNamespace

import numpy as np
import pytest

from viewer.analysis.plan import GROUND, HOUSE, NOTHING, PLANTS, WET, plan_picture

towns = SimpleNamespace(**run_path(str(Path(__file__).parents[1] / "session" / "walk_town.py")))


@pytest.fixture(scope="module")
def town():
    made = towns.Town()
    made.terrain(-50, -50, 50, 50, lambda x, y: 0.0, step=25.0)
    made.box(-30, 10, -10, 30, 0, 8)
    made.add("WaterBody", [[(10, -40, 0.01), (30, -40, 0.01), (30, -10, 0.01), (10, -10, 0.01)]], "WaterSurface")
    made.add("PlantCover", [[(-40, -40, 0.01), (-20, -40, 0.01), (-20, -20, 0.01), (-40, -20, 0.01)]])
    made.add("Bridge", [[(0, -30, 4), (40, -30, 4), (40, -26, 4), (0, -26, 4)]])
    return made


def test_every_pixel_shows_what_lies_there(town):
    x, y, _ = town.at(0, 0)
    plan = plan_picture(town.world(), x, y, 60.0, 120)  # a metre a pixel
    expected = np.full((120, 120), NOTHING)
    expected[10:110, 10:110] = GROUND
    expected[30:50, 30:50] = HOUSE
    expected[70:100, 70:90] = WET
    expected[86:90, 60:100] = GROUND  # the bridge, over water and land
    expected[80:100, 20:40] = PLANTS
    assert (plan == expected).mean() > 0.999


def test_a_plan_may_be_cut_out_of_large_faces_and_of_nothing(town):
    x, y, _ = town.at(-20, 20)
    assert (plan_picture(town.world(), x, y, 4.0, 64) == HOUSE).all()
    assert (plan_picture(town.world(), x + 5000, y, 50.0, 32) == NOTHING).all()
    plane = towns.Town()
    plane.box(0, 0, 10, 10, 0, 8)
    assert set(np.unique(plan_picture(plane.world(), *plane.at(0, 0)[:2], 20.0, 40))) == {GROUND, HOUSE}
