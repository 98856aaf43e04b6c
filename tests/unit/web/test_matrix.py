import pytest

from tundish.core.digest import Digest
from tundish.core.errors import InputError
from tundish.core.image import Item, Product, Version
from tundish.core.names import ContentId, ItemName, ItemPath, ProductName, VersionName
from tundish.core.selection import Selection
from tundish.web.matrix import Offering, matrix, selections


def offering(
    os: str = "ubuntu", series: str = "noble", arch: str = "amd64", kernel: str = "ga", source: str = "one"
) -> Offering:
    root = Item(ItemName("root"), "squashfs", ItemPath("root"), 100, Digest.of(f"{series}{arch}".encode()))
    boot = Item(ItemName("boot"), "boot-kernel", ItemPath("boot"), 7, Digest.of(kernel.encode()))
    product = Product(
        ProductName(f"{os}:{series}:{arch}:{kernel}"),
        ContentId("net.example:v3"),
        os,
        series,
        arch,
        "stable",
        kernel,
        "",
        (Version(VersionName("20260101"), (root, boot)),),
    )
    return Offering(product, source, selected=False)


def test_what_kernels_share_is_counted_once() -> None:
    """
    The size of a cell is that of one root and of each kernel.
    """
    block = matrix([offering(kernel="ga"), offering(kernel="hwe")])[0]

    assert [114] == [cell.size for cell in block.lines[0].cells if cell is not None]


def test_ubuntu_comes_first_and_what_has_no_name_last() -> None:
    """
    Systems are sorted by name, but for these two.
    """
    found = matrix([offering(os=os) for os in ("other", "centos", "ubuntu")])

    assert ["ubuntu", "centos", "other"] == [block.os for block in found]


def test_what_is_not_offered_leaves_its_place_empty() -> None:
    """
    Each series has a cell for each architecture of its system.
    """
    found = matrix([offering(series="noble", arch="amd64"), offering(series="jammy", arch="arm64")])

    assert [[True, False], [False, True]] == [
        [cell is not None for cell in line.cells] for line in found[0].lines
    ]


def test_the_first_source_gives_what_several_offer() -> None:
    """
    Of equal offerings the earlier one is shown.
    """
    block = matrix([offering(source="high"), offering(source="low")])[0]

    assert ["high"] == [choice.source for cell in block.lines[0].cells if cell for choice in cell.choices]


@pytest.mark.parametrize(
    ("ticks", "expected"),
    [
        (["u/n/a/*"], [Selection("u", "n", ("a",), ("*",), keep=2)]),
        (["u/n/a/*", "u/n/b/*"], [Selection("u", "n", ("a", "b"), ("*",), keep=2)]),
        (["u/n/a/k", "u/n/a/l"], [Selection("u", "n", ("a",), ("k", "l"), keep=2)]),
        (["u/n/a/k", "u/n/a/*"], [Selection("u", "n", ("a",), ("*",), keep=2)]),
        (
            ["u/n/a/k", "u/n/b/*"],
            [Selection("u", "n", ("b",), ("*",), keep=2), Selection("u", "n", ("a",), ("k",), keep=2)],
        ),
    ],
)
def test_ticks_become_as_few_selections_as_say_the_same(ticks: list[str], expected: list[Selection]) -> None:
    """
    Architectures with the same kernels go into one; every kernel stands for each of them.
    """
    assert expected == list(selections(ticks, keep=2))


@pytest.mark.parametrize("tick", ["", "u/n/a", "u/n/a/k/x", "u//a/k"])
def test_a_tick_of_another_form_is_refused(tick: str) -> None:
    """
    What no page of ours sends is an error of input.
    """
    with pytest.raises(InputError):
        selections([tick], keep=1)
