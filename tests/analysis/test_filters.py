import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loaders.city import Strings
from viewer.analysis import filters
from viewer.analysis.filters import MAX_LENGTH, FilterError, _like, compile_filter, example_for

OBJECTS = [
    ("b1", "Building", [], {"height": 30.0, "function": "office", "floors": 5, "old": True, "tag": "12"}, ["2"]),
    ("b2", "Building", [], {"height": 10.0, "function": "residential", "floors": 2, "old": False, "tag": "abc"}, ["2"]),
    ("p1", "BuildingPart", ["b1"], {}, ["2"]),
    ("NL.IMBAG.3", "Road", [], {"name of road": "Main Street", "tag": "7.5"}, ["2"]),
    ("and", "WaterBody", [], {"type": "river", "height": float("nan"), "big": 9007199254740993}, ["2"]),
]


@pytest.fixture
def city(small_city):
    return small_city(OBJECTS)


@pytest.mark.parametrize(
    ("expression", "rows"),
    [
        ("height > 20", [0, 2]),
        ("height >= 10 and height < 30", [1]),
        ("height = 10", [1]),
        ("height == 10.0", [1]),
        ("height <> 10", [0, 2]),
        ("height != 10", [0, 2]),
        ("not (height > 20)", [1, 3, 4]),
        ("height <= 1e1", [1]),
        ('height > 20 and function == "residential"', []),
        ('height > 20 or function == "residential"', [0, 1, 2]),
        ('function == "office"', [0, 2]),
        ("function != 'office'", [1]),
        ('function > "offa"', [0, 1, 2]),
        ('function in ("office", "residential")', [0, 1, 2]),
        ('function not in ("office")', [1, 3, 4]),
        ("floors in (2, 3)", [1]),
        ('type in ("Building","BuildingPart")', [0, 1, 2]),
        ('TYPE == "Road"', [3]),
        ('@type = "Road"', [3]),
        ('`type` == "river"', [4]),
        ('id == "b1"', [0]),
        ('id = "nobody"', []),
        ('id != "b1"', [1, 2, 3, 4]),
        ('id like "NL.IMBAG.%"', [3]),
        ('id like "b_"', [0, 1]),
        ('id in ("b1", "p1")', [0, 2]),
        ('id startswith "B"', [0, 1]),
        ('id endswith "1"', [0, 2]),
        ("has height", [0, 1, 2, 4]),
        ("not has height", [3]),
        ("HAS `name of road`", [3]),
        ('`name of road` contains "STREET"', [3]),
        ('`name of road` not contains "street"', [0, 1, 2, 4]),
        ("height == null", [3]),
        ("height != null", [0, 1, 2, 4]),
        ("old", [0, 2]),
        ("not old", [1, 3, 4]),
        ("old == false", [1]),
        ('old == "TRUE"', [0, 2]),
        ("old == 1", [0, 2]),
        ("floors == true", []),
        ("floors == 'x'", []),
        ("floors == '5'", [0, 2]),
        ("floors contains '5'", []),
        ("tag > 7", [0, 2, 3]),
        ("tag == 'abc'", [1]),
        ("tag contains '1'", [0, 2]),
        ("tag == true", []),
        ("nothing > 3", []),
        ("has nothing", []),
        ("big == 9007199254740993", [4]),
        ("floors < -.5", []),
        ("floors < +3", [1]),
        ("old and height > 20 or old == false and height < 20", [0, 1, 2]),
        ("(old or floors == 2) and (height < 20)", [1]),
        ("  floors   ==\n2  ", [1]),
        (r'function == "off\ice"', [0, 2]),
    ],
)
def test_expressions(city, expression, rows):
    mask = compile_filter(expression).mask(city)
    assert mask.dtype == np.bool_ and mask.shape == (5,)
    assert np.flatnonzero(mask).tolist() == rows


@pytest.mark.parametrize(
    ("expression", "position", "said"),
    [
        ("", 0, "empty"),
        ("   ", 0, "empty"),
        ("height >", 8, "expected a number"),
        ("height > tall", 9, "put the text in quotes"),
        ("height > 2 and", 14, "name of an attribute"),
        ("height > 2 3", 11, "and, or, or the end"),
        ("(height > 2", 11, "')'"),
        ('name == "open', 8, "closing quote"),
        ("a == `b`", 5, "a number, a text"),
        ("height $ 3", 7, "'$' is not expected"),
        ("height in 3", 10, "'('"),
        ("height in ()", 11, "a number"),
        ("height not 3", 11, "contains"),
        ("name like 3", 10, "a text in quotes"),
        ("has", 3, "name of an attribute"),
        ("> 3", 0, "name of an attribute"),
        ("a = 1; import os", 5, "';'"),
        ("12abc == 3", 0, "not expected"),
        ("(" * 200 + "a" + ")" * 200, 100, "inside each other"),
        ("not " * 200 + "a", 400, "inside each other"),
        ("a" * (MAX_LENGTH + 1), MAX_LENGTH, "longer"),
    ],
)
def test_errors_say_what_and_where(expression, position, said):
    with pytest.raises(FilterError) as caught:
        compile_filter(expression)
    assert caught.value.position == position
    assert said in str(caught.value) and f"(at character {position + 1})" in str(caught.value)


