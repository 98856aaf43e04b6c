"""
A deed: a change that somebody asks for at a door. It is allowed or refused, carried out, and written down.

Every function of this package takes the app and the actor first, is one deed, and is all that a door calls.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from tundish.catalog import conditions
from tundish.catalog.audit import Audit
from tundish.core import clock
from tundish.core.errors import Forbidden
from tundish.core.image import Json
from tundish.core.people import Actor, Kind, Power

MOST_NAME = 1_000  # characters of a name in the audit; who may nothing can have it noted


bound = conditions.bound  # for doors: a change is made only if a check within its transaction passes


@dataclass(slots=True)
class Account:
    """
    What a deed says of itself for the audit. Secrets have no place in it.
    """

    before: Mapping[str, Json] = field(default_factory=dict)
    after: Mapping[str, Json] = field(default_factory=dict)


@contextmanager
def deed(
    audit: Audit, actor: Actor, power: Power | None, verb: str, *, kind: Kind = Kind.ALL, name: str = ""
) -> Iterator[Account]:
    """
    Let an actor do `verb` (`source.add`) to what is called `name`, and note how it went: done, failed when
    the context is left by an error, or refused. Without a power everybody may, as with what is one's own. The
    first thing that is written inside is what the request's condition is about, if it has one.

    Raises:
        Forbidden: the actor has not this power on it.
    """
    account = Account()

    def note(outcome: str) -> None:
        before, after = (json.dumps(dict(said)) if said else "" for said in (account.before, account.after))
        audit.add(actor, verb, name[:MOST_NAME], clock.now(), before=before, after=after, outcome=outcome)

    try:
        if power is not None:
            actor.must(power, kind, name)
    except Forbidden:
        note("refused")
        raise
    conditions.arm()
    try:
        yield account
    except BaseException:
        note("failed")
        raise
    note("done")
