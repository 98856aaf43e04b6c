"""
A bill of materials in the form of SPDX 2.3, as JSON.

The same image gives the same bytes, as with CycloneDX. A licence that is no expression of known names stands
as a text of its own.
"""

import json
import re
from hashlib import sha256

from tundish.anatomy.facts import Installed
from tundish.anatomy.sbom.described import Described, told
from tundish.anatomy.sbom.licences import is_expression
from tundish.anatomy.sbom.purl import purl
from tundish.core.image import Json

_UNSAID = "NOASSERTION"
_UNFIT = re.compile(r"[^A-Za-z0-9.-]+")


def document(image: Described) -> bytes:
    """
    The document, as JSON.
    """
    packages = told(image.packages)
    refs = [f"SPDXRef-Package-{number}" for number in range(1, len(packages) + 1)]
    name = _UNFIT.sub("-", image.name).strip("-") or "image"
    own = {_reference(one.licence): one.licence for one in packages if _is_own(one.licence)}
    written: dict[str, Json] = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": name,
        "documentNamespace": f"https://spdx.org/spdxdocs/{name}-{image.number('spdx')}",
        "creationInfo": {"created": image.created, "creators": [f"Tool: tundish-{image.tool}"]},
        "packages": [
            _whole(image, name),
            *(_package(package, ref, image) for package, ref in zip(packages, refs, strict=True)),
        ],
        "relationships": [
            _related("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-Image"),
            *(_related("SPDXRef-Image", "CONTAINS", ref) for ref in refs),
        ],
    }
    if own:
        written["hasExtractedLicensingInfos"] = [
            {"licenseId": ref, "extractedText": text, "name": text} for ref, text in sorted(own.items())
        ]
    return json.dumps(written, indent=1, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def _whole(image: Described, name: str) -> Json:
    whole: dict[str, Json] = {
        "SPDXID": "SPDXRef-Image",
        "name": name,
        "downloadLocation": _UNSAID,
        "filesAnalyzed": False,
        "primaryPackagePurpose": "OPERATING-SYSTEM",
        "supplier": _UNSAID,
    }
    if image.version:
        whole["versionInfo"] = image.version
    if image.digest:
        whole["checksums"] = [{"algorithm": "SHA256", "checksumValue": image.digest.hex}]
    return whole


def _package(package: Installed, ref: str, image: Described) -> Json:
    return {
        "SPDXID": ref,
        "name": package.name,
        "versionInfo": package.version,
        "downloadLocation": _UNSAID,
        "filesAnalyzed": False,
        "supplier": f"Organization: {package.vendor}" if package.vendor else _UNSAID,
        "licenseConcluded": _UNSAID,
        "licenseDeclared": _licence(package.licence),
        "copyrightText": _UNSAID,
        "externalRefs": [
            {
                "referenceCategory": "PACKAGE-MANAGER",
                "referenceType": "purl",
                "referenceLocator": purl(package, image.system, image.os),
            }
        ],
    }


def _related(one: str, how: str, other: str) -> Json:
    return {"spdxElementId": one, "relationshipType": how, "relatedSpdxElement": other}


def _licence(text: str) -> str:
    return _reference(text) if _is_own(text) else text or _UNSAID


def _is_own(text: str) -> bool:
    return bool(text) and not is_expression(text)


def _reference(text: str) -> str:
    """
    A name for a licence text: readable, and with a hash where two would be alike.
    """
    digest = sha256(text.encode("utf-8", "replace")).hexdigest()[:12]
    return f"LicenseRef-{_UNFIT.sub('-', text[:40]).strip('-')}-{digest}"
