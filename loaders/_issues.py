"""Collects what a loader skipped, repaired or assumed, one line per kind."""

from __future__ import annotations

from collections.abc import Iterable

from loaders.api import MAX_ISSUE_OBJECTS, Issue, Severity


class IssueLog:
    """Issues by kind: the first message stays, counts add up, ids are kept up to `MAX_ISSUE_OBJECTS`."""

    def __init__(self) -> None:
        self._issues: dict[str, Issue] = {}

    def add(
        self, severity: Severity, kind: str, message: str, objects: Iterable[str] = (), count: int | None = None
    ) -> None:
        """Note one thing (or ``count`` things) of a kind; ``count`` defaults to the number of ids, at least 1."""
        names = list(objects)
        number = max(1, len(names)) if count is None else count
        old = self._issues.get(kind)
        if old is None:
            ids = tuple(dict.fromkeys(names))[:MAX_ISSUE_OBJECTS]
            self._issues[kind] = Issue(severity, kind, message, number, ids)
            return
        ids = tuple(dict.fromkeys((*old.objects, *names)))[:MAX_ISSUE_OBJECTS]
        self._issues[kind] = Issue(old.severity, kind, old.message, old.count + number, ids)

    def info(self, kind: str, message: str, objects: Iterable[str] = (), count: int | None = None) -> None:
        """Something was assumed; the picture is right."""
        self.add(Severity.INFO, kind, message, objects, count)

    def warning(self, kind: str, message: str, objects: Iterable[str] = (), count: int | None = None) -> None:
        """Something was repaired or skipped."""
        self.add(Severity.WARNING, kind, message, objects, count)

    def error(self, kind: str, message: str, objects: Iterable[str] = (), count: int | None = None) -> None:
        """A part could not be read and is missing."""
        self.add(Severity.ERROR, kind, message, objects, count)

    def merge(self, other: IssueLog) -> None:
        """Take over the issues of another log."""
        for issue in other._issues.values():
            self.add(issue.severity, issue.kind, issue.message, issue.objects, issue.count)

    def issues(self) -> tuple[Issue, ...]:
        """All issues, the most serious first."""
        rank = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}
        return tuple(sorted(self._issues.values(), key=lambda issue: rank[issue.severity]))
