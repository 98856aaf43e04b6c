"""
Disk files as qemu-img makes them, read byte for byte; and such as nobody should believe.

The readers of each form are proved here together: blocks, qcow2, vmdk, vhd, vhdx.
"""

import struct
import zlib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.real_disks import KIB, MIB, converted, damaged, patched, refusal, scattered, whole
from tundish.anatomy.crc32c import crc32c
from tundish.anatomy.disk import qcow2, vhd, vmdk
from tundish.anatomy.disk.blocks import Blocks
from tundish.anatomy.disk.forms import bare
from tundish.anatomy.image import Form
from tundish.anatomy.readable import Bytes
from tundish.core.errors import BadImage

RAW = scattered(5 * MIB + 3 * 512)
KINDS: Mapping[str, tuple[str, ...]] = {
    "qcow2-512": ("-O", "qcow2", "-o", "cluster_size=512"),
    "qcow2-64k": ("-O", "qcow2"),
    "qcow2-2m": ("-O", "qcow2", "-o", "cluster_size=2M"),
    "qcow2-version-2": ("-O", "qcow2", "-o", "compat=0.10"),
    "qcow2-deflate-4k": ("-c", "-O", "qcow2", "-o", "cluster_size=4k"),
    "qcow2-deflate": ("-c", "-O", "qcow2"),
    "qcow2-zstd": ("-c", "-O", "qcow2", "-o", "compression_type=zstd"),
    "qcow2-subclusters": ("-O", "qcow2", "-o", "extended_l2=on"),
    "qcow2-subclusters-deflate": ("-c", "-O", "qcow2", "-o", "extended_l2=on"),
    "vmdk-sparse": ("-O", "vmdk"),
    "vmdk-stream": ("-O", "vmdk", "-o", "subformat=streamOptimized"),
    "vhd-dynamic": ("-O", "vpc", "-o", "force_size=on"),
    "vhd-fixed": ("-O", "vpc", "-o", "subformat=fixed,force_size=on"),
    "vhdx-dynamic": ("-O", "vhdx", "-o", "block_size=1M"),
    "vhdx-fixed": ("-O", "vhdx", "-o", "subformat=fixed"),
}
SMALL = ("qcow2-512", "qcow2-deflate-4k", "qcow2-zstd", "qcow2-subclusters", "vmdk-stream", "vhd-dynamic")


@cache
def made(kind: str) -> bytes:
    with TemporaryDirectory() as folder:
        return converted(RAW, Path(folder), *KINDS[kind])


@pytest.mark.parametrize("kind", KINDS)
def test_a_disk_is_the_same_in_every_form(kind: str) -> None:
    """
    What qemu-img packed comes out byte for byte.
    """
    _, disk = bare(Bytes(made(kind)), kind)

    assert RAW == whole(disk)


@pytest.mark.parametrize(
    ("kind", "form"),
    [
        ("qcow2-64k", Form.QCOW2),
        ("vmdk-stream", Form.VMDK),
        ("vhd-fixed", Form.VHD),
        ("vhdx-fixed", Form.VHDX),
    ],
)
def test_a_form_is_known_by_its_content(kind: str, form: Form) -> None:
    """
    The form of a disk file is found without its name; of a fixed VHD it stands at the end.
    """
    assert form == bare(Bytes(made(kind)), kind)[0]


def test_what_bears_no_mark_is_a_raw_disk() -> None:
    """
    A raw disk is read as it is.
    """
    assert (Form.DISK, RAW) == (bare(Bytes(RAW), "raw")[0], whole(bare(Bytes(RAW), "raw")[1]))


@pytest.mark.parametrize("kind", SMALL)
def test_a_read_across_the_end_is_cut_there(kind: str) -> None:
    """
    The end of the last block is not padded.
    """
    _, disk = bare(Bytes(made(kind)), kind)

    assert RAW[-700:] == disk.read_at(len(RAW) - 700, 100_000)


@settings(max_examples=60, deadline=10_000)
@given(
    kind=st.sampled_from(SMALL),
    share=st.floats(0, 1),
    flips=st.lists(st.tuples(st.integers(0, 3000), st.integers(1, 255)), max_size=4),
)
def test_damage_anywhere_ends_in_the_named_error(
    kind: str, share: float, flips: list[tuple[int, int]]
) -> None:
    """
    A disk cut short at any byte and spoiled in its tables is read, or refused with BadImage.
    """
    data = made(kind)
    spoiled = damaged(data, int(len(data) * share), flips)

    assert isinstance(refusal(lambda: bare(spoiled, kind)[1].read_at(0, 2 * MIB)), str)


