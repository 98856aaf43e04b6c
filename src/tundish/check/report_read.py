"""
A report from its document, as another server answers it: what people are told of it, and no more. The root of
the image is not in it.
"""

from typing import Any

from tundish.anatomy.facts import Facts, Family, Os
from tundish.anatomy.image import Compression, Form, Image, Wrapping
from tundish.check.plan_values import DeployPlan, Needed, State, Step, Where
from tundish.check.rule import Evidence, Finding, Severity, Status
from tundish.check.run import Report
from tundish.check.subject import Filetype, Request, Subject, Target
from tundish.check.verdict import Verdict
from tundish.core.digest import Digest
from tundish.core.errors import BadDocument, InputError

Row = dict[str, Any]  # of any form; what is read from it is judged


def report_of(told: Row) -> Report:
    """
    What a document of `report_json` says, of a check without exceptions.

    Raises:
        BadDocument: it is none.
    """
    try:
        verdict = told["verdict"]
        return Report(
            _subject(told),
            Verdict(
                bool(verdict["fit"]),
                str(verdict["policy"]),
                tuple(map(str, verdict["why"])),
                tuple(map(str, verdict["told"])),
                tuple(finding_of(each) for each in told["findings"]),
            ),
            _plan(told["plan"]),
            tuple(map(str, told["assumed"])),
        )
    except (KeyError, TypeError, ValueError, AttributeError, InputError) as error:
        raise BadDocument(
            f"this is no report that this version knows ({type(error).__name__}: {str(error)[:100]})"
        ) from error


def finding_of(row: Row) -> Finding:
    """
    One finding, of a report or of a comparison.
    """
    return Finding(
        str(row.get("id") or row["rule"]),
        Status(row["status"]),
        Severity(row["severity"]),
        str(row["what"]),
        str(row.get("why") or ""),
        str(row.get("fix") or ""),
        tuple(Evidence(str(each["where"]), str(each["value"])) for each in row.get("evidence") or ()),
        str(row.get("repair") or ""),
    )


def _subject(told: Row) -> Subject:
    image, request, facts = told["image"], told["request"], told["facts"]
    digest = Digest.parse(image["sha256"]) if image["sha256"] else None
    wrapping = Wrapping(Compression(image["compression"]), int(image["size"]), int(image["expanded"]), digest)
    os = Os(id=str(facts["os"]), version_id=str(facts["version"]), pretty=str(facts["title"]))
    return Subject(
        Image(str(image["name"]), wrapping, Form(image["form"])),
        Facts(family=Family(facts["family"]), os=os, arch=str(facts["arch"])),
        Request(
            Filetype(request["filetype"]),
            str(request["name"]),
            str(request["architecture"]),
            str(request["base_image"]),
            declared=bool(request["declared"]),
        ),
        Target(),
    )


def _plan(row: Row) -> DeployPlan:
    fails_at = row["fails_at"]
    return DeployPlan(
        tuple(_step(each) for each in row["steps"]),
        None if fails_at is None else int(fails_at) - 1,
        tuple(
            Needed(str(each["name"]), str(each["purpose"]), bool(each["present"])) for each in row["packages"]
        ),
        tuple(map(str, row["firmware"])),
        str(row["default_user"] or ""),
        int(row["minimum_disk"] or 0),
    )


def _step(row: Row) -> Step:
    return Step(
        str(row["stage"]),
        Where(row["where"]),
        str(row["what"]),
        State(row["state"]),
        str(row["command"] or ""),
        tuple(map(str, row["rules"])),
        tuple(map(str, row["problems"])),
        tuple(map(str, row["notes"])),
    )
