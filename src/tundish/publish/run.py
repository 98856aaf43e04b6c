"""
One publication from end to end: choose from the catalog, write the tree, leave an event behind.
"""

from collections.abc import Sequence
from pathlib import Path

from tundish.catalog.opened import Catalog
from tundish.core.errors import Conflict
from tundish.core.holding import Holding
from tundish.core.lifecycle import State
from tundish.core.names import ChannelName
from tundish.publish.publisher import Press, Publication
from tundish.publish.publisher import publish as write


def publish(
    catalog: Catalog,
    refs: Sequence[str],
    channel: ChannelName,
    *,
    channels: Path,
    press: Press,
    holder: str,
) -> Publication:
    """
    Make a channel offer the images named (every complete one, if none is named).

    Raises:
        NotFound: no such image, or nothing complete to publish.
        Conflict: an image named is not complete.
        Busy: somebody else publishes into this channel.
    """
    with catalog.database.exclusive(f"publish-{channel}", holder):
        holdings = [_complete(catalog.images.find(ref)) for ref in refs]
        publication = write(
            holdings or catalog.images.list(states=[State.COMPLETE]), channels / channel, press
        )
        if publication.changed:
            text = f"{len(publication.images)} image versions, {publication.size} bytes"
            catalog.events.add("published", channel, text, press.now())
        return publication


def _complete(holding: Holding) -> Holding:
    if holding.state is not State.COMPLETE:
        raise Conflict(f"{holding.ref} is {holding.state}, and only complete images are published")
    return holding
