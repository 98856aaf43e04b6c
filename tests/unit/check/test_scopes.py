"""
Scopes: for which images a question is meant.
"""

from dataclasses import replace

import pytest

from tests.support.systems import subject, subject_of
from tundish.anatomy.facts import Family
from tundish.check import scopes
from tundish.check.scopes import Scope
from tundish.check.subject import Filetype, Request, Subject, Target


def _of(family: Family) -> Subject:
    made = subject("ubuntu")
    return replace(made, facts=replace(made.facts, family=family))


@pytest.mark.parametrize(
    ("scope", "inside", "outside"),
    [
        (scopes.tar, subject("ubuntu"), subject("ubuntu", filetype=Filetype.DDGZ)),
        (scopes.dd, subject("ubuntu", filetype=Filetype.DDXZ), subject("ubuntu", filetype=Filetype.SQUASHFS)),
        (scopes.ddtar, subject("ubuntu", filetype=Filetype.DDTAR), subject("ubuntu", filetype=Filetype.DDGZ)),
        (scopes.deb, subject("debian"), subject("rocky")),
        (scopes.rpm, subject("oracle"), subject("sles")),
        (scopes.suse, subject("leap"), subject("rocky")),
        (scopes.win, _of(Family.WINDOWS), subject("ubuntu")),
        (scopes.esxi, _of(Family.ESXI), subject("ubuntu")),
        (scopes.xen, _of(Family.XEN), subject("centos7")),
        (scopes.core, _of(Family.CORE), subject("ubuntu")),
        (scopes.linux, _of(Family.OTHER), _of(Family.WINDOWS)),
        (scopes.linux, subject_of({"etc/motd": ""}), _of(Family.CORE)),
        (scopes.ubuntu, subject("ubuntu-root"), subject("debian")),
        (scopes.builtin, subject("rocky"), subject("fedora")),
        (scopes.hooked, subject("fedora"), subject("rocky")),
        (scopes.custom, subject("rocky"), subject("rhel8")),
        (scopes.uefi, subject("rocky"), subject("rocky", target=Target(firmware=frozenset({"bios"})))),
        (scopes.bios, subject("rocky"), subject("rocky", target=Target(firmware=frozenset({"uefi"})))),
        (scopes.in_memory, subject("rocky", target=Target(in_memory=True)), subject("rocky")),
        (
            scopes.amd64,
            subject("rocky"),
            replace(subject_of({}), request=Request(Filetype.TGZ, "x", "arm64/generic")),
        ),
        (scopes.tar & scopes.deb, subject("debian"), subject("rocky")),
        (scopes.rpm | scopes.suse, subject("sles"), subject("debian")),
        (~scopes.rpm, subject("sles"), subject("rocky")),
    ],
    ids=lambda value: value.text if isinstance(value, Scope) else "",
)
def test_a_scope_holds_for_its_images_only(scope: Scope, inside: Subject, outside: Subject) -> None:
    """
    Each scope tells its images from others.
    """
    assert (True, False) == (scope(inside), scope(outside))


def test_scopes_say_in_words_what_they_mean() -> None:
    """
    Scopes that are put together have a text that is put together.
    """
    assert "tar, deb or rpm, not Ubuntu" == (scopes.tar & (scopes.deb | scopes.rpm) & ~scopes.ubuntu).text
