"""
Pages beneath a path, where a reverse proxy gives them no host of their own: every address of a page of ours
begins with `/`, and leads below the prefix once it is sent. Within, paths are without it. Pure.
"""

import re

# What is put into a template has no quotes of its own, so these are attributes and nothing else.
_ADDRESS = re.compile(r'(?<=[ \n])(href|src|action|formaction|hx-get|hx-post|sse-connect)="/(?!/)')


def beneath(text: str, prefix: str) -> str:
    """
    A page whose addresses lead below the prefix.
    """
    return _ADDRESS.sub(rf'\1="{prefix}/', text) if prefix else text


def moved(to: str, prefix: str) -> str:
    """
    Where a browser is sent for a path of ours.
    """
    return prefix + to if to.startswith("/") else to
