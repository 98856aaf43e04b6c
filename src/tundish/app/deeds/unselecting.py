"""
Wanting something no longer, and letting go at once of what only that wanted: what clients of MAAS expect.

The next sync would do the same for what `selections.remove` leaves, but looks at removals with suspicion.
"""

from tundish.app.deeds import images, selections
from tundish.app.opened import App
from tundish.core.errors import Conflict
from tundish.core.holding import OWN
from tundish.core.lifecycle import State
from tundish.core.people import Actor
from tundish.core.selection import Selection
from tundish.stream.select import is_companion, matches


def remove(app: App, actor: Actor, number: int) -> None:
    """
    Want it no longer, and retire what nothing else selects; what is tied stays.

    Raises:
        NotFound: there is no selection of this number.
    """
    before = selections.get(app, number)
    selections.remove(app, actor, number)
    release(app, actor, before)


def release(app: App, actor: Actor, before: Selection) -> None:
    """
    Retire what this selection wanted and no other does any more; what is tied stays.
    """
    wanted = [each for _, each in app.catalog.selections.list()]
    for held in app.catalog.images.list():
        product, source = held.product, held.source
        if source == OWN or held.state is State.RETIRED or is_companion(product):
            continue
        was, is_still = (
            any(matches(each, product, source) for each in among) for among in ([before], wanted)
        )
        if was and not is_still:
            try:
                images.delete(app, actor, held.ref)
            except Conflict:
                continue
