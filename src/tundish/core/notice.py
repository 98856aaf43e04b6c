"""
What an operator should know until it is no longer so.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

RESURFACING = timedelta(days=14)  # a dismissed notice that still holds is shown again after this


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Kind(StrEnum):
    """
    What a notice is about. Together with its subject it is the notice's identity.
    """

    SOURCE_FAILED = "source-failed"
    SYNC_FAILED = "sync-failed"
    RESIGN_FAILED = "resign-failed"
    DISK_LOW = "disk-low"
    STALE = "stale"
    EXPIRY = "expiry"
    COMMISSIONING = "commissioning"
    AUTO_OFF = "auto-off"
    UNSIGNED = "unsigned"
    RELEASE = "release"


OPTIONAL = (Kind.STALE, Kind.COMMISSIONING, Kind.RELEASE)  # an operator may do without these


@dataclass(frozen=True, slots=True)
class Wanted:
    """
    A notice that should stand. `since` None: since it was first noticed.
    """

    kind: Kind
    subject: str
    text: str
    severity: Severity
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """
    A notice that stands.
    """

    id: int
    kind: str
    subject: str
    text: str
    severity: str
    since: datetime
    dismissed_at: datetime | None = None

    def is_shown(self, now: datetime) -> bool:
        """
        Whether nobody dismissed it of late.
        """
        return self.dismissed_at is None or now - self.dismissed_at >= RESURFACING


@dataclass(frozen=True, slots=True)
class Announcement:
    """
    What a stream says of a new release of MAAS.
    """

    version: str
    text: str
