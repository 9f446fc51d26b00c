import threading
from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from loaders.api import LoadResult
from viewer.document.document import MERGE_SECONDS, UNDO_LIMIT, ChangeError, ChangeSet, Document, difference
from viewer.document.state import DocumentState, LayerState, Selection, Style


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def document(clock):
    return Document(clock=clock)


@pytest.fixture
def seen(document):
    changes = []
    document.changed.connect(changes.append)
    return changes


def rename(document, title, **kwargs):
    with document.change(f"Title {title}", **kwargs) as edit:
        edit.state = replace(edit.state, title=title)


def result(city):
    return LoadResult(city, "CityJSON", "2.0")


def add(document, city, layer_id="a"):
    with document.change(f"Add {layer_id}") as edit:
        edit.add_city(LayerState(layer_id, layer_id, f"/{layer_id}.json"), result(city))


@pytest.fixture
def city(small_city):
    return small_city([("b1", "Building", [], {}, ["2"])])


def test_a_change_is_one_step_and_tells_what_it_touched(document, seen):
    rename(document, "A")
    assert document.state.title == "A"
    assert seen == [ChangeSet("Title A", "change", frozenset({"title", "saved"}))]
    document.undo()
    assert document.state.title == "Untitled"
    assert (document.can_undo, document.can_redo, document.redo_label) == (False, True, "Title A")
    document.redo()
    assert document.state.title == "A"
    assert [c.origin for c in seen] == ["change", "undo", "redo"]


def test_nothing_changed_is_no_step(document, seen):
    rename(document, "Untitled")
    assert not document.can_undo
    assert seen == []


def test_a_failed_change_leaves_no_trace(document, seen, city):
    before = document.state
    with pytest.raises(RuntimeError, match="half way"), document.change("Break") as edit:
        edit.state = replace(edit.state, title="half")
        edit.add_city(LayerState("x", "x", "/x"), result(city))
        raise RuntimeError("half way")
    assert document.state is before
    assert (document.cities, document.reports, document.can_undo, seen) == ({}, {}, False, [])


def test_nested_changes_are_one_step(document, seen):
    with document.change("Outer") as edit:
        edit.state = replace(edit.state, title="outer")
        rename(document, "inner")
        with document.change("More") as other:
            other.state = replace(other.state, show_legend=False)
    assert document.undo_labels == ("Outer",)
    assert len(seen) == 1 and seen[0].parts == {"title", "show_legend", "saved"}
    document.undo()
    assert document.state == DocumentState()


def test_a_failed_inner_change_goes_back_to_where_it_began(document):
    with document.change("Outer") as edit:
        edit.state = replace(edit.state, title="outer")
        with pytest.raises(ValueError), document.change("Inner") as inner:
            inner.state = replace(inner.state, title="inner")
            raise ValueError
        assert edit.state.title == "outer"
    assert document.state.title == "outer"


def test_writing_is_impossible_outside_a_change(document):
    with document.change("Keep") as edit:
        pass
    with pytest.raises(ChangeError, match="only inside"):
        edit.state = DocumentState(title="late")
    with pytest.raises(AttributeError):
        document.state = DocumentState()
    with pytest.raises(ChangeError, match="needed"), document.change("Bad") as edit:
        edit.state = "text"


def test_writing_is_impossible_off_the_owning_thread(document):
    errors = []

    def work():
        try:
            rename(document, "other thread")
        except ChangeError as error:
            errors.append(str(error))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert errors and "another thread" in errors[0]
    assert document.state.title == "Untitled"


def test_an_edit_that_wandered_to_another_thread_writes_nothing(document):
    errors = []
    with document.change("Wander") as edit:

        def work():
            try:
                edit.state = DocumentState(title="elsewhere")
            except ChangeError as error:
                errors.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert errors and document.state.title == "Untitled"


def test_a_handler_may_not_write(document):
    errors = []

    def handler(changes):
        try:
            rename(document, "from a handler")
        except ChangeError as error:
            errors.append(error)

    document.changed.connect(handler)
    rename(document, "A")
    assert errors and document.state.title == "A"


def test_undo_is_impossible_inside_a_change(document):
    rename(document, "A")
    with pytest.raises(ChangeError), document.change("B"):
        document.undo()
    assert document.state.title == "A"


def test_quick_edits_with_one_key_are_one_step(document, clock):
    rename(document, "start")
    for n in range(5):
        clock.now += MERGE_SECONDS / 2
        rename(document, f"drag {n}", merge_key="slider")
    assert len(document.undo_labels) == 2
    document.undo()
    assert document.state.title == "start"


@pytest.mark.parametrize("between", ["pause", "other key", "undo", "save"])
def test_what_ends_merging(document, clock, between):
    rename(document, "a", merge_key="k")
    if between == "pause":
        clock.now += MERGE_SECONDS * 1.01
    elif between == "undo":
        rename(document, "b")
        document.undo()
    elif between == "save":
        document.mark_saved()
    steps = len(document.undo_labels)
    rename(document, "c", merge_key="other" if between == "other key" else "k")
    assert len(document.undo_labels) == steps + 1


def test_history_is_bounded(document):
    for n in range(UNDO_LIMIT + 20):
        rename(document, str(n))
    assert len(document.undo_labels) == UNDO_LIMIT
    while document.can_undo:
        document.undo()
    assert document.state.title == "19"


