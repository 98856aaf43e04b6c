"""
A comparison as one page that stands alone: no script, nothing loaded.

Whatever comes from an image is escaped.
"""

from collections.abc import Iterator

from tundish.check.difference import Compared, Comparison
from tundish.check.difference_rows import Section, sections
from tundish.check.report_style import STYLE
from tundish.check.report_words import size, text

SHOWN = 1000  # rows of a section, unless all are wanted
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def page(comparison: Comparison, *, all_: bool = False) -> str:
    """
    The whole page.
    """
    found = sections(comparison)
    parts = (
        *_head(comparison),
        "<main><h2>In short</h2><table>",
        *(f"<tr><td>{one.title}</td><td>{one.summary}</td></tr>" for one in found),
        "</table>",
        *(part for one in found for part in _section(one, all_=all_)),
        "</main>",
        "<footer>Made by <code>tundish image diff</code>. Nothing of the images was run.</footer>",
        "</body></html>",
    )
    return "\n".join(parts) + "\n"


def _head(comparison: Comparison) -> Iterator[str]:
    before, after = comparison.before, comparison.after
    yield '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta name="color-scheme" content="light dark">'
    yield f"<title>{text(before.name)} → {text(after.name)}</title><style>{STYLE}</style></head><body>"
    yield f"<header><div><h1>{text(after.name)}, compared with {text(before.name)}</h1>"
    yield f"<p>before: {_image(before)}</p><p>after: {_image(after)}</p></div></header>"


def _image(image: Compared) -> str:
    return f"{text(image.name)}, {size(image.size)}, {'fit' if image.fit else 'unfit'}"


def _section(section: Section, *, all_: bool) -> Iterator[str]:
    if not section.rows:
        return
    taken = section.rows if all_ else section.rows[:SHOWN]
    yield f"<h2>{section.title.capitalize()} <small>{section.summary}</small></h2>"
    yield f"<details{' open' if len(taken) <= 40 else ''}><summary>{len(section.rows)} in all</summary><pre>"
    yield "\n".join(f"{text(row.mark)} {text(row.text)}" for row in taken)
    yield "</pre>"
    if more := len(section.rows) - len(taken):
        yield f"<p>and {more} more; <code>--all</code> shows them</p>"
    yield "</details>"
