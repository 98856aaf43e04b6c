"""
What a dialect is: a module below `dialects` that says, purely, which images its readers can use and how
they want them written. A new one is such a module and a line in `DIALECTS`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol, TypeAlias

from tundish.core.digest import Digest
from tundish.core.errors import InputError
from tundish.core.holding import Holding, HoldingId
from tundish.core.image import Products
from tundish.publish.dialects import incus, maas

Pair: TypeAlias = tuple[Digest, Digest]
DEFAULT = "maas"


class Dialect(Protocol):
    def faults(self, holdings: Sequence[Holding]) -> Mapping[HoldingId, str]:
        """
        Which of these cannot be offered together with the others, and why.
        """

    def pairs(self, holdings: Sequence[Holding]) -> frozenset[Pair]:
        """
        Blobs of which readers want the digest of the one followed by the other.
        """

    def catalogue(
        self, holdings: Sequence[Holding], updated: datetime, combined: Mapping[Pair, Digest]
    ) -> tuple[Products, ...]:
        """
        The products files; `combined` has the digest of each of `pairs`.
        """


DIALECTS: Mapping[str, Dialect] = {"incus": incus, "maas": maas}


def named(name: str) -> Dialect:
    """
    The dialect of this name.

    Raises:
        InputError: there is none.
    """
    if name not in DIALECTS:
        raise InputError(f"there is no dialect {name[:80]!r}; one of {', '.join(sorted(DIALECTS))}")
    return DIALECTS[name]
