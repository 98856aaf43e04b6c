"""
What a catalog promises, whatever engine keeps it.
"""

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import event

from tundish.catalog.db import sqlite_url
from tundish.catalog.opened import Catalog
from tundish.core.digest import Digest
from tundish.core.errors import Conflict, InputError, InvalidName, NotFound
from tundish.core.holding import OWN, Event, Holding, HoldingId, Job
from tundish.core.image import Extra, Item, Product, Version
from tundish.core.lifecycle import State
from tundish.core.machine import Asker, Deployment, Machine, Report
from tundish.core.names import ContentId, ItemName, ItemPath, ProductName, SourceName, VersionName
from tundish.core.selection import Fetching, Seen, Selection, Source

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)
MAAS = SourceName("maas")
SOURCE = Source(MAAS, "http://stream.example/maas/", b"\x99\x00keys")
MAC = "52:54:00:12:34:56"
ROOT = Digest.of(b"root")
FTYPES = ("boot-kernel", "boot-initrd", "squashfs")


Keep = Callable[[Path], str]  # a folder for a new catalog, the URL of it


@pytest.fixture(scope="module")
def in_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Keep:
    """
    Catalogs in SQLite, each the copy of one new one: running the migrations takes longer than most tests.
    """
    new = tmp_path_factory.mktemp("new") / "catalog.db"
    Catalog.open(sqlite_url(new)).close()

    def keep(folder: Path) -> str:
        return sqlite_url(Path(shutil.copy(new, folder)))

    return keep


@pytest.fixture(params=["in_sqlite"])
def catalog(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Catalog]:
    keep: Keep = request.getfixturevalue(request.param)
    opened = Catalog.open(keep(tmp_path))
    yield opened
    opened.close()


def version(name: str, *, salt: str = "", extra: Extra | None = None) -> Version:
    items = tuple(
        Item(
            name=ItemName(ftype),
            ftype=ftype,
            path=ItemPath(f"noble/amd64/{name}/{ftype}"),
            size=1000 + place,
            digest=Digest.of(f"{name}{ftype}{salt}".encode()),
            extra={"md5": "0" * 32, "nested": [1, {"deep": None}]},
        )
        for place, ftype in enumerate(FTYPES)
    )
    return Version(VersionName(name), items, extra or {"pubname": name})


def product(series: str = "noble", kernel: str = "", *, title: str = "24.04 LTS") -> Product:
    return Product(
        name=ProductName(f"com.example.maas:v3:boot:{series}:amd64:{kernel or 'none'}"),
        content_id=ContentId("com.example.maas:v3:download"),
        os="ubuntu",
        series=series,
        arch="amd64",
        label="stable",
        kernel=kernel,
        title=title,
        versions=(),
        extra={"zebra": "first", "apple": "second", "über": "\ud800"},
    )


def hold(
    catalog: Catalog,
    what: Product,
    *names: str,
    source: SourceName = MAAS,
    state: State = State.COMPLETE,
) -> tuple[HoldingId, ...]:
    return catalog.images.record(source, what, [version(name) for name in names], state, NOON)


# --- sources


def test_a_source_comes_back_as_it_was(catalog: Catalog) -> None:
    """
    Every field of a source survives, the keyring byte by byte.
    """
    source = replace(SOURCE, keyring=bytes(range(256)), priority=-3, enabled=False)

    catalog.sources.add(source, NOON)

    assert source == catalog.sources.get("maas")


def test_every_setting_of_a_source_comes_back(catalog: Catalog) -> None:
    """
    Proxy, token, mirrors, cap, window and signers are kept, and can be replaced.
    """
    catalog.sources.add(SOURCE, NOON)
    changed = replace(
        SOURCE,
        url="http://other.example/",
        fetching=Fetching("none", "secret", ("http://b.example/",), 1000, "22:00-06:00"),
        signers=("A" * 40,),
    )

    catalog.sources.replace(changed)

    assert changed == catalog.sources.get(MAAS)


