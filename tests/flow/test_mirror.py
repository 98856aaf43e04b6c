"""
A mirror from its source to its readers: what it holds, what it says it holds, and what becomes of it.
"""

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.keys import MADE_AT, key
from tests.support.mirrors import Lab, listed_paths, tree
from tests.support.region import DAY
from tests.support.stream_simulator import StreamSimulator
from tundish.catalog.lock import held
from tundish.core.errors import (
    BadDocument,
    Busy,
    Conflict,
    InputError,
    NoSpace,
    NotFound,
    Partial,
    RolledBack,
    Stopped,
    StorageError,
    Unreachable,
    Unsigned,
)
from tundish.core.notice import Announcement
from tundish.core.payload import unverified
from tundish.fetch.folder import FolderFetcher
from tundish.fetch.routed import RoutedFetcher
from tundish.mirrors.checking import check
from tundish.stream.products import parse

SQUASHFS = "noble/amd64/20260101/squashfs"


@pytest.fixture
def stream() -> StreamSimulator:
    """
    Two architectures with one version each.
    """
    made = StreamSimulator(key("upstream").signer(at=MADE_AT))
    made.add(arch="amd64")
    made.add(arch="arm64")
    made.publish(DAY)
    return made


@pytest.fixture
def lab(stream: StreamSimulator, tmp_path: Path) -> Lab:
    return Lab(tmp_path / "mirror", stream, RoutedFetcher(stream, FolderFetcher()))


@pytest.fixture
def own(stream: StreamSimulator, tmp_path: Path) -> Lab:
    """
    A mirror with a catalogue of its own.
    """
    return Lab(
        tmp_path / "mirror", stream, RoutedFetcher(stream, FolderFetcher()), key("ours").signer(at=MADE_AT)
    )


def release(lab: Lab, version: str) -> None:
    """
    Upstream publishes a further version of amd64, a day later.
    """
    lab.stream.add(arch="amd64", version=version)
    lab.stream.publish(lab.later(days=1))


def items_of(stream: StreamSimulator, *parts: str) -> dict[str, bytes]:
    return {
        path: data
        for path, data in stream.files.items()
        if not path.startswith("streams/") and all(part in path for part in parts)
    }


def blobs(root: Path) -> int:
    return sum(path.is_file() for path in (root / ".tundish/store/blobs").rglob("*"))


def accounts(root: Path) -> set[str]:
    """
    What is left of parts and drafts.
    """
    own = root / ".tundish"
    return {path.name for each in ("work", "store/ingest") for path in (own / each).iterdir()}


# What a mirror holds


def test_everything_is_mirrored(lab: Lab) -> None:
    """
    Without filters, every file comes, byte for byte.
    """
    lab.mirror()

    assert items_of(lab.stream) == lab.items()


def test_a_verbatim_mirror_has_upstreams_documents(lab: Lab) -> None:
    """
    The signed documents stand in the tree as they came.
    """
    lab.mirror()

    assert {path: data for path, data in lab.stream.files.items() if path.endswith(".sjson")} == {
        path: data for path, data in tree(lab.root).items() if path.startswith("streams/")
    }


def test_each_document_is_fetched_once(lab: Lab) -> None:
    """
    A first run asks for index and products file once each.
    """
    lab.mirror()

    assert [1, 1] == [lab.stream.requests.count(p) for p in (lab.stream.index_path, lab.stream.products_path)]


def test_a_filter_narrows_what_comes(lab: Lab) -> None:
    """
    Only the files that pass are fetched, and the totals say what the catalogue lists beyond them.
    """
    outcome = lab.mirror("arch=arm64")

    assert (items_of(lab.stream, "arm64"), 8, 4) == (
        lab.items(),
        outcome.totals.listed,
        outcome.totals.lacking,
    )


def test_bytes_are_stored_once(lab: Lab) -> None:
    """
    A file of the tree is another name of the blob, not a copy.
    """
    lab.mirror()

    assert {2} == {(lab.root / path).stat().st_nlink for path in lab.items()}


