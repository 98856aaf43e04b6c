"""
Debian's Chromium, driven by playwright: what a person would see of the pages, and what goes wrong unseen.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright, Request

from tests.support.seeding import PASSWORD
from tests.web.house import Open
from tundish.web.views import VIEWS

CHROMIUM = shutil.which("chromium")
PATHS = (*(view.path for view in VIEWS), "/sources/+new")
NARROW = ("/images", "/jobs", "/login")  # whose tables become cards, and the door
WIDTHS = (360, 2560)
SLOW = 3000  # milliseconds, on a machine that has other things to do
WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
COLOURS = {"runOnly": ["color-contrast"]}


@dataclass
class Tour:
    """
    What was met on a walk through all views.
    """

    noise: list[str] = field(default_factory=list)  # of the console
    strangers: list[str] = field(default_factory=list)  # requests that left the origin
    wide: list[str] = field(default_factory=list)  # pages that scroll sideways
    barriers: list[str] = field(default_factory=list)  # violations that axe found
    slow: list[str] = field(default_factory=list)  # pages that took too long to be of use


def launched(playwright: Playwright) -> Browser:
    return playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])


@contextmanager
def page_of(browser: Browser, house: Open) -> Iterator[Page]:
    """
    A page of somebody who has logged in.
    """
    context = browser.new_context(viewport={"width": 1400, "height": 900}, color_scheme="light")
    context.set_default_timeout(15_000)
    cookie = house.seeded.admission.open_session(house.seeded.admission.login("ada", PASSWORD, "127.0.0.1"))
    context.add_cookies([{"name": "tundish-session", "value": cookie, "url": house.url}])
    try:
        yield context.new_page()
    finally:
        context.close()


def walked(
    browser: Browser, house: Open, paths: tuple[str, ...], *, is_judged: bool, is_turned: bool
) -> Tour:
    """
    Every view at three widths. Axe judges in full; once more the colours in the dark, and what is narrow.
    """
    tour = Tour()
    with page_of(browser, house) as page:
        listen(page, house, tour)
        for path in paths:
            page.goto(house.url + path)
            look(page, path, tour)
            if is_judged:
                tour.barriers += barriers(page, path, WCAG)
            if is_turned:
                page.emulate_media(color_scheme="dark")
                tour.barriers += barriers(page, f"dark {path}", COLOURS)
                page.emulate_media(color_scheme="light")
        if is_turned:
            page.set_viewport_size({"width": WIDTHS[0], "height": 800})
            for path in NARROW:
                if path == "/login":
                    page.context.clear_cookies()
                page.goto(house.url + path)
                tour.barriers += barriers(page, f"narrow {path}", WCAG)
    return tour


def listen(page: Page, house: Open, tour: Tour) -> None:
    def said(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            tour.noise.append(f"{page.url}: {message.text}")

    def asked(request: Request) -> None:
        if urlsplit(request.url).netloc != urlsplit(house.url).netloc:
            tour.strangers.append(request.url)

    page.on("console", said)
    page.on("pageerror", lambda error: tour.noise.append(f"{page.url}: {error}"))
    page.on("request", asked)


def look(page: Page, path: str, tour: Tour) -> None:
    took = page.evaluate("performance.getEntriesByType('navigation')[0].domInteractive")
    if took > SLOW:
        tour.slow.append(f"{path}: {took:.0f} ms")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if over > 0:
            tour.wide.append(f"{path} at {width}: {over} pixels")
    page.set_viewport_size({"width": 1400, "height": 900})


def barriers(page: Page, where: str, rules: dict[str, list[str]]) -> list[str]:
    found = Axe().run(page, options=rules).response["violations"]
    return [f"{where}: {each['id']}: {each['nodes'][0]['html'][:160]}" for each in found]
