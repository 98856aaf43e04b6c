"""
What GRUB reads on a new disk: in the ESP where the rest is, and in /boot which kernels there are.
"""

import re
from collections.abc import Iterable

from tundish.anatomy.facts import Kernel
from tundish.anatomy.index import Index
from tundish.anatomy.pack.fitting.names import Names
from tundish.anatomy.system.os_release import unquoted

MAX_CONFIG = 1024 * 1024
_HEAD = "# Written when the image was packed; grub-mkconfig may write it anew.\nset default=0\nset timeout=3"
_TITLE = re.compile(r"[^\w .,()+/-]", re.ASCII)
_SETTING = re.compile(r"\s*(GRUB_CMDLINE_LINUX(?:_DEFAULT)?)=(.*)")
_WORD = re.compile(r"[\w.,:=/@%+-]+", re.ASCII)  # what means itself to GRUB
_CONSOLES = {"amd64": "console=tty0 console=ttyS0,115200", "arm64": ""}  # the firmware of ARM names its own


def pointer(names: Names, folder: str) -> str:
    """
    The configuration in the ESP: it leads to the one in `folder` of the root.
    """
    return (
        f"search --no-floppy --fs-uuid --set=root {names.root}\n"
        f"set prefix=($root)/{folder}\n"
        f"configfile ($root)/{folder}/grub.cfg\n"
    )


def menu(root: Index, names: Names, title: str, kernels: Iterable[Kernel], arch: str) -> str:
    """
    One entry for each kernel, the newest first.
    """
    words = command_line(root, arch)
    made = [
        "# Written when the image was packed; grub-mkconfig may write it anew.",
        "set default=0",
        "set timeout=3",
    ]
    made.append(f"search --no-floppy --fs-uuid --set=root {names.root}")
    for kernel in reversed(tuple(kernels)):
        # without an initrd nobody finds a filesystem by its UUID, but Linux finds partitions
        place = f"UUID={names.root}" if kernel.initrd else f"PARTUUID={names.part}"
        made.append(f"menuentry '{_TITLE.sub('', title or 'Linux')}, {_TITLE.sub('', kernel.version)}' {{")
        made.append(f"  linux /{kernel.path} {' '.join((f'root={place}', 'ro', *words))}")
        made += [f"  initrd /{kernel.initrd}"] if kernel.initrd else []
        made.append("}")
    return "\n".join(made) + "\n"


def command_line(root: Index, arch: str) -> list[str]:
    """
    The words that the image's /etc/default/grub gives its kernels, and a serial console if it names none.
    """
    found: dict[str, str] = {}
    for line in (root.text("etc/default/grub", MAX_CONFIG) or "").splitlines():
        if match := _SETTING.fullmatch(line):
            found[match[1]] = unquoted(match[2].strip())
    both = (found.get("GRUB_CMDLINE_LINUX", ""), found.get("GRUB_CMDLINE_LINUX_DEFAULT", ""))
    words = [word for text in both for word in text.split() if _WORD.fullmatch(word)]
    words = [word for word in words if not word.startswith("root=")]
    if not any(word.startswith("console=") for word in words):
        words += _CONSOLES.get(arch, "").split()
    return words
