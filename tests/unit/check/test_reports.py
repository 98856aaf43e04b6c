"""
Reports: what they must say in every form, and what of an image must never get out of it.
"""

import json
import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser

import pytest

from tests.support.images import File, Node
from tests.unit.check.asked import HOOK, system
from tundish.check import report_html, report_json, report_sarif, report_text
from tundish.check.policy import Overrides, parse
from tundish.check.rulebook import rulebook
from tundish.check.run import Report, report_of
from tundish.core.image import Json

TODAY = date(2026, 11, 25)
EVIL = '<script>alert("1")</script>\x1b[31m'
_SPOILED: dict[str, Node] = {"etc/cloud/cloud.cfg.d/99-x.cfg": "datasource_list: [Ec2]\n"}
_VOID = {"meta", "br", "rect"}


def reported(changes: dict[str, Node] | None = None, overrides: Overrides | None = None) -> Report:
    subject = system(changes=changes)
    return report_of(subject, overrides=overrides, today=TODAY, assumed=("--filetype tgz, by the content",))


def evil() -> Report:
    """
    An image whose names and texts are made to be taken for something else.
    """
    name = f"99-{EVIL.replace('/', '')}.cfg"
    changes: dict[str, Node] = {
        f"etc/cloud/cloud.cfg.d/{name}": "datasource_list: [Ec2]\n",
        HOOK: File(f"#!/bin/bash\nwget {EVIL}\n".encode(), 0o755),
        f"usr/share/{EVIL.replace('/', '')}/x": b"x" * 500_000,
    }
    made = system(changes=changes)
    facts = replace(made.facts, os=replace(made.facts.os, pretty=EVIL), hostname=EVIL)
    subject = replace(made, facts=facts, image=replace(made.image, name=EVIL))
    return report_of(subject, today=TODAY)


def excused() -> Overrides:
    text = b"[[override]]\nrule = 'E05'\nignore = true\nreason = 'lab only'\n"
    return parse(text, "lab.toml", {rule.id for rule in rulebook()})


def text_of(report: Report, *, all_: bool = False) -> str:
    return "\n".join(line.text for line in report_text.lines(report, all_=all_))


def sarif(report: Report, *, all_: bool = False) -> dict[str, Json]:
    found: dict[str, Json] = json.loads(json.dumps(report_sarif.document(report, rulebook(), all_=all_)))
    return found


