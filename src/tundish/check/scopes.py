"""
For which images a rule is meant: predicates with their text, combined by `&`, `|` and `~`.

A scope asks for the kind of image and of upload only; whether something inside is as it should be is the
rule's own question.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tundish.anatomy.facts import Family
from tundish.check.subject import Subject

_OTHERS = frozenset({Family.WINDOWS, Family.ESXI, Family.CORE})


@dataclass(frozen=True, slots=True)
class Scope:
    """
    A predicate and what it says, as it stands in the reference and in a skipped finding.
    """

    text: str
    holds: Callable[[Subject], bool]

    def __call__(self, subject: Subject) -> bool:
        return self.holds(subject)

    def __and__(self, other: "Scope") -> "Scope":
        return Scope(f"{self.text}, {other.text}", lambda subject: self(subject) and other(subject))

    def __or__(self, other: "Scope") -> "Scope":
        return Scope(f"{self.text} or {other.text}", lambda subject: self(subject) or other(subject))

    def __invert__(self) -> "Scope":
        return Scope(f"not {self.text}", lambda subject: not self(subject))


def _family(text: str, *families: Family) -> Scope:
    return Scope(text, lambda subject: subject.family in families)


anything = Scope("all", lambda _: True)
tar = Scope("tar", lambda subject: subject.request.filetype.is_tar)
dd = Scope("dd", lambda subject: subject.request.filetype.is_dd)
ddtar = Scope(
    "ddtgz, ddtbz, ddtxz and ddtar",
    lambda subject: subject.request.filetype.is_dd and subject.request.filetype.value.startswith("ddt"),
)
disk = Scope("disk images", lambda subject: subject.image.is_disk)
rooted = Scope("with a readable root", lambda subject: subject.root is not None)

deb = _family("deb", Family.DEBIAN)
rpm = _family("rpm", Family.REDHAT)
suse = _family("suse", Family.SUSE)
win = _family("Windows", Family.WINDOWS)
esxi = _family("ESXi", Family.ESXI)
xen = _family("XenServer", Family.XEN)
core = _family("Ubuntu Core", Family.CORE)
linux = Scope("Linux", lambda subject: subject.root is not None and _is_linux(subject))
ubuntu = Scope("Ubuntu", lambda subject: subject.facts.os.id == "ubuntu")

builtin = Scope("without hooks of its own", lambda subject: subject.builtin)
hooked = Scope("with hooks of its own", lambda subject: not subject.builtin)
custom = Scope("custom/*", lambda subject: subject.request.custom)
amd64 = Scope("amd64", lambda subject: _arch(subject) == "amd64")
arm64 = Scope("arm64", lambda subject: _arch(subject) == "arm64")
uefi = Scope("UEFI", lambda subject: "uefi" in subject.target.firmware)
bios = Scope("BIOS", lambda subject: "bios" in subject.target.firmware)
in_memory = Scope("in memory", lambda subject: subject.target.in_memory)


def _is_linux(subject: Subject) -> bool:
    """
    A tar is taken for a Linux even where no system was found in it, since only such are uploaded as tar.
    """
    if subject.family is Family.NONE:
        return not subject.image.is_disk
    return subject.family not in _OTHERS


def _arch(subject: Subject) -> str:
    return subject.facts.arch or subject.request.arch.partition("/")[0]
