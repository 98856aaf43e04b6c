"""
What findings mean under each policy, and what exceptions can do.
"""

from datetime import date

import pytest

from tundish.check.policy import MAX_FILE, Overrides, Policy, parse, weigh
from tundish.check.rule import Finding, Severity, Status
from tundish.core.errors import InputError

TODAY = date(2026, 11, 25)
RULES = {"B15", "C01", "M08", "A13"}


def finding(rule: str = "C01", status: Status = Status.FAIL, severity: Severity = Severity.ERROR) -> Finding:
    return Finding(rule, status, severity, "there is no kernel")


def overrides(text: str) -> Overrides:
    return parse(text.encode(), "lab.toml", RULES)


def excuse(rule: str = "C01", rest: str = "ignore = true\nreason = 'lab'") -> Overrides:
    return overrides(f"[[override]]\nrule = '{rule}'\n{rest}\n")


UNKNOWN = finding(status=Status.UNKNOWN)
PASSWORD = finding("B15", severity=Severity.WARNING)
UPLOAD = finding("M08")


@pytest.mark.parametrize(
    ("policy", "of", "fit"),
    [
        (Policy.DEFAULT, finding(), False),
        (Policy.LENIENT, finding(), False),
        (Policy.DEFAULT, finding(severity=Severity.WARNING), True),
        (Policy.STRICT, finding(severity=Severity.WARNING), True),
        (Policy.DEFAULT, finding(status=Status.PASS), True),
        (Policy.DEFAULT, finding(status=Status.SKIPPED), True),
        (Policy.DEFAULT, UNKNOWN, True),
        (Policy.STRICT, UNKNOWN, False),
        (Policy.STRICT, finding(status=Status.UNKNOWN, severity=Severity.WARNING), True),
        (Policy.DEFAULT, PASSWORD, True),
        (Policy.STRICT, PASSWORD, False),
        (Policy.DEFAULT, UPLOAD, False),
        (Policy.LENIENT, UPLOAD, True),
    ],
)
def test_a_policy_weighs(policy: Policy, of: Finding, fit: bool) -> None:
    """
    Errors make unfit; the strict counts what is unknown and passwords, too, the lenient not the upload.
    """
    assert fit is weigh(policy, [of], today=TODAY).fit


def test_what_is_unknown_is_told() -> None:
    """
    A rule that could not be decided is named, though the default policy lets the image pass.
    """
    assert ("C01 could not be decided, which is not a pass",) == weigh(
        Policy.DEFAULT, [UNKNOWN], today=TODAY
    ).told


def test_the_verdict_says_why() -> None:
    """
    An unfit image has the sentence of each finding that made it so.
    """
    assert ("C01: there is no kernel",) == weigh(Policy.DEFAULT, [finding()], today=TODAY).why


def test_an_exception_excuses_with_its_reason() -> None:
    """
    A finding that is ignored counts no more, and is kept with the reason.
    """
    verdict = weigh(Policy.DEFAULT, [finding()], overrides=excuse(), today=TODAY)

    assert (True, ["lab"]) == (verdict.fit, [one.reason for one in verdict.excused])


@pytest.mark.parametrize(("severity", "fit"), [("error", False), ("warning", True), ("info", True)])
def test_an_exception_weighs_otherwise(severity: str, fit: bool) -> None:
    """
    An exception may make a finding graver or lighter.
    """
    held = excuse("A13", f"severity = '{severity}'\nreason = 'racks are small'")

    assert (
        fit
        is weigh(Policy.DEFAULT, [finding("A13", severity=Severity.WARNING)], overrides=held, today=TODAY).fit
    )


@pytest.mark.parametrize(
    ("end", "fit"),
    [("2026-11-25", True), ("2026-11-24", False), ("'2027-01-01'", True), ("2026-11-24T10:00:00Z", False)],
)
def test_an_exception_ends_with_its_day(end: str, fit: bool) -> None:
    """
    An exception counts up to its last day, and not a day longer.
    """
    held = excuse(rest=f"ignore = true\nreason = 'lab'\nexpires = {end}")

    assert fit is weigh(Policy.DEFAULT, [finding()], overrides=held, today=TODAY).fit


def test_an_expired_exception_is_told() -> None:
    """
    An exception that has ended does not end in silence.
    """
    held = excuse(rest="ignore = true\nreason = 'lab'\nexpires = 2026-01-31")

    assert ("the exception for C01 expired on 2026-01-31 and does not count",) == held.told(TODAY)


@pytest.mark.parametrize(
    ("rest", "word"),
    [
        ("rule = 'Z99'\nignore = true\nreason = 'x'", "no rule Z99"),
        ("ignore = true\nreason = 'x'", "(none given)"),
        ("rule = 'C01'\nignore = true", "no reason"),
        ("rule = 'C01'\nignore = true\nreason = '  '", "no reason"),
        ("rule = 'C01'\nreason = 'x'", "needs either"),
        ("rule = 'C01'\nignore = false\nreason = 'x'", "needs either"),
        ("rule = 'C01'\nignore = true\nseverity = 'info'\nreason = 'x'", "needs either"),
        ("rule = 'C01'\nseverity = 'fatal'\nreason = 'x'", "needs either"),
        ("rule = 'C01'\nignore = true\nreason = 'x'\nexpires = 'soon'", "no day"),
        ("rule = 'C01'\nignore = true\nreason = 'x'\nexpires = '2027-02-31'", "no day"),
        ("rule = 'C01'\nignore = true\nreason = 'x'\nuntil = 2027-01-01", "until is not understood"),
    ],
)
def test_a_faulty_exception_is_told_and_does_not_count(rest: str, word: str) -> None:
    """
    An exception that is not understood excuses nothing, and what is wrong with it is named.
    """
    held = overrides(f"[[override]]\n{rest}\n")

    assert ((), True) == (held.held, word in held.faults[0])


@pytest.mark.parametrize(
    "text",
    [
        b"\xff",
        b"override = 1",
        b"[[exception]]\nrule = 'C01'",
        b"override = [1]",
        b"rule = ",
        b"a = " + b"[" * 5000,
        b"#" * (MAX_FILE + 1),
    ],
)
def test_what_is_no_file_of_exceptions_is_refused(text: bytes) -> None:
    """
    A file of another form ends in an error that names it.
    """
    with pytest.raises(InputError, match=r"lab\.toml"):
        parse(text, "lab.toml", RULES)
