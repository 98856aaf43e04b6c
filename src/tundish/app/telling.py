"""
The facts of an image as a document for programs, and back to the values that people are told.
"""

from collections.abc import Mapping
from dataclasses import asdict

from pydantic import TypeAdapter

from tundish.anatomy.facts import Facts
from tundish.anatomy.image import Compression, Form, Image, Wrapping
from tundish.anatomy.system.sizes import Weight
from tundish.app.inspecting import Inspected
from tundish.core.digest import Digest
from tundish.core.errors import BadDocument
from tundish.core.image import Json

_FACTS, _WEIGHTS = TypeAdapter(Facts), TypeAdapter(tuple[Weight, ...])
_WRAPPING = TypeAdapter(tuple[str, Form, Compression, int, int, str | None, str])
_KNOWN = "it is well known"


def document(found: Inspected) -> dict[str, Json]:
    """
    Everything. Of a password that is well known only that it is comes out.
    """
    image, facts = found.image, found.facts
    written: dict[str, Json] = asdict(facts)
    written["users"] = [
        {**asdict(user), "known": bool(user.known), "password": str(user.password)} for user in facts.users
    ]
    return {
        "file": image.name,
        "form": str(image.form),
        "compression": str(image.wrapping.compression),
        "bytes": image.wrapping.size,
        "unpacked_bytes": image.wrapping.expanded,
        "sha256": image.wrapping.sha256.hex if image.wrapping.sha256 else None,
        "fault": image.wrapping.fault,
        **written,
        "biggest": [asdict(one) for one in found.biggest],
    }


def inspected_of(told: Mapping[str, Json]) -> Inspected:
    """
    What such a document says; the root and the disk themselves are not in it.

    Raises:
        BadDocument: it is none.
    """
    names = ("file", "form", "compression", "bytes", "unpacked_bytes", "sha256", "fault")
    try:
        name, form, compression, size, expanded, sha256, fault = _WRAPPING.validate_python(
            [told.get(each) for each in names]
        )
        facts = _FACTS.validate_python({**told, "users": _users(told.get("users"))})
        weights = _WEIGHTS.validate_python(told.get("biggest"))
    except ValueError as error:
        raise BadDocument(f"these are no facts of an image: {str(error)[:200]}") from error
    digest = Digest.parse(sha256) if sha256 else None
    wrapping = Wrapping(compression, size, expanded, digest, fault)
    return Inspected(Image(name, wrapping, form), facts, weights)


def _users(users: Json) -> Json:
    """
    With words where only that a password is known is told.
    """
    if not isinstance(users, list):
        return users
    return [
        {**each, "known": _KNOWN if each.get("known") else ""} if isinstance(each, dict) else each
        for each in users
    ]
