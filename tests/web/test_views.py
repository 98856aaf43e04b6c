import re
from pathlib import Path

import pytest

from tests.support.seeding import Seeded, seeded
from tests.web.asked import Visitor
from tundish.core.lifecycle import State
from tundish.core.listing import SORTS
from tundish.core.people import Grant, Kind, Role
from tundish.web.views import VIEWS

NOBLE = "ubuntu/noble/amd64/generic"


@pytest.mark.parametrize("images", [0, 1])
def test_every_view_can_be_seen(tmp_path: Path, images: int) -> None:
    """
    Each view of the menu answers in an empty state and in one with a single image.
    """
    with seeded(tmp_path / "state", images) as held:
        visitor = Visitor(held).log_in()

        assert {200} == {visitor.get(view.path).status for view in VIEWS}


def test_every_view_says_how_else_it_is_done(few: Seeded) -> None:
    """
    Each view shows the command and the request that do the same, both with a button that copies them.
    """
    visitor = Visitor(few).log_in()

    assert [] == [
        view.path
        for view in VIEWS
        for text in [visitor.get(view.path).text]
        if 'data-copy="tundish ' not in text or "/api/v1/" not in text
    ]


def test_who_may_only_see_is_offered_nothing_else(few: Seeded) -> None:
    """
    A viewer finds no button that deletes, pins, syncs, adds or removes.
    """
    visitor = Visitor(few).log_in("vic")

    assert [] == [
        found
        for path in ("/", "/images", "/sources", "/sources/vendor", "/select", "/jobs")
        for found in re.findall(
            r'action="(?!/theme|/logout)[^"]*" class="(?!bulk|matrix|filter|actions)', visitor.get(path).text
        )
    ]


def test_images_are_found_by_word_and_filter(few: Seeded) -> None:
    """
    Words and filters go together: only what fits all of them is listed.
    """
    text = Visitor(few).log_in("vic").get("/images?q=noble+ubuntu&arch=amd64").text

    assert ["Ubuntu noble"] == re.findall(r'href="/image\?ref=[^"]*">([^<]*)<', text)


@pytest.mark.parametrize("order", ["", "desc"])
@pytest.mark.parametrize("sort", [each for each in SORTS if each not in {"os", "since"}])
def test_every_column_sorts(few: Seeded, sort: str, order: str) -> None:
    """
    Its head is a button, which says by which column and in which direction the list is sorted.
    """
    text = Visitor(few).log_in("vic").get(f"/images?sort={sort}&order={order}").text
    said = re.findall(r'aria-sort="(\w+)">\s*((?:<button[^>]*value="\w+"(?s:.)*?</button>\s*)+)</th>', text)

    assert [("descending" if order else "ascending", True)] == [
        (each, f'value="{sort}"' in buttons) for each, buttons in said
    ]


def test_a_part_of_a_page_comes_alone(few: Seeded) -> None:
    """
    htmx gets the list without the page around it.
    """
    text = Visitor(few).log_in("vic").get("/images", hx_request="true").text

    assert (True, False) == ('id="list"' in text, "<html" in text)


def test_deleting_asks_first(ada: Visitor) -> None:
    """
    The first press shows what goes and how to undo it, and changes nothing.
    """
    answer = ada.post("/images", deed="delete", ref=NOBLE)

    assert (True, True, State.COMPLETE) == (
        "Delete 1 version?" in answer.text,
        "tundish image restore" in answer.text,
        ada.seeded.app.catalog.images.find(NOBLE).state,
    )


def test_what_is_deleted_after_asking_is_retired(ada: Visitor) -> None:
    """
    The second press retires the version, through the deed that writes the audit.
    """
    ref = ada.seeded.app.catalog.images.find(NOBLE).ref
    ada.post("/images", deed="delete", ref=ref, sure="yes")

    assert (State.RETIRED, "image.delete", "page") == (
        ada.seeded.app.catalog.images.find(ref).state,
        ada.seeded.app.catalog.audit.list(limit=1)[0].deed,
        ada.seeded.app.catalog.audit.list(limit=1)[0].door,
    )


def test_a_viewer_that_posts_all_the_same_is_told_why_not(fresh: Seeded) -> None:
    """
    What the page does not offer is refused by the deed, and the page says so.
    """
    visitor = Visitor(fresh).log_in("vic")
    moved = visitor.post("/images", deed="pin", ref=NOBLE)

    assert (303, True) == (moved.status, "may not image.edit" in visitor.get("/images").text)


def test_a_source_is_tried_without_being_saved(ada: Visitor) -> None:
    """
    Checking a new source shows what it offers and saves nothing.
    """
    folder = str(ada.seeded.app.settings.state / "stream")
    answer = ada.post("/sources/+new", name="other", url=folder, unsigned="yes", priority="1", deed="check")

    assert (True, ["vendor"]) == (
        "It can be read" in answer.text,
        [each.name for each in ada.seeded.app.catalog.sources.list()],
    )


def test_a_source_is_saved(ada: Visitor) -> None:
    """
    Saving a source keeps it with its priority.
    """
    folder = str(ada.seeded.app.settings.state / "stream")
    ada.post("/sources/+new", name="other", url=folder, unsigned="yes", priority="7", deed="add")

    assert 7 == ada.seeded.app.catalog.sources.get("other").priority


