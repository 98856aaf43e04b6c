"""
Releases and channels from end to end: what readers find after each verb, and what they never see.

This covers `publish.moving`, `publish.comparing`, `publish.showing`, `publish.standing`,
`publish.linking` and `publish.verifying`.
"""

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

import pytest

from tests.support.counter import CANDIDATE, STABLE, Counter, counter, items
from tundish.core.digest import Digest
from tundish.core.errors import BlobMissing, Conflict, NotFound
from tundish.core.release import Verb
from tundish.publish import comparing, moving, showing, verifying
from tundish.publish.publisher import publish as write
from tundish.store.blobs import BlobSource

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Counter]:
    with counter(tmp_path / "shop") as made:
        yield made


@pytest.fixture
def two(shop: Counter) -> Counter:
    """
    Stable offered one version, and offers two.
    """
    shop.publish()
    shop.offer("20260102", packages="bash\t5.2\nnew\t1\n")
    shop.publish()
    return shop


# --- releases


def test_a_publication_makes_a_release_of_what_it_offers(shop: Counter) -> None:
    """
    The release holds the version that readers find.
    """
    done = shop.publish()

    offered = {each.version.name for each in shop.lab.catalog.images.released(done.release)}
    assert (shop.versions(), done.release) == (offered, shop.channel().release)


def test_publishing_the_same_again_makes_no_release(shop: Counter) -> None:
    """
    The channel names the release that it named, and no move is noted.
    """
    first = shop.publish()

    again = shop.publish()

    assert (first.release, 1) == (again.release, len(shop.lab.catalog.channels.moves(STABLE)))


def test_a_release_that_was_replaced_upstream_is_not_offered_as_if_it_were_the_same(two: Counter) -> None:
    """
    When a source gives other bytes for a version, an older release with it is refused.
    """
    two.stream.products.clear()
    two.offer("20260101", packages="other\t1\n")
    two.lab.sync()

    with pytest.raises(Conflict, match="release 1 cannot be offered again"):
        two.roll_back()


def test_a_publication_killed_before_the_catalog_knew_is_finished_by_the_next(shop: Counter) -> None:
    """
    A tree that was written while the catalog was not told is taken as it is.
    """
    holdings = shop.lab.catalog.images.list()
    before = write(holdings, shop.root, shop.office().press)

    done = shop.publish()

    assert (False, before.updated, 1) == (done.changed, done.updated, shop.channel().release)


# --- promote


def test_promoting_offers_the_same_release(shop: Counter) -> None:
    """
    Stable names the release of candidate, and its readers find the same.
    """
    shop.publish(channel=CANDIDATE)

    done = shop.promote()

    assert (1, shop.versions(CANDIDATE), []) == (done.release, shop.versions(), shop.missing())


def test_a_promotion_carries_out_what_was_planned(shop: Counter) -> None:
    """
    If the candidate moved on meanwhile, what was shown is promoted.
    """
    shop.publish(channel=CANDIDATE)
    plan = moving.plan_promotion(shop.lab.catalog, shop.store, CANDIDATE, STABLE)
    shop.offer("20260102")
    shop.publish(channel=CANDIDATE)

    moving.promote(shop.office(), plan)

    assert {"20260101"} == shop.versions()


def test_a_promotion_over_a_moved_channel_is_refused(shop: Counter) -> None:
    """
    Who planned against another state of the target looks again.
    """
    shop.publish(channel=CANDIDATE)
    plan = moving.plan_promotion(shop.lab.catalog, shop.store, CANDIDATE, STABLE)
    shop.publish()

    with pytest.raises(Conflict, match="moved by somebody else"):
        moving.promote(shop.office(), plan)


# --- roll back


def test_a_rollback_offers_what_was_offered_before(two: Counter) -> None:
    """
    Readers find the release before, whole.
    """
    two.roll_back()

    assert ({"20260101"}, []) == (two.versions(), two.missing())


def test_a_rollback_is_dated_later(two: Counter) -> None:
    """
    Clients that refuse older streams than they have seen follow it.
    """
    before = two.publish().updated

    assert before < two.roll_back().updated