def test_names_asked_for():
    assert compile_filter("a > 1 and (has b or not c) and type == 'x' and id = '1'").names == ("a", "b", "c")


def test_a_long_chain_is_fine(city):
    assert compile_filter(" or ".join(["floors == 2"] * 500)).mask(city).tolist() == [False, True, False, False, False]


ATOMS = st.sampled_from(["height > 20", "old", "has tag", "floors in (2)", "type = 'Road'", "height = null"])
TREES = st.recursive(
    ATOMS.map(lambda text: ("atom", text)),
    lambda inner: st.tuples(st.sampled_from(["and", "or"]), inner, inner) | st.tuples(st.just("not"), inner),
    max_leaves=8,
)


def text_of(tree):
    if tree[0] == "atom":
        return tree[1]
    if tree[0] == "not":
        return f"not ({text_of(tree[1])})"
    return f"({text_of(tree[1])}) {tree[0]} ({text_of(tree[2])})"


def test_logic_is_that_of_sets(city):
    @settings(max_examples=100, deadline=None)
    @given(TREES)
    def check(tree):
        def value(node):
            if node[0] == "atom":
                return compile_filter(node[1]).mask(city)
            if node[0] == "not":
                return ~value(node[1])
            return value(node[1]) & value(node[2]) if node[0] == "and" else value(node[1]) | value(node[2])

        assert (compile_filter(text_of(tree)).mask(city) == value(tree)).all()

    check()


PIECES = st.sampled_from(
    [
        "and",
        "or",
        "not",
        "has",
        "in",
        "(",
        ")",
        ",",
        "height",
        "type",
        "`x`",
        "==",
        "<",
        "'t'",
        '"',
        "5",
        "-1e3",
        "like",
        "null",
        "@",
        " ",
    ]
)


def test_any_text_is_compiled_or_refused(city):
    @settings(max_examples=300, deadline=None)
    @given(st.lists(PIECES, max_size=10).map(" ".join) | st.text(max_size=30))
    def check(text):
        try:
            mask = compile_filter(text).mask(city)
        except FilterError as error:
            assert 0 <= error.position <= len(text)
        else:
            assert mask.shape == (5,)

    check()


@settings(max_examples=300, deadline=None)
@given(st.text("ab%_", max_size=8), st.text("ab", max_size=10))
def test_like_agrees_with_its_definition(pattern, text):
    def slow(t, p):
        if not p:
            return not t
        if p[0] == "%":
            return slow(t, p[1:]) or (bool(t) and slow(t[1:], p))
        return bool(t) and p[0] in ("_", t[0]) and slow(t[1:], p[1:])

    assert _like(text, pattern) == slow(text, pattern)


def test_like_does_not_explode():
    assert not _like("a" * 5000, "%a" * 40 + "b")


def test_the_example_is_a_filter_that_finds_something(small_city):
    city = small_city([(f"b{i}", "Building", [], {"Höhe m": float(i), "name": "x"}, ["2"]) for i in range(10)])
    example = example_for(city)
    assert example == "`Höhe m` > 5" and compile_filter(example).mask(city).sum() == 4
    bare = small_city([("a", "Building", [], {}, ["2"])])
    assert compile_filter(example_for(bare)).mask(bare).all()


SHORT = st.text("aAbB%_1é", max_size=4)


@given(st.lists(SHORT, min_size=1, max_size=12), SHORT, st.sampled_from(filters._TEXT_TESTS + tuple(filters._COMPARE)))
@settings(max_examples=400, deadline=None)
def test_texts_are_matched_alike_as_bytes_and_one_by_one(texts, value, op):
    test = filters._text_test(op, value)
    assert filters._match_texts(Strings.from_list(texts), op, value).tolist() == [test(text) for text in texts]


def test_plain_texts_are_matched_without_a_str_of_each(monkeypatch):
    """As 57,000 of them would hold a window up."""
    monkeypatch.setattr(Strings, "to_list", lambda self: pytest.fail("made a list of all texts"))
    texts = Strings.from_list([f"ID_{k}" for k in range(300)])
    assert filters._match_texts(texts, "contains", "d_29").sum() == 11
    assert filters._match_texts(texts, "startswith", "id_10").sum() == 11
    assert filters._match_texts(texts, "endswith", "9").sum() == 30
    assert filters._match_texts(texts, "like", "%d-29%").sum() == 0
    assert filters._match_texts(texts, "like", "%99").sum() == 3
    assert filters._match_texts(texts, "==", "ID_7").sum() == 1
    assert filters._match_texts(texts, "!=", "ID_7").sum() == 299
