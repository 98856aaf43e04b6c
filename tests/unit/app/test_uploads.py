"""
Bringing an image: bytes in any order of events end as one version, or leave nothing.
"""

import gzip
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.roots import tar_of
from tundish.app.deeds import uploads
from tundish.app.examined import make_available
from tundish.app.opened import App, open_app
from tundish.catalog.checks import UNFIT
from tundish.core import clock
from tundish.core.digest import Digest
from tundish.core.errors import (
    Conflict,
    DigestMismatch,
    Forbidden,
    InputError,
    NoSpace,
    NotFound,
    SizeMismatch,
)
from tundish.core.lifecycle import State
from tundish.core.people import EVERYTHING, Actor, Grant, Kind, Role
from tundish.core.upload import Upload, UploadState
from tundish.intake.arriving import Dock, take
from tundish.intake.naming import asked
from tundish.retain.run import collect
from tundish.settings import load

ME = Actor("me", EVERYTHING, "api")
ROOT = gzip.compress(tar_of().getvalue(), mtime=0) + bytes(100)
OTHER = gzip.compress(tar_of().getvalue(), mtime=1) + bytes(100)
NAME = Digest.of(ROOT)
WISH = asked("custom/rocky9", base_image="rhel/9")


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    with open_app(load({}, state=tmp_path / "state")) as opened:
        yield opened


def begun(app: App, size: int | None = len(ROOT), sha256: Digest | None = None) -> int:
    return uploads.begin(app, ME, WISH, size, sha256).id


def brought(app: App, content: bytes = ROOT) -> Upload:
    return uploads.append(app, ME, begun(app, len(content)), 0, [content])


def test_the_last_byte_completes_an_upload(app: App) -> None:
    """
    The digest is known, and the version is in the catalog.
    """
    done = brought(app)

    assert (UploadState.COMPLETE, NAME) == (done.state, done.sha256)


def test_an_upload_becomes_a_version_of_our_own(app: App) -> None:
    """
    One file, called as MAAS calls it.
    """
    done = brought(app)
    assert done.holding is not None
    held = app.catalog.images.get(done.holding)

    assert ("custom/rocky9/amd64/generic", "root.tgz") == (held.product.ref, held.version.items[0].name)


def test_an_unfit_upload_is_kept_but_not_offered(app: App) -> None:
    """
    Its version stays incomplete, and what was found is noted.
    """
    done = brought(app)
    assert done.holding is not None
    checked = app.catalog.checks.get(done.holding)

    assert (UNFIT, State.INCOMPLETE) == (
        checked.verdict if checked else "",
        app.catalog.images.get(done.holding).state,
    )


def test_an_unfit_upload_is_offered_once_it_is_accepted(app: App) -> None:
    """
    Somebody takes it upon himself, with a reason.
    """
    done = brought(app)
    assert done.holding is not None
    ref = app.catalog.images.get(done.holding).ref

    assert State.COMPLETE is uploads.accept(app, ME, ref, "it boots in the lab").state


def test_an_unfit_upload_is_accepted_without_its_version(app: App) -> None:
    """
    The newest one that waits for it is meant, by any part of its name that ends with a slash.
    """
    brought(app)

    assert State.COMPLETE is uploads.accept(app, ME, "custom/rocky9", "it boots in the lab").state


def test_pieces_may_come_one_by_one_and_again(app: App) -> None:
    """
    A chunk that is sent again changes nothing, not even after the end.
    """
    number, half = begun(app), len(ROOT) // 2
    for offset, piece in [(0, ROOT[:half]), (0, ROOT[:half]), (half, ROOT[half:]), (half, ROOT[half:])]:
        done = uploads.append(app, ME, number, offset, [piece])

    assert NAME == done.sha256


@pytest.mark.parametrize(
    ("offset", "piece"), [(11, b"x"), (0, b"other"), (8, b"xxyy")], ids=["gap", "other", "overlap"]
)
def test_bytes_out_of_order_are_told_where_to_go_on(app: App, offset: int, piece: bytes) -> None:
    """
    A gap, other bytes, and an overlap with other bytes are conflicts that name the wanted offset.
    """
    number = begun(app)
    uploads.append(app, ME, number, 0, [ROOT[:10]])

    with pytest.raises(Conflict, match=r"offset (is )?10"):
        uploads.append(app, ME, number, offset, [piece])


def test_what_a_conflict_was_about_can_go_on(app: App) -> None:
    """
    The refused chunk leaves no trace.
    """
    number = begun(app)
    uploads.append(app, ME, number, 0, [ROOT[:10]])
    with pytest.raises(Conflict):
        uploads.append(app, ME, number, 20, [b"zz"])

    assert NAME == uploads.append(app, ME, number, 10, [ROOT[10:]]).sha256


def broken_off() -> Iterator[bytes]:
    yield ROOT[:7]
    raise ConnectionResetError


