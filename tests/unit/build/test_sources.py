"""
Reading apt's sources in both forms, and picking the distribution's.
"""

import pytest

from tundish.build.sources import AptSource, of_distribution, parse_deb822, parse_one_line
from tundish.core.errors import InputError

DEB822 = """\
# the main archive
Types: deb deb-src
URIs: http://archive.example.org/debian
Suites: bookworm bookworm-updates bookworm-backports
# between
Components: main contrib
Signed-By: /usr/share/keyrings/archive.gpg

Types: deb
Enabled: no
URIs: http://off.example.org
Suites: bookworm
Components: main

Types: deb-src
URIs: http://source.example.org
Suites: bookworm
Components: main
"""
MAIN = AptSource(
    ("http://archive.example.org/debian",),
    ("bookworm", "bookworm-updates", "bookworm-backports"),
    ("main", "contrib"),
    "/usr/share/keyrings/archive.gpg",
)


def test_a_sources_file_gives_its_enabled_binary_sources() -> None:
    """
    Comments, switched-off stanzas and source-only stanzas are left out.
    """
    assert [MAIN] == list(parse_deb822(DEB822))


def test_an_inline_key_stays_with_its_source() -> None:
    """
    The continued lines of Signed-By survive reading and writing.
    """
    text = (
        "Types: deb\nURIs: http://a.example.org\nSuites: s\nComponents: main\n"
        "Signed-By:\n -----BEGIN\n .\n abc\n"
    )

    assert next(parse_deb822(text)) == next(parse_deb822(next(parse_deb822(text)).deb822()))


def test_a_list_file_gives_its_lines() -> None:
    """
    Options, comments and several spaces are understood.
    """
    text = (
        "# x\ndeb-src http://s.example.org b main\n"
        "deb [ arch=amd64 signed-by=/k.gpg ]  http://a.example.org  b  main  extra # y\n"
    )

    assert [AptSource(("http://a.example.org",), ("b",), ("main", "extra"), "/k.gpg")] == list(
        parse_one_line(text)
    )


def test_a_plain_line_needs_no_options() -> None:
    """
    Without brackets, no key is named.
    """
    assert [AptSource(("http://a.example.org",), ("b",), ("main",))] == list(
        parse_one_line("deb http://a.example.org b main")
    )


def test_only_suites_of_the_release_are_picked() -> None:
    """
    Backports and third parties' suites go; updates stay.
    """
    third = AptSource(("https://third.example.org",), ("nodistro",), ("main",))

    assert ("bookworm", "bookworm-updates") == of_distribution([third, MAIN], "bookworm")[0].suites


def test_a_source_without_main_is_no_source_of_the_distribution() -> None:
    """
    A stranger's suite that is called as ours is, but has other components, is left out.
    """
    third = AptSource(("https://third.example.org",), ("bookworm",), ("stable",))

    assert 1 == len(of_distribution([third, MAIN], "bookworm"))


def test_no_source_at_all_is_an_error_that_says_what_to_do() -> None:
    """
    The message names the suite and where sources belong.
    """
    with pytest.raises(InputError, match="trixie main; add one to /etc/apt"):
        of_distribution([MAIN], "trixie")


def test_a_password_is_refused_and_not_shown() -> None:
    """
    Sources end up in the image, so none may carry a secret, and no message may either.
    """
    secret = AptSource(("https://me:hush@a.example.org",), ("bookworm",), ("main",))

    with pytest.raises(InputError) as caught:
        of_distribution([secret], "bookworm")

    assert "hush" not in str(caught.value)
