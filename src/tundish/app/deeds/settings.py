"""
Deeds on what was chosen for the whole state: syncs by themselves, notices, and the image for new machines.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from tundish.app import choosing
from tundish.app.deeds.deed import deed
from tundish.app.opened import App
from tundish.core.image import Json
from tundish.core.notice import OPTIONAL
from tundish.core.people import Actor, Power
from tundish.sync.schedule import Schedule

_LONGER = 1e9  # seconds; more than any schedule may have


@dataclass(frozen=True, slots=True)
class Chosen:
    """
    `notices_off`: the kinds of notices that nobody wants. `commissioning` is os/series, or empty.
    """

    sync_on: bool
    sync_every: int  # seconds
    sync_window: str
    commissioning: str
    notices_off: tuple[str, ...]

    def public(self) -> dict[str, Json]:
        return {
            "sync_on": self.sync_on,
            "sync_every": self.sync_every,
            "sync_window": self.sync_window,
            "commissioning": self.commissioning,
            "notices_off": list(self.notices_off),
        }


def chosen(app: App) -> Chosen:
    """
    What is chosen now.
    """
    choices = app.catalog.choices
    schedule = choosing.chosen_schedule(choices)
    return Chosen(
        sync_on=schedule.on,
        sync_every=int(schedule.every.total_seconds()),
        sync_window=schedule.window,
        commissioning=choosing.chosen_commissioning(choices),
        notices_off=tuple(sorted(map(str, choosing.unwanted_notices(choices)))),
    )


def change(app: App, actor: Actor, wanted: Mapping[str, Json]) -> Chosen:
    """
    Choose anew what is named; the rest stays.

    Raises:
        InputError: a value makes no sense; nothing is changed by it.
    """
    with deed(app.catalog.audit, actor, Power.SETTING_EDIT, "setting.change") as account:
        before = chosen(app)
        values = {**before.public(), **wanted}
        account.before = before.public()
        _choose(app, before, values)
        after = chosen(app)
        account.after = after.public()
        return after


def _choose(app: App, before: Chosen, values: Mapping[str, Json]) -> None:
    choices = app.catalog.choices
    schedule = Schedule(
        bool(values["sync_on"]),
        timedelta(seconds=max(-1.0, min(float(str(values["sync_every"])), _LONGER))),
        str(values["sync_window"] or ""),
    )
    choosing.choose_schedule(choices, schedule)
    choosing.choose_commissioning(choices, str(values["commissioning"] or ""))
    off = values["notices_off"]
    wanted = {str(each) for each in off} if isinstance(off, list) else set()
    for kind in wanted - set(before.notices_off):
        choosing.want_notices(choices, kind, on=False)
    for kind in OPTIONAL:
        if kind in before.notices_off and kind not in wanted:
            choosing.want_notices(choices, str(kind), on=True)
