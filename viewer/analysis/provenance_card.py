"""Where a scenario's numbers come from, as a card for people: titled lines, to be shown, copied and printed."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from loaders.scenario.model import BaseModel, Manifest, Result, Source, text_in
from viewer.analysis.shown_legend import uncertainty_text

SHORT_HASH = 16
"""Digits of a hash on the card; the copied text has all of them."""
UNKNOWN = "The package does not say."


@dataclass(frozen=True, slots=True)
class CardLine:
    """One line. ``full`` is what is copied; "" = the text itself. ``missing``: the package ought to say it."""

    name: str
    text: str
    full: str = ""
    missing: bool = False


@dataclass(frozen=True, slots=True)
class CardSection:
    """A titled block of lines."""

    title: str
    lines: tuple[CardLine, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """Everything that is known about the origin of a scenario."""

    title: str
    summary: str
    fictional: bool
    sections: tuple[CardSection, ...]

    def as_text(self) -> str:
        """Plain text with full hashes, to copy."""
        lines = [self.title, self.summary, "FICTIONAL: invented for demonstration." if self.fictional else ""]
        for section in self.sections:
            lines += ["", section.title.upper()]
            lines += [f"{line.name}: {line.full or line.text}" for line in section.lines]
        return "\n".join(line for n, line in enumerate(lines) if line or n > 2) + "\n"

    def as_html(self, text: str, muted: str, warning: str, rule: str) -> str:
        """The card as markup; every text is escaped. Colours are ``#rrggbb``."""
        parts = [f"<h2 style='color:{text}; margin-bottom:2px'>{_safe(self.title)}</h2>"]
        if self.fictional:
            parts.append(f"<p style='color:{warning}'><b>Fictional:</b> invented for demonstration.</p>")
        if self.summary:
            parts.append(f"<p style='color:{text}'>{_safe(self.summary)}</p>")
        for section in self.sections:
            parts.append(f"<h4 style='color:{text}; margin-top:14px; margin-bottom:2px'>{_safe(section.title)}</h4>")
            parts.append("<table width='100%' cellspacing='0' cellpadding='3'>")
            for line in section.lines:
                shade = muted if line.missing else text
                parts.append(
                    f"<tr><td width='34%' style='color:{muted}; border-bottom:1px solid {rule}'>{_safe(line.name)}</td>"
                    f"<td style='color:{shade}; border-bottom:1px solid {rule}'>{_safe(line.text)}</td></tr>"
                )
            parts.append("</table>")
        return "".join(parts)


def card_of(
    manifest: Manifest,
    results: Mapping[str, Result],
    counts: Callable[[str], str] = lambda _variable: "",
    variable: str = "",
    language: str = "en",
) -> Card:
    """The card of a package; the ``variable`` shown comes first. ``counts``: matched rows of a variable in words."""
    order = sorted(results, key=lambda name: name != variable)
    sections = [
        _who(manifest, language),
        CardSection("What it was computed from", _inputs(manifest)),
        CardSection("Settings of the run", _parameters(manifest)),
        CardSection("How sure it is", tuple(_uncertainty(results[name], language) for name in order) or _none()),
        CardSection("The city model under it", _base(manifest, results, counts, language)),
        CardSection(
            "What it does not tell", (_said("Limitations", text_in(manifest.provenance.limitations, language)),)
        ),
        CardSection("The package itself", _package(manifest)),
    ]
    return Card(
        text_in(manifest.title, language) or manifest.id,
        text_in(manifest.summary, language),
        manifest.fictional,
        tuple(sections),
    )


def _who(manifest: Manifest, language: str) -> CardSection:
    made = manifest.provenance
    tool = " ".join(part for part in (made.tool, made.tool_version) if part)
    return CardSection(
        "Who made it",
        (
            _said("Made by", made.publisher),
            *((_said("Contact", made.contact),) if made.contact else ()),
            _said("With", tool),
            _said("Date", made.date),
            _said("Review", text_in(made.review, language)),
            _said("Use of AI", text_in(made.ai, language)),
            _said("Licence", made.licence),
        ),
    )


def _inputs(manifest: Manifest) -> tuple[CardLine, ...]:
    found = [_source(source) for source in manifest.provenance.inputs]
    return tuple(found) or _none()


def _source(source: Source) -> CardLine:
    parts = [source.file, source.date, source.licence]
    more = " · ".join(part for part in parts if part)
    short = f"SHA-256 {source.sha256[:SHORT_HASH]}…" if source.sha256 else "no hash: cannot be checked"
    full = f"SHA-256 {source.sha256}" if source.sha256 else short
    return CardLine(
        source.title or source.file,
        " · ".join(part for part in (more, short) if part),
        " · ".join(part for part in (more, full) if part),
    )


def _parameters(manifest: Manifest) -> tuple[CardLine, ...]:
    return tuple(CardLine(name, value) for name, value in manifest.provenance.parameters) or _none()


def _uncertainty(result: Result, language: str) -> CardLine:
    title = text_in(result.variable.title, language) or result.variable.id
    return CardLine(title, uncertainty_text(result, language))


def _base(
    manifest: Manifest, results: Mapping[str, Result], counts: Callable[[str], str], language: str
) -> tuple[CardLine, ...]:
    lines = [line for base in manifest.base for line in _of_base(base, language)]
    if manifest.vertical_datum:
        lines.append(CardLine("Heights above", manifest.vertical_datum))
    for name, result in results.items():
        text = counts(name)
        if text:
            lines.append(CardLine(text_in(result.variable.title, language) or name, text))
    return tuple(lines) or _none()


def _of_base(base: BaseModel, language: str) -> list[CardLine]:
    short = f" · SHA-256 {base.sha256[:SHORT_HASH]}…" if base.sha256 else ""
    full = f" · SHA-256 {base.sha256}" if base.sha256 else ""
    name = base.file or base.identifier
    lines = [CardLine("Model", f"{name}{short}", f"{name} ({base.identifier}){full}")]
    note = text_in(base.accuracy_note, language)
    accuracy = f"± {base.accuracy_m:g} m (RMSE)" if base.accuracy_m is not None else ""
    lines.append(_said("Accuracy of heights", ". ".join(part for part in (accuracy, note) if part)))
    return lines


def _package(manifest: Manifest) -> tuple[CardLine, ...]:
    digest = manifest.digest
    count = len(manifest.files)
    return (
        CardLine("Id", manifest.id),
        CardLine("Version", f"SHA-256 {digest[:SHORT_HASH]}…", f"SHA-256 {digest}") if digest else _said("Version", ""),
        CardLine("Files", f"{count}, each checked against its hash" if count else "without hashes"),
        CardLine("Format", f"Citiverse scenario {manifest.version}"),
    )


def _said(name: str, text: str) -> CardLine:
    return CardLine(name, text or UNKNOWN, missing=not text)


def _none() -> tuple[CardLine, ...]:
    return (CardLine("", UNKNOWN, missing=True),)


def _safe(text: str) -> str:
    """Escaped, without characters that would reorder or hide text."""
    from unicodedata import category

    plain = "".join(c for c in text if c in "\t\n\u200c\u200d" or category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn"))
    return html.escape(plain).replace("\n", "<br>")
