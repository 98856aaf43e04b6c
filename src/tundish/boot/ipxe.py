"""
The iPXE scripts a machine is told. Pure: values in, text out.

A script is lines of words without quoting, so every word that goes in is checked against its form here,
whoever it came from: no space, newline or `${` of a machine or a Host header ever reaches a line.
"""

import re

from tundish.core.errors import InputError, InvalidName
from tundish.core.machine import BootScript, mac_address
from tundish.core.names import version_name, word

MAX_ARGUMENTS = 1024  # characters; a kernel takes 2048 in all
PAUSE = 10  # seconds a message stays on the console

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9])?"
_IPV6 = r"\[[0-9A-Fa-f:.]{2,45}\]"
_AUTHORITY = re.compile(rf"(?:{_NAME}|{_IPV6})(?::([0-9]{{1,5}}))?")
_ARGUMENT = re.compile(r"[A-Za-z0-9._:/=,@+~%\[\]-]+")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,128}")


def authority(value: object) -> str:
    """
    The host, and port if any, under which a machine reached us, as its Host header says.

    Raises:
        InvalidName: it is not a host name or address with an optional port.
    """
    match = _AUTHORITY.fullmatch(value) if isinstance(value, str) else None
    if match is None or not 0 < int(match[1] or 80) < 65536:
        raise InvalidName("Host header", value, "a host name or address, and a port, as in 10.0.0.2:5248")
    return match[0]


def kernel_arguments(text: str) -> tuple[str, ...]:
    """
    Extra arguments for the kernel, separated by spaces, as in `console=ttyS0 quiet`.

    Raises:
        InvalidName: one of them has a sign that iPXE could take for its own.
    """
    if len(text) > MAX_ARGUMENTS:
        raise InvalidName("list of kernel arguments", text, f"at most {MAX_ARGUMENTS} characters")
    arguments = tuple(text.split())
    for argument in arguments:
        if not _ARGUMENT.fullmatch(argument):
            raise InvalidName("kernel argument", argument, "letters, digits and ._:/=,@+~%[]- only")
    return arguments


def token(value: object) -> str:
    """
    The word that names one boot. Its value is never shown.

    Raises:
        InputError: it is not of its form.
    """
    if not isinstance(value, str) or not _TOKEN.fullmatch(value):
        raise InputError(
            "the token of this boot is not of its form; report the one from the kernel arguments"
        )
    return value


def entry_script(host: str) -> str:
    """
    For a machine that has not said who it is: ask again, with its address, hardware id and architecture.
    """
    asked = "ipxe.cfg-${mac:hexhyp}?uuid=${uuid}&arch=${buildarch}"
    return _script(
        f"chain http://{authority(host)}/{asked} || goto failed",
        "exit",
        ":failed",
        "echo tundish gave no boot script for ${mac:hexhyp}, its log says why",
        f"sleep {PAUSE}",
        "exit 1",
    )


def nothing_script(mac: str) -> str:
    """
    For a machine that there is nothing for: say so and let its firmware go on.
    """
    return _script(
        f"echo tundish has no image to boot for {mac_address(mac)}",
        "echo See what it holds with: tundish image list",
        "echo Sync or build an image, then boot this machine again",
        f"sleep {PAUSE}",
        "exit",
    )


def boot_script(script: BootScript, *, mac: str, host: str, arguments: tuple[str, ...] = ()) -> str:
    """
    Load kernel and initrd, and tell the initrd its root, its name and where to report.

    Raises:
        InputError: a value is not of its form.
    """
    images = _Images(script, f"http://{authority(host)}")
    line = (
        "initrd=boot-initrd",
        f"root=squash:{images.url(script.root.hex, 'squashfs')}",
        f"tundish.root={script.root.hex}",
        f"tundish.version={version_name(script.version)}",
        f"tundish.token={token(script.token)}",
        f"tundish.report={images.base}/boot/report",
        "ip=dhcp",
        f"BOOTIF=01-{mac_address(mac).replace(':', '-')}",
        *kernel_arguments(" ".join(arguments)),
    )
    return _script(
        f"echo tundish boots {images.ref} version {script.version}",
        f"kernel {images.url(script.kernel.hex, 'boot-kernel')} {' '.join(line)}",
        f"initrd {images.url(script.initrd.hex, 'boot-initrd')}",
        "boot",
    )


class _Images:
    """
    The addresses of an image's files: only the digest finds the file, the rest is for people.
    """

    def __init__(self, script: BootScript, base: str) -> None:
        parts = script.image.split("/")
        if len(parts) not in {3, 4}:
            raise InvalidName("image", script.image, "os/series/arch or os/series/arch/kernel")
        os, series, arch, kernel = (word("image", part) for part in (*parts, "generic")[:4])
        self.base, self.ref = base, "/".join(parts)
        self._names = f"{os}/{arch}/{kernel}/{series}/{word('label', script.label)}"

    def url(self, digest: str, file: str) -> str:
        return f"{self.base}/images/{digest}/{self._names}/{file}"


def _script(*lines: str) -> str:
    return "\n".join(("#!ipxe", *lines, ""))
