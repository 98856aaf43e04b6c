import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.seeding import seeded
from tests.web.asked import Visitor
from tests.web.own import REF, bring, unfit
from tundish.core.holding import OWN
from tundish.core.lifecycle import State


@pytest.fixture(scope="module")
def visitor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    """
    Somebody who looks at an image of one's own, in two versions.
    """
    folder: Path = tmp_path_factory.mktemp("own")
    with seeded(folder / "state", 1) as held:
        bring(held.app)
        yield Visitor(held).log_in()


def refs(visitor: Visitor) -> list[str]:
    return [each.ref for each in visitor.seeded.app.catalog.images.list(source=OWN)]


def test_an_image_shows_versions_files_and_findings(visitor: Visitor) -> None:
    """
    Both versions, the digest of each file, what the check found, and the steps of a deployment.
    """
    text = visitor.get(f"/image?ref={REF}").text
    held = visitor.seeded.app.catalog.images.find(REF)
    expected = [*refs(visitor), held.version.items[0].digest.hex, "How it would be deployed", "It is our own"]

    assert [] == [each for each in expected if each not in text]


def test_packages_and_space_are_looked_up_in_the_image(visitor: Visitor) -> None:
    """
    Looking inside shows the packages and a drawing of the folders, as a part of the page for htmx.
    """
    text = visitor.get(f"/image/inside?ref={REF}", hx_request="true").text

    assert [True, True, False] == [part in text for part in ("packages", '<svg class="map', "<html")]


@pytest.mark.parametrize(("form", "key"), [("cyclonedx", "bomFormat"), ("spdx", "spdxVersion")])
def test_a_bill_of_materials_is_handed_out(visitor: Visitor, form: str, key: str) -> None:
    """
    As a file with a name of its own, in either form.
    """
    answer = visitor.get(f"/image/bill?ref={REF}&form={form}")

    assert (True, True) == (
        key in json.loads(answer.text),
        answer.header("content-disposition").startswith("attachment; filename*=UTF-8''custom_rocky9"),
    )


def test_two_versions_are_compared(visitor: Visitor) -> None:
    """
    What changed between them is listed file by file.
    """
    before, after = refs(visitor)
    text = visitor.get(f"/image/difference?ref={after}&before={before}", hx_request="true").text

    assert "/opt/filling" in text


def test_a_bill_of_another_form_is_refused(visitor: Visitor) -> None:
    """
    The error names the forms there are.
    """
    answer = visitor.get(f"/image/bill?ref={REF}&form=xml")

    assert (422, True) == (answer.status, "cyclonedx, spdx" in answer.text)


def test_an_image_without_a_system_says_so(visitor: Visitor) -> None:
    """
    What the store does not hold cannot be looked into, and the page says why.
    """
    answer = visitor.get("/image/inside?ref=ubuntu/noble/amd64")

    assert (404, True) == (answer.status, "the store" in answer.text)


def test_an_image_of_ones_own_shows_its_base_and_needs(visitor: Visitor) -> None:
    """
    What it is configured as, its type, whom one logs in as, the firmware and the smallest disk.
    """
    text = visitor.get(f"/image?ref={REF}").text.partition("Base and needs")[2].partition("</section>")[0]
    expected = ["<code>rhel/9</code>", "<dd>tgz</dd>", "<code>ubuntu</code>", "uefi", "1.2 GiB"]

    assert [] == [each for each in expected if each not in text]


def test_each_file_that_is_held_can_be_downloaded(visitor: Visitor) -> None:
    """
    By a link to the API, which knows the session.
    """
    held = visitor.seeded.app.catalog.images.find(REF)
    text = visitor.get(f"/image?ref={REF}").text

    assert f'<a href="/api/v1/images/{held.id}/files/root.tgz" download="root.tgz"' in text


def test_an_unfit_image_is_accepted_with_a_reason(ada: Visitor) -> None:
    """
    The view of an image that waits for it asks why, and what is answered makes it available.
    """
    held = unfit(ada.seeded.app)
    text = ada.get(f"/image?ref={held.ref}").text
    asked = [each in text for each in ("Accept it unfit", f"tundish image accept {held.ref} --reason WHY")]
    ada.post("/image/accept", ref=held.ref, reason="boots in the lab")

    assert ([True, True], State.COMPLETE) == (asked, ada.seeded.app.catalog.images.get(held.id).state)