def test_a_rollback_moves_no_bytes(two: Counter) -> None:
    """
    No blob is opened, and of the tree only documents are new.
    """
    opened = two.store = Unread(two.lab.store)
    before = {path for path in two.root.rglob("*") if path.is_file()}

    two.roll_back()

    after = {path for path in two.root.rglob("*") if path.is_file()}
    assert ([], {"streams"}) == (
        opened.asked,
        {path.relative_to(two.root).parts[0] for path in after - before},
    )


class Unread:
    """
    A store that notes which blobs are opened.
    """

    def __init__(self, store: BlobSource) -> None:
        self._store = store
        self.asked: list[Digest] = []

    def size(self, digest: Digest) -> int:
        return self._store.size(digest)

    def has(self, digest: Digest) -> bool:
        return self._store.has(digest)

    def open(self, digest: Digest) -> BinaryIO:
        self.asked.append(digest)
        return self._store.open(digest)

    def local_path(self, digest: Digest) -> Path | None:
        return self._store.local_path(digest)

    def export(self, digest: Digest, target: Path) -> None:
        self._store.export(digest, target)


def test_rolling_back_twice_goes_back_twice(two: Counter) -> None:
    """
    After three releases, two roll backs lead to the first.
    """
    two.offer("20260103")
    two.publish()

    two.roll_back()
    two.roll_back()

    assert {"20260101"} == two.versions()


def test_a_rollback_can_name_a_release(two: Counter) -> None:
    """
    Also one that was rolled back from: the way forward is the same command.
    """
    two.roll_back()

    two.roll_back(to=2)

    assert {"20260101", "20260102"} == two.versions()


def test_only_what_it_offered_once_can_be_rolled_back_to(two: Counter) -> None:
    """
    The release of another channel is not this one's past.
    """
    other = two.publish("ubuntu/noble/amd64/ga-24.04@20260102", channel=CANDIDATE)

    with pytest.raises(NotFound, match=f"never offered a release {other.release}"):
        two.roll_back(to=other.release)


def test_what_was_tidied_away_is_linked_again(two: Counter) -> None:
    """
    A release whose files left the tree comes back from the store.
    """
    two.publish("ubuntu/noble/amd64/ga-24.04@20260102")
    two.tidy(grace=timedelta(0))

    two.roll_back()

    assert ({"20260101", "20260102"}, []) == (two.versions(), two.missing())


def test_what_is_gone_for_good_is_refused_before_anything_changes(two: Counter) -> None:
    """
    Without tree and store, the roll back names what lacks, and readers keep what they have.
    """
    two.publish("ubuntu/noble/amd64/ga-24.04@20260102")
    two.tidy(grace=timedelta(0))
    two.lab.store.remove(Digest.of(b"noble/20260101/squashfs"))
    before = (two.root / "streams/v1/index.sjson").read_bytes()

    with pytest.raises(BlobMissing, match="noble/amd64/20260101/squashfs"):
        two.roll_back()

    assert before == (two.root / "streams/v1/index.sjson").read_bytes()


def test_what_only_the_tree_holds_is_enough(two: Counter) -> None:
    """
    Bytes that the store lost and the tree still has are offered again.
    """
    two.publish("ubuntu/noble/amd64/ga-24.04@20260102")
    two.lab.store.remove(Digest.of(b"noble/20260101/squashfs"))

    two.roll_back()

    assert ({"20260101", "20260102"}, []) == (two.versions(), two.missing())


# --- history and difference


def test_what_was_offered_then_is_known(two: Counter) -> None:
    """
    As of the day of the first release, that is shown.
    """
    first = two.lab.catalog.channels.moves(STABLE)[0]

    shown = showing.show(two.lab.catalog, "stable", first.at)

    assert (1, [Verb.PUBLISH], ["20260101"]) == (
        shown.channel.release,
        [move.verb for move in shown.moves],
        [each.version.name for each in shown.holdings],
    )


def test_packages_are_compared_by_their_manifests(two: Counter) -> None:
    """
    Between two releases, packages that came, went and changed are told by name and version.
    """
    (change,) = comparing.compare(two.lab.catalog, two.store, 1, 2).difference.changes

    assert ({"new": "1"}, {"old": "1"}, {"bash": ("5.1", "5.2")}) == (
        change.added,
        change.removed,
        change.changed,
    )


