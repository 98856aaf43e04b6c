"""
Rules on images of strangers: whatever stands in a file, an answer comes, and soon.
"""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.images import Link, Tree
from tests.support.systems import subject
from tundish.check.rule import Status, ask
from tundish.check.rulebook import rulebook
from tundish.check.subject import Subject

_READ = (
    "etc/fstab",
    "etc/passwd",
    "etc/group",
    "etc/sudoers",
    "etc/sudoers.d/x",
    "etc/ssh/sshd_config",
    "etc/ssh/sshd_config.d/x.conf",
    "etc/machine-id",
    "etc/hostname",
    "etc/resolv.conf",
    "etc/default/grub",
    "etc/selinux/config",
    "etc/environment",
    "etc/apt/sources.list",
    "etc/apt/sources.list.d/x.sources",
    "etc/apt/apt.conf.d/x",
    "etc/rpm/macros.dist",
    "etc/dracut.conf",
    "etc/kernel/cmdline",
    "boot/loader/entries/x.conf",
)
_WORDS = st.sampled_from(
    (
        *("Proxy", "::", "http://", "Include /etc/ssh/*", "NOPASSWD:", "%rhel ", "root=UUID=", "hostonly="),
        *("UUID=", "deb ", "Types: deb\n", "console=ttyS0", "Match all", "yes", "\\\n", "\n", " ", "\t"),
        *("#", ":", "=", '"', "\0", "ü"),
    )
)
_TEXTS = st.one_of(
    st.binary(max_size=200), st.lists(_WORDS, max_size=40).map(lambda each: "".join(each).encode())
)


def _answers(asked: Subject) -> set[Status]:
    return {finding.status for rule in rulebook() for finding in ask(rule, asked)}


@pytest.mark.parametrize("name", ["ubuntu", "rocky"])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(texts=st.dictionaries(st.sampled_from(_READ), _TEXTS, min_size=1, max_size=6))
def test_any_text_gets_an_answer(name: str, texts: dict[str, bytes]) -> None:
    """
    Whatever the files hold that rules read, every rule answers.
    """
    tree: Tree = dict(texts)

    assert _answers(subject(name, tree)) <= set(Status)


@pytest.mark.parametrize("path", _READ)
def test_a_circle_of_links_gets_an_answer(path: str) -> None:
    """
    A file that is a link to itself is not followed for ever.
    """
    assert Status.PASS in _answers(subject("rocky", {path: Link(path.rpartition("/")[2])}))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("etc/apt/apt.conf.d/x", "Proxy::" * 200_000),
        ("etc/apt/sources.list", "http://" * 200_000),
        ("etc/sudoers", "a b " * 300_000),
        ("etc/ssh/sshd_config", "Include /etc/ssh/*\n" * 60_000),
        ("etc/apt/sources.list.d/x.sources", "\n \n" * 300_000),
        ("etc/default/grub", "GRUB_CMDLINE_LINUX=" + "console=ttyS0 " * 60_000),
        ("etc/fstab", "UUID=1 / ext4 x 0 1\n" * 60_000),
    ],
    ids=lambda value: value[:24].strip(),
)
def test_text_made_to_take_long_does_not(path: str, text: str) -> None:
    """
    A megabyte that is made to keep a pattern busy is answered like any other.
    """
    assert Status.PASS in _answers(subject("ubuntu", {path: text}))


def test_a_file_that_is_far_too_long_is_unknown() -> None:
    """
    A configuration file of many megabytes is not read, and its rule claims nothing.
    """
    long = subject("ubuntu", {"etc/fstab": "#" * (3 << 20)})

    assert {Status.UNKNOWN} == {
        one.status for rule in rulebook() if rule.id == "B12" for one in ask(rule, long)
    }
