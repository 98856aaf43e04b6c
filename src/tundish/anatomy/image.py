"""
An image file as a whole: how it is wrapped, what form it has, and the roots that were found in it.

Made once by `opening.read_image`; everything said about an image is a function of this value.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from tundish.anatomy.index import Index
from tundish.core.digest import Digest


class Compression(StrEnum):
    NONE = "none"
    GZIP = "gzip"
    BZIP2 = "bzip2"
    XZ = "xz"
    ZSTD = "zstd"
    LZ4 = "lz4"
    COMPRESS = "compress"  # .Z


class Form(StrEnum):
    """
    What bytes are, whatever they are called.
    """

    TAR = "tar"
    DISK = "disk"  # a raw disk with a partition table
    QCOW2 = "qcow2"
    VMDK = "vmdk"
    VHD = "vhd"
    VHDX = "vhdx"
    ISO = "iso9660"
    SQUASHFS = "squashfs"
    EXT = "ext"  # 2, 3 or 4
    XFS = "xfs"
    BTRFS = "btrfs"
    FAT = "fat"
    NTFS = "ntfs"
    LVM = "lvm"  # a physical volume
    LUKS = "luks"
    SWAP = "swap"
    VMFS = "vmfs"
    CPIO = "cpio"
    KERNEL = "kernel"
    SCRIPT = "script"  # begins with #!
    EMPTY = "empty"
    FOLDER = "folder"  # a tree of this machine's files, no image file at all
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Wrapping:
    """
    The file itself. `expanded` counts the bytes inside as far as they could be unpacked; `fault` says why
    it went no further, or is empty; `trailing` counts bytes after the end of the compressed data.
    """

    compression: Compression
    size: int
    expanded: int
    sha256: Digest | None = None  # of the file as it is; None where not everything had to be read
    fault: str = ""
    trailing: int = 0
    stamped: bool = False  # a gzip header with a name or a time, so two builds differ


@dataclass(frozen=True, slots=True)
class Enclosed:
    """
    A member of a tar that carries a disk, as ddtgz, ddtbz, ddtxz and ddtar have it.
    """

    name: str
    size: int
    form: Form


class Scheme(StrEnum):
    GPT = "gpt"
    MBR = "mbr"
    NONE = "none"  # a filesystem on the bare disk


@dataclass(frozen=True, slots=True)
class Partition:
    """
    A row of a partition table. Offsets and sizes are bytes. `type` is a GUID in upper case (GPT) or two
    hexadecimal digits (MBR).
    """

    number: int
    start: int
    size: int
    type: str
    name: str = ""
    guid: str = ""
    bootable: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """
    A partition table as it stands. `faults` names what is wrong with it, in sentences.
    """

    scheme: Scheme
    sector: int = 512
    guid: str = ""
    partitions: tuple[Partition, ...] = ()
    boot_code: bool = False  # the first 440 bytes hold something to run
    backup: bool = True  # the GPT's second header is at the end of the disk and fits
    faults: tuple[str, ...] = ()
    leads_to: int | None = None  # the sector that GRUB's boot code goes on to, where nothing stands there


@dataclass(frozen=True, slots=True)
class Volume:
    """
    Something on a disk that may hold a filesystem: a partition, a logical volume, or the whole disk.

    `state` is "clean", or says why an installer could not mount it (needs recovery, dirty, hibernated, ...).
    `index` is None where there is nothing to list; `why` then says so. `shown` is what a
    mount without options shows of it, if not all.
    """

    name: str  # "1", "3", "vg/root", "disk"
    form: Form
    size: int
    partition: Partition | None = None
    label: str = ""
    uuid: str = ""
    state: str = "clean"
    features: tuple[
        str, ...
    ] = ()  # as the filesystem's own tools name them: metadata_csum_seed, reflink, ...
    used: int = 0
    free_zeroed: float | None = None  # share of sampled free blocks that hold only zeros; None: unknown
    index: Index | None = None
    why: str = ""
    shown: Index | None = None

    @property
    def mounted(self) -> Index | None:
        """
        What the installer sees once it has mounted the volume.
        """
        return self.index if self.shown is None else self.shown


@dataclass(frozen=True, slots=True)
class Lvm:
    """
    A volume group that was found, with its logical volumes by name.
    """

    name: str
    uuid: str
    volumes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Disk:
    """
    A disk in full: `size` as the machine sees it.
    """

    form: Form
    size: int
    table: Table
    volumes: tuple[Volume, ...] = ()
    groups: tuple[Lvm, ...] = ()

    @property
    def esp(self) -> Volume | None:
        """
        The EFI system partition: by its type, whatever it holds.
        """
        wanted = {"C12A7328-F81F-11D2-BA4B-00A0C93EC93B", "EF"}
        return next((one for one in self.volumes if one.partition and one.partition.type in wanted), None)


@dataclass(frozen=True, slots=True)
class Image:
    """
    `root` is what the machine will run, `/boot` and the ESP in their places; None where no system was found.
    """

    name: str  # of the file, without its folders
    wrapping: Wrapping
    form: Form  # of what is in the wrapping
    root: Index | None = None
    disk: Disk | None = None
    enclosed: tuple[Enclosed, ...] = ()
    remarks: Sequence[str] = field(default=())

    @property
    def is_disk(self) -> bool:
        return self.disk is not None