def test_two_wishes_share_a_folder(own: Lab) -> None:
    """
    A second run with other filters adds to what the first one brought, and both are listed.
    """
    own.mirror("arch=amd64")
    own.mirror("arch=arm64")

    assert items_of(own.stream).keys() == own.listed()


def test_a_file_that_lies_there_already_is_taken_in(lab: Lab) -> None:
    """
    What another program mirrored is hashed and kept instead of fetched again.
    """
    lab.stream.write_to(lab.root)

    lab.mirror()

    assert {path for path in lab.stream.requests if not path.startswith("streams/")} == set()


def test_a_wrong_file_that_lies_there_is_replaced(lab: Lab) -> None:
    """
    A file of the right size and other bytes is not believed.
    """
    lab.stream.write_to(lab.root)
    (lab.root / SQUASHFS).write_bytes(b"x" * len(lab.stream.files[SQUASHFS]))

    lab.mirror()

    assert lab.stream.files[SQUASHFS] == (lab.root / SQUASHFS).read_bytes()


def test_no_item_download_brings_documents_only(lab: Lab) -> None:
    """
    The documents come without files, and a later run without that wish brings the files.
    """
    lab.mirror(download=False)
    before = lab.items()

    lab.mirror()

    assert ({}, items_of(lab.stream)) == (before, lab.items())


def test_an_unsigned_tree_is_mirrored_knowingly(lab: Lab) -> None:
    """
    Without a keyring, from an unsigned index, everything comes.
    """
    lab.mirror(keyring=b"", path="streams/v1/index.json")

    assert items_of(lab.stream) == lab.items()


def test_one_products_file_can_be_the_start(lab: Lab) -> None:
    """
    With the path of a products file, that alone is mirrored.
    """
    lab.mirror(path=lab.stream.products_path)

    assert {lab.stream.products_path} == tree(lab.root).keys() - lab.items().keys()


def test_a_product_needs_no_os(lab: Lab) -> None:
    """
    Streams that are not of images, whose products do not say their OS, are mirrored too.
    """
    for product in lab.stream.products.values():
        del product["os"]
    lab.stream.publish(DAY)

    lab.mirror()

    assert items_of(lab.stream) == lab.items()


# Runs that follow


def test_nothing_new_is_nothing_done(lab: Lab) -> None:
    """
    A second run asks whether the documents have changed, and neither parses nor fetches anything.
    """
    lab.mirror()
    lab.stream.requests.clear()

    outcome = lab.mirror()

    assert (False, [lab.stream.index_path, lab.stream.products_path], lab.stream.requests) == (
        outcome.changed,
        lab.stream.unchanged,
        lab.stream.unchanged,
    )


def test_nothing_new_is_seen_without_validators(lab: Lab) -> None:
    """
    A server that cannot say "unchanged" is compared with what was accepted.
    """
    lab.stream.validates = False
    lab.mirror()

    assert not lab.mirror().changed


def test_a_lost_file_is_mended(lab: Lab) -> None:
    """
    A file that somebody deleted comes back although upstream has nothing new.
    """
    lab.mirror()
    (lab.root / SQUASHFS).unlink()

    lab.mirror()

    assert items_of(lab.stream) == lab.items()


def test_only_what_is_new_is_fetched(lab: Lab) -> None:
    """
    A further version costs its own files and no others.
    """
    lab.mirror()
    lab.watch.begins.clear()

    release(lab, "20260102")
    lab.mirror()

    assert items_of(lab.stream, "20260102").keys() == set(lab.watch.begins)


def test_older_versions_stay_for_the_grace_period(lab: Lab) -> None:
    """
    What --max pushes out is in the tree until its grace is over, and then it is gone.
    """
    lab.mirror(most=1)
    release(lab, "20260102")
    lab.mirror(most=1)
    before = SQUASHFS in lab.items()

    lab.later(days=3)
    removed = lab.mirror(most=1).removed

    assert (True, 4, False) == (before, removed, SQUASHFS in lab.items())


def test_empty_folders_go(lab: Lab) -> None:
    """
    With its last file a folder goes too, and its bytes leave the store.
    """
    lab.mirror("arch=amd64", most=1)
    release(lab, "20260102")

    lab.mirror("arch=amd64", most=1, grace=lab.now - lab.now)

    assert (False, 4) == ((lab.root / "noble/amd64/20260101").exists(), blobs(lab.root))


