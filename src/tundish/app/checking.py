"""
Check an image: what was asked and what was found meet here, and a report comes out.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

from tundish.anatomy.facts import Facts, Family
from tundish.anatomy.image import Form, Image
from tundish.anatomy.packed.unwrapping import Progress, silent
from tundish.app.inspecting import facts_within
from tundish.app.looking import Shelf, look
from tundish.check import policy
from tundish.check.assuming import Said, installer_of, request_of, target_of
from tundish.check.policy import Overrides, Policy
from tundish.check.rule import Evidence, Finding, Severity, Status
from tundish.check.rulebook import rulebook
from tundish.check.run import Report, report_of
from tundish.check.subject import Subject, Target
from tundish.core.errors import BadImage


@dataclass(frozen=True, slots=True)
class Asked:
    """
    What a person wants to know. `ephemeral` and `curtin` are those of the MAAS where nothing was said.
    """

    said: Said
    maas: tuple[int, int] = (3, 6)
    curtin: date | None = None
    ephemeral: str = ""
    firmware: frozenset[str] = frozenset({"bios", "uefi"})
    both: bool = False
    secure_boot: bool = False
    offline: bool = False
    in_memory: bool = False
    policy: Policy = Policy.DEFAULT
    overrides: Overrides | None = None


def overrides_in(text: bytes, origin: str) -> Overrides:
    """
    The exceptions of a file.

    Raises:
        InputError: it is no such file.
    """
    return policy.parse(text, origin, {rule.id for rule in rulebook()})


def check_at(
    what: str,
    shelf: Callable[[], Shelf],
    asked: Asked,
    *,
    today: date,
    finish: Callable[[Report], None],
    heard: Progress = silent,
) -> Report:
    """
    Check an image by its path or its ref; `finish` gets the report while the image can still be read.

    Raises:
        NotFound: there is neither such a path nor such an image.
        InputError: the path cannot be read.
        BadImage: nothing of it can be read.
    """
    with look(what, shelf, heard) as image:
        report = check_image(image, asked, today=today)
        finish(report)
    return report


def check_image(image: Image, asked: Asked, *, today: date) -> Report:
    """
    Check an image that is open.
    """
    facts, damage = _facts(image, asked.said.arch)
    assumed = request_of(image, facts, asked.said)
    curtin = asked.curtin or installer_of(asked.maas)
    target = Target(
        maas=asked.maas,
        curtin=curtin,
        firmware=asked.firmware,
        both=asked.both,
        secure_boot=asked.secure_boot,
        offline=asked.offline,
        in_memory=asked.in_memory,
    )
    target = target_of(target, assumed.request, ephemeral=asked.ephemeral)
    subject = Subject(_asked_about(image, facts), facts, assumed.request, target)
    return report_of(
        subject,
        policy=asked.policy,
        overrides=asked.overrides,
        today=today,
        assumed=assumed.told,
        further=damage,
    )


def _asked_about(image: Image, facts: Facts) -> Image:
    """
    The image as the rules see it: a medium that is no system has no root, whatever files are on it.
    """
    return replace(image, root=None) if image.form is Form.ISO and facts.family is Family.NONE else image


def _facts(image: Image, arch: str) -> tuple[Facts, tuple[Finding, ...]]:
    """
    The facts; of an image that is damaged where they are read, none, and a finding that says so.
    """
    said = arch.partition("/")[0]
    try:
        return facts_within(image, said), ()
    except BadImage as error:
        return Facts(arch=said), (
            Finding(
                "A02",
                Status.FAIL,
                Severity.ERROR,
                f"what the system is cannot be read: {error}",
                "the installer fails while it unpacks the image, or leaves a broken system",
                "make the image anew",
                (Evidence(image.name, str(error)),),
            ),
        )