def test_a_manifest_that_is_gone_is_said_to_be_unknown(two: Counter) -> None:
    """
    Without its bytes the comparison claims nothing of packages.
    """
    two.lab.store.remove(Digest.of(b"bash\t5.1\nold\t1\n"))

    (change,) = comparing.compare(two.lab.catalog, two.store, 1, 2).difference.changes

    assert not change.known


# --- signatures


def test_a_signature_ends_when_it_was_asked_to(shop: Counter) -> None:
    """
    With ten days, it ends in ten days.
    """
    assert shop.lab.now + 10 * DAY == shop.publish(expires=10).expires_at


def test_the_next_publication_lasts_as_long(shop: Counter) -> None:
    """
    The days are those of the signature that stands, unless others are given.
    """
    shop.publish(expires=10)
    shop.offer("20260102")

    assert shop.lab.now + 10 * DAY == shop.publish().expires_at


def test_signing_anew_says_the_same_with_a_later_date(shop: Counter) -> None:
    """
    What readers find is the same, under a fresh date and signature.
    """
    first = shop.publish(expires=10)
    before = shop.versions()
    shop.later(DAY)

    again = shop.resign()

    assert (before, shop.lab.now, shop.lab.now + 10 * DAY, first.release) == (
        shop.versions(),
        again.updated,
        again.expires_at,
        again.release,
    )


def test_a_signature_can_be_made_to_last(shop: Counter) -> None:
    """
    With 0 days the new one never ends.
    """
    shop.publish(expires=10)

    assert shop.resign(expires=0).expires_at is None


@pytest.mark.parametrize(
    ("expires", "days", "due"), [(10, 4, ()), (10, 5, (STABLE,)), (10, 11, (STABLE,)), (0, 999, ())]
)
def test_a_signature_is_due_when_half_of_its_life_is_over(
    shop: Counter, expires: int, days: int, due: tuple[str, ...]
) -> None:
    """
    One of ten days is due after five, and expired all the more; one that never ends is never due.
    """
    shop.publish(expires=expires)
    shop.later(days * DAY)

    assert due == moving.due(shop.office())


def test_an_expired_signature_is_no_dead_end(shop: Counter) -> None:
    """
    A tree whose signature has ended is signed anew for as many days, although nothing changed.
    """
    first = shop.publish(expires=10)
    shop.later(11 * DAY)

    done = shop.publish()

    assert (True, shop.lab.now + 10 * DAY, first.release) == (done.changed, done.expires_at, done.release)


def test_a_new_key_signs_over_the_old(shop: Counter) -> None:
    """
    Who lost the key publishes the same with another, and the tree is signed by that.
    """
    shop.publish()
    shop.seal = replace(shop.seal, name="second")

    done = shop.publish()

    assert (True, shop.seal.fingerprint) == (done.changed, done.fingerprint)


# --- what a reader sees


class Poller:
    """
    Every 2 ms, looks for all that the index names.
    """

    def __init__(self, shop: Counter) -> None:
        self._shop, self._stop = shop, threading.Event()
        self.looks = 0
        self.missing: set[str] = set()

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
            self.missing.update(self._shop.missing())
            self.looks += 1


def test_a_reader_never_misses_a_file(shop: Counter) -> None:
    """
    During 30 publications, promotions, roll backs, signings and tidyings, half a day apart, all is there.
    """
    for version in ("20260102", "20260103"):
        shop.offer(version)
    shop.publish()
    shop.publish("ubuntu/noble/amd64/ga-24.04@20260103", channel=CANDIDATE)
    verbs = (
        lambda: shop.publish("ubuntu/noble/amd64/ga-24.04@20260102"),
        shop.promote,
        shop.roll_back,
        shop.tidy,
        shop.publish,
        shop.resign,
    )
    poller = Poller(shop)

    with poller.polling():
        for number in range(30):
            shop.later(12 * HOUR)
            verbs[number % len(verbs)]()

    assert (set(), True) == (poller.missing, poller.looks > 30)


