"""
What an upload may be called and based on.
"""

import pytest

from tundish.core.errors import InputError
from tundish.intake.naming import asked, base_of, identity, warnings


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("custom/rocky9", ("custom", "rocky9")),
        ("rocky9", ("custom", "rocky9")),
        ("windows/win2022", ("windows", "win2022")),
    ],
)
def test_a_name_is_one_identity_however_it_is_written(name: str, expected: tuple[str, str]) -> None:
    """
    A bare name is that of a custom image.
    """
    assert expected == identity(name)


@pytest.mark.parametrize("name", ["noble", "ubuntu", "centos66", "ubuntu/noble", "lab9", "suse/lab9"])
def test_a_reserved_name_is_refused(name: str) -> None:
    """
    Names of operating systems, of their releases, and of what streams bring are not for uploads.
    """
    with pytest.raises(InputError, match="reserved name"):
        asked(name, taken={"suse/lab9"})


@pytest.mark.parametrize(
    ("base", "words"),
    [
        ("rhel", "not of the form"),
        ("rhel/9/x", "not of the form"),
        ("debian/12", "cannot be a base"),
        ("ubuntu/nobel", "is no release of ubuntu"),
        ("rhel/nine", "is no release of rhel"),
    ],
)
def test_a_wrong_base_is_told_in_three_ways(base: str, words: str) -> None:
    """
    Form, operating system and release each have a message of their own.
    """
    with pytest.raises(InputError, match=words):
        base_of(base)


def test_a_base_that_was_not_said_is_the_default() -> None:
    """
    The default is recorded as such.
    """
    wished = asked("custom/rocky9")

    assert ("ubuntu/noble", False) == (wished.base_image, wished.base_said)


def test_a_default_base_is_warned_about() -> None:
    """
    Whoever leaves the base out is told what stands in.
    """
    told = warnings(asked("custom/rocky9"))

    assert "ubuntu/noble stands in" in told[0]


def test_a_base_is_kept_in_lower_case() -> None:
    """
    MAAS lowers it, too.
    """
    assert "rhel/9" == asked("custom/rocky9", base_image="RHEL/9").base_image


def test_other_systems_have_no_base() -> None:
    """
    Only custom images have a base.
    """
    assert "" == asked("windows/win2022", base_image="rhel/9").base_image


@pytest.mark.parametrize(
    "name", ["", "/", "custom/", "custom/../x", "custom/a b", "amiga/3", "custom/a/b", "custom/x\n"]
)
def test_a_name_of_another_form_is_refused(name: str) -> None:
    """
    What is not one word behind a known operating system is no name.
    """
    with pytest.raises(InputError):
        asked(name)
