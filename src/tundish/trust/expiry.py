"""
When the keys of a keyring expire, as their owners said in their newest signatures on themselves.

This only warns ahead of time: whether a signature counts, the verifier says, who also checks what is
only read here. RFC 4880 §5.2.3 has the form; what is not of it says nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tundish.trust.keyring import fingerprint, packets

_SIGNATURE, _PRIMARY, _SUBKEY = 2, 6, 14  # tags of packets
_ON_KEY = 0x1F
_ON_PRIMARY = frozenset({0x10, 0x11, 0x12, 0x13, _ON_KEY})  # kinds of signatures: on a name, on the key
_ON_SUBKEY = frozenset({0x18})
_MADE_AT, _LIFETIME, _ISSUER, _ISSUER_FINGERPRINT = 2, 9, 16, 33  # subpackets


@dataclass(slots=True)
class _Key:
    name: str
    primary: str
    born: int
    kinds: frozenset[int]
    words: dict[int, int] = field(default_factory=dict)  # seconds it lives, by when that was said

    def end(self) -> int | None:
        lifetime = self.words[max(self.words)] if self.words else 0
        return self.born + lifetime if lifetime else None


def expiries(keyring: bytes) -> Mapping[str, datetime]:
    """
    The end of each key that has one, by fingerprint; a subkey does not outlive its primary key.
    """
    keys = {key.name: key for key in _keys(keyring)}
    found = {}
    for key in keys.values():
        ends = [end for each in (key, keys[key.primary]) if (end := each.end()) is not None]
        if ends:
            found[key.name] = datetime.fromtimestamp(min(ends), UTC)
    return found


def _keys(keyring: bytes) -> Iterator[_Key]:
    key, primary = None, ""
    for tag, body in packets(keyring):
        if tag in {_PRIMARY, _SUBKEY}:
            if key is not None:
                yield key
            key = None
            if body[:1] == b"\x04" and len(body) > 6:
                name = fingerprint(body)
                primary = name if tag == _PRIMARY else primary
                kinds = _ON_PRIMARY if tag == _PRIMARY else _ON_SUBKEY
                key = _Key(name, primary, int.from_bytes(body[1:5], "big"), kinds) if primary else None
            elif tag == _PRIMARY:
                primary = ""
        elif tag == _SIGNATURE and key is not None:
            _read(body, key)
    if key is not None:
        yield key


def _read(body: bytes, key: _Key) -> None:
    """
    Note what a signature by its own owner says of a key.
    """
    if len(body) < 6 or body[0] != 4 or body[1] not in key.kinds:
        return
    split = 6 + int.from_bytes(body[4:6], "big")
    hashed = dict(_subpackets(body[6:split]))
    length = int.from_bytes(body[split : split + 2], "big")
    rest = dict(_subpackets(body[split + 2 : split + 2 + length]))
    issuer = hashed.get(_ISSUER_FINGERPRINT, b"\x04")[1:] or hashed.get(_ISSUER) or rest.get(_ISSUER, b"")
    if body[1] == _ON_KEY and _LIFETIME not in hashed:
        return  # it is about other things, such as who may revoke the key
    if _MADE_AT in hashed and key.primary.endswith(issuer.hex().upper()):
        made_at = int.from_bytes(hashed[_MADE_AT][:4], "big")
        key.words[made_at] = int.from_bytes(hashed.get(_LIFETIME, b"")[:4], "big")


def _subpackets(area: bytes) -> Iterator[tuple[int, bytes]]:
    place = 0
    while place < len(area):
        first = area[place]
        if first < 192:
            length, skip = first, 1
        elif first < 255:
            length, skip = ((first - 192) << 8) + int.from_bytes(area[place + 1 : place + 2], "big") + 192, 2
        else:
            length, skip = int.from_bytes(area[place + 1 : place + 5], "big"), 5
        body = area[place + skip : place + skip + length]
        if not body:
            return
        yield body[0] & 0x7F, body[1:]
        place += skip + length
