"""
Every error has one form, whatever raised it.
"""

import pytest
from fastapi import FastAPI

from tests.api.door import Answer, Door
from tundish.api.errors import explain_errors
from tundish.core.errors import REACTIONS, TundishError

PROBLEM = "application/problem+json"


def raising(shared: Door, error: Exception) -> Answer:
    """
    What a door says whose only route raises this.
    """
    broken = FastAPI()

    @broken.get("/broken")
    def route() -> None:
        raise error

    explain_errors(broken)
    return Door(shared.app, shared.admission, broken).call("GET", "/broken")


@pytest.mark.parametrize("family", REACTIONS, ids=lambda family: family.__name__)
def test_every_family_of_errors_has_its_status_and_one_form(shared: Door, family: type[TundishError]) -> None:
    """
    Each family of errors is answered with the status of the one table, as a problem document.
    """
    answer = raising(shared, family())

    assert (REACTIONS[family].status, PROBLEM, REACTIONS[family].status, family.__name__) == (
        answer.status,
        answer.headers["content-type"],
        answer.document["status"],
        answer.document["error"],
    )


@pytest.mark.parametrize(
    ("target", "method", "status"),
    [
        ("/api/v1/nothing", "GET", 404),
        ("/nothing", "GET", 404),
        ("/api/v1/images", "POST", 405),
        ("/docs", "GET", 404),
        ("/api/v1/images/x", "GET", 422),
        ("/api/v1/images?limit=0", "GET", 422),
        ("/api/v1/images?sort=colour", "GET", 422),
    ],
)
def test_what_the_door_does_not_do_has_the_same_form(
    shared: Door, target: str, method: str, status: int
) -> None:
    """
    An unknown address, method or parameter is a problem document too.
    """
    answer = shared.call(method, target)

    assert (status, PROBLEM) == (answer.status, answer.headers["content-type"])


def test_a_refused_method_says_which_are_allowed(shared: Door) -> None:
    """
    405 carries the list of methods.
    """
    assert "GET" == shared.call("DELETE", "/api/v1/images").headers["allow"]


def test_a_bug_is_answered_with_a_fixed_text(shared: Door) -> None:
    """
    What a foreign exception says stays in the log.
    """
    answer = raising(shared, ZeroDivisionError("line 7 of the secrets"))

    assert (500, "tundish made a mistake; its log has the details") == (
        answer.status,
        answer.document["detail"],
    )


@pytest.mark.parametrize("length", [1024 * 1024 + 1, 10**30])
def test_a_body_that_is_too_long_is_refused_by_what_it_says(shared: Door, length: int) -> None:
    """
    Before a byte of it is read.
    """
    answer = shared.call("POST", "/api/v1/sources", {}, headers={"content-length": str(length)})

    assert (413, PROBLEM) == (answer.status, answer.headers["content-type"])


def test_a_body_that_is_longer_than_it_says_is_refused(shared: Door) -> None:
    """
    What comes is counted.
    """
    answer = shared.call(
        "POST", "/api/v1/sources", raw=b'"' + b"x" * 1024 * 1024 + b'"', headers={"content-length": "10"}
    )

    assert (413, PROBLEM) == (answer.status, answer.headers["content-type"])


def test_nobody_is_told_how_to_come_in(shared: Door) -> None:
    """
    401 says which kind of key is wanted.
    """
    answer = shared.call("GET", "/api/v1/me", token="")

    assert (401, "Bearer") == (answer.status, answer.headers["www-authenticate"])
