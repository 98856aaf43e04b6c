"""
What somebody may have meant who named something that is not there.
"""

from collections.abc import Collection

FEW = 4  # names that are told whatever they are like


def nearest(name: str, known: Collection[str]) -> str:
    """
    The end of a message about an unknown name: up to three similar ones, else all if they are few.
    """
    from difflib import get_close_matches

    if not known:
        return "there is none yet"
    similar = get_close_matches(name[:200], sorted(known), n=3, cutoff=0.4)
    if similar:
        return "did you mean " + " or ".join(similar) + "?"
    if len(known) <= FEW:
        return "there is " + " and ".join(sorted(known))
    return f"none of the {len(known)} known is like it"
