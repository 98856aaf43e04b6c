import pytest
from cyclonedx.spdx import is_supported_id

from tests.support.images import Link, index_of
from tundish.anatomy.facts import Installed
from tundish.anatomy.sbom import licences

COPYRIGHT = """\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: x

Files: *
License: GPL-2+

Files: lib/*
License: Expat or BSD-3-clause

License: GPL-2+
 text: of the licence
"""


def test_every_name_is_one_of_spdx() -> None:
    """
    No name that we take for known is unknown to the list of SPDX.
    """
    names = licences.NAMES | licences.EXCEPTIONS

    assert names == {name for name in names if is_supported_id(name)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("MIT", True),
        ("GPL-2.0-or-later AND (MIT OR ISC)", True),
        ("GPL-2.0-only WITH Linux-syscall-note", True),
        ("GPLv2+", False),
        ("MIT AND", False),
        ("(MIT", False),
        ("MIT)", False),
        ("MIT ISC", False),
        ("MIT and ISC", False),
        ("WITH MIT", False),
        ("", False),
        ("MIT AND " * 5000 + "MIT", False),
    ],
)
def test_an_expression_is_known_by_its_names_and_its_form(text: str, expected: bool) -> None:
    """
    Names of the list joined by AND, OR and WITH are one; anything else is a text.
    """
    assert expected == licences.is_expression(text)


@pytest.mark.parametrize(
    ("short", "expected"),
    [
        ("GPL-2+", "GPL-2.0-or-later"),
        ("GPL-3", "GPL-3.0-only"),
        ("LGPL-2.1+", "LGPL-2.1-or-later"),
        ("Expat", "MIT"),
        ("GPL-9", "GPL-9"),
        ("public-domain", "public-domain"),
    ],
)
def test_short_names_of_debian_are_told_as_spdx_has_them(short: str, expected: str) -> None:
    """
    A short name with a counterpart becomes it; others stay.
    """
    assert expected == licences.spdx_name(short)


def test_the_licence_comes_from_the_copyright_file() -> None:
    """
    All licences of a file that machines can read are joined; one that only people can read adds nothing.
    """
    index = index_of(
        {
            "usr/share/doc/x/copyright": COPYRIGHT,
            "usr/share/doc/y": Link("x"),
            "usr/share/doc/z/copyright": "You may copy it.\n",
        }
    )
    packages = [Installed(name, "1") for name in "xyz"]
    joined = "GPL-2.0-or-later AND (MIT OR BSD-3-Clause)"

    assert [joined, joined, ""] == [one.licence for one in licences.with_licences(index, packages)]
