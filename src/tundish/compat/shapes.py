"""
Our values in the words of MAAS's clients. Fields are added, never changed: clients read them by name.

Times are naive and have a fraction, for clients that refuse others; `progress` and `upload_uri` are there
only while something is missing.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from tundish.core.digest import Digest
from tundish.core.holding import OWN, Holding
from tundish.core.image import Json, Product
from tundish.core.lifecycle import State
from tundish.core.people import Grant, Role, User
from tundish.core.selection import ANY, Selection, Source
from tundish.core.upload import Upload

API = "/MAAS/api/2.0"
SYNCED, UPLOADED = "Synced", "Uploaded"
_SHORT = 7  # hex digits of a digest that MAAS names files by


def rendered(value: Json) -> bytes:
    """
    JSON as MAAS writes it.
    """
    return json.dumps(value, indent=4).encode()


def moment(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}"


@dataclass(frozen=True, slots=True)
class SourceNote:
    """
    What MAAS's clients said of a source that we have no field for: they want to read it again.
    """

    name: str
    keyring_filename: str = ""
    updated: datetime | None = None


def source(number: int, of: Source, note: SourceNote, created: datetime) -> dict[str, Json]:
    is_named = bool(note.keyring_filename) and of.is_signed
    return {
        "id": number,
        "name": note.name,
        "url": of.url.rstrip("/"),
        "priority": of.priority,
        "enabled": of.enabled,
        "keyring_filename": note.keyring_filename if is_named else "",
        "keyring_data": "" if is_named else base64.b64encode(of.keyring).decode(),
        "skip_keyring_verification": not of.is_signed,
        "created": moment(created),
        "updated": moment(note.updated or created),
        "resource_uri": f"{API}/boot-sources/{number}/",
    }


def selection(number: int, source: int, wanted: Selection) -> dict[str, Json]:
    return {
        "id": number,
        "boot_source_id": source,
        "os": "" if wanted.os == ANY else wanted.os,
        "release": wanted.series,
        "arches": list(wanted.arches),
        "subarches": list(wanted.kernels),
        "labels": list(wanted.labels),
        "resource_uri": f"{API}/boot-sources/{source}/selections/{number}/",
    }


@dataclass(frozen=True, slots=True)
class Identity:
    """
    What makes versions one resource of MAAS.
    """

    type: str
    name: str
    architecture: str

    @property
    def key(self) -> str:
        return f"{self.type} {self.name} {self.architecture}"


def identity(holding: Holding) -> Identity:
    product = holding.product
    if holding.source == OWN:
        return Identity(UPLOADED, f"{product.os}/{product.series}", f"{product.arch}/{product.kernel}")
    loader = product.extra.get("bootloader-type")
    name = f"{product.os}/{loader if isinstance(loader, str) and loader else product.series}"
    return Identity(SYNCED, name, f"{product.arch}/{_subarch(product)}")


def identity_of_upload(upload: Upload) -> Identity:
    return Identity(UPLOADED, upload.asked.name, f"{upload.asked.arch}/{upload.asked.subarch}")


def _subarch(product: Product) -> str:
    """
    The kernel, with its flavour where the stream keeps that apart: `hwe-24.04-lowlatency-edge`.
    """
    kernel, flavour = product.kernel or "generic", product.extra.get("kflavor")
    if not isinstance(flavour, str) or flavour in {"", "generic"} or flavour in kernel:
        return kernel
    base = kernel.removesuffix("-edge")
    return f"{base}-{flavour}{kernel[len(base) :]}"


def resource(
    number: int, of: Identity, newest: Holding | Upload, last_deployed: datetime | None
) -> dict[str, Json]:
    """
    A resource as lists show it.
    """
    shown: dict[str, Json] = {
        "id": number,
        "type": of.type,
        "name": of.name,
        "architecture": of.architecture,
        "resource_uri": f"{API}/boot-resources/{number}/",
        "last_deployed": None if last_deployed is None else moment(last_deployed),
    }
    if isinstance(newest, Upload):
        asked = newest.asked
        return shown | _said(asked.subarch, asked.title or asked.name, asked.base_image)
    extra, title = newest.product.extra, newest.product.title
    base = extra.get("base_image", "")
    said = _said(str(extra.get("subarches", "")), title if newest.source == OWN else "", str(base))
    more = {name: extra[name] for name in ("platform", "supported_platforms") if name in extra}
    return shown | said | more


def _said(subarches: str, title: str, base_image: str) -> dict[str, Json]:
    said = {"subarches": subarches, "title": title, "base_image": base_image}
    return {name: text for name, text in said.items() if text}


def held_set(holding: Holding, held: Mapping[Digest, int]) -> dict[str, Json]:
    """
    A version; `held` are the bytes that the store has of those of its files that are not whole.
    """
    whole = holding.state is State.COMPLETE
    files: dict[str, Json] = {}
    came = size = 0
    for item in holding.version.items:
        if item.ftype == "manifest":
            continue
        has = item.size if whole else min(held.get(item.digest, item.size), item.size)
        came, size = came + has, size + item.size
        name = item.path.rpartition("/")[2] or item.name
        files[name] = _file(name, item.ftype, item.digest.hex, item.size) | _state(has, item.size)
    progress = _state(came, size) if not whole else _state(size, size)
    if not whole:
        progress = {"complete": False, "progress": progress.get("progress", 100.0)}
    return {
        "version": holding.version.name,
        "label": holding.product.label,
        "size": size,
        **progress,
        "files": files,
    }


def upload_set(resource: int, upload: Upload, version: str, filename: str, ftype: str) -> dict[str, Json]:
    """
    A version on its way in, of one file, and where its bytes are to be sent.
    """
    size = upload.size or 0
    progress = round(100 * upload.came / size, 3) if size else 0.0
    file = _file(filename, ftype, upload.sha256.hex if upload.sha256 else "", size)
    missing: dict[str, Json] = {"complete": False, "progress": progress}
    file |= missing | {"upload_uri": f"{API}/boot-resources/{resource}/upload/{upload.id}/"}
    return {
        "version": version,
        "label": upload.asked.label,
        "size": size,
        **missing,
        "files": {filename: file},
    }


def _file(name: str, ftype: str, sha256: str, size: int) -> dict[str, Json]:
    return {
        "filename": name,
        "filetype": ftype,
        "sha256": sha256,
        "filename_on_disk": sha256[:_SHORT],
        "size": size,
    }


def _state(has: int, size: int) -> dict[str, Json]:
    if has >= size:
        return {"complete": True}
    return {"complete": False, "progress": round(100 * has / size, 3)}


def user(of: User) -> dict[str, Json]:
    return {
        "is_superuser": Grant(Role.ADMIN) in of.grants,
        "username": of.name,
        "email": of.email,
        "is_local": True,
        "resource_uri": f"{API}/users/{of.name}/",
    }
