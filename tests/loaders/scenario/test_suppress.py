"""Hidden numbers cannot be computed from what is shown: not by sums, not by knowing that counts are not negative."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loaders.scenario.model import Disaggregation, TableRow
from loaders.scenario.suppress import HIDDEN, suppress
from loaders.scenario.suppress_tables import suppress_all

LEAST = 10


def table_of(counts, *, denominators=None, dimensions=None, totals=True, kind="count"):
    """A table of one indicator from zones x groups; with totals a zone and a group "all" that add up."""
    zones, groups = counts.shape
    full = np.zeros((zones + totals, groups + totals))
    full[:zones, :groups] = counts
    sizes = None if denominators is None else np.zeros(full.shape)
    if sizes is not None:
        sizes[:zones, :groups] = denominators
    share = 1 if dimensions is None else len(set(dimensions))
    if totals:
        for array in (full, *([] if sizes is None else [sizes])):
            array[:zones, groups] = array[:zones, :groups].sum(axis=1) / share
            array[zones] = array[:zones].sum(axis=0)
    zone_names = [f"z{k}" for k in range(zones)] + ["all"] * totals
    group_names = [f"g{k}" for k in range(groups)] + ["all"] * totals
    rows = []
    for z, zone in enumerate(zone_names):
        for g, group in enumerate(group_names):
            below = None if sizes is None else sizes[z, g]
            value = full[z, g] if kind == "count" else full[z, g] / max(below, 1e-9)
            rows.append(TableRow(zone, group, "n", float(value), None if below is None else float(below), value, value))
    told = tuple(dimensions or ("",) * groups) + ("",) * totals
    return Disaggregation(
        (("", "T"),), tuple(group_names), tuple(zone_names), (("n", "1"),), tuple(rows), "2030", LEAST, (), told,
        (kind,), "all" if totals else "", "all" if totals else "",
    )  # fmt: skip


def grid(table, what=lambda row: row.value):
    values = np.array([np.nan if what(row) is None else what(row) for row in table.rows], float)
    return values.reshape(len(table.zones), len(table.groups))


def equations(table):
    """Sums that everybody may assume: rows of coefficients over the cells, each adding up to 0."""
    zones, groups = len(table.zones), len(table.groups)
    found = []
    dimensions = table.dimensions
    if table.total_group:
        total = table.groups.index(table.total_group)
        for name in sorted({d for k, d in enumerate(dimensions) if k != total}):
            for z in range(zones):
                line = np.zeros((zones, groups))
                line[z, [k for k in range(groups) if k != total and dimensions[k] == name]] = 1
                line[z, total] = -1
                found.append(line.ravel())
    elif len(set(dimensions)) > 1:  # two ways of dividing the same people
        first, *others = sorted(set(dimensions))
        for other in others:
            for z in range(zones):
                line = np.zeros((zones, groups))
                line[z, [k for k in range(groups) if dimensions[k] == first]] = 1
                line[z, [k for k in range(groups) if dimensions[k] == other]] = -1
                found.append(line.ravel())
    if table.total_zone:
        total = table.zones.index(table.total_zone)
        for g in range(groups):
            line = np.zeros((zones, groups))
            line[:, g] = 1
            line[total, g] = -1
            found.append(line.ravel())
    return np.array(found).reshape(-1, zones * groups)


def attack(table, shown):
    """Bounds (low, high) of every cell that an attacker can reach, tightened sum by sum until nothing moves."""
    low = np.where(np.isnan(shown), 0.0, shown).ravel()
    high = np.where(np.isnan(shown), np.inf, shown).ravel()
    lines = equations(table)
    for _ in range(60):
        before = np.concatenate([low, high])
        for line in lines:
            for cell in np.flatnonzero(line):
                others = [k for k in np.flatnonzero(line) if k != cell]
                # line[cell] * x = -sum(line[k] * x_k)
                least = sum(-line[k] * (high[k] if line[k] > 0 else low[k]) for k in others)
                most = sum(-line[k] * (low[k] if line[k] > 0 else high[k]) for k in others)
                ends = (least, most) if line[cell] > 0 else (-most, -least)
                low[cell], high[cell] = max(low[cell], ends[0]), min(high[cell], ends[1])
        if np.array_equal(before, np.concatenate([low, high])):
            break
    return low.reshape(shown.shape), high.reshape(shown.shape)


def determined(table, shown):
    """Hidden cells that the sums alone fix, whatever their sign: True where the cell is the same in every solution."""
    hidden = np.isnan(shown).ravel()
    lines = equations(table)[:, hidden]
    _, sizes, right = np.linalg.svd(lines) if lines.size else (None, np.zeros(0), np.eye(hidden.sum()))
    rank = int((sizes > 1e-9).sum())
    free = right[rank:]  # ways in which the hidden cells may change together
    fixed = np.zeros(hidden.shape, bool)
    fixed[hidden] = np.abs(free).max(axis=0, initial=0.0) < 1e-9
    return fixed.reshape(shown.shape)


def assert_safe(before, after, what=lambda row: row.value):
    truth, shown = grid(before, what), grid(after, what)
    assert not (shown < LEAST).any()
    small = np.isnan(shown) & (truth < LEAST)
    assert not determined(after, shown)[small].any()
    low, high = attack(after, shown)
    assert (high[small] - low[small] >= LEAST - 1e-6).all()
    assert (low[small] <= truth[small] + 1e-6).all() and (high[small] >= truth[small] - 1e-6).all()


COUNTS = st.integers(2, 5).flatmap(
    lambda zones: st.integers(2, 5).flatmap(
        lambda groups: st.lists(
            st.one_of(st.integers(0, 14), st.integers(15, 400)), min_size=zones * groups, max_size=zones * groups
        ).map(lambda cells: np.array(cells, float).reshape(zones, groups))
    )
)


@settings(max_examples=150, deadline=None)
@given(COUNTS, st.booleans())
def test_small_counts_cannot_be_recovered(counts, totals):
    before = table_of(counts, totals=totals)
    assert_safe(before, suppress(before))


@settings(max_examples=80, deadline=None)
@given(COUNTS, st.booleans())
def test_groups_of_two_dimensions(counts, totals):
    """Women and men, young and old: the second pair divides the same people, zone by zone."""
    women, men = counts[:, 0], counts[:, 1]
    young = np.floor((women + men) * 0.3)
    four = np.column_stack([women, men, young, women + men - young])
    before = table_of(four, dimensions=("sex", "sex", "age", "age"), totals=totals)
    assert_safe(before, suppress(before))


@settings(max_examples=80, deadline=None)
@given(COUNTS, st.floats(0.02, 0.98))
def test_shares_and_their_denominators(people, share):
    before = table_of(np.floor(people * share), denominators=people, kind="share")
    after = suppress(before)
    assert_safe(before, after, lambda row: row.denominator)
    for was, now in zip(before.rows, after.rows, strict=True):
        if now.value is not None:
            assert now.value * now.denominator >= LEAST - 1e-6 and now.value == was.value


@settings(max_examples=40, deadline=None)
@given(COUNTS)
def test_a_single_group(counts):
    before = table_of(counts[:, :1])
    assert_safe(before, suppress(before))


def test_a_table_of_large_numbers_stays_as_it_is():
    before = table_of(np.full((3, 3), 50.0))
    assert suppress(before) == before


def test_what_is_hidden_is_hidden_whole():
    counts = np.array([[3.0, 60.0, 70.0], [80.0, 90.0, 40.0], [50.0, 20.0, 30.0]])
    after = suppress(table_of(counts, denominators=counts * 2))
    shown = grid(after)
    gone = [row for row in after.rows if row.value is None]
    assert np.isnan(shown[0, 0]) and len(gone) == 4  # the small cell and three companions
    assert all(row.low is None and row.high is None and row.note == HIDDEN for row in gone)
    assert np.isnan(shown).any(axis=0).sum() == 2 and np.isnan(shown).any(axis=1).sum() == 2
    assert grid(after, lambda row: row.denominator)[0, 0] != 6  # 6 people: hidden too


def test_the_plain_subtraction_fails():
    """What a hand calculation would do: the total less the other cells of the row."""
    counts = np.array([[4.0, 30.0, 40.0], [25.0, 35.0, 45.0], [28.0, 38.0, 48.0]])
    shown = grid(suppress(table_of(counts)))
    assert np.isnan(shown[0, -1] - np.nansum(shown[0, 1:-1])) or np.isnan(shown[0, 1:-1]).any()
    assert np.isnan(shown[-1, 0]) or np.isnan(shown[1:-1, 0]).any()


@pytest.mark.parametrize("packed", [False, True])
def test_tables_of_a_package(maker, packed):
    rows = [["a", "women", 5, 40], ["a", "men", 30, 45], ["b", "women", 25, 50], ["b", "men", 35, 60]]
    rows += [["all", "women", 30, 90], ["all", "men", 65, 105]]
    head = ("zone", "group", "indicator", "value", "denominator")
    table = {
        "title": "Affected", "year": "2029", "groups": ["women", "men"], "zones": ["a", "b", "all"],
        "indicators": [{"name": "affected", "unit": "{persons}", "kind": "count"}], "total_zone": "all",
        "not_covered": ["homeless people"],
    }  # fmt: skip
    full = [[zone, group, "affected", value, below] for zone, group, value, below in rows]
    if packed:
        text = "\n".join(",".join(map(str, row)) for row in [head, *full])
        maker.text("t.csv", text + "\n")
        table["file"] = "t.csv"
    else:
        table["rows"] = [dict(zip(head, row, strict=True)) for row in full]
    maker.raw["disaggregations"] = [table]
    scenario = maker.read()
    shown = scenario.manifest.disaggregations[0]
    cells = {(row.zone, row.group): row.value for row in shown.rows}
    assert cells["a", "women"] is None and cells["b", "women"] is None
    assert cells["a", "men"] == 30 and cells["all", "women"] == 30
    assert [issue.kind for issue in scenario.issues] == ["suppressed"]


def by_dimension(counts, names, year="2030"):
    """A table of zones x groups with totals, whose groups are called otherwise than those of another one."""
    table = table_of(counts)
    names = (*names, "all")
    called = dict(zip(table.groups, names, strict=True))
    return replace(
        table, year=year, groups=names, rows=tuple(replace(row, group=called[row.group]) for row in table.rows)
    )


@settings(max_examples=60, deadline=None)
@given(COUNTS, st.integers(0, 2**32 - 1))
def test_what_one_table_hides_no_other_one_tells(counts, seed):
    totals = counts.sum(axis=1).astype(int)
    rng = np.random.default_rng(seed)
    other = np.array([rng.multinomial(total, [0.2, 0.5, 0.3]) for total in totals], float)
    tables = (by_dimension(counts, [f"age{k}" for k in range(counts.shape[1])]), by_dimension(other, ["f", "m", "x"]))
    shown = suppress_all(tables)
    for before, after in zip(tables, shown, strict=True):
        assert_safe(before, after)
    # and with both before him: one table whose groups are divided in two ways
    for before, after in [(joined(tables), joined(shown))]:
        assert_safe(before, after)
    cells = [{(row.zone, row.group): row.value for row in table.rows} for table in shown]
    for zone in tables[0].zones:
        assert (cells[0][zone, "all"] is None) == (cells[1][zone, "all"] is None)


def joined(tables):
    """What somebody has who holds two tables side by side."""
    one, two = tables
    groups = (*one.groups[:-1], *two.groups[:-1], "all")
    rows = {(row.zone, row.group): row for row in (*two.rows, *one.rows)}
    ordered = tuple(rows[zone, group] for zone in one.zones for group in groups)
    dimensions = ("age",) * (len(one.groups) - 1) + ("sex",) * (len(two.groups) - 1) + ("",)
    return replace(one, groups=groups, dimensions=dimensions, rows=ordered)


def test_tables_of_the_same_groups_share_their_people():
    people = np.array([[30.0, 4.0, 60.0], [40.0, 70.0, 80.0], [90.0, 95.0, 99.0]])
    one = table_of(people / 2, denominators=people)
    two = table_of(people / 3, denominators=people)
    two = replace(two, indicators=(("m", "1"),), rows=tuple(replace(row, indicator="m") for row in two.rows))
    shown = suppress_all((one, two))
    hidden = [{(row.zone, row.group) for row in table.rows if row.denominator is None} for table in shown]
    assert hidden[0] == hidden[1] and ("z0", "g1") in hidden[0]
    for before, after in zip((one, two), shown, strict=True):
        assert_safe(before, after, lambda row: row.denominator)


def test_tables_of_different_years_and_indicators_do_not_touch_each_other():
    counts = np.array([[3.0, 50.0, 60.0], [40.0, 70.0, 80.0], [90.0, 95.0, 99.0]])
    safe = by_dimension(counts + 20, "abc", year="2031")
    first, second = suppress_all((by_dimension(counts, "abc"), safe))
    assert first == suppress(by_dimension(counts, "abc")) and second == safe
    assert suppress_all(()) == () and suppress_all((safe,)) == (safe,)
