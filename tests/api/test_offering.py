"""
Nobody offers images that are not theirs to see, whatever channel is theirs.
"""

import pytest

from tests.api.door import Answer, Door
from tests.support.region import DAY
from tundish.app.deeds import channels
from tundish.core.errors import Forbidden
from tundish.core.lifecycle import State
from tundish.core.names import ChannelName
from tundish.core.people import Actor, Grant, Kind, Role
from tundish.core.release import Channel, content_of

CHANNELS = Grant(Role.OPERATOR, Kind.CHANNEL, "*")
TRIXIE = Grant(Role.VIEWER, Kind.IMAGE, "debian/trixie/*")


def asked(door: Door, verb: str, body: object) -> Answer:
    return door.call("POST", f"/api/v1/channels/lab/{verb}", body, token=door.as_("pam", CHANNELS, TRIXIE))


def offered(door: Door) -> int:
    """
    The release of a channel that offers every image.
    """
    held = door.app.catalog.images.list(states=[State.COMPLETE])
    channel = Channel(ChannelName("candidate"), "maas", 0)
    return door.app.catalog.channels.publish(channel, [each.id for each in held], content_of(held), DAY).id


@pytest.mark.parametrize(
    ("images", "status"), [(["debian/trixie/amd64"], 202), (["debian/bookworm/amd64"], 404), ([], 403)]
)
def test_only_images_that_may_be_seen_are_published(door: Door, images: list[str], status: int) -> None:
    """
    One that is hidden is answered as one that is not there; to name none would mean those, too.
    """
    assert status == asked(door, "publish", {"images": images}).status


def test_a_publication_of_some_names_the_very_versions(door: Door) -> None:
    """
    So that the same word means nothing hidden by the time that the job runs.
    """
    job = asked(door, "publish", {"images": ["debian/trixie/amd64"]}).document["id"]
    arguments = door.get(f"jobs/{job}").document["arguments"]

    assert {"channel": "lab", "images": ["debian/trixie/amd64/generic@20260504"]} == arguments


def test_a_release_with_hidden_images_is_not_promoted(door: Door) -> None:
    """
    Although both channels are the asker's: another one's release would get out by them.
    """
    offered(door)

    assert 403 == asked(door, "promote", {"source": "candidate"}).status


def test_no_promotion_of_hidden_images_is_planned(door: Door) -> None:
    """
    Neither by the API.
    """
    offered(door)
    token = door.as_("pam", CHANNELS, TRIXIE)

    assert 403 == door.get("channels/lab/promotion?source=candidate", token=token).status


def test_the_page_plans_no_promotion_of_hidden_images(door: Door) -> None:
    """
    The plan would say what is in them, package by package.
    """
    offered(door)
    pam = Actor("pam", (CHANNELS, TRIXIE), "page")

    with pytest.raises(Forbidden, match="may not see"):
        channels.plan(door.app, pam, "candidate", "candidate")


def test_who_sees_all_may_publish_all(door: Door) -> None:
    """
    A channel of one's own, and every image to see.
    """
    token = door.as_("sam", CHANNELS, Grant(Role.VIEWER, Kind.IMAGE, "*"))

    assert 202 == door.call("POST", "/api/v1/channels/lab/publish", {}, token=token).status
