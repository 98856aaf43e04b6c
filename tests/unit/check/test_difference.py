import json

from tests.support.images import index_of
from tundish.anatomy.diff import difference
from tundish.anatomy.facts import Facts, Installed
from tundish.check import difference_html, difference_json, difference_text
from tundish.check.difference import Compared, Comparison, FindingsDifference, findings_between
from tundish.check.rule import Finding, Severity, Status

OLD = Finding("A01", Status.FAIL, Severity.ERROR, "the old is wrong")
NEW = Finding("B02", Status.UNKNOWN, Severity.WARNING, "the new is not known")
GOOD = Finding("C03", Status.PASS, Severity.ERROR, "all is well")


def compared(before: dict[str, str], after: dict[str, str], name: str = "new.tar") -> Comparison:
    facts = Facts(packages=(Installed("ed", "1"),))
    return Comparison(
        Compared("old.tar", 1024, fit=True),
        Compared(name, 2048, fit=False),
        difference((index_of(before), Facts()), (index_of(after), facts)),
        FindingsDifference((NEW,), (OLD,)),
    )


MANY = compared({}, {f"file{number:03}": f"{number}" for number in range(100)})


def test_findings_appear_and_vanish() -> None:
    """
    What fails or is not decided on one side only; what passes is no news.
    """
    assert FindingsDifference((NEW,), (OLD,)) == findings_between((OLD, GOOD), (NEW,))


def test_the_same_finding_is_no_news() -> None:
    """
    A finding with the same rule and sentence on both sides is left out.
    """
    assert FindingsDifference() == findings_between((OLD, GOOD), (GOOD, OLD))


def test_the_text_begins_with_a_summary() -> None:
    """
    Both images, then one line for each section.
    """
    text = [one.text for one in difference_text.lines(MANY)]

    assert [
        "before  old.tar: 1.0 KiB, fit",
        "after   new.tar: 2.0 KiB, unfit",
        "",
        "findings         1 added, 1 removed",
        "system           the same",
        "kernels          the same",
        "packages         1 added",
        "users            the same",
        "services         the same",
        "files            100 added",
        "sizes by folder  1 changed",
    ] == text[:11]


def test_a_long_list_is_cut_with_a_count() -> None:
    """
    Twelve rows are shown, the rest is counted; with all_ every one is shown.
    """
    cut = [one.text for one in difference_text.lines(MANY)]
    whole = [one.text for one in difference_text.lines(MANY, all_=True)]

    assert (True, False, True) == (
        "    and 88 more; --all shows them" in cut,
        "  + /file099" in cut,
        "  + /file099" in whole,
    )


def test_what_an_image_says_cannot_move_the_cursor() -> None:
    """
    Control characters in a path are written out.
    """
    text = "".join(one.text for one in difference_text.lines(compared({}, {"a\x1b[2J": ""})))

    assert (False, True) == ("\x1b" in text, "/a\\x1b[2J" in text)


def test_the_page_escapes_what_comes_from_an_image() -> None:
    """
    No name of an image or path becomes markup.
    """
    page = difference_html.page(compared({}, {"<script>": ""}, name="<b>.tar"))

    assert (False, False, True) == ("<script" in page, "<b>" in page, "&lt;script&gt;" in page)


def test_json_has_everything() -> None:
    """
    Nothing is cut for programs.
    """
    document = json.loads(json.dumps(difference_json.document(MANY)))

    assert (False, 100, ["B02"], ["A01"]) == (
        document["same"],
        len(document["files"]["added"]),
        [one["rule"] for one in document["findings"]["appeared"]],
        [one["rule"] for one in document["findings"]["vanished"]],
    )
