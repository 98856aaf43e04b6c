"""
Group E: what cloud-init and the network of an image must be like.
"""

from dataclasses import replace

import pytest

from tests.support.images import File, Link
from tests.unit.check.asked import (
    CLOUD,
    ERROR,
    INFO,
    WARNING,
    Bad,
    Good,
    Make,
    found,
    named,
    spoils,
    system,
    worst,
)
from tundish.anatomy.facts import Family
from tundish.check.subject import Filetype, Request, Subject

_LATER = "etc/cloud/cloud.cfg.d/99-local.cfg"
_NETPLAN = ("usr/sbin/netplan",)
_NO_BASE = Request(Filetype.TGZ, "custom/rocky9", "amd64/generic")
_DISK = Request(Filetype.DDGZ, "custom/ubuntu", "amd64/generic", "ubuntu/noble")
_INFO_COMMAND = "usr/share/netplan/netplan_cli/cli/commands/{}.py"


def _packaged(version: str) -> Subject:
    made = system()
    packages = tuple(
        replace(one, version=version) if one.name == "netplan.io" else one for one in made.facts.packages
    )
    return replace(made, facts=replace(made.facts, packages=packages))


def _xen(grub: str) -> Subject:
    made = system("rocky", {"etc/default/grub": grub})
    return replace(made, facts=replace(made.facts, family=Family.XEN))


def _left(name: str) -> Make:
    return lambda: system(changes={f"etc/cloud/cloud.cfg.d/{name}": ""})


