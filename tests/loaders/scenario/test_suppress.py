"""Hidden numbers cannot be computed from what is shown: not by sums, not by knowing that counts are not negative."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loaders.api import LoadError
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
    held = {zone: table.total_zone for zone in table.zones if table.total_zone and zone != table.total_zone}
    held |= dict(table.within)
    for zone in [zone for zone in table.zones if zone in held.values()]:
        parts = [k for k, name in enumerate(table.zones) if held.get(name) == zone]
        for g in range(groups):
            line = np.zeros((zones, groups))
            line[parts, g] = 1
            line[table.zones.index(zone), g] = -1
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


# --- zones that hold zones ----------------------------------------------------------------------------------------


def nested(counts, per_district, dimensions=None, year="2030"):
    """Quarters, the districts that hold so many of them each, and the city, by groups; all that add up."""
    quarters = len(counts)
    district = np.arange(quarters) // per_district
    sums = np.array([counts[district == d].sum(axis=0) for d in range(district.max() + 1)])
    full = np.vstack([counts, sums, counts.sum(axis=0)])
    share = 1 if dimensions is None else len(set(dimensions))
    full = np.column_stack([full, full.sum(axis=1) / share])
    zones = [*(f"q{k}" for k in range(quarters)), *(f"d{k}" for k in range(len(sums))), "all"]
    groups = [*(f"g{k}" for k in range(counts.shape[1])), "all"]
    rows = tuple(
        TableRow(zone, group, "n", float(full[z, g])) for z, zone in enumerate(zones) for g, group in enumerate(groups)
    )
    within = tuple(sorted((f"q{k}", f"d{d}") for k, d in enumerate(district)))
    told = (*(dimensions or ("",) * counts.shape[1]), "")
    return Disaggregation(
        (("", "T"),), tuple(groups), tuple(zones), (("n", "1"),), rows, year, LEAST, (), told, ("count",), "all", "all",
        within=within,
    )  # fmt: skip


NESTED = st.tuples(st.integers(2, 4), st.integers(2, 3), st.integers(2, 4)).flatmap(
    lambda size: st.tuples(
        st.lists(
            st.one_of(st.integers(0, 14), st.integers(15, 400)),
            min_size=size[0] * size[1] * size[2],
            max_size=size[0] * size[1] * size[2],
        ).map(lambda cells: np.array(cells, float).reshape(size[0] * size[1], size[2])),
        st.just(size[1]),
    )
)


def solved(table, shown):
    """Bounds (low, high) of every hidden cell by linear programming: the best that an attacker can do who knows all
    sums and that people are not negative."""
    optimize = pytest.importorskip("scipy.optimize")
    hidden = np.flatnonzero(np.isnan(shown).ravel())
    lines, known = equations(table), np.nan_to_num(shown).ravel()
    right = -lines @ known
    low, high = shown.copy().ravel(), shown.copy().ravel()
    for place, cell in enumerate(hidden):
        for sign, ends in ((1.0, low), (-1.0, high)):
            cost = np.zeros(len(hidden))
            cost[place] = sign
            found = optimize.linprog(cost, A_eq=lines[:, hidden], b_eq=right, bounds=(0, None))
            assert found.status in (0, 3), found.message
            ends[cell] = sign * found.fun if found.status == 0 else np.inf
    return low.reshape(shown.shape), high.reshape(shown.shape)


@settings(max_examples=60, deadline=None)
@given(NESTED)
def test_a_district_does_not_tell_its_quarters(case):
    counts, per_district = case
    before = nested(counts, per_district)
    assert_safe(before, suppress(before))


@settings(max_examples=60, deadline=None)
@given(NESTED)
def test_nested_zones_and_groups_of_two_dimensions(case):
    counts, per_district = case
    young = np.floor(counts[:, :2].sum(axis=1) * 0.3)
    four = np.column_stack([counts[:, :2], young, counts[:, :2].sum(axis=1) - young])
    before = nested(four, per_district, ("sex", "sex", "age", "age"))
    assert_safe(before, suppress(before))


@settings(max_examples=8, deadline=None)
@given(NESTED)
def test_no_linear_program_narrows_a_hidden_cell(case):
    counts, per_district = case
    before = nested(counts[:, :2], per_district)
    after = suppress(before)
    truth, shown = grid(before), grid(after)
    low, high = solved(after, shown)
    small = np.isnan(shown) & (truth < LEAST)
    assert (low[small] <= truth[small] + 1e-6).all()
    assert (high[small] >= truth[small] + LEAST - 1e-6).all(), "ten more would fit as well"
    gone = np.isnan(shown)
    assert (high[gone] - low[gone] > 1e-6).all(), "no hidden cell is the same in every solution"


def test_hiding_quarters_without_their_districts_fails():
    """What the rule for plain tables does: a quarter is the district less the others."""
    counts = np.full((4, 2), 50.0)
    counts[0], counts[1] = (3.0, 50.0), (90.0, 90.0)
    told = nested(counts, 2)
    flat = suppress(replace(told, within=()))
    assert determined(told, grid(flat))[0, 0], "so the zones must be known to hold each other"
    safe = grid(suppress(told))
    assert np.isnan(safe[0, 0]) and np.isnan(safe[1, 0]) and not determined(told, safe).any()
    assert not np.isnan(safe[4:]).any(), "the district keeps its numbers: its other quarter is hidden"


def split(table, wanted):
    """The rows of some of the zones as a table of their own."""
    zones = tuple(zone for zone in table.zones if wanted(zone))
    within = tuple(pair for pair in table.within if pair[0] in zones)
    rows = tuple(row for row in table.rows if row.zone in zones)
    return replace(table, zones=zones, rows=rows, within=within, total_zone="all" if "all" in zones else "")


@settings(max_examples=60, deadline=None)
@given(NESTED, st.booleans())
def test_quarters_and_districts_in_tables_of_their_own(case, with_city):
    counts, per_district = case
    before = nested(counts, per_district)
    quarters = split(before, lambda zone: zone.startswith("q") or (with_city and zone == "all"))
    districts = split(before, lambda zone: not zone.startswith("q"))
    shown = suppress_all((quarters, districts))
    cells = {(row.zone, row.group): row for table in shown for row in table.rows}
    whole = replace(before, rows=tuple(cells[row.zone, row.group] for row in before.rows))
    assert_safe(before, whole)
    for zone in ("all",) if with_city else ():
        told = [{row.group: row.value for row in table.rows if row.zone == zone} for table in shown]
        assert told[0] == told[1]


@settings(max_examples=60, deadline=None)
@given(NESTED)
def test_tables_that_divide_the_city_otherwise_leave_its_numbers(case):
    counts, per_district = case
    before = nested(counts, per_district)
    quarters = replace(split(before, lambda zone: not zone.startswith("d")), within=())
    districts = split(before, lambda zone: not zone.startswith("q"))
    shown = suppress_all((quarters, districts))
    for table, own in zip((quarters, districts), shown, strict=True):
        assert_safe(table, own)
        total = [row.value for row in own.rows if row.zone == "all"]
        assert None not in total or all(row.value is None for row in own.rows)


def test_what_holds_what_is_read_checked_and_asked_for(maker):
    def package(**more):
        rows = [("a", 5), ("b", 30), ("north", 35), ("c", 40), ("all", 75)]
        table = {
            "title": "Affected", "year": "2029", "groups": ["people"], "zones": [zone for zone, _ in rows],
            "indicators": [{"name": "affected", "unit": "{persons}", "kind": "count"}], "total_zone": "all",
            "not_covered": [], "rows": [
                {"zone": zone, "group": "people", "indicator": "affected", "value": value} for zone, value in rows
            ],
        }  # fmt: skip
        maker.raw["disaggregations"] = [table | more]
        return maker.read()

    made = package(within={"a": "north", "b": "north"})
    shown = {row.zone: row.value for row in made.manifest.disaggregations[0].rows}
    assert shown == {"a": None, "b": None, "north": 35, "c": 40, "all": 75}
    assert [issue.kind for issue in made.issues] == ["suppressed"]
    assert "zones-overlap" in [issue.kind for issue in package().issues], "north counts a and b again"
    chain = {f"z{k}": f"z{k + 1}" for k in range(40)}
    with pytest.raises(LoadError, match="16 levels"):
        package(within=chain, zones=[*chain, "z40"], total_zone="z40", rows=[])
    for within, reason in (({"x": "north"}, "none of the zones"), ({"a": "b", "b": "a"}, "holds itself")):
        with pytest.raises(LoadError, match=reason):
            package(within=within)
