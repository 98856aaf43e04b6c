"""
Channels from the command line: a candidate is looked at, promoted, rolled back, signed anew and tidied.
"""

from collections.abc import Mapping

import pytest

from tests.cli.terminal import Said, Terminal
from tundish.core.image import Json

NOBLE, JAMMY = "ubuntu/noble/amd64/ga-24.04", "ubuntu/jammy/amd64/ga-22.04"


@pytest.fixture
def shop(stocked: Terminal) -> Terminal:
    """
    Stable offers noble, candidate offers noble and jammy.
    """
    assert stocked("publish", NOBLE).code == 0
    assert stocked("publish", "--channel", "candidate").code == 0
    return stocked


def fields(said: Said) -> Mapping[str, Json]:
    """
    The answer, or the first of a list of answers.
    """
    found = said.answer[0] if isinstance(said.answer, list) else said.answer
    assert isinstance(found, dict)
    return found


def test_each_channel_is_listed_with_its_release(shop: Terminal) -> None:
    """
    The list names channel, release, versions and dialect.
    """
    said = shop("channel", "list")

    assert ["candidate", "2", "2", "maas"] == said.out.splitlines()[1].split()[:4]


def test_a_channel_shows_what_it_offers_and_how_it_came_there(shop: Terminal) -> None:
    """
    Its images and its moves are answered.
    """
    said = shop("channel", "show", "stable")

    words = [line.split() for line in said.out.splitlines()]
    assert (True, ["publish", "1"]) == ([NOBLE, "20260101"] in [line[:2] for line in words], words[-1][-2:])


def test_a_day_before_the_first_release_has_nothing(shop: Terminal) -> None:
    """
    What a channel offered in another century is not found.
    """
    said = shop("channel", "show", "stable", "--as-of", "1999-12-31")

    assert (4, True) == (said.code, "nothing yet on 1999-12-31" in said.err)


def test_a_date_that_is_none_is_refused(shop: Terminal) -> None:
    """
    The form of a date is told.
    """
    said = shop("channel", "show", "stable", "--as-of", "yesterday")

    assert (2, True) == (said.code, "'yesterday' is no date; give one as in 2026-01-31" in said.err)


def test_what_stands_today_is_what_it_offers(shop: Terminal) -> None:
    """
    As of a moment to come, the present release is shown.
    """
    said = shop("channel", "show", "stable", "--as-of", "2999-01-01T00:00", "--json")

    assert 1 == fields(said)["release"]


def test_a_plan_promotes_nothing(shop: Terminal) -> None:
    """
    --plan tells what would appear, and leaves the channel as it is.
    """
    said = shop("channel", "promote", "candidate", "stable", "--plan")

    assert (f"appears   {JAMMY}@20260101\n", 1) == (
        said.out,
        fields(shop("channel", "show", "stable", "--json"))["release"],
    )


def test_promoting_shows_what_appears_and_does_it(shop: Terminal) -> None:
    """
    The difference comes first, then what the channel offers now.
    """
    said = shop("channel", "promote", "candidate", "stable")

    assert [f"appears   {JAMMY}@20260101", "stable now offers release 2: 2 image versions"] == (
        said.out.splitlines()
    )


def test_a_rollback_is_one_command(shop: Terminal) -> None:
    """
    After a promotion, the release before is offered again.
    """
    shop("channel", "promote", "candidate", "stable")

    said = shop("channel", "rollback", "stable")

    assert "stable now offers release 1: 1 image versions\n" == said.out


def test_there_may_be_nothing_to_go_back_to(shop: Terminal) -> None:
    """
    A channel with one release stays as it is, and the reason is told.
    """
    said = shop("channel", "rollback", "stable")

    assert (5, True) == (said.code, "offered nothing before release 1" in said.err)


def test_channels_and_releases_are_compared(shop: Terminal) -> None:
    """
    A channel is compared with the number of a release.
    """
    said = shop("channel", "diff", "candidate", "1", "--json")

    assert {"from": 2, "to": 1, "appears": [], "goes": [f"{JAMMY}@20260101"], "changes": []} == said.answer


def test_the_same_is_no_difference(shop: Terminal) -> None:
    """
    Comparing a channel with itself says so.
    """
    assert "no difference\n" == shop("channel", "diff", "stable", "stable").out


def test_a_signature_with_an_end_is_told(shop: Terminal) -> None:
    """
    Signing anew with an end says when that is.
    """
    found = fields(shop("channel", "resign", "stable", "--expires", "30", "--json"))

    assert (True, 1) == (isinstance(found["expires"], str), found["release"])


def test_only_what_is_due_is_signed_anew(shop: Terminal) -> None:
    """
    With --due, signatures that never end and fresh ones are left alone.
    """
    shop("channel", "resign", "stable", "--expires", "30")

    assert [] == shop("channel", "resign", "--due", "--json").answer


def test_who_names_nothing_signs_nothing(shop: Terminal) -> None:
    """
    Signing anew wants names, or --due.
    """
    assert 2 == shop("channel", "resign").code


def test_tidying_spares_what_has_just_left(shop: Terminal) -> None:
    """
    Within the grace period files wait; without any they go.
    """
    shop("publish", JAMMY)

    waiting = fields(shop("channel", "tidy", "stable", "--json"))["waiting"]
    gone = fields(shop("channel", "tidy", "stable", "--grace", "0", "--json"))["removed"]

    assert isinstance(gone, list)
    assert (True, waiting) == (len(gone) > 0, len(gone))


def test_what_readers_could_not_use_is_left_out_with_the_reason(shop: Terminal) -> None:
    """
    Images without metadata for Incus are refused by name, and why.
    """
    said = shop("publish", NOBLE, "--channel", "vm", "--dialect", "incus")

    assert (5, True) == (said.code, "has no metadata (incus.tar.xz or lxd.tar.xz)" in said.err)


def test_a_channel_keeps_its_dialect(shop: Terminal) -> None:
    """
    Publishing in another dialect into a channel is refused, and another channel proposed.
    """
    said = shop("publish", "--dialect", "incus")

    assert (5, True) == (said.code, "--channel stable-incus" in said.err)
