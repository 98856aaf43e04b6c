"""
What an Index tells of a system: plain values, in the words of the system itself.

`inspect.facts_of` makes them. An empty value means that the image does not say; a guess is never made.
"""

from dataclasses import dataclass
from enum import StrEnum


class Family(StrEnum):
    """
    Whose way of packages, boot loaders and networks a system follows.
    """

    DEBIAN = "debian"  # and Ubuntu
    REDHAT = "redhat"  # RHEL, CentOS, Rocky, Alma, Oracle, Fedora, Azure Linux, openEuler
    SUSE = "suse"
    ALPINE = "alpine"
    ARCH = "arch"
    GENTOO = "gentoo"
    WINDOWS = "windows"
    ESXI = "esxi"
    XEN = "xenserver"
    CORE = "ubuntu-core"
    OTHER = "other"  # Linux of another kind
    NONE = "none"  # no system was found


@dataclass(frozen=True, slots=True)
class Os:
    """
    Fields of os-release as written; `source` is the file they came from.
    """

    id: str = ""
    like: tuple[str, ...] = ()
    version_id: str = ""
    codename: str = ""
    name: str = ""
    pretty: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Installed:
    """
    A package of the image's own database. `version` is in the database's own form (EPOCH:VERSION-RELEASE).
    """

    name: str
    version: str
    arch: str = ""
    source: str = ""  # the source package
    licence: str = ""
    vendor: str = ""
    held: bool = False
    size: int = 0  # bytes when installed, as the database says


@dataclass(frozen=True, slots=True)
class Kernel:
    """
    A kernel that could be booted. `version` as in `/lib/modules`; `initrd` and `modules` are paths or empty.
    """

    version: str
    path: str
    initrd: str = ""
    modules: str = ""


@dataclass(frozen=True, slots=True)
class Loader:
    """
    A PE file below EFI/. `path` is relative to the ESP; `sbat` pairs component and generation.
    """

    path: str
    arch: str  # amd64, arm64, i386, ... or empty
    signed: bool = False
    sbat: tuple[tuple[str, int], ...] = ()


class Password(StrEnum):
    LOCKED = "locked"  # ! or *
    NONE = "none"  # an empty field: no password is asked for
    SET = "set"


@dataclass(frozen=True, slots=True)
class User:
    """
    An account of passwd with what shadow says. `known` is the password, if it is one that templates bake in.
    """

    name: str
    uid: int
    gid: int
    home: str
    shell: str
    password: Password
    known: str = ""
    keys: bool = False  # has authorized_keys


@dataclass(frozen=True, slots=True)
class CloudInit:
    """
    `units` are those of its units that are enabled; `disabled` says by what it is switched off, or is empty.
    """

    version: str = ""
    default_user: str = ""
    units: tuple[str, ...] = ()
    datasources: tuple[str, ...] = ()  # as a datasource_list restricts them; empty: no list
    maas: bool = False  # the MAAS data source is there
    oauth: bool = False  # its interpreter can import oauthlib
    disabled: str = ""


@dataclass(frozen=True, slots=True)
class Hooks:
    """
    What stands in /curtin: paths relative to the root, in the filesystem that is the installer's target.
    """

    folder: bool = False
    curtin_hooks: bool = False  # a regular file, which the installer runs in place of its own
    finalize: bool = False
    others: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.curtin_hooks


@dataclass(frozen=True, slots=True)
class Firmware:
    """
    With what a disk can boot by itself, or a tar once the installer has put in place the loaders it holds.
    """

    bios: bool = False
    uefi: bool = False
    secure_boot: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    family: Family = Family.NONE
    os: Os = Os()
    arch: str = ""  # amd64, arm64, ...
    package_system: str = ""  # dpkg, rpm, apk; empty where there is none or more than one that works
    packages: tuple[Installed, ...] = ()
    packages_fault: str = ""  # why the database could not be read
    kernels: tuple[Kernel, ...] = ()
    loaders: tuple[Loader, ...] = ()
    cloud_init: CloudInit = CloudInit()
    users: tuple[User, ...] = ()
    services: tuple[str, ...] = ()  # enabled units
    listening: tuple[str, ...] = ()  # services among them that listen on the network, with their ports
    hooks: Hooks = Hooks()
    firmware: Firmware = Firmware()
    hostname: str = ""
    minimum_disk: int = 0  # bytes; of a tar an estimate

    def has(self, *names: str) -> bool:
        """
        Whether all these packages are installed.
        """
        present = {package.name for package in self.packages}
        return all(name in present for name in names)

    def version_of(self, name: str) -> str:
        """
        The version of a package; empty if it is not installed.
        """
        return next((one.version for one in self.packages if one.name == name), "")