def test_what_left_stays_for_three_days(two: Counter) -> None:
    """
    After a roll back the files that it left behind go on the third day, and not before.
    """
    two.roll_back()
    left = {path for path in two.root.rglob("squashfs") if "20260102" in path.parts}

    two.later(3 * DAY - HOUR)
    two.tidy()
    stayed = {path for path in left if path.exists()}
    two.later(HOUR)
    two.tidy()

    assert (left, set()) == (stayed, {path for path in left if path.exists()})


def test_a_dry_run_of_tidying_says_the_same_and_writes_nothing(two: Counter) -> None:
    """
    What it says is what the run after it does; not even the note of what left is written.
    """
    two.roll_back()
    two.later(3 * DAY)
    note = two.root.with_name(".stable.left.json").read_bytes()
    told = moving.tidy(two.office(), STABLE, dry_run=True)
    after = two.root.with_name(".stable.left.json").read_bytes()

    assert (True, True, told) == (bool(told.removed), note == after, two.tidy())


def test_between_the_two_swaps_nothing_named_by_either_goes(two: Counter) -> None:
    """
    Killed after the unsigned index was swapped and before the signed one: what either names stays.
    """
    signed = (two.root / "streams/v1/index.sjson").read_bytes()
    two.roll_back()
    (two.root / "streams/v1/index.sjson").write_bytes(signed)

    two.tidy(grace=timedelta(0))

    assert {"20260101", "20260102"} == {path.parent.name for path in two.root.rglob("squashfs")}


def test_between_the_two_swaps_the_same_command_does_the_rest(two: Counter) -> None:
    """
    Publishing again brings both indexes to the same release.
    """
    signed = (two.root / "streams/v1/index.sjson").read_bytes()
    two.roll_back()
    (two.root / "streams/v1/index.sjson").write_bytes(signed)

    done = two.roll_back(to=1)

    assert (True, []) == (done.changed, two.missing())


def test_a_damaged_tree_is_not_tidied(two: Counter) -> None:
    """
    Who cannot read what is named removes nothing, and is told the way out.
    """
    for path in two.root.glob("streams/v1/products-*"):
        path.write_bytes(b"{")

    with pytest.raises(Conflict, match="tundish channel resign stable"):
        two.tidy(grace=timedelta(0))


@pytest.mark.parametrize("victim", ["index.json", "index.sjson", "products-*.json", "products-*.sjson"])
@pytest.mark.parametrize("damage", [b"", b"{", None])
def test_a_damaged_tree_is_mended_by_publishing(shop: Counter, victim: str, damage: bytes | None) -> None:
    """
    Whatever document is cut or gone, the same publication writes it anew.
    """
    shop.publish()
    for path in shop.root.glob(f"streams/v1/{victim}"):
        path.unlink()
        if damage is not None:
            path.write_bytes(damage)

    done = shop.publish()

    assert (True, {"20260101"}, []) == (done.changed, shop.versions(), shop.missing())


# --- files that are not the store's any more


def hurt(shop: Counter, name: str = "squashfs") -> Path:
    """
    A flipped bit in a file of stable, and so in the blob, which the store then gets anew.
    """
    path = next(shop.root.rglob(name))
    data = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(bytes([data[0] ^ 1]) + data[1:])
    os.utime(path, (1, 1))  # when it came, which was before
    digest = Digest.of(data)
    shop.lab.store.quarantine(digest)
    with shop.lab.store.ingest(digest, len(data)) as coming:
        coming.write(data)
        coming.commit()
    return path


def is_the_blob(shop: Counter, path: Path) -> bool:
    data = path.read_bytes()
    blob = shop.lab.store.local_path(Digest.of(data)) if shop.lab.store.has(Digest.of(data)) else None
    return blob is not None and path.samefile(blob)


