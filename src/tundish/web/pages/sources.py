"""
Sources: where images come from, who vouches for them, and how new ones are tried before they are saved.
"""

from collections.abc import Callable, Mapping
from urllib.parse import quote

from tundish.app.deeds import jobs as job_deeds
from tundish.app.deeds import sources as deeds
from tundish.app.gallery import count_of
from tundish.app.opened import App
from tundish.core.errors import InputError, NotFound, TundishError
from tundish.core.people import Actor, Kind, Power
from tundish.core.selection import Source
from tundish.sync.presets import NAME, STREAMS, URL
from tundish.sync.sources import Wish
from tundish.web import asking
from tundish.web.visit import Answer, Moved, Route, Same, Shown, Visit, Words

MOST_PRIORITY = 1_000_000
NEW = "/sources/+new"  # no source can be called so


def show(visit: Visit) -> Answer:
    found = asking.sources(visit.app, visit.actor)
    values = {
        "sources": [(each, asking.read_at(visit.app, each), asking.trust(visit.app, each)) for each in found],
        "counts": {each.name: count_of(visit.app, each.name) for each in found},
        "can_edit": visit.actor.may_somewhere(Power.SOURCE_EDIT),
        "can_sync": visit.actor.may(Power.SYNC),
        "default": NAME if visit.actor.may(Power.SOURCE_EDIT, Kind.SOURCE, NAME) else "",
        "default_url": URL,
        "new": NEW,
    }
    return Shown("sources.html", values, (Same("tundish source list", "/sources"),))


def new(_: Visit) -> Answer:
    return _form(Words((("priority", "0"),)))


def _form(
    said: Words, *, problem: str = "", offered: asking.Offered | None = None, status: int = 200
) -> Shown:
    values = {"said": said, "problem": problem, "offered": offered, "source": None, "action": NEW}
    name, url = said.one("name") or "NAME", said.one("url") or "URL"
    same = Same(
        f"tundish source add {name} {url} --keyring FILE",
        "/sources",
        "POST",
        f'{{"name":"{name}","url":"{url}"}}',
    )
    return Shown("sources_form.html", values, (same,), status=status)


def add(visit: Visit) -> Answer:
    """
    Try a new source, and save it if that was asked for.
    """
    form, name = visit.form, visit.form.one("name")
    try:
        wish = wish_of(form)
        if form.one("deed") == "check":
            offer = deeds.check(visit.app, visit.actor, name, wish)
            return _form(form, offered=asking.offered(offer))
        saved = deeds.add(visit.app, visit.actor, name, wish, check=not form.one("unchecked"))
    except TundishError as error:
        return _form(form, problem=str(error), status=422)
    return Moved(
        f"/sources/{quote(saved.source.name)}",
        f"Source {saved.source.name} is saved. Select what you want of it.",
    )


def one(visit: Visit) -> Answer:
    return _one(visit, _source(visit))


def _one(
    visit: Visit,
    source: Source,
    *,
    said: Words | None = None,
    problem: str = "",
    offered: asking.Offered | None = None,
    status: int = 200,
) -> Shown:
    app = visit.app
    values = {
        "source": source,
        "said": said or _said(source),
        "problem": problem,
        "offered": offered or asking.known_offer(app, source),
        "action": f"/sources/{quote(source.name)}",
        "trust": asking.trust(app, source),
        "read_at": asking.read_at(app, source),
        "held": count_of(app, source.name),
        "streams": [word for word in STREAMS if f"/{word}/" in source.url + "/"],
        "all_streams": STREAMS,
        "can_edit": visit.actor.may(Power.SOURCE_EDIT, Kind.SOURCE, source.name),
        "can_sync": visit.actor.may(Power.SYNC, Kind.SOURCE, source.name),
    }
    same = (
        Same(f"tundish source show {source.name}", f"/sources/{source.name}"),
        Same(f"tundish source browse {source.name}", f"/catalogue?source={source.name}"),
    )
    return Shown("source.html", values, same, status=status)


Act = Callable[[App, Actor, str, Words], str]


def act(visit: Visit) -> Answer:
    """
    Do one deed to a source.

    Raises:
        NotFound: there is none of this name.
        InputError: there is no such deed.
    """
    source, form = _source(visit), visit.form
    verb = form.one("deed")
    if verb == "remove" and form.one("sure") != "yes":
        return _ask(visit, source)
    if verb == "check":
        return _checked(visit, source)
    if verb not in ACTS:
        raise InputError(f"{verb[:40]!r} cannot be done to a source; one of {', '.join(ACTS)}")
    try:
        said = ACTS[verb](visit.app, visit.actor, source.name, form)
    except TundishError as error:
        return _one(visit, source, said=form if verb == "change" else None, problem=str(error), status=422)
    return Moved("/sources" if verb == "remove" else f"/sources/{quote(source.name)}", said)


