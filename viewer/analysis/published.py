"""The disaggregation tables that packages bring (zone x group), put side by side. Small cells are hidden already when
a package is read (`loaders.scenario.suppress`); a difference is made only of cells that both show.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from loaders.scenario.model import Disaggregation, Manifest, TableRow, text_in


@dataclass(frozen=True, slots=True, eq=False)
class Published:
    """One indicator of a table, of all scenarios that have it.

    Attributes:
        title: of the table. indicator, unit, kind ("count", "share", "mean"), year.
        zones, groups: rows and columns; zones that hold all are in ``total_zone``.
        cells: by scenario (place in what was asked; absent = it does not have the table), then by (zone, group).
        not_covered: groups that the data says nothing about. suppress_below: smaller counts are hidden.
    """

    title: str
    indicator: str
    unit: str
    kind: str
    year: str
    zones: tuple[str, ...]
    groups: tuple[str, ...]
    cells: dict[int, dict[tuple[str, str], TableRow]]
    not_covered: tuple[str, ...]
    suppress_below: int
    total_zone: str = ""
    sources: dict[int, str] = field(default_factory=dict)
    """By scenario: who tells the numbers, and in which version of the package."""

    @property
    def name(self) -> str:
        """For a choice."""
        return self.title if self.title == self.indicator else f"{self.title}: {self.indicator}"


def published(manifests: tuple[Manifest | None, ...], language: str = "en") -> tuple[Published, ...]:
    """All tables of scenarios, one for each indicator; those of one title and indicator are the same table."""
    found: dict[tuple[str, str], Published] = {}
    for number, manifest in enumerate(manifests):
        for table in manifest.disaggregations if manifest is not None else ():
            title = text_in(table.title, language)
            for place, (indicator, unit) in enumerate(table.indicators):
                own = found.get((title, indicator)) or _empty(table, title, place, unit)
                own.sources[number] = source_text(manifest) if manifest is not None else ""
                own.cells[number] = {(row.zone, row.group): row for row in table.rows if row.indicator == indicator}
                found[title, indicator] = own
    return tuple(found.values())


def _empty(table: Disaggregation, title: str, place: int, unit: str) -> Published:
    kind = table.kinds[place] if place < len(table.kinds) else "count"
    name = table.indicators[place][0]
    return Published(
        title, name, unit, kind, table.year, table.zones, table.groups, {}, table.not_covered,
        table.suppress_below, table.total_zone,
    )  # fmt: skip


def source_text(manifest: Manifest) -> str:
    """Who made a package with what, and which version of it this is."""
    made = manifest.provenance
    tool = " ".join(part for part in (made.tool, made.tool_version) if part)
    return ", ".join(part for part in (made.publisher, tool, manifest.short_digest) if part)


def change(table: Published, a: int, b: int, place: tuple[str, str]) -> float | None:
    """B minus A of one cell; None where one of them is not shown."""
    one, other = (table.cells.get(number, {}).get(place) for number in (a, b))
    if one is None or other is None or one.value is None or other.value is None:
        return None
    return other.value - one.value