def test_an_unknown_source_cannot_be_replaced(catalog: Catalog) -> None:
    """
    Settings of a source that is not there are refused.
    """
    with pytest.raises(NotFound, match="no source 'maas'"):
        catalog.sources.replace(SOURCE)


def test_a_source_name_is_taken_once(catalog: Catalog) -> None:
    """
    A second source of the same name is refused and the first one stays.
    """
    catalog.sources.add(SOURCE, NOON)

    with pytest.raises(Conflict, match="there is a source maas already"):
        catalog.sources.add(replace(SOURCE, url="http://other.example/"), LATER)

    assert (SOURCE,) == catalog.sources.list()


def test_our_own_name_is_reserved(catalog: Catalog) -> None:
    """
    No stream source may be called what our own builds are called.
    """
    with pytest.raises(InputError, match="another name"):
        catalog.sources.add(replace(SOURCE, name=OWN), NOON)


def test_sources_are_listed_by_priority_then_name(catalog: Catalog) -> None:
    """
    High priority comes first; equals are in order of code points, capitals first.
    """
    for name, priority in (("beta", 0), ("alpha", 0), ("Zulu", 0), ("low", -1), ("high", 9)):
        catalog.sources.add(replace(SOURCE, name=SourceName(name), priority=priority), NOON)

    assert ["high", "Zulu", "alpha", "beta", "low"] == [source.name for source in catalog.sources.list()]


def test_an_unknown_source_is_answered_with_the_nearest(catalog: Catalog) -> None:
    """
    Who mistypes a name is told the right one.
    """
    catalog.sources.add(SOURCE, NOON)

    with pytest.raises(NotFound, match=r"no source 'mass'; did you mean maas\?"):
        catalog.sources.get("mass")


def test_removing_an_unknown_source_is_an_error(catalog: Catalog) -> None:
    """
    Removing what is not there says so.
    """
    with pytest.raises(NotFound, match="no source 'maas'; there is none yet"):
        catalog.sources.remove("maas")


def test_a_source_takes_its_selections_and_marks_along(catalog: Catalog) -> None:
    """
    Removing a source removes what hangs on it; a selection of any source stays.
    """
    catalog.sources.add(SOURCE, NOON)
    catalog.sources.record_seen("maas", [Seen("index.sjson", NOON, "abc", NOON)])
    catalog.selections.add(Selection("ubuntu", "noble", source=MAAS), NOON)
    anything = catalog.selections.add(Selection("ubuntu", "noble"), NOON)

    catalog.sources.remove("maas")

    assert ({}, [anything]) == (
        dict(catalog.sources.seen("maas")),
        [number for number, _ in catalog.selections.list()],
    )


def test_images_outlive_their_source(catalog: Catalog) -> None:
    """
    Removing a source removes none of its images.
    """
    catalog.sources.add(SOURCE, NOON)
    hold(catalog, product(), "20260101")

    catalog.sources.remove("maas")

    assert ["ubuntu/noble/amd64@20260101"] == [holding.ref for holding in catalog.images.list()]


def test_marks_are_replaced_one_by_one(catalog: Catalog) -> None:
    """
    A new mark takes the place of the old one of its document; others stay.
    """
    catalog.sources.add(SOURCE, NOON)
    kept = Seen("streams/v1/index.sjson", None, "one", NOON)
    catalog.sources.record_seen("maas", [kept, Seen("products", NOON, "two", NOON)])

    newer = Seen("products", LATER, "three", LATER)
    catalog.sources.record_seen("maas", [newer])

    assert {kept.document: kept, "products": newer} == dict(catalog.sources.seen("maas"))


def test_marks_of_an_unknown_source_are_refused(catalog: Catalog) -> None:
    """
    There is no mark without its source.
    """
    with pytest.raises(NotFound):
        catalog.sources.record_seen("maas", [Seen("index", NOON, "one", NOON)])


# --- selections


