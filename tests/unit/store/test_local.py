"""
What only a folder does: its layout, links, order on the way to the disk, and the errors of a disk.

The promises of every store are in `tests/contract/test_blobs.py`.
"""

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path

import pytest

from tundish.core.digest import Digest
from tundish.core.errors import Busy, DigestMismatch, NoSpace, StorageError
from tundish.store.blobs import Blob
from tundish.store.local import LocalStore

CONTENT = b"molten steel"
NAME = Digest.of(CONTENT)


def put(store: LocalStore, content: bytes = CONTENT) -> None:
    with store.ingest(Digest.of(content), len(content)) as coming:
        coming.write(content)
        coming.commit()


def files(root: Path) -> list[str]:
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


def test_the_folder_is_as_drawn(tmp_path: Path) -> None:
    """
    A held, an unfinished and a quarantined blob each lie where the drawing says.
    """
    store = LocalStore(tmp_path)
    put(store)
    put(store, b"bad")
    store.quarantine(Digest.of(b"bad"))
    with store.ingest(Digest.of(b"half"), 4) as coming:
        coming.write(b"ha")

    expected = [
        f"blobs/{NAME.hex[:2]}/{NAME.hex}",
        f"ingest/{Digest.of(b'half').hex}.part",
        f"quarantine/{Digest.of(b'bad').hex}",
    ]
    assert expected == files(tmp_path)


def test_a_blob_is_read_only_on_disk(tmp_path: Path) -> None:
    """
    Everybody may read a blob file, nobody may write it.
    """
    store = LocalStore(tmp_path)
    put(store)

    assert 0o444 == stat.S_IMODE(store.local_path(NAME).stat().st_mode)


def test_a_store_is_found_again(tmp_path: Path) -> None:
    """
    What one store object took in, the next one on the same folder holds.
    """
    put(LocalStore(tmp_path))

    assert [Blob(NAME, len(CONTENT))] == list(LocalStore(tmp_path).walk())


