"""
What a sync says at its end: nothing, the one error if nothing came, or that some of it failed.
"""

from tundish.core.errors import Partial, TundishError
from tundish.sync.ledger import Outcome, worst

SHOWN = 20  # troubles named before the rest is counted


def verdict(outcome: Outcome) -> TundishError | None:
    """
    What to raise at the end.
    """
    troubles = [
        *(f"source {each.file.source}, {each.file.path}: {each.error}" for each in outcome.failures),
        *(
            f"source {each.source}{f', {each.document}' if each.document else ''}: {each.error}"
            for each in outcome.missed
        ),
    ]
    if not troubles:
        return None
    is_read = all(each.document for each in outcome.missed)
    if outcome.failures and not outcome.completed and is_read:
        return worst(outcome.failures)
    more = "" if len(troubles) <= SHOWN else f"\n  and {len(troubles) - SHOWN} more"
    shown = "\n  ".join(troubles[:SHOWN]) + more
    return Partial(f"{len(troubles)} part(s) of the sync failed; the next run tries them again:\n  {shown}")
