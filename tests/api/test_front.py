import re

from tests.api.door import BROKEN, Rows, call
from tundish import __version__


def test_the_start_page_names_version_numbers_and_commands() -> None:
    """
    The page shows the version, how much there is, and how to go on.
    """
    page = call("/").body.decode()

    assert [True] * 4 == [
        part in page for part in (__version__, "4,096 bytes", "tundish sync", "/api/v1/images")
    ]


def test_the_start_page_needs_nothing_from_elsewhere() -> None:
    """
    No address of another host, no script, no picture; and the browser is told so.
    """
    answer = call("/")

    assert ([], True) == (
        re.findall(r"https?://|//[a-z]|<script|<img|<link|@import|url[(]", answer.body.decode()),
        answer.headers["content-security-policy"].startswith("default-src 'none'"),
    )


def test_the_process_is_healthy_whatever_the_store_does() -> None:
    """
    /healthz says that the process runs, and its version.
    """
    assert {"status": "ok", "version": __version__} == call("/healthz", views=BROKEN).document


def test_a_door_whose_store_fails_is_not_ready() -> None:
    """
    /readyz fails while catalog or store cannot answer.
    """
    assert (200, 507) == (call("/readyz").status, call("/readyz", views=BROKEN).status)


def test_the_interface_is_described() -> None:
    """
    The description of the interface names every list.
    """
    paths = call("/api/v1/openapi.json").document["paths"]
    nouns = (
        "images",
        "sources",
        "selections",
        "machines",
        "deployments",
        "jobs",
        "events",
        "notices",
        "sync",
        "usage",
    )

    assert {f"/api/v1/{noun}" for noun in nouns} <= set(paths if isinstance(paths, dict) else ())


def test_the_start_page_says_what_needs_attention() -> None:
    """
    Notices stand on the page as text, whatever signs they have; without any there is no such part.
    """
    with_one, without = call("/").body.decode(), call("/", views=Rows(many=0)).body.decode()

    assert (True, False) == (
        "<b>warning</b> &lt;b&gt;1 GiB&lt;/b&gt; is free" in with_one,
        "What needs attention" in without,
    )
