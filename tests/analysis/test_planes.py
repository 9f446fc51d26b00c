import numpy as np
import pyproj
import pytest

from loaders.city import CrsInfo
from loaders.scenario.model import Grid
from viewer.analysis.planes import moved
from viewer.analysis.series import cell_of
from viewer.analysis.sheets import needs_sheet
from viewer.render.scenario_fields import transform_in


def test_places_go_from_one_plane_to_another():
    x, y = moved("EPSG:4326", "EPSG:28992", [4.5, 5.0], [52.0, 52.1])
    expected = pyproj.Transformer.from_crs(4326, 28992, always_xy=True).transform([4.5, 5.0], [52.0, 52.1])
    np.testing.assert_allclose([x, y], expected)
    assert moved("EPSG:28992", "EPSG:7415", 1.0, 2.0) == (1.0, 2.0) == moved(None, "EPSG:4326", 1.0, 2.0)


@pytest.mark.parametrize(("source", "goal"), [("EPSG:28992", "nonsense"), ("EPSG:999999", "EPSG:28992")])
def test_where_there_is_no_way_nothing_has_a_place(source, goal):
    x, y = moved(source, goal, [1.0, 2.0], [3.0, 4.0])
    assert np.isnan(x).all() and np.isnan(y).all()
    grid = Grid((5.0, 0.0, 0.0, 0.0, -5.0, 0.0), 4, 4, CrsInfo(source))
    assert cell_of(grid, float(x[0]), float(y[0])) is None
    assert not np.isfinite(transform_in(grid, goal)).any()
    assert not needs_sheet(np.full((4, 2), np.nan), ())


def test_a_place_that_the_other_plane_does_not_have():
    x, _ = moved("EPSG:4326", "EPSG:28992", [4.5, np.inf], [52.0, 400.0])
    assert np.isfinite(x[0]) and np.isnan(x[1])
