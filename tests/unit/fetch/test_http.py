"""
HTTP as hostile servers speak it. What all fetchers promise is in `tests/contract/test_fetcher.py`.
"""

import gc
import traceback
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support import hostile_server as hostile
from tests.support.hostile_server import Behaviour, HostileServer
from tundish.core.errors import (
    BadStatus,
    CutShort,
    Gone,
    InputError,
    Stalled,
    TooLong,
    Unreachable,
    UpstreamError,
    is_worth_retrying,
)
from tundish.fetch.fetcher import Limits
from tundish.fetch.http import HttpFetcher

CONTENT = bytes(range(256)) * 40
LIMITS = Limits(connect=2.0, stall=2.0, chunk=1000, redirects=3)
HASTY = Limits(connect=2.0, stall=0.1, chunk=1000)
DEAD = "http://127.0.0.1:9/"  # the discard port; nothing listens there


@pytest.fixture
def server() -> Iterator[HostileServer]:
    with HostileServer({"f": CONTENT, "g": b"other"}) as server:
        yield server


@pytest.fixture
def fetcher() -> Iterator[HttpFetcher]:
    with HttpFetcher(LIMITS) as fetcher:
        yield fetcher


def whole(fetcher: HttpFetcher, url: str, *, offset: int = 0, validator: str | None = None) -> bytes:
    with fetcher.open(url, offset=offset, validator=validator) as answer:
        return b"".join(answer.chunks())


@pytest.mark.parametrize(
    ("behaviour", "error", "text"),
    [
        (hostile.status(404), Gone, "no such file there"),
        (hostile.status(410), Gone, "no such file there"),
        (hostile.status(401), BadStatus, "HTTP 401; it wants a name"),
        (hostile.status(403), BadStatus, "HTTP 403; it does not allow"),
        (hostile.status(429), BadStatus, "HTTP 429; it asks us to come back later"),
        (hostile.status(500), BadStatus, "HTTP 500; try again later"),
        (hostile.status(503), BadStatus, "HTTP 503; try again later"),
        (hostile.status(206), BadStatus, "another part"),
        (hostile.status(204), BadStatus, "HTTP 204"),
        (hostile.gzipped, BadStatus, "re-coded"),
        (hostile.garbage, Unreachable, "no connection"),
        (hostile.reset(), Unreachable, "no connection"),
        (hostile.reset(500), CutShort, "broke off"),
        (hostile.cut(500), CutShort, "broke off"),
        (hostile.cut(0), CutShort, "broke off"),
        (hostile.chunked_cut, CutShort, "broke off"),
        (hostile.redirect("file:///etc/passwd"), BadStatus, "not http or https; not followed"),
        (hostile.redirect("ftp://127.0.0.1/f"), BadStatus, "not http or https; not followed"),
        (hostile.redirect("http://[::1/f"), BadStatus, "not http or https; not followed"),
        (hostile.redirect(""), BadStatus, "leads nowhere"),
        (hostile.redirect("f"), BadStatus, "more than 3 redirects"),
    ],
)
def test_a_bad_answer_is_an_error_of_ours(
    server: HostileServer, fetcher: HttpFetcher, behaviour: Behaviour, error: type[Exception], text: str
) -> None:
    """
    Each way of answering badly gets its own error, which names the address.
    """
    server.behave("f", behaviour)

    with pytest.raises(error, match=f"{server.url}f: .*{text}"):
        whole(fetcher, server.url + "f")


def test_two_lengths_are_no_proper_answer(server: HostileServer, fetcher: HttpFetcher) -> None:
    """
    An answer that gives two lengths is refused.
    """
    server.behave("f", hostile.two_lengths)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # the library drops this answer unclosed
        with pytest.raises(UpstreamError, match="not proper HTTP"):
            whole(fetcher, server.url + "f")
        gc.collect()


@pytest.mark.parametrize(
    "behaviour",
    [hostile.silent, hostile.stall(0), hostile.stall(500), hostile.slow_headers, hostile.dripping],
)
def test_waiting_has_an_end(server: HostileServer, behaviour: Behaviour) -> None:
    """
    Silence, and bytes that drip too slowly to matter, end as `Stalled`.
    """
    server.behave("f", behaviour)

    with HttpFetcher(HASTY) as fetcher, pytest.raises(Stalled, match="within the time limit"):
        whole(fetcher, server.url + "f")


def test_interim_answers_have_an_end(server: HostileServer) -> None:
    """
    A server that says "continue" for ever is left when the headers should have come.
    """
    server.behave("f", hostile.for_ever_continue)

    with HttpFetcher(HASTY) as fetcher, pytest.raises(Stalled):
        whole(fetcher, server.url + "f")


