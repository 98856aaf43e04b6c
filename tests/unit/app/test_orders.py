"""
What a job is asked to do: read from JSON, or refused with words that help.
"""

from collections.abc import Mapping

import pytest

from tundish.app import orders
from tundish.app.arguments import MOST_BYTES, Arguments
from tundish.core.errors import InputError
from tundish.core.image import Json
from tundish.core.people import Kind, Power

LEAST: dict[str, dict[str, Json]] = {
    "promote": {"channel": "stable", "source": "candidate"},
    "rollback": {"channel": "stable"},
    "mirror": {"name": "lab", "url": "http://mirror.example/stable", "unsigned": True},
    "bundle-export": {"file": "1.bundle"},
    "bundle-import": {"file": "1.bundle", "keyring": "a key"},
    "bundle-show": {"file": "1.bundle"},
    "check": {"image": "custom/rocky9/amd64"},
}


@pytest.mark.parametrize("kind", orders.KINDS)
def test_every_kind_is_read_from_the_least_it_needs(kind: str) -> None:
    """
    The order is of the kind that was asked for.
    """
    assert kind == orders.read(kind, LEAST.get(kind, {})).kind


@pytest.mark.parametrize("kind", orders.KINDS)
def test_what_nobody_asked_for_is_refused(kind: str) -> None:
    """
    An argument that the kind does not know is named.
    """
    with pytest.raises(InputError, match="no argument 'colour'"):
        orders.read(kind, {**LEAST.get(kind, {}), "colour": "red"})


@pytest.mark.parametrize("kind", LEAST)
def test_what_is_needed_and_missing_is_named(kind: str) -> None:
    """
    Without the first of its arguments, the message names it.
    """
    first, *rest = LEAST[kind]

    with pytest.raises(InputError, match=first):
        orders.read(kind, {name: LEAST[kind][name] for name in rest})


@pytest.mark.parametrize(
    ("kind", "arguments", "words"),
    [
        ("paint", {}, "no kind of job"),
        ("sync", {"sources": "lab"}, "a list of"),
        ("sync", {"sources": [7]}, "a list of texts"),
        ("sync", {"sources": ["../lab"]}, "not a valid source name"),
        ("sync", {"allow_rollback": 1}, "true or false"),
        ("gc", {"grace_days": -1}, "a whole number from 0"),
        ("gc", {"grace_days": True}, "a whole number from 0"),
        ("gc", {"grace_days": 1, "grace_seconds": 1}, "say the same"),
        ("verify", {"older_than_seconds": 10**12}, "a whole number from 0"),
        ("publish", {"dialect": "klingon"}, "maas or incus"),
        (
            "mirror",
            {**LEAST["mirror"], "url": "http://me:secret@mirror.example/"},
            "without a name and password",
        ),
        ("mirror", {**LEAST["mirror"], "url": "/etc"}, "http or https"),
        ("mirror", {**LEAST["mirror"], "name": "../x"}, "not a valid name of a mirror"),
        ("mirror", {**LEAST["mirror"], "filters": ["os~(a+"]}, "not a regular expression"),
        ("mirror", {**LEAST["mirror"], "filters": ["os"]}, "not a filter"),
        ("bundle-export", {"file": "/etc/passwd"}, "not a valid name of a bundle"),
        ("check", {"image": "x" * MOST_BYTES}, "bytes"),
    ],
)
def test_wrong_arguments_are_refused(kind: str, arguments: Mapping[str, Json], words: str) -> None:
    """
    Each is refused with words that say what is wanted.
    """
    with pytest.raises(InputError, match=words):
        orders.read(kind, arguments)


def test_a_secret_in_a_url_is_not_repeated() -> None:
    """
    The message does not hold the password that was in the URL.
    """
    with pytest.raises(InputError) as caught:
        orders.read("mirror", {**LEAST["mirror"], "url": "http://me:secret@mirror.example/"})

    assert "secret" not in str(caught.value)


def test_a_sync_of_one_source_needs_the_right_on_that_one() -> None:
    """
    A sync of one source is within the scope of it, of several in that of all.
    """
    one, two = (orders.read("sync", {"sources": [*sources]}) for sources in (["lab"], ["lab", "hq"]))

    assert [(Power.SYNC, Kind.SOURCE, "lab"), (Power.SYNC, Kind.ALL, "lab, hq")] == [one.right, two.right]


def test_syncs_and_repairs_share_a_resource() -> None:
    """
    Both fetch into the store, so a server runs one after the other.
    """
    assert 1 == len({orders.read(kind, {}).resource for kind in ("sync", "repair")})


def test_numbers_have_bounds() -> None:
    """
    A number beside the bounds is refused, one at the bounds is taken.
    """
    assert (1, 3) == (Arguments("x", {"n": 1}).number("n", 1, 3), Arguments("x", {"n": 3}).number("n", 1, 3))
