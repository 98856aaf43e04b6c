"""
What pages are written with: text from anywhere, made safe, and sizes as people read them.
"""

from html import escape


def text(value: object) -> str:
    """
    Anything from an image, safe in a page; control characters are shown.
    """
    return escape("".join(char if char.isprintable() or char == " " else "\ufffd" for char in str(value)))


def sentence(value: str) -> str:
    """
    A text that begins with a capital, unless its first word is a path or a name.
    """
    first = value.partition(" ")[0]
    return value[:1].upper() + value[1:] if first.isalpha() and first.islower() else value


def count(number: int, word: str) -> str:
    """
    So many of something: 1 error, 2 errors.
    """
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def size(count: int) -> str:
    """
    Bytes as people read them.
    """
    value = float(count)
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if abs(value) < 1024:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} PiB"
