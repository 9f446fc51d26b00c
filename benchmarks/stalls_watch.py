"""How long the window's thread is busy in each turn of Qt's loop, and with what."""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import QAbstractEventDispatcher, QObject, Qt, QTimer

BEAT_MS, LOOK_MS, SAMPLE_S = 5, 10, 0.002
QUIET_S, LIMIT_S = 0.3, 300.0
LONG_S = 0.025
"""Turns that take more are told with what took it."""
ROOT = str(Path(__file__).resolve().parents[1])
Act = Callable[[], Iterable[float] | None]


@dataclass(slots=True)
class Worst:
    """Of one act: the longest turn in processor time of the window's thread and of all threads together, the longest
    time between two beats of a timer, turns, seconds until all is calm; and what took long."""

    own: float = 0.0
    all: float = 0.0
    gap: float = 0.0
    turns: int = 0
    seconds: float = 0.0
    told: list[str] = field(default_factory=list, repr=False)

    def __str__(self) -> str:
        return (
            f"all threads {1e3 * self.all:.0f}, by the clock {1e3 * self.gap:.0f}; "
            f"{self.turns} turns in {self.seconds:.1f} s"
        )


class Watch(QObject):
    """Does acts one after the other in a running loop, each when the window is calm, and takes the time of each turn.

    Args:
        calm: True if nothing goes on.
        tell: notes also what long turns were spent on (`Worst.told`), by looking at the thread's stack.
    """

    def __init__(self, calm: Callable[[], bool], tell: bool = False) -> None:
        super().__init__()
        self._calm, self._tell = calm, tell
        self._names: Iterator[tuple[str, Act]] = iter(())
        self._done: Callable[[], None] = lambda: None
        self.found: dict[str, Worst] = {}
        self._now = Worst()
        self._waits: Iterator[float] = iter(())
        self._own = self._all = self._beat = self._began = self._calm_since = 0.0
        self._over = False
        self._samples: deque[tuple[float, tuple[str, ...]]] = deque(maxlen=5000)
        dispatcher = QAbstractEventDispatcher.instance()
        assert dispatcher is not None
        dispatcher.aboutToBlock.connect(self._turned)
        self._heart = self._timer(BEAT_MS, self._beaten)
        self._look = self._timer(LOOK_MS, self._looked)
        self._pause = self._timer(0, self._go_on)
        self._pause.setSingleShot(True)
        if tell:
            threading.Thread(target=self._sample, args=(threading.main_thread().ident,), daemon=True).start()

    def _timer(self, ms: int, slot: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setTimerType(Qt.TimerType.PreciseTimer)
        timer.setInterval(ms)
        timer.timeout.connect(slot)
        return timer

    def go(self, acts: Iterable[tuple[str, Act]], done: Callable[[], None]) -> None:
        """Do these acts (what they yield are pauses in seconds), then call ``done``."""
        self._names, self._done = iter(acts), done
        self._own, self._all, self._beat = time.thread_time(), time.process_time(), time.perf_counter()
        self._heart.start()
        self._next()

    def _next(self) -> None:
        following = next(self._names, None)
        if following is None:
            self._heart.stop()
            self._done()
            return
        name, act = following
        self._now = self.found[name] = Worst()
        self._began = self._calm_since = time.perf_counter()
        self._over = False
        self._waits = iter(act() or ())
        self._step()

    def _step(self) -> None:
        pause = next(self._waits, None)
        if pause is not None:
            self._pause.start(round(1000 * pause))
            return
        self._calm_since = time.perf_counter()
        self._look.start()

    def _tell_act(self) -> None:
        if self._tell:
            name, worst = next(reversed(self.found.items()))
            print(f"{1e3 * worst.own:.0f} ms  {name}: {worst}", *worst.told, sep="\n  ", file=sys.stderr, flush=True)

    def _go_on(self) -> None:
        """What a pause was for: more of an act, or the next one."""
        if self._over:
            self._next()
        else:
            self._step()

    def _looked(self) -> None:
        now = time.perf_counter()
        if not self._calm() and now - self._began < LIMIT_S:
            self._calm_since = now
        elif now - self._calm_since > QUIET_S:
            self._look.stop()
            self._now.seconds = self._calm_since - self._began
            self._tell_act()
            self._over = True
            self._pause.start(0)

    def _turned(self) -> None:
        own, all_, now = time.thread_time(), time.process_time(), self._now
        spent, together = own - self._own, all_ - self._all
        self._own, self._all = own, all_
        now.turns += 1
        now.all = max(now.all, together)
        now.own = max(now.own, spent)
        if self._tell and spent > LONG_S:
            now.told.append(f"{1e3 * spent:.0f} ms, all {1e3 * together:.0f}:\n{self._stacks()}")

    def _beaten(self) -> None:
        beat = time.perf_counter()
        gap, self._beat = beat - self._beat, beat
        self._now.gap = max(self._now.gap, gap)

    def _stacks(self) -> str:
        end = time.perf_counter()
        seen: Counter[tuple[str, ...]] = Counter()
        before = end
        for at, stack in reversed(self._samples.copy()):
            if at < self._beat:
                break
            seen[stack] += round(1e4 * (before - at))
            before = at
        return "\n".join(f"    {w / 10:.0f} " + " < ".join(stack) for stack, w in seen.most_common(5) if w > 30)

    def _sample(self, thread: int) -> None:
        while True:
            time.sleep(SAMPLE_S)
            frame, stack = sys._current_frames().get(thread), []
            while frame is not None and len(stack) < 8:
                code = frame.f_code
                if code.co_filename.startswith(ROOT) and "stalls" not in code.co_filename:
                    stack.append(f"{code.co_filename[len(ROOT) + 1 :]}:{frame.f_lineno}:{code.co_name}")
                frame = frame.f_back
            self._samples.append((time.perf_counter(), tuple(stack)))