def test_selections_come_back_with_their_numbers(catalog: Catalog) -> None:
    """
    Every field of a selection survives.
    """
    catalog.sources.add(SOURCE, NOON)
    every = Selection("ubuntu", "noble")
    some = Selection("ubuntu", "jammy", ("amd64", "arm64"), ("ga-22.04",), ("stable",), MAAS, 3)

    numbers = [catalog.selections.add(selection, NOON) for selection in (every, some)]

    assert ((numbers[0], every), (numbers[1], some)) == catalog.selections.list()


def test_the_same_is_selected_once(catalog: Catalog) -> None:
    """
    A selection that wants the same in another order is refused, that of no particular source too.
    """
    number = catalog.selections.add(Selection("ubuntu", "noble", ("amd64", "arm64")), NOON)

    with pytest.raises(Conflict, match=f"selection {number} wants the same"):
        catalog.selections.add(Selection("ubuntu", "noble", ("arm64", "amd64")), NOON)


def test_a_selection_of_an_unknown_source_is_refused(catalog: Catalog) -> None:
    """
    A selection may only name a source that we know.
    """
    with pytest.raises(NotFound, match="no source 'maas'; add it first"):
        catalog.selections.add(Selection("ubuntu", "noble", source=MAAS), NOON)


def test_a_selection_keeps_at_least_one_version(catalog: Catalog) -> None:
    """
    A selection that would keep nothing is refused.
    """
    with pytest.raises(InputError, match="keep at least 1"):
        catalog.selections.add(Selection("ubuntu", "noble", keep=0), NOON)


def test_a_number_is_never_given_twice(catalog: Catalog) -> None:
    """
    The number of a removed selection names no other one later.
    """
    first = catalog.selections.add(Selection("ubuntu", "noble"), NOON)
    catalog.selections.remove(first)

    assert first < catalog.selections.add(Selection("ubuntu", "noble"), NOON)


def test_an_unknown_selection_cannot_be_removed(catalog: Catalog) -> None:
    """
    Removing what is not there says so.
    """
    with pytest.raises(NotFound, match="no selection 7; see them all: tundish select list"):
        catalog.selections.remove(7)


# --- images


def test_an_image_comes_back_as_it_was(catalog: Catalog) -> None:
    """
    Every field of a version and its product survives: order of items, unknown fields and their order.
    """
    what, which = product(), version("20260101")

    (number,) = catalog.images.record(MAAS, what, [which], State.EXPECTED, NOON)

    assert Holding(number, MAAS, what, which, State.EXPECTED, NOON) == catalog.images.get(number)


def test_unknown_fields_keep_their_order(catalog: Catalog) -> None:
    """
    What we do not interpret is written out again as it was read.
    """
    (number,) = hold(catalog, product(), "20260101")

    assert ["zebra", "apple", "über"] == list(catalog.images.get(number).product.extra)


def test_ids_come_in_the_order_of_the_versions(catalog: Catalog) -> None:
    """
    The ids that recording answers belong to the versions given, whatever their order.
    """
    hold(catalog, product(), "20260102")

    numbers = hold(catalog, product(), "20260103", "20260102", "20260101")

    assert ["20260103", "20260102", "20260101"] == [catalog.images.get(n).version.name for n in numbers]


def test_products_are_recorded_together(catalog: Catalog) -> None:
    """
    Known and new products may be mixed: the ids run product by product. One without versions is left out.
    """
    known = hold(catalog, product("noble"), "20260101")
    two = [
        replace(product(s), versions=(version("20260101"), version("20260102"))) for s in ("jammy", "noble")
    ]

    numbers = catalog.images.record_many(MAAS, [*two, product("focal")], State.EXPECTED, LATER)

    assert (["jammy@1", "jammy@2", "noble@1", "noble@2"], known) == (
        [f"{one.product.series}@{one.version.name[-1]}" for one in map(catalog.images.get, numbers)],
        numbers[2:3],
    )


def test_nothing_is_recorded_without_a_fuss(catalog: Catalog) -> None:
    """
    No products, no ids.
    """
    assert () == catalog.images.record_many(MAAS, [], State.EXPECTED, NOON)


