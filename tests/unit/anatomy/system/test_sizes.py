from tests.support.images import Hardlink, Tree, index_of
from tundish.anatomy.image import Disk, Form, Scheme, Table
from tundish.anatomy.system import sizes

MIB = 1024 * 1024
TREE: Tree = {
    "usr/lib/modules/6.1/kernel.ko": bytes(3 * MIB),
    "usr/lib/modules/6.1/again.ko": Hardlink("usr/lib/modules/6.1/kernel.ko"),
    "usr/lib/x": bytes(MIB),
    "swap": bytes(5 * MIB),
}


def test_folders_are_told_by_what_they_hold() -> None:
    """
    A file counts for the folder at the depth that is shown, once however many names it has.
    """
    expected = (sizes.Weight("usr/lib/modules", 3 * MIB, 1), sizes.Weight("usr/lib", MIB, 1))

    assert expected == sizes.biggest(index_of(TREE))


def test_a_disk_needs_its_own_size() -> None:
    """
    An image of a disk goes onto a disk that is as long.
    """
    disk = Disk(Form.DISK, 4 << 30, Table(Scheme.NONE))

    assert 4 << 30 == sizes.minimum_disk(index_of(TREE), disk)


def test_a_tree_needs_room_beside_its_files() -> None:
    """
    9 MiB of files need a tenth more and 1 GiB to run, in steps of 256 MiB.
    """
    assert 1280 * MIB == sizes.minimum_disk(index_of(TREE), None)


def test_nothing_needs_no_disk() -> None:
    """
    Where no system was found no size is made up.
    """
    assert 0 == sizes.minimum_disk(index_of({}), None)
