"""
`boot-sources/`: where images come from. MAAS's clients number sources and give them any name; ours are words.
"""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit

from tundish.app.deeds import sources as deeds
from tundish.app.opened import App
from tundish.compat import answers, shapes
from tundish.compat.answers import Answer
from tundish.compat.call import Call
from tundish.compat.form import Faults, Form
from tundish.compat.keyrings import wanted_keys
from tundish.compat.shapes import SourceNote
from tundish.core import clock
from tundish.core.errors import InputError, NotFound, TrustError, UpstreamError
from tundish.core.image import Json
from tundish.core.people import Actor, Kind, Power
from tundish.core.selection import Source
from tundish.sync.sources import Wish, public

KIND = "boot source"
MODEL = "BootSource"
MOST_URL, MOST_NAME = 200, 255
_INDEX = re.compile(r"/streams/v1/[^/]*\.s?json$")
_NO_WORD = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class _Wanted:
    wish: Wish
    note: SourceNote


def read_all(call: Call) -> Answer:
    seen = visible(call.app, call.actor)
    return answers.json([shown(call, each) for each in seen])


def read(call: Call) -> Answer:
    return answers.json(shown(call, found(call)))


def create(call: Call) -> Answer:
    call.actor.must(Power.SOURCE_EDIT)
    taken = {each.name for each in call.app.catalog.sources.list()}
    faults = Faults()
    url = _url(call.form, faults)
    wanted = _wanted(call.app, call.form, None, url, faults)
    if wanted is None:
        return answers.invalid(faults)
    name = _free_word(wanted.note.name, url, taken)
    _save(call, name, wanted, is_new=True)
    return answers.json(shown(call, call.app.catalog.sources.get(name)), 201)


def update(call: Call) -> Answer:
    before = found(call)
    call.actor.must(Power.SOURCE_EDIT, Kind.SOURCE, before.name)
    faults = Faults()
    url = _url(call.form, faults, before)
    wanted = _wanted(call.app, call.form, before, url, faults)
    if wanted is None:
        return answers.invalid(faults)
    _save(call, before.name, wanted, is_new=False)
    return answers.json(shown(call, call.app.catalog.sources.get(before.name)))


def delete(call: Call) -> Answer:
    source = found(call)
    deeds.remove(call.app, call.actor, source.name)
    call.app.catalog.choices.drop(_place(source.name))
    return answers.gone()


def visible(app: App, actor: Actor) -> tuple[Source, ...]:
    return tuple(each for each in app.catalog.sources.list() if actor.may(Power.SEE, Kind.SOURCE, each.name))


def found(call: Call, name: str = "id") -> Source:
    """
    The source that a parameter of the path numbers.

    Raises:
        NotFound: there is none, or the actor may not see it.
    """
    lost = NotFound(f"No {MODEL} matches the given query.")
    try:
        word = call.app.catalog.numbers.key(KIND, call.named(name))
        source = call.app.catalog.sources.get(word)
    except NotFound:
        raise lost from None
    if not call.actor.may(Power.SEE, Kind.SOURCE, source.name):
        raise lost
    return source


def number_of(app: App, source: Source) -> int:
    return app.catalog.numbers.of(KIND, [source.name])[source.name]


def shown(call: Call, source: Source) -> Json:
    """
    A source for a client. Who may not change it is not shown with which password it is fetched.
    """
    app, note = call.app, _note(call.app, source)
    if not call.actor.may(Power.SOURCE_EDIT, Kind.SOURCE, source.name):
        note = replace(note, name=_masked(source, note.name)) if "://" in note.name else note
        source = replace(source, url=_masked(source, source.url))
    created = app.catalog.sources.added()[source.name]
    return shapes.source(number_of(app, source), source, note, created)


def _masked(source: Source, url: str) -> str:
    return str(public(replace(source, url=url))["url"])


