"""
What a mirror will hold, case by case.
"""

from dataclasses import replace

import pytest

from tests.unit.mirrors.values import ID, held, item, product, products, shown, version
from tundish.core.errors import Conflict
from tundish.core.image import Products
from tundish.core.names import ContentId
from tundish.mirrors.plan import Plan, Rule, files, plan, present, safe, settled

ALL = Rule()


@pytest.mark.parametrize(
    ("offered", "standing", "rule", "after"),
    [
        ("1 2 3", "", ALL, "1 2 3"),
        ("1 2 3", "", Rule(most=2), "2 3"),
        ("1 2 3", "1 2", Rule(most=2), "2 3"),
        ("2 3", "1 2", ALL, "2 3"),
        ("3", "1 2", Rule(most=3), "3"),
        ("3", "1 2", Rule(most=3, keep=True), "1 2 3"),
        ("3", "1 2", Rule(most=2, keep=True), "2 3"),
        ("1 2 3", "1", Rule(most=1, keep=True), "3"),
        ("3", "1 2", Rule(most=1, keep=True), "3"),
        ("10 9", "", Rule(most=1), "9"),
    ],
)
def test_versions_are_counted(offered: str, standing: str, rule: Rule, after: str) -> None:
    """
    The newest of the source by order of letters, and with keep older ones while there is room.
    """
    found = plan([products({"p": offered})], held({"p": standing} if standing else {}), rule)

    assert {"p": after} == shown(found.after)


@pytest.mark.parametrize(("prune", "after"), [(False, {"p": "1", "q": "1"}), (True, {"p": "1"})])
def test_a_product_that_is_not_offered_stays_unless_pruned(prune: bool, after: dict[str, str]) -> None:
    """
    What left the source or no longer matches goes by --prune alone.
    """
    found = plan([products({"p": "1"})], held({"p": "1", "q": "1"}), Rule(prune=prune))

    assert after == shown(found.after)


@pytest.mark.parametrize(("prune", "after"), [(False, {"p": "1"}), (True, {})])
def test_a_products_file_that_is_gone_stays_unless_pruned(prune: bool, after: dict[str, str]) -> None:
    """
    The products of a products file that the source no longer lists go by --prune alone.
    """
    found = plan([], held({"p": "1"}), Rule(prune=prune), gone={ID})

    assert after == shown(found.after)


def test_a_products_file_that_was_not_read_stays() -> None:
    """
    Pruning spares what could not be looked at.
    """
    assert {"p": "1"} == shown(plan([], held({"p": "1"}), Rule(prune=True)).after)


def test_items_of_other_filters_stay_in_their_version() -> None:
    """
    A run that asks for other items of a version adds them to those that are held.
    """
    kernel, root = item("1", "boot-kernel"), item("1", "squashfs")
    standing = {ID: replace(products({}), products=(product("p", [version("1", kernel)]),))}
    offer = replace(products({}), products=(product("p", [version("1", root)]),))

    found = plan([offer], standing, ALL)

    assert {kernel.path, root.path} == files(found.after).keys()


def test_pruning_takes_items_too() -> None:
    """
    With --prune a version holds exactly the items that are wished.
    """
    kernel, root = item("1", "boot-kernel"), item("1", "squashfs")
    standing = {ID: replace(products({}), products=(product("p", [version("1", kernel)]),))}
    offer = replace(products({}), products=(product("p", [version("1", root)]),))

    found = plan([offer], standing, Rule(prune=True))

    assert {root.path} == files(found.after).keys()


def test_changes_are_told_item_by_item() -> None:
    """
    What comes and what goes, sorted by product and version.
    """
    found = plan([products({"p": "2"})], held({"p": "1"}), ALL)

    assert [("-", "1", "p/1"), ("+", "2", "p/2")] == [
        (each.sign, each.version, each.item.path) for each in found.changes()
    ]


def test_growth_counts_a_shared_file_once() -> None:
    """
    A file that two products list makes the mirror grow once.
    """
    shared = item("1", path="shared")
    offer = replace(
        products({}), products=(product("p", [version("1", shared)]), product("q", [version("1", shared)]))
    )

    assert 100 == plan([offer], {}, ALL).growth()


def test_a_file_that_did_not_come_takes_its_version() -> None:
    """
    A new version without all its files is not held.
    """
    found = plan([products({"p": "1 2"})], {}, ALL)

    assert {"p": "1"} == shown(settled(found, {item("2", path="p/2").digest}))


def test_what_was_to_be_replaced_stays_while_its_replacement_is_not_whole() -> None:
    """
    The version that was pushed out is held on.
    """
    found = plan([products({"p": "1 2"})], held({"p": "1"}), Rule(most=1))

    assert {"p": "1"} == shown(settled(found, {item("2", path="p/2").digest}))


def test_another_product_is_not_held_up() -> None:
    """
    A file that did not come spoils its own product only.
    """
    found = plan([products({"p": "2", "q": "2"})], held({"p": "1", "q": "1"}), Rule(most=1))

    assert {"p": "1", "q": "2"} == shown(settled(found, {item("2", path="p/2").digest}))


def test_what_is_no_longer_there_is_not_held() -> None:
    """
    A file that somebody deleted counts as not held, so that it comes again.
    """
    left = present(held({"p": "1 2"}), lambda each: each.path != "p/1")

    assert {"p": "2"} == shown(left)


def test_two_contents_for_one_path_are_a_conflict() -> None:
    """
    Two products files that want other bytes at one path cannot share a folder.
    """
    other = ContentId("com.example:other")
    clash = replace(
        products({}, other), products=(product("q", [version("1", item("1", path="p/1", data="x"))]),)
    )

    with pytest.raises(Conflict, match="two folders"):
        files({**held({"p": "1"}), other: clash})


@pytest.mark.parametrize("path", [".tundish/lock", ".tundish", "streams/v1/index.sjson", "streams/v1/a/b"])
def test_a_version_that_would_replace_ours_is_left_out(path: str) -> None:
    """
    No file of a source may stand among our notes or documents.
    """
    evil = product("evil", [version("1", item("1", path=path))])
    document: Products = replace(products({"p": "1"}), products=(evil, *products({"p": "1"}).products))

    kept, remarks = safe(document)

    assert ({"p": "1"}, ["evil/1"]) == (shown({ID: kept}), [remark.subject for remark in remarks])


def test_a_path_that_only_looks_like_ours_is_fine() -> None:
    """
    Other folders whose names begin alike belong to the source.
    """
    document = replace(
        products({}), products=(product("p", [version("1", item("1", path=".tundishes/streams/v1/x"))]),)
    )

    assert (document, ()) == safe(document)


def test_a_plan_of_nothing_is_empty() -> None:
    """
    Without an offer and without a holding there is nothing to do.
    """
    assert (Plan({}, {}), ()) == (plan([], {}, ALL), plan([], {}, ALL).changes())
