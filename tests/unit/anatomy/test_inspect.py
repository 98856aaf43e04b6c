import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.images import File, Link, Node, index_of
from tests.support.systems import SYSTEMS
from tundish.anatomy.facts import Facts, Family, Hooks
from tundish.anatomy.index import Entry, Index, Kind
from tundish.anatomy.inspect import facts_of
from tundish.core.errors import BadImage

FAMILIES = {
    **dict.fromkeys(("ubuntu-root", "ubuntu", "debian"), Family.DEBIAN),
    **dict.fromkeys(("sles", "leap"), Family.SUSE),
}


def facts(name: str) -> Facts:
    return facts_of(index_of(SYSTEMS[name].tree()))


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_good_system_is_understood(name: str) -> None:
    """
    Of every good system family, architecture, kernels and a working cloud-init are told.
    """
    found = facts(name)
    cloud = found.cloud_init

    assert (FAMILIES.get(name, Family.REDHAT), "amd64", name == "ubuntu-root", True, True, 4, "") == (
        found.family,
        found.arch,
        not found.kernels,
        cloud.maas,
        cloud.oauth,
        len(cloud.units),
        cloud.disabled,
    )


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_kernel_of_a_good_system_is_complete(name: str) -> None:
    """
    Each kernel has its initrd and its modules.
    """
    assert all(kernel.initrd and kernel.modules for kernel in facts(name).kernels)


@pytest.mark.parametrize("name", ["rocky", "sles", "fedora"])
def test_signed_loaders_are_what_secure_boot_needs(name: str) -> None:
    """
    A tree with a signed shim and a signed GRUB on its ESP can boot with Secure Boot.
    """
    assert facts(name).firmware.secure_boot


def test_a_damaged_package_database_is_told_and_all_else_as_well() -> None:
    """
    Where packages cannot be read, the fault says so, and the other facts are there.
    """
    tree = {**SYSTEMS["rocky"].tree(), "var/lib/rpm/rpmdb.sqlite": b"SQLite format 3\0" + bytes(4096)}
    found = facts_of(index_of(tree))

    assert (Family.REDHAT, (), True) == (found.family, found.packages, "rpmdb.sqlite" in found.packages_fault)


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        ({}, Hooks()),
        ({"curtin/curtin-hooks": File(b"#!/bin/sh\n", 0o755)}, Hooks(folder=True, curtin_hooks=True)),
        ({"curtin/curtin-hooks": Link("/usr/bin/hooks"), "usr/bin/hooks": ""}, Hooks(folder=True)),
        ({"curtin/curtin-hooks": Link("hooks"), "curtin/hooks": ""},
         Hooks(folder=True, curtin_hooks=True, others=("curtin/hooks",))),
        ({"curtin/finalize": "", "curtin/CUSTOM_KERNEL": "x"},
         Hooks(folder=True, finalize=True, others=("curtin/CUSTOM_KERNEL",))),
    ],
)  # fmt: skip
def test_hooks_are_those_that_the_installer_finds(tree: dict[str, Node], expected: Hooks) -> None:
    """
    A regular file is one; a link that leads out of the image is not.
    """
    assert expected == facts_of(index_of(tree)).hooks


def test_hooks_come_from_the_target_where_it_is_another_filesystem() -> None:
    """
    On a disk the installer looks into one filesystem, which need not be the root.
    """
    target = index_of({"curtin/curtin-hooks": "#!/bin/sh\n"})

    assert facts_of(index_of({"etc/hostname": "x"}), target=target).hooks.curtin_hooks


def test_what_was_said_of_the_architecture_holds_where_nothing_tells_it() -> None:
    """
    Without a program, packages or loaders, the given architecture is the answer.
    """
    assert "arm64" == facts_of(index_of({"etc/hostname": "x"}), arch="arm64").arch


def test_the_first_name_is_the_hostname() -> None:
    """
    Comments and empty lines are passed over.
    """
    assert "node7" == facts_of(index_of({"etc/hostname": "# set by hand\n\nnode7\n"})).hostname


def test_a_name_of_a_file_that_is_not_there_is_damage() -> None:
    """
    A hard link to nothing ends in the error for damaged images.
    """
    lost = Entry("etc/hostname", Kind.FILE, size=3, first="etc/gone")

    with pytest.raises(BadImage, match="is damaged"):
        facts_of(Index("image", [lost], index_of({})._contents))


NAMES = [path for path, node in SYSTEMS["rocky"].tree().items() if isinstance(node, str | bytes | File)]


@settings(max_examples=150, deadline=None)
@given(path=st.sampled_from(NAMES), data=st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_odd_bytes_anywhere_give_facts_or_one_error(path: str, data: bytes) -> None:
    """
    Whatever stands in a file that is read, facts come back or BadImage.
    """
    tree = {**SYSTEMS["rocky"].tree(), path: data}

    try:
        found = facts_of(index_of(tree))
    except BadImage:
        found = Facts()

    assert isinstance(found, Facts)
