"""
Group E, second half: who configures the network, and what is left of that of the build.
"""

import re
from collections.abc import Iterator

from tundish.anatomy.index import Index
from tundish.check.asking import command, root_of
from tundish.check.rule import Evidence, Found, Rule, Severity
from tundish.check.scopes import deb, linux, rooted, rpm, suse, xen
from tundish.check.subject import Subject
from tundish.check.uploads import NETWORKED, UBUNTU_VERSIONS, base_of

_DEVICES = re.compile(r"^[ \t]*(ethernets|bonds|bridges|vlans|wifis)[ \t]*:", re.MULTILINE)
MAX_NETPLAN = 1024 * 1024
_NAMES = re.compile(r"\b(?:net\.ifnames|biosdevname)=\d")
_UNIT_FOLDERS = ("etc/systemd/system", "usr/lib/systemd/system", "lib/systemd/system")


def renderers(root: Index) -> tuple[str, ...]:
    """
    What is there that cloud-init can write a network configuration for.
    """
    found = []
    if command(root, "netplan"):
        found.append("netplan")
    if command(root, "NetworkManager"):
        found.append("NetworkManager")
    if command(root, "ifup") and root.is_folder("etc/sysconfig/network-scripts"):
        found.append("sysconfig")
    if command(root, "ifup") and ("etc/network" in root):
        found.append("ifupdown")
    if command(root, "wicked"):
        found.append("wicked")
    if any(f"{at}/systemd/systemd-networkd" in root for at in ("usr/lib", "lib")):
        found.append("networkd")
    return tuple(found)


def _is_enabled(subject: Subject, root: Index, unit: str) -> bool:
    if any(service.removesuffix(".service") == unit for service in subject.facts.services):
        return True
    links = (f"{folder}/*.wants/{unit}.service" for folder in _UNIT_FOLDERS)
    return any(True for pattern in links for _ in root.matching(pattern))


def _can_be_configured(subject: Subject) -> Iterator[Found]:
    root = root_of(subject)
    found = renderers(root)
    if not found:
        yield Found(
            "no netplan, NetworkManager, ifup, systemd-networkd or wicked is in the image",
            (Evidence("renderers", "none"),),
        )
    elif "NetworkManager" in found and set(found) <= {"NetworkManager", "networkd", "netplan"}:
        units = ["NetworkManager"] + ["systemd-networkd"] * ("networkd" in found)
        # netplan starts networkd by a generator of its own
        by_netplan = {"netplan", "networkd"} <= set(found)
        if not by_netplan and not any(_is_enabled(subject, root, unit) for unit in units):
            yield Found(f"{units[0]} is in the image, and not enabled", (Evidence("services", units[0]),))
    elif found == ("networkd",) and not _is_enabled(subject, root, "systemd-networkd"):
        yield Found("systemd-networkd is all there is, and it is not enabled", (Evidence("services"),))


def _profiles(subject: Subject) -> Iterator[Found]:
    root = root_of(subject)
    scripts = [
        entry
        for entry in root.matching("etc/sysconfig/network-scripts/ifcfg-*")
        if entry.name != "ifcfg-lo" and entry.size
    ]
    for entry in (*scripts, *root.matching("etc/NetworkManager/system-connections/*")):
        yield Found(f"{entry.path} is a connection of the build", (Evidence(entry.path),))


def _names_are_plain(subject: Subject) -> Iterator[Found]:
    root = root_of(subject)
    words = _NAMES.findall(root.text("etc/default/grub") or "")
    if subject.family.value == "xenserver" and "net.ifnames=0" not in words:
        yield Found(
            "XenServer needs net.ifnames=0 and biosdevname=0 on its command line",
            (Evidence("etc/default/grub", " ".join(words) or "neither"),),
            fix="let the hook write net.ifnames=0 biosdevname=0 to the boot configuration",
        )
    elif words:
        yield Found(
            f"etc/default/grub sets {' '.join(words)}",
            (Evidence("etc/default/grub", " ".join(words)),),
            Severity.INFO,
        )


def _rpm_network(subject: Subject) -> Iterator[Found]:
    yield from _profiles(subject)
    yield from _names_are_plain(subject)


def _netplans(subject: Subject) -> Iterator[Found]:
    root = root_of(subject)
    for entry in root.matching("etc/netplan/*.yaml"):
        if _DEVICES.search(root.text(entry.path, MAX_NETPLAN) or ""):
            yield Found(f"{entry.path} configures the network of the build", (Evidence(entry.path),))


def _network_is_promised(subject: Subject) -> Iterator[Found]:
    base = base_of(subject.request, subject.target.ephemeral)
    if base.os not in NETWORKED:
        yield Found(
            f"MAAS configures no custom network for {base.os or 'this OS'}: bonds, VLANs, bridges and fixed "
            "addresses stay undone, with a warning in the log of the region",
            (Evidence("base" if subject.request.custom else "name", f"{base.os}/{base.series}"),),
        )
    elif base.os == "ubuntu" and UBUNTU_VERSIONS.get(base.series, "99") < "16.04":
        yield Found(f"a base of ubuntu/{base.series} gets no network configuration of version 2")


RULES = (
    Rule(
        "E06",
        Severity.WARNING,
        "something that cloud-init can configure sets up the network, and is enabled",
        linux & rooted,
        "Linux",
        "cloud-init writes a configuration that nothing reads: the machine has no network after the reboot",
        "install and enable netplan with systemd-networkd, or NetworkManager",
        _can_be_configured,
    ),
    Rule(
        "E07",
        Severity.WARNING,
        "no connection profile of the build is left",
        (rpm | xen | suse) & rooted,
        "rpm, SUSE",
        "a stale profile competes with the one that MAAS sends: wrong addresses, or a long wait at each boot",
        "remove the file; keep ifcfg-lo",
        _rpm_network,
        "connection-profiles",
    ),
    Rule(
        "E08",
        Severity.WARNING,
        "no netplan file of the build is left",
        deb & rooted,
        "deb",
        "it is merged with what MAAS sends: a second address, or a wait for an interface that is not there",
        "remove the file",
        _netplans,
        "netplan-leftovers",
    ),
    Rule(
        "E11",
        Severity.WARNING,
        "MAAS configures a custom network for this base",
        linux,
        "Linux",
        "the machine comes up with DHCP on the interface it booted from, whatever was set in MAAS",
        "use a base_image of ubuntu, centos or rhel, or let user data configure the network",
        _network_is_promised,
    ),
)
