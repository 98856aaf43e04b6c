"""
Who may do what: people, roles, scopes, and the one table that says what a role may.

A right is (power, kind, name): to edit (`SOURCE_EDIT`) the source (`SOURCE`) called `lab`. Whatever is not
granted is refused.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fnmatch import fnmatchcase

from tundish.core.errors import Forbidden


class Power(StrEnum):
    """
    What can be done. Every deed needs exactly one.
    """

    SEE = "see"
    CHECK = "check"  # have an image checked
    UPLOAD = "upload"  # bring an image of one's own
    SOURCE_EDIT = "source.edit"
    SELECTION_EDIT = "selection.edit"
    SYNC = "sync"  # begin and stop a sync
    IMAGE_EDIT = "image.edit"  # pin, hold, roll back, delete
    CHANNEL_EDIT = "channel.edit"  # publish, promote, roll back
    BUNDLE = "bundle"  # make and import bundles
    STORE_EDIT = "store.edit"  # collect garbage, verify, repair
    JOB_EDIT = "job.edit"  # stop and retry
    NOTICE_EDIT = "notice.edit"
    MACHINE_EDIT = "machine.edit"
    SETTING_EDIT = "setting.edit"
    AUDIT_SEE = "audit.see"
    PEOPLE_EDIT = "people.edit"


class Role(StrEnum):
    VIEWER = "viewer"
    AUTHOR = "author"
    OPERATOR = "operator"
    ADMIN = "admin"


class Kind(StrEnum):
    """
    What a grant can be narrowed to, by a pattern of names.
    """

    ALL = "all"
    SOURCE = "source"
    IMAGE = "image"
    CHANNEL = "channel"
    MACHINE = "machine"


_AUTHOR = frozenset({Power.SEE, Power.CHECK, Power.UPLOAD})
_ADMIN_ONLY = frozenset({Power.SETTING_EDIT, Power.AUDIT_SEE, Power.PEOPLE_EDIT})

POWERS: dict[Role, frozenset[Power]] = {
    Role.VIEWER: frozenset({Power.SEE}),
    Role.AUTHOR: _AUTHOR,
    Role.OPERATOR: frozenset(Power) - _ADMIN_ONLY,
    Role.ADMIN: frozenset(Power),
}


@dataclass(frozen=True, slots=True)
class Grant:
    """
    A role within a scope: all, or what is of one kind and has a name of this pattern (`custom/*`).
    """

    role: Role
    kind: Kind = Kind.ALL
    pattern: str = "*"

    def gives(self, power: Power, kind: Kind, name: str) -> bool:
        if power not in POWERS[self.role]:
            return False
        if self.kind is Kind.ALL:
            return True
        return self.kind is kind and fnmatchcase(name, self.pattern)


@dataclass(frozen=True, slots=True)
class User:
    name: str
    email: str
    grants: tuple[Grant, ...]
    enabled: bool
    made_at: datetime
    has_password: bool


@dataclass(frozen=True, slots=True)
class Token:
    """
    A key to a door, without its secret. `grants`: those of its user that it is narrowed to; empty: all.
    """

    key: str
    user: str
    name: str
    kind: str  # bearer, maas, session
    consumer: str
    grants: tuple[Grant, ...]
    made_at: datetime
    expires_at: datetime | None
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Actor:
    """
    Who asks, through which door and from where.
    """

    name: str
    grants: tuple[Grant, ...]
    door: str  # api, maas, page, command, server
    address: str = ""
    narrowed: tuple[Grant, ...] = ()  # by the token in use
    until: datetime | None = None  # the end of the token in use; None: it has none, or a person logged in
    key: str = ""  # the public half of the token or session in use

    def may(self, power: Power, kind: Kind = Kind.ALL, name: str = "") -> bool:
        """
        Whether some grant gives this right, and some of those that a token is narrowed to, too.
        """
        return _given(self.grants, power, kind, name) and (
            not self.narrowed or _given(self.narrowed, power, kind, name)
        )

    def may_somewhere(self, power: Power) -> bool:
        """
        Whether there can be anything on which the actor has this power: for lists, and for what pages show.
        """
        return _has(self.grants, power) and (not self.narrowed or _has(self.narrowed, power))

    def must(self, power: Power, kind: Kind = Kind.ALL, name: str = "") -> None:
        """
        Raises:
            Forbidden: the right is not given; the message says which, and who can give it.
        """
        if not self.may(power, kind, name):
            subject = f" on {kind} {name[:200]}" if kind is not Kind.ALL else ""
            raise Forbidden(
                f"{self.name} may not {power}{subject}; an admin can grant it: tundish user grant {self.name}"
            )


def _given(grants: Iterable[Grant], power: Power, kind: Kind, name: str) -> bool:
    return any(grant.gives(power, kind, name) for grant in grants)


def _has(grants: Iterable[Grant], power: Power) -> bool:
    return any(power in POWERS[grant.role] for grant in grants)


EVERYTHING = (Grant(Role.ADMIN),)


@dataclass(frozen=True, slots=True)
class Deed:
    """
    One line of the audit: who did what, to what, what it was before and after (JSON), and how it went.
    """

    id: int
    at: datetime
    actor: str
    door: str
    address: str
    deed: str
    subject: str
    before: str
    after: str
    outcome: str  # done, refused, failed
