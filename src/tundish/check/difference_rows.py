"""
A comparison as sections of rows, which text and page show each in its own way.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from tundish.anatomy.diff import Altered, Change, Files, Names
from tundish.check.difference import Comparison
from tundish.check.report_words import size
from tundish.check.rule import Finding


class Mark(StrEnum):
    ADDED = "+"
    REMOVED = "-"
    CHANGED = "~"
    MOVED = ">"


_WORDS = {Mark.ADDED: "added", Mark.REMOVED: "removed", Mark.CHANGED: "changed", Mark.MOVED: "moved"}


@dataclass(frozen=True, slots=True)
class Row:
    mark: Mark
    text: str


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    rows: tuple[Row, ...]

    @property
    def summary(self) -> str:
        """
        How many of each kind: 3 added, 1 removed.
        """
        counts = [(sum(row.mark is mark for row in self.rows), word) for mark, word in _WORDS.items()]
        return ", ".join(f"{number} {word}" for number, word in counts if number) or "the same"


def sections(comparison: Comparison) -> tuple[Section, ...]:
    """
    Every section, those with nothing in them too.
    """
    found, findings = comparison.difference, comparison.findings
    return (
        Section(
            "findings",
            (*_findings(Mark.ADDED, findings.appeared), *_findings(Mark.REMOVED, findings.vanished)),
        ),
        Section("system", tuple(_change(one) for one in found.system)),
        Section("kernels", tuple(_names(found.kernels))),
        Section("packages", tuple(_names(found.packages))),
        Section("users", tuple(_names(found.users))),
        Section("services", tuple(_names(found.services))),
        Section("files", tuple(_files(found.files))),
        Section(
            "sizes by folder",
            tuple(
                Row(Mark.CHANGED, f"/{one.folder}: {size(one.before)} → {size(one.after)}")
                for one in found.sizes
            ),
        ),
    )


def _findings(mark: Mark, findings: Iterable[Finding]) -> Iterator[Row]:
    for one in findings:
        word = one.severity if one.status == "fail" else one.status
        yield Row(mark, f"{one.rule} ({word}): {one.what}")


def _names(names: Names) -> Iterator[Row]:
    yield from (Row(Mark.ADDED, one) for one in names.added)
    yield from (Row(Mark.REMOVED, one) for one in names.removed)
    yield from (_change(one) for one in names.changed)


def _change(change: Change) -> Row:
    return Row(Mark.CHANGED, f"{change.name}: {change.before or 'none'} → {change.after or 'none'}")


def _files(files: Files) -> Iterator[Row]:
    yield from (Row(Mark.ADDED, f"/{one}") for one in files.added)
    yield from (Row(Mark.REMOVED, f"/{one}") for one in files.removed)
    yield from (Row(Mark.MOVED, f"/{one.before} → /{one.after}") for one in files.moved)
    yield from (Row(Mark.CHANGED, f"/{one.name}: {one.before} → {one.after}") for one in files.content)
    yield from (_altered(one) for one in files.metadata)


def _altered(altered: Altered) -> Row:
    what = ", ".join(f"{one.name} {one.before or 'none'} → {one.after or 'none'}" for one in altered.what)
    return Row(Mark.CHANGED, f"/{altered.path}: {what}")
