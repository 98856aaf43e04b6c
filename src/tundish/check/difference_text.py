"""
A comparison as lines for people: what it comes to first, then the lists, long ones cut with a count.
"""

from collections.abc import Iterator

from tundish.check.difference import Compared, Comparison
from tundish.check.difference_rows import Mark, Section, sections
from tundish.check.report_text import Line, Tone, shown
from tundish.check.report_words import size

SHOWN = 12  # rows of a section, unless all are wanted
_TONES = {Mark.ADDED: Tone.GOOD, Mark.REMOVED: Tone.BAD, Mark.CHANGED: Tone.WARN, Mark.MOVED: Tone.DIM}


def lines(comparison: Comparison, *, all_: bool = False) -> Iterator[Line]:
    """
    The whole comparison.
    """
    yield Line(f"before  {_image(comparison.before)}", Tone.HEAD)
    yield Line(f"after   {_image(comparison.after)}", Tone.HEAD)
    yield Line("")
    found = sections(comparison)
    for section in found:
        yield Line(f"{section.title:<17}{section.summary}", Tone.PLAIN if section.rows else Tone.DIM)
    if comparison.difference.files.unread:
        yield Line(
            f"{len(comparison.difference.files.unread)} files of the same size could not be read", Tone.WARN
        )
    for section in found:
        yield from _section(section, all_=all_)


def _image(image: Compared) -> str:
    return f"{shown(image.name)}: {size(image.size)}, {'fit' if image.fit else 'unfit'}"


def _section(section: Section, *, all_: bool) -> Iterator[Line]:
    if not section.rows:
        return
    yield Line("")
    yield Line(f"{section.title} ({len(section.rows)})", Tone.HEAD)
    taken = section.rows if all_ else section.rows[:SHOWN]
    # Findings that appear are bad news, whatever the colour of other things that come.
    turned = {Mark.ADDED: Tone.BAD, Mark.REMOVED: Tone.GOOD} if section.title == "findings" else {}
    for row in taken:
        yield Line(f"  {row.mark} {shown(row.text)}", turned.get(row.mark, _TONES[row.mark]))
    if more := len(section.rows) - len(taken):
        yield Line(f"    and {more} more; --all shows them", Tone.DIM)
