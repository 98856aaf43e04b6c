"""
Read apt's own list of package sources, in both of its forms, and pick those of the distribution.

Pure: text in, values out. What apt would ignore is ignored here too.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tundish.core.errors import InputError

_ONE_LINE = re.compile(r"deb\s+(?:\[(?P<options>[^\]]*)\]\s+)?(?P<uri>\S+)\s+(?P<suite>\S+)\s*(?P<rest>.*)")
_WITH_PASSWORD = re.compile(r"[a-z+]+://[^/\s]*@")
_OFF = {"no", "false", "0", "off", "disable", "without"}


@dataclass(frozen=True, slots=True)
class AptSource:
    """
    Where apt finds packages: every URI holds every suite with every component.
    """

    uris: tuple[str, ...]
    suites: tuple[str, ...]
    components: tuple[str, ...]
    signed_by: str = ""
    trusted: bool = False

    def deb822(self) -> str:
        """
        The source as a stanza of a `.sources` file.
        """
        fields = {
            "Types": "deb",
            "URIs": " ".join(self.uris),
            "Suites": " ".join(self.suites),
            "Components": " ".join(self.components),
            "Signed-By": self.signed_by,
            "Trusted": "yes" if self.trusted else "",
        }
        return "".join(f"{key}: {value}\n" for key, value in fields.items() if value)


def parse_deb822(text: str) -> Iterator[AptSource]:
    """
    The binary package sources of a `.sources` file.
    """
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    for stanza in re.split(r"\n\s*\n", "\n".join(lines)):
        fields = _fields(stanza)
        if "deb" in fields.get("types", "").split() and fields.get("enabled", "yes").lower() not in _OFF:
            yield AptSource(
                tuple(fields.get("uris", "").split()),
                tuple(fields.get("suites", "").split()),
                tuple(fields.get("components", "").split()),
                fields.get("signed-by", ""),
                fields.get("trusted", "no").lower() == "yes",
            )


def _fields(stanza: str) -> Mapping[str, str]:
    """
    Keys in lower case; a continued line (an inline key) stays part of its value.
    """
    fields: dict[str, str] = {}
    key = ""
    for line in stanza.splitlines():
        if line[:1].isspace() and key:
            fields[key] += "\n" + line.rstrip()
        elif ":" in line:
            key, _, value = line.partition(":")
            key = key.strip().lower()
            fields[key] = value.strip()
    return fields


def parse_one_line(text: str) -> Iterator[AptSource]:
    """
    The binary package sources of a `.list` file.
    """
    for line in text.splitlines():
        match = _ONE_LINE.fullmatch(line.partition("#")[0].strip())
        if match:
            options = dict(pair.split("=", 1) for pair in (match["options"] or "").split() if "=" in pair)
            yield AptSource(
                (match["uri"],),
                (match["suite"],),
                tuple(match["rest"].split()),
                options.get("signed-by", ""),
                options.get("trusted", "no").lower() == "yes",
            )


def of_distribution(found: Iterable[AptSource], suite: str) -> tuple[AptSource, ...]:
    """
    The sources of a suite, its updates and its security updates, and nothing else.

    Raises:
        InputError: there is none, or one has a password in its address, which would end up in the image.
    """
    wanted = (suite, f"{suite}-updates", f"{suite}-security", f"{suite}/updates")
    narrowed = (_narrowed(source, wanted) for source in found if "main" in source.components)
    picked = tuple(dict.fromkeys(source for source in narrowed if source.suites))
    if not any(suite in source.suites for source in picked):
        raise InputError(
            f"no apt source of this machine offers {suite} main; add one to /etc/apt/sources.list.d"
        )
    if any(_WITH_PASSWORD.match(uri) for source in picked for uri in source.uris):
        raise InputError("an apt source has a password in its address; move it to /etc/apt/auth.conf.d")
    return picked


def _narrowed(source: AptSource, wanted: Sequence[str]) -> AptSource:
    """
    The wanted suites of a source; of a third party's archive, none: it does not offer ours.
    """
    return replace(source, suites=tuple(suite for suite in source.suites if suite in wanted))
