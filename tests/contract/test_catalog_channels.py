"""
What a catalog promises of releases and channels, whatever engine keeps it.
"""

from datetime import UTC, datetime, timedelta

import pytest

from tests.contract.test_catalog import catalog, in_sqlite
from tundish.catalog.opened import Catalog
from tundish.core.digest import Digest
from tundish.core.errors import Conflict, NotFound
from tundish.core.holding import OWN, HoldingId
from tundish.core.image import Item, Product, Version
from tundish.core.lifecycle import State
from tundish.core.names import ChannelName, ContentId, ItemName, ItemPath, ProductName, VersionName
from tundish.core.release import Channel, Release, Verb

__all__ = ["catalog", "in_sqlite"]

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
STABLE = Channel(ChannelName("stable"), "maas", 0)
CONTENT = Digest.of(b"content")
HOUR = timedelta(hours=1)


def hold(catalog: Catalog, *names: str) -> tuple[HoldingId, ...]:
    product = Product(
        name=ProductName("lab:v3:noble"),
        content_id=ContentId("lab:v3:download"),
        os="ubuntu",
        series="noble",
        arch="amd64",
        label="stable",
        kernel="",
        title="",
        versions=(),
    )
    versions = [
        Version(
            VersionName(name),
            (Item(ItemName("squashfs"), "squashfs", ItemPath(f"noble/{name}"), 4, Digest.of(name.encode())),),
        )
        for name in names
    ]
    return catalog.images.record(OWN, product, versions, State.COMPLETE, NOON)


def publish(catalog: Catalog, *names: str, at: datetime = NOON) -> Release:
    return catalog.channels.publish(STABLE, hold(catalog, *names), CONTENT, at)


def test_a_release_comes_back_as_it_was_made(catalog: Catalog) -> None:
    """
    Moment, content and number of versions are kept.
    """
    made = publish(catalog, "1", "2")

    assert made == catalog.channels.release(made.id)


def test_a_release_offers_its_versions_and_no_others(catalog: Catalog) -> None:
    """
    What was not named is no part of it, and what came later neither.
    """
    made = publish(catalog, "1", "2")

    hold(catalog, "3")

    assert ["1", "2"] == [each.version.name for each in catalog.images.released(made.id)]


def test_a_channel_names_the_last_release(catalog: Catalog) -> None:
    """
    Publishing again points the channel at the new release.
    """
    publish(catalog, "1")
    second = publish(catalog, "2")

    assert (Channel(ChannelName("stable"), "maas", second.id),) == catalog.channels.list()


def test_a_channel_goes_where_it_is_pointed(catalog: Catalog) -> None:
    """
    Pointing it at an earlier release moves it, and keeps its dialect.
    """
    first = publish(catalog, "1")
    publish(catalog, "2")

    catalog.channels.point(Channel(STABLE.name, "other", first.id), Verb.ROLLBACK, NOON)

    assert Channel(STABLE.name, "maas", first.id) == catalog.channels.get("stable")


def test_a_channel_cannot_name_what_is_not_there(catalog: Catalog) -> None:
    """
    A release that does not exist is refused, and no channel is made.
    """
    with pytest.raises(Conflict):
        catalog.channels.point(Channel(STABLE.name, "maas", 7), Verb.PROMOTE, NOON)

    assert () == catalog.channels.list()


def test_the_moves_of_a_channel_are_its_history(catalog: Catalog) -> None:
    """
    Every move is kept, the oldest first, and only those of the channel asked for.
    """
    first, second = publish(catalog, "1"), publish(catalog, "2", at=NOON + HOUR)
    catalog.channels.point(Channel(ChannelName("other"), "maas", first.id), Verb.PROMOTE, NOON)

    catalog.channels.point(Channel(STABLE.name, "maas", first.id), Verb.ROLLBACK, NOON + 2 * HOUR)

    assert [(first.id, "publish"), (second.id, "publish"), (first.id, "rollback")] == [
        (move.release, str(move.verb)) for move in catalog.channels.moves(STABLE.name)
    ]


def test_the_last_moves_can_be_had_alone(catalog: Catalog) -> None:
    """
    With a limit, the newest moves are answered.
    """
    publish(catalog, "1")
    second = publish(catalog, "2")

    assert [second.id] == [move.release for move in catalog.channels.moves(STABLE.name, limit=1)]


@pytest.mark.parametrize(("after", "which"), [(0, 0), (1, 0), (2, 1), (99, 1)])
def test_what_stood_at_a_moment_is_known(catalog: Catalog, after: int, which: int) -> None:
    """
    Of two releases, noon and two hours later, each moment has the one that stood then.
    """
    made = publish(catalog, "1"), publish(catalog, "2", at=NOON + 2 * HOUR)

    assert made[which].id == catalog.channels.as_of(STABLE.name, NOON + after * HOUR).release


def test_before_its_first_release_a_channel_offered_nothing(catalog: Catalog) -> None:
    """
    A moment before is told so.
    """
    publish(catalog, "1")

    with pytest.raises(NotFound, match="nothing yet on 2026-03-01 11:00"):
        catalog.channels.as_of(STABLE.name, NOON - HOUR)


def test_an_unknown_channel_is_told_the_nearest(catalog: Catalog) -> None:
    """
    Who mistypes a name is told what there is.
    """
    publish(catalog, "1")

    with pytest.raises(NotFound, match=r"no channel 'stabel'; did you mean stable"):
        catalog.channels.get("stabel")


def test_an_unknown_release_is_not_found(catalog: Catalog) -> None:
    """
    A number that no release has is refused.
    """
    with pytest.raises(NotFound, match="no release 7"):
        catalog.channels.release(7)


def test_what_a_release_offers_cannot_be_forgotten(catalog: Catalog) -> None:
    """
    A holding that belongs to a release stays in the catalog.
    """
    publish(catalog, "1")
    (held,) = catalog.images.list()

    with pytest.raises(Conflict):
        catalog.images.remove(held.id)


def test_a_large_release_is_kept_whole(catalog: Catalog) -> None:
    """
    More versions than one statement takes are all there.
    """
    names = [f"{number:04}" for number in range(1201)]

    assert 1201 == len(catalog.images.released(publish(catalog, *names).id))
