"""
A bill of materials in the form of CycloneDX 1.6.

The same image gives the same bytes: numbers come from the content, and nothing is told of the machine or the
moment that wrote it.
"""

import json

from tundish.anatomy.facts import Installed
from tundish.anatomy.sbom.described import Described, told
from tundish.anatomy.sbom.licences import is_expression
from tundish.anatomy.sbom.purl import purl
from tundish.core.image import Json


def document(image: Described) -> bytes:
    """
    The document, as JSON.
    """
    components = {_ref(package, image): _component(package, image) for package in told(image.packages)}
    written: dict[str, Json] = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{image.number('cyclonedx')}",
        "version": 1,
        "metadata": {
            "timestamp": image.created,
            "tools": {"components": [{"type": "application", "name": "tundish", "version": image.tool}]},
            "component": _whole(image),
        },
        "components": list(components.values()),
        "dependencies": [{"ref": "image", "dependsOn": list(components)}],
    }
    return json.dumps(written, indent=1, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def _whole(image: Described) -> Json:
    name = "".join(filter(str.isprintable, image.name))
    whole: dict[str, Json] = {"type": "operating-system", "bom-ref": "image", "name": name or "image"}
    if image.version:
        whole["version"] = image.version
    if image.os.pretty:
        whole["description"] = image.os.pretty
    if image.digest:
        whole["hashes"] = [{"alg": "SHA-256", "content": image.digest.hex}]
    return whole


def _component(package: Installed, image: Described) -> Json:
    component: dict[str, Json] = {
        "type": "library",
        "bom-ref": _ref(package, image),
        "name": package.name,
        "version": package.version,
        "purl": purl(package, image.system, image.os),
    }
    if package.vendor:
        component["supplier"] = {"name": package.vendor}
    if package.licence and is_expression(package.licence):
        component["licenses"] = [{"expression": package.licence}]
    elif package.licence:
        component["licenses"] = [{"license": {"name": package.licence}}]
    if package.source:
        component["properties"] = [{"name": "tundish:source-package", "value": package.source}]
    return component


def _ref(package: Installed, image: Described) -> str:
    """
    Unlike the package URL it tells apart two that differ only in what the URL leaves out.
    """
    return f"{purl(package, image.system, image.os)}#{package.size}" + ("h" if package.held else "")
