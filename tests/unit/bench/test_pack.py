"""
Packing against the common programs.
"""

import subprocess
from pathlib import Path

from bench.pack import PACK


def test_the_pairs_are_of_works_that_are_measured() -> None:
    """
    No ratio is of something that nobody ran.
    """
    assert {name for pair in PACK.pairs for name in pair} <= {work.name for work in PACK.works}


def test_works_can_be_repeated_beside_the_folder(tmp_path: Path) -> None:
    """
    The common way and ours leave a tar.gz beside the folder, however often they run.
    """
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "file").write_text("content")
    for work in [*PACK.works[:2]] * 2:
        subprocess.run(work.command(tree), check=True, capture_output=True, timeout=60)

    assert ["tree.common.tgz", "tree.tgz"] == sorted(one.name for one in tmp_path.glob("*.tgz"))
