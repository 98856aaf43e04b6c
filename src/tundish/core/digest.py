"""
The name of a blob: the sha256 of its bytes, validated once and printed one way.
"""

import hashlib
import re
from dataclasses import dataclass
from io import BufferedIOBase
from typing import Self

from tundish.core.errors import InvalidName

_HEX = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, order=True)
class Digest:
    """
    A sha256, as 64 lower-case hexadecimal digits.
    """

    hex: str

    def __post_init__(self) -> None:
        if not _HEX.fullmatch(self.hex):
            raise InvalidName("sha256", self.hex, "give 64 lower-case hexadecimal digits")

    @classmethod
    def parse(cls, text: str) -> Self:
        """
        Read `sha256:HEX` or bare HEX, in either case.

        Raises:
            InvalidName: it is not a sha256.
        """
        return cls(text.removeprefix("sha256:").lower())

    @classmethod
    def of(cls, data: bytes) -> Self:
        return cls(hashlib.sha256(data).hexdigest())

    @classmethod
    def of_stream(cls, stream: BufferedIOBase) -> Self:
        """
        The digest of everything from the stream's place to its end, read in pieces.
        """
        return cls(hashlib.file_digest(stream, "sha256").hexdigest())

    def __str__(self) -> str:
        return f"sha256:{self.hex}"
