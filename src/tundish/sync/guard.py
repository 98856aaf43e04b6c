"""
Refuse what is more likely a mistake, ours or upstream's, than a wish.
"""

from collections.abc import Iterable

from tundish.core.errors import Conflict
from tundish.core.holding import OWN, Holding
from tundish.core.lifecycle import State
from tundish.sync.plan import Action, Plan


def lost(plan: Plan, holdings: Iterable[Holding]) -> tuple[int, int]:
    """
    How many images the plan leaves no version of, and how many there are; our own do not count.
    """
    before = {each.product.ref for each in holdings if each.source != OWN and each.state is State.COMPLETE}
    after = {planned.product.ref for planned in plan.versions if planned.action is not Action.RETIRE}
    return len(before - after), len(before)


def check_removal(plan: Plan, holdings: Iterable[Holding]) -> None:
    """
    Let a plan pass unless it would do away with more than half of all images.

    Raises:
        Conflict: it would.
    """
    leaving, held = lost(plan, holdings)
    if 2 * leaving > held:
        raise Conflict(
            f"this would retire every version of {leaving} of {held} images; nothing was done. See which: "
            "tundish sync --plan; if that is what you want, pass --allow-mass-removal"
        )