def test_keep_fills_up_with_versions_that_left(lab: Lab) -> None:
    """
    With --keep a version that left the source stays while there is room for it.
    """
    lab.mirror("arch=amd64", most=2, keep=True)
    release(lab, "20260102")
    lab.stream.drop("com.example.maas.stable:v3:boot:noble:amd64:ga-24.04", "20260101")
    lab.stream.publish(lab.later(days=1))

    outcome = lab.mirror("arch=amd64", most=2, keep=True)

    assert 8 == outcome.totals.files


def test_a_product_that_no_longer_matches_stays(own: Lab) -> None:
    """
    Without --prune, narrowed filters let nothing go.
    """
    own.mirror()
    own.mirror("arch=amd64")

    assert items_of(own.stream).keys() == own.listed()


def test_prune_lets_go_of_what_no_longer_matches(own: Lab) -> None:
    """
    With --prune the catalogue lists only what matches, and the rest goes after its grace.
    """
    own.mirror()
    own.mirror("arch=amd64", prune=True)
    listed = own.listed()
    own.later(days=3)
    own.mirror("arch=amd64", prune=True)

    assert (set(items_of(own.stream, "amd64")), items_of(own.stream, "amd64")) == (listed, own.items())


def test_prune_lets_go_of_products_that_vanished(own: Lab) -> None:
    """
    With --prune a product that left the source leaves the catalogue.
    """
    own.mirror()
    own.stream.drop("com.example.maas.stable:v3:boot:noble:arm64:ga-24.04")
    own.stream.publish(own.later(days=1))

    own.mirror(prune=True)

    assert items_of(own.stream, "amd64").keys() == own.listed()


def test_a_dry_run_writes_nothing(lab: Lab) -> None:
    """
    A dry run tells what would come, and makes not even the folder.
    """
    prepared = lab.prepare("arch=amd64")

    assert ({"+"}, 16_200, False) == (
        {change.sign for change in prepared.changes},
        prepared.growth,
        lab.root.exists(),
    )


def test_a_dry_run_tells_what_would_go(lab: Lab) -> None:
    """
    A dry run over an existing mirror names both directions, and leaves the tree as it is.
    """
    lab.mirror("arch=amd64", most=1)
    release(lab, "20260102")
    before = tree(lab.root)

    prepared = lab.prepare("arch=amd64", most=1)

    assert ([("+", "20260102"), ("-", "20260101")], 0, before) == (
        sorted({(change.sign, change.version) for change in prepared.changes}),
        prepared.growth,
        tree(lab.root),
    )


def test_filters_that_match_nothing_are_said(lab: Lab) -> None:
    """
    Who filters everything away is told so.
    """
    assert ["filters"] == [remark.subject for remark in lab.prepare("arch=vax").remarks]


# A catalogue of its own


def test_our_catalogue_lists_exactly_what_is_held(own: Lab) -> None:
    """
    With --sign, a filtered mirror lists the files it has and no others.
    """
    own.mirror("arch=amd64")

    assert items_of(own.stream, "amd64").keys() == own.listed() == own.items().keys()


def test_our_catalogue_repeats_what_is_announced(own: Lab) -> None:
    """
    A new release of MAAS is told to readers of a filtered mirror, too.
    """
    news = {"maas_version": "4.0.0", "message": "MAAS 4.0 is out", "version": 1}
    item = {"ftype": "notifications", "release_notification": news}
    own.stream.products["news"] = {"versions": {"20260101": {"items": {"n": item}}}}
    own.stream.publish(own.later(days=1))

    own.mirror("arch=amd64")

    (entry,) = own.index()["index"].values()
    document, _ = parse(unverified((own.root / entry["path"]).read_bytes(), "a test"))
    assert (Announcement("4.0.0", "MAAS 4.0 is out"),) == document.announced


