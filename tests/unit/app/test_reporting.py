"""
Reports that jobs keep: no longer than is said.
"""

from tundish.app.reporting import bounded
from tundish.core.image import Json


def test_what_fits_is_kept_whole() -> None:
    """
    Nothing is said to be left out.
    """
    document: dict[str, Json] = {"bytes": 7, "blobs": [1, 2], "channels": [{"removed": ["a"]}]}

    assert document == bounded(document, 2, 1)


def test_what_is_left_out_is_counted() -> None:
    """
    At the top and within rows, each where it was.
    """
    found = bounded({"blobs": [1, 2, 3], "channels": [{"removed": ["a", "b", "c"]}]}, 2, 1)

    assert {
        "blobs": [1, 2],
        "channels": [{"removed": ["a"], "left_out": {"removed": 2}}],
        "left_out": {"blobs": 1},
    } == found
