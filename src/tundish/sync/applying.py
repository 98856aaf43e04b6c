"""
Carry out exactly the plan that somebody saw and saved, or nothing.
"""

from collections.abc import Callable

from tundish.sync import planfile, rest
from tundish.sync.planfile import Saved
from tundish.sync.run import Desk, Prepared


def bound(
    desk: Desk, saved: Saved, origin: str, planned: Callable[[Prepared], None]
) -> Callable[[Prepared], None]:
    """
    What to hand to `run.sync` as `planned`, so that it begins nothing but the plan of a file.

    It raises Conflict if documents, selections, images or blobs are no longer those of the plan; `origin`
    names the file.
    """
    desk.catalog.choices.drop(rest.NOTE)  # a plan is to be made, and compared, even if nothing is to be done

    def checked(prepared: Prepared) -> None:
        planfile.check(saved, prepared, origin)
        planned(prepared)

    return checked
