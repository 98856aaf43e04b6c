"""
A file brought from a real browser to a real server: in pieces, checked, and gone on with after a break.
"""

import gzip
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Request, Route, sync_playwright

from tests.support.doors import Doors, serving
from tests.support.roots import tar_of
from tests.web.browser import CHROMIUM, launched
from tundish.access.passwords import Passwords
from tundish.app.opened import open_app
from tundish.core import clock
from tundish.core.people import EVERYTHING, User
from tundish.settings import load

PASSWORD = "correct horse battery"
PADDING = 9 * 1024 * 1024  # so that it takes more than one piece

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    state = tmp_path_factory.mktemp("bringing") / "state"
    with open_app(load({}, root=False, state=state, cache=state / "cache")) as app:
        ada = User("ada", "", EVERYTHING, enabled=True, made_at=clock.now(), has_password=True)
        app.catalog.users.add(ada, Passwords(passes=1, kib=8, lanes=1).hashed(PASSWORD))
    return state


@pytest.fixture(scope="module")
def doors(state: Path) -> Iterator[Doors]:
    with serving(state) as doors:
        yield doors


@pytest.fixture
def page(doors: Doors) -> Iterator[Page]:
    """
    The view of uploads, logged in.
    """
    with sync_playwright() as playwright:
        browser = launched(playwright)
        page = browser.new_page()
        page.goto(f"{doors.control}/login?then=/uploads")
        page.fill("input[name=name]", "ada")
        page.fill("input[name=password]", PASSWORD)
        page.click("button.main")
        page.wait_for_selector("#upload")
        yield page
        browser.close()


def root(folder: Path, name: str) -> Path:
    """
    A root as a tgz that does not compress, with bytes of its own.
    """
    path = folder / f"{name}.tgz"
    made = tar_of({"etc/os-release": b"ID=rocky\nVERSION_ID=9\n", "data": os.urandom(PADDING)})
    path.write_bytes(gzip.compress(made.getvalue(), 1))
    return path


def fill(page: Page, path: Path, name: str) -> None:
    page.set_input_files("input[name=file]", path)
    page.fill("input[name=name]", name)
    page.fill("input[name=base_image]", "rhel/9")


def listed(page: Page, name: str, word: str) -> bool:
    """
    Whether the list comes to show an upload with this word, renewing itself.
    """
    row = page.locator("#list tr", has_text=name)
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if row.count() and word in row.first.inner_text():
            return True
        page.wait_for_timeout(200)
    return False


def test_a_file_is_brought_and_checked(page: Page, tmp_path: Path) -> None:
    """
    The list shows by itself that it is here, and what its check found.
    """
    fill(page, root(tmp_path, "whole"), "custom/whole")
    page.click("#upload button.main")

    assert listed(page, "custom/whole", "fit")


def _second_piece_is_lost(route: Route) -> None:
    if route.request.headers["content-range"].startswith("bytes 8388608-"):
        route.abort()
    else:
        route.continue_()


def _ranges(request: Request) -> list[str]:
    return [request.headers["content-range"]] if request.method == "PUT" else []


def test_an_upload_goes_on_where_it_broke_off(page: Page, tmp_path: Path) -> None:
    """
    After a new visit, the same file with the same words is sent from the byte that is wanted.
    """
    path = root(tmp_path, "broken")
    fill(page, path, "custom/broken")
    page.route("**/content", _second_piece_is_lost)
    page.click("#upload button.main")
    page.wait_for_selector("text=trying again")
    page.unroute("**/content")
    page.reload()
    sent: list[str] = []
    page.on("request", lambda each: sent.extend(_ranges(each)))
    fill(page, path, "custom/broken")
    page.click("#upload button.main")

    assert (True, f"bytes 8388608-{path.stat().st_size - 1}/{path.stat().st_size}") == (
        listed(page, "custom/broken", "fit"),
        sent[0],
    )


def test_a_wrong_name_is_told_at_the_form(page: Page, tmp_path: Path) -> None:
    """
    In the words of the server, and nothing is sent.
    """
    fill(page, root(tmp_path, "named"), "custom/a b c")
    page.click("#upload button.main")
    page.wait_for_selector("[data-problem]:not([hidden])")

    assert "a b c" in page.inner_text("[data-problem]")
