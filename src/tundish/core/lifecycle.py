"""
The states an image version goes through, and the one table of legal transitions.

    expected ──► fetching ──► complete ──► retired
        │           │ ▲           │           │
        │           ▼ │           ▼           │
        └──────► incomplete    damaged ◄──────┘   (damaged and retired may be fetched again)
"""

from enum import StrEnum

from tundish.core.errors import Conflict


class State(StrEnum):
    EXPECTED = "expected"  # selected and offered; nothing held yet
    FETCHING = "fetching"
    INCOMPLETE = "incomplete"  # a run ended before all files were held; the next one resumes
    COMPLETE = "complete"  # every file held and verified: may be published, served, booted
    DAMAGED = "damaged"  # was complete; a file is missing or bad
    RETIRED = "retired"  # no longer offered by us; bytes go after the grace period


LEGAL: dict[State, frozenset[State]] = {
    State.EXPECTED: frozenset({State.FETCHING, State.COMPLETE, State.INCOMPLETE, State.RETIRED}),
    State.FETCHING: frozenset({State.COMPLETE, State.INCOMPLETE, State.RETIRED}),
    State.INCOMPLETE: frozenset({State.FETCHING, State.COMPLETE, State.RETIRED}),
    State.COMPLETE: frozenset({State.DAMAGED, State.RETIRED}),
    State.DAMAGED: frozenset({State.FETCHING, State.COMPLETE, State.RETIRED}),
    State.RETIRED: frozenset({State.FETCHING, State.COMPLETE, State.DAMAGED}),
}


def move(old: State, new: State) -> State:
    """
    The new state, if the table allows it; staying is always legal.

    Raises:
        Conflict: the table does not.
    """
    if old is not new and new not in LEGAL[old]:
        raise Conflict(f"an image version that is {old} cannot become {new}")
    return new
