"""
`tundish mirror` and sstream-mirror with the same words: the same files with the same bytes.

Both run as programs. Ours is given `--grace 0` where something goes, because the reference waits for
nobody.
"""

import shlex
from dataclasses import dataclass
from pathlib import Path

import pytest
from bench.stream import Shape, write

from tests.conformance import reference
from tests.support.keys import MADE_AT, key
from tests.support.mirrors import tree
from tests.support.region import DAY
from tests.support.stream_simulator import StreamSimulator
from tundish.cli import main

NOBLE = "com.example.maas.stable:v3:boot:noble:amd64:ga-24.04"


@dataclass(frozen=True, slots=True)
class Two:
    """
    A source, and a mirror of it by each program.
    """

    stream: StreamSimulator
    source: Path
    keyring: Path
    theirs: Path
    ours: Path

    def publish(self, day: int) -> None:
        self.stream.publish(DAY.replace(day=day))
        self.stream.write_to(self.source)

    def run(self, words: str, *, grace: str = "0", unverified: bool = False) -> None:
        """
        Run both; neither may fail.
        """
        trust = ["-U"] if unverified else [f"--keyring={self.keyring}"]
        given = [*trust, *shlex.split(words)]
        theirs = reference.run("sstream-mirror", *self._placed(given, self.theirs))
        ours = main.run(["mirror", f"--grace={grace}", *self._placed(given, self.ours)])
        if theirs.returncode or ours:
            raise AssertionError(f"theirs {theirs.returncode}, ours {ours}: {theirs.stderr[-1000:]}")

    def _placed(self, words: list[str], target: Path) -> list[str]:
        """
        The words with source and target before the first filter, as people write them.
        """
        options = [word for word in words if word.startswith("-")]
        return [*options, f"{self.source}/", str(target), *(word for word in words if word not in options)]


def files(root: Path) -> dict[str, bytes]:
    return {path: data for path, data in tree(root).items() if not path.startswith("streams/")}


@pytest.fixture
def two(tmp_path: Path) -> Two:
    """
    Ubuntu for two architectures and two releases, two versions each, and a boot loader.
    """
    stream = StreamSimulator(key("upstream").signer(at=MADE_AT))
    for version in ("20260101", "20260102"):
        for series, kernel in (("noble", "ga-24.04"), ("noble", "hwe-24.04"), ("jammy", "ga-22.04")):
            for arch in ("amd64", "arm64"):
                stream.add(series=series, kernel=kernel, arch=arch, version=version)
        stream.add(
            product_name="com.example.maas.stable:1:grub-efi-signed:uefi:amd64",
            os="grub-efi-signed",
            series="uefi",
            kernel="signed",
            version=version,
            items={"grub2-signed": b"grub" * 50, "shim-signed": b"shim" * 40},
        )
    made = Two(stream, tmp_path / "up", tmp_path / "keys.gpg", tmp_path / "theirs", tmp_path / "ours")
    made.keyring.write_bytes(stream.keyring)
    made.publish(2)
    return made


WORDS = [
    "",
    "--max=1",
    "--max=2 arch=amd64",
    "arch=amd64 'release~(jammy|focal)' --max=1 --progress",
    "'os~(grub*|pxelinux)' --max=1 --progress",
    "arch!=amd64",
    "'arch!~^amd'",
    "'subarch~^hwe' --keep --max=3",
    "ftype=squashfs",
    "'ftype~(boot-kernel|boot-initrd)' release=noble",
    "'size=9000'",
    "'version_name=20260101'",
    "'nothing=' 'label = stable' --max=1",
    "'arch=vax'",
    "'item_name!=manifest' 'product_name~:noble:' --max=1",
    "'kflavor=generic' 'krel~no' --no-item-download",
    "'content_id~stable' 'datatype=image-ids' 'path~squashfs$'",
]


@pytest.mark.parametrize("words", WORDS)
def test_the_same_words_bring_the_same_files(two: Two, words: str) -> None:
    """
    A first mirror holds exactly the files that the reference's holds.
    """
    two.run(words)

    assert files(two.theirs) == files(two.ours)


@pytest.mark.parametrize("words", WORDS[:6])
def test_the_same_words_keep_up_with_the_source(two: Two, words: str) -> None:
    """
    After a further version, and one that left, both mirrors hold the same files again.
    """
    two.run(words)
    two.stream.add(series="noble", kernel="ga-24.04", arch="amd64", version="20260103")
    two.stream.drop(NOBLE, "20260101")
    two.publish(3)

    two.run(words)

    assert files(two.theirs) == files(two.ours)


