"""
The reference client against what we publish: it mirrors all of it and lists exactly it.
"""

from pathlib import Path

from tests.conformance import reference
from tests.conformance.foundry import Foundry
from tests.support.doors import serving
from tests.support.keys import MADE_AT, key
from tests.support.mirrors import Lab
from tests.support.region import DAY
from tests.support.stream_simulator import StreamSimulator
from tundish.fetch.folder import FolderFetcher
from tundish.fetch.routed import RoutedFetcher


def rendering(foundry: Foundry, suffix: str) -> dict[str, bytes]:
    """
    Every file of the tree that a reader of `index.<suffix>` needs now.
    """
    index = f"streams/v1/index.{suffix}"
    documents = [entry["path"] for entry in foundry.entries(suffix).values()]
    paths = {index, *documents, *(item.path for item in foundry.held().values())}
    return {path: data for path, data in reference.tree(foundry.root).items() if path in paths}


def test_a_folder_is_mirrored_completely(published: Foundry, tmp_path: Path) -> None:
    """
    A mirror of the published folder holds every file of the signed tree, byte for byte.
    """
    reference.mirror(published.root, tmp_path, keyring=published.keyring)

    assert rendering(published, "sjson") == reference.tree(tmp_path)


def test_a_served_channel_is_mirrored_completely(published: Foundry, tmp_path: Path) -> None:
    """
    A mirror of what `tundish serve` serves holds every file of the signed tree, byte for byte.
    """
    with serving(published.lab.folder) as doors:
        reference.mirror(f"{doors.files}/stream/stable/", tmp_path, keyring=published.keyring)

    assert rendering(published, "sjson") == reference.tree(tmp_path)


def test_the_unsigned_tree_is_mirrored_completely(published: Foundry, tmp_path: Path) -> None:
    """
    Who verifies nothing gets the same items through index.json.
    """
    reference.mirror(published.root / "streams/v1/index.json", tmp_path)

    assert rendering(published, "json") == reference.tree(tmp_path)


def test_the_newest_version_can_be_had_alone(published: Foundry, tmp_path: Path) -> None:
    """
    With --max 1 the reference takes what we hold to be the newest version of each product.
    """
    reference.mirror(published.root, tmp_path, "--max=1", keyring=published.keyring)

    newest = {item.path for (_, version, _), item in published.held().items() if version == "20260102"}
    assert newest == {path for path in reference.tree(tmp_path) if not path.startswith("streams/")}


def test_a_query_lists_exactly_what_is_held(published: Foundry) -> None:
    """
    Each item held is listed once, with its path, size and sha256.
    """
    listed = reference.query(published.root, keyring=published.keyring)

    held = [(*names, item.path, str(item.size), item.digest.hex) for names, item in published.held().items()]
    names = ("product_name", "version_name", "item_name", "path", "size", "sha256")
    assert sorted(held) == sorted(tuple(each[name] for name in names) for each in listed)


def test_a_query_of_the_unsigned_tree_lists_the_same(published: Foundry) -> None:
    """
    Both renderings list the same items.
    """
    signed = reference.query(published.root, keyring=published.keyring)

    assert signed == reference.query(published.root / "streams/v1/index.json")


def test_our_own_images_are_found_by_filter(published: Foundry) -> None:
    """
    A filter on the OS finds both shapes of what we built: the one that boots and the one that unpacks.
    """
    filters = ("os=debian", "version_name=20260102")
    listed = reference.query(published.root, *filters, keyring=published.keyring)

    assert ["boot-initrd", "boot-kernel", "manifest", "manifest", "root-tgz", "squashfs"] == sorted(
        each["ftype"] for each in listed
    )


def test_a_foreign_keyring_gets_nothing(published: Foundry, tmp_path: Path) -> None:
    """
    The reference fails, and mirrors no item, when it knows other keys than the one that signed.
    """
    foreign = tmp_path / "foreign.gpg"
    foreign.write_bytes(key("foreign").keyring)

    done = reference.run("sstream-mirror", "--keyring", foreign, published.root, tmp_path / "mirror")

    assert (1, {}) == (done.returncode, reference.tree(tmp_path / "mirror"))


def test_a_foreign_keyring_cannot_query(published: Foundry, tmp_path: Path) -> None:
    """
    The reference lists nothing when it knows other keys than the one that signed.
    """
    foreign = tmp_path / "foreign.gpg"
    foreign.write_bytes(key("foreign").keyring)

    done = reference.run("sstream-query", "--json", "--keyring", foreign, published.root)

    assert (1, "") == (done.returncode, done.stdout)


def test_a_catalogue_that_repeats_announcements_is_mirrored_completely(tmp_path: Path) -> None:
    """
    An entry without a file, as in upstream's own documents, keeps the reference from no other.
    """
    stream = StreamSimulator(key("upstream").signer(at=MADE_AT))
    stream.add()
    item = {"ftype": "notifications", "release_notification": {"maas_version": "4.0", "message": "out"}}
    stream.products["news"] = {"versions": {"20260101": {"items": {"n": item}}}}
    stream.publish(DAY)
    ours = Lab(
        tmp_path / "ours", stream, RoutedFetcher(stream, FolderFetcher()), key("ours").signer(at=MADE_AT)
    )
    ours.mirror()

    reference.mirror(ours.root, tmp_path / "theirs")

    assert ours.items() == {
        path: data for path, data in reference.tree(tmp_path / "theirs").items() if "streams/" not in path
    }
