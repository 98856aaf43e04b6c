"""
Deeds on sources. What could make one unreadable is tried before it is saved, unless `check` is false.
"""

from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from tundish.app.deeds.deed import deed
from tundish.app.opened import App
from tundish.core import clock
from tundish.core.names import source_name
from tundish.core.people import Actor, Kind, Power
from tundish.core.selection import Source
from tundish.sync import catalogue, presets
from tundish.sync import sources as wishes
from tundish.sync.offer import Offer
from tundish.sync.sources import Wish, public


@dataclass(frozen=True, slots=True)
class Saved:
    """
    A source as it is now, and what it offers if it was asked.
    """

    source: Source
    offer: Offer | None


def add(app: App, actor: Actor, name: str, wish: Wish, *, check: bool = True) -> Saved:
    """
    Know a source from now on; the wish says at least its URL, and a keyring or that there is none.

    Raises:
        InputError: something is missing or not of its form.
        Conflict: there is one of this name.
        TrustError, UpstreamError: it could not be read; nothing is saved.
    """
    audit = app.catalog.audit
    with deed(audit, actor, Power.SOURCE_EDIT, "source.add", kind=Kind.SOURCE, name=name) as account:
        wish = _allowed(actor, wish)
        source = _drafted(name, wish)
        account.after = public(source)
        offer = catalogue.admit(app.desk(), source, check=check)
        _warn(app, source, unsigned=wish.unsigned)
        return Saved(source, offer)


def change(app: App, actor: Actor, name: str, wish: Wish, *, check: bool = True) -> Saved:
    """
    Give a source other settings; what the wish does not say stays.

    Raises:
        NotFound: there is none of this name.
        InputError: something is not of its form.
        TrustError, UpstreamError: it could not be read; nothing is changed.
    """
    audit = app.catalog.audit
    with deed(audit, actor, Power.SOURCE_EDIT, "source.change", kind=Kind.SOURCE, name=name) as account:
        before = app.catalog.sources.get(name)
        wish = _allowed(actor, wish, before)
        account.before = public(before)
        source, offer = catalogue.amend(app.desk(), name, wish, check=check)
        account.after = public(source)
        _warn(app, source, unsigned=wish.unsigned)
        return Saved(source, offer)


def set_stream(app: App, actor: Actor, name: str, stream: str, *, check: bool = True) -> Saved:
    """
    Switch a source to its other stream, stable or candidate.

    Raises:
        NotFound: there is none of this name.
        InputError: its address does not say which stream it is.
        TrustError, UpstreamError: it could not be read; nothing is changed.
    """
    actor.must(Power.SOURCE_EDIT, Kind.SOURCE, name)
    url = presets.switched(app.catalog.sources.get(name).url, stream)
    return change(app, actor, name, Wish(url=url), check=check)


def remove(app: App, actor: Actor, name: str) -> None:
    """
    Forget a source with its selections; images that came from it stay.

    Raises:
        NotFound: there is none of this name.
    """
    audit = app.catalog.audit
    with deed(audit, actor, Power.SOURCE_EDIT, "source.remove", kind=Kind.SOURCE, name=name) as account:
        account.before = public(app.catalog.sources.get(name))
        app.catalog.sources.remove(source_name(name))


def check(app: App, actor: Actor, name: str, wish: Wish) -> Offer:
    """
    Fetch and verify a source as it is saved, or as it would be with other settings. Saves nothing.

    Raises:
        InputError: something is missing or not of its form.
        TrustError, UpstreamError: it could not be read.
    """
    audit = app.catalog.audit
    with deed(audit, actor, Power.SOURCE_EDIT, "source.check", kind=Kind.SOURCE, name=name):
        saved = next((each for each in app.catalog.sources.list() if each.name == name), None)
        wish = _allowed(actor, wish, saved)
        wanted = _drafted(name, wish) if saved is None else wishes.changed(saved, wish)
        is_same = saved is not None and wishes.is_same_stream(saved, wanted)
        seen = app.catalog.sources.seen(wanted.name) if is_same else {}
        return wishes.offered(wanted, app.desk(), seen=seen)


def refresh(app: App, actor: Actor, name: str) -> Offer:
    """
    Ask a saved source, and keep what it says.

    Raises:
        NotFound: there is none of this name.
        TrustError, UpstreamError: it could not be read; what is kept stays.
    """
    audit = app.catalog.audit
    with deed(audit, actor, Power.SYNC, "source.refresh", kind=Kind.SOURCE, name=name):
        return catalogue.refresh(app.desk(), app.catalog.sources.get(name))


def restore_default(
    app: App, actor: Actor, keyring: bytes | None = None, *, url: str = presets.URL, check: bool = True
) -> presets.Restored:
    """
    Bring the public images of MAAS back as a source, and select the newest Ubuntu LTS if nothing is.

    Raises:
        NotFound: its keyring is not installed, and none was given.
        Forbidden: it is to be had from another place, and the actor is no admin.
        TrustError, UpstreamError: it could not be read; nothing is changed.
    """
    audit, name = app.catalog.audit, presets.NAME
    with deed(audit, actor, Power.SOURCE_EDIT, "source.restore", kind=Kind.SOURCE, name=name) as account:
        if url != presets.URL:  # it leads the server wherever it says
            actor.must(Power.SETTING_EDIT)
        keys = presets.keyring() if keyring is None else keyring
        found = presets.restore(app.desk(), keys, url=url, check=check)
        account.after = {**public(found.source), "selected": found.series}
        return found


def _allowed(actor: Actor, wish: Wish, saved: Source | None = None) -> Wish:
    """
    The wish, guarded if who wishes is no admin: the server is then led to public addresses only, but for the
    host that it is led to already. A folder of this machine may hold what one source does not make anybody's
    to read.

    Raises:
        Forbidden: it is one, and the actor may not change all sources.
    """
    places = [each for each in (wish.url, *(wish.mirrors or ())) if each is not None]
    if any(each.startswith("/") or each[:5].lower() == "file:" for each in places):
        actor.must(Power.SOURCE_EDIT)
    if actor.may(Power.SETTING_EDIT):
        return wish
    is_there = wish.mirrors is None and wish.proxy is None
    if is_there and saved is not None and wish.url is not None and _place(wish.url) == _place(saved.url):
        return replace(wish, is_guarded=saved.fetching.is_guarded)
    return replace(wish, is_guarded=True)


def _place(url: str) -> str | None:
    try:
        return urlsplit(url).netloc
    except ValueError:
        return None


def _drafted(name: str, wish: Wish) -> Source:
    return wishes.drafted(
        name,
        wish.url or "",
        keyring=wish.keyring,
        unsigned=wish.unsigned,
        priority=wish.priority or 0,
        wish=wish,
    )


def _warn(app: App, source: Source, *, unsigned: bool) -> None:
    if unsigned:
        app.catalog.events.add("unsigned-source", source.name, "it is believed unsigned now", clock.now())
