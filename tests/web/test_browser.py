"""
The pages in a real browser.
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.support.seeding import PASSWORD
from tests.web.browser import CHROMIUM, PATHS, Tour, launched, page_of, walked
from tests.web.house import Open, serving
from tests.web.syncing import STEPS, syncing
from tundish.core import clock
from tundish.core.lifecycle import State

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
    pytest.mark.timeout(400),  # a walk through all views is long where the machine has much else to do
]

MORE = {
    0: PATHS,
    1: (*PATHS, "/sources/vendor", "/jobs/1", "/image?ref=ubuntu/noble/amd64"),
    5000: (*PATHS, "/images?page=50", "/sources/vendor", "/image?ref=ubuntu/noble/amd64"),
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = launched(playwright)
        yield opened
        opened.close()


@pytest.fixture(scope="module", params=[0, 1, 5000])
def tour(
    request: pytest.FixtureRequest, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Tour]:
    images: int = request.param
    with serving(tmp_path_factory.mktemp("state") / "state", images) as house:
        yield walked(browser, house, MORE[images], is_judged=images < 5000, is_turned=images == 1)


@pytest.fixture
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    with serving(tmp_path_factory.mktemp("state") / "state", 3) as opened:
        yield opened


def test_no_view_makes_noise(tour: Tour) -> None:
    """
    No script fails, nothing is missing, and nothing breaks the policy of the page.
    """
    assert [] == tour.noise


def test_no_request_leaves_the_server(tour: Tour) -> None:
    """
    Everything that a view needs comes from the server itself.
    """
    assert [] == tour.strangers


def test_every_view_fits(tour: Tour) -> None:
    """
    No view scrolls sideways as a whole, at 360 and at 2,560 pixels.
    """
    assert [] == tour.wide


def test_no_view_keeps_anybody_out(tour: Tour) -> None:
    """
    axe finds no violation of WCAG A and AA, in light, in dark and narrow.
    """
    assert [] == tour.barriers


def test_every_view_is_soon_of_use(tour: Tour) -> None:
    """
    With none, one and five thousand images alike, a view can be used while one still reads its title.
    """
    assert [] == tour.slow


def test_an_image_is_deleted_with_the_keyboard_alone(browser: Browser, house: Open) -> None:
    """
    Log in, skip the menu, tick an image, delete it and say so again: without touching a mouse.
    """
    context = browser.new_context()
    page = context.new_page()
    page.goto(house.url + "/login?then=/images")
    page.keyboard.type("ada")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(house.url + "/images")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # skip the menu
    _tab_to(page, "Choose centos/s000/amd64/generic@20260501", "Choose ubuntu")
    page.keyboard.press("Space")
    _tab_to(page, "Delete…")
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:has-text('Delete 1 version?')")
    _tab_to(page, "Delete 1 version")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=1 version deleted")
    context.close()

    assert 1 == len(house.seeded.app.catalog.images.list(states=[State.RETIRED]))


def _tab_to(page: Page, *words: str) -> None:
    for _ in range(80):
        page.keyboard.press("Tab")
        said = page.evaluate(
            "(e => (e.getAttribute('aria-label') || e.innerText || '').trim())(document.activeElement)"
        )
        if said.startswith(words):
            return
    raise AssertionError(f"no Tab leads to {words}")


def test_a_server_that_stopped_is_said_to(browser: Browser, house: Open) -> None:
    """
    When the server goes away an open page says so, in a place that is read aloud.
    """
    with page_of(browser, house) as page:
        page.goto(house.url + "/")
        house.close()
        message = page.get_by_role("alert")

        expect(message).to_contain_text("The server does not answer")


def test_light_and_dark_are_kept(browser: Browser, house: Open) -> None:
    """
    The switch counts on the next page, too, whatever the browser likes.
    """
    with page_of(browser, house) as page:
        page.goto(house.url + "/jobs")
        page.get_by_role("button", name="Switch to dark").click()
        page.goto(house.url + "/images")

        assert "dark" == page.evaluate("getComputedStyle(document.documentElement).colorScheme")


def test_search_narrows_the_list_as_one_types(browser: Browser, house: Open) -> None:
    """
    The list follows what is typed, without a new page, and the address holds it.
    """
    with page_of(browser, house) as page:
        page.goto(house.url + "/images")
        page.get_by_role("searchbox").press_sequentially("arm64")
        expect(page.locator("#list")).to_contain_text("1 of 3 images")

        assert "q=arm64" in page.url


def test_a_list_hears_of_changes(browser: Browser, house: Open) -> None:
    """
    What somebody else does shows up on an open page by itself.
    """
    with page_of(browser, house) as page:
        page.goto(house.url + "/jobs")
        page.wait_for_timeout(300)
        app = house.seeded.app
        app.catalog.jobs.enqueue("verify", "the store", {}, actor="vic", resource="verify", at=clock.now())

        expect(page.locator("#list")).to_contain_text("queued")


def test_the_running_total_counts_what_is_ticked(browser: Browser, house: Open) -> None:
    """
    Ticking a cell of the matrix counts it at once.
    """
    with page_of(browser, house) as page:
        page.goto(house.url + "/select")
        page.locator("input[data-size]").first.check()

        expect(page.locator("[data-total]")).to_contain_text("1 chosen")


def test_a_sync_moves_before_ones_eyes(browser: Browser, tmp_path: Path) -> None:
    """
    An open page shows a real sync as it goes on, and its end, without being loaded again.
    """
    with serving(tmp_path / "state", 0) as house, page_of(browser, house) as page:
        with syncing(house.seeded.app) as stream:
            page.goto(house.url + "/")
            stream.steps.release(STEPS // 4)
            shares = [_share(page, 1)]
            stream.steps.release(STEPS // 2)
            shares.append(_share(page, shares[0] + 1))
        page.wait_for_selector("#transfers:has-text('Nothing moves'):has-text('done')")

        assert (True, True) == (0 < shares[0] < shares[1] < 100, page.url.endswith("/"))


def _share(page: Page, least: int) -> int:
    """
    Percent of the running sync that the page shows, once it is so many.
    """
    found = page.wait_for_function(
        "least => { const bar = document.querySelector('#transfers progress');"
        " return bar && bar.value >= least && bar.value }",
        arg=least,
    )
    return int(found.json_value())


def test_the_log_of_a_job_grows(browser: Browser, house: Open) -> None:
    """
    What it says is put behind what was said before, which stays as it is; at its end nothing more is asked.
    """
    catalog = house.seeded.app.catalog
    number = catalog.jobs.start("verify", "the store", clock.now())
    catalog.job_lines.add(number, [(clock.now(), "the first")])
    with page_of(browser, house) as page:
        page.goto(f"{house.url}/jobs/{number}")
        page.locator(".log li").first.evaluate("line => line.classList.add('seen')")
        catalog.job_lines.add(number, [(clock.now(), "the second")])
        expect(page.locator(".log li", has_text="the second")).to_be_visible()
        catalog.jobs.end(number, "done", "{}", clock.now() - timedelta(minutes=1))
        expect(page.locator(".log li[hx-get]")).to_have_count(0)

        seen = page.locator(".log li.seen").all_inner_texts()
        assert ([True], 2) == (["the first" in each for each in seen], page.locator(".log li").count())
