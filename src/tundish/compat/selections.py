"""
`boot-sources/ID/selections/`: what is wanted of a source. MAAS has one selection of a release in a source;
ours that want the same release are shown, changed and deleted as one.
"""

from contextlib import suppress
from dataclasses import dataclass, replace

from tundish.app.deeds import selections as deeds
from tundish.app.deeds import unselecting
from tundish.compat import answers, shapes, sources
from tundish.compat.answers import Answer
from tundish.compat.call import Call
from tundish.compat.form import Faults
from tundish.core.errors import Conflict, InputError, NotFound, TrustError, UpstreamError
from tundish.core.image import Json
from tundish.core.people import Kind, Power
from tundish.core.selection import ANY, Selection, Source
from tundish.sync import catalogue
from tundish.sync.offer import Offer

KIND = "boot source selection"
MODEL = "BootSourceSelection"
TWICE = "Boot source selection with this Boot source, Os and Release already exists."


@dataclass(frozen=True, slots=True)
class _Shown:
    """
    A selection of MAAS, and the numbers of ours that it stands for.
    """

    key: str
    wanted: Selection
    ours: tuple[int, ...]


def read_all(call: Call) -> Answer:
    source = sources.found(call, "boot_source_id")
    return answers.json([_shape(call, source, each) for each in _of(call, source)])


def read(call: Call) -> Answer:
    source, shown = _found(call)
    return answers.json(_shape(call, source, shown))


def create(call: Call) -> Answer:
    source = sources.found(call, "boot_source_id")
    call.actor.must(Power.SELECTION_EDIT, Kind.SOURCE, source.name)
    faults = Faults()
    wanted = _wanted(call, Selection("", "", source=source.name), faults)
    key = _key(source, wanted)
    if not faults and any(each.key == key for each in _of(call, source)):
        faults.add("__all__", TWICE)
    if faults:
        return answers.invalid(faults)
    number = deeds.add(call.app, call.actor, wanted, force=True)
    return answers.json(_shape(call, source, _Shown(key, wanted, (number,))))


def update(call: Call) -> Answer:
    source, before = _found(call)
    call.actor.must(Power.SELECTION_EDIT, Kind.SOURCE, source.name)
    faults = Faults()
    wanted = _wanted(call, replace(before.wanted, source=source.name), faults)
    key = _key(source, wanted)
    if not faults and key != before.key and any(each.key == key for each in _of(call, source)):
        faults.add("__all__", TWICE)
    if faults:
        return answers.invalid(faults)
    first, *rest = before.ours
    with suppress(Conflict):  # the same is wanted already: by itself
        first = deeds.change(call.app, call.actor, first, wanted, force=True)
    for number in rest:
        deeds.remove(call.app, call.actor, number)
    if key != before.key:
        call.app.catalog.numbers.rename(KIND, before.key, key)
    unselecting.release(call.app, call.actor, before.wanted)
    return answers.json(_shape(call, source, _Shown(key, wanted, (first,))))


def delete(call: Call) -> Answer:
    _, shown = _found(call)
    for number in shown.ours:
        unselecting.remove(call.app, call.actor, number)
    return answers.gone()


def _found(call: Call) -> tuple[Source, _Shown]:
    source = sources.found(call, "boot_source_id")
    lost = NotFound(f"No {MODEL} matches the given query.")
    try:
        key = call.app.catalog.numbers.key(KIND, call.named("id"))
    except NotFound:
        raise lost from None
    shown = next((each for each in _of(call, source) if each.key == key), None)
    if shown is None:
        raise lost
    return source, shown


def _of(call: Call, source: Source) -> tuple[_Shown, ...]:
    """
    The selections of a source; those that name none are the first source's.
    """
    first = next((each.name for each in call.app.catalog.sources.list() if each.enabled), None)
    groups: dict[str, _Shown] = {}
    for number, wanted in call.app.catalog.selections.list():
        if wanted.source == source.name or (wanted.source is None and source.name == first):
            key = _key(source, wanted)
            had = groups.get(key)
            ours, merged = ((*had.ours, number), _merged(had.wanted, wanted)) if had else ((number,), wanted)
            groups[key] = _Shown(key, merged, ours)
    return tuple(groups.values())


def _merged(one: Selection, other: Selection) -> Selection:
    def both(left: tuple[str, ...], right: tuple[str, ...]) -> tuple[str, ...]:
        return (ANY,) if ANY in (*left, *right) else tuple(dict.fromkeys((*left, *right)))

    return replace(
        one,
        arches=both(one.arches, other.arches),
        kernels=both(one.kernels, other.kernels),
        labels=both(one.labels, other.labels),
        keep=max(one.keep, other.keep),
    )


def _wanted(call: Call, before: Selection, faults: Faults) -> Selection:
    """
    What a form makes of a selection, judged by what its source is known to offer.
    """
    form = call.form
    wanted = replace(
        before,
        os=form.text("os") or before.os or ANY,
        series=form.text("release") or before.series,
        arches=form.texts("arches") or before.arches,
        kernels=form.texts("subarches") or before.kernels,
        labels=form.texts("labels") or before.labels,
    )
    if not wanted.series:
        faults.add("release", "This field is required.")
        return wanted
    offers = _offers(call, wanted)
    plain = replace(wanted, arches=(ANY,), kernels=(ANY,), labels=(ANY,))
    none = f"OS {wanted.os} with release {wanted.series} has no available images for download"
    if not _is_offered(plain, offers):
        faults.add("os", none)
        return wanted
    for field, words in (("arches", wanted.arches), ("subarches", wanted.kernels), ("labels", wanted.labels)):
        ours = "kernels" if field == "subarches" else field
        lost = [word for word in words if not _is_offered(_with(plain, ours, word), offers)]
        if lost:
            faults.add(field, f"No available images to download for {lost}")
    return wanted


def _with(plain: Selection, field: str, word: str) -> Selection:
    return {
        "arches": replace(plain, arches=(word,)),
        "kernels": replace(plain, kernels=(word,)),
        "labels": replace(plain, labels=(word,)),
    }[field]


def _offers(call: Call, wanted: Selection) -> tuple[Offer, ...]:
    """
    What the source is known to offer; one that was never read is asked.
    """
    desk = call.app.desk()
    offers = catalogue.all_known(desk, wanted.source)
    if offers or wanted.source is None:
        return offers
    with suppress(UpstreamError, TrustError):
        return (catalogue.refresh(desk, call.app.catalog.sources.get(wanted.source)),)
    return ()


def _is_offered(wanted: Selection, offers: tuple[Offer, ...]) -> bool:
    try:
        catalogue.check_offered(wanted, offers)
    except InputError:
        return False
    return True


def _key(source: Source, wanted: Selection) -> str:
    return f"{source.name} {wanted.os}/{wanted.series}"


def _shape(call: Call, source: Source, shown: _Shown) -> Json:
    number = call.app.catalog.numbers.of(KIND, [shown.key])[shown.key]
    return shapes.selection(number, sources.number_of(call.app, source), shown.wanted)