BAD = [
    Bad(
        "E01",
        "no program",
        lambda: system(without=("usr/bin/cloud-init",)),
        ERROR,
        "no executable cloud-init",
    ),
    Bad(
        "E01",
        "not executable",
        lambda: system(changes={"usr/bin/cloud-init": File(b"#!/usr/bin/python3\n", 0o644)}),
        ERROR,
        "no executable cloud-init",
    ),
    Bad(
        "E01",
        "installed by the hook at deploy",
        lambda: system(
            "rocky",
            {"curtin/curtin-hooks": File(b"#!/bin/bash\nyum -y install cloud-init\n", 0o755)},
            without=("usr/bin/cloud-init",),
        ),
        WARNING,
        "install it at deploy",
    ),
    Bad(
        "E01",
        "switched off by a file",
        lambda: system(changes={"etc/cloud/cloud-init.disabled": ""}),
        ERROR,
        "etc/cloud/cloud-init.disabled",
    ),
    Bad(
        "E01",
        "switched off on the command line",
        lambda: system(changes={"etc/default/grub": 'GRUB_CMDLINE_LINUX="cloud-init=disabled"\n'}),
        ERROR,
        "etc/default/grub",
    ),
    Bad(
        "E01",
        "a unit not enabled",
        lambda: system(cloud=replace(CLOUD, units=CLOUD.units[:3])),
        ERROR,
        "cloud-final is not enabled",
    ),
    Bad("E02", "too old", lambda: system(cloud=replace(CLOUD, version="0.7.9-24.el7")), ERROR, "before 17.1"),
    Bad("E03", "no netplan", lambda: system(without=_NETPLAN), ERROR, "no executable netplan"),
    Bad(
        "E03",
        "no netplan and no base",
        lambda: system("rocky", request=_NO_BASE),
        ERROR,
        "base_image was left out",
    ),
    Bad(
        "E03",
        "netplan without info",
        lambda: system(changes={_INFO_COMMAND.format("apply"): ""}),
        ERROR,
        "no command info",
    ),
    Bad("E03", "netplan too old", lambda: _packaged("0.36.3"), ERROR, "no command info"),
    Bad("E04", "no data source", lambda: system(cloud=replace(CLOUD, maas=False)), ERROR, "DataSourceMAAS"),
    Bad("E04", "no oauthlib", lambda: system(cloud=replace(CLOUD, oauth=False)), ERROR, "oauthlib"),
    Bad(
        "E04",
        "no serial where it is imported",
        lambda: system(
            changes={
                "usr/lib/python3/dist-packages/cloudinit/sources/DataSourceSmartOS.py": "import serial\n"
            },
            without=("usr/lib/python3/dist-packages/serial",),
        ),
        WARNING,
        "imports serial",
    ),
    Bad(
        "E05",
        "another data source",
        lambda: system(changes={_LATER: "datasource_list: [ NoCloud ]\n"}),
        ERROR,
        "overrides the data source with [ NoCloud ]",
    ),
    Bad(
        "E05",
        "other data sources as a block",
        lambda: system(changes={_LATER: "datasource_list:\n  - Ec2\n  - None\n"}),
        ERROR,
        "- Ec2",
    ),
    Bad(
        "E05",
        "network disabled in one line",
        lambda: system(changes={_LATER: "network: {config: disabled}\n"}),
        ERROR,
        "disables the network",
    ),
    Bad(
        "E05",
        "network disabled as a block",
        lambda: system(changes={_LATER: "# off\nnetwork:\n  config: disabled\n"}),
        ERROR,
        "disables the network",
    ),
    *(
        Bad("E05", name, _left(name), ERROR, name)
        for name in (
            "99-installer.cfg",
            "subiquity-disable-cloudinit-networking.cfg",
            "curtin-preserve-sources.cfg",
        )
    ),
    Bad(
        "E05",
        "ds-identify off",
        lambda: system(changes={"etc/cloud/ds-identify.cfg": "policy: disabled\n"}),
        ERROR,
        "ds-identify.cfg says policy: disabled",
    ),
    Bad(
        "E05",
        "ds-identify fixed",
        lambda: system(changes={"etc/cloud/ds-identify.cfg": "datasource: Ec2\n"}),
        ERROR,
        "datasource: Ec2",
    ),
    Bad(
        "E06",
        "nothing at all",
        lambda: system("rocky", without=("usr/sbin/NetworkManager",)),
        WARNING,
        "no netplan",
    ),
    Bad(
        "E06",
        "NetworkManager not enabled",
        lambda: system("rocky", without=("etc/systemd/system/multi-user.target.wants",)),
        WARNING,
        "not enabled",
    ),
    Bad(
        "E07",
        "an ifcfg of the build",
        lambda: system("rocky", {"etc/sysconfig/network-scripts/ifcfg-eth0": "DEVICE=eth0\n"}),
        WARNING,
        "ifcfg-eth0",
    ),
    Bad(
        "E07",
        "a keyfile of the build",
        lambda: system(
            "rocky", {"etc/NetworkManager/system-connections/ens3.nmconnection": "[connection]\n"}
        ),
        WARNING,
        "ens3.nmconnection",
    ),
    Bad(
        "E07",
        "XenServer with new names",
        lambda: _xen("GRUB_CMDLINE_LINUX=quiet\n"),
        WARNING,
        "net.ifnames=0",
    ),
    Bad(
        "E08",
        "netplan of the build",
        lambda: system(changes={"etc/netplan/50-cloud-init.yaml": "network:\n  ethernets:\n    ens3: {}\n"}),
        WARNING,
        "50-cloud-init.yaml",
    ),
    Bad(
        "E09",
        "a disk that cannot grow",
        lambda: system(without=("usr/bin/growpart", "var/lib/dpkg"), request=_DISK),
        WARNING,
        "growpart",
    ),
    Bad("E10", "the default user", system, INFO, "the default user is ubuntu"),
    Bad("E11", "SUSE", lambda: system("sles"), WARNING, "no custom network for suse"),
    Bad(
        "E11",
        "a base of Oracle Linux",
        lambda: system("rocky", request=replace(_NO_BASE, base_image="ol/9")),
        WARNING,
        "for ol",
    ),
    Bad(
        "E11",
        "a base before version 2",
        lambda: system(request=replace(_NO_BASE, base_image="ubuntu/trusty")),
        WARNING,
        "version 2",
    ),
]
GOOD = [
    Good("E01", "with its units", system),
    Good(
        "E01",
        "of 24.3, whose second stage is called cloud-init-network",
        lambda: system(
            cloud=replace(
                CLOUD, units=("cloud-init-local", "cloud-init-network", "cloud-config", "cloud-final")
            )
        ),
    ),
    Good(
        "E01",
        "of a system without systemd",
        lambda: system(
            "rocky",
            {"etc/rc.d/init.d/cloud-init": "", "etc/rc3.d/S50cloud-init": Link("../rc.d/init.d/cloud-init")},
            without=("usr/lib/systemd", "etc/systemd"),
            cloud=replace(CLOUD, units=()),
        ),
    ),
    Good(
        "E01",
        "with a commented word in grub",
        lambda: system(changes={"etc/default/grub": "# cloud-init=disabled\n"}),
    ),
    Good("E02", "recent", system),
    Good("E02", "with an epoch", lambda: system(cloud=replace(CLOUD, version="0:23.4-7.el9"))),
    Good(
        "E03", "netplan that shows its commands", lambda: system(changes={_INFO_COMMAND.format("info"): ""})
    ),
    Good("E03", "netplan by its version", lambda: _packaged("0.107-5")),
    Good("E03", "rpm with a base of its kind", lambda: system("rocky")),
    Good("E04", "complete", system),
    Good(
        "E05", "MAAS in a later list", lambda: system(changes={_LATER: "datasource_list: [ MAAS, None ]\n"})
    ),
    Good(
        "E05",
        "an early list",
        lambda: system(changes={"etc/cloud/cloud.cfg.d/90_dpkg.cfg": "datasource_list: [ NoCloud ]\n"}),
    ),
    Good("E05", "a commented list", lambda: system(changes={_LATER: "# datasource_list: [ NoCloud ]\n"})),
    Good(
        "E05",
        "an open ds-identify",
        lambda: system(changes={"etc/cloud/ds-identify.cfg": "policy: search,found=all,notfound=enabled\n"}),
    ),
    Good("E06", "netplan with networkd", system),
    Good("E06", "NetworkManager", lambda: system("rocky")),
    Good("E06", "wicked", lambda: system("sles")),
    Good(
        "E07",
        "the loopback alone",
        lambda: system("rocky", {"etc/sysconfig/network-scripts/ifcfg-lo": "DEVICE=lo\n"}),
    ),
    Good("E07", "XenServer", lambda: _xen('GRUB_CMDLINE_LINUX="net.ifnames=0 biosdevname=0"\n')),
    Good(
        "E08",
        "a netplan file without devices",
        lambda: system(changes={"etc/netplan/01-manager.yaml": "network:\n  renderer: NetworkManager\n"}),
    ),
    Good("E09", "a disk with growpart", lambda: system(request=_DISK)),
    Good("E11", "a base of RHEL", lambda: system("rocky")),
]


