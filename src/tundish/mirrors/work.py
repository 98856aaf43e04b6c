"""
The steps of one run, each of which can be done again: read, plan, fetch, place, publish, note, forget.

Before a file gets its name it is noted as going, so one that no later run wants is still accounted for.
"""

import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from tundish.core.digest import Digest
from tundish.core.errors import Gone, NoSpace, Stopped, UpstreamError
from tundish.core.image import Item, Remark
from tundish.core.names import ItemPath
from tundish.fetch.brake import Brake
from tundish.fetch.carrier import Carrier, Place
from tundish.fetch.fetcher import Fetched
from tundish.fetch.headers import shown
from tundish.fetch.retry import Patience, persist
from tundish.mirrors import documents, record
from tundish.mirrors.desk import Desk
from tundish.mirrors.plan import Held, Plan, Rule, files, listed, plan, present
from tundish.mirrors.reading import Offer, Reader, Shelf
from tundish.mirrors.record import Going, Kept, Met, Notes, Origin, Record, Totals
from tundish.mirrors.transfer import Arrivals, Wanted, Watch, bring
from tundish.mirrors.tree import Tree
from tundish.mirrors.wish import Wish
from tundish.store.local import LocalStore
from tundish.stream.filters import foresee, narrowed

_RESERVE = 64 * 1024 * 1024  # bytes left free beside what the plan needs
_DOCUMENTS = Patience(attempts=3)


