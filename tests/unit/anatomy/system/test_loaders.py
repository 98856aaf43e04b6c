import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import parts
from tests.support.images import index_of
from tundish.anatomy.facts import Firmware, Loader
from tundish.anatomy.image import Disk, Form, Partition, Scheme, Table, Volume
from tundish.anatomy.system import firmware, loaders, pe
from tundish.core.errors import BadImage

ESP = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"
BIOS_BOOT = "21686148-6449-6E6F-744E-656564454649"
GOOD = parts.pe("amd64", sbat=parts.SHIM)
REMOVABLE = {"EFI/BOOT/BOOTX64.EFI": GOOD, "EFI/ubuntu/grubx64.efi": parts.pe(sbat=parts.GRUB)}


def disk(tree: dict[str, bytes], *, boot_code: bool = False, bios_boot: bool = False) -> Disk:
    """
    A GPT disk with an ESP, and a BIOS boot partition if asked for.
    """
    esp = Partition(1, 1 << 20, 100 << 20, ESP)
    more = (Partition(2, 101 << 20, 1 << 20, BIOS_BOOT),) if bios_boot else ()
    table = Table(Scheme.GPT, partitions=(esp, *more), boot_code=boot_code)
    return Disk(Form.DISK, 1 << 30, table, (Volume("1", Form.FAT, esp.size, esp, index=index_of(tree)),))


@pytest.mark.parametrize("arch", ["amd64", "arm64"])
@pytest.mark.parametrize("signed", [True, False])
def test_the_head_of_a_loader_is_told(arch: str, signed: bool) -> None:
    """
    Machine, signature and SBAT are what the file was made with.
    """
    data = parts.pe(arch, signed=signed, sbat=parts.SHIM)

    assert pe.Pe(arch, signed, (("sbat", 1), ("shim", 4))) == pe.read(data, len(data))


def test_a_certificate_table_outside_the_file_is_no_signature() -> None:
    """
    A table that leads beyond the end counts as unsigned.
    """
    assert not pe.read(GOOD, len(GOOD) - 1).signed


@pytest.mark.parametrize(
    "data", [b"", b"MZ", b"MZ".ljust(60, b"\0") + struct.pack("<I", 0xFFFFFFF0), b"ELF" * 99]
)
def test_what_is_no_loader_is_an_error(data: bytes) -> None:
    """
    Other bytes, or a head that leads out of the file, are BadImage.
    """
    with pytest.raises(BadImage):
        pe.read(data, len(data))


@settings(max_examples=300, deadline=None)
@given(at=st.integers(0, len(GOOD) - 1), byte=st.integers(0, 255), length=st.integers(0, len(GOOD)))
def test_damage_to_a_loader_is_answered_with_one_error(at: int, byte: int, length: int) -> None:
    """
    Any byte turned, at any length, gives a head or BadImage.
    """
    data = (GOOD[:at] + bytes([byte]) + GOOD[at + 1 :])[:length]

    try:
        found = pe.read(data, length).arch
    except BadImage:
        found = ""

    assert found in {"", "amd64", "arm64", "i386", "armhf", "riscv64"}


def test_loaders_of_the_esp_are_named_from_its_root() -> None:
    """
    On a disk the paths are those of the ESP, and the root's mount of it adds none.
    """
    root = index_of({f"boot/efi/{path}": data for path, data in REMOVABLE.items()})
    found = loaders.read(root, disk(REMOVABLE))

    assert ["EFI/BOOT/BOOTX64.EFI", "EFI/ubuntu/grubx64.efi"] == [one.path for one in found]


@pytest.mark.parametrize("place", ["boot/efi/EFI", "boot/efi/efi", "efi/EFI", "boot/EFI"])
def test_loaders_of_a_tree_are_found_at_every_place(place: str) -> None:
    """
    Wherever a root keeps what belongs on the ESP, the paths come out alike.
    """
    index = index_of({f"{place}/BOOT/BOOTX64.EFI": GOOD})

    assert ["EFI/BOOT/BOOTX64.EFI"] == [one.path for one in loaders.read(index, None)]


def test_a_loader_that_cannot_be_read_is_named_without_more() -> None:
    """
    A damaged file is there, unsigned, for no known machine.
    """
    index = index_of({"boot/efi/EFI/BOOT/BOOTX64.EFI": b"damaged"})

    assert (Loader("EFI/BOOT/BOOTX64.EFI", ""),) == loaders.read(index, None)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (disk(REMOVABLE, boot_code=True, bios_boot=True), Firmware(bios=True, uefi=True, secure_boot=True)),
        (disk(REMOVABLE, boot_code=True), Firmware(bios=False, uefi=True, secure_boot=True)),
        (disk({"EFI/BOOT/BOOTX64.EFI": parts.pe(signed=False)}), Firmware(uefi=True)),
        (disk({"EFI/BOOT/BOOTX64.EFI": GOOD}), Firmware(uefi=True)),
        (disk({"startup.nsh": b""}), Firmware()),
    ],
)
def test_a_disk_boots_with_what_it_has(where: Disk, expected: Firmware) -> None:
    """
    BIOS needs code and room for it; UEFI a loader; Secure Boot a signed one and a signed next one.
    """
    index = index_of({})

    assert expected == firmware.read(index, where, loaders.read(index, where), ())
