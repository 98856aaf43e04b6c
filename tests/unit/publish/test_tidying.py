"""
What leaves a tree stays for the grace period, and only what is ours is ever removed.
"""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tundish.publish import tidying

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
DOCUMENT = f"streams/v1/products-{'0' * 64}.json"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """
    A tree with two items, a document and an index.
    """
    tree = tmp_path / "stable"
    for path in ("a/squashfs", "b/c/squashfs", DOCUMENT, "streams/v1/index.json"):
        put(tree, path)
    return tree


def put(root: Path, path: str) -> Path:
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(b"12345")
    if not path.startswith("streams"):
        target.chmod(0o444)
    return target


def there(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


NAMED = {"a/squashfs", "streams/v1/index.json"}
LEFT = {"b/c/squashfs", DOCUMENT}


def test_what_no_index_names_is_noted(root: Path) -> None:
    """
    Items and documents that nobody names have left now.
    """
    assert dict.fromkeys(LEFT, NOON) == tidying.note_left(root, NAMED, NOON)


def test_when_a_file_left_is_remembered(root: Path) -> None:
    """
    Looking again a day later does not change it.
    """
    tidying.note_left(root, NAMED, NOON)

    assert dict.fromkeys(LEFT, NOON) == tidying.note_left(root, NAMED, NOON + DAY)


def test_what_came_back_leaves_anew(root: Path) -> None:
    """
    A file that was named again in between gets its full grace period.
    """
    tidying.note_left(root, NAMED, NOON)
    tidying.note_left(root, NAMED | LEFT, NOON + DAY)

    assert dict.fromkeys(LEFT, NOON + 2 * DAY) == tidying.note_left(root, NAMED, NOON + 2 * DAY)


@pytest.mark.parametrize("lost", [b"", b"{", b"[]", b'{"b/c/squashfs": "yesterday"}', b"\xff"])
def test_a_lost_note_makes_files_stay_longer(root: Path, lost: bytes) -> None:
    """
    When the notes are gone or damaged, every file has left just now.
    """
    tidying.note_left(root, NAMED, NOON)
    (root.parent / ".stable.left.json").write_bytes(lost)

    assert dict.fromkeys(LEFT, NOON + 2 * DAY) == tidying.note_left(root, NAMED, NOON + 2 * DAY)


def test_a_clock_that_went_back_removes_nothing_early(root: Path) -> None:
    """
    A moment noted from the future counts as now.
    """
    tidying.note_left(root, NAMED, NOON + 9 * DAY)

    assert dict.fromkeys(LEFT, NOON) == tidying.note_left(root, NAMED, NOON)


def test_within_the_grace_period_nothing_goes(root: Path) -> None:
    """
    A second before it is over every file is there.
    """
    tidying.note_left(root, NAMED, NOON)
    before = there(root)

    done = tidying.tidy(root, NAMED, NOON + 3 * DAY - timedelta(seconds=1))

    assert ((), 2, before) == (done.removed, done.waiting, there(root))


def test_after_it_they_go(root: Path) -> None:
    """
    What is named stays, and emptied folders go with their files.
    """
    tidying.note_left(root, NAMED, NOON)

    done = tidying.tidy(root, NAMED, NOON + 3 * DAY)

    assert (tuple(sorted(LEFT)), 0, NAMED, False) == (
        done.removed,
        done.waiting,
        there(root),
        (root / "b").exists(),
    )


def test_bytes_that_have_another_name_are_not_freed(root: Path) -> None:
    """
    An item that is still a blob of the store frees nothing.
    """
    os.link(root / "b/c/squashfs", root.parent / "blob")

    assert 5 == tidying.tidy(root, NAMED, NOON, timedelta(0)).freed


def test_what_others_put_there_is_left_alone(root: Path) -> None:
    """
    A file that somebody may write to, and a link, are not ours.
    """
    (root / ".htaccess").write_text("x")
    (root / "streams/v1/other.json").write_text("x")
    (root / "latest").symlink_to(root.parent)

    done = tidying.tidy(root, NAMED, NOON, timedelta(0))

    assert (tuple(sorted(LEFT)), True, True, True) == (
        done.removed,
        (root / ".htaccess").exists(),
        (root / "streams/v1/other.json").exists(),
        (root / "latest").is_symlink(),
    )


@pytest.mark.parametrize("draft", ["streams/v1/.index.json.new", "a/.tundish-x1y2"])
def test_drafts_of_a_killed_publication_go(root: Path, draft: str) -> None:
    """
    What was never finished has left, too.
    """
    put(root, draft).chmod(0o644)

    assert draft in tidying.tidy(root, NAMED, NOON, timedelta(0)).removed


def test_a_tree_that_is_not_there_is_tidy(tmp_path: Path) -> None:
    """
    Nothing is noted, and nothing written.
    """
    done = tidying.tidy(tmp_path / "stable", set(), NOON)

    assert ((), []) == (done.removed, list(tmp_path.iterdir()))
