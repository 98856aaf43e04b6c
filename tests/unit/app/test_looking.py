"""
What an operator names, opened: a file, a folder, an image of the catalog.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.tars import Raw, tar_of
from tundish.anatomy.image import Form
from tundish.anatomy.index import Kind
from tundish.app.looking import Shelf, look
from tundish.catalog.db import sqlite_url
from tundish.catalog.opened import Catalog
from tundish.core.clock import now
from tundish.core.digest import Digest
from tundish.core.errors import InputError, NotFound
from tundish.core.holding import OWN
from tundish.core.image import Item, Product, Version
from tundish.core.lifecycle import State
from tundish.core.names import ContentId, ItemName, ItemPath, ProductName, VersionName
from tundish.store.memory import MemoryStore

TAR = tar_of(Raw(b"etc/os-release", b"ID=debian\n"))


def no_shelf() -> Shelf:
    raise AssertionError("the catalog is not asked")


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Callable[[], Shelf]]:
    catalog, store = Catalog.open(sqlite_url(tmp_path / "catalog.sqlite")), MemoryStore()
    blob = store.add([TAR])
    for name, ftype in (("debian", "root-tgz"), ("other", "manifest")):
        item = Item(ItemName(ftype), ftype, ItemPath(f"{name}/root.tar"), blob.size, blob.digest)
        version = Version(VersionName("1"), (item,))
        product = Product(
            ProductName(f"x:{name}"), ContentId("c"), name, "bookworm", "amd64", "stable", "", name, ()
        )
        catalog.images.record(OWN, product, [version], State.COMPLETE, now())
    yield lambda: Shelf(catalog.images, store)
    catalog.close()


def test_a_file_is_an_image_while_it_is_open(tmp_path: Path) -> None:
    """
    A path is read by its content, named without its folders, and told about on the way.
    """
    (tmp_path / "some.thing").write_bytes(TAR)
    heard: list[tuple[int, int]] = []
    with look(str(tmp_path / "some.thing"), no_shelf, lambda *told: heard.append(told)) as image:
        text = image.root.text("etc/os-release") if image.root else ""

    assert ("some.thing", "ID=debian\n", (len(TAR), len(TAR))) == (image.name, text, heard[-1])


def test_an_image_of_the_catalog_is_found_by_its_name(shelf: Callable[[], Shelf]) -> None:
    """
    The file with the root of an image is read from the store.
    """
    with look("debian/bookworm/amd64", shelf) as image:
        text = image.root.text("etc/os-release") if image.root else ""

    assert ("root.tar", "ID=debian\n") == (image.name, text)


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("nowhere.tar.gz", "nowhere.tar.gz is no file, no folder, and no name of an image"),
        ("/no/where/tar", "/no/where/tar is no file"),
        ("other/bookworm/amd64", "has no root file system and no disk to look into; it has manifest"),
        ("fedora/41/amd64", "fedora"),
    ],
)
def test_what_is_not_there_is_named(shelf: Callable[[], Shelf], what: str, says: str) -> None:
    """
    Neither a path nor an image, or an image without a root.
    """
    with pytest.raises(NotFound, match=says), look(what, shelf):
        pass


def test_a_path_that_cannot_be_one_is_refused() -> None:
    """
    What the system says of a path comes with the path.
    """
    with pytest.raises((InputError, NotFound), match="x/a"), look("./x/" + "a" * 5000, no_shelf):
        pass


def test_a_folder_is_an_image_as_it_stands(tmp_path: Path) -> None:
    """
    Every path of a folder is listed, hard links known, no link followed, and files are read on demand.
    """
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/a").write_bytes(b"one")
    os.link(tmp_path / "etc/a", tmp_path / "etc/b")
    (tmp_path / "out").symlink_to("/etc")
    os.mkfifo(tmp_path / "pipe")
    with look(str(tmp_path), no_shelf) as image:
        root = image.root
        found = [(one.path, one.kind, one.first, one.digest) for one in root or ()]

    digest = Digest.of(b"one")
    assert (
        Form.FOLDER,
        [
            ("", Kind.FOLDER, "", None),
            ("etc", Kind.FOLDER, "", None),
            ("etc/a", Kind.FILE, "", digest),
            ("etc/b", Kind.FILE, "etc/a", digest),
            ("out", Kind.LINK, "", None),
            ("pipe", Kind.FIFO, "", None),
        ],
        b"one",
    ) == (image.form, found, root.read("etc/b") if root else b"")
