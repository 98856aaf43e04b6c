"""
What a sync says at its end: nothing, the one error if nothing came, or that some of it failed.
"""

from tundish.core.errors import Partial, TundishError
from tundish.core.names import SourceName
from tundish.sync.ledger import Outcome, worst

SHOWN = 20  # troubles named before the rest is counted


def of_source(source: SourceName, error: TundishError, part: str = "") -> str:
    """
    An error with the source it is about, named once.
    """
    said = str(error)
    if said.startswith(f"source {source}, "):
        return said
    return f"source {source}{f', {part}' if part else ''}: {said}"


def verdict(outcome: Outcome, *, is_held: bool) -> TundishError | None:
    """
    What to raise at the end; with `is_held`, some of what is wanted had come before.
    """
    troubles = [
        *(of_source(each.file.source, each.error, each.file.path) for each in outcome.failures),
        *(of_source(each.source, each.error, each.document) for each in outcome.missed),
    ]
    if not troubles:
        return None
    is_read = all(each.document for each in outcome.missed)
    if outcome.failures and not (outcome.completed or is_held) and is_read:
        return worst(outcome.failures)
    more = "" if len(troubles) <= SHOWN else f"\n  and {len(troubles) - SHOWN} more"
    shown = "\n  ".join(troubles[:SHOWN]) + more
    return Partial(f"{len(troubles)} part(s) of the sync failed; the next run tries them again:\n  {shown}")