def test_a_known_version_keeps_its_state_and_gets_new_words(catalog: Catalog) -> None:
    """
    Recording the same bytes again changes titles and unknown fields, and neither id, state nor its time.
    """
    (number,) = hold(catalog, product(), "20260101", state=State.COMPLETE)
    renamed, which = product(title="24.04.1 LTS"), version("20260101", extra={"support_eol": "2029"})

    again = catalog.images.record(MAAS, renamed, [which], State.EXPECTED, LATER)

    assert ((number,), Holding(number, MAAS, renamed, which, State.COMPLETE, NOON)) == (
        again,
        catalog.images.get(number),
    )


def test_a_version_with_other_bytes_starts_again(catalog: Catalog) -> None:
    """
    When the files of a known version are others, they are replaced and the state is as given.
    """
    (number,) = hold(catalog, product(), "20260101", state=State.COMPLETE)
    rebuilt = version("20260101", salt="rebuilt")

    catalog.images.record(MAAS, product(), [rebuilt], State.EXPECTED, LATER)

    assert Holding(number, MAAS, product(), rebuilt, State.EXPECTED, LATER) == catalog.images.get(number)


def test_a_version_whose_files_moved_keeps_its_state(catalog: Catalog) -> None:
    """
    The same bytes at other paths need not be fetched again.
    """
    (number,) = hold(catalog, product(), "20260101", state=State.COMPLETE)
    before = version("20260101")
    moved = replace(before, items=tuple(replace(i, path=ItemPath(f"moved/{i.name}")) for i in before.items))

    catalog.images.record(MAAS, product(), [moved], State.EXPECTED, LATER)

    assert Holding(number, MAAS, product(), moved, State.COMPLETE, NOON) == catalog.images.get(number)


def test_recording_is_all_or_nothing(catalog: Catalog) -> None:
    """
    One version that cannot be stored leaves nothing of the others.
    """
    huge = replace(version("20260102").items[0], size=2**63)

    with pytest.raises(InputError, match="a value that cannot be stored"):
        catalog.images.record(
            MAAS,
            product(),
            [version("20260101"), Version(VersionName("20260102"), (huge,))],
            State.EXPECTED,
            NOON,
        )

    assert () == catalog.images.list()


@pytest.mark.parametrize("title", ["half a pair: \ud800", "\udfff"])
def test_text_that_is_no_text_is_refused(catalog: Catalog, title: str) -> None:
    """
    A title that cannot be written in UTF-8 gets an error of ours.
    """
    with pytest.raises(InputError, match="a value that cannot be stored"):
        hold(catalog, product(title=title), "20260101")


def test_a_time_without_a_zone_is_refused(catalog: Catalog) -> None:
    """
    Nobody can store a time that could mean several moments.
    """
    with pytest.raises(InputError, match="a time without a zone"):
        catalog.events.add("sync", "maas", "began", NOON.replace(tzinfo=None))


def test_times_are_told_in_utc(catalog: Catalog) -> None:
    """
    A time of another zone comes back as the same moment in UTC, to the microsecond.
    """
    at = datetime(2026, 3, 1, 14, 0, 0, 123456, tzinfo=timezone(timedelta(hours=2)))

    catalog.events.add("sync", "maas", "began", at)

    assert "2026-03-01T12:00:00.123456+00:00" == catalog.events.list()[0].at.isoformat()


def test_the_same_product_of_two_sources_is_two_images(catalog: Catalog) -> None:
    """
    Sources do not share images.
    """
    hold(catalog, product(), "20260101", source=MAAS)
    hold(catalog, product(), "20260101", source=OWN)

    assert ["maas", "own"] == [holding.source for holding in catalog.images.list()]


