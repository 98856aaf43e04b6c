"""
The start page: one plain page that needs nothing but itself.
"""

from collections.abc import Sequence
from html import escape

from tundish import __version__
from tundish.core.holding import Usage
from tundish.core.notice import Notice

COMMANDS = (
    ("tundish source add", "name a place to take images from"),
    ("tundish select add", "say which images you want"),
    ("tundish sync --plan", "see what would be fetched"),
    ("tundish sync", "fetch it"),
    ("tundish image list", "see what is held"),
    ("tundish publish", "offer it as a signed stream"),
    ("tundish machine list", "see who booted"),
    ("tundish doctor", "see what works on this machine"),
)
LISTS = (
    "images",
    "sources",
    "selections",
    "machines",
    "deployments",
    "sync",
    "jobs",
    "events",
    "notices",
    "usage",
)
POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;"
    "color:#1b1b1b;background:#fff}"
    "table{border-collapse:collapse}th,td{text-align:left;padding:.2rem 1.2rem .2rem 0}"
    ".error b{color:#b00020}.warning b{color:#8a5a00}"
    "th{font-weight:400}code{font-family:ui-monospace,monospace}a{color:#0b5394}"
    "@media(prefers-color-scheme:dark){body{color:#ddd;background:#161616}a{color:#8ab4f8}}"
)


def start_page(usage: Usage, notices: Sequence[Notice] = ()) -> str:
    """
    The version, what needs attention, what is held, the commands to go on with, and where the lists are.
    """
    numbers = (
        ("Sources", f"{usage.sources:,}"),
        ("Images", f"{usage.images:,}"),
        ("Machines", f"{usage.machines:,}"),
        ("Deployments", f"{usage.deployments:,}"),
        ("Stored", f"{usage.size:,} bytes in {usage.blobs:,} files"),
        ("Free", "not known" if usage.free is None else f"{usage.free:,} bytes"),
    )
    lists = " ".join(f'<li><a href="/api/v1/{name}">{name}</a></li>' for name in LISTS)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>tundish</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body><main>'
        f"<h1>tundish {escape(__version__)}</h1>"
        f"{_attention(notices)}<h2>What it holds</h2>{_table(numbers)}"
        f"<h2>Commands</h2>{_table(COMMANDS, code=True)}"
        f"<h2>Lists</h2><ul>{lists}</ul></main></body></html>\n"
    )


def _attention(notices: Sequence[Notice]) -> str:
    """
    The notices; nothing where there are none.
    """
    lines = "".join(
        f'<li class="{escape(each.severity)}"><b>{escape(each.severity)}</b> {escape(each.text)}</li>'
        for each in notices
    )
    return f"<h2>What needs attention</h2><ul>{lines}</ul>" if lines else ""


def _table(rows: tuple[tuple[str, str], ...], *, code: bool = False) -> str:
    head = "<code>{}</code>" if code else "{}"
    body = "".join(
        f'<tr><th scope="row">{head.format(escape(name))}</th><td>{escape(text)}</td></tr>'
        for name, text in rows
    )
    return f"<table>{body}</table>"
