"""
What a job is asked to do: one small value for each kind, read from JSON, which knows whom it concerns.

`resource` is what one job at a time may have; `right` is what who asks for it must be given.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Protocol, TypeAlias
from urllib.parse import urlsplit

from tundish.app.arguments import Arguments
from tundish.core import names
from tundish.core.errors import InputError
from tundish.core.holding import Job
from tundish.core.image import Json
from tundish.core.people import Kind, Power
from tundish.stream import filters

Right: TypeAlias = tuple[Power, Kind, str]

GRACE_DAYS = 3
MOST_DAYS = 3650
MOST_SECONDS = 36_500 * 86_400
MOST_RATE = 2**60
MOST_REF = 1_500  # characters


class Order(Protocol):
    kind: ClassVar[str]

    @property
    def subject(self) -> str: ...

    @property
    def resource(self) -> str: ...

    @property
    def right(self) -> Right: ...


@dataclass(frozen=True, slots=True)
class Sync:
    kind: ClassVar[str] = "sync"
    sources: tuple[str, ...] = ()
    allow_rollback: bool = False
    allow_mass_removal: bool = False

    @property
    def subject(self) -> str:
        return ", ".join(self.sources) or "all sources"

    @property
    def resource(self) -> str:
        return "sync"

    @property
    def right(self) -> Right:
        if len(self.sources) == 1:
            return Power.SYNC, Kind.SOURCE, self.sources[0]
        return Power.SYNC, Kind.ALL, self.subject


@dataclass(frozen=True, slots=True)
class Collect:
    kind: ClassVar[str] = "gc"
    grace: timedelta = timedelta(days=GRACE_DAYS)
    allow_mass_removal: bool = False
    subject: ClassVar[str] = "the store"
    resource: ClassVar[str] = "store"
    right: ClassVar[Right] = (Power.STORE_EDIT, Kind.ALL, "")


@dataclass(frozen=True, slots=True)
class Verify:
    kind: ClassVar[str] = "verify"
    older_than: timedelta | None = None
    rate: int | None = None  # bytes per second
    only_look: bool = False  # nothing is taken out of sight, nor noted
    subject: ClassVar[str] = "the store"
    resource: ClassVar[str] = "verify"
    right: ClassVar[Right] = (Power.STORE_EDIT, Kind.ALL, "")


@dataclass(frozen=True, slots=True)
class Repair:
    kind: ClassVar[str] = "repair"
    subject: ClassVar[str] = "the store"
    resource: ClassVar[str] = "sync"  # both fetch into the same store, under one lock
    right: ClassVar[Right] = (Power.STORE_EDIT, Kind.ALL, "")


@dataclass(frozen=True, slots=True)
class _OnChannel:
    channel: str

    @property
    def subject(self) -> str:
        return self.channel

    @property
    def resource(self) -> str:
        return f"channel {self.channel}"

    @property
    def right(self) -> Right:
        return Power.CHANNEL_EDIT, Kind.CHANNEL, self.channel


@dataclass(frozen=True, slots=True)
class Publish(_OnChannel):
    kind: ClassVar[str] = "publish"
    images: tuple[str, ...] = ()
    dialect: str | None = None
    expires: int | None = None  # days


@dataclass(frozen=True, slots=True)
class Promote(_OnChannel):
    """
    Let `channel` offer what `source` does: this release, if one is named.
    """

    kind: ClassVar[str] = "promote"
    source: str
    release: int | None = None


@dataclass(frozen=True, slots=True)
class RollBack(_OnChannel):
    kind: ClassVar[str] = "rollback"
    release: int | None = None


@dataclass(frozen=True, slots=True)
class Mirror:
    """
    A source into the folder `mirrors/<name>` of the state.
    """

    kind: ClassVar[str] = "mirror"
    name: str
    url: str
    keyring: str = ""  # armoured, or base64; empty: unsigned, knowingly
    filters: tuple[str, ...] = ()
    most: int | None = None
    keep: bool = False
    prune: bool = False
    is_guarded: bool = False  # it leads to public addresses only

    @property
    def subject(self) -> str:
        return self.name

    @property
    def resource(self) -> str:
        return f"mirror {self.name}"

    @property
    def right(self) -> Right:
        return Power.STORE_EDIT, Kind.ALL, self.name


@dataclass(frozen=True, slots=True)
class _OfBundle:
    file: str  # in the folder `bundles` of the state

    @property
    def subject(self) -> str:
        return self.file

    @property
    def right(self) -> Right:
        return Power.BUNDLE, Kind.ALL, self.file


@dataclass(frozen=True, slots=True)
class BundleExport(_OfBundle):
    kind: ClassVar[str] = "bundle-export"
    since: int | None = None  # a release
    resource: ClassVar[str] = "bundle-export"


@dataclass(frozen=True, slots=True)
class BundleImport(_OfBundle):
    kind: ClassVar[str] = "bundle-import"
    keyring: str
    name: str | None = None
    allow_mass_removal: bool = False
    resource: ClassVar[str] = "bundle-import"


@dataclass(frozen=True, slots=True)
class BundleShow(_OfBundle):
    kind: ClassVar[str] = "bundle-show"
    keyring: str = ""  # empty: our own

    @property
    def resource(self) -> str:
        return f"bundle {self.file}"


@dataclass(frozen=True, slots=True)
class Check:
    kind: ClassVar[str] = "check"
    image: str

    @property
    def subject(self) -> str:
        return self.image

    @property
    def resource(self) -> str:
        return f"image {self.image}"

    @property
    def right(self) -> Right:
        return Power.CHECK, Kind.IMAGE, self.image


def read(kind: str, arguments: Mapping[str, Json]) -> Order:
    """
    What a job of this kind with these arguments is to do.

    Raises:
        InputError: there is no such kind, or an argument is missing, unknown or not of its form.
    """
    reader = _READERS.get(kind)
    if reader is None:
        raise InputError(f"{kind[:40]!r} is no kind of job; one of {', '.join(_READERS)}")
    given = Arguments(kind, arguments)
    order = reader(given)
    given.end()
    return order


def right_of(job: Job) -> Right:
    """
    What whoever asks for such a job must be given; a job of a command concerns all.
    """
    if not job.actor:
        return Power.JOB_EDIT, Kind.ALL, job.subject
    try:
        return read(job.kind, job.arguments).right
    except InputError:  # asked for by a tundish that knew other kinds
        return Power.JOB_EDIT, Kind.ALL, job.subject


def _sync(given: Arguments) -> Order:
    return Sync(
        sources=tuple(names.source_name(each) for each in given.texts("sources")),
        allow_rollback=given.flag("allow_rollback"),
        allow_mass_removal=given.flag("allow_mass_removal"),
    )


def _collect(given: Arguments) -> Order:
    grace = _span(given, "grace")
    return Collect(timedelta(days=GRACE_DAYS) if grace is None else grace, given.flag("allow_mass_removal"))


def _verify(given: Arguments) -> Order:
    return Verify(
        _span(given, "older_than"), given.number("rate", 1, MOST_RATE), only_look=given.flag("only_look")
    )


def _span(given: Arguments, name: str) -> timedelta | None:
    """
    A span of time, in days or in seconds.
    """
    days = given.number(f"{name}_days", 0, MOST_DAYS)
    seconds = given.number(f"{name}_seconds", 0, MOST_SECONDS)
    if days is not None and seconds is not None:
        raise InputError(f"{name}_days and {name}_seconds say the same; give one of them")
    return timedelta(days=days) if days is not None else None if seconds is None else timedelta(0, seconds)


def _repair(_: Arguments) -> Order:
    return Repair()


def _publish(given: Arguments) -> Order:
    dialect = given.text("dialect") or None
    if dialect not in {None, "maas", "incus"}:
        raise InputError(f"dialect of a publish is maas or incus, not {dialect[:40]!r}")
    return Publish(
        channel=names.channel_name(given.text("channel", "stable")),
        images=given.texts("images"),
        dialect=dialect,
        expires=given.number("expires", 0, MOST_DAYS),
    )


def _promote(given: Arguments) -> Order:
    return Promote(
        channel=names.channel_name(given.text("channel", must=True)),
        source=names.channel_name(given.text("source", must=True)),
        release=given.number("release", 1, 2**31),
    )


def _roll_back(given: Arguments) -> Order:
    return RollBack(
        channel=names.channel_name(given.text("channel", must=True)),
        release=given.number("release", 1, 2**31),
    )


def _mirror(given: Arguments) -> Order:
    unsigned = given.flag("unsigned")
    order = Mirror(
        name=names.word("name of a mirror", given.text("name", must=True)),
        url=given.text("url", must=True),
        keyring=given.text("keyring", must=not unsigned),
        filters=given.texts("filters"),
        most=given.number("most", 1, 10_000),
        keep=given.flag("keep"),
        prune=given.flag("prune"),
        is_guarded=given.flag("is_guarded"),
    )
    parts = urlsplit(order.url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.password:
        raise InputError("url of a mirror is an http or https URL without a name and password in it")
    for each in order.filters:
        filters.parse(each)
    return order


def _bundle_export(given: Arguments) -> Order:
    return BundleExport(_file(given), since=given.number("since", 1, 2**31))


def _bundle_import(given: Arguments) -> Order:
    return BundleImport(
        _file(given),
        keyring=given.text("keyring", must=True),
        name=given.text("name") or None,
        allow_mass_removal=given.flag("allow_mass_removal"),
    )


def _bundle_show(given: Arguments) -> Order:
    return BundleShow(_file(given), keyring=given.text("keyring"))


def _file(given: Arguments) -> str:
    return names.word("name of a bundle", given.text("file", must=True))


def _check(given: Arguments) -> Order:
    image = given.text("image", must=True)
    if len(image) > MOST_REF:
        raise InputError(f"image of a check has {len(image)} characters; {MOST_REF} at most")
    return Check(image)


_READERS: dict[str, Callable[[Arguments], Order]] = {
    "sync": _sync,
    "gc": _collect,
    "verify": _verify,
    "repair": _repair,
    "publish": _publish,
    "promote": _promote,
    "rollback": _roll_back,
    "mirror": _mirror,
    "bundle-export": _bundle_export,
    "bundle-import": _bundle_import,
    "bundle-show": _bundle_show,
    "check": _check,
}
KINDS = tuple(_READERS)