def test_half_a_disk_is_no_disk() -> None:
    """
    Whatever lies beyond the end of a file that was cut short is an error, never zeros.
    """
    data = made("qcow2-64k")
    disk = qcow2.read(Bytes(data[: len(data) - 64 * KIB]), "half")

    with pytest.raises(BadImage, match="beyond the end"):
        whole(disk)


def _qcow2(**fields: int) -> bytes:
    values = {
        "back_at": 0, "back": 0, "bits": 16, "size": MIB, "crypt": 0, "tables": 1, "at": 65536,
        "features": 0, "packing": 0,
    } | fields  # fmt: skip
    head = struct.pack(
        ">4sIQIIQIIQQIIQ", b"QFI\xfb", 3, values["back_at"], values["back"], values["bits"],
        values["size"], values["crypt"], values["tables"], values["at"], 0, 0, 0, 0,
    )  # fmt: skip
    more = struct.pack(">QQQIIB", values["features"], 0, 0, 4, 112, values["packing"])
    return (head + more).ljust(1024, b"\0") + b"base.img".ljust(65536 * 2 - 1024, b"\0")


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"back_at": 1024, "back": 8}, "differs from 'base.img'"),
        ({"crypt": 2}, "encrypted"),
        ({"features": 4}, "its data is in another file"),
        ({"features": 2}, "marked as corrupt"),
        ({"features": 1 << 40}, "not known"),
        ({"features": 8, "packing": 7}, "compression 7"),
        ({"bits": 30}, "clusters of 2\\*\\*30"),
        ({"features": 16, "bits": 12}, "subclusters"),
        ({"tables": 0}, "no room"),
        ({"size": 1 << 61}, "no room"),
        ({"tables": 0xFFFFFFFF, "size": 1 << 62}, "no room"),
        ({"size": 0}, "a disk of 0 bytes"),
    ],
)
def test_a_qcow2_that_cannot_be_read_says_why(fields: dict[str, int], sentence: str) -> None:
    """
    What is missing, or what the header claims, stands in the message.
    """
    with pytest.raises(BadImage, match=f"x.qcow2: qcow2: .*{sentence}"):
        qcow2.read(Bytes(_qcow2(**fields)), "x.qcow2")


def test_a_header_cut_before_its_compression_is_refused() -> None:
    """
    Its length may claim a byte that the file does not have.
    """
    with pytest.raises(BadImage, match="the header: 1 bytes at 104 lead beyond the end"):
        qcow2.read(Bytes(_qcow2(features=8)[:104]), "x.qcow2")


def test_a_table_that_points_at_itself_is_read_to_its_end() -> None:
    """
    Tables that overlap give some bytes, not a loop.
    """
    loop = patched(_qcow2(), 65536, (65536).to_bytes(8, "big"))

    assert MIB == qcow2.read(Bytes(loop), "loop").size == len(whole(qcow2.read(Bytes(loop), "loop")))


def test_a_cluster_that_unpacks_to_too_much_is_cut() -> None:
    """
    A packed cluster is never unpacked further than a cluster is long.
    """
    packer = zlib.compressobj(9, zlib.DEFLATED, -12)
    bomb = packer.compress(bytes(16 * MIB)) + packer.flush()
    entry = 1 << 62 | (len(bomb) // 512) << 54 | 131072
    data = patched(_qcow2() + bomb, 65536, (98304).to_bytes(8, "big"))
    data = patched(data, 98304, entry.to_bytes(8, "big"))

    assert bytes(64 * KIB) == qcow2.read(Bytes(data), "bomb").read_at(0, 64 * KIB)


def test_an_exbibyte_of_nothing_is_listed_and_not_made() -> None:
    """
    A disk may be as long as its tables allow; only what is asked for is made.
    """

    class Nothing:
        size, block = 1 << 60, 64 * KIB

        def place(self, number: int) -> None:
            return None

        def unpack(self, data: bytes, number: int) -> bytes:
            return data

    disk = Blocks(Bytes(b""), Nothing(), "nothing")

    assert (1 << 60, bytes(10)) == (disk.size, disk.read_at((1 << 60) - 10, 4096))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('# Disk DescriptorFile\nRW 2048 FLAT "disk-flat.vmdk" 0\n', "bytes are in disk-flat.vmdk"),
        (
            '# Disk DescriptorFile\nRW 9 SPARSE "a-s001.vmdk"\nRW 9 SPARSE "a-s002.vmdk"\n',
            "a-s001.vmdk, a-s002",
        ),
        ("COWD", "ESXi host"),
        ("# Disk DescriptorFile\n", "neither a sparse disk"),
    ],
)
def test_a_vmdk_without_its_data_names_what_is_missing(text: str, sentence: str) -> None:
    """
    A description alone is refused, with the names of the files that it describes.
    """
    with pytest.raises(BadImage, match=sentence):
        vmdk.read(Bytes(text.encode()), "x.vmdk")


