"""
Deeds as every door calls them: done and written down, or refused and written down.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.seeding import Seeded, seeded
from tundish.app.deeds import channels, images, notices, selections, settings, sources, syncs
from tundish.app.opened import App
from tundish.core.errors import Conflict, Forbidden, InputError, NotFound
from tundish.core.people import EVERYTHING, Actor, Deed, Grant, Kind, Role
from tundish.core.selection import Selection
from tundish.sync.sources import Wish

ADA = Actor("ada", EVERYTHING, "api", "192.0.2.1")
VIC = Actor("vic", (Grant(Role.VIEWER),), "page")
LEE = Actor("lee", (Grant(Role.OPERATOR, Kind.SOURCE, "vendor"),), "api")
KEPT = "ubuntu/noble/amd64/generic@20260501"
OLD = "ubuntu/noble/amd64/generic@20260401"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    with seeded(tmp_path / "state", 3) as found:
        yield _opened(found)


def _opened(found: Seeded) -> App:
    return found.app


def last(app: App) -> Deed:
    return app.catalog.audit.list(1)[0]


def test_a_deed_is_written_down_with_before_and_after(app: App) -> None:
    """
    The audit says who pinned what, from where, and what it was before and after.
    """
    images.pin(app, ADA, KEPT)

    found = last(app)
    assert ("ada", "api", "192.0.2.1", "image.pin", KEPT, "done", False, True) == (
        found.actor,
        found.door,
        found.address,
        found.deed,
        found.subject,
        found.outcome,
        '"pinned": true' in found.before,
        '"pinned": true' in found.after,
    )


def test_who_may_only_see_is_refused_and_that_is_written_down(app: App) -> None:
    """
    A viewer pins nothing, and the audit keeps the attempt.
    """
    with pytest.raises(Forbidden):
        images.pin(app, VIC, KEPT)

    assert ("vic", "image.pin", "refused") == (last(app).actor, last(app).deed, last(app).outcome)


def test_a_pinned_version_is_not_deleted(app: App) -> None:
    """
    The refusal names what ties it.
    """
    images.pin(app, ADA, KEPT)

    with pytest.raises(Conflict, match="pinned"):
        images.delete(app, ADA, KEPT)


def test_rolling_back_retires_what_is_newer(app: App) -> None:
    """
    The older version is pinned and on hold, and is the newest that is found.
    """
    done = images.roll_back(app, ADA, OLD)

    assert (True, True, OLD) == (done.pinned, done.on_hold, app.catalog.images.find(KEPT[:26]).ref)


def test_what_the_store_lost_is_not_restored(app: App) -> None:
    """
    A deleted version whose bytes are gone stays deleted, and the message says what to do.
    """
    images.delete(app, ADA, KEPT)

    with pytest.raises(Conflict, match="sync or upload it again"):
        images.restore(app, ADA, KEPT)


def test_a_scope_is_kept(app: App) -> None:
    """
    Who may edit one source changes it, and adds no other.
    """
    sources.change(app, LEE, "vendor", Wish(priority=7), check=False)

    with pytest.raises(Forbidden):
        sources.add(app, LEE, "other", Wish(url="https://x.example/", unsigned=True), check=False)


def test_no_secret_of_a_source_is_in_the_audit(app: App) -> None:
    """
    A token that was set is not written down.
    """
    sources.change(app, ADA, "vendor", Wish(token="hush-hush"), check=False)

    assert ("source.change", False) == (last(app).deed, "hush-hush" in f"{last(app)}")


def test_a_selection_is_changed_under_its_source(app: App) -> None:
    """
    A changed selection has a new number, and the old one is gone.
    """
    number = app.catalog.selections.list()[0][0]

    new = selections.change(app, ADA, number, Selection("ubuntu", "jammy"), force=True)

    assert [new] == [each for each, _ in app.catalog.selections.list()]


def test_a_sync_of_an_unknown_source_is_not_queued(app: App) -> None:
    """
    The source is asked for before anything waits.
    """
    with pytest.raises(NotFound):
        syncs.begin(app, ADA, ["nowhere"])


def test_a_queued_sync_is_stopped(app: App) -> None:
    """
    Begun and stopped before a server took it, it ends as stopped.
    """
    syncs.begin(app, ADA, ["vendor"])

    assert "stopped" == syncs.stop(app, ADA).outcome


def test_without_a_sync_there_is_none_to_stop(app: App) -> None:
    """
    Stopping what does not run is an error.
    """
    with pytest.raises(NotFound):
        syncs.stop(app, ADA)


def test_settings_are_changed_one_by_one(app: App) -> None:
    """
    What is not named stays.
    """
    settings.change(app, ADA, {"sync_every": 7200})

    found = settings.change(app, ADA, {"notices_off": ["release"]})

    assert (7200, ("release",)) == (found.sync_every, found.notices_off)


def test_a_notice_that_matters_is_not_turned_off(app: App) -> None:
    """
    Nobody does without a notice of a full disk.
    """
    with pytest.raises(InputError, match="disk-low"):
        settings.change(app, ADA, {"notices_off": ["disk-low"]})


def test_a_notice_is_put_aside(app: App) -> None:
    """
    It is dismissed, and the audit says which it was.
    """
    number = app.catalog.notices.list()[0].id

    done = notices.dismiss(app, ADA, number)

    assert (True, "notice.dismiss") == (done.dismissed_at is not None, last(app).deed)


def test_a_channel_that_is_not_there_is_not_rolled_back(app: App) -> None:
    """
    The attempt is written down as failed.
    """
    with pytest.raises(NotFound):
        channels.roll_back(app, ADA, "stable")

    assert ("channel.rollback", "failed") == (last(app).deed, last(app).outcome)


def test_a_promotion_is_planned_by_who_may_see(app: App) -> None:
    """
    A viewer asks what promoting would change, and hears that there is no such channel.
    """
    with pytest.raises(NotFound):
        channels.plan(app, VIC, "candidate", "stable")


@pytest.mark.parametrize("place", ["/etc", "file:///etc", "FILE:/etc"])
def test_one_source_opens_no_folder_of_the_server(app: App, place: str) -> None:
    """
    Who may change one source points it elsewhere on the network, and not into this machine.
    """
    with pytest.raises(Forbidden):
        sources.change(app, LEE, "vendor", Wish(url=place), check=False)
