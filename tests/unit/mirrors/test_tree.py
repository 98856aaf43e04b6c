"""
The folder that readers see, and what is never done to it.
"""

from collections.abc import Sequence
from pathlib import Path

import pytest

from tundish.core.digest import Digest
from tundish.core.errors import Conflict, StorageError
from tundish.core.names import ItemPath
from tundish.mirrors.tree import Tree
from tundish.store.local import LocalStore

PATH = ItemPath("a/b/file")


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    made = Tree(tmp_path / "tree")
    made.make()
    return made


@pytest.fixture
def store(tree: Tree) -> LocalStore:
    return LocalStore(tree.root / ".tundish/store")


def names(root: Path) -> Sequence[str]:
    return sorted(path.name for path in root.iterdir())


def add(store: LocalStore, data: bytes) -> Digest:
    return store.add([data]).digest


def test_a_blob_gets_a_name(tree: Tree, store: LocalStore) -> None:
    """
    A file of the tree is the blob itself.
    """
    digest = add(store, b"bytes")

    tree.put(PATH, digest, store)

    assert (True, 5) == (tree.is_blob(PATH, digest, store), tree.size(PATH))


def test_other_bytes_are_replaced_whole(tree: Tree, store: LocalStore) -> None:
    """
    Who reads the file while it is replaced goes on reading the old one.
    """
    tree.put(PATH, add(store, b"old"), store)
    with (tree.root / PATH).open("rb") as reader:
        tree.put(PATH, add(store, b"new"), store)

        assert (b"old", b"new") == (reader.read(), tree.read(PATH))


def test_putting_again_changes_nothing(tree: Tree, store: LocalStore) -> None:
    """
    A name that is there already stays, and no draft is left.
    """
    digest = add(store, b"bytes")
    for _ in range(2):
        tree.put(PATH, digest, store)

    assert (2, []) == ((tree.root / PATH).stat().st_nlink, names(tree.root / ".tundish/work"))


def test_a_document_is_replaced_whole(tree: Tree) -> None:
    """
    Readers see the old document or the new one, and no draft is left.
    """
    tree.write(PATH, b"old")
    with (tree.root / PATH).open("rb") as reader:
        tree.write(PATH, b"new")

        assert (b"old", b"new", []) == (reader.read(), tree.read(PATH), names(tree.root / ".tundish/work"))


def test_a_draft_of_a_killed_run_goes(tree: Tree) -> None:
    """
    Whoever takes the folder next sweeps it out.
    """
    (tree.root / ".tundish/work/1.new").touch()

    tree.sweep()

    assert [] == names(tree.root / ".tundish/work")


def test_removing_takes_the_folders_it_empties(tree: Tree) -> None:
    """
    The folders above go as far as nothing else is in them, and the root stays.
    """
    tree.write(PATH, b"")
    tree.write(ItemPath("a/other"), b"")

    gone = tree.remove(PATH)
    tree.sync()

    assert (True, ["other"]) == (gone, names(tree.root / "a"))


def test_removing_what_is_not_there_does_nothing(tree: Tree) -> None:
    """
    Neither a missing file nor a folder is removed.
    """
    tree.write(PATH, b"")

    assert [False, False, False] == [
        tree.remove(ItemPath(path)) for path in ("a/none", "a/b", "a/b/file/below")
    ]


def test_nothing_is_removed_through_a_link(tree: Tree, tmp_path: Path) -> None:
    """
    A folder that became a link protects what is behind it.
    """
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/file").touch()
    (tree.root / "a").symlink_to(tmp_path / "elsewhere")

    gone = tree.remove(ItemPath("a/file"))

    assert (False, ["file"]) == (gone, names(tmp_path / "elsewhere"))


@pytest.mark.parametrize("kind", ["link", "file"])
def test_nothing_is_written_through_what_is_no_folder(tree: Tree, tmp_path: Path, kind: str) -> None:
    """
    A link or a file where a folder must be is refused by name.
    """
    (tmp_path / "elsewhere").mkdir()
    if kind == "link":
        (tree.root / "a").symlink_to(tmp_path / "elsewhere")
    else:
        (tree.root / "a").touch()

    with pytest.raises(Conflict, match="/a is a link or a file"):
        tree.write(PATH, b"")


def test_a_folder_in_the_place_of_a_file_is_refused(tree: Tree) -> None:
    """
    A folder is not replaced by a document.
    """
    (tree.root / PATH).mkdir(parents=True)

    with pytest.raises(StorageError, match="directory"):
        tree.write(PATH, b"")


def test_a_link_is_no_file(tree: Tree, tmp_path: Path) -> None:
    """
    Only regular files count as there.
    """
    (tmp_path / "real").write_bytes(b"x")
    (tree.root / "link").symlink_to(tmp_path / "real")

    assert (None, None) == (tree.size(ItemPath("link")), tree.read(ItemPath("link")))


def test_all_but_our_notes_is_walked(tree: Tree, tmp_path: Path) -> None:
    """
    Files and links are found, and links are not followed.
    """
    tree.write(PATH, b"")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/file").touch()
    (tree.root / "link").symlink_to(tmp_path / "elsewhere")

    assert [PATH, "link"] == sorted(tree.walk())


def test_many_folders_are_synced_at_once(tree: Tree) -> None:
    """
    A run that touches many folders can be made to last as well.
    """
    for number in range(70):
        tree.write(ItemPath(f"{number}/file"), b"")

    tree.sync()

    assert 70 == len(list(tree.walk()))
