"""
Mend what the rules found in an image: show what would change, and write a new image of the same container.
"""

from collections.abc import Callable, Collection
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from tundish.anatomy.image import Compression, Form, Image
from tundish.anatomy.opening import disk_in
from tundish.anatomy.packed.unwrapping import Progress, silent
from tundish.app.beside import beside
from tundish.app.checking import Asked, check_image
from tundish.app.disk_mending import is_own, mend, mendable
from tundish.app.laying import Container
from tundish.app.looking import Shelf, bytes_of, look
from tundish.app.packing import Packed, pack_root, whole_root
from tundish.check.assuming import Said
from tundish.check.hygiene import WORDS, Change, repairs, weight, words_of
from tundish.check.mended import mended
from tundish.check.rule import Finding, Status
from tundish.core.errors import InputError

_CONTAINERS = {
    Compression.GZIP: Container.TGZ,
    Compression.XZ: Container.TXZ,
    Compression.BZIP2: Container.TBZ,
}
_ENDINGS = {
    (".tar.xz", ".txz"): Container.TXZ,
    (".tar.bz2", ".tbz", ".tbz2"): Container.TBZ,
}


@dataclass(frozen=True, slots=True)
class Wish:
    """
    What shall be mended: the words of `only`, or those of the findings where it is empty; none of `without`.
    """

    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    target: Path | None = None  # None: only show


@dataclass(frozen=True, slots=True)
class Cleaned:
    """
    `bytes` is the content that the changes take away, before it is packed. `vanished` and `left` are the
    findings with a repair that are gone from the new image, and those that are not.
    """

    name: str
    words: tuple[str, ...]
    changes: tuple[Change, ...]
    bytes: int
    packed: Packed | None = None
    vanished: tuple[Finding, ...] = ()
    left: tuple[Finding, ...] = ()


def clean(
    what: str,
    shelf: Callable[[], Shelf],
    wish: Wish,
    *,
    today: date,
    epoch: int | None = None,
    heard: Progress = silent,
) -> Cleaned:
    """
    Find what is to mend in an image and, where a target is named and there is something, write it mended.

    Raises:
        InputError: there is no such word, or the image is of a kind that is not written.
        NotFound: there is neither such a path nor such an image.
        Conflict: there is something at the target.
        BadImage: no root was found in the image, or it is damaged.
        IntegrityError: what was written reads otherwise than what was to be written.
        NoSpace, StorageError: it cannot be written; nothing is left.
    """
    _known((*wish.only, *wish.without))
    with ExitStack() as stack:
        aside = None if wish.target is None else stack.enter_context(beside(wish.target))
        image = stack.enter_context(look(what, shelf, heard, aside=aside))
        container = None if image.is_disk else _container(image, wish.target)
        volume = mendable(image) if image.is_disk else None
        root = whole_root(image)
        before = check_image(image, Asked(Said()), today=today).findings
        named = wish.only or words_of(before)
        words = tuple(word for word in WORDS if word in named and word not in wish.without)
        changes = repairs(root, words)
        if volume is not None:
            changes = tuple(one for one in changes if is_own(volume, root, one.path))
        gone = sum(weight(root, change) for change in changes)
        if wish.target is None or not changes:
            return Cleaned(image.name, words, changes, gone)
        if container is not None:
            packed = pack_root(mended(root, changes), container, wish.target, epoch=epoch)
        else:
            file = stack.enter_context(bytes_of(what, shelf))
            packed = mend(disk_in(file, image.name, aside), image, changes, wish.target, epoch=epoch)
    after = _failed(_findings(packed.path, shelf, today))
    old = [one for one in before if one.status is Status.FAIL and one.repair]
    still = {(one.rule, one.what) for one in after}
    vanished = tuple(one for one in old if (one.rule, one.what) not in still)
    return Cleaned(image.name, words, changes, gone, packed, vanished, after)


def _known(words: Collection[str]) -> None:
    for word in words:
        if word not in WORDS:
            raise InputError(f"{word} is no word of hygiene; there are: {', '.join(WORDS)}")


def _container(image: Image, target: Path | None) -> Container:
    """
    What the new image is packed as: what the old one is, or what the target's name says for a folder.
    """
    if image.form is Form.FOLDER:
        name = "" if target is None else target.name.lower()
        return next((kind for ends, kind in _ENDINGS.items() if name.endswith(ends)), Container.TGZ)
    if image.form is Form.TAR and image.disk is None and image.wrapping.compression in _CONTAINERS:
        return _CONTAINERS[image.wrapping.compression]
    raise InputError(
        f"{image.name} is no tgz, txz or tbz but {_kind(image)}, which hygiene does not write; make one of "
        f"its root first: tundish pack {image.name} --as tgz -o root.tar.gz"
    )


def _kind(image: Image) -> str:
    packed = image.wrapping.compression
    inner = "a tar with a disk in it" if image.form is Form.TAR and image.disk else image.form.value
    return inner if packed is Compression.NONE else f"{inner} in {packed.value}"


def _findings(path: Path, shelf: Callable[[], Shelf], today: date) -> tuple[Finding, ...]:
    with look(str(path), shelf) as image:
        return check_image(image, Asked(Said()), today=today).findings


def _failed(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    return tuple(one for one in findings if one.status is Status.FAIL and one.repair)
