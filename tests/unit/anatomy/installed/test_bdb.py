import pytest

from tests.support.rpm_databases import header, small_bdb
from tundish.anatomy.installed import bdb
from tundish.core.errors import BadImage

BLOBS = (header("alpha"), header("long" * 200))


@pytest.mark.parametrize("order", ["<", ">"])
def test_values_come_in_the_order_of_either_machine(order: str) -> None:
    """
    A file that a big-endian machine wrote is read like any other.
    """
    assert BLOBS == tuple(value for _, value in bdb.values(small_bdb(BLOBS, order)))


def test_a_chain_that_two_values_share_is_damage() -> None:
    """
    A page belongs to one value; a second one that leads to it would let a small file grow without end.
    """
    data = bytearray(small_bdb(BLOBS))
    end = 1024  # of the page of keys, where the items stand from behind
    data[end - 5 - 12 + 4 : end - 5 - 12 + 8] = data[end - 34 + 4 : end - 34 + 8]

    with pytest.raises(BadImage, match="used twice"):
        list(bdb.values(bytes(data)))
