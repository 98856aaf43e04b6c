"""
What bytes really are, against what they are called: decided by content, with as few reads as will do.
"""

from collections.abc import Callable
from typing import Protocol

from tundish.anatomy.image import Compression, Form
from tundish.anatomy.readable import Readable

HEAD = 70 * 1024  # as far as the superblock of btrfs
SECTOR = 512

_BOOT_FLAG, _BOOT_FLAG_AT = b"\x55\xaa", 0x1FE
_KERNEL_MAGIC, _KERNEL_MAGIC_AT = b"HdrS", 0x202
_LOADED_HIGH, _LOAD_FLAGS_AT = 0x01, 0x211
_ARM64_MAGIC, _ARM64_MAGIC_AT = b"ARM\x64", 56
_ZBOOT_MAGIC, _ZBOOT_MAGIC_AT = b"zimg", 4
_EXT_MAGIC, _EXT_MAGIC_AT = b"\x53\xef", 1024 + 56
_BTRFS_MAGIC, _BTRFS_MAGIC_AT = b"_BHRfS_M", 0x10040
_ISO_MAGIC, _ISO_MAGIC_AT = b"CD001", 32769
_GPT_MAGIC = b"EFI PART"
_VMFS_MAGIC, _VMFS_MAGIC_AT = b"\x0d\xd0\x01\xc0", 0x100000
_VHD_MAGIC = b"conectix"
_ROWS_AT, _ROW = 446, 16  # the four rows of a master boot record
_TAR_MAGIC_AT, _TAR_SUM_AT = 257, 148
_SAMPLES = 64

_COMPRESSIONS = (
    (b"\x1f\x8b\x08", Compression.GZIP),
    (b"\xfd7zXZ\0", Compression.XZ),
    (b"\x28\xb5\x2f\xfd", Compression.ZSTD),
    (b"\x04\x22\x4d\x18", Compression.LZ4),
    (b"\x02\x21\x4c\x18", Compression.LZ4),  # the older frame, which kernels use
    (b"\x1f\x9d", Compression.COMPRESS),
)
_BZIP2_BLOCKS = (b"1AY&SY", b"\x17rE8P\x90")  # a block, or the end at once
_STARTS = (
    (b"hsqs", Form.SQUASHFS),
    (b"XFSB", Form.XFS),
    (b"LUKS\xba\xbe", Form.LUKS),
    (b"QFI\xfb", Form.QCOW2),
    (b"KDMV", Form.VMDK),
    (b"COWD", Form.VMDK),
    (b"# Disk DescriptorFile", Form.VMDK),
    (b"vhdxfile", Form.VHDX),
    (_VHD_MAGIC, Form.VHD),
    (b"070701", Form.CPIO),
    (b"070702", Form.CPIO),
    (b"070707", Form.CPIO),
    (b"\xc7\x71", Form.CPIO),
    (b"#!", Form.SCRIPT),
)


def compression_of(head: bytes) -> Compression:
    """
    How something is compressed, by its first bytes (16 or more).
    """
    if head[:3] == b"BZh" and head[3:4] in b"123456789" and head[4:10] in _BZIP2_BLOCKS:
        return Compression.BZIP2
    if len(head) > 3 and head[1:4] == b"\x2a\x4d\x18" and 0x50 <= head[0] <= 0x5F:
        # a frame to be skipped, which zstd and lz4 share; pzstd begins so
        return Compression.ZSTD
    return next((found for magic, found in _COMPRESSIONS if head.startswith(magic)), Compression.NONE)


def form_of(readable: Readable) -> Form:
    """
    What bytes that are not compressed are.
    """
    head = readable.read_at(0, HEAD)
    for asked in _QUESTIONS:
        if (form := asked(head)) is not None:
            return _disk_or_vhd(readable) if form is Form.DISK else form
    return _without_a_beginning(readable, head)


def is_bzimage(head: bytes) -> bool:
    """
    Whether these first bytes (530 or more) are of an x86 Linux kernel that loads high.
    """
    return (
        len(head) > _LOAD_FLAGS_AT
        and head[_BOOT_FLAG_AT : _BOOT_FLAG_AT + 2] == _BOOT_FLAG
        and head[_KERNEL_MAGIC_AT : _KERNEL_MAGIC_AT + 4] == _KERNEL_MAGIC
        and bool(head[_LOAD_FLAGS_AT] & _LOADED_HIGH)
    )


def is_squashfs(head: bytes) -> bool:
    return head.startswith(b"hsqs")


def is_tar(head: bytes) -> bool:
    """
    Whether these first bytes (512 or more) are a header of a tar, of any age.
    """
    block = head[:SECTOR]
    if len(block) < SECTOR:
        return False
    if block[_TAR_MAGIC_AT : _TAR_MAGIC_AT + 5] == b"ustar":
        return True
    stated = block[_TAR_SUM_AT : _TAR_SUM_AT + 8].strip(b" \0")
    if not stated or not block[0] or set(stated) - set(b"01234567"):
        return False
    spaced = block[:_TAR_SUM_AT] + b" " * 8 + block[_TAR_SUM_AT + 8 :]
    return int(stated, 8) == sum(spaced)