def test_what_came_before_a_cut_is_not_lost(server: HostileServer, fetcher: HttpFetcher) -> None:
    """
    Every byte that came before a transfer broke off has been handed out.
    """
    server.behave("f", hostile.cut(1500))
    came: list[bytes] = []

    with pytest.raises(CutShort), fetcher.open(server.url + "f") as answer:
        came.extend(answer.chunks())

    assert CONTENT[:1500] == b"".join(came)


def test_an_endless_document_is_refused(server: HostileServer, fetcher: HttpFetcher) -> None:
    """
    A body without a length ends at the limit.
    """
    server.behave("f", hostile.endless)

    with pytest.raises(TooLong, match="longer than the 5000 bytes"):
        fetcher.document(server.url + "f", limit=5000)


def test_an_endless_transfer_can_be_left(server: HostileServer, fetcher: HttpFetcher) -> None:
    """
    Who opens a transfer without a length decides when it is enough.
    """
    server.behave("f", hostile.endless)

    with fetcher.open(server.url + "f") as answer:
        first = next(answer.chunks())

    assert (None, 1000) == (answer.length, len(first))


def test_a_document_of_a_told_length_over_the_limit_is_not_read(
    server: HostileServer, fetcher: HttpFetcher
) -> None:
    """
    A length over the limit is refused before a byte of the body is awaited.
    """
    server.behave("f", hostile.stall(0))

    with pytest.raises(TooLong):
        fetcher.document(server.url + "f", limit=10)


def test_chunks_without_a_length_come_whole(server: HostileServer, fetcher: HttpFetcher) -> None:
    """
    Chunked transfer is understood.
    """
    server.behave("f", hostile.chunked)

    assert whole(fetcher, server.url + "f") == CONTENT


def test_an_error_page_with_200_comes_as_it_is(server: HostileServer, fetcher: HttpFetcher) -> None:
    """
    A page that claims to be the file cannot be told apart here; size and digest do that.
    """
    server.behave("f", hostile.error_page)

    assert b"<html>out of order</html>" == whole(fetcher, server.url + "f")


def test_a_server_without_ranges_starts_at_0(server: HostileServer, fetcher: HttpFetcher) -> None:
    """
    Where Range is ignored, the answer says that its bytes start at 0.
    """
    server.behave("f", hostile.no_ranges)

    with fetcher.open(server.url + "f", offset=1234) as answer:
        came = (answer.offset, b"".join(answer.chunks()))

    assert (0, CONTENT) == came


@pytest.mark.parametrize("behaviour", [hostile.wrong_range, hostile.unnamed_range])
def test_another_part_than_asked_for_is_refused(
    server: HostileServer, fetcher: HttpFetcher, behaviour: Behaviour
) -> None:
    """
    A 206 must say that it is the part asked for.
    """
    server.behave("f", behaviour)

    with pytest.raises(BadStatus, match="another part than the one from byte 1234"):
        whole(fetcher, server.url + "f", offset=1234)


def test_a_part_that_is_too_long_is_refused(server: HostileServer, fetcher: HttpFetcher) -> None:
    """
    More bytes than the part has are an error.
    """
    server.behave("f", hostile.chunked_longer)

    with pytest.raises(TooLong, match="more than the 9006 bytes promised"):
        whole(fetcher, server.url + "f", offset=1234)


def test_less_than_the_rest_is_a_cut(server: HostileServer, fetcher: HttpFetcher) -> None:
    """
    A server that gives less than the rest is to be asked again from there.
    """
    server.behave("f", hostile.half_a_part)

    with pytest.raises(CutShort, match="ended after 10 of 9006 bytes"):
        whole(fetcher, server.url + "f", offset=1234)


def test_a_part_of_another_file_starts_again(server: HostileServer, fetcher: HttpFetcher) -> None:
    """
    A server that ignores If-Range betrays itself by the ETag, and is asked for the whole file.
    """
    server.behave("f", hostile.other_part, hostile.good)
    with fetcher.open(server.url + "f", offset=1234, validator='"held"') as answer:
        offset = answer.offset

    assert (0, ["bytes=1234-", None]) == (offset, [request.range for request in server.requests])


def test_a_resumed_request_names_the_file(server: HostileServer, fetcher: HttpFetcher) -> None:
    """
    Range comes with If-Range, the validator of the first answer.
    """
    with fetcher.open(server.url + "f") as answer:
        validator = answer.validator
    whole(fetcher, server.url + "f", offset=10, validator=validator)

    assert ("bytes=10-", validator) == (server.requests[1].range, server.requests[1].if_range)


@pytest.mark.parametrize(
    "validator", ['W/"weak"', "", 'a"b', '"a\r\nX: y"', "yesterday", '"' + "a" * 999 + '"']
)
def test_an_unusable_validator_asks_for_the_whole_file(
    server: HostileServer, fetcher: HttpFetcher, validator: str
) -> None:
    """
    What cannot stand in If-Range is not sent, and nothing is resumed on its word.
    """
    whole(fetcher, server.url + "f", offset=10, validator=validator)

    assert (None, None) == (server.requests[0].range, server.requests[0].if_range)


