"""
What is written of a plan, and what is made of a file that says it is one.
"""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.sync.values import LAB, NOW, digests, holding, offer, quick
from tundish.core.errors import Conflict, InputError
from tundish.core.holding import Holding
from tundish.core.lifecycle import State
from tundish.core.selection import Seen, Selection
from tundish.sync import planfile
from tundish.sync.plan import plan
from tundish.sync.planfile import Saved, check, parse
from tundish.sync.run import Prepared

NOBLE = Selection(os="ubuntu", series="noble")
MARK = Seen("index", NOW, "1" * 64, NOW)


def prepared(
    held: list[Holding] | None = None,
    *,
    offered: dict[str, str] | None = None,
    blobs: str = "",
    mark: Seen = MARK,
    selection: Selection = NOBLE,
    tied: bool = False,
) -> Prepared:
    known = held or []
    offers = [replace(offer(noble=offered or {"1": "ab"}), marks=(mark,))]
    ties = {each.id: "pinned" for each in known} if tied else {}
    found = plan(offers, [selection], known, held=digests(blobs), ties=ties)
    return Prepared(found, tuple(offers), (), tuple(known), (selection,), ties)


def written(world: Prepared) -> bytes:
    return json.dumps(planfile.document(world, [LAB], NOW)).encode()


def saved(world: Prepared) -> Saved:
    return parse(written(world), "monday.json")


def test_a_plan_of_the_same_world_passes() -> None:
    """
    Neither the time nor the way through a file changes it.
    """
    check(saved(prepared()), prepared(), "monday.json")

    assert (LAB,) == saved(prepared()).sources


@pytest.mark.parametrize(
    ("now", "named"),
    [
        (prepared(mark=Seen("index", NOW, "2" * 64, NOW)), "documents: lab index was 1"),
        (prepared(selection=Selection(os="*", series="noble")), "selections: "),
        (
            prepared([holding(1, "noble", "1", "ab", State.FETCHING)]),
            "images: lab product:noble@1 was absent, is fetching",
        ),
        (prepared(blobs="a"), "files: "),
        (prepared(offered={"1": "ab", "2": "c"}), "versions: lab product:noble 2 was absent, is fetch"),
    ],
    ids=["documents", "selections", "images", "store", "versions"],
)
def test_a_world_that_moved_is_refused_and_named(now: Prepared, named: str) -> None:
    """
    Whatever moved: the message says what it was and what it is.
    """
    with pytest.raises(Conflict) as refusal:
        check(saved(prepared()), now, "monday.json")

    assert named in str(refusal.value)


def test_a_pin_is_a_move() -> None:
    """
    What was free to go and is tied now is named.
    """
    held = [holding(1, "noble", "1", "ab")]

    with pytest.raises(Conflict, match="was complete, is complete, tied"):
        check(saved(prepared(held, blobs="ab")), prepared(held, blobs="ab", tied=True), "monday.json")


def test_a_long_list_of_moves_is_cut() -> None:
    """
    Five are named, the rest is counted.
    """
    many = [holding(number, "noble", str(number), "a") for number in range(1, 9)]

    with pytest.raises(Conflict, match=r"and \d+ more"):
        check(saved(prepared()), prepared(many, blobs="a"), "monday.json")


def changed(**fields: Any) -> bytes:
    return json.dumps({**json.loads(written(prepared())), **fields}).encode()


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"not json",
        b"[]",
        b"{}",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"format": ' + b"1" * 10_000 + b"}",
        changed(format="tundish-bundle"),
        changed(version=2),
        changed(version="1"),
        changed(world=[]),
        changed(world={"documents": [], "selections": {}, "images": {}}),
        changed(world={"documents": {"a": 1}, "selections": {}, "images": {}}),
        changed(versions=[1]),
        changed(versions=[{"source": "lab"}]),
        changed(versions=None),
        changed(files=[{"sha256": 1}]),
        changed(sources=["../etc"]),
        changed(sources=[1]),
        changed(sources=7),
    ],
)
def test_what_is_no_plan_is_refused(text: bytes) -> None:
    """
    The file is named, and how to make a good one.
    """
    with pytest.raises(InputError, match=r"monday.json is not a plan file .*--plan --save"):
        parse(text, "monday.json")


def test_a_file_that_is_too_long_is_not_even_read() -> None:
    """
    The bound comes before the parser.
    """
    with pytest.raises(InputError, match="longer than"):
        parse(b" " * (planfile.LIMIT + 1), "monday.json")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@quick
@given(st.sampled_from(["format", "version", "sources", "world", "versions", "files"]), JSON)
def test_any_value_in_any_place_is_understood_or_refused(field: str, value: object) -> None:
    """
    Nothing else than our own error comes of a file, whatever it says.
    """
    try:
        found: object = parse(changed(**{field: value}), "monday.json")
    except InputError as error:
        found = error

    assert isinstance(found, Saved | InputError)
