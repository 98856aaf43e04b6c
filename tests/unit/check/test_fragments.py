"""
What is said of images that are hardly there: broken off, one folder too high, or no image at all.
"""

from dataclasses import replace

import pytest

from tests.support.disks import Part, disk, on_disk
from tests.support.systems import SYSTEMS, subject, subject_of
from tests.unit.check.asked import worst
from tundish.anatomy.facts import Facts
from tundish.anatomy.image import Compression, Form, Image, Wrapping
from tundish.check.assuming import Said, request_of
from tundish.check.rule import Finding, Severity, Status, ask
from tundish.check.rulebook import rule
from tundish.check.run import findings_of
from tundish.check.subject import Filetype, Request, Subject, Target
from tundish.core.errors import BadImage


def _broken_off() -> Subject:
    """
    The first files of a tar that breaks off.
    """
    made = subject("ubuntu", without=("etc/os-release", "usr/lib/os-release", "usr/bin/cloud-init"))
    wrapping = replace(made.image.wrapping, fault="the compressed data ends early")
    return replace(made, image=replace(made.image, wrapping=wrapping))


def _faults(findings: tuple[Finding, ...], status: Status) -> set[str]:
    return {one.rule for one in findings if one.status is status and one.severity is Severity.ERROR}


def test_what_a_fragment_lacks_is_not_known() -> None:
    """
    Of a tar that breaks off only that is an error; what is missing in it may have been in the rest.
    """
    assert {"A02"} == _faults(findings_of(_broken_off()), Status.FAIL)


def test_what_a_fragment_lacks_is_told_as_unknown() -> None:
    """
    What failed in a fragment is not taken for passed.
    """
    assert {"B01", "E01"} <= _faults(findings_of(_broken_off()), Status.UNKNOWN)


def test_what_is_beyond_the_break_of_a_disk_is_not_known() -> None:
    """
    Of a packed disk that breaks off, only that is an error, too: its table names what would have followed.
    """
    made = on_disk(disk(Part(Form.EXT, tree={}), faults=("the GPT is of a larger disk",)))
    wrapping = replace(made.image.wrapping, fault="the gzip ends too early")
    broken = replace(made, image=replace(made.image, wrapping=wrapping))

    assert {"A02"} == _faults(findings_of(broken), Status.FAIL)


def _unread(subject: Subject) -> bool:
    raise BadImage(f"{subject.image.name}: the hook lies beyond the end")


def test_a_scope_that_cannot_be_read_ends_no_check() -> None:
    """
    Whether a rule is meant for an image may hang on a file of it; if that is damaged, it is not known.
    """
    asked = replace(rule("C04"), scope=_unread)

    assert [Status.UNKNOWN] == [one.status for one in ask(asked, subject("ubuntu"))]


def test_a_root_below_a_folder_is_named() -> None:
    """
    A tar that was packed from one folder too high says in which folder the system is.
    """
    lower = {f"rootfs/{path}": node for path, node in SYSTEMS["ubuntu"].tree().items()}
    _, severity, said = worst("B01", subject_of(lower))

    assert (Severity.ERROR, "the system is in the folder rootfs of the image, not at its root") == (
        severity,
        said,
    )


def _asked(form: Form, name: str) -> Subject:
    image = Image(name, Wrapping(Compression.NONE, 10, 10), form)
    return Subject(image, Facts(), Request(Filetype.TGZ), Target())


def test_a_folder_is_not_unfit_for_being_one() -> None:
    """
    A folder is checked as what would be packed of it, and the report says that it has to be.
    """
    _, severity, said = worst("A01", _asked(Form.FOLDER, "tree"))

    assert (Severity.INFO, "tree is a folder, and cannot be uploaded before it is packed") == (severity, said)


def test_a_file_of_no_known_form_is_called_that() -> None:
    """
    What is no image at all is called so, once.
    """
    _, _, said = worst("A01", _asked(Form.UNKNOWN, "photo.jpg"))

    assert "what is inside photo.jpg is of no form that is known, not a tar" == said


@pytest.mark.parametrize(
    ("name", "told"),
    [("x.jpg", "--filetype tgz, as a guess"), ("x.dd.gz", "--filetype ddgz, by the name alone")],
)
def test_a_type_that_is_guessed_is_told_as_a_guess(name: str, told: str) -> None:
    """
    Where the content says nothing, nothing is said to follow from it.
    """
    image = _asked(Form.UNKNOWN, name).image

    assert told == request_of(image, Facts(), Said()).told[0]
