"""
Group B, second part: what the build left in the image, and every machine made of it would share.
"""

import re
from collections.abc import Iterator

from tundish.anatomy.index import Entry, Index, Kind
from tundish.check.asking import (
    ERROR,
    WARNING,
    config_files,
    files_below,
    lines_of,
    named,
    root_of,
    rule,
    seen,
    text_of,
)
from tundish.check.rule import Evidence, Found
from tundish.check.scopes import linux, tar
from tundish.check.subject import Subject

_GENERIC_NAMES = frozenset(
    {"", "localhost", "localhost.localdomain", "localhost.localdomain6", "unassigned", "unassigned-hostname"}
)
_LOOPBACK = re.compile(r"nameserver\s+(127\.|::1)")
_OF_BUILD = re.compile(r"(PART)?UUID=|/dev/([vsh]|xv)d|/dev/nvme|/dev/mapper/|LABEL=UEFI\b")
_OPTIONAL = frozenset({"noauto", "nofail"})


def _content(root: Index, path: str) -> str:
    return text_of(root, path).strip()


@rule(
    "B08",
    WARNING,
    linux,
    title="the machine-id is left for the first boot to make",
    why="machines with the same machine-id get the same DHCP lease and mix up their journals",
    fix="empty etc/machine-id, and remove var/lib/dbus/machine-id or link it there",
    repair="machine-id",
)
def machine_id(subject: Subject) -> Iterator[Found]:
    root = root_of(subject)
    value = _content(root, "etc/machine-id")
    if value not in {"", "uninitialized"}:
        yield Found("etc/machine-id holds an id", (Evidence("etc/machine-id", value[:36]),))
    entry = root.get("var/lib/dbus/machine-id")
    if entry is not None and entry.kind is Kind.FILE and entry.size:
        yield Found(f"{entry.path} is a file with an id of its own", seen([entry.path]))


@rule(
    "B09",
    WARNING,
    linux,
    title="no SSH host keys are in the image",
    why="who has the image can pretend to be any machine made of it",
    fix="remove etc/ssh/ssh_host_*; cloud-init makes new ones on each machine",
    repair="host-keys",
)
def host_keys(subject: Subject) -> Iterator[Found]:
    keys = [entry.path for entry in root_of(subject).matching("etc/ssh/ssh_host_*_key*")]
    if keys:
        yield Found(f"SSH host keys are in the image: {named(keys)}", seen(keys))


_CARD = re.compile(r"\s*(?:Permanent)?MACAddress\s*=", re.IGNORECASE)
_PRIVATE = ("root/.ssh/id_*", "home/*/.ssh/id_*")


@rule(
    "B10",
    WARNING,
    linux,
    title="no udev rules bind names to the network cards of the build",
    why="the first network card gets the name eth1 or worse, and the machine has no network",
    fix="remove etc/udev/rules.d/70-persistent-*.rules",
    repair="persistent-net",
)
def persistent_names(subject: Subject) -> Iterator[Found]:
    root = root_of(subject)
    rules = config_files(root, "etc/udev/rules.d/70-persistent-*.rules")
    if bound := [path for path in rules if lines_of(root, path)]:
        yield Found(f"{named(bound)} names the network cards or disks of the build", seen(bound))
    links = config_files(root, "etc/systemd/network/*.link")
    if cards := [path for path in links if any(_CARD.match(line) for line in lines_of(root, path))]:
        yield Found(
            f"{named(cards)} names network cards of the build", seen(cards), fix=f"remove {named(cards)}"
        )


@rule(
    "B11",
    WARNING,
    linux,
    title="etc/resolv.conf is there and names no server of the build",
    why="a name server of the build answers nothing at the site; if the file is absent, the installer's own "
    "stays in its place",
    fix="let it be empty, or a link to /run/systemd/resolve/stub-resolv.conf",
    repair="resolv-conf",
)
def resolver(subject: Subject) -> Iterator[Found]:
    root = root_of(subject)
    entry = root.get("etc/resolv.conf")
    if entry is None:
        yield Found("etc/resolv.conf is absent", (Evidence("etc/resolv.conf", "absent"),))
        return
    lines = lines_of(root, entry.path) if entry.kind is Kind.FILE else []
    servers = [line for line in lines if line.startswith("nameserver") and not _LOOPBACK.match(line)]
    if servers:
        yield Found(
            f"etc/resolv.conf has {servers[0]}",
            tuple(Evidence(entry.path, line[:80]) for line in servers[:5]),
        )


