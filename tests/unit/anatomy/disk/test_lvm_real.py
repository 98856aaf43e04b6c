"""
A volume group that the tools of lvm2 made; no device mapper is needed, since nothing is activated.
"""

from pathlib import Path
from subprocess import CalledProcessError

import pytest

from tests.support.real_disks import MIB, run
from tundish.anatomy.disk import lvm
from tundish.anatomy.readable import Bytes


def _made(disk: Path) -> bytes:
    disk.write_bytes(bytes(64 * MIB))
    try:
        device = run("losetup", "-f", "--show", disk).decode().strip()
    except CalledProcessError:
        pytest.skip("there are no loop devices here")
    only = f'devices{{filter=["a|^{device}$|","r|.*|"] use_devicesfile=0}} backup{{backup=0 archive=0}}'
    options = ("--driverloaded", "n", "--config", only, "-q")
    try:
        run("pvcreate", *options, device)
        run("vgcreate", *options, "tundish_test", device)
        for name, extents in (("one", "5"), ("two", "3")):
            new = ("-an", "-Zn", "-Wn", "-l", extents, "-n", name)
            run("lvcreate", *options, *new, "tundish_test")
    finally:
        run("losetup", "-d", device)
    return disk.read_bytes()


def test_a_group_of_the_real_tools_is_read(tmp_path: Path) -> None:
    """
    Its volumes have the names and sizes that lvcreate was told.
    """
    made = _made(tmp_path / "disk")

    (found,) = lvm.groups([lvm.physical(Bytes(made), "disk")])

    assert [("tundish_test/one", 20 * MIB), ("tundish_test/two", 12 * MIB)] == [
        (each.name, each.device.size) for each in found.volumes if each.device is not None
    ]
