"""
The rules as a whole: that all are there, that each is told in full, and that good systems satisfy them.
"""

import pytest

from tests.support.systems import SYSTEMS, subject
from tundish.check import rulebook as book
from tundish.check.rule import Rule, Severity, Status, ask
from tundish.check.rulebook import ordered, rulebook
from tundish.core.errors import NotFound

_COUNTS = {"A": 15, "B": 22, "C": 13, "D": 13, "E": 11, "F": 9, "G": 13, "M": 26}
_REPAIRS = {
    "machine-id",
    "host-keys",
    "persistent-net",
    "resolv-conf",
    "fstab",
    "cloud-init-state",
    "random-seed",
    "histories",
    "installer-leftovers",
    "logs",
    "caches",
    "runtime-folders",
    "packer-backup",
    "proxy-leftovers",
    "subscriptions",
    "root-folder-mode",
    "netplan-leftovers",
    "connection-profiles",
}


def test_every_rule_of_the_contract_is_there() -> None:
    """
    There are 96 rules about the image and 26 about the deployer, by the ids of the contract.
    """
    wanted = [f"{group}{number:02}" for group, count in _COUNTS.items() for number in range(1, count + 1)]

    assert wanted == [rule.id for rule in rulebook()]


@pytest.mark.parametrize("rule", rulebook(), ids=lambda rule: rule.id)
def test_a_rule_is_told_in_full(rule: Rule) -> None:
    """
    Each rule has a title, a scope in words and a reason, and a remedy unless it only records.
    """
    texts = (rule.title, rule.scope_text, rule.why, rule.fix or rule.severity is Severity.INFO)

    assert all(texts)


def test_repairs_have_known_names() -> None:
    """
    What a rule names as its repair is a word of hygiene.
    """
    named = {word for rule in rulebook() for word in rule.repair.split()}

    assert set() == named - _REPAIRS


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_good_system_has_no_error(name: str) -> None:
    """
    No rule finds an error in a good system, and none is left unknown.
    """
    asked = subject(name)

    answers = [finding for rule in rulebook() for finding in ask(rule, asked)]

    assert [] == [
        (one.rule, one.what)
        for one in answers
        if one.status is Status.UNKNOWN or (one.status is Status.FAIL and one.severity is Severity.ERROR)
    ]


def test_a_rule_is_found_by_its_id() -> None:
    """
    An id is taken in any case of letters.
    """
    assert "B08" == book.rule("b08").id


def test_an_id_that_is_none_is_told() -> None:
    """
    Who asks for a rule that does not exist is told where all are listed.
    """
    with pytest.raises(NotFound, match=r"no rule Z99; docs/reference/rules\.md"):
        book.rule("Z99")


def test_an_id_is_given_once() -> None:
    """
    Two rules of one id are a mistake that shows at once.
    """
    with pytest.raises(ValueError, match="A01"):
        ordered([book.rule("A01"), book.rule("A01")])
