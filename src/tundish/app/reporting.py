"""
What long work reports, in the JSON form that front-ends may build on: fields are added, never changed.

A command prints it, and a job keeps it under `report`, cut to a bounded length: `left_out` counts what
stands no more in a list.
"""

from collections.abc import Mapping, Sequence

from tundish.app.channels import Told
from tundish.bundle.manifest import Manifest
from tundish.bundle.run import Shown
from tundish.bundle.taking import Taken
from tundish.core.image import Json
from tundish.publish.linking import Mended
from tundish.publish.tidying import Tidied
from tundish.publish.verifying import Verified
from tundish.retain.scrub import Scrubbed

KEPT = 100  # of each list
KEPT_WITHIN = 20  # of each list within a row of one


def bounded(document: Mapping[str, Json], most: int = KEPT, within: int = KEPT_WITHIN) -> dict[str, Json]:
    """
    A document with the first of each list, and how many more there were.
    """
    left: dict[str, Json] = {
        name: len(value) - most
        for name, value in document.items()
        if isinstance(value, list) and len(value) > most
    }
    kept: dict[str, Json] = {
        name: [bounded(each, within, within) if isinstance(each, dict) else each for each in value[:most]]
        if isinstance(value, list)
        else value
        for name, value in document.items()
    }
    return {**kept, "left_out": left} if left else kept


def tidied_json(told: Sequence[Told[Tidied]]) -> list[Json]:
    return [
        {
            "channel": each.channel,
            "removed": list(each.done.removed) if each.done else [],
            "freed_bytes": each.done.freed if each.done else 0,
            "waiting": each.done.waiting if each.done else 0,
            "error": _error(each.error),
        }
        for each in told
    ]


def mended_json(told: Sequence[Told[Mended]]) -> list[Json]:
    return [
        {
            "channel": each.channel,
            "renewed": list(each.done.renewed) if each.done else [],
            "lacking": list(each.done.lacking) if each.done else [],
            "error": _error(each.error),
        }
        for each in told
    ]


def verified_json(found: Scrubbed, told: Sequence[Told[Verified]]) -> dict[str, Json]:
    return {
        "blobs": found.blobs,
        "bytes": found.bytes,
        "damaged": [
            {
                "sha256": each.blob.digest.hex,
                "fault": str(each.fault),
                "detail": each.detail,
                "quarantined": each.quarantined,
            }
            for each in found.damaged
        ],
        "missing": [each.hex for each in found.missing],
        "versions": list(found.versions),
        "channels": [_verified(each) for each in told],
    }


def _verified(each: Told[Verified]) -> Json:
    done = each.done
    return {
        "channel": each.channel,
        "files": done.files if done else 0,
        "bytes": done.bytes if done else 0,
        "spoilt": [
            {"path": spoilt.path, "sha256": spoilt.digest.hex, "detail": spoilt.detail}
            for spoilt in (done.spoilt if done else ())
        ],
        "error": _error(each.error),
    }


def bundle_json(made: Manifest) -> dict[str, Json]:
    return {
        "origin": made.origin,
        "serial": made.serial,
        "base": {str(made.base.kind): made.base.number} if made.base else None,
        "created": made.created.isoformat(),
        "versions": sum(each.versions for each in made.listed),
        "blobs": len(made.blobs),
        "bytes": made.size,
        "expected_blobs": len(made.expected),
        "expected_bytes": sum(blob.size for blob in made.expected),
    }


def taken_json(done: Taken) -> dict[str, Json]:
    return {
        **bundle_json(done.manifest),
        "name": done.name,
        "images": list(done.images),
        "retired": list(done.retired),
        "taken_blobs": done.taken_blobs,
        "taken_bytes": done.taken_bytes,
    }


def shown_json(found: Shown) -> dict[str, Json]:
    """
    What is inside a bundle, and who signed it.
    """
    signature = found.opened.signature
    images = sorted(
        (str(offered.source), f"{product.ref}@{version.name}", version.size)
        for offered in found.offers
        for product in offered.products
        for version in product.versions
    )
    return {
        **bundle_json(found.opened.manifest),
        "signed_by": signature.fingerprint,
        "signed_at": signature.made_at.isoformat(),
        "images": [{"source": source, "image": image, "bytes": size} for source, image, size in images],
    }


def _error(error: BaseException | None) -> Json:
    return None if error is None else str(error)