def test_what_came_before_a_client_was_cut_off_counts(app: App) -> None:
    """
    Its next words begin where the first ended.
    """
    number = begun(app)
    with pytest.raises(ConnectionResetError):
        uploads.append(app, ME, number, 0, broken_off())

    assert 7 == uploads.get(app, ME, number).came


@pytest.mark.parametrize(
    ("size", "sha256", "kind"),
    [(len(ROOT) - 1, None, SizeMismatch), (len(ROOT), Digest.of(b"x"), DigestMismatch)],
    ids=["too much", "wrong digest"],
)
def test_a_lie_leaves_nothing(app: App, size: int, sha256: Digest | None, kind: type[Exception]) -> None:
    """
    Neither a part nor a blob is kept of what is not what was promised.
    """
    number = begun(app, size, sha256)
    with pytest.raises(kind):
        uploads.append(app, ME, number, 0, [ROOT])

    assert ([], [], UploadState.REFUSED) == (
        list(app.store.unfinished()),
        list(app.store.walk()),
        uploads.get(app, ME, number).state,
    )


def test_too_little_is_not_finished(app: App) -> None:
    """
    The end cannot be said before the last promised byte.
    """
    number = begun(app)
    uploads.append(app, ME, number, 0, [ROOT[:-1]])

    with pytest.raises(Conflict, match="send the rest"):
        uploads.finish(app, ME, number)


def test_a_size_need_not_be_known(app: App) -> None:
    """
    Without one, the end is said.
    """
    number = begun(app, None)
    uploads.append(app, ME, number, 0, [ROOT])

    assert NAME == uploads.finish(app, ME, number).sha256


def test_a_wrong_type_is_refused_early(app: App) -> None:
    """
    After the first MiB of a long upload it is known to be no image.
    """
    number = begun(app, 64 * 1024 * 1024)

    with pytest.raises(InputError, match="qemu-img convert"):
        uploads.append(app, ME, number, 0, [b"QFI\xfb" + bytes(2 * 1024 * 1024)])


def test_identical_content_is_not_sent_again(app: App) -> None:
    """
    Under another name, it is complete before a byte is sent.
    """
    brought(app)
    other = asked("custom/other")

    assert UploadState.COMPLETE is uploads.begin(app, ME, other, len(ROOT), NAME).state


def test_a_shared_blob_outlives_a_wrong_upload(app: App) -> None:
    """
    Bytes that are held stay as they are, whatever is sent of them again.
    """
    brought(app)
    with pytest.raises(SizeMismatch):
        uploads.append(app, ME, begun(app, len(ROOT) - 1), 0, [ROOT])

    with app.store.open(NAME) as content:
        assert ROOT == content.read()


def test_further_content_is_a_further_version(app: App) -> None:
    """
    The same name and other bytes are the next version of the day.
    """
    names = []
    for content in (ROOT, OTHER):
        number = brought(app, content).holding
        assert number is not None
        names.append(app.catalog.images.get(number).version.name)

    assert [f"{clock.now():%Y%m%d}", f"{clock.now():%Y%m%d}.01"] == names


def test_the_same_bytes_are_the_same_version_with_new_words(app: App) -> None:
    """
    Bringing an image again mends its base, and keeps that it was accepted.
    """
    first = brought(app).holding
    assert first is not None
    uploads.accept(app, ME, app.catalog.images.get(first).ref, "it boots")
    again = uploads.begin(app, ME, asked("rocky9", base_image="ol/9"), len(ROOT), NAME)
    held = app.catalog.images.get(first)

    assert (first, State.COMPLETE, "ol/9") == (again.holding, held.state, held.version.extra["base_image"])


def test_a_root_is_fit_for_a_stream(app: App) -> None:
    """
    The list of its packages stands beside it.
    """
    number = brought(app).holding
    assert number is not None
    item = app.catalog.images.get(number).version.item("manifest")
    assert item is not None

    with app.store.open(item.digest) as content:
        assert b"\t" in content.readline()


def test_a_check_that_died_is_done_again(app: App) -> None:
    """
    Whoever says again that all has come sets off what is missing.
    """
    dock, upload = Dock(app.catalog, app.store, clock.now), uploads.get(app, ME, begun(app))
    assert UploadState.CHECKING is take(dock, upload, 0, [ROOT]).state

    assert UploadState.COMPLETE is uploads.finish(app, ME, upload.id).state


def test_an_old_version_goes_only_after_the_new_one_is_there(app: App) -> None:
    """
    Where it is to be replaced, it is retired when the new one becomes available.
    """
    old, new = brought(app).holding, brought(app, OTHER).holding
    assert old is not None
    assert new is not None
    make_available(app, app.catalog.images.get(old), keep_old=True)
    make_available(app, app.catalog.images.get(new), keep_old=False)

    assert State.RETIRED is app.catalog.images.get(old).state


