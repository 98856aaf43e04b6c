"""
The wall around urllib3.
"""

import http.client
import inspect
import ssl

import pytest
from urllib3 import exceptions

from tundish.core.errors import CutShort, InputError, Stalled, TundishError, Unreachable, UpstreamError
from tundish.fetch.wire import FOREIGN, MEANINGS, meaning, translated

CLASSES = [
    kind
    for _, kind in inspect.getmembers(exceptions, inspect.isclass)
    if issubclass(kind, Exception)
    and not issubclass(kind, Warning)  # never raised, unless Python is told to
    and kind.__module__ == exceptions.__name__
]


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_every_exception_of_urllib3_has_a_meaning(kind: type[Exception]) -> None:
    """
    Each is mapped by name, so that a new one is noticed here and not by a user.
    """
    assert kind in MEANINGS


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_every_exception_of_urllib3_stops_at_the_wall(kind: type[Exception]) -> None:
    """
    None is of a kind that the wall does not catch.
    """
    assert issubclass(kind, FOREIGN)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ConnectionResetError(), Unreachable),
        (OSError("no route"), Unreachable),
        (TimeoutError(), Stalled),
        (ssl.SSLError(), Unreachable),
        (http.client.BadStatusLine("x"), Unreachable),
        (http.client.InvalidURL("x"), Unreachable),
        (exceptions.LocationParseError("x"), InputError),
        (exceptions.InvalidHeader("x"), UpstreamError),
    ],
)
def test_what_an_exception_means(error: Exception, expected: type[TundishError]) -> None:
    """
    Exceptions of the library, of its library and of the system mean one of ours.
    """
    assert expected is meaning(error)


def test_a_lost_connection_is_a_cut_once_bytes_flow() -> None:
    """
    What is no connection before the first byte is a broken transfer behind it.
    """
    with pytest.raises(CutShort), translated("the address", begun=True):
        raise ConnectionResetError


def test_words_of_a_server_cannot_reach_the_terminal() -> None:
    """
    Control signs in a reason are masked, and it is short.
    """
    with pytest.raises(Unreachable) as caught, translated("the address"):
        raise http.client.HTTPException("\x1b[31m" + "x" * 9999)

    assert (False, True) == ("\x1b" in str(caught.value), len(str(caught.value)) < 400)


def test_our_own_errors_pass() -> None:
    """
    The wall stops what is foreign only.
    """
    with pytest.raises(KeyError), translated("the address"):
        raise KeyError
