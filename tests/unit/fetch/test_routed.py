"""
Which fetcher is asked, and how addresses are put together.
"""

from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tundish.core.errors import InputError, InvalidName
from tundish.core.names import item_path
from tundish.fetch.folder import FolderFetcher, path_of
from tundish.fetch.headers import address
from tundish.fetch.routed import RoutedFetcher, join

FOLDER = FolderFetcher()


@pytest.mark.parametrize(
    ("base", "path", "expected"),
    [
        ("http://host", "a/b", "http://host/a/b"),
        ("http://host/base/", "a/b", "http://host/base/a/b"),
        ("http://host/a%20b/", "c d%#", "http://host/a%20b/c%20d%25%23"),
        ("http://me:pass@host/", "ü", "http://me:pass@host/%C3%BC"),
        ("file:///srv/x", "a b", "file:///srv/x/a%20b"),
        ("/srv/x y/", "a b#%", "/srv/x y/a b#%"),
        ("/", "a", "/a"),
        ("http://host/", "20240101/a:b+c@d.img", "http://host/20240101/a:b+c@d.img"),
    ],
)
def test_how_base_and_path_make_an_address(base: str, path: str, expected: str) -> None:
    """
    Signs with a meaning are quoted in addresses and literal in folders.
    """
    assert expected == join(base, path)


@given(st.text(min_size=1, max_size=60))
def test_no_item_path_changes_what_is_asked_for(text: str) -> None:
    """
    Whatever a valid item path contains, the address made of it means that path, and nothing else.
    """
    try:
        path = item_path(text)
    except InvalidName:
        return
    url = address(join("http://host/base", path))

    assert (f"/base/{path}", None, f"/base/{path}") == (
        unquote(url.path or ""),
        url.query,
        path_of(join("file:///base", path)),
    )


@pytest.mark.parametrize("base", ["http://host/?x", "http://host/#x", "http://[::1/", "file:///srv?x"])
def test_nothing_is_below_a_query(base: str) -> None:
    """
    A base with a query or fragment is refused.
    """
    with pytest.raises(InputError):
        join(base, "a")


@pytest.mark.parametrize(
    "url", ["ftp://host/x", "rsync://me:s3cret@host/", "host/x", "", "mailto:x", "https:/x"]
)
def test_an_unknown_kind_of_address_names_the_known_ones(url: str) -> None:
    """
    The error lists what we can fetch from, and hides passwords.
    """
    with pytest.raises(InputError, match="http://, https://, file:// or the absolute path") as caught:
        RoutedFetcher(FOLDER, FOLDER).document(url, limit=1)

    assert "s3cret" not in str(caught.value)


def test_addresses_of_a_base_stay_below_its_host() -> None:
    """
    A path cannot name another host.
    """
    assert "host" == urlsplit(join("http://host", "a@evil/b")).hostname
