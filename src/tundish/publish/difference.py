"""
What distinguishes two releases: images that appear and go, and what changed in those that stay.

Pure. Packages are those that the manifests of the versions list.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tundish.core.digest import Digest
from tundish.core.holding import Holding
from tundish.core.image import Item

MOST_PACKAGES = 100_000  # lines of a manifest that are read
MOST_TEXT = 255  # characters of a name or version


@dataclass(frozen=True, slots=True)
class Change:
    """
    One image whose newest version is another one; without both manifests, its packages are not known.
    """

    image: str
    before: str  # version
    after: str
    added: Mapping[str, str]  # package: version
    removed: Mapping[str, str]
    changed: Mapping[str, tuple[str, str]]
    known: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """
    `appears` and `goes` are refs of image versions.
    """

    appears: tuple[str, ...]
    goes: tuple[str, ...]
    changes: tuple[Change, ...]

    @property
    def is_empty(self) -> bool:
        return not (self.appears or self.goes)


def versions(before: Sequence[Holding], after: Sequence[Holding]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """
    The refs that only the second offers, and those that only the first does; other bytes are another version.
    """
    old, new = _by_content(before), _by_content(after)
    return (
        tuple(sorted({new[key] for key in new.keys() - old.keys()})),
        tuple(sorted({old[key] for key in old.keys() - new.keys()})),
    )


def renewed(before: Sequence[Holding], after: Sequence[Holding]) -> tuple[tuple[Holding, Holding], ...]:
    """
    The newest versions of each product that both offer, where they are different ones.
    """
    old, new = _newest(before), _newest(after)
    return tuple(
        (old[key], new[key])
        for key in sorted(old.keys() & new.keys())
        if old[key].version.name != new[key].version.name
    )


def manifest(holding: Holding) -> Item | None:
    """
    The file that lists the packages of a version, if there is one.
    """
    return holding.version.item("manifest")


def packages(text: bytes) -> Mapping[str, str]:
    """
    The packages of a manifest, lines of a name, a tab or blank, and a version. Other lines are passed over.
    """
    found = {}
    for line in text.decode("utf-8", "replace").splitlines()[:MOST_PACKAGES]:
        words = line.split()
        if len(words) == 2 and all(word.isprintable() and len(word) <= MOST_TEXT for word in words):
            found[words[0]] = words[1]
    return found


def change(
    before: Holding,
    after: Holding,
    old: Mapping[str, str] | None,
    new: Mapping[str, str] | None,
) -> Change:
    """
    What a newer version of an image brings; None for packages that are not known.
    """
    known = old is not None and new is not None
    old, new = (old, new) if old is not None and new is not None else ({}, {})
    return Change(
        image=after.product.ref,
        before=before.version.name,
        after=after.version.name,
        added={name: new[name] for name in sorted(new.keys() - old.keys())},
        removed={name: old[name] for name in sorted(old.keys() - new.keys())},
        changed={
            name: (old[name], new[name]) for name in sorted(old.keys() & new.keys()) if old[name] != new[name]
        },
        known=known,
    )


def _by_content(holdings: Iterable[Holding]) -> dict[tuple[str, str, str, frozenset[Digest]], str]:
    return {
        (
            each.product.content_id,
            each.product.name,
            each.version.name,
            frozenset(item.digest for item in each.version.items),
        ): each.ref
        for each in holdings
    }


def _newest(holdings: Iterable[Holding]) -> dict[tuple[str, str], Holding]:
    found: dict[tuple[str, str], Holding] = {}
    for each in sorted(holdings, key=lambda holding: holding.version.name):
        found[each.product.content_id, each.product.name] = each
    return found
