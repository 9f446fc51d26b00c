import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders.scenario.moves import moves_from_samples
from viewer.analysis.moving import LONGEST_GAP, TRAIL_S, moving_at, trails_at


def way(name, *samples):
    return [(name, t, x, y) for t, x, y in samples]


def moves_of(*ways):
    rows = [row for one in ways for row in one]
    places = np.array([(x, y, 5.0) for _, _, x, y in rows])
    return moves_from_samples([row[0] for row in rows], np.array([row[1] for row in rows], float), places)


TWO = moves_of(way("a", (10, 0, 0), (20, 100, 0), (30, 100, 0), (40, 100, 50)), way("b", (25, 7, 7), (35, 7, 17)))


def test_places_lie_between_the_samples():
    found = moving_at(TWO, 15.0)
    assert found.rows.tolist() == [0] and found.positions.tolist() == [[50, 0, 5]]
    found = moving_at(TWO, 30.0)
    assert found.rows.tolist() == [0, 1] and found.positions[:, :2].tolist() == [[100, 0], [7, 12]]


def test_nobody_is_there_before_or_after():
    assert not len(moving_at(TWO, 9.99).rows) and not len(moving_at(TWO, 40.01).rows)
    assert moving_at(TWO, 40.0).rows.tolist() == [0]


def test_who_stands_keeps_looking_where_it_went():
    for moment, heading in ((15, 0.0), (25, 0.0), (35, np.pi / 2), (40, np.pi / 2)):
        assert moving_at(TWO, moment).headings[0] == pytest.approx(heading)


def test_a_gap_is_an_absence():
    moves = moves_of(way("a", (0, 0, 0), (10, 10, 0), (20 + LONGEST_GAP, 500, 0), (30 + LONGEST_GAP, 510, 0)))
    assert not len(moving_at(moves, 60.0).rows)
    assert len(moving_at(moves, 5.0).rows) and len(moving_at(moves, 25.0 + LONGEST_GAP).rows)


def test_trails_end_where_one_is_and_begin_where_one_was():
    found = moving_at(TWO, 38.0)
    trail = trails_at(TWO, found, 38.0)[0]
    assert trail[-1].tolist() == found.positions[0].tolist()
    assert trail[0].tolist() == moving_at(TWO, 38.0 - TRAIL_S).positions[0].tolist()
    early = moving_at(TWO, 12.0)
    assert trails_at(TWO, early, 12.0)[0, 0].tolist() == [0, 0, 5]


tenths = st.integers(0, 1000).map(lambda k: k / 10.0)


@given(
    st.lists(st.tuples(st.sampled_from("abcd"), tenths, st.floats(-1e3, 1e3)), min_size=1, max_size=30),
    st.floats(-10, 110),
)
def test_it_agrees_with_interpolation_one_by_one(rows, moment):
    places = np.array([(x, -x, 0.0) for _, _, x in rows])
    moves = moves_from_samples([row[0] for row in rows], np.array([row[1] for row in rows]), places)
    found = moving_at(moves, moment)
    want = {}
    for number in range(len(moves.ids)):
        own = slice(moves.start[number], moves.start[number + 1])
        times = moves.times[own]
        if times[0] <= moment <= times[-1]:
            want[number] = np.interp(moment, times, moves.positions[own, 0])
    assert found.rows.tolist() == list(want)
    assert np.allclose(found.positions[:, 0], list(want.values()), atol=1e-6)


def test_moments_next_to_each_other_do_not_throw_one_off_its_way():
    moves = moves_of(way("a", (0, 0, 0), (50, 0, 0)), way("b", (0.0, 0, 0), (5e-89, 1, 0), (10, 2, 0)))
    assert moving_at(moves, 0.0).positions[:, 0].tolist() == [0.0, 0.0]
    assert moving_at(moves, 5.0).positions[1, 0] == pytest.approx(1.5)
