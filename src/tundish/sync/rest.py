"""
When there is nothing to do: a run that left everything as wanted leaves a note of the world it left.

If that world is the same, no signature has expired since, and no source has a changed document, the next
run ends without parsing anything. The note is gone before anything is changed, so a killed run leaves none.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime

from tundish import __version__
from tundish.core.digest import Digest
from tundish.core.errors import TundishError
from tundish.core.names import SourceName
from tundish.core.selection import Source
from tundish.fetch.fetcher import Limits
from tundish.sync.offer import Offer
from tundish.sync.shelf import Pages

NOTE = "sync.rest"
NOTHING_DONE = '{"unchanged": true}'  # the detail of the job


@dataclass(frozen=True, slots=True)
class Question:
    """
    A document that has to be asked for, and the state of it that is known.
    """

    source: SourceName
    url: str
    validator: str


@dataclass(frozen=True, slots=True)
class Rest:
    world: str
    good_until: str | None  # ISO 8601; when the first signature or key expires
    questions: tuple[Question, ...]

    def text(self) -> str:
        return json.dumps(asdict(self))

    def lasts(self, world: str, at: datetime) -> bool:
        """
        Whether nothing has changed on our side.
        """
        return self.world == world and (
            self.good_until is None or at < datetime.fromisoformat(self.good_until)
        )

    def is_confirmed(self, sources: Iterable[Source], pages: Callable[[Source], Pages]) -> bool:
        """
        Whether every source says that its documents are the same.
        """
        known = {source.name: source for source in sources}
        try:
            return all(
                pages(known[each.source]).fresh(each.url, limit=Limits().document, validator=each.validator)
                is None
                for each in self.questions
                if each.source in known
            )
        except TundishError:
            return False  # the long way finds out what it is, and asks mirrors


def world(names: Iterable[str], pulse: str, stamp: str) -> str:
    """
    A short word for everything on our side that a sync looks at: what it was asked for, the catalog's pulse
    and the store's stamp.
    """
    return Digest.of("\n".join((__version__, *sorted(names), pulse, stamp)).encode()).hex


def rest(world: str, offers: Iterable[Offer]) -> Rest | None:
    """
    The note to leave after a run; None if the sources cannot say whether they have changed.
    """
    ends, questions = [], []
    for offer in offers:
        if offer.unread or offer.emptied:
            return None
        ends += [offer.good_until] if offer.good_until else []
        for document in offer.documents:
            if document.document in offer.chained:
                continue
            if document.validator is None:
                return None
            questions.append(Question(offer.source.name, document.url, document.validator))
    return Rest(world, min(ends).isoformat() if ends else None, tuple(questions))


def parse(text: str | None) -> Rest | None:
    """
    A note as it was left; None if there is none, or none that we can read.
    """
    try:
        found = json.loads(text or "")
        questions = tuple(Question(**each) for each in found["questions"])
        return Rest(found["world"], found["good_until"], questions)
    except (ValueError, TypeError, KeyError):
        return None