@pytest.mark.parametrize("verb", ["publish", "resign", "mend"])
def test_a_file_that_was_damaged_becomes_the_stores_again(shop: Counter, verb: str) -> None:
    """
    Once the blob was fetched again, each of these puts the channel's file right, and says that it did.
    """
    shop.publish()
    path = hurt(shop)

    if verb == "publish":
        done = shop.publish()
        said = done.changed and done.renewed
    elif verb == "resign":
        said = shop.resign().renewed
    else:
        said = moving.mend(shop.office(), STABLE).renewed

    assert ((path.relative_to(shop.root).as_posix(),), True) == (said, is_the_blob(shop, path))


def test_a_rollback_puts_right_what_was_damaged_since(shop: Counter) -> None:
    """
    A file of the older release that the newer one does not name gives way to the store's; nobody deletes it.
    """
    shop.publish()
    path = next(shop.root.rglob("squashfs"))
    shop.offer("20260102")
    newer = next(each.ref for each in shop.lab.catalog.images.list() if each.version.name == "20260102")
    shop.publish(newer)
    path.unlink()
    path.write_bytes(b"damaged")

    done = shop.roll_back()

    assert ((path.relative_to(shop.root).as_posix(),), True) == (done.renewed, is_the_blob(shop, path))


def test_a_file_that_somebody_deleted_is_put_back(shop: Counter) -> None:
    """
    What the channel names and lacks is there again with the next publication, which says so.
    """
    shop.publish()
    next(shop.root.rglob("squashfs")).unlink()

    assert (True, []) == (shop.publish().changed, shop.missing())


def test_a_reader_never_misses_a_file_that_is_put_right(shop: Counter) -> None:
    """
    The damaged one gives way in one step, and no draft is left behind.
    """
    shop.publish()
    path = hurt(shop)
    before = path.open("rb")

    with before:
        shop.publish()
        stays = before.read()

    assert (True, 1, []) == (
        bool(stays),
        len(list(path.parent.glob("squashfs"))),
        [each.name for each in shop.root.rglob(".*")],
    )


def test_a_good_copy_is_left_as_it_is(shop: Counter) -> None:
    """
    A file of its own that is as long as the blob and not older costs nothing, and is not replaced.
    """
    shop.publish()
    path = next(shop.root.rglob("squashfs"))
    data = path.read_bytes()
    path.unlink()
    path.write_bytes(data)

    assert (False, False) == (shop.publish().changed, is_the_blob(shop, path))


def test_what_the_store_lacks_is_told_and_stays(shop: Counter) -> None:
    """
    A cut file whose blob is gone cannot be put right: it is named, and the others are.
    """
    shop.publish()
    path = next(shop.root.rglob("squashfs"))
    shop.lab.store.remove(Digest.of(path.read_bytes()))
    path.chmod(0o644)
    path.write_bytes(b"")

    done = moving.mend(shop.office(), STABLE)

    assert ((), (path.relative_to(shop.root).as_posix(),)) == (done.renewed, done.lacking)


# --- verified


def verified(shop: Counter, since: timedelta | None = None) -> verifying.Verified:
    before = None if since is None else shop.lab.now - since
    return verifying.verify(shop.office(), STABLE, before=before)


def test_links_of_sound_blobs_are_not_hashed(shop: Counter) -> None:
    """
    They are the blobs, which are verified as such.
    """
    shop.publish()

    assert verifying.Verified(0, 0, ()) == verified(shop)


def test_a_copy_is_hashed_and_its_damage_named(shop: Counter) -> None:
    """
    A file that is no link has bytes of its own, which may rot by themselves.
    """
    shop.publish()
    path = next(shop.root.rglob("squashfs"))
    size = path.stat().st_size
    path.unlink()
    path.write_bytes(b"x" * size)

    found = verified(shop)

    assert (1, [path.relative_to(shop.root).as_posix()]) == (
        found.files,
        [each.path for each in found.spoilt],
    )


def test_the_file_of_a_blob_in_quarantine_is_named(shop: Counter) -> None:
    """
    Readers of the channel still get it.
    """
    shop.publish()
    path = next(shop.root.rglob("squashfs"))
    digest = Digest.of(path.read_bytes())
    path.chmod(0o644)
    path.write_bytes(b"rot" * 9)
    shop.lab.store.quarantine(digest)

    assert [path.relative_to(shop.root).as_posix()] == [each.path for each in verified(shop).spoilt]


