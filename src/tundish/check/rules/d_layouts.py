"""
Group D, second half: what the installer needs for the storage and network that MAAS may ask for.
"""

from collections.abc import Iterator

from tundish.anatomy.facts import Family
from tundish.check.asking import WARNING, command, named, need_packages, rule
from tundish.check.rule import Evidence, Found
from tundish.check.scopes import builtin, deb, linux, suse
from tundish.check.subject import Subject

_NEEDED: dict[Family, tuple[tuple[str, tuple[str, ...]], ...]] = {
    Family.DEBIAN: (
        ("ext4", ("e2fsprogs",)),
        ("EFI partitions", ("dosfstools",)),
        ("LVM", ("lvm2",)),
        ("RAID", ("mdadm",)),
        ("XFS", ("xfsprogs",)),
        ("btrfs", ("btrfs-progs", "btrfs-tools")),
        ("encryption", ("cryptsetup", "cryptsetup-bin")),
        ("iSCSI", ("open-iscsi",)),
        ("multipath", ("multipath-tools-boot",)),
        ("bcache", ("bcache-tools",)),
    ),
    Family.REDHAT: (  # its kernels have neither btrfs nor bcache
        ("ext4", ("e2fsprogs",)),
        ("EFI partitions", ("dosfstools",)),
        ("LVM", ("lvm2",)),
        ("RAID", ("mdadm",)),
        ("XFS", ("xfsprogs",)),
        ("encryption", ("cryptsetup",)),
        ("iSCSI", ("iscsi-initiator-utils", "open-iscsi")),
        ("multipath", ("device-mapper-multipath", "multipath-tools")),
    ),
    Family.SUSE: (
        ("ext4", ("e2fsprogs",)),
        ("EFI partitions", ("dosfstools",)),
        ("LVM", ("lvm2",)),
        ("RAID", ("mdadm",)),
        ("XFS", ("xfsprogs",)),
        ("btrfs", ("btrfsprogs", "btrfs-progs")),
        ("encryption", ("cryptsetup",)),
        ("iSCSI", ("open-iscsi",)),
        ("multipath", ("multipath-tools",)),
    ),
}


@rule(
    "D11",
    WARNING,
    linux,
    title="the tools of every storage layout are in the image",
    why="a machine with such a layout needs a network while it is deployed, or does not find its root",
    fix="install the packages for the layouts that your machines use",
)
def layouts(subject: Subject) -> Iterator[Found]:
    wanted = _NEEDED.get(subject.family)
    if wanted is None:
        return
    need_packages(subject)
    lost = [
        (layout, names[0]) for layout, names in wanted if not any(subject.facts.has(one) for one in names)
    ]
    if lost:
        yield Found(
            f"without a network the image cannot be deployed on {named(layout for layout, _ in lost)}",
            tuple(Evidence(layout, f"package {name}") for layout, name in lost),
            fix=f"install {' '.join(name for _, name in lost)}",
        )


@rule(
    "D12",
    WARNING,
    suse & builtin,
    title="RAID and iSCSI can be configured",
    why="the installer's hooks know no packages of SUSE for RAID and iSCSI, and end with a ValueError",
    fix="bring /curtin/curtin-hooks of your own, or keep to plain disks",
)
def suse_layouts(_: Subject) -> Iterator[Found]:
    yield Found(
        "machines with RAID or iSCSI cannot be deployed with the installer's own hooks",
        (Evidence("curtin/curtin-hooks", "absent"),),
    )


@rule(
    "D13",
    WARNING,
    deb,
    title="netplan configures the network, or ifupdown with all it needs",
    why="with ifupdown alone the installer also wants ifenslave, vlan and bridge-utils, from a network",
    fix="install netplan.io",
)
def renderer(subject: Subject) -> Iterator[Found]:
    facts = subject.facts
    has_netplan = facts.has("netplan.io") or bool(subject.root and command(subject.root, "netplan"))
    lacking = [name for name in ("ifenslave", "vlan", "bridge-utils") if not facts.has(name)]
    if facts.has("ifupdown") and not has_netplan:
        beside = f", without {named(lacking)}" if lacking else ""
        yield Found(f"ifupdown is installed without netplan{beside}", (Evidence("package", "ifupdown"),))


RULES = (layouts, suse_layouts, renderer)
