"""
What differs between two images: packages, kernels, accounts, services, files and where the space went.

Files are compared by digest; one without a digest on either side is compared by its size alone. Times do
not count: an image that was built again has others everywhere. What moved is told once, not as two things.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tundish.anatomy.facts import Facts, Installed, User
from tundish.anatomy.index import Entry, Index, Kind

_DEPTH = 2  # of the folders whose sizes are compared


@dataclass(frozen=True, slots=True)
class Change:
    """
    Something that both have, each its own way. An empty side means that it has none.
    """

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Altered:
    """
    A path whose content is the same, and the words for what else is not: type, mode, owner, ...
    """

    path: str
    what: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Grown:
    """
    A folder that holds more bytes than before, or fewer.
    """

    folder: str
    before: int
    after: int

    @property
    def by(self) -> int:
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Names:
    """
    What came, what went, and what is another one now; each sorted by name.
    """

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[Change, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)


@dataclass(frozen=True, slots=True)
class Files:
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    content: tuple[Change, ...] = ()  # with the sizes
    metadata: tuple[Altered, ...] = ()
    moved: tuple[Change, ...] = ()  # the name is the digest
    unread: tuple[str, ...] = ()  # of the same size on both sides, with no digest to compare

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.content or self.metadata or self.moved)


@dataclass(frozen=True, slots=True)
class Difference:
    system: tuple[Change, ...]
    packages: Names
    kernels: Names
    users: Names
    services: Names
    files: Files
    sizes: tuple[Grown, ...]  # what grew or shrank most comes first

    def __bool__(self) -> bool:
        groups = (self.system, self.packages, self.kernels, self.users, self.services, self.files, self.sizes)
        return any(groups)


def difference(a: tuple[Index, Facts], b: tuple[Index, Facts]) -> Difference:
    """
    What is different in the second of two images.
    """
    (index, facts), (other, others) = a, b
    return Difference(
        system=tuple(_system(facts, others)),
        packages=_names(_packages(facts.packages), _packages(others.packages)),
        kernels=_names(_kernels(facts), _kernels(others)),
        users=_names(_users(facts.users), _users(others.users)),
        services=_names(dict.fromkeys(facts.services, ""), dict.fromkeys(others.services, "")),
        files=_files(index, other),
        sizes=_sizes(index, other),
    )


def _system(facts: Facts, others: Facts) -> Iterator[Change]:
    pairs = (
        ("system", facts.os.pretty or facts.os.id, others.os.pretty or others.os.id),
        ("architecture", facts.arch, others.arch),
        ("firmware", _firmware(facts), _firmware(others)),
        ("cloud-init", facts.cloud_init.version, others.cloud_init.version),
        ("default user", facts.cloud_init.default_user, others.cloud_init.default_user),
        ("host name", facts.hostname, others.hostname),
        ("listening", ", ".join(facts.listening), ", ".join(others.listening)),
    )
    return (Change(*pair) for pair in pairs if pair[1] != pair[2])


def _firmware(facts: Facts) -> str:
    own = facts.firmware
    names = (("BIOS", own.bios), ("UEFI", own.uefi), ("Secure Boot", own.secure_boot))
    return ", ".join(name for name, there in names if there)


def _packages(packages: Iterable[Installed]) -> dict[str, str]:
    """
    Versions by name; the architecture stands behind the name of one that is there for several.
    """
    arches: dict[str, set[str]] = {}
    for one in packages:
        arches.setdefault(one.name, set()).add(one.arch)
    versions: dict[str, list[str]] = {}
    for one in sorted(packages):
        name = f"{one.name}:{one.arch}" if len(arches[one.name]) > 1 else one.name
        versions.setdefault(name, []).append(one.version)  # kernels of rpm stand side by side
    return {name: ", ".join(listed) for name, listed in versions.items()}


def _kernels(facts: Facts) -> dict[str, str]:
    return {one.version: "with initrd" if one.initrd else "without initrd" for one in facts.kernels}


def _users(users: Iterable[User]) -> dict[str, str]:
    """
    What makes an account another one, without its hash.
    """
    return {
        one.name: f"{one.uid}:{one.gid} {one.home} {one.shell}, password {one.password}"
        f"{', well known' if one.known else ''}{', keys' if one.keys else ''}"
        for one in users
    }


def _names(before: Mapping[str, str], after: Mapping[str, str]) -> Names:
    return Names(
        tuple(sorted(after.keys() - before.keys())),
        tuple(sorted(before.keys() - after.keys())),
        tuple(
            Change(name, before[name], after[name])
            for name in sorted(before.keys() & after.keys())
            if before[name] != after[name]
        ),
    )


def _files(index: Index, other: Index) -> Files:
    before, after = {one.path: one for one in index}, {one.path: one for one in other}
    added, removed = after.keys() - before.keys(), before.keys() - after.keys()
    moved = tuple(_moved([before[path] for path in removed], [after[path] for path in added]))
    both = [(before[path], after[path]) for path in sorted(before.keys() & after.keys())]
    return Files(
        tuple(sorted(added - {one.after for one in moved})),
        tuple(sorted(removed - {one.before for one in moved})),
        tuple(
            Change(old.path, f"{old.size} bytes", f"{new.size} bytes")
            for old, new in both
            if _other(old, new)
        ),
        tuple(Altered(old.path, what) for old, new in both if (what := tuple(_altered(old, new)))),
        moved,
        tuple(old.path for old, new in both if _unread(old, new)),
    )


def _other(old: Entry, new: Entry) -> bool:
    if old.kind is not Kind.FILE or new.kind is not Kind.FILE:
        return False
    if old.digest is None or new.digest is None:
        return old.size != new.size
    return old.digest != new.digest


def _unread(old: Entry, new: Entry) -> bool:
    files = old.kind is Kind.FILE and new.kind is Kind.FILE and old.size == new.size > 0
    return files and (old.digest is None or new.digest is None)


def _moved(removed: Sequence[Entry], added: Sequence[Entry]) -> Iterator[Change]:
    """
    Files that are gone here and there again elsewhere; empty ones are too alike to tell.
    """
    places: dict[str, list[str]] = {}
    for one in sorted(added, key=lambda entry: entry.path, reverse=True):
        if one.kind is Kind.FILE and one.digest is not None and one.size:
            places.setdefault(one.digest.hex, []).append(one.path)
    for one in sorted(removed, key=lambda entry: entry.path):
        if one.kind is Kind.FILE and one.digest is not None and (found := places.get(one.digest.hex)):
            yield Change(one.digest.hex, one.path, found.pop())


def _altered(old: Entry, new: Entry) -> Iterator[Change]:
    pairs = (
        ("type", str(old.kind), str(new.kind)),
        ("mode", f"{old.mode:04o}", f"{new.mode:04o}"),
        ("owner", f"{old.uid}:{old.gid}", f"{new.uid}:{new.gid}"),
        ("target", old.target, new.target),
        ("device", "{}:{}".format(*old.device), "{}:{}".format(*new.device)),
        ("attributes", _attributes(old), _attributes(new)),
    )
    return (Change(*pair) for pair in pairs if pair[1] != pair[2])


def _attributes(entry: Entry) -> str:
    return " ".join(f"{name}={value.hex()}" for name, value in sorted(entry.xattrs))


def _sizes(index: Index, other: Index) -> tuple[Grown, ...]:
    before, after = _weights(index), _weights(other)
    rows = (Grown(folder, before[folder], after[folder]) for folder in before.keys() | after.keys())
    return tuple(sorted((one for one in rows if one.by), key=lambda one: (-abs(one.by), one.folder)))


def _weights(index: Index) -> Counter[str]:
    """
    Bytes by folder; a file with several names counts once.
    """
    weights = Counter[str]()
    for one in index:
        if one.kind is Kind.FILE and not one.first:
            weights["/".join(one.path.split("/")[:-1][:_DEPTH])] += one.size
    return weights
