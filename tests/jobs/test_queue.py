"""Long work: lanes, answers on the polling side, stale answers dropped, nothing left behind."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from loaders.api import LoadError, LoaderSpec
from loaders.worker import LoadProcess
from viewer.jobs import Job, JobQueue, Lane, LoadJob, ThreadJob

TRICKS = Path(__file__).parents[1] / "loaders"
SPEC = LoaderSpec("Tricks", (".trick",), lambda head, path: 80, "loader_tricks:load")


@pytest.fixture
def queue() -> Iterator[JobQueue]:
    made = JobQueue()
    yield made
    made.shutdown()


class Manual(Job):
    """A job that ends when the test says so, and only stops when told to a second time."""

    def __init__(self, title: str = "Manual", key: str | None = None, lane: Lane = Lane.PARSE) -> None:
        super().__init__(title, key)
        self.lane = lane
        self.events: list[str] = []
        self.ended = False

    def start(self, threads: ThreadPoolExecutor) -> None:
        self.events.append("start")

    def poll(self) -> bool:
        return self.ended

    def cancel(self) -> None:
        self.events.append("cancel")

    def deliver(self) -> None:
        self.events.append("deliver")

    def cancelled(self) -> None:
        super().cancelled()
        self.events.append("cancelled")


def finish(*jobs: Manual) -> None:
    for job in jobs:
        job.ended = True


@pytest.fixture
def load(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(TRICKS))
    made: list[object] = []

    def make(text: str, **more: object) -> LoadJob:
        path = tmp_path / f"{len(made)}.trick"
        made.append(path)
        path.write_text(f"trick {text}")
        process = LoadProcess(path, spec=SPEC)
        return LoadJob(path, answers.append, errors.append, process=process, **more)

    answers: list[object] = []
    errors: list[LoadError] = []
    make.answers, make.errors = answers, errors
    return make


def test_runs_two_parse_jobs_at_once_in_order(queue):
    jobs = [Manual(f"{i}") for i in range(4)]
    ids = [queue.submit(job) for job in jobs]
    assert ids == sorted(set(ids))
    assert [bool(job.events) for job in jobs] == [True, True, False, False]
    assert [(status.title, status.running) for status in queue.active] == [
        ("0", True),
        ("1", True),
        ("2", False),
        ("3", False),
    ]
    finish(jobs[1])
    queue.poll()
    queue.poll()
    assert [job.events for job in jobs] == [["start"], ["start", "deliver"], ["start"], []]
    finish(*jobs)
    assert queue.wait(60.0)


def test_a_full_parse_lane_does_not_hold_small_questions_up(queue):
    blockers = [Manual() for _ in range(3)]
    for job in blockers:
        queue.submit(job)
    answers: list[int] = []
    queue.submit(ThreadJob(lambda a, b: a + b, (3, 4), answers.append))
    assert queue.wait(60.0, until=lambda: bool(answers))
    assert answers == [7]
    finish(*blockers)


def test_callbacks_run_on_the_polling_thread_and_the_work_does_not(queue):
    threads: list[int] = []
    queue.submit(ThreadJob(threading.get_ident, (), lambda ident: threads.extend([ident, threading.get_ident()])))
    assert queue.wait(60.0)
    assert threads[1] == threading.get_ident() != threads[0]


def test_poll_does_not_wait_for_slow_work(queue):
    release = threading.Event()
    answers: list[bool] = []
    queue.submit(ThreadJob(release.wait, (30.0,), answers.append))
    for _ in range(50):
        queue.poll()
    assert answers == []
    release.set()
    assert queue.wait(60.0)
    assert answers == [True]


def test_an_error_reaches_its_callback(queue):
    errors: list[Exception] = []
    queue.submit(ThreadJob(int, ("x",), on_error=errors.append))
    assert queue.wait(60.0)
    assert isinstance(errors[0], ValueError)


def test_an_error_that_nobody_asked_for_is_raised_by_poll_and_the_queue_goes_on(queue):
    answers: list[int] = []
    queue.submit(ThreadJob(int, ("x",)))
    queue.submit(ThreadJob(int, ("5",), answers.append))
    with pytest.raises(ValueError, match="invalid literal"):
        queue.wait(60.0)
    assert queue.wait(60.0)
    assert answers == [5]


def test_a_callback_that_raises_leaves_the_queue_in_order(queue):
    def fail(_: object) -> None:
        raise RuntimeError("a bug in a panel")

    queue.submit(ThreadJob(int, ("5",), fail))
    with pytest.raises(RuntimeError, match="a bug in a panel"):
        queue.wait(60.0)
    assert queue.active == ()
    assert queue.idle


def test_a_late_answer_of_a_cancelled_job_is_dropped(queue):
    job = Manual()
    number = queue.submit(job)
    assert queue.cancel(number)
    assert queue.active == ()
    finish(job)
    queue.poll()
    assert job.events == ["start", "cancel", "cancelled"]
    assert not queue.cancel(number)


def test_a_cancelled_job_keeps_its_place_until_it_has_ended(queue):
    first, second, third = Manual(), Manual(), Manual()
    number = queue.submit(first)
    queue.submit(second)
    queue.submit(third)
    queue.cancel(number)
    queue.poll()
    assert third.events == []
    finish(first)
    queue.poll()
    assert third.events == ["start"]
    finish(second, third)


def test_a_waiting_job_is_cancelled_without_ever_starting(queue):
    jobs = [Manual() for _ in range(3)]
    ids = [queue.submit(job) for job in jobs]
    queue.cancel(ids[2])
    finish(*jobs)
    assert queue.wait(60.0)
    assert jobs[2].events == ["cancelled"]


def test_a_newer_job_for_the_same_thing_replaces_the_older(queue):
    old, other, new = Manual(key="colours"), Manual(key="other"), Manual(key="colours")
    for job in (old, other, new):
        queue.submit(job)
    finish(old, other, new)
    assert queue.wait(60.0)
    assert old.events == ["start", "cancel", "cancelled"]
    assert other.events == ["start", "deliver"]
    assert new.events == ["start", "deliver"]


def test_only_the_last_of_many_quick_questions_answers(queue):
    answers: list[int] = []
    for i in range(100):
        queue.submit(ThreadJob(lambda value: value, (i,), answers.append, key="hover"))
    assert queue.wait(60.0)
    assert answers == [99]


def test_a_callback_may_submit_and_cancel(queue):
    second = Manual()
    victim = Manual()
    victim_id = queue.submit(victim)

    def go_on(_: int) -> None:
        queue.submit(second)
        queue.cancel(victim_id)

    queue.submit(ThreadJob(int, ("1",), go_on))
    finish(second)
    assert queue.wait(60.0, until=lambda: "deliver" in second.events)
    assert victim.events == ["start", "cancel", "cancelled"]
    finish(victim)


def test_many_answers_at_once_are_spread_over_polls(queue):
    jobs = [Manual(lane=Lane.QUICK), Manual(lane=Lane.QUICK)]
    for job in jobs:
        job.deliver = lambda: time.sleep(0.01)
        queue.submit(job)
    finish(*jobs)
    queue.poll()
    assert len(queue.active) == 1
    queue.poll()
    assert queue.active == ()


def test_changed_is_told_when_and_only_when_something_changed(queue):
    seen: list[tuple[object, ...]] = []
    queue.changed.connect(lambda: seen.append(queue.active))
    job = Manual()
    queue.submit(job)
    queue.poll()
    queue.poll()
    assert len(seen) == 1
    job.fraction, job.stage = 0.5, "Halfway"
    queue.poll()
    assert (seen[-1][0].fraction, seen[-1][0].stage) == (0.5, "Halfway")
    finish(job)
    queue.poll()
    assert seen[-1] == ()
    assert len(seen) == 3


def test_shutdown_cancels_everything_and_closes(queue):
    answers: list[int] = []
    release = threading.Event()
    queue.submit(ThreadJob(release.wait, (30.0,), answers.append))
    waiting = [ThreadJob(int, ("1",), answers.append) for _ in range(5)]
    for job in waiting:
        queue.submit(job)
    threading.Timer(0.1, release.set).start()
    queue.shutdown()
    queue.shutdown()
    assert queue.idle
    assert answers == []
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("quick job")]
    with pytest.raises(RuntimeError, match="closed"):
        queue.submit(ThreadJob(int, ("1",)))


def test_loads_a_file_with_progress(queue, load):
    stages: list[str] = []
    queue.changed.connect(lambda: stages.extend(status.stage for status in queue.active))
    queue.submit(load("good"))
    assert queue.wait(60.0)
    assert load.answers[0].result.format == "Tricks"
    assert "Storing" in stages


def test_a_load_that_fails_tells_why_and_the_next_one_works(queue, load):
    queue.submit(load("segfaults"))
    queue.submit(load("refuses"))
    queue.submit(load("good"))
    assert queue.wait(60.0)
    assert sorted(error.kind for error in load.errors) == ["crashed", "crooked"]
    assert len(load.answers) == 1


def test_cancelling_a_load_is_quiet_and_leaves_nothing(queue, load):
    told: list[str] = []
    number = queue.submit(load("sleeps", on_cancel=lambda: told.append("cancelled")))
    assert queue.wait(10.0, until=lambda: any(status.stage == "Sleeping" for status in queue.active))
    queue.cancel(number)
    assert told == ["cancelled"]
    assert queue.wait(60.0)
    assert (load.answers, load.errors) == ([], [])


def test_shutdown_ends_running_loads(queue, load):
    queue.submit(load("sleeps"))
    queue.submit(load("sleeps"))
    queue.submit(load("sleeps"))
    assert queue.wait(10.0, until=lambda: sum(status.stage == "Sleeping" for status in queue.active) == 2)
    queue.shutdown()
    assert queue.idle
    assert (load.answers, load.errors) == ([], [])


def test_titles_name_the_file(load):
    assert load("good").title == "Opening 0.trick"
