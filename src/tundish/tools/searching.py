"""
Regular expressions of strangers, searched by a process of their own: one can need longer than the universe
is old, and in this process nobody could end it, nor do anything else meanwhile.
"""

import json
import sys
from collections.abc import Sequence

from tundish.core.errors import InputError, ToolFailed
from tundish.tools.run import run

SECONDS = 10.0

_PROGRAM = """
import json, re, sys, warnings
warnings.simplefilter("ignore")
pattern, texts = json.load(sys.stdin)
search = re.compile(pattern).search
sys.stdout.write("".join("01"[search(text) is not None] for text in texts))
"""


def searched(pattern: str, texts: Sequence[str], *, seconds: float = SECONDS) -> tuple[bool, ...]:
    """
    In which of the texts a regular expression is found.

    Raises:
        InputError: that takes too long.
        ToolFailed: the process failed, as for what is no regular expression.
    """
    asked = json.dumps([pattern, list(texts)]).encode()
    try:
        done = run([sys.executable, "-I", "-c", _PROGRAM], stdin=asked, timeout=seconds)
    except ToolFailed as error:
        if error.code is not None:
            raise
        raise InputError(
            f"the pattern {pattern[:60]!r} took over {seconds:g} s; write it without nested repeats"
        ) from None
    return tuple(each == "1" for each in done.stdout.decode())