@pytest.mark.parametrize(
    "words", ["--max=1", "--max=2", "--max=3", "--max=1 --keep", "--max=2 --keep", "--max=3 --keep"]
)
def test_versions_are_counted_alike(two: Two, words: str) -> None:
    """
    What leaves the source stays or goes with --max and --keep as it does with the reference.
    """
    two.run(f"{words} arch=amd64")
    two.stream.add(series="noble", kernel="ga-24.04", arch="amd64", version="20260103")
    for version in ("20260101", "20260102"):
        two.stream.drop(NOBLE, version)
    two.publish(3)

    two.run(f"{words} arch=amd64")

    assert files(two.theirs) == files(two.ours)


def test_the_documented_commands_of_maas_run(two: Two) -> None:
    """
    The two commands that its documentation prints, with only the name of the program changed.
    """
    two.run("arch=amd64 'release~(bionic|focal|noble)' --max=1 --progress")
    two.run("'os~(grub*|pxelinux)' --max=1 --progress")

    assert (8, files(two.theirs)) == (len(files(two.ours)), files(two.ours))


def test_verbatim_documents_are_those_of_the_reference(two: Two) -> None:
    """
    Both mirrors have the same documents under the same names.
    """
    two.run("arch=amd64 --max=1")

    assert tree(two.theirs) == tree(two.ours)


def test_an_unsigned_tree_is_mirrored_alike(two: Two) -> None:
    """
    Without verification, from the unsigned index.
    """
    two.run("--path=streams/v1/index.json --max=1", unverified=True)

    assert tree(two.theirs) == tree(two.ours)


def test_a_signed_tree_is_mirrored_alike_without_verification(two: Two) -> None:
    """
    With -U the signed documents are read without a look at who signed them.
    """
    two.run("--max=1", unverified=True)

    assert tree(two.theirs) == tree(two.ours)


def test_one_products_file_is_mirrored_alike(two: Two) -> None:
    """
    With --path, the start is a products file.
    """
    two.run(f"--path={two.stream.products_path} --max=1")

    assert files(two.theirs) == files(two.ours)


def test_a_mirror_of_the_reference_is_taken_over(two: Two) -> None:
    """
    Run on a folder of the reference, ours keeps its files and brings what is new.
    """
    words = [f"--keyring={two.keyring}", str(two.source), str(two.theirs), "arch=amd64", "--max=1"]
    two.run("arch=amd64 --max=1")
    (two.source / "noble/amd64/20260102/squashfs").unlink()  # so that it could not be fetched

    code = main.run(["mirror", *words])

    assert (0, files(two.ours)) == (code, files(two.theirs))


def test_the_reference_mirrors_our_verbatim_mirror(two: Two) -> None:
    """
    An unfiltered verbatim mirror is a source for the reference, with upstream's key.
    """
    main.run(["mirror", f"--keyring={two.keyring}", str(two.source), str(two.ours)])

    reference.mirror(f"{two.ours}/", two.theirs, keyring=two.keyring)

    assert files(two.ours) == files(two.theirs)


def test_the_reference_mirrors_our_own_catalogue(two: Two, tmp_path: Path) -> None:
    """
    A filtered mirror with its own catalogue is a whole source, with our key.
    """
    (tmp_path / "own.gpg").write_bytes(key("ours").keyring)
    sign = [f"--keyring={two.keyring}", f"--sign={key('ours').secret}", "--expires=30"]
    main.run(["mirror", *sign, str(two.source), str(two.ours), "(arch=arm64||os~grub)", "size>=150"])

    reference.mirror(f"{two.ours}/", two.theirs, keyring=tmp_path / "own.gpg")

    assert files(two.ours) == files(two.theirs)


def test_a_stream_of_the_bench_is_mirrored_alike(two: Two, tmp_path: Path) -> None:
    """
    The stream that we measure with, narrowed and to one version.
    """
    (tmp_path / "bench").mkdir()
    write(
        tmp_path / "bench",
        Shape(products=12, versions=3, item_size=512, keep=3),
        key("upstream").signer(at=MADE_AT).clearsign,
    )
    other = Two(two.stream, tmp_path / "bench", two.keyring, two.theirs, two.ours)

    other.run("'arch~(amd64|s390x)' --max=2")

    assert (48, files(two.theirs)) == (len(files(two.ours)), files(two.ours))
