"""
The settings of a YAML file as far as cloud-init's own files need it: keys by their indentation, lists.

No anchors, no tags, no text over several lines. What it does not understand it leaves out.
"""

import re
from collections.abc import Iterator

MAX_LINES = 20_000
MAX_JOINED = 100
_KEY = re.compile(r"""\s*(?P<dash>-\s+)?(?P<key>[\w.-]+|'[^']*'|"[^"]*")\s*:(?:\s+(?P<value>.*)|\s*)$""")
_ITEM = re.compile(r"\s*-\s+(?P<value>.*)$")
_COMMENT = re.compile(r"(?:^|\s)#.*$")

Setting = tuple[tuple[str, ...], str]


def settings(text: str) -> Iterator[Setting]:
    """
    Each value with the keys that lead to it; every item of a list comes by itself.
    """
    stack: list[tuple[int, str]] = []
    for line in _lines(text):
        item = _ITEM.match(line)
        pair = _KEY.match(line)
        indent = len(line) - len(line.lstrip())
        while stack and (stack[-1][0] > indent or (stack[-1][0] == indent and not item)):
            stack.pop()
        path = tuple(key for _, key in stack)
        if pair:
            key, value = plain(pair["key"]), (pair["value"] or "").strip()
            if not pair["dash"]:
                stack.append((indent, key))
            yield from (((*path, key), each) for each in _values(value))
        elif item:
            yield from ((path, each) for each in _values(item["value"].strip()))


def plain(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" else value


def _values(value: str) -> Iterator[str]:
    """
    The items of a list in brackets, or the value itself.
    """
    if value.startswith("[") and value.endswith("]"):
        yield from (plain(each.strip()) for each in value[1:-1].split(",") if each.strip())
    elif value:
        yield plain(value)


def _lines(text: str) -> Iterator[str]:
    """
    Lines with something on them, a list in brackets brought onto one.
    """
    joined = ""
    count = 0
    for raw in text.splitlines()[:MAX_LINES]:
        line = _COMMENT.sub("", raw).rstrip()
        if not line:
            continue
        joined = f"{joined} {line.strip()}" if joined else line
        count += 1
        if joined.count("[") > joined.count("]") and count < MAX_JOINED:
            continue
        yield joined
        joined, count = "", 0
    if joined:
        yield joined
