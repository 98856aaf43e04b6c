"""
Hearing of changes: what is told, to whom, from where on, and what becomes of who is slow.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from tests.support.region import DAY
from tundish.access import keys
from tundish.app import feed as feeds
from tundish.app.changes import KINDS, Change, Eye, message
from tundish.app.deeds import jobs, people, uploads
from tundish.app.feed import Feed
from tundish.app.opened import App, open_app
from tundish.core import clock
from tundish.core.notice import Kind as Standing
from tundish.core.notice import Severity, Wanted
from tundish.core.people import EVERYTHING, Actor, Grant, Kind, Role
from tundish.intake.naming import asked
from tundish.settings import load

ADA = Actor("ada", EVERYTHING, "api")
BOB = Actor("bob", (Grant(Role.VIEWER, Kind.IMAGE, "custom/*"),), "api")
SECONDS = 20.0  # no test waits longer for a change


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    with open_app(load({}, state=tmp_path / "state")) as opened:
        yield opened


@pytest.fixture
def eye(app: App) -> Eye:
    made = Eye(app.catalog)
    made.look(clock.now())
    return made


def seen(eye: Eye) -> list[tuple[str, str]]:
    return [(each.kind, each.subject) for each in eye.look(clock.now())]


def events(app: App, count: int) -> None:
    for number in range(count):
        app.catalog.events.add("noted", f"{number}", "", DAY)


def hear(app: App, work: Callable[[Feed], Coroutine[Any, Any, list[str]]]) -> list[str]:
    async def bounded() -> list[str]:
        return await asyncio.wait_for(work(app.feed), SECONDS)

    return asyncio.run(bounded())


async def first(changes: AsyncGenerator[Change, None], count: int) -> list[Change]:
    found: list[Change] = []
    async with aclosing(changes) as heard:
        async for change in heard:
            found.append(change)
            if len(found) == count:
                break
    return found


def test_what_was_there_is_no_change(app: App) -> None:
    """
    The first look tells nothing, and neither does one after which nothing happened.
    """
    jobs.begin(app, ADA, "gc", {})
    events(app, 3)
    eye = Eye(app.catalog)

    assert [(), ()] == [eye.look(clock.now()), eye.look(clock.now())]


def test_a_job_is_told_of_at_each_step(app: App, eye: Eye) -> None:
    """
    When it waits, runs, gets on and ends; and then no more.
    """
    number = jobs.begin(app, ADA, "gc", {}).id
    steps = [seen(eye)]
    app.catalog.jobs.claim("one", clock.now(), clock.now())
    steps.append(seen(eye))
    app.catalog.jobs.note(number, "one", '{"progress": {"came": 3, "speeds": {}}}')
    steps.append(seen(eye))
    app.catalog.jobs.beat("one", clock.now())
    steps.append(seen(eye))
    app.catalog.jobs.close(number, "one", "done", "", clock.now())
    steps.append(seen(eye))

    assert [*[[("job", f"{number}")]] * 3, [], [("job", f"{number}")]] == steps


def test_a_job_that_came_and_went_between_two_looks_is_told_of(app: App, eye: Eye) -> None:
    """
    Once, as it ended.
    """
    number = app.catalog.jobs.start("gc", "the store", clock.now())
    app.catalog.jobs.end(number, "done", "", clock.now())

    assert ["done"] == [each.data["outcome"] for each in eye.look(clock.now())]


def test_events_and_notices_are_told(app: App, eye: Eye) -> None:
    """
    An event once; a notice when it comes and when it goes.
    """
    app.catalog.events.add("noted", "lab", "", clock.now())
    app.catalog.notices.reconcile([Wanted(Standing.DISK_LOW, "store", "low", Severity.WARNING)], clock.now())
    came = eye.look(clock.now())
    app.catalog.notices.reconcile([], clock.now())
    went = eye.look(clock.now())

    assert (["event", "notice"], [False]) == (
        [each.kind for each in came],
        [each.data["stands"] for each in went],
    )


def test_a_pin_is_told_of(app: App, eye: Eye) -> None:
    """
    It changes no state of an image, so who shows images looks at them again; other deeds tell nothing.
    """
    app.catalog.audit.add(ADA, "image.pin", "noble", clock.now(), before="", after="", outcome="done")
    pinned = seen(eye)
    app.catalog.audit.add(ADA, "login", "ada", clock.now(), before="", after="", outcome="done")

    assert ([("image", "")], []) == (pinned, seen(eye))


def test_an_upload_is_told_of(app: App, eye: Eye) -> None:
    """
    By its number, with the image it is to become, whose name says who may hear of it.
    """
    begun = uploads.begin(app, ADA, asked("custom/rocky9", base_image="rhel/9"), 900, None)
    change, *_ = eye.look(clock.now())

    assert (("upload", f"{begun.id}"), True) == ((change.kind, change.subject), change.is_for(BOB))


def test_what_one_may_not_see_one_does_not_hear(app: App, eye: Eye) -> None:
    """
    Who sees some images hears nothing of jobs on the store.
    """
    jobs.begin(app, ADA, "gc", {})
    change, *_ = eye.look(clock.now())

    assert (True, False) == (change.is_for(ADA), change.is_for(BOB))


def test_an_event_is_told_to_who_may_see_what_it_is_about(app: App, eye: Eye) -> None:
    """
    That of an image to who sees this one; that of a sync to who sees all.
    """
    app.catalog.events.add("uploaded", "custom/rocky9/amd64", "", clock.now())
    app.catalog.events.add("sync-done", "sync", "", clock.now())

    assert [True, False] == [change.is_for(BOB) for change in eye.look(clock.now())]


def test_too_much_at_once_is_a_reset(app: App, eye: Eye) -> None:
    """
    Where more changed than is told, one word says to look at everything again; afterwards all is well.
    """
    events(app, 501)

    assert ([("reset", "")], [("event", "501")]) == (seen(eye)[:1], seen(eye))


def test_a_listener_hears_what_happens(app: App) -> None:
    """
    From the moment on at which it began to listen.
    """

    async def work(feed: Feed) -> list[str]:
        mark = await asyncio.to_thread(feed.mark)
        events(app, 2)
        return [each.subject for each in await first(feed.listen(after=mark), 2)]

    assert ["1", "2"] == hear(app, work)


def test_a_listener_goes_on_where_it_was(app: App) -> None:
    """
    With the number of the last change it heard, it misses none and hears none twice.
    """

    async def work(feed: Feed) -> list[str]:
        mark = await asyncio.to_thread(feed.mark)
        events(app, 3)
        (heard,) = await first(feed.listen(after=mark), 1)
        return [each.subject for each in await first(feed.listen(after=heard.id), 2)]

    assert ["2", "3"] == hear(app, work)


@pytest.mark.parametrize("after", ["nonsense", "00000000-3", "-1", "x" * 9_000, "0-99999999999999999999999"])
def test_a_number_of_another_life_is_a_reset(app: App, after: str) -> None:
    """
    Whoever comes with one has missed nobody knows what.
    """

    async def work(feed: Feed) -> list[str]:
        return [each.kind for each in await first(feed.listen(after=after), 1)]

    assert ["reset"] == hear(app, work)


def test_a_listener_hears_the_kinds_it_asked_for(app: App) -> None:
    """
    Of an event and a job, who asked for jobs hears of the job.
    """

    async def work(feed: Feed) -> list[str]:
        mark = await asyncio.to_thread(feed.mark)
        events(app, 1)
        jobs.begin(app, ADA, "gc", {})
        return [each.kind for each in await first(feed.listen(after=mark, kinds=["job"]), 1)]

    assert ["job"] == hear(app, work)


def test_who_is_too_slow_is_told_to_come_again(app: App) -> None:
    """
    It is let go with the number of the last change that it heard, and goes on from there without a gap.
    """

    async def work(feed: Feed) -> list[str]:
        mark = await asyncio.to_thread(feed.mark)
        heard = feed.listen(after=mark)
        events(app, 1)
        last = await anext(heard)
        for _ in range(2):
            events(app, feeds.MOST_WAITING - 10)
            await asyncio.to_thread(feed.look)
        again = await anext(heard)
        return [
            again.kind,
            str(again.id == last.id),
            (await first(feed.listen(after=again.id), 1))[0].subject,
        ]

    assert ["again", "True", "2"] == hear(app, work)


def test_who_has_listened_for_long_comes_again(app: App) -> None:
    """
    With what it heard last, so that a key which was revoked meanwhile is asked for.
    """

    async def work(feed: Feed) -> list[str]:
        mark = await asyncio.to_thread(feed.mark)
        heard = feed.listen(after=mark)
        events(app, 1)
        kinds = [(await anext(heard)).kind]
        for _ in range(feeds.LIFE):
            await asyncio.to_thread(feed.still)
        return [*kinds, *sorted({each.kind async for each in heard})]

    assert ["event", "again", "beat"] == hear(app, work)


def revoked(app: App, actor: Actor) -> None:
    people.revoke(app, ADA, actor.key)


def disabled(app: App, actor: Actor) -> None:
    people.set_enabled(app, ADA, actor.name, enabled=False)


def less(app: App, actor: Actor) -> None:
    people.ungrant(app, ADA, actor.name, Grant(Role.VIEWER))


def listener(app: App) -> Actor:
    """
    Somebody who came with a token.
    """
    people.create(app, ADA, "root", EVERYTHING)  # somebody must stay
    user = people.create(app, ADA, "cat", (Grant(Role.VIEWER), Grant(Role.AUTHOR, Kind.IMAGE, "custom/*")))
    _, text = people.make_token(app, ADA, "cat", "laptop")
    key = keys.parsed(text)
    assert key is not None
    return Actor("cat", user.grants, "api", key=key.public)


@pytest.mark.parametrize("change", [revoked, disabled, less])
def test_whose_token_counts_no_more_is_let_go(app: App, change: Callable[[App, Actor], None]) -> None:
    """
    At the next look, without a word of what happened since; as is who may see less.
    """
    cat = listener(app)

    async def work(feed: Feed) -> list[str]:
        mark = await asyncio.to_thread(feed.mark)
        events(app, 1)
        heard = feed.listen(after=mark, kinds=["event"], actor=cat)
        kinds = [(await anext(heard)).kind]
        await asyncio.to_thread(change, app, cat)
        return [*kinds, *[each.kind async for each in heard]]

    assert ["event", "again"] == hear(app, work)


def test_who_may_as_before_is_not_let_go(app: App) -> None:
    """
    Whatever else is written to the catalog.
    """
    cat = listener(app)

    async def work(feed: Feed) -> list[str]:
        mark = await asyncio.to_thread(feed.mark)
        heard = feed.listen(after=mark, kinds=["event"], actor=cat)
        events(app, 1)
        kinds = [(await anext(heard)).kind]
        await asyncio.to_thread(feed.review)
        events(app, 1)
        return [*kinds, (await anext(heard)).kind]

    assert ["event", "event"] == hear(app, work)


def test_closing_lets_everybody_go(app: App) -> None:
    """
    Who listens comes to an end.
    """

    async def work(feed: Feed) -> list[str]:
        mark = await asyncio.to_thread(feed.mark)
        events(app, 1)
        heard = feed.listen(after=mark)
        kinds = [(await anext(heard)).kind]
        await asyncio.to_thread(feed.close)
        return [*kinds, *[each.kind async for each in heard]]

    assert ["event", "beat"] == hear(app, work)


def test_who_goes_is_forgotten(app: App) -> None:
    """
    Nobody listens once the last one has gone.
    """

    async def work(feed: Feed) -> list[str]:
        mark = await asyncio.to_thread(feed.mark)
        events(app, 1)
        await first(feed.listen(after=mark), 1)
        return [f"{feed.count()}"]

    assert ["0"] == hear(app, work)


def test_a_message_is_three_lines(app: App) -> None:
    """
    Number, kind and one line of JSON, whatever signs are in it.
    """
    text = message(Change("event", "7", {"text": "a\nb\r\n\u2028"}, id="ab-3")).decode()
    number, kind, data, *rest = text.split("\n")

    assert ("id: ab-3", "event: event", {"id": "7", "text": "a\nb\r\n\u2028"}, ["", ""]) == (
        number,
        kind,
        json.loads(data.removeprefix("data: ")),
        rest,
    )


def test_a_message_says_which_job_it_is_about(app: App, eye: Eye) -> None:
    """
    By its number, whatever the job has for a subject.
    """
    number = jobs.begin(app, ADA, "gc", {}).id
    text = message(eye.look(clock.now())[0]).decode()
    data = json.loads(text.partition("data: ")[2])

    assert (f"{number}", "the store") == (data["id"], data["subject"])


def test_a_beat_is_a_comment() -> None:
    """
    Browsers take no notice of it.
    """
    assert b": here\n\n" == message(Change("beat", "", {}))


def test_every_kind_is_one_word() -> None:
    """
    None of them could break a message.
    """
    assert all(kind.isalpha() for kind in KINDS)