@pytest.mark.parametrize(
    ("behaviour", "expected"), [(hostile.weak_etag, None), (hostile.dated, hostile.DATE)]
)
def test_a_weak_etag_is_no_validator(
    server: HostileServer, fetcher: HttpFetcher, behaviour: Behaviour, expected: str | None
) -> None:
    """
    Without a strong ETag the date serves; without both, nothing.
    """
    server.behave("f", behaviour)

    with fetcher.open(server.url + "f") as answer:
        assert expected == answer.validator


@pytest.mark.parametrize(("said", "expected"), [("7", 7.0), (None, None), ("soon", None), ("-1", None)])
def test_retry_after_is_heard(
    server: HostileServer, fetcher: HttpFetcher, said: str | None, expected: float | None
) -> None:
    """
    Retry-After in seconds is a fact of the error; anything else is not.
    """
    server.behave("f", hostile.status(503, retry_after=said))

    with pytest.raises(BadStatus) as caught:
        whole(fetcher, server.url + "f")

    assert expected == caught.value.retry_after


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed(server: HostileServer, fetcher: HttpFetcher, code: int) -> None:
    """
    A redirect within http leads to the file, its Range kept.
    """
    server.behave("f", hostile.redirect("/g?x=1", code))
    whole(fetcher, server.url + "f", offset=2)

    assert [("f", "bytes=2-"), ("g", "bytes=2-")] == [(ask.path, ask.range) for ask in server.requests]


def test_a_redirect_keeps_its_connection(server: HostileServer, fetcher: HttpFetcher) -> None:
    """
    A redirect and what follows it use one connection.
    """
    server.behave("f", hostile.redirect("/g"))
    whole(fetcher, server.url + "f")

    assert 1 == len({request.connection for request in server.requests})


@pytest.mark.parametrize("code", [302, 404])
def test_a_refused_redirect_is_final(server: HostileServer, fetcher: HttpFetcher, code: int) -> None:
    """
    Neither a redirect that is not followed nor a missing file is worth another try.
    """
    server.behave("f", hostile.redirect("file:///etc/passwd", code))

    with pytest.raises(BadStatus) as caught:
        whole(fetcher, server.url + "f")

    assert not is_worth_retrying(caught.value)


def test_a_connection_is_used_again(server: HostileServer, fetcher: HttpFetcher) -> None:
    """
    One transfer after the other uses one connection.
    """
    for _ in range(3):
        whole(fetcher, server.url + "f")

    assert 1 == len({request.connection for request in server.requests})


def test_a_connection_left_half_way_is_not_used_again(server: HostileServer, fetcher: HttpFetcher) -> None:
    """
    What was left unread can not be mistaken for the next answer.
    """
    server.behave("f", hostile.stall(500))
    with fetcher.open(server.url + "f") as answer:
        next(answer.chunks())

    assert b"other" == whole(fetcher, server.url + "g")


def test_many_threads_share_a_fetcher(server: HostileServer, fetcher: HttpFetcher) -> None:
    """
    Twelve threads get forty whole files through one fetcher of eight connections.
    """
    with ThreadPoolExecutor(12) as threads:
        came = list(threads.map(lambda _: whole(fetcher, server.url + "f"), range(40)))

    assert [CONTENT] * 40 == came


def test_nobody_there_is_unreachable(fetcher: HttpFetcher) -> None:
    """
    A refused connection says so, and that it may be worth another try.
    """
    with pytest.raises(Unreachable, match=r"Connection refused.*check the address") as caught:
        whole(fetcher, DEAD + "f")

    assert is_worth_retrying(caught.value)


def test_https_with_a_plain_server_is_unreachable(server: HostileServer, fetcher: HttpFetcher) -> None:
    """
    A failed TLS handshake is an error of ours.
    """
    with pytest.raises(Unreachable, match="no connection"):
        whole(fetcher, server.url.replace("http:", "https:") + "f")


def test_a_token_is_told(server: HostileServer) -> None:
    """
    A token goes to the host asked.
    """
    with HttpFetcher(LIMITS, token="s3cret") as fetcher:
        whole(fetcher, server.url + "f")

    assert "Bearer s3cret" == server.requests[0].authorization


def test_a_name_and_password_in_the_address_are_told(server: HostileServer, fetcher: HttpFetcher) -> None:
    """
    They become Basic authorization, percent-encoded signs and all.
    """
    whole(fetcher, server.url.replace("//", "//me:p%40ss@") + "f")

    assert "Basic bWU6cEBzcw==" == server.requests[0].authorization


