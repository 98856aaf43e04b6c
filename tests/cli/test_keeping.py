"""
Pins, holds and garbage collection, as typed.
"""

import os

import pytest

from tests.cli.terminal import Said, Terminal
from tundish.core.image import Json

IMAGE = "ubuntu/noble/amd64/ga-24.04"


@pytest.mark.parametrize(
    ("words", "note"),
    [(["pin"], "pinned"), (["hold"], "on hold"), (["pin", "unpin"], ""), (["hold", "release"], "")],
)
def test_a_mark_is_shown_until_it_is_taken_back(stocked: Terminal, words: list[str], note: str) -> None:
    """
    The last column of the list says what was said of the image.
    """
    for word in words:
        stocked("image", word, IMAGE)
    line = next(line for line in stocked("image", "list").out.splitlines() if line.startswith(IMAGE))

    assert note == line.partition("yes" if "yes" in line else "no")[2].strip().lstrip("0123456789").strip()


def test_an_image_that_is_not_there_cannot_be_pinned(stocked: Terminal) -> None:
    """
    The nearest one is named.
    """
    said = stocked("image", "pin", "ubuntu/nobel/amd64")

    assert (4, True) == (said.code, IMAGE in said.err)


def test_a_dry_run_of_a_collection_says_would(stocked: Terminal) -> None:
    """
    Nobody can take it for the deed.
    """
    assert "would delete: 0 versions, 0 blobs" in stocked("store", "gc", "--dry-run").out


@pytest.mark.parametrize("words", ["3", "3x", "-1d", "99999999d", "9999999w", ""])
def test_a_span_that_is_none_is_refused(terminal: Terminal, words: str) -> None:
    """
    With the form that is understood.
    """
    said = terminal("store", "gc", f"--grace={words}")

    assert (2, True) == (said.code, "90m, 12h, 3d or 2w" in said.err)


@pytest.mark.parametrize("words", ["0", "0s", "90m", "12h", "3d", "2w"])
def test_a_span_is_understood(terminal: Terminal, words: str) -> None:
    """
    Numbers with a unit, and 0 without.
    """
    assert 0 == terminal("store", "gc", "--grace", words).code


def test_a_collection_without_grace_takes_what_was_retired_just_now(stocked: Terminal) -> None:
    """
    Deselect, sync, collect: the disk is free again.
    """
    stocked("select", "remove", "1")
    stocked("select", "add", "ubuntu/noble")
    stocked("sync")
    stocked("store", "gc", "--grace", "0", "--json")
    states = stocked("image", "list", "--state", "retired", "--json").answer
    after = stocked("store", "usage", "--json").answer

    assert isinstance(after, dict)
    assert ([], 4, 0) == (states, after["blobs"], after["reclaimable_bytes"])


def left(stocked: Terminal) -> str:
    """
    The path of a file that has left the channel stable.
    """
    stocked("publish", IMAGE)
    stocked("publish", "ubuntu/jammy/amd64/ga-22.04")
    return "noble/amd64/20260101/squashfs"


def listed(said: Said, name: str) -> list[Json]:
    """
    What is said of the only channel under a name.
    """
    answer = said.answer
    assert isinstance(answer, dict)
    channels = answer["channels"]
    assert isinstance(channels, list)
    channel = channels[0]
    assert isinstance(channel, dict)
    found = channel[name]
    assert isinstance(found, list)
    return found


def test_a_collection_tidies_channels_too(stocked: Terminal) -> None:
    """
    What left a channel goes with it, and its bytes once the image has gone, too.
    """
    path = left(stocked)
    said = stocked("store", "gc", "--grace", "0", "--json")

    assert (True, False) == (
        path in listed(said, "removed"),
        (stocked.state / "channels" / "stable" / path).exists(),
    )


def test_a_dry_run_of_a_collection_names_what_would_leave_channels(stocked: Terminal) -> None:
    """
    In words and for programs, and nothing goes.
    """
    path = left(stocked)
    said = stocked("store", "gc", "--grace", "0", "--dry-run")
    told = stocked("store", "gc", "--grace", "0", "--dry-run", "--json")

    assert (True, True, True) == (
        f"would remove from channel stable: {path}" in said.out,
        path in listed(told, "removed"),
        (stocked.state / "channels" / "stable" / path).exists(),
    )


