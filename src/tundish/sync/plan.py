"""
Decide what a sync will do, before anything is done.

A plan is a value: it can be shown (`--plan`), stored with the job, compared in a test, and carried out
by `mirror`. Bytes that several versions share are counted once, in the first version that names them.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from tundish.core.digest import Digest
from tundish.core.holding import OWN, Holding, HoldingId
from tundish.core.image import Item, Product, Version
from tundish.core.lifecycle import State
from tundish.core.names import ItemPath, SourceName
from tundish.core.selection import Selection
from tundish.stream.select import depth
from tundish.sync import retention
from tundish.sync.offer import Offer
from tundish.sync.ranking import Ranking, ranking

HELD = "held and offered"
ON_HOLD = "its image is on hold"

_Key = tuple[str, str, str, str]  # source, content id, product, version
_Subject = tuple[SourceName, Product, Version]


class Action(StrEnum):
    FETCH = "fetch"
    KEEP = "keep"
    RETIRE = "retire"


@dataclass(frozen=True, slots=True)
class PlannedVersion:
    """
    What will happen to one version, and why. `size` is what this line moves, keeps or frees, in bytes.
    """

    action: Action
    source: SourceName
    product: Product
    version: Version
    reason: str
    size: int
    holding: HoldingId | None = None  # in the catalog, if it is there already
    damaged: bool = False  # it was complete, and no longer is

    @property
    def line(self) -> tuple[str, str, str]:
        """
        What its newer and older versions have in common.
        """
        return (self.source, self.product.content_id, self.product.name)

    @property
    def ref(self) -> str:
        return f"{self.product.ref}@{self.version.name}"


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """
    One blob to fetch. `held` of its `size` bytes came in an earlier, interrupted run.
    """

    digest: Digest
    size: int
    held: int
    source: SourceName
    path: ItemPath


@dataclass(frozen=True, slots=True)
class Plan:
    versions: tuple[PlannedVersion, ...]
    files: tuple[PlannedFile, ...]

    def of(self, action: Action) -> tuple[PlannedVersion, ...]:
        return tuple(planned for planned in self.versions if planned.action is action)

    def bytes_of(self, action: Action) -> int:
        return sum(planned.size for planned in self.versions if planned.action is action)

    @property
    def fetch_bytes(self) -> int:
        """
        Bytes that have to come over the network, without those that came earlier.
        """
        return sum(file.size - file.held for file in self.files)

    @property
    def is_empty(self) -> bool:
        """
        Whether carrying it out would change nothing.
        """
        return all(planned.action is Action.KEEP for planned in self.versions)


def plan(
    offers: Sequence[Offer],
    selections: Sequence[Selection],
    holdings: Sequence[Holding],
    *,
    held: Collection[Digest],
    unfinished: Mapping[Digest, int] | None = None,
    ties: Mapping[HoldingId, str] | None = None,
    priorities: Mapping[SourceName, int] | None = None,
) -> Plan:
    """
    Fetch what is selected, offered and not whole; keep what is; retire what is neither any more. What is
    selected by nobody goes whether its source was read or not.

    `held` are the blobs in the store, `unfinished` the bytes of those on their way in; `ties` says what
    stays whatever is newer, and why; `priorities` are those of all sources in use, read or not.
    """
    ranked = ranking(offers, holdings, priorities or {})
    draft = _Draft(frozenset(held), dict(unfinished or {}))
    known = {_key(each.source, each.product, each.version): each for each in holdings}
    frozen = retention.frozen(holdings)
    wanted = {
        _key(offer.source.name, product, version): (offer, product, version)
        for offer in offers
        for product in offer.products
        for version in retention.takeable(
            product,
            ranked.depth(selections, product, offer.source.name),
            frozen.get(retention.line_of(offer.source.name, product)),
        )
    }
    for key, (offer, product, version) in wanted.items():
        why = HELD if key[:3] not in frozen else ON_HOLD
        draft.want((offer.source.name, product, version), known.get(key), why)
    spare = list(_spare(holdings, set(wanted)))
    stays = _staying(spare, offers, selections, wanted, ranked)
    for holding in _retired_but_tied(holdings, ties or {}, set(wanted)):
        draft.judge(holding, (ties or {})[holding.id], None)
    for holding in spare:
        reason = (ties or {}).get(holding.id, "")
        if not reason and _is_selected(holding, selections):
            reason = _unread(holding, offers)
        if not reason and ranked.depth(selections, holding.product, holding.source):
            line = retention.line_of(holding.source, holding.product)
            reason = _reason_to_stay(holding, line in frozen, holding.id in stays)
        draft.judge(holding, reason, ranked.hider(holding.source, holding.product))
    return draft.plan()


def _key(source: str, product: Product, version: Version) -> _Key:
    return (source, product.content_id, product.name, version.name)


def _spare(holdings: Iterable[Holding], wanted: Collection[_Key]) -> Iterator[Holding]:
    """
    What we hold beside the wanted, newest first; what is ours is no sync's business.
    """
    for holding in sorted(holdings, key=lambda each: each.version.name, reverse=True):
        if (
            holding.source != OWN
            and holding.state is not State.RETIRED
            and _key(holding.source, holding.product, holding.version) not in wanted
        ):
            yield holding


def _retired_but_tied(
    holdings: Iterable[Holding], ties: Mapping[HoldingId, str], wanted: Collection[_Key]
) -> Iterator[Holding]:
    """
    What was retired and stays all the same, retired as it is, until nothing ties it any more.
    """
    for holding in holdings:
        is_tied = holding.source != OWN and holding.state is State.RETIRED and holding.id in ties
        if is_tied and _key(holding.source, holding.product, holding.version) not in wanted:
            yield holding


def _is_selected(holding: Holding, selections: Sequence[Selection]) -> bool:
    """
    Whether any selection wants it, from this source or from another in its place.
    """
    whole = replace(holding.product, versions=(holding.version,))
    return depth(selections, whole, holding.source) > 0


def _staying(
    spare: Sequence[Holding],
    offers: Sequence[Offer],
    selections: Sequence[Selection],
    wanted: Mapping[_Key, tuple[Offer, Product, Version]],
    ranked: Ranking,
) -> frozenset[HoldingId]:
    """
    What still has a place beside the wanted versions: of its product or, where the source offers the image
    as another product now, of that one.
    """
    offered = {
        retention.line_of(offer.source.name, product) for offer in offers for product in offer.products
    }
    of_line = Counter(key[:3] for key in wanted)
    of_image = Counter((offer.source.name, product.ref) for offer, product, _ in wanted.values())
    room = {}
    for each in spare:
        line = retention.line_of(each.source, each.product)
        taken = of_line[line] if line in offered else of_image[each.source, each.product.ref]
        room[line] = ranked.depth(selections, each.product, each.source) - taken
    return retention.staying(spare, room)


def _unread(holding: Holding, offers: Sequence[Offer]) -> str:
    """
    Why nobody can say whether it is still offered; empty if somebody can.
    """
    offer = next((each for each in offers if each.source.name == holding.source), None)
    if offer is None:
        return "its source was not read"
    if offer.emptied:
        return "its source suddenly offers nothing"
    if any(unread.content_id == holding.product.content_id for unread in offer.unread):
        return "its products file could not be read"
    return ""


def _reason_to_stay(holding: Holding, on_hold: bool, has_room: bool) -> str:
    """
    Why something selected that is not wanted stays all the same; empty if it may go.
    """
    if on_hold and holding.state in {State.COMPLETE, State.DAMAGED}:
        return ON_HOLD
    return "no longer offered, still selected" if has_room else ""


class _Draft:
    """
    A plan in the making: remembers which blobs are spoken for, so that each is counted once.
    """

    def __init__(self, held: frozenset[Digest], unfinished: Mapping[Digest, int]) -> None:
        self._held, self._unfinished = held, unfinished
        self._versions: list[PlannedVersion] = []
        self._files: dict[Digest, PlannedFile] = {}
        self._used: set[Digest] = set()

    def want(self, subject: _Subject, holding: Holding | None, why: str) -> None:
        source, _, version = subject
        missing = [item for item in version.items if item.digest not in self._held]
        same = holding is not None and _digests(holding.version) == _digests(version)
        if same and not missing and holding is not None and holding.state is State.COMPLETE:
            self._note(Action.KEEP, subject, holding, why, self._fresh(version.items))
            return
        size = sum(self._claim(source, item) for item in missing)
        self._used.update(_digests(version))
        reason = _reason_to_fetch(holding, missing, same=same)
        damaged = same and holding is not None and holding.state is State.COMPLETE
        self._note(Action.FETCH, subject, holding, reason, size, damaged=damaged)

    def judge(self, holding: Holding, reason: str, hider: SourceName | None) -> None:
        subject = (holding.source, holding.product, holding.version)
        if reason:
            self._note(Action.KEEP, subject, holding, reason, self._fresh(holding.version.items))
        else:
            why = "no longer wanted: deselected, or newer versions took its place"
            why = f"source {hider}, of higher priority, offers it too" if hider else why
            self._note(Action.RETIRE, subject, holding, why, 0)

    def plan(self) -> Plan:
        freed: set[Digest] = set(self._used)
        versions = []
        for planned in self._versions:
            if planned.action is Action.RETIRE:
                versions.append(replace(planned, size=_count(planned.version.items, freed, self._held)))
            else:
                versions.append(planned)
        return Plan(tuple(versions), tuple(self._files.values()))

    def _claim(self, source: SourceName, item: Item) -> int:
        """
        Put a missing blob on the list once; its bytes count where it was first named.
        """
        if item.digest in self._files:
            return 0
        came = min(self._unfinished.get(item.digest, 0), item.size)
        self._files[item.digest] = PlannedFile(item.digest, item.size, came, source, item.path)
        return item.size - came

    def _fresh(self, items: Iterable[Item]) -> int:
        return _count(items, self._used, self._held)

    def _note(
        self,
        action: Action,
        subject: _Subject,
        holding: Holding | None,
        reason: str,
        size: int,
        *,
        damaged: bool = False,
    ) -> None:
        source, product, version = subject
        bare = replace(product, versions=())
        known = holding.id if holding else None
        self._versions.append(PlannedVersion(action, source, bare, version, reason, size, known, damaged))


def _reason_to_fetch(holding: Holding | None, missing: Sequence[Item], *, same: bool) -> str:
    if holding is None:
        return "selected and not held" if missing else "selected; every file is held already"
    if not same:
        return "offered with other files than those held"
    if holding.state is State.COMPLETE or holding.state is State.DAMAGED:
        return f"{len(missing)} of its files are missing or damaged"
    return "an earlier run ended before it was whole"


def _digests(version: Version) -> frozenset[Digest]:
    return frozenset(item.digest for item in version.items)


def _count(items: Iterable[Item], used: set[Digest], held: frozenset[Digest]) -> int:
    """
    Bytes of the held files that were not counted before; they are now.
    """
    total = 0
    for item in items:
        if item.digest in held and item.digest not in used:
            used.add(item.digest)
            total += item.size
    return total
