"""
The sources of another server. Keyrings and tokens are read here and sent; addresses are for it to reach.
"""

import base64
from typing import Any

import click

from tundish.cli import source, sourcing
from tundish.core.errors import InputError
from tundish.core.image import Json
from tundish.core.names import source_name
from tundish.remote import values
from tundish.remote.server import Document, Server, record
from tundish.remote.values import Row
from tundish.sync.sources import Wish

PAGE = 500
_OFFERED = ("image", "product", "title", "label", "codename", "supported_until", "hidden_by")
_VOUCHED = ("signed_by", "signed_at", "good_until", "trouble", "products", "unread")


def list_(server: Server, *, as_json: bool) -> None:
    source.say_all(server.rows("/sources"), as_json=as_json)


def show(server: Server, *, name: str, as_json: bool) -> None:
    found = record(server.get(f"/sources/{source_name(name)}"))
    marks = [values.read(values.seen, row) for row in server.rows(f"/sources/{name}/documents")]
    source.say_one(found, marks, as_json=as_json)


def browse(
    server: Server, *, name: str, os_: str, series: str, arch: str, refresh: bool, as_json: bool
) -> None:
    path = f"/sources/{source_name(name)}"
    is_known = not refresh and bool(server.rows(f"{path}/documents"))
    if not is_known:
        asked = record(server.send("POST", f"{path}/refresh"))
        _remark(asked)
        _warn(asked)
    rows = server.rows(f"{path}/offer", os=os_, series=series, arch=arch, limit=PAGE)
    source.say_offered([values.read(_offered, row) for row in rows], as_json=as_json)


def _offered(row: Row) -> Document:
    return {
        **{key: row[key] for key in _OFFERED},
        "versions": {str(each["version"]): int(each["bytes"]) for each in row["versions"]},
    }


def add(
    server: Server, *, name: str, url: str, priority: int, no_check: bool, as_json: bool, **words: Any
) -> None:
    asked = sourcing.wish(**words)
    body = {**_body(asked), "name": name, "url": _address(url), "priority": priority}
    saved = record(server.send("POST", "/sources", body, once=False, check=not no_check))
    _warn(saved)
    sourcing.alarm(url, unsigned=asked.unsigned)
    facts: Document = {key: saved[key] for key in ("name", "url", "signed", "products")}
    sourcing.say_added(facts, as_json=as_json)


def set_(
    server: Server,
    *,
    name: str,
    url: str | None,
    priority: int | None,
    no_check: bool,
    as_json: bool,
    **words: Any,
) -> None:
    asked = sourcing.wish(**words, url=None if url is None else _address(url), priority=priority)
    _change(server, name, asked, check=not no_check, as_json=as_json)


def set_stream(server: Server, *, name: str, stream: str, no_check: bool, as_json: bool) -> None:
    path = f"/sources/{name}/stream"
    _say_saved(record(server.send("PUT", path, {"stream": stream}, check=not no_check)), as_json=as_json)


def restore_default(
    server: Server, *, keyring: str | None, url: str | None, no_check: bool, as_json: bool
) -> None:
    keys = sourcing.keys_of(keyring, None)
    body: Document = {
        "url": None if url is None else _address(url),
        "keyring": None if keys is None else base64.b64encode(keys).decode(),
    }
    saved = record(server.send("POST", "/sources/restore-default", body, check=not no_check))
    _warn(saved)
    sourcing.say_restored(
        {key: value for key, value in saved.items() if key not in _VOUCHED}, as_json=as_json
    )


def enable(server: Server, *, name: str, as_json: bool) -> None:
    _change(server, name, Wish(enabled=True), check=False, as_json=as_json)


def disable(server: Server, *, name: str, as_json: bool) -> None:
    _change(server, name, Wish(enabled=False), check=False, as_json=as_json)


def remove(server: Server, *, name: str) -> None:
    server.send("DELETE", f"/sources/{name}")
    source.say_removed(name)


def check(server: Server, *, place: str, as_json: bool, **words: Any) -> None:
    asked = sourcing.wish(**words)
    if "://" in place or place.startswith("/"):
        body = {**_body(asked), "name": "check", "url": place}
        found = record(server.send("POST", "/sources/check", body, once=False))
    elif asked != Wish():
        raise InputError("from afar, a source that is saved is checked as it is: leave the other words out")
    else:
        found = record(server.send("POST", f"/sources/{place}/check"))
    _remark(found)
    _warn(found)
    keys = ("signed_by", "signed_at", "good_until", "products", "images", "unread")
    facts: Document = {key: found.get(key) for key in keys}
    source.say_checked(facts, _series(found.get("images")), as_json=as_json)


def _change(server: Server, name: str, asked: Wish, *, check: bool, as_json: bool) -> None:
    saved = record(server.send("PATCH", f"/sources/{name}", _body(asked), check=check))
    sourcing.alarm(str(saved.get("url")), unsigned=asked.unsigned)
    _say_saved(saved, as_json=as_json)


def _say_saved(saved: Document, *, as_json: bool) -> None:
    _warn(saved)
    facts: Document = {key: value for key, value in saved.items() if key not in _VOUCHED}
    sourcing.say_changed(facts, saved.get("products"), as_json=as_json)


def _body(asked: Wish) -> Document:
    """
    A wish as the API reads it; what it does not say is left out.
    """
    body: Document = {
        "url": asked.url,
        "keyring": None if asked.keyring is None else base64.b64encode(asked.keyring).decode(),
        "unsigned": asked.unsigned or None,
        "priority": asked.priority,
        "enabled": asked.enabled,
        "proxy": asked.proxy,
        "token": asked.token,
        "mirrors": None if asked.mirrors is None else list(asked.mirrors),
        "bandwidth": asked.bandwidth,
        "window": asked.window,
        "signers": None if asked.signers is None else list(asked.signers),
    }
    return {key: value for key, value in body.items() if value is not None}


def _address(text: str) -> str:
    if "://" not in text and not text.startswith("/"):
        raise InputError(f"{text} is neither a URL nor the full path of a folder of the server")
    return text


def _remark(found: Document) -> None:
    remarks = found.get("remarks")
    for each in map(record, remarks if isinstance(remarks, list) else []):
        click.echo(f"note: {each.get('subject')}: {each.get('text')}", err=True)


def _warn(saved: Document) -> None:
    unread = saved.get("unread")
    for each in map(record, unread if isinstance(unread, list) else []):
        sourcing.say_unread(str(each.get("content_id")), str(each.get("error")))


def _series(images: Json) -> list[str]:
    refs = [str(each).split("/") for each in images] if isinstance(images, list) else []
    return sorted({"/".join(parts[:2]) for parts in refs if len(parts) > 1})