def _exported(data: bytes) -> bytes:
    """
    As VMware exports it: the header at the beginning leaves to a footer where the tables are.
    """
    footer, marker = data[:512], bytes(512)
    return patched(data, 56, b"\xff" * 8) + marker + footer + marker


def test_a_vmdk_with_its_header_at_the_end_is_read() -> None:
    """
    A footer says where the tables are, when they were written last.
    """
    assert RAW == whole(vmdk.read(Bytes(_exported(made("vmdk-stream"))), "x.vmdk"))


def test_a_vmdk_that_was_cut_short_lacks_its_footer() -> None:
    """
    Without the footer the file is known not to be whole.
    """
    with pytest.raises(BadImage, match="cut short"):
        vmdk.read(Bytes(_exported(made("vmdk-stream"))[:-512]), "x.vmdk")


def test_a_part_of_a_vmdk_is_refused() -> None:
    """
    One of several files that make up a disk names the others.
    """
    data = made("vmdk-sparse")
    at = data.index(b"RW ")
    two = b'RW 9 SPARSE "one.vmdk"\nRW 9 SPARSE "two.vmdk"\n'

    with pytest.raises(BadImage, match=r"several files .* one\.vmdk, two"):
        vmdk.read(Bytes(patched(data, at, two)), "x.vmdk")


def _vhd(data: bytes, at: int, new: bytes) -> bytes:
    footer = patched(data[-512:], at, new)
    total = ~(sum(footer) - sum(footer[64:68])) & 0xFFFFFFFF
    return b"\0" * 512 + data[512:-512] + patched(footer, 64, total.to_bytes(4, "big"))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda data: _vhd(data, 60, (4).to_bytes(4, "big")), "differs from another disk"),
        (lambda data: _vhd(data, 60, (9).to_bytes(4, "big")), "of type 9"),
        (lambda data: _vhd(data, 48, (1 << 50).to_bytes(8, "big")), "no room"),
        (lambda data: patched(patched(data, 70, b"!"), len(data) - 400, b"!"), "no footer"),
        (lambda data: patched(data, 512 + 40, b"!"), "header at 512 is damaged"),
    ],
)
def test_a_vhd_that_cannot_be_read_says_why(change: Callable[[bytes], bytes], sentence: str) -> None:
    """
    Differences to another disk, and damage, stand in the message.
    """
    with pytest.raises(BadImage, match=sentence):
        vhd.read(Bytes(change(made("vhd-dynamic"))), "x.vhd")


@pytest.mark.parametrize(
    ("places", "sentence"),
    [
        ((64 * KIB + 100, 128 * KIB + 100), "neither of its headers"),
        ((192 * KIB + 100, 256 * KIB + 100), "neither of its tables of regions"),
    ],
)
def test_a_vhdx_is_believed_only_with_its_checksums(places: tuple[int, int], sentence: str) -> None:
    """
    One damaged copy of a structure is passed over, two are refused.
    """
    spoiled = bytearray(made("vhdx-dynamic"))
    spoiled[places[0]] ^= 1
    survived = whole(bare(Bytes(bytes(spoiled)), "one")[1])
    spoiled[places[1]] ^= 1

    assert (True, True) == (RAW == survived, sentence in refusal(lambda: bare(Bytes(bytes(spoiled)), "two")))


def _vhdx(data: bytes, at: int, new: bytes) -> bytes:
    """
    Both headers changed, with sums that fit.
    """
    for start in (64 * KIB, 128 * KIB):
        header = patched(data[start : start + 4 * KIB], at, new)
        total = crc32c(patched(header, 4, bytes(4))) ^ 0xFFFF_FFFF
        data = patched(data, start, patched(header, 4, total.to_bytes(4, "little")))
    return data


@pytest.mark.parametrize(("at", "sentence"), [(48, "its log is not empty"), (66, "version 513 is not known")])
def test_a_vhdx_that_was_not_shut_down_is_refused(at: int, sentence: str) -> None:
    """
    What is still in its log is not in its blocks.
    """
    with pytest.raises(BadImage, match=sentence):
        bare(Bytes(_vhdx(made("vhdx-dynamic"), at, b"\1\2")), "x.vhdx")


def test_a_vhdx_that_needs_another_disk_is_refused() -> None:
    """
    A differencing disk says so among its parameters.
    """
    data = made("vhdx-dynamic")
    item = data.index(bytes.fromhex("3767a1ca36fa434db3b633f0aa44e76b"))
    start = item // (64 * KIB) * 64 * KIB + int.from_bytes(data[item + 16 : item + 20], "little")

    with pytest.raises(BadImage, match="differs from another disk"):
        bare(Bytes(patched(data, start + 4, b"\2")), "x.vhdx")
