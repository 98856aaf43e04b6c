"""
Compare two images that an operator names; both are read, and both are asked every rule.
"""

from collections.abc import Callable
from datetime import date

from tundish.anatomy.diff import difference
from tundish.anatomy.hashing import hashed
from tundish.anatomy.image import Image
from tundish.anatomy.index import Index
from tundish.anatomy.packed.unwrapping import Progress, silent
from tundish.app.checking import Asked, check_image
from tundish.app.looking import Shelf, look
from tundish.check.assuming import Said
from tundish.check.difference import Compared, Comparison, findings_between
from tundish.check.run import Report
from tundish.core.errors import NotFound


def compare(
    before: str, after: str, shelf: Callable[[], Shelf], *, today: date, heard: Progress = silent
) -> Comparison:
    """
    What is different in the second of two images, each a path or a ref.

    Raises:
        NotFound: there is no such path or image, or no system in it.
        InputError: a path cannot be read.
        BadImage: one is damaged where it has to be read.
    """
    with look(before, shelf, heard) as old, look(after, shelf, heard) as new:
        return compared(old, new, today=today)


def compared(old: Image, new: Image, *, today: date) -> Comparison:
    """
    What is different in the second of two images that are open.

    Raises:
        NotFound, BadImage: as `compare`.
    """
    old_root, new_root = _root(old), _root(new)
    old_report, new_report = _report(old, today), _report(new, today)
    found = difference(
        (hashed(old_root), old_report.subject.facts), (hashed(new_root), new_report.subject.facts)
    )
    findings = findings_between(old_report.findings, new_report.findings)
    return Comparison(_compared(old_report), _compared(new_report), found, findings)


def _root(image: Image) -> Index:
    if image.root is None:
        why = image.wrapping.fault or "; ".join(image.remarks) or f"it is {image.form}"
        raise NotFound(f"{image.name} holds no system that could be compared: {why}")
    return image.root


def _report(image: Image, today: date) -> Report:
    return check_image(image, Asked(Said()), today=today)


def _compared(report: Report) -> Compared:
    image = report.subject.image
    return Compared(image.name, image.wrapping.size, report.verdict.fit)