def test_images_are_listed_by_source_and_state(catalog: Catalog) -> None:
    """
    A list holds what was asked for, sorted by name.
    """
    hold(catalog, product("noble"), "2", "1", state=State.COMPLETE)
    hold(catalog, product("jammy"), "1", state=State.COMPLETE)
    hold(catalog, product("focal"), "1", state=State.EXPECTED)
    hold(catalog, product("focal"), "1", source=OWN, state=State.COMPLETE)

    found = catalog.images.list(source=MAAS, states=[State.COMPLETE, State.RETIRED])

    assert ["ubuntu/jammy/amd64@1", "ubuntu/noble/amd64@1", "ubuntu/noble/amd64@2"] == [h.ref for h in found]


def test_a_long_list_takes_no_more_questions(catalog: Catalog) -> None:
    """
    The number of statements does not grow with the number of rows.
    """
    asked: list[str] = []
    event.listen(catalog.database._reading, "before_cursor_execute", lambda *call: asked.append(call[2]))
    hold(catalog, product(), "1")

    def statements() -> int:
        asked.clear()
        catalog.images.list(source=MAAS, states=[State.COMPLETE])
        return len(asked)

    few = statements()
    catalog.images.record_many(
        MAAS,
        [replace(product(f"s{n}"), versions=(version("1"), version("2"))) for n in range(60)],
        State.COMPLETE,
        NOON,
    )

    assert few == statements()


def test_more_rows_than_one_statement_takes(catalog: Catalog) -> None:
    """
    Long lists of ids and names are recorded, moved and recorded again in portions.
    """
    many = [replace(product(f"s{n}"), versions=(version("1"),)) for n in range(1203)]
    numbers = catalog.images.record_many(MAAS, many, State.EXPECTED, NOON)
    catalog.images.move(numbers, State.FETCHING, LATER)

    again = catalog.images.record_many(MAAS, many, State.EXPECTED, NOON)

    assert (numbers, 1203) == (again, len(catalog.images.list(states=[State.FETCHING])))


def test_a_move_follows_the_table(catalog: Catalog) -> None:
    """
    An illegal move is refused, names the image, and moves none of the others.
    """
    first = hold(catalog, product("jammy"), "20260101", state=State.FETCHING)
    second = hold(catalog, product("noble"), "20260101", state=State.COMPLETE)

    with pytest.raises(
        Conflict, match="ubuntu/noble/amd64@20260101: an image version that is complete cannot"
    ):
        catalog.images.move((*first, *second), State.INCOMPLETE, LATER)

    assert [State.FETCHING, State.COMPLETE] == [holding.state for holding in catalog.images.list()]


def test_a_move_notes_its_time(catalog: Catalog) -> None:
    """
    What moves has its state since then; what was there already stays as it was.
    """
    moving = hold(catalog, product("jammy"), "20260101", state=State.EXPECTED)
    staying = hold(catalog, product("noble"), "20260101", state=State.COMPLETE)

    catalog.images.move((*moving, *staying), State.COMPLETE, LATER)

    assert [(State.COMPLETE, LATER), (State.COMPLETE, NOON)] == [
        (holding.state, holding.since) for holding in catalog.images.list()
    ]


def test_what_is_gone_cannot_be_moved(catalog: Catalog) -> None:
    """
    A move of an unknown id is refused.
    """
    with pytest.raises(NotFound, match="no image version number 12"):
        catalog.images.move([HoldingId(12)], State.COMPLETE, NOON)


def test_a_removed_version_is_gone_with_its_files(catalog: Catalog) -> None:
    """
    Only the digests of what remains are counted, and the id is not given again.
    """
    first, second = hold(catalog, product(), "20260101", "20260102")

    catalog.images.remove(second)

    kept = frozenset(item.digest for item in version("20260101").items)
    assert (kept, True) == (
        catalog.images.digests(),
        hold(catalog, product(), "20260103")[0] > second > first,
    )


def test_the_last_version_takes_its_image_along(catalog: Catalog) -> None:
    """
    An image without versions is not offered as a near match.
    """
    (number,) = hold(catalog, product(), "20260101")

    catalog.images.remove(number)

    with pytest.raises(NotFound, match="there is none yet"):
        catalog.images.find("ubuntu/noble/amd64")


