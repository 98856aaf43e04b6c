"""
Where a source begins, and which words do not go together.
"""

from datetime import timedelta
from pathlib import Path

import pytest

from tundish.core.errors import InputError
from tundish.mirrors.wish import Wish

KEYS = b"keys"
INDEX = "streams/v1/index.sjson"


@pytest.mark.parametrize(
    ("url", "path", "start"),
    [
        ("http://lab/stable", None, ("http://lab/stable/", INDEX)),
        ("http://lab/stable/", None, ("http://lab/stable/", INDEX)),
        ("http://lab:80", None, ("http://lab:80/", INDEX)),
        (f"http://lab/{INDEX}", None, ("http://lab/", INDEX)),
        ("http://lab/streams/v1/index2.sjson", None, ("http://lab/", "streams/v1/index2.sjson")),
        ("http://lab/x", "streams/v1/a.sjson", ("http://lab/x/", "streams/v1/a.sjson")),
        ("file:///srv/x", None, ("file:///srv/x/", INDEX)),
        ("/srv/x", None, ("/srv/x/", INDEX)),
        ("/srv/x/", None, ("/srv/x/", INDEX)),
        (f"/srv/{INDEX}", None, ("/srv/", INDEX)),
    ],
)
def test_a_source_is_split(url: str, path: str | None, start: tuple[str, str]) -> None:
    """
    A base with or without slash, a full path of an index, or a base and a path.
    """
    assert start == Wish(url, KEYS, path=path).start


def test_a_folder_may_be_relative() -> None:
    """
    A source without scheme is a folder, seen from where the command runs.
    """
    assert (f"{Path.cwd()}/up/", INDEX) == Wish("up", KEYS).start


@pytest.mark.parametrize("path", ["../x.sjson", "/etc/passwd", "", "a//b"])
def test_a_path_stays_below_the_root(path: str) -> None:
    """
    A start that leads out of the stream is refused.
    """
    with pytest.raises(InputError, match="item path"):
        Wish("http://lab/", KEYS, path=path)


def test_an_unsigned_index_is_not_verified_by_chance() -> None:
    """
    A keyring and an unsigned index contradict each other.
    """
    with pytest.raises(InputError, match="give -U"):
        Wish("http://lab/streams/v1/index.json", KEYS)


def test_keep_needs_max() -> None:
    """
    Without a number there is nothing to fill up to.
    """
    with pytest.raises(InputError, match="--max"):
        Wish("http://lab/", KEYS, keep=True)


def test_an_end_needs_a_signature() -> None:
    """
    Upstream's signatures cannot be given an end.
    """
    with pytest.raises(InputError, match="--sign KEY"):
        Wish("http://lab/", KEYS, expires_days=3)


def test_too_many_filters_are_refused() -> None:
    """
    The number of filters is bounded.
    """
    with pytest.raises(InputError, match="over 100"):
        Wish("http://lab/", KEYS, filters=("a=b",) * 101).parsed()


def test_wishes_for_the_same_have_one_name() -> None:
    """
    How long old files stay changes nothing of what is mirrored.
    """
    assert Wish("http://lab/", KEYS).name == Wish("http://lab/", KEYS, grace=timedelta(0)).name


@pytest.mark.parametrize(
    "other",
    [
        Wish("http://lab/", b"other keys"),
        Wish("http://lab/", KEYS, filters=("a=b",)),
        Wish("http://lab/", KEYS, most=1),
        Wish("http://lab/", KEYS, prune=True),
        Wish("http://lab/", KEYS, download=False),
    ],
)
def test_wishes_for_something_else_have_another_name(other: Wish) -> None:
    """
    Whatever changes what is mirrored, or who is believed, is another wish.
    """
    assert Wish("http://lab/", KEYS).name != other.name
