"""
Write the catalogue of a mirror: upstream's own documents, or one of ours with upstream's beside it.

Whatever a document names is in place and on disk before it; what a reader begins with is written last.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from tundish.core.digest import Digest
from tundish.core.errors import Conflict, TrustError, UpstreamError
from tundish.core.names import ContentId, ItemPath
from tundish.mirrors import catalogue
from tundish.mirrors.catalogue import Sheet
from tundish.mirrors.plan import Held
from tundish.mirrors.reading import Document, Offer
from tundish.mirrors.record import Origin, Record
from tundish.mirrors.tree import Tree
from tundish.stream import index as stream_index
from tundish.trust import clearsign
from tundish.trust.protocols import Signer, Verifier
from tundish.trust.sign import signed

OURS = ""  # the entry under which our own documents are recorded


@dataclass(frozen=True, slots=True)
class Press:
    """
    What our own catalogue is made with.
    """

    signer: Signer
    verifier: Verifier
    now: datetime
    expires_days: int


@dataclass(frozen=True, slots=True)
class Showcase:
    """
    The documents of one tree. `coming` is told of paths before they are written.
    """

    record: Record
    tree: Tree
    coming: Callable[[Iterable[ItemPath]], None]

    def place_verbatim(self, offer: Offer, entry: str, files: Iterable[ItemPath]) -> bool:
        """
        Put upstream's documents in place as they came. Whether any was another than before.

        Raises:
            Conflict: a document would replace a file, or the reverse.
        """
        if taken := {each.kept.path for each in offer.documents}.intersection(files):
            raise Conflict(f"{min(taken)} is both a document and a file there; tell the source's owner")
        ordered = [Sheet(each.kept.path, each.body) for each in reversed(offer.documents)]
        changed = self._write(ordered, last=1)
        self.record.documents.pop(OURS, None)
        self.record.documents[entry] = {each.path: Digest.of(each.data).hex for each in ordered}
        self.record.catalogue, self.record.renew = "", None
        return changed

    def place_evidence(self, offer: Offer, entry: str) -> None:
        """
        Keep upstream's documents beside our catalogue, each under the name of its bytes.
        """
        bodies = {each.kept.path: each for each in offer.documents}
        for name, offered in offer.offered.items():
            sheets = [_evidence(bodies[path]) for path in offered.documents]
            self._write(sheets)
            self.record.origins[name] = Origin(entry, tuple(each.path for each in sheets))

    def place_ours(self, held: Held, press: Press) -> bool:
        """
        Write a catalogue of exactly what is held, if it would say anything new. Whether it was written.
        """
        record = self.record
        evidence = {name: record.origins[name].evidence for name in held if name in record.origins}
        gist = catalogue.gist(held, evidence, press.signer.fingerprint)
        standing = all(self.tree.size(path) is not None for path in record.standing())
        if gist == record.catalogue and standing and not is_to_renew(record, press.now):
            return False
        signer = press.signer.expiring(press.expires_days)
        with signer.session():
            updated = catalogue.next_moment(self._updated(press), press.now)
            sign = partial(signed, signer=signer, verifier=press.verifier, now=press.now)
            sheets = catalogue.sheets(held, evidence, updated, sign)
        self._write(sheets, last=2)
        record.documents = {OURS: _recorded(sheets, evidence)}
        record.catalogue = gist
        record.renew = press.now + timedelta(days=press.expires_days) / 2 if press.expires_days else None
        return True

    def _updated(self, press: Press) -> datetime | None:
        """
        The date of the index that stands in the tree, if we signed it.
        """
        path = catalogue.INDEXES[1]
        message = self.tree.read(path)
        if message is None:
            return None
        try:
            payload = clearsign.verify(
                message,
                keyring=press.signer.keyring(),
                verifier=press.verifier,
                now=press.now,
                origin=str(self.tree.root / path),
            )
            return stream_index.parse(payload)[0].updated
        except (TrustError, UpstreamError):  # upstream's own, or one that has expired
            return None

    def _write(self, sheets: Sequence[Sheet], last: int = 0) -> bool:
        """
        Write those that are not in place already; the last ones after all others are on disk.
        """
        lacking = [sheet for sheet in sheets if self.tree.read(sheet.path) != sheet.data]
        self.coming(sheet.path for sheet in lacking)
        for sheet in lacking:
            if sheet in sheets[len(sheets) - last :]:
                self.tree.sync()
            self.tree.write(sheet.path, sheet.data)
        self.tree.sync()
        return bool(lacking)


def is_to_renew(record: Record, now: datetime) -> bool:
    """
    Whether half the time of our own signatures has passed.
    """
    return record.renew is not None and record.renew <= now


def _evidence(document: Document) -> Sheet:
    return Sheet(catalogue.evidence_path(document.kept.path, document.body), document.body)


def _recorded(
    sheets: Sequence[Sheet], evidence: Mapping[ContentId, Sequence[ItemPath]]
) -> dict[ItemPath, str]:
    named = {path: path.rsplit("/", 1)[1].split(".", 1)[0] for paths in evidence.values() for path in paths}
    return {**named, **{each.path: Digest.of(each.data).hex for each in sheets}}