@rule(
    "B12",
    WARNING,
    tar & linux,
    title="etc/fstab is left to the installer",
    why="on a disk the installer writes a new one, in memory the image's stays: a filesystem that is not "
    "there ends the boot in emergency mode",
    fix="leave etc/fstab empty, or with comments only",
    repair="fstab",
)
def mounts(subject: Subject) -> Iterator[Found]:
    rows = [line.split() for line in lines_of(root_of(subject), "etc/fstab")]
    bound = [row for row in rows if _is_of_build(row)]
    if bound:
        shown = named(f"{row[0]} {row[1] if len(row) > 1 else ''}".strip() for row in bound)
        yield Found(f"etc/fstab names what only the build had: {shown}", _rows(bound), ERROR)
    elif rows:
        yield Found(f"etc/fstab has {len(rows)} lines of its own: {' '.join(rows[0][:3])}", _rows(rows))


def _is_of_build(row: list[str]) -> bool:
    if len(row) > 3 and _OPTIONAL & set(row[3].split(",")):
        return False
    return bool(_OF_BUILD.match(row[0])) or (len(row) > 2 and row[2] == "swap")


def _rows(rows: list[list[str]]) -> tuple[Evidence, ...]:
    return tuple(Evidence("etc/fstab", " ".join(row)[:120]) for row in rows[:5])


@rule(
    "B13",
    WARNING,
    linux,
    title="no state of cloud-init is in the image",
    why="cloud-init takes the machine for the one of the build: it looks for its old data source, and skips "
    "what is done once for each machine",
    fix="run `cloud-init clean --logs --seed` at the end of the build",
    repair="cloud-init-state",
)
def cloud_state(subject: Subject) -> Iterator[Found]:
    root = root_of(subject)
    entries = [*root.matching("var/lib/cloud/instance*"), *root.matching("var/lib/cloud/seed")]
    entries += root.matching("var/log/cloud-init*")
    if left := [one.path for one in entries if _says_something(root, one)]:
        yield Found(f"state of cloud-init is left: {named(left)}", seen(left))


def _says_something(root: Index, entry: Entry) -> bool:
    """
    A folder that holds no file is what a package brings.
    """
    return entry.kind is not Kind.FOLDER or next(files_below(root, entry.path), None) is not None


_LEFTOVERS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("random-seed", "a random seed", ("var/lib/systemd/random-seed", "var/lib/urandom/random-seed")),
    ("histories", "a history of commands", ("root/.bash_history", "home/*/.bash_history")),
    (
        "installer-leftovers",
        "what the installer left",
        (
            "root/anaconda-ks.cfg",
            "root/original-ks.cfg",
            "root/autoinst.xml",
            "var/adm/autoinstall",
            "var/log/anaconda",
            "var/log/installer",
        ),
    ),
    ("packer-backup", "a backup that the build did not put back", ("packer_backup",)),
    ("logs", "a record of logins at the build", ("var/log/wtmp", "var/log/btmp", "var/log/lastlog")),
)


@rule(
    "B14",
    WARNING,
    linux,
    title="nothing of the build's own life is left",
    why="machines start with the same random numbers, and whoever gets the image reads how it was made; a "
    "key in authorized_keys opens every machine",
    fix="remove them at the end of the build, or let `tundish image hygiene` do it",
    repair="random-seed histories installer-leftovers packer-backup logs",
)
def leftovers(subject: Subject) -> Iterator[Found]:
    root = root_of(subject)
    for word, meaning, patterns in _LEFTOVERS:
        entries = [one for pattern in patterns for one in root.matching(pattern)]
        if left := [one.path for one in entries if _is_left(root, one)]:
            yield Found(f"{meaning} is in the image: {named(left)}", seen(left), repair=word)
    keys = [one.path for one in root.matching("root/.ssh/authorized_keys") if one.size]
    if keys:
        yield Found(
            "root/.ssh/authorized_keys lets somebody in",
            seen(keys),
            fix="remove the file; MAAS gives each machine the keys of its user",
        )
    if private := [one.path for at in _PRIVATE for one in root.matching(at) if one.size]:
        private = [path for path in private if not path.endswith(".pub")]
        if private:
            yield Found(f"a private key is in the image: {named(private)}", seen(private), fix="remove it")
    yield from _own_name(subject)


def _is_left(root: Index, entry: Entry) -> bool:
    if entry.kind is Kind.FOLDER:
        return entry.name == "packer_backup" or next(files_below(root, entry.path), None) is not None
    return entry.size > 0


def _own_name(subject: Subject) -> Iterator[Found]:
    facts = subject.facts
    name = facts.hostname or _content(root_of(subject), "etc/hostname").partition("\n")[0]
    generic = _GENERIC_NAMES | {facts.os.id, facts.cloud_init.default_user, "linux", "cloud", "host", "live"}
    if name.lower() not in generic:
        yield Found(
            f"etc/hostname still has the name of the build, {name[:64]}",
            (Evidence("etc/hostname", name[:64]),),
            fix="empty etc/hostname; cloud-init sets the name that the machine has in MAAS",
        )


RULES = (machine_id, host_keys, persistent_names, resolver, mounts, cloud_state, leftovers)
