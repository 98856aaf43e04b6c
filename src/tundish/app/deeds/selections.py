"""
Deeds on selections. One that names its source is within the scope of that source; others are in that of all.
"""

from tundish.app.deeds.deed import deed
from tundish.app.opened import App
from tundish.core import clock, names
from tundish.core.errors import NotFound
from tundish.core.image import Json
from tundish.core.people import Actor, Kind, Power
from tundish.core.selection import ANY, Selection
from tundish.sync.catalogue import all_known, check_offered


def add(app: App, actor: Actor, wanted: Selection, *, force: bool = False) -> int:
    """
    Want something from now on; the answer is its number. With `force` even what no source is known to offer.

    Raises:
        InputError: a word is not of its form, or no source offers it.
        NotFound: it names a source that we do not know.
        Conflict: the same is wanted already.
    """
    kind, name = _scope(wanted)
    with deed(
        app.catalog.audit, actor, Power.SELECTION_EDIT, "selection.add", kind=kind, name=name
    ) as account:
        _check(app, wanted, force=force)
        number = app.catalog.selections.add(wanted, clock.now())
        account.after = {"id": number, **public(wanted)}
        return number


def change(app: App, actor: Actor, number: int, wanted: Selection, *, force: bool = False) -> int:
    """
    Want this in place of what the selection of a number wants; the answer is its new number.

    Raises:
        NotFound: there is no such selection, or it names a source that we do not know.
        InputError: a word is not of its form, or no source offers it.
        Conflict: the same is wanted already.
    """
    before = get(app, number)
    kind, name = _scope(wanted)
    actor.must(Power.SELECTION_EDIT, *_scope(before))
    with deed(
        app.catalog.audit, actor, Power.SELECTION_EDIT, "selection.change", kind=kind, name=name
    ) as account:
        account.before = {"id": number, **public(before)}
        _check(app, wanted, force=force)
        new = app.catalog.selections.add(wanted, clock.now())
        app.catalog.selections.remove(number)
        account.after = {"id": new, **public(wanted)}
        return new


def remove(app: App, actor: Actor, number: int) -> None:
    """
    Want it no longer; the next sync retires what nothing selects any more.

    Raises:
        NotFound: there is no selection of this number.
    """
    before = get(app, number)
    kind, name = _scope(before)
    with deed(
        app.catalog.audit, actor, Power.SELECTION_EDIT, "selection.remove", kind=kind, name=name
    ) as account:
        account.before = {"id": number, **public(before)}
        app.catalog.selections.remove(number)


def get(app: App, number: int) -> Selection:
    """
    The selection of a number.

    Raises:
        NotFound: there is none.
    """
    found = dict(app.catalog.selections.list()).get(number)
    if found is None:
        raise NotFound(f"there is no selection {number}; see them all: tundish select list")
    return found


def public(wanted: Selection) -> dict[str, Json]:
    """
    A selection for front-ends: fields are added, never changed.
    """
    return {
        "os": wanted.os,
        "series": wanted.series,
        "arches": list(wanted.arches),
        "kernels": list(wanted.kernels),
        "labels": list(wanted.labels),
        "source": wanted.source,
        "keep": wanted.keep,
    }


def _scope(wanted: Selection) -> tuple[Kind, str]:
    return (Kind.SOURCE, wanted.source) if wanted.source else (Kind.ALL, f"{wanted.os}/{wanted.series}")


def _check(app: App, wanted: Selection, *, force: bool) -> None:
    words = {
        "OS": (wanted.os,),
        "series": (wanted.series,),
        "architecture": wanted.arches,
        "kernel": wanted.kernels,
        "label": wanted.labels,
    }
    for kind, values in words.items():
        for value in values:
            if value != ANY:
                names.word(kind, value)
    if wanted.source:
        app.catalog.sources.get(wanted.source)
    if not force:
        check_offered(wanted, all_known(app.desk(), wanted.source))
