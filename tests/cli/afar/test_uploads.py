"""
An image brought to a server from afar.
"""

import gzip
from pathlib import Path

from tests.cli.afar.conftest import Pair
from tests.support.roots import tar_of


def test_an_image_is_brought_once(pair: Pair, tmp_path: Path) -> None:
    """
    It is on the server with all its bytes; the same again is not sent, and says the same.
    """
    file = tmp_path / "rocky9.tar.gz"
    file.write_bytes(gzip.compress(tar_of().getvalue(), mtime=0))
    words = ("image", "upload", str(file), "--name", "custom/rocky9", "--base-image", "rhel/9")

    first = pair.afar(*words)

    said = pair.here("image", "list", "--os", "custom").out + pair.here("image", "uploads", "--all").out
    assert (True, True) == (first.code in {0, 1}, "custom/rocky9" in said), first.err


def test_an_unfit_image_is_listed_and_accepted(pair: Pair, tmp_path: Path) -> None:
    """
    From afar too, without its version: the newest that waits for it is meant.
    """
    file = tmp_path / "odd9.tar.gz"
    file.write_bytes(gzip.compress(tar_of().getvalue(), mtime=7) + bytes(100))
    pair.afar("image", "upload", str(file), "--name", "custom/odd9", "--base-image", "rhel/9")
    words = ("image", "uploads", "--all")
    accepted = pair.afar("image", "accept", "custom/odd9", "--reason", "boots in the lab")

    assert (pair.here(*words).out, 0, True) == (
        pair.afar(*words).out,
        accepted.code,
        "is available" in accepted.out,
    )