def _checked(visit: Visit, source: Source) -> Answer:
    form = visit.form
    try:
        offer = deeds.check(visit.app, visit.actor, source.name, wish_of(form) if form.one("url") else Wish())
    except TundishError as error:
        return _one(visit, source, said=form if form.one("url") else None, problem=str(error), status=422)
    return _one(visit, source, said=form if form.one("url") else None, offered=asking.offered(offer))


def _ask(visit: Visit, source: Source) -> Answer:
    values = {"source": source, "held": count_of(visit.app, source.name)}
    values["selections"] = sum(each.source == source.name for _, each in visit.app.catalog.selections.list())
    same = Same(f"tundish source remove {source.name}", f"/sources/{source.name}", "DELETE")
    return Shown("source_ask.html", values, (same,))


def _change(app: App, actor: Actor, name: str, form: Words) -> str:
    deeds.change(app, actor, name, wish_of(form), check=not form.one("unchecked"))
    return f"Source {name} is saved."


def _stream(app: App, actor: Actor, name: str, form: Words) -> str:
    deeds.set_stream(app, actor, name, form.one("stream"))
    return f"Source {name} is on its {form.one('stream')} stream now."


def _turn(app: App, actor: Actor, name: str, form: Words) -> str:
    is_on = form.one("enabled") == "yes"
    deeds.change(app, actor, name, Wish(enabled=is_on), check=False)
    return f"Source {name} is {'in use' if is_on else 'left out of syncs'}."


def _remove(app: App, actor: Actor, name: str, _form: Words) -> str:
    deeds.remove(app, actor, name)
    return f"Source {name} is removed; images that came from it stay."


def _sync(app: App, actor: Actor, name: str, _form: Words) -> str:
    job = job_deeds.begin(app, actor, "sync", {"sources": [name]})
    return f"Job {job.id} was asked for: a sync of {name}."


ACTS: Mapping[str, Act] = {
    "change": _change,
    "stream": _stream,
    "turn": _turn,
    "remove": _remove,
    "sync": _sync,
}


def restore(visit: Visit) -> Answer:
    """
    Take the public images of MAAS as a source.
    """
    keyring = visit.form.text("keyring").strip()
    try:
        deeds.restore_default(visit.app, visit.actor, keyring.encode() or None)
    except TundishError as error:
        return Moved("/sources", f"The public images could not be added: {error}")
    return Moved(f"/sources/{NAME}", "The public images of MAAS are a source now.")


def wish_of(form: Words) -> Wish:
    """
    What a form says of a source.

    Raises:
        InputError: a number that is none.
    """
    keyring = form.text("keyring").strip()
    return Wish(
        url=form.one("url"),
        keyring=keyring.encode() or None,
        unsigned=bool(form.one("unsigned")),
        priority=form.number("priority", 0, least=-MOST_PRIORITY, most=MOST_PRIORITY),
        proxy=form.one("proxy") or "settings",
        token=form.one("token") or None,
        mirrors=tuple(form.text("mirrors").split()),
        bandwidth=form.number("bandwidth", 0) * 1024,
        window=form.one("window"),
        signers=tuple(line.strip() for line in form.text("signers").splitlines() if line.strip()),
    )


def _said(source: Source) -> Words:
    """
    A source in the words of its form; secrets are not among them.
    """
    way = source.fetching
    return Words(
        (
            ("name", source.name),
            ("url", source.url),
            ("priority", str(source.priority)),
            ("proxy", way.proxy),
            ("mirrors", "\n".join(way.mirrors)),
            ("bandwidth", str((way.bandwidth or 0) // 1024)),
            ("window", way.window),
            ("signers", "\n".join(source.signers)),
            *(() if source.is_signed else (("unsigned", "yes"),)),
        )
    )


def _source(visit: Visit) -> Source:
    name = visit.place["name"]
    found = next((each for each in asking.sources(visit.app, visit.actor) if each.name == name), None)
    if found is None:
        raise NotFound(f"there is no source {name[:80]!r}; see them all: tundish source list")
    return found


ROUTES = (
    Route("/sources", show),
    Route("/sources", restore, "POST"),
    Route(NEW, new),
    Route(NEW, add, "POST"),
    Route("/sources/{name}", one),
    Route("/sources/{name}", act, "POST"),
)