def test_upstreams_documents_are_kept_as_evidence(own: Lab) -> None:
    """
    Each entry of our index names upstream's products file and index, kept byte for byte.
    """
    own.mirror()

    (entry,) = own.index()["index"].values()
    assert [own.stream.files[own.stream.products_path], own.stream.files[own.stream.index_path]] == [
        (own.root / path).read_bytes() for path in entry["upstream"]
    ]


def test_the_same_catalogue_is_not_written_again(own: Lab) -> None:
    """
    A run that changes nothing leaves every document as it was.
    """
    own.mirror()
    before = tree(own.root)
    own.later(days=1)

    own.mirror("arch=amd64")

    assert before == tree(own.root)


def test_signatures_are_renewed_at_half_time(own: Lab) -> None:
    """
    A catalogue with an end is signed anew once half its time is over, without anything new upstream.
    """
    own.signer = key("ours").signer(at=DAY)
    own.mirror(expires_days=3650)
    own.later(days=1824)
    early = own.mirror(expires_days=3650).changed
    own.later(days=1)

    assert (False, True) == (early, own.mirror(expires_days=3650).changed)


def test_a_folder_does_not_change_its_catalogue_by_itself(own: Lab) -> None:
    """
    Who leaves out --sign is told so, and nothing is replaced.
    """
    own.mirror()

    with pytest.raises(Conflict, match="--sign KEY as before"):
        own.mirror(signed=None)


def test_a_folder_changes_its_catalogue_on_request(own: Lab) -> None:
    """
    With --verbatim upstream's documents take the place of ours.
    """
    own.mirror()
    own.mirror(signed=False)

    assert own.stream.files[own.stream.index_path] == (own.root / own.stream.index_path).read_bytes()


# Readers


class Poller:
    """
    Reads an index and looks for every file it names, every 2 ms, on a thread.
    """

    def __init__(self, root: Path, held: set[str] | None = None) -> None:
        self._root, self._held, self._stop = root, held, threading.Event()
        self.missing: set[str] = set()
        self.looks = 0

    @contextmanager
    def polling(self) -> Iterator[None]:
        thread = threading.Thread(target=self._poll)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()

    def _poll(self) -> None:
        while not self._stop.wait(0.002):
            self.look()

    def look(self) -> None:
        listed = self._held or set(listed_paths(self._root))
        self.missing.update(path for path in listed if not (self._root / path).is_file())
        self.looks += 1


def test_a_reader_never_misses_a_file(own: Lab) -> None:
    """
    Whoever reads our catalogue at any moment of several updates finds everything it lists.
    """
    own.mirror(most=1)
    poller = Poller(own.root)

    with poller.polling():
        for version in ("20260102", "20260103", "20260104"):
            release(own, version)
            own.mirror(most=1)
    poller.look()

    assert (set(), True) == (poller.missing, poller.looks > 1)


def test_a_reader_of_the_previous_run_never_misses_a_file(lab: Lab) -> None:
    """
    During an update of a verbatim mirror everything stays that the run before held.
    """
    lab.mirror(most=1)
    poller = Poller(lab.root, set(lab.items()))

    with poller.polling():
        for version in ("20260102", "20260103"):
            release(lab, version)
            lab.mirror(most=1)
    poller.look()

    assert (set(), True) == (poller.missing, poller.looks > 1)


# Bad days


def test_a_cut_transfer_goes_on_where_it_ended(lab: Lab) -> None:
    """
    A link that breaks costs no byte twice.
    """
    lab.stream.cuts[SQUASHFS] = [3000, 3000]

    outcome = lab.mirror()

    assert (sum(map(len, items_of(lab.stream).values())), [SQUASHFS, SQUASHFS]) == (
        outcome.fetched_bytes,
        lab.stream.resumed,
    )


def test_a_file_that_upstream_lacks_spoils_its_version_only(own: Lab) -> None:
    """
    What cannot be had is named, is not listed, and hides nothing else.
    """
    del own.stream.files[SQUASHFS]

    with pytest.raises(Partial, match=SQUASHFS):
        own.mirror()

    assert items_of(own.stream, "arm64").keys() == own.listed()


