"""
Refuse what is more likely a mistake, ours or upstream's, than a wish.
"""

from collections.abc import Iterable

from tundish.core.errors import Conflict
from tundish.core.holding import OWN, Holding
from tundish.core.lifecycle import State
from tundish.sync.plan import Action, Plan

_WAY_OUT = (
    "nothing was done. See which: tundish sync --plan; what stays is what you select: tundish select list; "
    "if that is what you want, pass --allow-mass-removal"
)


def lost(plan: Plan, holdings: Iterable[Holding]) -> tuple[int, int]:
    """
    How many images the plan leaves no version of, and how many there are; our own do not count, nor what
    is kept although it is retired.
    """
    known = list(holdings)
    before = {each.product.ref for each in known if each.source != OWN and each.state is State.COMPLETE}
    retired = {each.id for each in known if each.state is State.RETIRED}
    after = {
        planned.product.ref
        for planned in plan.versions
        if planned.action is not Action.RETIRE
        and not (planned.action is Action.KEEP and planned.holding in retired)
    }
    return len(before - after), len(before)


def check_removal(plan: Plan, holdings: Iterable[Holding]) -> None:
    """
    Let a plan pass unless it would do away with more than half of all images, or with all that is held.

    Raises:
        Conflict: it would.
    """
    leaving, held = lost(plan, holdings)
    if 2 * leaving > held:
        raise Conflict(f"this would retire every version of {leaving} of {held} images; {_WAY_OUT}")
    going = plan.of(Action.RETIRE)
    if going and len(going) == len(plan.versions):
        raise Conflict(f"this would retire all {len(going)} versions and leave none; {_WAY_OUT}")