def test_a_damaged_channel_does_not_stop_a_collection(stocked: Terminal) -> None:
    """
    It is named, the rest is done, and the exit code says partial.
    """
    left(stocked)
    for document in (stocked.state / "channels" / "stable").glob("streams/v1/products-*"):
        document.write_bytes(b"{")
    said = stocked("store", "gc", "--grace", "0")

    assert (12, True, True) == (
        said.code,
        "channel stable was left out" in said.err,
        "deleted: 0 versions" in said.out,
    )


def test_a_collection_without_channels_makes_no_key(stocked: Terminal) -> None:
    """
    Nor does a verification or a repair.
    """
    for words in (("gc",), ("verify",), ("repair",)):
        stocked("store", *words)

    assert not (stocked.state / "keys").exists()


def test_a_collection_never_makes_a_key_in_place_of_a_lost_one(stocked: Terminal) -> None:
    """
    It says that the key is gone, and leaves the channel alone.
    """
    left(stocked)
    (stocked.state / "keys" / "signing.key").unlink()
    said = stocked("store", "gc")

    assert (12, True, False) == (
        said.code,
        "back from a backup" in said.err,
        (stocked.state / "keys" / "signing.key").exists(),
    )


def test_a_flipped_bit_of_a_published_image_is_put_right_everywhere(stocked: Terminal) -> None:
    """
    Verify names blob and channel, repair brings both back, and the next verify finds nothing.
    """
    stocked("publish")
    tree = stocked.state / "channels" / "stable"
    path = tree / "noble/amd64/20260101/squashfs"
    good = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(bytes([good[0] ^ 1]) + good[1:])
    os.utime(path, (1, 1))
    found = stocked("store", "verify")
    mended = stocked("store", "repair", "--json")

    assert (9, True, ["noble/amd64/20260101/squashfs"], good, 0) == (
        found.code,
        "damaged in channel stable" in found.out,
        listed(mended, "renewed"),
        path.read_bytes(),
        stocked("store", "verify").code,
    )


@pytest.mark.parametrize(("words", "blobs"), [("2026-01-01", 0), ("7d", 0), ("0s", 8)])
def test_only_what_was_not_verified_since_then_is_hashed(stocked: Terminal, words: str, blobs: int) -> None:
    """
    A date, or a span ago; what came in was hashed then.
    """
    said = stocked("store", "verify", "--since", words, "--json").answer

    assert isinstance(said, dict)
    assert blobs == said["blobs"]


@pytest.mark.parametrize(
    "words", [("--since", "soon"), ("--since", "2999-01-01"), ("--since", "7d", "--older-than", "7d")]
)
def test_a_since_that_makes_no_sense_is_refused(terminal: Terminal, words: tuple[str, ...]) -> None:
    """
    Neither a date nor a span, what is to come, and twice the same.
    """
    assert 2 == terminal("store", "verify", *words).code


def test_only_looking_changes_nothing(stocked: Terminal) -> None:
    """
    Two looks find the same damage, and tell how to mend it.
    """
    blob = next(path for path in (stocked.state / "store" / "blobs").rglob("*") if path.is_file())
    blob.unlink()
    blob.write_bytes(b"damaged")
    first = stocked("store", "verify", "--no-quarantine")
    second = stocked("store", "verify", "--no-quarantine")

    assert (9, 9, True) == (first.code, second.code, "verify, then tundish store repair" in second.err)


def test_a_pace_is_understood(stocked: Terminal) -> None:
    """
    In bytes per second, with a unit.
    """
    assert 0 == stocked("store", "verify", "--rate", "50M", "--older-than", "30d").code


@pytest.mark.parametrize("words", ["0", "fast", "-1", "9999999999T"])
def test_a_pace_that_is_none_is_refused(terminal: Terminal, words: str) -> None:
    """
    With the form that is understood.
    """
    said = terminal("store", "verify", f"--rate={words}")

    assert (2, True) == (said.code, "800K, 50M or 2G" in said.err)


def test_what_cannot_be_mended_is_said(stocked: Terminal) -> None:
    """
    Without its source there is nobody to ask: the blob, its image and exit code 9.
    """
    stocked("source", "remove", "lab")
    blob = next(path for path in (stocked.state / "store" / "blobs").rglob("*") if path.is_file())
    blob.unlink()
    said = stocked("store", "repair")

    assert (9, True) == (said.code, f"still lacking: {blob.name}, for ubuntu/" in said.out)