def test_a_replacement_that_is_not_whole_replaces_nothing(own: Lab) -> None:
    """
    While the newest version cannot be had, the one before stays listed.
    """
    own.mirror("arch=amd64", most=1)
    release(own, "20260102")
    lacking = "noble/amd64/20260102/squashfs"
    own.stream.files[lacking] = b"a lie" * 1800

    with pytest.raises(Partial, match=lacking):
        own.mirror("arch=amd64", most=1)

    assert items_of(own.stream, "20260101", "amd64").keys() == own.listed()


def test_a_verbatim_catalogue_waits_for_its_files(lab: Lab) -> None:
    """
    While a file cannot be had, upstream's new documents are not shown; the next run shows them.
    """
    lab.mirror()
    before = (lab.root / lab.stream.products_path).read_bytes()
    release(lab, "20260102")
    lacking = "noble/amd64/20260102/squashfs"
    lab.stream.failures[lacking] = [Unreachable("away") for _ in range(5)]

    with pytest.raises(Partial, match=lacking):
        lab.mirror()
    meanwhile = (lab.root / lab.stream.products_path).read_bytes()
    lab.mirror()

    assert (before, lab.stream.files[lab.stream.products_path], items_of(lab.stream)) == (
        meanwhile,
        (lab.root / lab.stream.products_path).read_bytes(),
        lab.items(),
    )


def test_a_source_that_moved_on_is_read_again(lab: Lab) -> None:
    """
    When a listed file has gone because upstream published meanwhile, the run follows it.
    """
    lab.mirror("arch=arm64")
    gone = {path: lab.stream.files.pop(path) for path in items_of(lab.stream, "amd64", "20260101")}
    old = dict(lab.stream.files)
    lab.stream.drop("com.example.maas.stable:v3:boot:noble:amd64:ga-24.04")
    release(lab, "20260102")
    new = dict(lab.stream.files)
    lab.stream.files = old

    def moved(path: str) -> None:
        if path in gone:
            lab.stream.files = new

    lab.stream.requests = _Telling(moved)
    outcome = lab.mirror()

    assert (True, set(items_of(lab.stream, "amd64", "20260102"))) == (
        outcome.changed,
        {path for path in lab.items() if "amd64" in path},
    )


class _Telling(list[str]):
    """
    A list that says what is added to it.
    """

    def __init__(self, told: "object") -> None:
        super().__init__()
        self._told = told

    def append(self, path: str) -> None:
        super().append(path)
        if callable(self._told):
            self._told(path)


def test_a_further_root_helps_out(lab: Lab) -> None:
    """
    What the source does not give, the next root does.
    """
    other = "http://other.test/"

    class Both:
        """
        The stream at both addresses; the first lacks a file.
        """

        def open(self, url: str, *, offset: int = 0, validator: str | None = None) -> object:
            if url == lab.stream.url + SQUASHFS:
                raise Unreachable("away")
            return lab.stream.open(url.replace(other, lab.stream.url), offset=offset, validator=validator)

        def __getattr__(self, name: str) -> object:
            return getattr(lab.stream, name)

    lab.fetcher = Both()  # type: ignore[assignment]
    lab.mirror(mirrors=(other,))

    assert items_of(lab.stream) == lab.items()


def test_an_older_stream_is_refused(lab: Lab) -> None:
    """
    Yesterday's documents, correctly signed, change nothing.
    """
    yesterday = dict(lab.stream.files)
    release(lab, "20260102")
    lab.mirror()
    before = tree(lab.root)
    lab.stream.files = yesterday

    with pytest.raises(RolledBack, match="--allow-rollback"):
        lab.mirror()

    assert before == tree(lab.root)


def test_an_older_stream_is_accepted_on_request(lab: Lab) -> None:
    """
    With --allow-rollback an older one is taken.
    """
    yesterday = dict(lab.stream.files)
    release(lab, "20260102")
    lab.mirror()
    lab.stream.files = yesterday

    lab.mirror(allow_rollback=True)

    assert yesterday[lab.stream.products_path] == (lab.root / lab.stream.products_path).read_bytes()


