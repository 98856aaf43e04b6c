"""
The pages in a real browser behind a real nginx, which shares its host with others.
"""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.flow.test_front import CONFIGURATION, proxied, serving
from tests.support.seeding import PASSWORD
from tests.web.browser import CHROMIUM, launched
from tundish.web.views import VIEWS

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
    pytest.mark.timeout(400),
]

PREFIX = "/tundish"
TEMPLATE = (
    CONFIGURATION.replace("X-Forwarded-Proto https", "X-Forwarded-Proto $scheme")
    .replace("X-Forwarded-Host images.example", "X-Forwarded-Host $host:{port}")
    .replace("proxy_http_version 1.1;", "proxy_http_version 1.1; proxy_buffering off;")
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = launched(playwright)
        yield opened
        opened.close()


@pytest.fixture
def beneath(browser: Browser, tmp_path: Path) -> Iterator[tuple[Page, str, Path]]:
    """
    A browser that nobody knows yet, the URL of the pages, and the state folder of their server.
    """
    with (
        serving(tmp_path, "--trusted-proxy", "127.0.0.1") as served,
        proxied(served, tmp_path, TEMPLATE) as port,
    ):
        context = browser.new_context(viewport={"width": 1400, "height": 900})
        context.set_default_timeout(30_000)
        yield context.new_page(), f"http://127.0.0.1:{port}{PREFIX}", tmp_path / "state"
        context.close()


def test_all_that_a_browser_asks_for_lies_beneath_the_prefix(beneath: tuple[Page, str, Path]) -> None:
    """
    From the first visit to the log-out: pages, style, scripts, events, forms, redirects and cookies.
    """
    page, url, state = beneath
    asked, noise, live = [], [], []
    page.on("request", lambda request: asked.append(urlsplit(request.url).path))
    page.on("response", lambda answer: noise.append(answer.url) if answer.status >= 400 else None)
    page.on("response", lambda answer: live.append(answer.status) if answer.url.endswith("/live") else None)
    page.on("console", lambda said: noise.append(said.text) if said.type == "error" else None)

    page.goto(f"{url}/")
    page.get_by_label("Setup code").fill((state / "keys/setup").read_text().strip())
    page.get_by_label("Name").fill("ada")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password again").fill(PASSWORD)
    page.get_by_role("button", name="Make the first admin").click()
    for view in VIEWS:
        page.get_by_role("navigation", name="Views").get_by_role("link", name=view.title, exact=True).click()
        expect(page).to_have_url(url + view.path)
    page.get_by_role("button", name="Switch to dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    cookies = {cookie.get("path") for cookie in page.context.cookies()}
    page.get_by_title("Log out").click()
    page.goto(f"{url}/jobs")
    expect(page).to_have_url(f"{url}/login?then=/jobs")

    assert ([], [], {PREFIX}, True) == (
        [path for path in asked if not path.startswith(f"{PREFIX}/")],
        noise,
        cookies,
        200 in live,
    )
