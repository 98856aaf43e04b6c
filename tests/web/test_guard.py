import re

import pytest

from tests.support.seeding import PASSWORD, Seeded
from tests.web.asked import Visitor
from tundish.web.door import all_routes
from tundish.web.guard import local
from tundish.web.visit import SESSION


def test_nobody_gets_in_without_a_session(few: Seeded) -> None:
    """
    Every route that is not open sends whoever is not known to the login.
    """
    stranger = Visitor(few)
    closed = [route for route in all_routes() if not route.is_open]

    assert {(303, True)} == {
        (answer.status, answer.header("location").startswith("/login"))
        for route in closed
        for path in [re.sub(r"{[^}]*}", "1", route.path)]
        for answer in [stranger.get(path) if route.method == "GET" else stranger.post(path)]
    }


def test_only_the_front_is_open() -> None:
    """
    The login, the first admin and the dress are all that strangers may ask for.
    """
    assert {"/login", "/setup", "/theme"} == {route.path for route in all_routes() if route.is_open}


def test_a_changed_state_needs_the_token_of_the_session(few: Seeded) -> None:
    """
    No route that changes something does so without the token that its form brings along.
    """
    visitor = Visitor(few).log_in("vic")
    changing = [route for route in all_routes() if route.method == "POST" and not route.is_open]

    assert {403} == {visitor.post(re.sub(r"{[^}]*}", "1", each.path), csrf="x").status for each in changing}


@pytest.mark.parametrize(
    "headers", [{"origin": "http://elsewhere.test"}, {"sec-fetch-site": "cross-site"}, {"origin": "null"}]
)
def test_another_site_cannot_log_anybody_in(few: Seeded, headers: dict[str, str]) -> None:
    """
    A login that a page of another site sends is refused before the password is looked at.
    """
    answer = Visitor(few).post("/login", headers=headers, name="ada", password=PASSWORD)

    assert (403, False) == (answer.status, SESSION in answer.cookies)


def test_the_cookie_of_a_session_is_out_of_reach_of_scripts(few: Seeded) -> None:
    """
    The session stands in a cookie that no script reads and no other site sends.
    """
    cookie = Visitor(few).post("/login", name="ada", password=PASSWORD).header("set-cookie").lower()

    assert [True, True] == [word in cookie for word in ("httponly", "samesite=lax")]


def test_a_session_that_was_left_counts_no_more(fresh: Seeded) -> None:
    """
    After logging out the old cookie opens nothing.
    """
    visitor = Visitor(fresh).log_in()
    kept = dict(visitor.cookies)
    visitor.post("/logout")

    assert 303 == Visitor(fresh, kept).get("/").status


def test_a_wrong_password_gets_the_form_again(few: Seeded) -> None:
    """
    The page says that name or password is wrong, not which; and no cookie comes.
    """
    answer = Visitor(few).post("/login", name="nobody", password="guess")

    assert (401, True, {}) == (answer.status, "wrong name or password" in answer.text, answer.cookies)


def test_every_page_forbids_what_it_does_not_need(few: Seeded) -> None:
    """
    Nothing inline, nothing from elsewhere, nothing framed.
    """
    policy = Visitor(few).get("/login").header("content-security-policy")

    assert (True, False) == ("default-src 'none'" in policy, "unsafe" in policy)


@pytest.mark.parametrize("path", ["//evil.test", "https://evil.test", "/\\evil.test", "evil", "/a\n"])
def test_a_login_leads_back_to_ours_only(path: str) -> None:
    """
    Where to go on is a path of this server, whatever a link said.
    """
    assert "/" == local(path)


def test_a_form_that_is_too_long_is_refused(few: Seeded) -> None:
    """
    A body beyond the bound is not read to its end.
    """
    assert 422 == Visitor(few).post("/login", name="x" * 2_000_000).status


def test_the_stream_of_events_is_for_whoever_is_known(few: Seeded) -> None:
    """
    Without a session there is no stream, and the browser is told not to come again.
    """
    answer = Visitor(few).get("/live")

    assert (204, "") == (answer.status, answer.text)


def test_a_page_that_is_not_there_is_said_to_people_only(few: Seeded) -> None:
    """
    Who reads HTML gets a page; paths of programs are left to their own doors.
    """
    stranger = Visitor(few)

    assert (True, False, False) == (
        "there is no page /nowhere" in stranger.get("/nowhere").text,
        "there is no page" in stranger.get("/nowhere", accept="application/json").text,
        "there is no page" in stranger.get("/api/v1/nowhere").text,
    )


def test_who_logs_in_ends_the_session_before(few: Seeded) -> None:
    """
    What the browser forgets counts no more.
    """
    first, second = Visitor(few).log_in("vic"), Visitor(few)
    second.cookies.update(first.cookies)
    second.log_in("ada")

    assert (303, 200) == (first.get("/images").status, second.get("/images").status)