def test_a_relative_root_stays_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A store opened by a relative path does not move with the working directory.
    """
    monkeypatch.chdir(tmp_path)
    store = LocalStore(Path("store"))
    put(store)
    monkeypatch.chdir("/")

    assert tmp_path / "store" / "blobs" / NAME.hex[:2] / NAME.hex == store.local_path(NAME)


def test_strangers_in_the_folder_are_passed_over(tmp_path: Path) -> None:
    """
    Files, links and folders that are not named or placed like blobs are neither blobs nor removed.
    """
    store = LocalStore(tmp_path)
    put(store)
    shard = tmp_path / "blobs" / "00"
    shard.mkdir(exist_ok=True)
    (shard / ("f" * 64)).write_bytes(b"in the wrong shard")
    (shard / ("0" * 64)).symlink_to(store.local_path(NAME))
    (shard / ("0" * 63 + "1")).mkdir()
    (tmp_path / "blobs" / "lost+found").mkdir()
    (tmp_path / "blobs" / "README").write_bytes(b"")
    (tmp_path / "ingest" / ("0" * 64)).write_bytes(b"no part")

    assert ([Blob(NAME, len(CONTENT))], []) == (list(store.walk()), list(store.unfinished()))


def test_the_bytes_last_before_the_name_and_the_name_once_asked(tmp_path: Path) -> None:
    """
    First the file is synced while it is invisible; its folders, once it is visible, when `sync` is called.
    """
    told: list[tuple[str, bool]] = []

    def sync(handle: int) -> None:
        kind = "folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file"
        told.append((kind, any((tmp_path / "blobs" / NAME.hex[:2]).glob(NAME.hex))))

    store = LocalStore(tmp_path, sync=sync)
    (tmp_path / "blobs" / NAME.hex[:2]).mkdir()
    told.clear()
    put(store)
    told.append(("asked", True))
    store.sync()

    assert [("file", False), ("asked", True), ("folder", True), ("folder", True)] == told


def test_bytes_of_unknown_name_last_at_once(tmp_path: Path) -> None:
    """
    What was added is durable when its name is told, for nobody could ask for it again.
    """
    told: list[str] = []
    store = LocalStore(
        tmp_path, sync=lambda handle: told.append(str(Path(f"/proc/self/fd/{handle}").readlink()))
    )
    told.clear()
    blob = store.add([CONTENT])

    assert [str(store.local_path(blob.digest).parent), str(tmp_path / "blobs")] == told[-2:]


def test_a_folder_that_could_not_be_synced_is_synced_next_time(tmp_path: Path) -> None:
    """
    A failed `sync` forgets nothing.
    """
    told: list[bool] = []

    def sync(handle: int) -> None:
        told.append(stat.S_ISDIR(os.fstat(handle).st_mode))
        if told.count(True) == 4:  # three folders are made first; then comes the shard
            raise OSError(errno.EIO, "Input/output error")

    store = LocalStore(tmp_path, sync=sync)
    (tmp_path / "blobs" / NAME.hex[:2]).mkdir()
    put(store)
    with pytest.raises(StorageError):
        store.sync()
    told.clear()
    store.sync()

    assert [True, True] == told  # and the folder above it


def test_a_new_shard_is_made_to_last(tmp_path: Path) -> None:
    """
    The folder above a new shard is synced with it: the blob's name lasts only if the shard's does.
    """
    synced: list[int] = []
    store = LocalStore(tmp_path, sync=lambda handle: synced.append(os.fstat(handle).st_ino))
    synced.clear()
    put(store)
    store.sync()

    shard = store.local_path(NAME).parent
    assert [shard.stat().st_ino, (tmp_path / "blobs").stat().st_ino] == synced[1:]


@pytest.mark.parametrize(
    ("number", "error"),
    [(errno.EIO, StorageError), (errno.ENOSPC, NoSpace), (errno.EDQUOT, NoSpace)],
)
def test_bytes_that_could_not_be_synced_are_dropped(
    tmp_path: Path, number: int, error: type[StorageError]
) -> None:
    """
    After a failed sync nobody knows what is on the disk, so the part is not offered for resuming.
    """

    def sync(handle: int) -> None:
        if stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(number, os.strerror(number))

    store = LocalStore(tmp_path, sync=sync)
    with pytest.raises(error):
        put(store)

    assert [] == files(tmp_path)


def test_a_disk_error_names_the_path(tmp_path: Path) -> None:
    """
    A disk that fails is a `StorageError` with path, reason and what to do.
    """

    def sync(handle: int) -> None:
        if stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EIO, "Input/output error")

    store = LocalStore(tmp_path, sync=sync)

    with pytest.raises(StorageError, match=f"ingest/{NAME.hex}.part: Input/output error; check the disk"):
        put(store)


def test_a_file_in_the_place_of_the_store_is_named(tmp_path: Path) -> None:
    """
    A root that cannot be a folder is a `StorageError` with its path.
    """
    (tmp_path / "store").write_bytes(b"")

    with pytest.raises(StorageError, match="store: File exists; check the disk"):
        LocalStore(tmp_path / "store")


def test_a_part_damaged_on_the_disk_is_begun_anew(tmp_path: Path) -> None:
    """
    A complete part that lost its bytes in a power cut is found out when it is read back.
    """
    store = LocalStore(tmp_path)
    with store.ingest(NAME, len(CONTENT)) as coming:
        coming.write(CONTENT)
    (tmp_path / "ingest" / f"{NAME.hex}.part").write_bytes(bytes(len(CONTENT)))

    with store.ingest(NAME, len(CONTENT)) as coming:
        assert 0 == coming.size


def test_two_stores_on_one_folder_see_one_writer(tmp_path: Path) -> None:
    """
    The lock is on the file, not in the store object.
    """
    with (
        LocalStore(tmp_path).ingest(NAME, len(CONTENT)),
        pytest.raises(Busy),
        LocalStore(tmp_path).ingest(NAME, len(CONTENT)),
    ):
        pass


def test_what_a_dead_add_left_is_swept_on_opening(tmp_path: Path) -> None:
    """
    A nameless file that nobody writes is removed when the store is next opened.
    """
    store = LocalStore(tmp_path)
    (tmp_path / "ingest" / "0123.new").write_bytes(b"left by a killed process")
    with store.ingest(NAME, len(CONTENT)) as coming:
        coming.write(CONTENT[:4])

    LocalStore(tmp_path)

    assert [f"ingest/{NAME.hex}.part"] == files(tmp_path)


def test_what_a_living_add_writes_is_not_swept(tmp_path: Path) -> None:
    """
    Opening the store again does not disturb an `add` under way.
    """

    def chunks() -> list[bytes]:
        LocalStore(tmp_path)
        return [CONTENT]

    store = LocalStore(tmp_path)
    added = store.add(chunk for _ in range(1) for chunk in chunks())

    assert (NAME, [Blob(NAME, len(CONTENT))]) == (added.digest, list(store.walk()))


def test_a_blob_that_is_held_keeps_its_file(tmp_path: Path) -> None:
    """
    Taking in a known blob leaves the very file that is there, so that its links stay links.
    """
    store = LocalStore(tmp_path)
    put(store)
    before = store.local_path(NAME).stat().st_ino

    put(store)
    store.add([CONTENT])

    assert before == store.local_path(NAME).stat().st_ino


def test_a_blob_cut_short_on_the_disk_is_put_right(tmp_path: Path) -> None:
    """
    Taking in a blob again replaces a file of another length.
    """
    store = LocalStore(tmp_path)
    put(store)
    path = store.local_path(NAME)
    path.unlink()
    path.write_bytes(CONTENT[:3])

    put(store)

    assert CONTENT == path.read_bytes()


def test_an_export_is_a_link(tmp_path: Path) -> None:
    """
    On the same file system an exported blob takes no space.
    """
    store = LocalStore(tmp_path / "store")
    put(store)

    store.export(NAME, tmp_path / "out")

    assert store.local_path(NAME).samefile(tmp_path / "out")


@pytest.mark.parametrize("number", [errno.EXDEV, errno.EMLINK, errno.EPERM, errno.EOPNOTSUPP])
def test_where_no_link_can_be_made_the_bytes_are_copied(tmp_path: Path, number: int) -> None:
    """
    Another file system or too many links: the export is a durable, read-only copy, and nothing else is left.
    """

    def link(_source: Path, _target: Path) -> None:
        raise OSError(number, os.strerror(number))

    store = LocalStore(tmp_path / "store", link=link)
    put(store)
    place = tmp_path / "place"
    place.mkdir()
    store.export(NAME, place / "out")

    out = place / "out"
    assert (["out"], CONTENT, 1, 0o444) == (
        files(place),
        out.read_bytes(),
        out.stat().st_nlink,
        stat.S_IMODE(out.stat().st_mode),
    )


def test_an_export_into_nowhere_names_the_place(tmp_path: Path) -> None:
    """
    A target in a folder that does not exist is a `StorageError` with the target's path.
    """
    store = LocalStore(tmp_path / "store")
    put(store)

    with pytest.raises(StorageError, match="nowhere/out: No such file or directory"):
        store.export(NAME, tmp_path / "nowhere" / "out")


def test_an_attempt_that_fails_frees_its_descriptor(tmp_path: Path) -> None:
    """
    However an ingest ends, no descriptor stays open.
    """
    store = LocalStore(tmp_path)
    put(store)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for content in (CONTENT, b"other bytes!"):
        with suppress(DigestMismatch), store.ingest(NAME, len(CONTENT)) as coming:
            coming.write(content)
            coming.commit()

    assert before == len(list(Path("/proc/self/fd").iterdir()))
