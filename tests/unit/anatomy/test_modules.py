"""
Which kernel modules are taken, and in which order.
"""

import pytest

from tundish.anatomy.modules import aliases, dependencies, load_order, name_of, plain, table

KNOWN = dependencies(
    "net/a.ko.xz: lib/b.ko.xz lib/c.ko.xz\nlib/b.ko.xz: lib/c.ko.xz\nlib/c.ko.xz:\nx-y.ko:\n"
)


def test_what_a_module_needs_is_loaded_before_it() -> None:
    """
    The last that depmod lists comes first, the module itself last.
    """
    assert ("lib/c.ko.xz", "lib/b.ko.xz", "net/a.ko.xz") == load_order(["a"], KNOWN)


def test_a_module_is_loaded_once() -> None:
    """
    What two modules need appears once.
    """
    assert ("lib/c.ko.xz", "lib/b.ko.xz", "net/a.ko.xz") == load_order(["b", "a", "c"], KNOWN)


def test_an_unknown_module_is_left_out() -> None:
    """
    A driver that is built in, or not of this kernel, is no error.
    """
    assert () == load_order(["virtio_net"], KNOWN)


def test_dashes_and_underscores_are_the_same() -> None:
    """
    A module is found under either spelling.
    """
    assert load_order(["x_y"], KNOWN) == load_order(["x-y"], KNOWN) == ("x-y.ko",)


@pytest.mark.parametrize("path", ["a/x-y.ko", "x_y.ko.xz", "b/x-y.ko.zst", "x-y.ko.gz"])
def test_a_name_is_what_the_kernel_calls_it(path: str) -> None:
    """
    Folder and endings are no part of the name.
    """
    assert "x_y" == name_of(path)


def test_a_table_names_unpacked_modules() -> None:
    """
    The new modules.dep speaks of what lies in the initrd.
    """
    assert "net/a.ko: lib/b.ko lib/c.ko\n" == table(["net/a.ko.xz"], KNOWN)


def test_only_a_trailing_compression_is_dropped() -> None:
    """
    A path keeps its folders.
    """
    assert "k/ko.xz/a.ko" == plain("k/ko.xz/a.ko.xz")


def test_aliases_are_narrowed_to_the_modules_taken() -> None:
    """
    Lines of other modules and comments go.
    """
    assert "alias pci:v1 x-y\n" == aliases("# x\nalias pci:v1 x-y\nalias pci:v2 z\n", {"x_y"})