def test_the_form_of_an_unsigned_source_says_so(ada: Visitor) -> None:
    """
    The tick that lets it be believed unsigned is there when it is changed.
    """
    folder = str(ada.seeded.app.settings.state / "stream")
    ada.post("/sources/+new", name="other", url=folder, unsigned="yes", deed="add")

    assert 'name="unsigned" value="yes" checked' in ada.get("/sources/other").text


def test_a_source_that_cannot_be_read_keeps_what_was_typed(ada: Visitor) -> None:
    """
    The form comes again with the reason and with all that was typed.
    """
    answer = ada.post("/sources/+new", name="lost", url="/nowhere/at/all", unsigned="yes", deed="add")

    assert (422, True, True) == (
        answer.status,
        'value="/nowhere/at/all"' in answer.text,
        'role="alert"' in answer.text,
    )


def test_a_secret_of_a_source_is_never_shown(ada: Visitor) -> None:
    """
    The token of a source does not come back in any page.
    """
    folder = str(ada.seeded.app.settings.state / "stream")
    ada.post("/sources/+new", name="other", url=folder, unsigned="yes", token="s3cret-token", deed="add")

    assert False is any("s3cret-token" in ada.get(path).text for path in ("/sources", "/sources/other"))


def test_a_plan_is_shown_before_a_selection_is_saved(ada: Visitor) -> None:
    """
    Ticking shows what a sync would fetch, and saves nothing.
    """
    answer = ada.post("/select", want="centos/noble/amd64/*", keep="1")

    assert (True, 1) == ("Save this?" in answer.text, len(ada.seeded.app.catalog.selections.list()))


def test_a_selection_is_saved_after_its_plan(ada: Visitor) -> None:
    """
    What was ticked becomes one selection for all architectures with the same kernels.
    """
    ada.post("/select", want=["rocky/x/amd64/a", "rocky/x/arm64/a"], sure="yes", deed="save", keep="1")
    found = [each for _, each in ada.seeded.app.catalog.selections.list()]

    assert 1 == len(found)  # no source offers it, so nothing was added


def test_a_sync_is_asked_for(ada: Visitor) -> None:
    """
    The button lets a sync wait for the server, in the name of who pressed it.
    """
    ada.post("/sync")
    job = ada.seeded.app.catalog.jobs.list(limit=1)[0]

    assert ("sync", "ada", "queued") == (job.kind, job.actor, job.outcome)


def test_a_job_that_waits_is_stopped(ada: Visitor) -> None:
    """
    The page of a job stops it.
    """
    ada.post("/sync")
    number = ada.seeded.app.catalog.jobs.list(limit=1)[0].id
    ada.post(f"/jobs/{number}", deed="stop")

    assert "stopped" == ada.seeded.app.catalog.jobs.get(number).outcome


def test_what_is_typed_stays_text(ada: Visitor) -> None:
    """
    Markup that somebody types comes back as text.
    """
    assert False is ("<b>x</b>" in ada.get("/images?q=%3Cb%3Ex%3C/b%3E").text)


@pytest.mark.parametrize("path", ["/jobs/x", "/jobs/99", "/sources/nobody", "/images?page=x"])
def test_a_wrong_address_is_explained(few: Seeded, path: str) -> None:
    """
    What is not there, or makes no sense, is said on a page with the right status.
    """
    answer = Visitor(few).log_in("vic").get(path)

    assert (True, True) == (answer.status in (404, 422), 'role="alert"' in answer.text)


def test_many_images_come_in_pages(tmp_path: Path) -> None:
    """
    A page of the list holds a hundred rows, whatever there is, and says how many there are.
    """
    with seeded(tmp_path / "state", 250) as held:
        text = Visitor(held).log_in().get("/images?page=3").text

        assert (50, True, True) == (
            text.count('name="ref"'),
            "250 images" in text,
            "Page 3 of 3" in text,
        )


def test_who_may_see_some_images_sees_only_those(fresh: Seeded) -> None:
    """
    A grant for images of one name shows these, and every other as if it were not there.
    """
    grants = (Grant(Role.VIEWER, Kind.IMAGE, "ubuntu/noble/amd64*"),)
    fresh.app.catalog.users.set_grants("vic", grants)
    visitor = Visitor(fresh).log_in("vic")

    assert (["Ubuntu noble"], 404) == (
        re.findall(r'href="/image\?ref=[^"]*">([^<]*)<', visitor.get("/images").text),
        visitor.get("/image?ref=ubuntu/s000/arm64").status,
    )


def test_a_notice_is_put_aside(ada: Visitor) -> None:
    """
    Dismissed on the page, it stands there no more, and the audit says who did it.
    """
    number = ada.seeded.app.catalog.notices.list()[0].id
    ada.post("/notices", number=str(number))

    assert (True, "notice.dismiss") == (
        "Nothing. All is well." in ada.get("/").text,
        ada.seeded.app.catalog.audit.list(limit=1)[0].deed,
    )
