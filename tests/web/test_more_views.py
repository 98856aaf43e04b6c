"""
People, channels, settings, the audit, machines, uploads and bundles on the page, as somebody uses them.
"""

import html
import re
from datetime import timedelta

import pytest

from tests.support.seeding import PASSWORD, Seeded
from tests.web.asked import Visitor
from tundish.app.deeds import uploads
from tundish.core import clock
from tundish.core.machine import Asker
from tundish.core.people import EVERYTHING, Actor, Grant, Kind, Role
from tundish.intake.naming import asked

ANOTHER = "several words together"


def shown(text: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


# --- people


def test_somebody_is_let_in(ada: Visitor) -> None:
    """
    With a name, a password and a role within a scope; who is let in can log in.
    """
    ada.post(
        "/people", name="bob", password=ANOTHER, role="author", about="image", pattern="custom/*", email=""
    )
    user = ada.seeded.app.catalog.users.get("bob")

    assert (Grant(Role.AUTHOR, Kind.IMAGE, "custom/*"),) == user.grants


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaa"])
def test_a_refused_user_is_told_on_the_form(ada: Visitor, password: str) -> None:
    """
    What was typed stays, apart from the password.
    """
    answer = ada.post("/people", name="bob", password=password, role="viewer", about="all")

    assert (422, True, False) == (answer.status, 'value="bob"' in answer.text, password in answer.text)


def test_a_new_token_is_shown_once(ada: Visitor) -> None:
    """
    In the answer to its making, and on no page after that.
    """
    made = ada.post("/people/ada", deed="token", name="laptop", kind="bearer", days="90").text
    found = re.search(r"td_[0-9a-f]+_[0-9a-f]+", made)
    assert found is not None
    key, secret = found.group().split("_")[1:]

    later = ada.get("/people/ada").text
    assert (True, False) == (key in later, secret in later)


def test_a_token_is_not_revoked_unasked(ada: Visitor) -> None:
    """
    The page says first that it cannot be undone.
    """
    ada.post("/people/ada", deed="token", name="laptop", kind="bearer", days="")
    key = ada.seeded.app.catalog.tokens.list("ada")[-1].key
    text = ada.post("/people/ada", deed="revoke", key=key).text

    assert (True, True) == ("cannot be taken back" in text, key in ada.get("/people/ada").text)


def test_a_token_is_revoked(ada: Visitor) -> None:
    """
    It stands in no list any more.
    """
    made = ada.post("/people/ada", deed="token", name="laptop", kind="maas", days="").text
    key = re.search(r"([0-9a-f]+):([0-9a-f]+):[0-9a-f]+", made)
    assert key is not None
    ada.post("/people/ada", deed="revoke", key=key.group(2), sure="yes")

    ada.get("/people/ada")  # which says once that it is done

    assert key.group(2) not in ada.get("/people/ada").text


def test_removing_a_user_asks_first(ada: Visitor) -> None:
    """
    The first press says what goes, and changes nothing; the second does it.
    """
    question = ada.post("/people/vic", deed="remove").text
    before = [each.name for each in ada.seeded.app.catalog.users.list()]
    ada.post("/people/vic", deed="remove", sure="yes")

    assert (True, ["ada", "vic"], ["ada"]) == (
        "Remove user vic?" in question,
        before,
        [each.name for each in ada.seeded.app.catalog.users.list()],
    )


@pytest.mark.parametrize("deed", ["remove", "disable"])
def test_the_last_admin_stays(ada: Visitor, deed: str) -> None:
    """
    The page says why.
    """
    answer = ada.post("/people/ada", deed=deed, sure="yes")

    assert (422, True) == (answer.status, "nobody would be left" in answer.text)


def test_everybody_changes_the_own_password(fresh: Seeded) -> None:
    """
    The session ends, and the new password opens another.
    """
    vic = Visitor(fresh).log_in("vic")
    vic.post("/people/vic", deed="password", old=PASSWORD, password=ANOTHER, again=ANOTHER)

    assert (303, "vic") == (
        vic.get("/people").status,
        fresh.admission.login("vic", ANOTHER, "127.0.0.1").name,
    )


def test_the_own_password_needs_the_old_one(fresh: Seeded) -> None:
    """
    Who finds a page left open takes nobody's account.
    """
    vic = Visitor(fresh).log_in("vic")
    answer = vic.post("/people/vic", deed="password", old="a wild guess", password=ANOTHER, again=ANOTHER)

    assert (422, "vic") == (answer.status, fresh.admission.login("vic", PASSWORD, "127.0.0.1").name)


def test_two_different_passwords_change_nothing(ada: Visitor) -> None:
    """
    A slip of the finger locks nobody out.
    """
    ada.post("/people/ada", deed="password", password=ANOTHER, again="something else")

    assert "ada" == ada.seeded.admission.login("ada", PASSWORD, "127.0.0.1").name


def test_people_see_themselves_alone(fresh: Seeded) -> None:
    """
    Who is no admin finds no other user, and no form to let somebody in.
    """
    vic = Visitor(fresh).log_in("vic")
    text = vic.get("/people").text

    assert (True, False, False, 404) == (
        "/people/vic" in text,
        "/people/ada" in text,
        "Let somebody in" in text,
        vic.get("/people/ada").status,
    )


@pytest.mark.parametrize("path", ["/audit", "/bundles"])
def test_what_is_for_others_is_refused_and_not_in_the_menu(fresh: Seeded, path: str) -> None:
    """
    A viewer is shown no way there, and gets nowhere by the address.
    """
    vic = Visitor(fresh).log_in("vic")

    assert (False, 403) == (f'href="{path}"' in vic.get("/").text, vic.get(path).status)


# --- what happened


def test_the_audit_shows_what_changed(ada: Visitor) -> None:
    """
    Who, what, and each field before and after; filters are kept from page to page.
    """
    ada.post("/settings", every="2h", sync_on="yes", window="", commissioning="", notice="release")

    text = shown(ada.get("/audit?actor=ada&deed=setting.change").text)
    assert ("setting.change" in text, "sync_every 3600 → 7200" in text) == (True, True)


def test_a_machine_is_found_and_shown(fresh: Seeded) -> None:
    """
    By a part of its address, with what it was given.
    """
    fresh.app.catalog.machines.asked(Asker("52:54:00:12:34:56", None), clock.now())
    visitor = Visitor(fresh).log_in("vic")

    assert (True, True) == (
        "/machines/52:54:00:12:34:56" in visitor.get("/machines?q=12:34").text,
        "no image yet" in visitor.get("/machines/52:54:00:12:34:56").text,
    )


@pytest.mark.parametrize("mac", ["52:54:00:ff:ff:ff", "moon"])
def test_a_machine_that_is_not_there_is_said_so(few: Seeded, mac: str) -> None:
    """
    Whatever the address says.
    """
    assert 404 == Visitor(few).log_in("vic").get(f"/machines/{mac}").status


# --- settings


@pytest.mark.parametrize("every", ["", "1x", "soon", "1s", "999999999d"])
def test_a_setting_that_makes_no_sense_changes_nothing(ada: Visitor, every: str) -> None:
    """
    The page says so, and the old one stays.
    """
    answer = ada.post("/settings", every=every, sync_on="yes", window="", commissioning="")

    assert (422, True) == (answer.status, 'value="1h"' in answer.text)


def test_who_may_not_change_settings_does_not(fresh: Seeded) -> None:
    """
    The page refuses, whatever form was sent.
    """
    vic = Visitor(fresh).log_in("vic")

    assert 422 == vic.post("/settings", every="2h", window="", commissioning="").status


# --- channels


def test_publishing_into_a_channel_is_a_job(ada: Visitor) -> None:
    """
    The page leads to it.
    """
    answer = ada.post("/channels", name="candidate")

    assert (303, True) == (answer.status, answer.header("location").startswith("/jobs/"))


def test_a_channel_that_is_none_is_told(ada: Visitor) -> None:
    """
    On the page with the form.
    """
    assert 422 == ada.post("/channels", name="no such name!").status


# --- uploads and bundles


def test_an_upload_is_shown_and_given_up(ada: Visitor) -> None:
    """
    It stands there with its state; given up, it is over.
    """
    app = ada.seeded.app
    begun = uploads.begin(app, Actor("ada", EVERYTHING, "page"), asked("custom/mine"), 1_000, None)
    before = shown(ada.get("/uploads").text)
    ada.post("/uploads", deed="cancel", number=str(begun.id), sure="yes")

    assert (True, True, True) == (
        "custom/mine/amd64/generic" in before,
        "arriving" in before,
        app.catalog.uploads.get(begun.id).is_over,
    )


def test_an_upload_is_not_given_up_unasked(ada: Visitor) -> None:
    """
    What would be lost is said first.
    """
    app = ada.seeded.app
    begun = uploads.begin(app, Actor("ada", EVERYTHING, "page"), asked("custom/mine"), 1_000, None)
    text = ada.post("/uploads", deed="cancel", number=str(begun.id)).text

    assert (True, False) == ("sent once more" in text, app.catalog.uploads.get(begun.id).is_over)


def test_a_bundle_is_asked_for(ada: Visitor) -> None:
    """
    As a job that the page leads to; a name that would lead elsewhere is refused.
    """
    good, bad = (ada.post("/bundles", deed="export", file=name, since="") for name in ("monday", "../x"))

    assert (303, 422) == (good.status, bad.status)


# --- jobs


def test_only_what_was_said_since_is_asked_for(fresh: Seeded) -> None:
    """
    The lines behind the one that was seen, and where to go on; once the job is long over, there is no more.
    """
    app, visitor = fresh.app, Visitor(fresh).log_in()
    number = app.catalog.jobs.start("verify", "the store", clock.now())
    app.catalog.job_lines.add(number, [(clock.now(), "the first"), (clock.now(), "the second")])
    running = visitor.get(f"/jobs/{number}/lines?after=1", hx_request="true").text
    app.catalog.jobs.end(number, "done", "{}", clock.now() - timedelta(hours=1))
    over = visitor.get(f"/jobs/{number}/lines?after=2", hx_request="true").text

    assert (["the second"], [f"/jobs/{number}/lines?after=2"], "") == (
        re.findall(r"</time>([^<]*)</li>", running),
        re.findall(r'hx-get="([^"]*)"', running),
        over.strip(),
    )
