"""
A program that uses python-libmaas as it is on PyPI, against a region: log in, sources, selections, images,
settings. Prints what it saw as JSON. Arguments: URL, user, password, key, stream, keyring, image.
"""

import asyncio
import io
import json
import sys
import time
import uuid
from pathlib import Path
from typing import Any

from maas.client import connect, login
from maas.client.viscera import Origin


def main() -> None:
    url, user, password, key, stream, keyring, image = sys.argv[1:]
    by_password = login(url, username=user, password=password)
    client = connect(url, apikey=key)
    seen: dict[str, Any] = {
        "who": by_password.users.whoami().username,
        "version": client.version.get().version,
    }
    _, origin = asyncio.get_event_loop().run_until_complete(Origin.connect(url, apikey=key))
    seen["sources"] = sources(client, origin, stream, Path(keyring).read_bytes())
    seen["uploaded"] = uploaded(client, Path(image).read_bytes())
    seen["settings"] = settings(client)
    sys.stdout.write(json.dumps(seen))


def sources(client: Any, origin: Any, stream: str, keyring: bytes) -> dict[str, Any]:
    """
    A source with a selection, imported, changed, and taken away.
    """
    made = next((each for each in client.boot_sources.list() if each.url == stream.rstrip("/")), None)
    made = made or client.boot_sources.create(stream, keyring_data=io.BytesIO(keyring))
    selections = origin.BootSourceSelections
    for each in selections.read(made):
        each.delete()
    selection = selections.create(made, "ubuntu", "jammy", arches=["amd64"])
    client.boot_resources.start_import()
    end = time.monotonic() + 60
    images: list[str] = []
    while "ubuntu/jammy" not in images and time.monotonic() < end:
        images = [each.name for each in client.boot_resources.list() if complete(client, each)]
        time.sleep(0.2)
    client.boot_resources.stop_import()
    elsewhere = client.boot_sources.create(
        f"http://127.0.0.1:1/{uuid.uuid4()}", keyring_data=io.BytesIO(keyring)
    )
    elsewhere.url = f"http://127.0.0.1:1/{uuid.uuid4()}"
    elsewhere.save()
    changed = client.boot_sources.list()
    elsewhere.delete()
    found = {
        "selection": [selection.os, selection.release, list(selection.arches), list(selection.labels)],
        "listed": [each.release for each in selections.read(made)],
        "images": images,
        "changed": elsewhere.url in [each.url for each in changed],
        "deleted": elsewhere.url not in [each.url for each in client.boot_sources.list()],
        "created": made.created.year > 2000,
    }
    for each in selections.read(made):
        each.delete()
    return found


def complete(client: Any, image: Any) -> bool:
    return all(each.complete for each in client.boot_resources.get(image.id).sets.values())


def uploaded(client: Any, data: bytes) -> dict[str, Any]:
    """
    An image in several pieces, and once more, when nothing is sent.
    """
    parts: list[float] = []
    words = ("custom/libmaas", "amd64/generic")

    def upload() -> Any:
        return client.boot_resources.create(
            *words, io.BytesIO(data), title="From Python", chunk_size=1 << 20, progress_callback=parts.append
        )

    first = upload()
    count = len(parts)
    again = upload()
    newest = again.sets[max(again.sets)]
    return {
        "pieces": count,
        "again": len(parts) - count,
        "same": first.id == again.id,
        "complete": newest.complete,
        "files": [[each.filename, each.filetype, each.size] for each in newest.files.values()],
    }


def settings(client: Any) -> list[Any]:
    maas = client.maas
    seen = [maas.get_default_os(), maas.get_commissioning_distro_series(), maas.get_http_proxy()]
    for value in (False, True):
        maas.set_boot_images_auto_import(value)
        seen.append(maas.get_boot_images_auto_import())
    return seen


if __name__ == "__main__":
    main()
