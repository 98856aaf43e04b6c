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


@pytest.mark.parametrize("pair", [("candidate", "1"), ("1", "candidate"), ("1", "1")])
def test_no_releases_with_hidden_images_are_compared(door: Door, pair: tuple[str, str]) -> None:
    """
    Nor is it told what is in them.
    """
    offered(door)
    token = door.as_("pam", CHANNELS, TRIXIE)

    assert 403 == door.get(f"comparison?before={pair[0]}&after={pair[1]}", token=token).status


def test_a_hidden_channel_is_not_compared(door: Door) -> None:
    """
    It is answered as one that is not there.
    """
    offered(door)
    token = door.as_("kim", TRIXIE)
    answers = [
        door.get(f"comparison?before={name}&after={name}", token=token) for name in ("candidate", "none")
    ]

    assert [404, 404] == [each.status for each in answers]


def test_of_an_offer_only_that_is_shown_which_may_be_seen(door: Door) -> None:
    """
    Neither the other images, nor where the channel lies on the server.
    """
    offered(door)
    shown = door.get("channels/candidate/offer", token=door.as_("pam", CHANNELS, TRIXIE)).document
    text = str(shown["images"])

    assert (None, True, False) == (shown["folder"], "debian/trixie" in text, "debian/bookworm" in text)


@pytest.mark.parametrize(("verb", "body"), [("resign", {"expires": 9}), ("tidy", {"grace_days": 0})])
def test_who_only_sees_a_channel_does_not_look_after_it(door: Door, verb: str, body: object) -> None:
    """
    To sign and to tidy are for its operator.
    """
    offered(door)
    token = door.as_("kim", Grant(Role.VIEWER))

    assert 403 == door.call("POST", f"/api/v1/channels/candidate/{verb}", body, token=token).status


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