def test_an_unsigned_document_is_refused(lab: Lab) -> None:
    """
    A source that is to be signed and is not changes nothing.
    """
    lab.stream.files[lab.stream.index_path] = lab.stream.files["streams/v1/index.json"]

    with pytest.raises(Unsigned):
        lab.mirror()

    assert {} == tree(lab.root)


@pytest.mark.parametrize("path", [".tundish/lock", "streams/v1/index.sjson", "streams/v1/x"])
def test_a_file_that_would_replace_ours_is_left_out(lab: Lab, path: str) -> None:
    """
    A hostile path into our notes or over a document takes its version out, and nothing else.
    """
    name = lab.stream.add(arch="s390x", items={"squashfs": b"evil"})
    lab.stream.products[name]["versions"]["20260101"]["items"]["squashfs"]["path"] = path
    lab.stream.publish(DAY)

    lab.mirror()

    assert {item for item in items_of(lab.stream) if "s390x" not in item} == set(lab.items())


def test_a_link_in_the_tree_is_not_followed(lab: Lab, tmp_path: Path) -> None:
    """
    Nothing is written through a link that leads out of the folder.
    """
    (tmp_path / "elsewhere").mkdir()
    lab.root.mkdir()
    (lab.root / "noble").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(Conflict, match="a link or a file"):
        lab.mirror()

    assert [] == list((tmp_path / "elsewhere").iterdir())


def test_what_does_not_fit_is_not_begun(lab: Lab) -> None:
    """
    Free space is held against the plan before the first byte of a file.
    """
    name = lab.stream.add(arch="s390x", items={"squashfs": b"large"})
    lab.stream.products[name]["versions"]["20260101"]["items"]["squashfs"]["size"] = 2**43
    lab.stream.publish(DAY)

    with pytest.raises(NoSpace, match="bytes needed"):
        lab.mirror()

    assert {lab.stream.index_path, lab.stream.products_path} == set(lab.stream.requests)


def nested(stream: StreamSimulator, depth: int) -> None:
    """
    Put so many indexes above the one that names the products file, the first of them in its place.
    """
    below = json.loads(stream.files["streams/v1/index.json"])
    for level in range(depth):
        stream.put(f"streams/v1/level{level}-index", below)
        path = f"streams/v1/level{level}-index.json"
        below = {**below, "index": {"com.example:nested": {"format": "index:1.0", "path": path}}}
    stream.put("streams/v1/index", below)


def test_nested_indexes_are_followed(lab: Lab) -> None:
    """
    An index of an index leads to the files, and all of them stand in the tree.
    """
    nested(lab.stream, 2)

    lab.mirror()

    assert (items_of(lab.stream), 4) == (lab.items(), len(tree(lab.root)) - len(lab.items()))


@pytest.mark.parametrize("depth", [6, 50])
def test_indexes_nest_only_so_deep(lab: Lab, depth: int) -> None:
    """
    A chain of indexes without end is given up early.
    """
    nested(lab.stream, depth)

    with pytest.raises(BadDocument, match="nest deeper"):
        lab.mirror()

    assert len(lab.stream.requests) < 8


def test_an_index_that_names_itself_is_refused(lab: Lab) -> None:
    """
    A loop is seen at once.
    """
    entry = {"format": "index:1.0", "path": "streams/v1/index.json"}
    lab.stream.put("streams/v1/index", {"format": "index:1.0", "index": {"com.example:loop": entry}})

    with pytest.raises(BadDocument, match="names itself"):
        lab.mirror()

    assert [lab.stream.index_path] == lab.stream.requests


def test_no_password_is_noted(stream: StreamSimulator, tmp_path: Path) -> None:
    """
    What a web server may hand out says nothing of how the source is entered.
    """
    stream.url = "http://me:hunter2@stream.test/maas/"
    lab = Lab(tmp_path / "mirror", stream, RoutedFetcher(stream, FolderFetcher()))

    lab.mirror()

    notes = (lab.root / ".tundish").glob("*")
    assert not any(b"hunter2" in path.read_bytes() for path in notes if path.is_file())


def test_one_writer_at_a_time(lab: Lab) -> None:
    """
    A second run says who has the folder.
    """
    lab.mirror()

    with held(lab.root / ".tundish/lock", "it", "somebody else"), pytest.raises(Busy, match="somebody else"):
        lab.mirror()


