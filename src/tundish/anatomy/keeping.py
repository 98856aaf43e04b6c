"""
Which files of a root are kept in memory as they pass: those that facts and rules will ask for.

What is asked for besides is found in a second reading, so that a path missing here costs time, nothing else.
"""

import re

from tundish.anatomy.index import Entry

_FOLDERS = (
    "etc",
    "curtin",
    "boot/loader",
    "boot/efi",
    "boot/EFI",
    "efi",
    "var/lib/dpkg/status.d",
    "var/lib/rpm",
    "var/lib/cloud",
    "usr/lib/sysimage/rpm",
    "usr/share/rpm",
    "usr/lib/rpm/macros.d",
    "usr/lib/systemd/system",
    "usr/lib/systemd/system-preset",
    "usr/lib/kernel",
    "usr/lib/dracut/dracut.conf.d",
    "usr/lib/sysctl.d",
    "usr/lib/cloud-init",
    "lib/systemd/system",
    "usr/share/keyrings",
    "usr/etc",
    "usr/lib/grub/x86_64-efi-signed",
    "usr/lib/grub/arm64-efi-signed",
    "usr/lib/shim",
    "usr/share/efi",
    "root",
)
_PYTHON = r"usr/(?:local/)?lib(?:64)?/python[^/]*/[^/]*-packages"
_FILES = (
    r"lib/apk/db/installed|usr/lib/apk/db/installed|var/lib/dpkg/status|var/lib/dpkg/diversions",
    r"boot/(?:config-.*|grub2?/(?:grub\.cfg|grubenv|user\.cfg))",
    r"(?:usr/)?lib/(?:os-release|modules/[^/]*/(?:modules\.(?:dep|alias|builtin)|pkgbase))",
    # whose first bytes say for which architecture they are
    r"(?:usr/)?bin/(?:sh|dash|bash|busybox|env)|usr/lib/systemd/systemd",
    r"usr/s?bin/(?:cloud-init.*|lsb_release|netplan|dpkg-query|policy-rc\.d)",
    _PYTHON + r"/cloudinit/(?:version|features|sources/DataSource(?:MAAS|SmartOS))\.py",
    _PYTHON + r"/(?:cloud_init|oauthlib)[^/]*/METADATA",
    r"usr/share/doc/[^/]*/copyright|var/cache/debconf/config\.dat",
    r"home/[^/]*/\.(?:ssh/authorized_keys|bash_history)",
)
_BELOW = re.compile(rf"(?:usr/)?(?:{'|'.join(map(re.escape, _FOLDERS))})/")
_EXACTLY = re.compile("|".join(_FILES))


def worth_keeping(entry: Entry) -> bool:
    """
    Whether facts or rules read such a file.
    """
    return bool(_BELOW.match(entry.path) or _EXACTLY.fullmatch(entry.path))


def nothing(_entry: Entry) -> bool:
    """
    For a reading in which nothing is asked for again, or what can be read again in place.
    """
    return False
