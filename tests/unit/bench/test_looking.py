from pathlib import Path
from random import Random

from bench.disk import CONTENT, FILES, sizes
from bench.looking import HASHING, INDEXING, READING, Look, as_markdown
from bench.measure import Usage

LOOK = Look("disk", "A disk", Path, (READING, INDEXING), (("index", "read"),))


def usage(cpu: float) -> Usage:
    return Usage(wall=2 * cpu, user=cpu / 2, system=cpu / 2, peak=64 * 1024 * 1024)


def test_a_look_is_told_with_its_ratios() -> None:
    """
    The median and the range of each work, and of the ratio round by round.
    """
    lines = as_markdown(
        LOOK, {"read": [usage(1.0), usage(2.0)], "index": [usage(0.5), usage(3.0)]}
    ).splitlines()

    assert [
        "| index | 1.75 (0.50-3.00) | 3.50 (1.00-6.00) | 64 |",
        "| index / read | 1.00 (0.50-1.50) | 1.00 (0.50-1.50) |",
    ] == [lines[5], lines[9]]


def test_the_files_of_the_disk_have_the_sizes_of_a_root() -> None:
    """
    So many files, of so many bytes in all, half of them small.
    """
    drawn = sorted(sizes(Random(1)))

    assert (FILES, True, True) == (
        len(drawn),
        0 <= CONTENT - sum(drawn) <= FILES,
        drawn[FILES // 2] < 8192,
    )


def test_a_work_is_a_program_on_an_image() -> None:
    """
    The path of the image is its one argument.
    """
    assert ("-c", "/a b") == (HASHING.command(Path("/a b"))[1], HASHING.command(Path("/a b"))[3])