def is_fat(sector: bytes) -> bool:
    """
    Whether a boot sector describes a FAT: its parameters make sense, which those of an MBR do not.
    """
    size = int.from_bytes(sector[11:13], "little")
    cluster, tables, media = sector[13], sector[16], sector[21]
    return (
        sector[0] in {0xEB, 0xE9}
        and size in {512, 1024, 2048, 4096}
        and cluster.bit_count() == 1
        and sector[14:16] != b"\0\0"
        and tables in {1, 2}
        and (media == 0xF0 or media >= 0xF8)
    )


def has_partitions(sector: bytes) -> bool:
    """
    Whether the table of a master boot record has rows, and all of them make sense.
    """
    rows = [sector[at : at + _ROW] for at in range(_ROWS_AT, _ROWS_AT + 4 * _ROW, _ROW)]
    return all(row[0] in {0, 0x80} for row in rows) and any(row[4] and any(row[12:16]) for row in rows)


def _begins(head: bytes) -> Form | None:
    return next((form for magic, form in _STARTS if head.startswith(magic)), None)


def _stands_at(magic: bytes, place: int, form: Form) -> Callable[[bytes], Form | None]:
    return lambda head: form if head[place : place + len(magic)] == magic else None


def _kernel(head: bytes) -> Form | None:
    return Form.KERNEL if is_bzimage(head) else None


def _tar(head: bytes) -> Form | None:
    return Form.TAR if is_tar(head) else None


def _gpt(head: bytes) -> Form | None:
    return Form.DISK if _GPT_MAGIC in {head[SECTOR : SECTOR + 8], head[4096 : 4096 + 8]} else None


def _boot_sector(head: bytes) -> Form | None:
    if head[_BOOT_FLAG_AT : _BOOT_FLAG_AT + 2] != _BOOT_FLAG:
        return None
    if head[3:11] == b"NTFS    ":
        return Form.NTFS
    if is_fat(head):
        return Form.FAT
    return Form.DISK if has_partitions(head) else None


def _volume(head: bytes) -> Form | None:
    sectors = (head[at : at + SECTOR] for at in range(0, 4 * SECTOR, SECTOR))
    return Form.LVM if any(one[:8] == b"LABELONE" and one[24:32] == b"LVM2 001" for one in sectors) else None


def _swap(head: bytes) -> Form | None:
    pages = (head[page - 10 : page] for page in (4096, 8192, 16384, 32768, 65536))
    return Form.SWAP if any(end in {b"SWAPSPACE2", b"SWAP-SPACE"} for end in pages) else None


class _Question(Protocol):
    def __call__(self, head: bytes, /) -> Form | None: ...


# In this order: what a magic number says for sure; then a disk, whose first sectors may hold the leftovers
# of anything; then filesystems, which may have a boot sector of their own.
_QUESTIONS: tuple[_Question, ...] = (
    _begins,
    _kernel,
    _stands_at(_ARM64_MAGIC, _ARM64_MAGIC_AT, Form.KERNEL),
    _stands_at(_ZBOOT_MAGIC, _ZBOOT_MAGIC_AT, Form.KERNEL),
    _tar,
    _stands_at(_ISO_MAGIC, _ISO_MAGIC_AT, Form.ISO),  # which may have a partition table as well
    _gpt,
    _boot_sector,
    _volume,
    _stands_at(_EXT_MAGIC, _EXT_MAGIC_AT, Form.EXT),
    _stands_at(_BTRFS_MAGIC, _BTRFS_MAGIC_AT, Form.BTRFS),
    _swap,
)


def _tail(readable: Readable) -> bytes:
    return readable.read_at(max(0, readable.size - SECTOR), SECTOR)


def _disk_or_vhd(readable: Readable) -> Form:
    return Form.VHD if _tail(readable).startswith(_VHD_MAGIC) else Form.DISK


def _without_a_beginning(readable: Readable, head: bytes) -> Form:
    """
    What only further reads can tell: by its end, or far inside.
    """
    tail = _tail(readable)
    if tail.startswith(_VHD_MAGIC):
        return Form.VHD
    if tail.startswith(_GPT_MAGIC):  # the second header is all that is left
        return Form.DISK
    if readable.read_at(_VMFS_MAGIC_AT, 4) == _VMFS_MAGIC:
        return Form.VMFS
    if head[_BOOT_FLAG_AT : _BOOT_FLAG_AT + 2] == _BOOT_FLAG and head[:1] in {b"\xeb", b"\xfa", b"\x33"}:
        return Form.DISK  # code to boot, and an empty table
    return Form.UNKNOWN if any(head) or any(tail) or _any_sample(readable) else Form.EMPTY


def _any_sample(readable: Readable) -> bool:
    step = max(readable.size // _SAMPLES, SECTOR)
    places = range(0, min(readable.size, _SAMPLES * step), step)
    return any(any(readable.read_at(place, 4096)) for place in places)