def test_digests_are_told_by_state(catalog: Catalog) -> None:
    """
    Only the blobs of holdings in the states asked for are named.
    """
    hold(catalog, product("noble"), "20260101", state=State.COMPLETE)
    hold(catalog, product("jammy"), "20260102", state=State.RETIRED)

    assert {item.digest for item in version("20260102").items} == catalog.images.digests([State.RETIRED])


# --- references


def test_the_newest_complete_version_is_meant(catalog: Catalog) -> None:
    """
    Without a version, what is newest in string order and complete is found.
    """
    hold(catalog, product(), "20260101", "20260102.1", "20260102")
    hold(catalog, product(), "20260103", state=State.FETCHING)

    assert "20260102.1" == catalog.images.find("ubuntu/noble/amd64").version.name


def test_a_version_is_found_in_any_state(catalog: Catalog) -> None:
    """
    Who names the version gets it, complete or not.
    """
    hold(catalog, product(), "20260101", "20260102")
    hold(catalog, product(), "20260103", state=State.FETCHING)

    assert State.FETCHING is catalog.images.find("ubuntu/noble/amd64@20260103").state


def test_a_kernel_is_found_by_name(catalog: Catalog) -> None:
    """
    The fourth word is the kernel.
    """
    hold(catalog, product(kernel="ga-24.04"), "20260101")
    hold(catalog, product(kernel="hwe-24.04"), "20260101")

    assert "hwe-24.04" == catalog.images.find("ubuntu/noble/amd64/hwe-24.04@20260101").product.kernel


def test_several_kernels_have_to_be_told_apart(catalog: Catalog) -> None:
    """
    Between named kernels tundish does not choose; it names them.
    """
    hold(catalog, product(kernel="ga-24.04"), "20260101")
    hold(catalog, product(kernel="hwe-24.04"), "20260101")

    with pytest.raises(InputError, match=r"name one: ubuntu/noble/amd64/ga-24.04 or ubuntu/noble/amd64/hwe"):
        catalog.images.find("ubuntu/noble/amd64")


def test_the_plain_kernel_needs_no_name(catalog: Catalog) -> None:
    """
    Where there is a generic kernel, it is meant.
    """
    hold(catalog, product(kernel="generic"), "20260101")
    hold(catalog, product(kernel="hwe-24.04"), "20260102")

    assert "generic" == catalog.images.find("ubuntu/noble/amd64").product.kernel


def test_of_equals_our_own_is_meant_then_priority(catalog: Catalog) -> None:
    """
    The same version of several sources: ours first, then the source with the highest priority.
    """
    low, high = SourceName("a-low"), SourceName("z-high")
    catalog.sources.add(replace(SOURCE, name=low, priority=1), NOON)
    catalog.sources.add(replace(SOURCE, name=high, priority=2), NOON)
    for source in (low, high):
        hold(catalog, product("noble"), "20260101", source=source)
        hold(catalog, product("jammy"), "20260101", source=source)
    hold(catalog, product("jammy"), "20260101", source=OWN)

    assert [high, OWN] == [
        catalog.images.find(f"ubuntu/{series}/amd64").source for series in ("noble", "jammy")
    ]


@pytest.mark.parametrize(
    ("ref", "says"),
    [
        ("ubuntu/nobel/amd64", r"no image 'ubuntu/nobel/amd64' is held; did you mean ubuntu/noble/amd64"),
        ("ubuntu/noble/amd64@20260201", r"no version '20260201' .* did you mean 20260101\?"),
        (
            "ubuntu/jammy/amd64",
            r"no version of ubuntu/jammy/amd64 is complete: the newest, 3, is expected; run",
        ),
    ],
)
def test_what_is_not_found_is_answered_with_help(catalog: Catalog, ref: str, says: str) -> None:
    """
    A reference that fits nothing is answered with what may have been meant, or with why not.
    """
    hold(catalog, product("noble"), "20260101")
    hold(catalog, product("jammy"), "2", "3", state=State.EXPECTED)

    with pytest.raises(NotFound, match=says):
        catalog.images.find(ref)