@pytest.mark.parametrize("case", BAD, ids=named)
def test_a_spoiled_image_is_found(case: Bad) -> None:
    """
    What is wrong is found, weighed as it deserves, and named.
    """
    assert (case.severity, True) == found(case)


@pytest.mark.parametrize("case", GOOD, ids=named)
def test_a_good_image_passes(case: Good) -> None:
    """
    Nothing is said against what is good.
    """
    assert "" == spoils(case)


def test_without_cloud_init_its_version_is_unknown() -> None:
    """
    What cannot be seen does not pass.
    """
    assert "unknown" == worst("E02", system(cloud=replace(CLOUD, version="")))[0]


@pytest.mark.parametrize(
    ("rule", "path", "text"),
    [
        ("E05", "etc/cloud/cloud.cfg.d/99-x.cfg", "\n" * 900_000),
        ("E05", "etc/cloud/cloud.cfg.d/99-x.cfg", "datasource_list:\n" + "\n" * 900_000),
        ("E05", "etc/cloud/cloud.cfg.d/99-x.cfg", "network:" * 100_000),
        ("E08", "etc/netplan/x.yaml", "\n" * 900_000),
        ("E08", "etc/netplan/x.yaml", " " * 900_000),
        ("M20", "var/cache/debconf/config.dat", "force_efi_extra_removable\nx\n" * 30_000),
    ],
)
def test_text_made_to_take_long_does_not(rule: str, path: str, text: str) -> None:
    """
    A file of an image cannot keep a rule busy.
    """
    assert worst(rule, system("debian", {path: text}, without=("curtin",)))[0] in {"pass", "fail", "unknown"}