def test_a_stopped_run_is_resumed(lab: Lab) -> None:
    """
    A stop keeps what came; the next run ends with the same tree as one that was never stopped.
    """
    lab.stop.set()
    with pytest.raises(Stopped):
        lab.mirror()
    lab.stop.clear()

    lab.mirror()

    assert items_of(lab.stream) == lab.items()


def test_what_a_killed_run_left_is_accounted_for(lab: Lab) -> None:
    """
    Files placed by a run that died before it could say so go, once upstream no longer lists them.
    """

    class Dead(Exception):
        """
        Stands for a kill.
        """

    def die(*_: object) -> None:
        raise Dead

    lab.mirror("arch=arm64")
    release(lab, "20260102")
    lab.watch.ended = die  # type: ignore[method-assign,assignment]
    with pytest.raises(Dead):
        lab.mirror()
    lab.watch = type(lab.watch)()
    lab.stream.drop("com.example.maas.stable:v3:boot:noble:amd64:ga-24.04")
    lab.stream.publish(lab.later(days=1))
    lab.mirror()
    lab.later(days=4)
    lab.mirror("arch=arm64")
    lab.mirror()

    assert (items_of(lab.stream, "arm64"), 4, set()) == (lab.items(), blobs(lab.root), accounts(lab.root))


def test_damaged_notes_are_named(lab: Lab) -> None:
    """
    A record that cannot be read is an error that says what to do.
    """
    lab.mirror()
    (lab.root / ".tundish/record.json").write_text("{")

    with pytest.raises(StorageError, match="remove it and run the mirror again"):
        lab.mirror()


def test_lost_notes_cost_no_download(lab: Lab) -> None:
    """
    Without its notes a mirror finds what it has, and fetches nothing again.
    """
    lab.mirror()
    (lab.root / ".tundish/record.json").unlink()

    assert 0 == lab.mirror().fetched_files


def test_a_wrong_filter_makes_no_folder(lab: Lab) -> None:
    """
    A word that is no filter is refused before anything is made.
    """
    with pytest.raises(InputError, match="not a filter"):
        lab.mirror("nonsense")

    assert not lab.root.exists()


# Checking


def test_a_sound_mirror_is_sound(own: Lab) -> None:
    """
    Right after a run nothing is missing, damaged or foreign.
    """
    own.mirror("arch=amd64")

    checked = check(own.root, quarantine=False, holder="a test")

    assert ((), (), ()) == (checked.missing, checked.damaged, checked.foreign)


def test_findings_are_named(lab: Lab) -> None:
    """
    What is missing, damaged or nobody's is told apart.
    """
    lab.mirror()
    (lab.root / "noble/arm64/20260101/squashfs").unlink()
    _spoil(lab.root / SQUASHFS)
    (lab.root / "mine.txt").touch()

    checked = check(lab.root, quarantine=False, holder="a test")

    assert (("noble/arm64/20260101/squashfs",), (SQUASHFS,), ("mine.txt",)) == (
        checked.missing,
        checked.damaged,
        checked.foreign,
    )


def test_damage_is_mended_by_the_next_run(lab: Lab) -> None:
    """
    What --quarantine takes out is fetched again; what is foreign is left alone.
    """
    lab.mirror()
    _spoil(lab.root / SQUASHFS)
    (lab.root / "mine.txt").touch()

    check(lab.root, quarantine=True, holder="a test")
    lab.mirror()

    assert {**items_of(lab.stream), "mine.txt": b""} == lab.items()


def test_a_folder_of_somebody_else_is_no_mirror(tmp_path: Path) -> None:
    """
    Checking a folder that we did not make is refused, and makes nothing in it.
    """
    with pytest.raises(NotFound, match="not a mirror"):
        check(tmp_path, quarantine=True, holder="a test")

    assert [] == list(tmp_path.iterdir())


def _spoil(path: Path) -> None:
    path.chmod(0o600)
    with path.open("r+b") as file:
        file.write(b"spoilt")
    os.utime(path, (0, 0))
