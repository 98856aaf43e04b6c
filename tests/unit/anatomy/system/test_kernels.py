import pytest

from tests.support.images import Link, Tree, index_of
from tundish.anatomy.facts import Kernel
from tundish.anatomy.system import kernels

EL = "5.14.0-427.el9.x86_64"
DEB = "6.1.0-25-amd64"


def modules(version: str) -> Tree:
    return {f"usr/lib/modules/{version}/modules.dep": "", "lib": Link("usr/lib")}


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        (
            {f"boot/vmlinuz-{DEB}": b"k", f"boot/initrd.img-{DEB}": b"i", **modules(DEB)},
            Kernel(DEB, f"boot/vmlinuz-{DEB}", f"boot/initrd.img-{DEB}", f"usr/lib/modules/{DEB}"),
        ),
        (
            {f"boot/vmlinuz-{EL}": b"k", f"boot/initramfs-{EL}.img": b"i", **modules(EL)},
            Kernel(EL, f"boot/vmlinuz-{EL}", f"boot/initramfs-{EL}.img", f"usr/lib/modules/{EL}"),
        ),
        (
            {f"usr/lib/modules/{EL}/vmlinuz": b"k", **modules(EL)},
            Kernel(EL, f"usr/lib/modules/{EL}/vmlinuz", "", f"usr/lib/modules/{EL}"),
        ),
        (
            {
                "boot/vmlinux-6.4.0-default.gz": b"k",
                "boot/vmlinuz-6.4.0-default": b"k",
                "boot/initrd-6.4.0-default": b"",
            },
            Kernel("6.4.0-default", "boot/vmlinuz-6.4.0-default", "boot/initrd-6.4.0-default", ""),
        ),
        (
            {"boot/vmlinuz-lts": b"k", "boot/initramfs-lts": b"i", **modules("6.6.49-0-lts")},
            Kernel("6.6.49-0-lts", "boot/vmlinuz-lts", "boot/initramfs-lts", "usr/lib/modules/6.6.49-0-lts"),
        ),
        (
            {
                "boot/vmlinuz-linux": b"k",
                "boot/initramfs-linux.img": b"i",
                "usr/lib/modules/6.10.1-arch1/pkgbase": "linux\n",
            },
            Kernel(
                "6.10.1-arch1",
                "boot/vmlinuz-linux",
                "boot/initramfs-linux.img",
                "usr/lib/modules/6.10.1-arch1",
            ),
        ),
        (
            {"boot/0123abcd/6.9.1/linux": b"k", "boot/0123abcd/6.9.1/initrd": b"i"},
            Kernel("6.9.1", "boot/0123abcd/6.9.1/linux", "boot/0123abcd/6.9.1/initrd", ""),
        ),
        (
            {"boot/Image-6.4.0-default": b"k"},
            Kernel("6.4.0-default", "boot/Image-6.4.0-default", "", ""),
        ),
    ],
)
def test_a_kernel_is_found_where_each_family_puts_it(tree: Tree, expected: Kernel) -> None:
    """
    Kernel, initrd and modules are brought together by version or flavour, each kernel once.
    """
    assert (expected,) == kernels.read(index_of(tree))


def test_links_rescue_copies_and_leftovers_are_no_kernels() -> None:
    """
    Only the kernel itself counts among its links, its copies and what stands beside it.
    """
    tree: Tree = {
        f"boot/vmlinuz-{EL}": b"k",
        "boot/vmlinuz-0-rescue-0123456789abcdef": b"k",
        "boot/vmlinuz": Link(f"vmlinuz-{EL}"),
        "boot/vmlinuz-current": Link(f"vmlinuz-{EL}"),
        "boot/vmlinuz-6.0-amd64.old": b"k",
        f"boot/.vmlinuz-{EL}.hmac": b"h",
        f"boot/config-{EL}": b"c",
        "boot/vmlinuz-gone": Link("nowhere"),
    }

    assert [f"boot/vmlinuz-{EL}"] == [one.path for one in kernels.read(index_of(tree))]


def test_a_link_into_usr_is_the_kernel_of_boot() -> None:
    """
    Where /boot links to the kernel below /usr, it is one kernel, named by its place in /boot.
    """
    tree: Tree = {
        f"boot/vmlinuz-{EL}": Link(f"../usr/lib/modules/{EL}/vmlinuz"),
        f"usr/lib/modules/{EL}/vmlinuz": b"k",
    }

    assert [f"boot/vmlinuz-{EL}"] == [one.path for one in kernels.read(index_of(tree))]


def test_numbers_in_versions_are_compared_as_numbers() -> None:
    """
    5.9 comes before 5.14.
    """
    tree = {f"boot/vmlinuz-{version}": b"k" for version in ("5.14.0-1", "5.9.0-1", "5.14.0-10")}

    assert ["5.9.0-1", "5.14.0-1", "5.14.0-10"] == [one.version for one in kernels.read(index_of(tree))]
