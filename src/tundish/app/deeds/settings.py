"""
Deeds on what an operator chose for this state: a running server follows at once.
"""

from dataclasses import dataclass, replace
from datetime import timedelta

from tundish.app import choosing
from tundish.app.deeds.deed import deed
from tundish.app.opened import App
from tundish.core.errors import InputError
from tundish.core.image import Json
from tundish.core.notice import OPTIONAL
from tundish.core.people import Actor, Power
from tundish.sync.schedule import Schedule


@dataclass(frozen=True, slots=True)
class Chosen:
    schedule: Schedule
    commissioning: str  # os/series; empty: the newest LTS offered
    notices_off: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """
    What is None stays; an empty text takes a setting away.
    """

    sync_on: bool | None = None
    sync_every: timedelta | None = None
    sync_window: str | None = None
    commissioning: str | None = None
    notices_off: tuple[str, ...] | None = None


def get(app: App) -> Chosen:
    """
    What is chosen now.
    """
    choices = app.catalog.choices
    return Chosen(
        choosing.chosen_schedule(choices),
        choosing.chosen_commissioning(choices),
        tuple(sorted(choosing.unwanted_notices(choices))),
    )


def change(app: App, actor: Actor, wanted: Change) -> Chosen:
    """
    Choose anew.

    Raises:
        InputError: something makes no sense; nothing of that kind is changed.
    """
    choices = app.catalog.choices
    with deed(app.catalog.audit, actor, Power.SETTING_EDIT, "settings.change", name="settings") as account:
        before = get(app)
        account.before = public(before)
        unknown = sorted(set(wanted.notices_off or ()) - set(OPTIONAL))
        if unknown:
            raise InputError(
                f"notices of kind {unknown[0][:40]!r} cannot be turned off; these can: {', '.join(OPTIONAL)}"
            )
        if (wanted.sync_on, wanted.sync_every, wanted.sync_window) != (None, None, None):
            choosing.choose_schedule(choices, _schedule(before.schedule, wanted))
        if wanted.commissioning is not None:
            choosing.choose_commissioning(choices, wanted.commissioning)
        if wanted.notices_off is not None:
            for kind in OPTIONAL:
                choosing.want_notices(choices, kind, on=kind not in wanted.notices_off)
        after = get(app)
        account.after = public(after)
        return after


def public(chosen: Chosen) -> dict[str, Json]:
    """
    The choices for front-ends: fields are added, never changed.
    """
    return {
        "sync_on": chosen.schedule.on,
        "sync_every": int(chosen.schedule.every.total_seconds()),
        "sync_window": chosen.schedule.window,
        "commissioning": chosen.commissioning,
        "notices_off": list(chosen.notices_off),
    }


def _schedule(before: Schedule, wanted: Change) -> Schedule:
    found = before
    if wanted.sync_on is not None:
        found = replace(found, on=wanted.sync_on)
    if wanted.sync_every is not None:
        found = replace(found, every=wanted.sync_every)
    if wanted.sync_window is not None:
        found = replace(found, window=wanted.sync_window)
    return found
