"""
What a monitor wants to know of the catalog, in numbers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Figures:
    """
    Of one moment. `deployments` by image, version and whether it was reported; jobs by kind and outcome.
    """

    sources: Mapping[str, datetime | None]  # when each was last read and believed
    last_sync: tuple[str, datetime] | None  # outcome and end
    images: Mapping[str, int]  # versions by state
    deployments: Mapping[tuple[str, str, str], int]
    jobs: Mapping[tuple[str, str], int]
    uploads: Mapping[str, int]  # by state
    notices: Mapping[str, int]  # by severity
    machines: int
    fetched: Mapping[str, int]  # bytes by source, of the syncs that are remembered
    blobs: int
    size: int  # bytes of all blobs
    static: Mapping[tuple[str, str], int]  # uploaded images by base image and file type
    static_deployed: int  # machines that run one
