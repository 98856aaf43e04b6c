"""
One run of a mirror from end to end: read the source, plan, fetch, place, publish, and forget what went.

Files first, documents after them, what a reader begins with last; what nothing lists any more stays for
the grace period. One run per folder at a time. Killed anywhere, the next run goes on.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tundish.catalog.lock import held as locked
from tundish.core.errors import Conflict, InputError, Partial, TundishError, UpstreamError
from tundish.core.image import Item
from tundish.fetch.carrier import may_have_moved_on
from tundish.mirrors.desk import Desk, Outcome, Prepared, Trouble
from tundish.mirrors.plan import OWN, Plan, settled
from tundish.mirrors.reading import Offer
from tundish.mirrors.record import Notes, Record
from tundish.mirrors.transfer import Arrivals, Wanted, Watch
from tundish.mirrors.tree import Tree
from tundish.mirrors.wish import Wish
from tundish.mirrors.work import Work
from tundish.store.local import LocalStore

_SHOWN = 20  # troubles named before the rest is counted


def prepare(wish: Wish, root: Path, desk: Desk) -> Prepared:
    """
    Say what a run would do. Writes nothing at all.

    Raises:
        TrustError, UpstreamError: the source cannot be read or believed.
        InputError: a filter is none.
    """
    work = _begun(wish, root, desk, threading.Event())
    offer = work.read()
    return _prepared(offer, work.plan(offer), ())


def _unheard(_outcome: Outcome, _error: TundishError) -> None: ...


def mirror(
    wish: Wish,
    root: Path,
    desk: Desk,
    *,
    watch: Watch,
    stop: threading.Event,
    planned: Callable[[Prepared], None],
    ended: Callable[[Outcome, TundishError], None] = _unheard,
) -> Outcome:
    """
    Bring the folder to what is wished. `planned` is shown the plan before it is begun; `ended` is told what
    came of a run that lacks something, before that is raised.

    Raises:
        Busy: another run has the folder.
        Partial: some of it worked; the rest is named, and the next run tries it again.
        NoSpace, StorageError, Stopped: it ended early; what came is kept.
        TrustError, UpstreamError: the source cannot be read or believed; nothing was changed.
    """
    wish.parsed()  # a wrong word makes no folder
    tree = Tree(root)
    tree.make()
    with locked(root / OWN / "lock", f"the mirror {root}", desk.holder):
        tree.sweep()
        work = _begun(wish, root, desk, stop)
        if met := work.met():
            return Outcome(
                changed=False, totals=met.totals, removed=work.forget(), fingerprint=work.fingerprint
            )
        outcome, trouble = _carried_out(work, watch, planned)
        if trouble is not None:
            ended(outcome, trouble)
            raise trouble
        return outcome


def _begun(wish: Wish, root: Path, desk: Desk, stop: threading.Event) -> Work:
    wish.parsed()
    notes = Notes(root)
    record = notes.record()
    wish = replace(wish, signed=_is_signed(wish, record, root))
    if wish.signed and desk.signer is None:
        raise InputError(f"{root} is to have a catalogue of its own; give the key: --sign KEY")
    return Work(wish, desk, Tree(root), notes, record, stop, desk.now())


def _is_signed(wish: Wish, record: Record, root: Path) -> bool:
    """
    Who signs the catalogue. That of a folder does not change by a word left out.
    """
    if wish.signed is None and record.signed:
        raise Conflict(
            f"the catalogue of {root} is signed by a key of ours; give --sign KEY as before, "
            "or --verbatim to put upstream's in its place"
        )
    return bool(wish.signed)


@dataclass(frozen=True, slots=True)
class _Brought:
    """
    What a source has, what of it is to be held, which files the tree lacks for that, and what came.
    """

    offer: Offer
    plan: Plan
    missing: Sequence[Item]
    arrivals: Arrivals


def _carried_out(
    work: Work, watch: Watch, planned: Callable[[Prepared], None]
) -> tuple[Outcome, TundishError | None]:
    """
    What was done, and what to raise because some of it failed.
    """
    store = LocalStore(work.notes.folder / "store")
    brought = _brought(work, store, watch, planned)
    offer, arrivals = brought.offer, brought.arrivals
    lost = {failure.file.digest for failure in arrivals.failures}
    held = settled(brought.plan, lost)
    work.place(brought.missing, lost, store)
    written = work.publish(offer, held, arrivals)
    work.note(offer, held, brought.plan)
    removed = work.forget(store)
    changed = written or bool(brought.plan.changes())
    totals, troubles = work.totals(offer, held), _troubles(offer, arrivals)
    if not troubles:
        work.fulfilled(offer, totals, changed=changed)
    outcome = Outcome(
        changed=changed,
        totals=totals,
        fetched_files=arrivals.files,
        fetched_bytes=arrivals.bytes,
        removed=removed,
        fingerprint=work.fingerprint,
        failures=troubles,
    )
    return outcome, _verdict(troubles, offer, arrivals) if troubles else None


def _brought(work: Work, store: LocalStore, watch: Watch, planned: Callable[[Prepared], None]) -> _Brought:
    """
    Read, plan and fetch. If a file is not what is listed, the source may have moved on: once more.
    """
    first = _fetched(work, work.read(), store, watch, planned)
    if not any(may_have_moved_on(failure.error) for failure in first.arrivals.failures):
        return first
    work.renew_shelf()
    try:
        later = work.read()
    except UpstreamError:
        return first
    if [each.kept for each in later.documents] == [each.kept for each in first.offer.documents]:
        return first
    second = _fetched(work, later, store, watch, planned)
    second.arrivals.files += first.arrivals.files
    second.arrivals.bytes += first.arrivals.bytes
    return second


def _fetched(
    work: Work, offer: Offer, store: LocalStore, watch: Watch, planned: Callable[[Prepared], None]
) -> _Brought:
    decided = work.plan(offer)
    missing = work.missing(decided, store) if work.wish.download else []
    wanted = work.wanted(missing, store)
    planned(_prepared(offer, decided, wanted))
    work.check_space(wanted, store)
    work.note_coming(missing)
    return _Brought(offer, decided, missing, work.fetch(wanted, store, watch))


def _prepared(offer: Offer, decided: Plan, wanted: Sequence[Wanted]) -> Prepared:
    return Prepared(
        changes=decided.changes(),
        growth=decided.growth(),
        remarks=tuple(offer.remarks),
        troubles=tuple(f"{each.content_id}: {each.error}" for each in offer.unread),
        files=tuple(wanted),
    )


def _troubles(offer: Offer, arrivals: Arrivals) -> tuple[Trouble, ...]:
    return (
        *(Trouble(failure.file.path, failure.error) for failure in arrivals.failures),
        *(Trouble(each.content_id, each.error) for each in offer.unread),
    )


def _verdict(troubles: Sequence[Trouble], offer: Offer, arrivals: Arrivals) -> TundishError:
    """
    What to raise at the end: the one error if nothing worked, or Partial.
    """
    if not arrivals.files and not offer.offered and offer.unread:
        return offer.unread[0].error
    shown = "\n  ".join(f"{each.subject}: {each.error}" for each in troubles[:_SHOWN])
    more = "" if len(troubles) <= _SHOWN else f"\n  and {len(troubles) - _SHOWN} more"
    return Partial(
        f"{len(troubles)} part(s) of the mirror failed; the next run tries them again:\n  {shown}{more}"
    )
