import pytest

from tests.unit.boot.door import IMAGE, ROOT
from tundish.boot.asked import Face, Part
from tundish.boot.quick import Plain, chosen, plain

HOST = "Host: 10.0.2.2:5248"
FACE = Face(1000, ROOT.hex, None)


def head(*lines: str, target: str = IMAGE, method: str = "GET", version: str = "HTTP/1.1") -> bytes:
    return "\r\n".join((f"{method} {target} {version}", *lines, "", "")).encode("latin-1")


def test_a_plain_request_is_read() -> None:
    """
    The digest, and the fields under names in one form, whatever the client made of them.
    """
    asked = head("host: h", "RANGE:bytes=0-9", "connection: Keep-Alive")

    assert plain(asked) == Plain(
        IMAGE, ROOT, {"Host": "h", "Range": "bytes=0-9", "Connection": "Keep-Alive"}, len(asked)
    )


@pytest.mark.parametrize(
    "request_bytes",
    [
        head(HOST)[:-2],  # not all there yet
        head(HOST) + b"G",  # and something after it
        head(),  # for no host
        head(HOST, HOST),
        head(HOST, "Content-Length: 5"),
        head(HOST, "Transfer-Encoding: chunked"),
        head(HOST, "Content-Length: 5", "Transfer-Encoding: chunked"),
        head(HOST, "content-length: 0"),
        head(HOST, "Transfer_Encoding: chunked"),
        head(HOST, "Transfer-Encoding : chunked"),
        head(HOST, " folded: 1"),
        head(HOST, "X-One: 1\nX-Two: 2"),
        head(HOST, "X-One: 1\x00"),
        head(HOST, "X-One: \xff"),
        head(HOST, "Expect: 100-continue"),
        head(HOST, "Upgrade: h2c"),
        head(HOST, "Connection: close"),
        head(HOST, version="HTTP/1.0"),
        head(HOST, method="HEAD"),
        head(HOST, method="get"),
        head(HOST, target="http://10.0.2.2" + IMAGE),
        head(HOST, target=IMAGE + "?x"),
        head(HOST, target=IMAGE + "/"),
        head(HOST, target=IMAGE.replace("debian", "..")),
        head(HOST, target=IMAGE.replace("debian", "%2e%2e")),
        head(HOST, target=IMAGE.replace("debian", "a\\b")),
        head(HOST, target=IMAGE.replace("/images", "//images")),
        head(HOST, target=IMAGE.replace(ROOT.hex, ROOT.hex.upper())),
        head(HOST, target="/images/" + "0" * 64),
        head(HOST, *(f"X-{number}: 1" for number in range(40))),
        head(HOST, "X-Long: " + "x" * 2000),
    ],
)
def test_what_is_not_plain_is_left_to_the_slower(request_bytes: bytes) -> None:
    """
    Whatever could be read in two ways, or has a body, is none of the quick lane's.
    """
    assert plain(request_bytes) is None


@pytest.mark.parametrize(
    ("lines", "choice"),
    [
        ((), (200, Part(0, 1000))),
        (("Range: bytes=0-9",), (206, Part(0, 10))),
        (("Range: bytes=990-5000",), (206, Part(990, 10))),
        (("Range: bytes=-10",), (206, Part(990, 10))),
        (("Range: bytes=9-0",), (200, Part(0, 1000))),
        (("Range: bytes=0-9", f'If-Range: "{ROOT.hex}"'), (206, Part(0, 10))),
        (("Range: bytes=0-9", 'If-Range: "other"'), (200, Part(0, 1000))),
        (("Range: bytes=0-9,20-29",), None),
        (("Range: bytes=1000-",), None),
        ((f'If-None-Match: "{ROOT.hex}"',), None),
        (('If-Match: "other"',), None),
    ],
)
def test_only_plain_answers_are_given(lines: tuple[str, ...], choice: tuple[int, Part] | None) -> None:
    """
    The whole file or one part of it; every other answer is the slower one's.
    """
    asked = plain(head(HOST, *lines))

    assert choice == (chosen(asked, FACE) if asked else "not plain")
