"""
An answer that was given once and is given again to the same request.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Given:
    status: int
    headers: dict[str, str]
    body: bytes