@pytest.mark.parametrize(
    "ref", ["", "ubuntu", "ubuntu/noble", "a/b/c/d/e", "a//c", "a/b/c@", "a/b/" + "c" * 9999]
)
def test_what_is_no_reference_is_refused(catalog: Catalog, ref: str) -> None:
    """
    A reference has three or four words.
    """
    with pytest.raises(InvalidName, match="not a valid image reference: as in"):
        catalog.images.find(ref)


# --- jobs and events


def test_a_job_is_noted_from_begin_to_end(catalog: Catalog) -> None:
    """
    The last job comes first; a running one has no end.
    """
    first = catalog.jobs.start("sync", "maas", NOON)
    second = catalog.jobs.start("build", "debian", LATER)

    catalog.jobs.end(first, "partial", '{"fetched": 3}', LATER)

    assert (
        Job(second, "build", "debian", LATER, None, "running", ""),
        Job(first, "sync", "maas", NOON, LATER, "partial", '{"fetched": 3}'),
    ) == catalog.jobs.list()


def test_a_job_ends_once(catalog: Catalog) -> None:
    """
    An ended job cannot end again.
    """
    number = catalog.jobs.start("sync", "maas", NOON)
    catalog.jobs.end(number, "done", "", NOON)

    with pytest.raises(Conflict, match=f"job {number} has ended already: done"):
        catalog.jobs.end(number, "failed", "", LATER)


def test_an_unknown_job_cannot_end(catalog: Catalog) -> None:
    """
    Ending what never began says so.
    """
    with pytest.raises(NotFound, match="no job 3"):
        catalog.jobs.end(3, "done", "", NOON)


def test_a_job_ends_in_one_of_the_known_ways(catalog: Catalog) -> None:
    """
    An outcome that nobody knows is refused.
    """
    with pytest.raises(InputError, match="one of done, partial, failed, stopped, lost"):
        catalog.jobs.end(1, "running", "", NOON)


def test_jobs_of_dead_processes_are_lost(catalog: Catalog) -> None:
    """
    Only running jobs of the kind are given up.
    """
    ended = catalog.jobs.start("sync", "maas", NOON)
    catalog.jobs.end(ended, "done", "", NOON)
    catalog.jobs.start("sync", "maas", NOON)
    catalog.jobs.start("build", "debian", NOON)

    lost = catalog.jobs.lose("sync", LATER)

    assert (1, ["running", "lost", "done"]) == (lost, [job.outcome for job in catalog.jobs.list()])


def test_events_are_listed_newest_first(catalog: Catalog) -> None:
    """
    What happened last is read first, and no more than asked for.
    """
    for text in ("one", "two", "three"):
        catalog.events.add("sync", "maas", text, NOON)

    found = catalog.events.list(2)

    assert (Event(found[0].id, NOON, "sync", "maas", "three"), "two") == (found[0], found[1].text)


@pytest.mark.parametrize("limit", [-1, 0, 10_001])
def test_a_list_has_bounds(catalog: Catalog, limit: int) -> None:
    """
    No limit means all of it.
    """
    with pytest.raises(InputError, match="between 1 and 10000"):
        catalog.events.list(limit)


def test_many_may_write_at_once(catalog: Catalog) -> None:
    """
    Writers on several threads wait for each other and none is lost.
    """
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: catalog.events.add("boot", str(n), "asked", NOON), range(40)))

    assert {str(n) for n in range(40)} == {happened.subject for happened in catalog.events.list()}


# --- machines


def begin(catalog: Catalog, token: str = "token", mac: str = MAC, at: datetime = NOON) -> None:
    catalog.machines.begin(token, mac, image="ubuntu/noble/amd64", version="20260101", root=ROOT, at=at)