def _save(call: Call, name: str, wanted: _Wanted, *, is_new: bool) -> None:
    """
    Ask the source before it is saved, so that selections can be judged; save it also if it does not answer.
    """
    app, actor, wish = call.app, call.actor, wanted.wish

    def save(*, check: bool) -> None:
        if is_new:
            deeds.add(app, actor, name, wish, check=check)
        else:
            deeds.change(app, actor, name, wish, check=check)

    try:
        save(check=True)
    except (UpstreamError, TrustError) as error:
        save(check=False)
        app.catalog.events.add("source-unreadable", name, str(error), clock.now())
    written = {
        "name": wanted.note.name,
        "keyring_filename": wanted.note.keyring_filename,
        "updated": clock.now().isoformat(),
    }
    app.catalog.choices.set(_place(name), json.dumps(written))


def _wanted(app: App, form: Form, before: Source | None, url: str, faults: Faults) -> _Wanted | None:
    """
    What a form makes of a source; None where something is wrong, which is noted.
    """
    note = SourceNote(url.rstrip("/")) if before is None else _note(app, before)
    name, enabled, priority = form.text("name"), None, None
    with faults.of("enabled"):
        enabled = form.flag("enabled")
    with faults.of("priority"):
        priority = _priority(app, form, before)
    if name is not None and len(name) > MOST_NAME:
        faults.add("name", f"Ensure this value has at most {MOST_NAME} characters (it has {len(name)}).")
    others = [each for each in app.catalog.sources.list() if before is None or each.name != before.name]
    if name and any(_note(app, each).name == name for each in others):
        faults.add("name", "Boot source with this Name already exists.")
    if any(each.url.rstrip("/") == url.rstrip("/") for each in others):
        faults.add("url", "Boot source with this Url already exists.")
    keys = wanted_keys(form, before, note, url, faults)
    if faults:
        return None
    wish = Wish(url=url, keyring=keys.keyring, unsigned=keys.unsigned, priority=priority, enabled=enabled)
    return _Wanted(wish, SourceNote(name or note.name, keys.filename))


def _url(form: Form, faults: Faults, before: Source | None = None) -> str:
    text = form.text("url")
    if text is None and before is not None:
        return before.url
    if not text:
        faults.add("url", "This field is required.")
        return ""
    parts = None
    try:
        parts = urlsplit(text)
    except ValueError:
        faults.add("url", "Enter a valid URL.")
    if parts is not None and (parts.scheme not in {"http", "https"} or not parts.hostname):
        faults.add("url", "Enter a valid URL.")
    if len(text) > MOST_URL:
        faults.add("url", f"Ensure this value has at most {MOST_URL} characters (it has {len(text)}).")
    base = text.rstrip("/")
    return base if _INDEX.search(base) else f"{base}/"


def _priority(app: App, form: Form, before: Source | None) -> int | None:
    given = form.number("priority")
    others = [
        each.priority for each in app.catalog.sources.list() if before is None or each.name != before.name
    ]
    if given is None:
        return max((*others, 0)) + 1 if before is None else None
    if given in others:
        raise InputError("Boot source with this Priority already exists.")
    if given > 2**31 - 1:
        raise InputError(f"Ensure this value is less than or equal to {2**31 - 1}.")
    return given


def _free_word(text: str, url: str, taken: Collection[str]) -> str:
    """
    A name of ours for a source that is called anything.
    """
    host = urlsplit(url).hostname or ""
    plain = _NO_WORD.sub("-", (host if text == url else text).lower()).strip("-")[:40].rstrip("-")
    base = plain or "source"
    base = f"source-{base}" if base in {"own", "auto", "status", "stop"} else base
    names = (base, *(f"{base}-{count}" for count in range(2, len(taken) + 3)))
    return next(name for name in names if name not in taken)


def _note(app: App, source: Source) -> SourceNote:
    text = app.catalog.choices.get(_place(source.name))
    plain = SourceNote(source.name)
    if text is None:
        return plain
    read: Mapping[str, str] = json.loads(text)
    return replace(
        plain,
        name=read["name"],
        keyring_filename=read["keyring_filename"],
        updated=datetime.fromisoformat(read["updated"]),
    )


def _place(name: str) -> str:
    return f"maas-source/{name}"