class Tags(HTMLParser):
    """
    Which elements a page has, and whether each one is closed in its order.
    """

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in _VOID - {"rect"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_verdict_comes_first() -> None:
    """
    The first line says what the report comes to.
    """
    assert ("FIT  image", "UNFIT  image") == (
        text_of(reported()).splitlines()[0],
        text_of(reported(_SPOILED)).splitlines()[0],
    )


@pytest.mark.parametrize(
    "words",
    [
        "errors (1)",
        "E05  etc/cloud/cloud.cfg.d/99-x.cfg overrides the data source with [Ec2]",
        "why: a file that sorts behind",
        "fix: remove datasource_list",
        "assumed: --filetype tgz",
        "deploy plan, fails at step",
        "needs from a network  grub-pc (for BIOS)",
        "default user          ubuntu",
    ],
)
def test_the_text_says_what_a_person_needs(words: str) -> None:
    """
    Finding, reason, remedy, assumption and plan stand in the text.
    """
    assert words in text_of(reported(_SPOILED))


def test_passed_rules_are_shown_only_if_wanted() -> None:
    """
    What passed or was skipped takes no space unless all is asked for.
    """
    assert (False, True) == ("passed (" in text_of(reported()), "passed (" in text_of(reported(), all_=True))


def test_no_line_of_text_can_steer_a_terminal() -> None:
    """
    Control characters from an image are shown, never sent.
    """
    assert all(char.isprintable() for char in text_of(evil()).replace("\n", ""))


def test_the_json_has_its_shape() -> None:
    """
    The document has the fields that programs rely on.
    """
    document = report_json.document(reported(_SPOILED))

    assert [
        "format",
        "version",
        "verdict",
        "image",
        "request",
        "assumed",
        "target",
        "facts",
        "findings",
        "plan",
    ] == list(document)


def test_the_json_has_every_rule() -> None:
    """
    Each rule is among the findings, whatever became of it.
    """
    document = json.loads(json.dumps(report_json.document(reported())))

    assert {rule.id for rule in rulebook()} == {one["id"] for one in document["findings"]}


def test_an_excused_finding_stands_beside_the_verdict() -> None:
    """
    Who reads the document sees what was excused, and why.
    """
    document = json.loads(json.dumps(report_json.document(reported(_SPOILED, excused()))))

    assert (True, ["lab only"]) == (
        document["verdict"]["fit"],
        [one["reason"] for one in document["verdict"]["excused"]],
    )


def test_sarif_has_what_its_schema_requires() -> None:
    """
    Log, run, tool, results and rules have the fields and words that SARIF 2.1.0 requires.
    """
    log = json.loads(json.dumps(sarif(reported(_SPOILED), all_=True)))
    run, ids = log["runs"][0], [rule["id"] for rule in log["runs"][0]["tool"]["driver"]["rules"]]

    sound = [
        log["version"] == "2.1.0",
        run["tool"]["driver"]["name"] == "tundish check",
        all(one["message"]["text"] for one in run["results"]),
        all(one["level"] in {"none", "note", "warning", "error"} for one in run["results"]),
        all(one["kind"] in {"fail", "pass", "open", "notApplicable"} for one in run["results"]),
        all((one["kind"] == "fail") == (one["level"] != "none") for one in run["results"]),
        all(ids[one["ruleIndex"]] == one["ruleId"] for one in run["results"]),
        all(isinstance(one["exitCode"], int) for one in run["invocations"]),
    ]

    assert [True] * len(sound) == sound


def test_sarif_names_no_place_twice() -> None:
    """
    Places of one finding are a set by the schema, however often something was seen there.
    """
    asked = system("debian", without=("curtin",))  # two loaders, none of which is started
    log = json.loads(json.dumps(sarif(report_of(asked, today=TODAY), all_=True)))
    named = [
        [place["fullyQualifiedName"] for place in one["locations"][0].get("logicalLocations", [])]
        for one in log["runs"][0]["results"]
    ]

    assert [] == [places for places in named if len(places) != len(set(places))]


def test_sarif_suppresses_what_is_excused() -> None:
    """
    An excused finding is a suppressed result with its reason.
    """
    log = json.loads(json.dumps(sarif(reported(_SPOILED, excused()))))
    found = [one for one in log["runs"][0]["results"] if one["ruleId"] == "E05"]

    assert [[{"kind": "external", "justification": "lab only"}]] == [one["suppressions"] for one in found]


def test_a_page_is_well_formed() -> None:
    """
    Every element of a page is closed in its order.
    """
    assert [] == Tags(report_html.page(reported(_SPOILED), all_=True)).open


def test_a_page_stands_alone() -> None:
    """
    A page loads nothing and runs nothing.
    """
    tags = Tags(report_html.page(reported(_SPOILED)))

    assert (set(), set()) == (
        tags.names & {"script", "link", "img", "iframe", "object", "embed", "base", "form"},
        tags.attributes & {"src", "href", "srcset", "action"},
    )


def test_nothing_of_an_image_becomes_part_of_a_page() -> None:
    """
    Names and texts that are markup come out as text.
    """
    page = report_html.page(evil(), all_=True)

    assert ([], set(), False) == (Tags(page).open, Tags(page).names & {"script"}, "\x1b" in page)


@pytest.mark.parametrize(
    "words",
    ['class="unfit"', "Deploy plan", "It fails at step", "<svg", "prefers-color-scheme:dark", "viewport"],
)
def test_a_page_has_its_parts(words: str) -> None:
    """
    Verdict, plan, treemap, and what phones and dark screens need are on the page.
    """
    assert words in report_html.page(reported(_SPOILED))


def test_a_page_is_the_same_every_time() -> None:
    """
    The same image gives the same page.
    """
    assert report_html.page(reported()) == report_html.page(reported())


def test_a_rule_is_explained() -> None:
    """
    A rule is shown with severity, scope, reason and remedy.
    """
    lines = [line.text for line in report_text.explained(rulebook()[0])]

    assert ["A01", "severity", "asked of", "why", "fix"] == [
        word for word in ("A01", "severity", "asked of", "why", "fix") if re.search(word, "\n".join(lines))
    ]
