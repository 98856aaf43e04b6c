"""
Pins, holds and garbage collection, as typed.
"""

import pytest

from tests.cli.terminal import Terminal

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