def test_a_machine_is_known_once_it_asks(catalog: Catalog) -> None:
    """
    First and last time are kept, and the UUID when it was told.
    """
    uuid = "a" * 8 + "-aaaa" * 3 + "-" + "a" * 12
    catalog.machines.asked(Asker("52-54-00-12-34-56", uuid), NOON)

    catalog.machines.asked(Asker(MAC), LATER)

    assert (Machine(MAC, uuid, None, NOON, LATER, 0),) == catalog.machines.list()


def test_an_unknown_machine_is_named(catalog: Catalog) -> None:
    """
    Who asks for a machine that never asked is told where to look.
    """
    with pytest.raises(NotFound, match=f"no machine {MAC} has asked to boot; see them all"):
        catalog.machines.get(MAC)


def test_what_is_no_address_is_refused(catalog: Catalog) -> None:
    """
    Nothing gets into the catalog under a name that is no MAC address.
    """
    with pytest.raises(InvalidName, match="not a valid MAC address"):
        catalog.machines.asked(Asker("x" * 100), NOON)


def test_a_reported_boot_is_counted(catalog: Catalog) -> None:
    """
    A report makes a begun boot a deployment of the machine.
    """
    begin(catalog)

    said = catalog.machines.report(Report("token", "f" * 32, "20260101", ROOT), LATER)

    assert (
        Deployment(MAC, "ubuntu/noble/amd64", "20260101", ROOT, NOON, LATER),
        (said,),
        Machine(MAC, None, "f" * 32, NOON, LATER, 1),
        {("ubuntu/noble/amd64", "20260101"): 1},
    ) == (said, catalog.machines.deployments(), catalog.machines.get(MAC), dict(catalog.machines.counts()))


def test_a_second_report_changes_nothing(catalog: Catalog) -> None:
    """
    The answer to a repeated report is that to the first.
    """
    begin(catalog)
    first = catalog.machines.report(Report("token", "f" * 32, "20260101", ROOT), NOON)

    again = catalog.machines.report(Report("token", "e" * 32, "20260101", ROOT), LATER)

    assert (first, "f" * 32) == (again, catalog.machines.get(MAC).machine_id)


@pytest.mark.parametrize(
    "report",
    [Report("token", "f" * 32, "20251231", ROOT), Report("token", "f" * 32, "20260101", Digest.of(b"other"))],
)
def test_a_report_of_something_else_is_refused(catalog: Catalog, report: Report) -> None:
    """
    What runs another version or root than it was told is no deployment of it.
    """
    begin(catalog)

    with pytest.raises(Conflict, match="was told to boot ubuntu/noble/amd64 20260101 with root"):
        catalog.machines.report(report, LATER)

    assert {} == dict(catalog.machines.counts())


def test_a_report_needs_a_begun_boot(catalog: Catalog) -> None:
    """
    An unknown token is refused, and not repeated in the message.
    """
    with pytest.raises(
        NotFound, match=r"^no boot was begun under this token, or the machine has asked again"
    ):
        catalog.machines.report(Report("guessed", "f" * 32, "20260101", ROOT), NOON)


def test_asking_again_replaces_what_was_never_reported(catalog: Catalog) -> None:
    """
    Of a machine that asks again and again only the last unreported boot is kept; reported ones stay.
    """
    begin(catalog, "one")
    catalog.machines.report(Report("one", "f" * 32, "20260101", ROOT), NOON)
    begin(catalog, "two")
    begin(catalog, "other", mac="52:54:00:00:00:01")
    begin(catalog, "three", at=LATER)

    assert [(LATER, None), (NOON, NOON)] == [
        (one.started_at, one.reported_at) for one in catalog.machines.deployments(MAC)
    ]


def test_a_token_names_one_boot(catalog: Catalog) -> None:
    """
    The token of another machine cannot be given out again.
    """
    begin(catalog)

    with pytest.raises(Conflict):
        begin(catalog, mac="52:54:00:00:00:01")

    assert [MAC] == [machine.mac for machine in catalog.machines.list()]