def test_dirty_compares_with_the_saved_state(document, tmp_path):
    assert not document.dirty
    rename(document, "A")
    assert document.dirty
    document.mark_saved(tmp_path / "a.citiverse")
    assert not document.dirty and document.path == tmp_path / "a.citiverse"
    document.undo()
    assert document.dirty
    document.redo()
    assert not document.dirty


def test_selecting_does_not_make_dirty(document):
    with document.change("Select") as edit:
        edit.state = replace(edit.state, selection=Selection("a", ("b",)))
    assert document.can_undo and not document.dirty


def test_recovered_work_is_dirty(document):
    document.mark_unsaved()
    assert document.dirty


def test_a_city_stays_while_undo_can_bring_its_layer_back(document, city, seen):
    add(document, city)
    assert "cities" in seen[-1].parts
    with document.change("Remove") as edit:
        edit.state = replace(edit.state, layers=())
    assert document.cities == {"a": city}
    document.undo()
    assert document.state.layers[0].id == "a" and document.cities["a"] is city
    document.undo()
    assert document.cities == {"a": city}
    rename(document, "the redo branch is gone now")
    assert document.cities == {} and document.reports == {}
    assert "cities" in seen[-1].parts and seen[-1].layers == {"a"}


def test_a_city_goes_when_the_history_forgets_its_layer(document, city):
    add(document, city)
    with document.change("Remove") as edit:
        edit.state = replace(edit.state, layers=())
    for n in range(UNDO_LIMIT):
        rename(document, str(n))
    assert document.cities == {}


def test_new_layer_ids_are_never_used_twice(document, city):
    first = document.new_layer_id()
    add(document, city, first)
    document.undo()
    second = document.new_layer_id()
    assert first != second
    document.reset(DocumentState(layers=(LayerState("layer-3", "x", "/x"),)))
    assert document.new_layer_id() != "layer-3"


def test_reset_forgets_everything(document, city, seen, tmp_path):
    add(document, city)
    document.reset(DocumentState(title="B"), tmp_path / "b.citiverse")
    assert (document.cities, document.can_undo, document.dirty) == ({}, False, False)
    assert seen[-1].origin == "reset" and "a" in seen[-1].layers


def test_data_for_a_waiting_layer_is_no_step(document, city, seen):
    document.reset(DocumentState(layers=(LayerState("a", "a", "/a"),)))
    document.provide_city("a", result(city))
    assert document.cities["a"] is city and not document.can_undo and not document.dirty
    assert seen[-1] == ChangeSet("Load", "cities", frozenset({"cities"}), frozenset({"a"}))
    with pytest.raises(KeyError):
        document.provide_city("b", result(city))


def test_difference_names_parts_and_layers():
    one = LayerState("1", "one", "/1")
    two = LayerState("2", "two", "/2")
    a = DocumentState(layers=(one, two))
    b = DocumentState(layers=(replace(one, style=Style("@type")), two))
    assert difference(a, b) == ({"layers", "style"}, {"1"})
    c = DocumentState(layers=(one, replace(two, only_ids=frozenset({"x"}))))
    assert difference(a, c) == ({"layers", "visibility"}, {"2"})
    assert difference(a, replace(a, layers=(one,)))[1] == {"2"}
    assert difference(a, replace(a, layers=(replace(one, name="uno"), two))) == ({"layers"}, {"1"})
    assert difference(a, a) == (frozenset(), frozenset())


class UndoMachine(RuleBasedStateMachine):
    """Any sequence of changes, undos and redos agrees with a plain list of states."""

    def __init__(self):
        super().__init__()
        self.document = Document()
        self.past = [self.document.state]
        self.future = []

    @rule(title=st.text(max_size=3), legend=st.booleans())
    def change(self, title, legend):
        with self.document.change("Change") as edit:
            edit.state = replace(edit.state, title=title, show_legend=legend)
        self._record()

    @rule(names=st.lists(st.sampled_from("abc"), unique=True))
    def layers(self, names):
        with self.document.change("Layers") as edit:
            edit.state = replace(edit.state, layers=tuple(LayerState(n, n, n) for n in names))
        self._record()

    def _record(self):
        if self.document.state != self.past[-1]:
            self.past.append(self.document.state)
            self.future.clear()

    @rule()
    def fail(self):
        with pytest.raises(ZeroDivisionError), self.document.change("Fail") as edit:
            edit.state = replace(edit.state, title="never", layers=())
            raise ZeroDivisionError

    @precondition(lambda self: len(self.past) > 1)
    @rule()
    def undo(self):
        self.document.undo()
        self.future.append(self.past.pop())

    @precondition(lambda self: self.future)
    @rule()
    def redo(self):
        self.document.redo()
        self.past.append(self.future.pop())

    @rule()
    def there_and_back(self):
        last = self.document.state
        steps = 0
        while self.document.can_undo:
            self.document.undo()
            steps += 1
        assert self.document.state == self.past[0]
        for _ in range(steps):
            self.document.redo()
        assert self.document.state == last

    @invariant()
    def same_as_the_list(self):
        assert self.document.state == self.past[-1]
        assert self.document.can_undo == (len(self.past) > 1)
        assert self.document.can_redo == bool(self.future)


TestUndo = UndoMachine.TestCase
TestUndo.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


def test_a_merged_step_that_leads_back_is_none(document):
    before, title = document.state, document.state.title
    for text in ("A", "B", title):
        with document.change("Show", "show", float("inf")) as edit:
            edit.state = replace(edit.state, title=text)
    assert document.state == before and not document.can_undo and not document.dirty
    rename(document, "C", merge_key="show")
    assert document.can_undo
