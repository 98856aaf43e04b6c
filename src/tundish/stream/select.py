"""
What of an offer an operator wants.

Kernels go by the words that MAAS uses: `ga-24.04`, `hwe-24.04-edge`, `ga-24.04-lowlatency`, and the
letters of old releases (`hwe-t` is the kernel that 14.04 came with). Bootloaders and release
notifications always come along: without them the rest is of no use.
"""

import re
from collections.abc import Sequence

from tundish.core.image import Product, Version
from tundish.core.names import SourceName
from tundish.core.selection import ANY, Selection

_FLAVOURLESS = {"", "generic"}
_LETTER = re.compile(r"hwe-([p-z])(-.+)?")
_FIRST_LETTER, _FIRST_YEAR = "p", 12  # 12.04 was the precise one; two releases each year followed


def matches(selection: Selection, product: Product, source: SourceName) -> bool:
    """
    Whether every field of a selection fits a product of this source.
    """
    return (
        selection.source in {None, source}
        and selection.os in {ANY, product.os}
        and selection.series in {ANY, product.series}
        and _fits(selection.arches, product.arch)
        and (ANY in selection.kernels or plain_kernel(kernel_of(product)) in _plain(selection.kernels))
        and _fits(selection.labels, product.label)
    )


def depth(selections: Sequence[Selection], product: Product, source: SourceName) -> int:
    """
    How many versions of a product are wanted: the most that any selection asks for.

    One of what comes along with whatever is selected from its source.
    """
    if is_companion(product):
        return 1 if any(each.source in {None, source} for each in selections) else 0
    return max((each.keep for each in selections if matches(each, product, source)), default=0)


def newest(product: Product, keep: int) -> tuple[Version, ...]:
    """
    The `keep` newest versions, the newest first.
    """
    return tuple(sorted(product.versions, key=lambda version: version.name, reverse=True)[: max(keep, 0)])


def is_companion(product: Product) -> bool:
    """
    Whether it is a bootloader or a release notification.
    """
    return "bootloader-type" in product.extra or any(
        item.ftype == "notifications" for version in product.versions for item in version.items
    )


def kernel_of(product: Product) -> str:
    """
    The kernel as people name it: with its flavour, where that is not the common one.
    """
    flavour = product.extra.get("kflavor")
    if not isinstance(flavour, str) or flavour in _FLAVOURLESS or product.kernel.endswith(f"-{flavour}"):
        return product.kernel
    return f"{product.kernel}-{flavour}" if product.kernel else product.kernel


def plain_kernel(kernel: str) -> str:
    """
    One word for each kernel, whichever notation it stands in.
    """
    found = _LETTER.fullmatch(kernel)
    if found is None:
        return kernel
    year, half = divmod(ord(found[1]) - ord(_FIRST_LETTER), 2)
    return f"ga-{_FIRST_YEAR + year}.{'10' if half else '04'}{found[2] or ''}"


def _plain(kernels: Sequence[str]) -> set[str]:
    return {plain_kernel(kernel) for kernel in kernels}


def _fits(wanted: tuple[str, ...], value: str) -> bool:
    return ANY in wanted or value in wanted
