"""Nobody learns of fewer than ten people: attacked by everybody who knows the rules and all that is told."""

import itertools
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viewer.analysis.disclosure import HIDDEN, NOTHING, Told, few, less, rounded, tell, tell_parts


def test_people_are_rounded_and_few_are_hidden():
    assert [tell(n).value for n in (0, 10, 14, 15, 504)] == [0, 10, 10, 20, 500]
    assert all(tell(n) == HIDDEN and few(n) for n in (1, 5, 9)) and not few(0)
    assert tell(None) == NOTHING and tell(float("nan")) == NOTHING
    assert less(Told(30.0), Told(50.0)).value == -20 and less(HIDDEN, Told(1.0)) == HIDDEN
    assert less(NOTHING, Told(1.0)) == NOTHING


def seen(table):
    """All that is shown of parts (P, F): what an attacker has."""
    told, sums = tell_parts(table, table.sum(axis=0))
    return tuple((cell.value, cell.hidden) for row in [*told, sums] for cell in row)


@pytest.mark.parametrize(("parts", "top", "looked"), [(2, 45, 25), (3, 30, 18)])
def test_an_attacker_who_tries_every_table_is_left_with_several_answers(parts, top, looked):
    """Every table there is, grouped by what is told of it: the attacker knows the method and all published numbers."""
    alike = defaultdict(list)
    for numbers in itertools.product(range(top + 1), repeat=parts):
        alike[seen(np.array(numbers, np.float64)[:, None])].append(numbers)
    attacked = 0
    for told, tables in alike.items():
        tables = np.array(tables)
        if tables.max(axis=1).min() > looked:
            continue  # larger tables than were tried would be told alike
        for part in range(parts):
            values = set(tables[:, part].tolist())
            if told[part][1] and any(few(v) for v in values):
                attacked += 1
                assert len(values) >= 4, (told, values)
    assert attacked >= 5


people = st.one_of(st.integers(0, 12), st.integers(0, 60), st.integers(0, 5000))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(people, people, people), min_size=1, max_size=7))
def test_sums_never_give_a_hidden_number_back(rows):
    """Bounds from all that is told, as an attacker would take them, leave several values open."""
    table = np.array(rows, np.float64)
    told, sums = tell_parts(table, table.sum(axis=0))
    for figure in range(3):
        column, low, high = table[:, figure], [], []
        for part in range(len(table)):
            value = told[part][figure].value
            low.append(0.0 if value is None else max(value - 5, 10.0 if value == 10 else 0.0) if value else 0.0)
            high.append(np.inf if value is None else value + 4 if value else 0.0)
        total = sums[figure].value
        ends = (1.0, 9.0) if total is None else (max(total - 5, 0.0), total + 4)
        for part, number in enumerate(column.tolist()):
            if not few(number):
                continue
            assert told[part][figure].value is None
            others_low, others_high = sum(low) - low[part], sum(high[:part] + high[part + 1 :])
            least = max(0.0, ends[0] - others_high)
            most = max(ends[1] - others_low, 0.0)
            assert least <= number <= most and most - least >= 4


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(people, people, people), min_size=1, max_size=5))
def test_rows_that_add_up_are_hidden_as_a_whole(rows):
    """Better + worse + same = all: one number alone could be computed from the others."""
    table = np.array(rows, np.float64)
    table = np.column_stack([table, table.sum(axis=1)])
    told, sums = tell_parts(table, table.sum(axis=0), rows_add_up=True)
    for row in [*told, sums]:
        assert len({cell.hidden for cell in row}) == 1
    hidden = np.array([row[0].hidden for row in told])
    for figure in range(4):
        for number in table[hidden, figure].tolist():
            if few(number) and not hidden.all():
                assert table[hidden, figure].sum() - number >= 10


@given(st.integers(0, 10_000), st.integers(-9, 9))
def test_differences_of_scenarios_never_tell_of_single_persons(a, step):
    b = max(a + step, 0)
    change = less(tell(b), tell(a))
    assert change.value is None or change.value in (-10, 0, 10)
    assert rounded(a) % 10 == 0


def ends_of(told):
    """What an attacker knows of a number of people from how it is told: the least and the most that it can be."""
    if told.hidden:
        return 0, np.inf
    return (0, 0) if told.value == 0 else (max(told.value - 5, 10), told.value + 4)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.lists(st.one_of(st.integers(0, 14), st.integers(15, 300)), min_size=1, max_size=4), min_size=1, max_size=4
    )
)
def test_quarters_by_one_attribute_and_districts_by_another_leave_several_answers(town):
    """The panel counts by any attribute: the same people by quarter, and then by the districts that hold them."""
    quarters = [count for district in town for count in district]
    total = np.array([sum(quarters)], float)
    told, whole = tell_parts(np.array(quarters, float)[:, None], total)
    districts = tell_parts(np.array([[sum(district)] for district in town], float), total)[0]
    numbers = [row[0] for row in [*told, *districts]] + [whole[0]]
    low, high = (np.array(ends, float) for ends in zip(*map(ends_of, numbers), strict=True))
    sums, first = [], 0
    for n, district in enumerate(town):
        sums.append((len(quarters) + n, list(range(first, first + len(district)))))
        first += len(district)
    sums += [(len(numbers) - 1, list(range(len(quarters)))), (len(numbers) - 1, [p for p, _ in sums])]
    for _ in range(30):
        for whole_of, parts in sums:
            low[whole_of], high[whole_of] = max(low[whole_of], low[parts].sum()), min(high[whole_of], high[parts].sum())
            for part in parts:
                rest = [other for other in parts if other != part]
                low[part] = max(low[part], low[whole_of] - high[rest].sum())
                high[part] = min(high[part], high[whole_of] - low[rest].sum())
    for place, count in enumerate(quarters):
        if 0 < count < 10:
            assert numbers[place].hidden and low[place] <= count <= high[place]
            assert high[place] - low[place] >= 3, "at least four numbers fit"