def test_what_does_not_fit_is_refused_before_the_first_byte(app: App) -> None:
    """
    All uploads on their way count together.
    """
    free, most = app.store.free(), 64 * 1024**3
    for _ in range(free // most):
        begun(app, most)

    with pytest.raises(NoSpace):
        begun(app, most)


def test_an_abandoned_upload_expires(app: App) -> None:
    """
    A day later, a garbage collection drops its bytes.
    """
    number = begun(app)
    uploads.append(app, ME, number, 0, [ROOT[:10]])
    app.catalog.uploads.came(number, 10, clock.now() - timedelta(days=2))
    collect(app.broom(), grace=timedelta(0), dry_run=False)

    assert (UploadState.EXPIRED, []) == (
        uploads.get(app, ME, number).state,
        list(app.store.unfinished()),
    )


def test_a_running_upload_survives_a_collection(app: App) -> None:
    """
    Even without any grace.
    """
    number = begun(app)
    uploads.append(app, ME, number, 0, [ROOT[:10]])
    collect(app.broom(), grace=timedelta(0), dry_run=False)

    assert NAME == uploads.append(app, ME, number, 10, [ROOT[10:]]).sha256


def test_a_cancelled_upload_leaves_nothing(app: App) -> None:
    """
    What came is dropped at once.
    """
    number = begun(app)
    uploads.append(app, ME, number, 0, [ROOT[:10]])
    uploads.cancel(app, ME, number)

    assert [] == list(app.store.unfinished())


def test_who_may_only_look_may_not_bring(app: App) -> None:
    """
    The power is that of authors, within their scope.
    """
    author = Actor("you", (Grant(Role.AUTHOR, Kind.IMAGE, "custom/lab-*"),), "api")

    with pytest.raises(Forbidden):
        uploads.begin(app, author, WISH, 1, None)


def test_what_may_not_be_seen_is_not_there(app: App) -> None:
    """
    An upload outside of one's scope answers as if there were none.
    """
    number = begun(app)
    author = Actor("you", (Grant(Role.AUTHOR, Kind.IMAGE, "custom/lab-*"),), "api")

    with pytest.raises(NotFound):
        uploads.append(app, author, number, 0, [b"x"])


@pytest.mark.parametrize("step", ["commit", "hold"])
def test_a_server_killed_at_the_last_byte_loses_nothing(app: App, step: str) -> None:
    """
    Killed before or after the bytes have their name, the same words complete the upload.
    """
    number = begun(app)
    upload = uploads.get(app, ME, number)
    with app.store.receive(upload.part) as receipt:
        receipt.write(ROOT)
        if step == "hold":
            app.catalog.uploads.promise(number, receipt.digest)
            receipt.commit()

    assert NAME == uploads.finish(app, ME, number).sha256


_KILLED = """
import os, signal, sys
from tundish.app.deeds import uploads
from tundish.app.opened import open_app
from tundish.core.people import EVERYTHING, Actor
from tundish.settings import load
state, number, content, stop = sys.argv[1], int(sys.argv[2]), open(sys.argv[3], "rb").read(), int(sys.argv[4])
def pieces():
    for at in range(0, len(content), 1024):
        if at >= stop:
            os.kill(os.getpid(), signal.SIGKILL)
        yield content[at:at + 1024]
import tundish.intake.arriving as arriving
arriving.PIECE = 4096
with open_app(load({}, state=state)) as app:
    uploads.append(app, Actor("me", EVERYTHING, "api"), number, 0, pieces())
"""


@pytest.mark.parametrize("stop", [5000, 20000])
def test_a_killed_server_goes_on_at_the_byte(tmp_path: Path, stop: int) -> None:
    """
    What was written before kill -9 is there after it, and the rest completes it.
    """
    content = gzip.compress(tar_of().getvalue() + os.urandom(30_000), mtime=0)
    (tmp_path / "image").write_bytes(content)
    with open_app(load({}, state=tmp_path / "state")) as app:
        number = begun(app, len(content))
    words = [tmp_path / "state", number, tmp_path / "image", stop]
    ended = subprocess.run([sys.executable, "-c", _KILLED, *map(str, words)], check=False, timeout=60)
    with open_app(load({}, state=tmp_path / "state")) as app:
        with app.store.receive(uploads.get(app, ME, number).part) as receipt:
            came = receipt.size
        done = uploads.append(app, ME, number, came, [content[came:]])

    assert (-signal.SIGKILL, True, Digest.of(content)) == (ended.returncode, came >= 4096, done.sha256)


def test_many_uploads_at_once_each_become_a_version(app: App) -> None:
    """
    Two hundred at the same time, of one image; the versions are all different. None of them is looked into.
    """
    contents = [gzip.compress(tar_of().getvalue(), mtime=number) for number in range(200)]
    dock = Dock(app.catalog, app.store, clock.now)

    def one(content: bytes) -> Upload:
        upload = app.catalog.uploads.add(WISH, len(content), None, actor="me", at=clock.now())
        return take(dock, upload, 0, [content])

    with ThreadPoolExecutor(16) as pool:
        done = list(pool.map(one, contents))

    assert 200 == len({each.holding for each in done})
