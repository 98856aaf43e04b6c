"""
How an image of one's own is called and described: judged before a byte comes. Pure.

`custom/x` and bare `x` are one image. MAAS's rules of August 2026 hold, so that what is taken here can go
there; operating system, release and title are fields of their own.
"""

import re
from collections.abc import Collection

from tundish.check.subject import Filetype
from tundish.check.uploads import (
    ARCHES,
    BASE_OSES,
    OSES,
    OTHER_WORDS,
    RESERVED,
    UBUNTU_VERSIONS,
    is_known_series,
)
from tundish.core.errors import InputError, InvalidName
from tundish.core.names import word
from tundish.core.upload import Asked

CUSTOM = "custom"
DEFAULT_BASE = "ubuntu/noble"  # what MAAS takes where nobody says: its commissioning release
FILETYPES = tuple(one.value for one in Filetype if one is not Filetype.SELF_EXTRACTING)
FIRMWARE = ("", "bios", "uefi", "both")
MOST_TITLE = 255
MOST_DISK = 2**50  # bytes
_CENTOS = re.compile(r"centos\d\d?")
_USER = re.compile(r"[a-z_][a-z0-9_-]{0,31}")


def identity(name: str) -> tuple[str, str]:
    """
    Operating system and series of a name: `custom/x`, bare `x`, or `os/release`.

    Raises:
        InvalidName: it has not this form.
        InputError: there is no such operating system.
    """
    os, slash, series = name.partition("/")
    if not slash:
        os, series = CUSTOM, name
    if os not in OSES:
        raise InputError(f"{os[:80]!r} is no operating system of MAAS; one of {', '.join(OSES)}")
    if "/" in series:
        raise InvalidName("image name", name, "as in custom/rocky9, with one slash")
    return os, word("image name", series)


def asked(
    name: str,
    *,
    arch: str = "amd64",
    title: str = "",
    filetype: str = "",
    base_image: str = "",
    default_base: str = DEFAULT_BASE,
    firmware: str = "",
    default_user: str = "",
    min_disk: int = 0,
    keep_old: bool = True,
    taken: Collection[str] = (),
) -> Asked:
    """
    An upload as it was asked for, judged. `taken` are the names (`ubuntu/noble`) that streams have.

    Raises:
        InputError: a name is reserved, or something is not of its form; the message says what would be.
    """
    os, series = identity(name)
    _must_be_free(name, os, series, taken)
    plain, _, subarch = arch.partition("/")
    base = base_of(base_image) if os == CUSTOM and base_image else ""
    if not 0 <= min_disk <= MOST_DISK:
        raise InputError(f"a minimum disk of {min_disk} bytes; give the size of a disk, or leave it out")
    return Asked(
        os=os,
        series=series,
        arch=_arch(plain),
        subarch=word("kernel of the architecture", subarch or "generic"),
        title=_title(title),
        filetype=_one_of("file type", filetype, ("", *FILETYPES)),
        base_image=base or (default_base if os == CUSTOM else ""),
        base_said=bool(base),
        firmware=_one_of("firmware", firmware, FIRMWARE),
        default_user=_user(default_user),
        min_disk=min_disk,
        keep_old=keep_old,
    )


def base_of(text: str) -> str:
    """
    A base image as it is kept, in lower case.

    Raises:
        InputError: not `os/series`; no operating system that can be a base; no series of it. Three messages.
    """
    os, _, series = text.lower().partition("/")
    if not os or not series or "/" in series:
        raise InputError(
            f"base image {text[:80]!r} is not of the form OS/SERIES, like rhel/9 or ubuntu/noble"
        )
    if os not in BASE_OSES:
        raise InputError(f"base image {text[:80]!r}: {os!r} cannot be a base; one of {', '.join(BASE_OSES)}")
    if not is_known_series(os, series):
        known = f"; one of {', '.join(UBUNTU_VERSIONS)}" if os == "ubuntu" else ", which begins with a number"
        raise InputError(f"base image {text[:80]!r}: {series!r} is no release of {os}{known}")
    return f"{os}/{word('base image', series)}"


def warnings(wished: Asked) -> tuple[str, ...]:
    """
    What whoever uploads should know, in sentences.
    """
    if wished.os != CUSTOM or wished.base_said:
        return ()
    told = (
        f"no base image was said, so {wished.base_image} stands in, and MAAS configures {wished.name} as "
        "that; say --base-image if it is something else"
    )
    return (told,)


def _must_be_free(name: str, os: str, series: str, taken: Collection[str]) -> None:
    bare = "/" not in name
    halves = {half for one in taken for half in one.split("/")}
    reserved = bare and (series in RESERVED or _CENTOS.fullmatch(series) or series in halves)
    official = os == "ubuntu" and series in UBUNTU_VERSIONS
    if reserved or official or f"{os}/{series}" in taken:
        raise InputError(f"{name} is a reserved name; give the image one of its own, like custom/my-{series}")


def _arch(text: str) -> str:
    if text in ARCHES:
        return text
    meant = f"; it is called {OTHER_WORDS[text]}" if text in OTHER_WORDS else ""
    raise InputError(f"{text[:80]!r} is no architecture of MAAS; one of {', '.join(ARCHES)}{meant}")


def _title(text: str) -> str:
    if len(text) > MOST_TITLE or not text.isprintable():
        raise InvalidName("title", text, f"at most {MOST_TITLE} printable letters")
    return text


def _user(text: str) -> str:
    if text and not _USER.fullmatch(text):
        raise InvalidName("user name", text, "small letters, digits, - and _ only")
    return text


def _one_of(kind: str, text: str, allowed: Collection[str]) -> str:
    if text not in allowed:
        raise InputError(f"{text[:80]!r} is no {kind}; one of {', '.join(filter(None, allowed))}")
    return text