def test_a_token_is_not_told_to_another_host(server: HostileServer) -> None:
    """
    Where a host redirects to another, the token stays behind.
    """
    with HostileServer({"g": b"there"}) as there, HttpFetcher(LIMITS, token="s3cret") as fetcher:
        server.behave("f", hostile.redirect(there.url + "g"))
        whole(fetcher, server.url + "f")

        assert (["g"], [None]) == (
            [request.path for request in there.requests],
            [request.authorization for request in there.requests],
        )


@pytest.mark.parametrize("token", ["", "a\r\nX-Evil: 1", "tokén"])
def test_a_token_that_can_be_none_is_refused_unshown(token: str) -> None:
    """
    A token that would break the request is refused, without being shown.
    """
    with pytest.raises(InputError, match=r"^the token has signs that no token can have; copy it again$"):
        HttpFetcher(LIMITS, token=token)


@pytest.mark.parametrize(
    "behaviour",
    [
        hostile.status(503),
        hostile.reset(),
        hostile.cut(10),
        hostile.gzipped,
        hostile.redirect("http://u:s3cret@[::1/"),
        hostile.redirect("//u:s3cret@x/ y?key=s3cret"),
    ],
)
def test_secrets_of_an_address_are_in_no_error(
    server: HostileServer, fetcher: HttpFetcher, behaviour: Behaviour
) -> None:
    """
    Neither the message, nor the facts, nor the traceback show the password or the query.
    """
    server.behave("f", behaviour)

    with pytest.raises(UpstreamError) as caught:
        whole(fetcher, server.url.replace("//", "//me:s3cret@") + "f?key=s3cret")

    assert "s3cret" not in "".join(
        [str(caught.value), caught.value.url, *traceback.format_exception_only(caught.value)]
    )


@pytest.mark.parametrize(
    "url", ["http://me:s3cret@[::1/x", "http://me:s3cret/@host:x/y", "gopher://me:s3cret@x/"]
)
def test_secrets_of_a_malformed_address_are_in_no_error(fetcher: HttpFetcher, url: str) -> None:
    """
    An address that cannot be read is refused without showing a password in it.
    """
    with pytest.raises(InputError) as caught:
        whole(fetcher, url)

    assert "s3cret" not in "".join(traceback.format_exception(caught.value))


def test_a_proxy_is_used(server: HostileServer) -> None:
    """
    Through a proxy, names are the proxy's business, and its password is told to it alone.
    """
    proxy = server.url.replace("//", "//me:pass@")

    with HttpFetcher(LIMITS, http_proxy=proxy) as fetcher:
        came = whole(fetcher, "http://images.invalid/f")

    assert (CONTENT, "images.invalid", "Basic bWU6cGFzcw==", None) == (
        came,
        server.requests[0].host,
        server.requests[0].proxy_authorization,
        server.requests[0].authorization,
    )


def test_a_proxy_that_refuses_https_is_unreachable(server: HostileServer) -> None:
    """
    A proxy without CONNECT is said to be in the way.
    """
    with (
        HttpFetcher(LIMITS, http_proxy=server.url) as fetcher,
        pytest.raises(Unreachable, match=r"Tunnel connection failed.*the proxy"),
    ):
        whole(fetcher, "https://images.invalid/f")


def test_a_malformed_proxy_is_refused() -> None:
    """
    A proxy's address must be one.
    """
    with pytest.raises(InputError, match="not an http or https address"):
        HttpFetcher(LIMITS, http_proxy="socks5://127.0.0.1:1080")


def test_what_comes_with_an_unchanged_document_keeps_the_connection(
    server: HostileServer, fetcher: HttpFetcher
) -> None:
    """
    Asking three times for an unchanged document takes one connection and one body.
    """
    first = fetcher.fresh(server.url + "f", limit=len(CONTENT))
    assert first is not None

    later = [fetcher.fresh(server.url + "f", limit=len(CONTENT), validator=first.validator) for _ in range(2)]

    assert ([None, None], 1) == (later, len({request.connection for request in server.requests}))


def test_an_unasked_304_is_no_answer(server: HostileServer, fetcher: HttpFetcher) -> None:
    """
    A server that says "unchanged" to somebody who knows nothing is wrong.
    """
    server.behave("f", hostile.status(304))

    with pytest.raises(BadStatus, match="HTTP 304"):
        fetcher.fresh(server.url + "f", limit=10)


def test_a_redirected_document_can_be_unchanged(server: HostileServer, fetcher: HttpFetcher) -> None:
    """
    The question goes along with a redirect.
    """
    server.behave("old", hostile.redirect("/f"))
    first = fetcher.fresh(server.url + "old", limit=len(CONTENT))
    assert first is not None

    assert None is fetcher.fresh(server.url + "old", limit=len(CONTENT), validator=first.validator)
