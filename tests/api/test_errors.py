import pytest

from tests.api.door import BROKEN, Rows, call
from tundish.core.errors import REACTIONS, TundishError

PROBLEM = "application/problem+json"


@pytest.mark.parametrize("family", REACTIONS, ids=lambda family: family.__name__)
def test_every_family_of_errors_has_its_status_and_one_form(family: type[TundishError]) -> None:
    """
    Each family of errors is answered with the status of the one table, as a problem document.
    """
    answer = call("/api/v1/usage", views=Rows(broken=family()))

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
    ],
)
def test_what_the_door_does_not_do_has_the_same_form(target: str, method: str, status: int) -> None:
    """
    An unknown address or method is a problem document too.
    """
    answer = call(target, method=method)

    assert (status, PROBLEM) == (answer.status, answer.headers["content-type"])


def test_a_refused_method_says_which_are_allowed() -> None:
    """
    405 carries the list of methods.
    """
    assert "GET" == call("/api/v1/images", method="DELETE").headers["allow"]


def test_the_message_of_an_error_says_what_to_do() -> None:
    """
    The text of our own error is the detail of the document.
    """
    assert "the disk of the store does not answer" == call("/readyz", views=BROKEN).document["detail"]


def test_a_bug_is_answered_with_a_fixed_text() -> None:
    """
    What a foreign exception says stays in the log.
    """
    answer = call("/api/v1/usage", views=Rows(broken=ZeroDivisionError("line 7 of the secrets")))

    assert (500, "tundish made a mistake; its log has the details") == (
        answer.status,
        answer.document["detail"],
    )