@dataclass(slots=True)
class Work:
    wish: Wish  # whose `signed` is settled
    desk: Desk
    tree: Tree
    notes: Notes
    record: Record
    stop: threading.Event
    now: datetime
    shelf: Shelf = field(init=False)
    going: Mapping[ItemPath, Going] = field(init=False)

    def __post_init__(self) -> None:
        self.going = self.notes.going()
        self.renew_shelf()

    def renew_shelf(self) -> None:
        """
        From now on documents are asked for again.
        """
        self.shelf = Shelf(self.desk.fetcher, self.wish.roots, self._patiently, self._copy)

    @property
    def entry(self) -> str:
        """
        Where the reading begins, as it may stand in notes that a web server may hand out.
        """
        return "".join(map(shown, self.wish.start))

    @property
    def fingerprint(self) -> str:
        return self.desk.signer.fingerprint if self.desk.signer and self.wish.signed else ""

    @property
    def name(self) -> str:
        return self.wish.name + self.fingerprint

    def met(self) -> Met | None:
        """
        What this wish met last time, if that still stands: then there is nothing to do.

        Raises:
            UpstreamError: the source does not answer.
        """
        met = self.record.met.get(self.name)
        if met is None or self._is_due(met):
            return None
        first, *rest = met.documents
        if not self.shelf.is_unchanged(first):
            return None
        try:
            return met if all(self.shelf.is_unchanged(each) for each in rest) else None
        except UpstreamError:  # reading will say so of this one, and go on with the others
            return None

    def _is_due(self, met: Met) -> bool:
        ends = [each.expires for each in met.documents if each.expires is not None]
        return (
            documents.is_to_renew(self.record, self.now)
            or min(ends, default=self.now) < self.now
            or any(self.tree.size(path) is None for path in self.record.standing())
            or any(self.tree.size(path) != size for path, size in self.notes.paths().items())
        )

    def read(self) -> Offer:
        """
        What the source has now.
        """
        seen = {} if self.wish.allow_rollback else self.record.marks.get(self.entry, {})
        reader = Reader(self.shelf, self.wish.keyring, self.desk.verifier, seen, self.now)
        return reader.read(self.wish.start[1])

    def plan(self, offer: Offer) -> Plan:
        """
        What to hold of it, beside what other wishes hold.
        """
        held = present(self.notes.held(self.record.origins), self._is_there)
        if not self.wish.download:
            return Plan(held, held)
        filters = self.wish.parsed()
        if self.desk.search is not None:
            for each in offer.offered.values():
                foresee(each.products, filters, self.desk.search)
        with self.desk.bounded():
            offered = [narrowed(each.products, filters) for each in offer.offered.values()]
        if filters and not any(each.products for each in offered):
            offer.remarks.append(Remark("filters", "nothing that the source offers passes all of them"))
        ours = {name for name, origin in self.record.origins.items() if origin.root == self.entry}
        known = offer.offered.keys() | {each.content_id for each in offer.unread}
        rule = Rule(self.wish.most, self.wish.keep, self.wish.prune)
        return plan(offered, held, rule, gone=ours - known)

    def _is_there(self, item: Item) -> bool:
        return self.tree.size(item.path) == item.size

    def missing(self, decided: Plan, store: LocalStore) -> list[Item]:
        """
        The files of the plan that do not stand in the tree, by path.
        """
        before = files(decided.before)
        return [
            item
            for path, item in files(decided.after).items()
            if not (path in before and before[path].digest == item.digest)
            and not self.tree.is_blob(path, item.digest, store)
        ]

    def wanted(self, missing: Collection[Item], store: LocalStore) -> list[Wanted]:
        """
        The blobs to bring in. A file that another program left in the tree is looked at first.
        """
        here = {blob.digest for blob in store.walk()} if missing else set()
        found = {item.digest: item for item in missing if item.digest not in here}
        parts = {part.digest: part.size for part in store.unfinished()} if found else {}
        return [
            Wanted(
                item.path,
                item.digest,
                item.size,
                str(self.tree.root / item.path) if self._is_there(item) else None,
                parts.get(item.digest, 0),
            )
            for item in found.values()
        ]

    def check_space(self, wanted: Collection[Wanted], store: LocalStore) -> None:
        """
        Raises:
            NoSpace: what is wanted does not fit.
        """
        needed = sum(max(file.size - file.held, 0) for file in wanted)
        free = store.free()
        if wanted and needed + _RESERVE > free:
            raise NoSpace(f"the mirror {self.tree.root}", needed + _RESERVE, free)

    def fetch(self, wanted: Sequence[Wanted], store: LocalStore, watch: Watch) -> Arrivals:
        """
        Bring them in, after noting them.
        """
        if not wanted:
            return Arrivals()
        desk, brake = self.desk, Brake(self.stop)
        carriage = Carrier(store, watch, brake, desk.sleep, desk.jitter, desk.patience, desk.parallel)
        place = Place(desk.fetcher, self.wish.roots)
        return bring(wanted, carriage=carriage, place=place, store=store)

    def note_coming(self, missing: Collection[Item]) -> None:
        """
        Account for files before they are there: they are going until the run says what is held.
        """
        if missing:
            coming = {item.path: Going(self.now, item.digest.hex) for item in missing}
            self._write_going({**coming, **self.going})

    def place(self, missing: Collection[Item], lost: Collection[Digest], store: LocalStore) -> None:
        """
        Give what came its names in the tree, durably.
        """
        for item in missing:
            if item.digest not in lost:
                self.tree.put(item.path, item.digest, store)
        self.tree.sync()

    def publish(self, offer: Offer, held: Held, arrivals: Arrivals) -> bool:
        """
        Write the catalogue. Whether it is another than before.

        A verbatim one waits while a file it lists may still come; what upstream itself lacks never will.
        """
        before = set(self.record.standing())
        showcase = documents.Showcase(self.record, self.tree, self._note_documents)
        if self.wish.signed and self.desk.signer is not None:
            press = documents.Press(self.desk.signer, self.desk.verifier, self.now, self.wish.expires_days)
            showcase.place_evidence(offer, self.entry)
            changed = showcase.place_ours(held, press)
        elif offer.unread or not all(isinstance(each.error, Gone) for each in arrivals.failures):
            return False
        else:
            for name in offer.offered:
                self.record.origins[name] = Origin(self.entry)
            changed = showcase.place_verbatim(offer, self.entry, files(held))
        self.record.signed = self.wish.signed
        self._note_documents(before - set(self.record.standing()))
        return changed

    def _note_documents(self, paths: Iterable[ItemPath]) -> None:
        """
        Account for documents that are not written yet, or no longer named.
        """
        self._write_going({**self.going, **{path: Going(self.now, "") for path in paths}})

    def note(self, offer: Offer, held: Held, decided: Plan) -> None:
        """
        Write down what is held now, and what is not any more.
        """
        now, gone = files(held), files(decided.before)
        going = {**self.going, **{path: Going(self.now, item.digest.hex) for path, item in gone.items()}}
        self._write_going(going)
        self.tree.note(*record.paths_text(now))
        for name, document in held.items():
            self.record.origins.setdefault(name, Origin(self.entry))
            if decided.before.get(name) != document:
                self.tree.note(*record.held_text(document))
        dropped = set(self.record.origins) - set(held)
        for name in dropped:
            del self.record.origins[name]
        self.record.marks[self.entry] = {each.document: each for each in offer.marks}
        self.save()
        # Only what the record names by now may stop being noted as going.
        standing = {*now, *self.record.standing()}
        self._write_going({path: each for path, each in going.items() if path not in standing})
        for name in dropped:
            self.tree.forget(record.held_text_name(name))

    def fulfilled(self, offer: Offer, totals: Totals, *, changed: bool) -> None:
        """
        Remember what this wish met. What others met no longer counts if the tree has changed.
        """
        if changed:
            self.record.met.clear()
        self.record.remember(self.name, Met(tuple(each.kept for each in offer.documents), totals))
        self.save()

    def save(self) -> None:
        self.tree.note(*record.record_text(self.record))

    def forget(self, store: LocalStore | None = None) -> int:
        """
        Remove files whose grace is over, and bytes that no name stands for any more. How many files went.
        """
        going = self.going
        due = {path for path, each in going.items() if each.since + self.wish.grace <= self.now}
        if not due and store is None:
            return 0
        held = files(self.notes.held(self.record.origins))
        left = {path: each for path, each in going.items() if path not in due}
        due -= held.keys() | self.record.standing().keys()
        removed = sum([self.tree.remove(path) for path in sorted(due)])
        self._write_going(left)
        named = {item.digest.hex for item in held.values()} | {each.digest for each in left.values()}
        _collect(store or LocalStore(self.notes.folder / "store"), named)
        return removed

    def totals(self, offer: Offer, held: Held) -> Totals:
        """
        What is held, and what the catalogue lists beyond it.
        """
        have = files(held)
        offered = {name: each.products for name, each in offer.offered.items()}
        named = have if self.wish.signed else listed(offered)
        lacking = [item for path, item in named.items() if path not in have and self.tree.size(path) is None]
        return Totals(
            files=len(have),
            bytes=sum(item.size for item in have.values()),
            listed=len(named),
            lacking=len(lacking),
            lacking_bytes=sum(item.size for item in lacking),
        )

    def _write_going(self, going: Mapping[ItemPath, Going]) -> None:
        if going != self.going:
            self.tree.note(*record.going_text(going))
            self.going = going

    def _copy(self, kept: Kept) -> bytes | None:
        """
        Our own copy of a document that was accepted, if it is still that one.
        """
        for path in (
            kept.path,
            *(each for each, digest in self.record.standing().items() if digest == kept.digest),
        ):
            data = self.tree.read(path)
            if data is not None and Digest.of(data).hex == kept.digest:
                return data
        return None

    def _patiently(self, ask: Callable[[], Fetched | None]) -> Fetched | None:
        def attempt() -> Fetched | None:
            if self.stop.is_set():
                raise Stopped
            return ask()

        return persist(
            attempt,
            _DOCUMENTS,
            sleep=self.desk.sleep,
            jitter=self.desk.jitter,
            on_retry=lambda _error, _delay: None,
        )


def _collect(store: LocalStore, named: Collection[str]) -> None:
    """
    Remove blobs, and parts of them, that nothing held or going is made of.
    """
    for blob in store.walk():
        if blob.digest.hex not in named:
            store.remove(blob.digest)
    for part in list(store.unfinished()):
        if part.digest.hex not in named:
            store.discard(part.digest)