def test_copies_that_were_hashed_lately_are_left_out(shop: Counter) -> None:
    """
    Until it is long enough ago.
    """
    shop.publish()
    path = next(shop.root.rglob("squashfs"))
    data = path.read_bytes()
    path.unlink()
    path.write_bytes(data)
    first = verified(shop, DAY).files
    second = verified(shop, DAY).files
    shop.later(2 * DAY)

    assert (1, 0, 1) == (first, second, verified(shop, DAY).files)


# --- dialects

LXD = {"lxd.tar.xz": b"metadata", "squashfs": b"a root filesystem", "disk-kvm.img": b"a disk"}


@pytest.fixture
def mixed(shop: Counter) -> Counter:
    """
    Beside the image for MAAS, one for Incus and LXD is held.
    """
    name = "debian:bookworm:amd64:default"
    shop.stream.add(product_name=name, os="debian", series="bookworm", kernel="default", items=LXD)
    shop.stream.publish(shop.lab.tomorrow())
    shop.lab.sync()
    return shop


def test_each_dialect_takes_what_its_readers_can_use(mixed: Counter) -> None:
    """
    Of everything complete, the rest is left out, with the reason.
    """
    done = mixed.publish(channel=CANDIDATE, dialect="incus")

    assert (("debian/bookworm/amd64/default@20260101",), 1) == (done.images, len(done.left_out))


def test_incus_finds_an_image_by_its_combined_digests(mixed: Counter) -> None:
    """
    Both metadata items carry the digest of metadata and root for each root.
    """
    mixed.publish(channel=CANDIDATE, dialect="incus")
    ((product,),) = (each["products"].values() for each in mixed.documents(CANDIDATE))
    listed = product["versions"]["20260101"]["items"]
    sums = {
        "combined_squashfs_sha256": Digest.of(LXD["lxd.tar.xz"] + LXD["squashfs"]).hex,
        "combined_disk-kvm-img_sha256": Digest.of(LXD["lxd.tar.xz"] + LXD["disk-kvm.img"]).hex,
    }

    assert [sums, sums] == [
        {key: value for key, value in listed[name].items() if key in sums}
        for name in ("incus.tar.xz", "lxd.tar.xz")
    ]


def test_every_file_that_incus_is_told_of_is_there(mixed: Counter) -> None:
    """
    The tree of the other dialect is as whole as ours.
    """
    mixed.publish(channel=CANDIDATE, dialect="incus")

    paths = items(mixed.documents(CANDIDATE))
    assert (3, True) == (len(paths), all((mixed.channels / CANDIDATE / path).is_file() for path in paths))


def test_what_maas_would_refuse_is_refused_by_name(mixed: Counter) -> None:
    """
    Asked for by name, an image that MAAS cannot read stops the publication.
    """
    with pytest.raises(Conflict, match=r"debian/bookworm/amd64/default@20260101: it has disk-kvm\.img"):
        mixed.publish("debian/bookworm/amd64/default@20260101")


def test_nothing_that_fits_is_said(shop: Counter) -> None:
    """
    When readers could use none of the images, nothing is published and the reason told.
    """
    with pytest.raises(NotFound, match="it has no metadata"):
        shop.publish(dialect="incus")

    assert not shop.root.exists()


def test_a_release_goes_only_where_it_can_be_read(mixed: Counter) -> None:
    """
    Promoting images for MAAS to a channel for Incus is refused.
    """
    mixed.publish(dialect="incus")
    mixed.publish(channel=CANDIDATE)

    with pytest.raises(Conflict, match="it has no metadata"):
        mixed.promote()


def test_an_index_names_its_documents_by_size_and_digest(shop: Counter) -> None:
    """
    Also after a roll back the index chains what it names.
    """
    shop.publish()
    shop.offer("20260102")
    shop.publish()
    shop.roll_back()

    index = json.loads((shop.root / "streams/v1/index.json").read_bytes())
    assert [] == [
        entry["path"]
        for entry in index["index"].values()
        if Digest.of((shop.root / entry["path"]).read_bytes()).hex != entry["sha256"]
    ]
