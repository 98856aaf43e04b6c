"""
The package URL of a package: how bills of materials and databases of weaknesses name it.
"""

from urllib.parse import quote

from tundish.anatomy.facts import Installed, Os

_TYPES = {"dpkg": "deb", "rpm": "rpm", "apk": "apk"}


def purl(package: Installed, system: str, os: Os) -> str:
    """
    `pkg:deb/debian/bash@5.2.15-2?arch=amd64&distro=debian-12`; an epoch of rpm is a qualifier.
    """
    version, epoch = package.version, ""
    if system == "rpm" and ":" in version:
        epoch, _, version = version.partition(":")
    distro = "-".join(filter(None, (os.id.lower(), os.version_id or os.codename)))
    source = package.source if package.source != package.name else ""
    pairs = {"arch": package.arch, "distro": distro, "epoch": epoch, "upstream": source}
    qualifiers = "&".join(f"{key}={_quoted(value)}" for key, value in pairs.items() if value)
    place = "/".join(map(_quoted, filter(None, (_TYPES.get(system, "generic"), os.id.lower()))))
    name = package.name if system == "rpm" else package.name.lower()
    return f"pkg:{place}/{_quoted(name)}@{_quoted(version)}" + (f"?{qualifiers}" if qualifiers else "")


def _quoted(text: str) -> str:
    return quote(text, safe=":")
