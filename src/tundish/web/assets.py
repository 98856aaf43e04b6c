"""
Style, script and picture, under names that hold their digest, so that a browser may keep them for ever.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType

from tundish.core.digest import Digest

MEDIA_TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
NAMES = (
    "tundish.css",
    "tundish.js",
    "upload.js",
    "tundish.svg",
    "vendor/htmx.min.js",
    "vendor/htmx-sse.min.js",
)
CACHED = "public, max-age=31536000, immutable"
DIGITS = 16  # of the digest


@dataclass(frozen=True, slots=True)
class Asset:
    media_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Assets:
    """
    `paths` by plain name, `held` by the last part of the path.
    """

    paths: Mapping[str, str]
    held: Mapping[str, Asset]


def load() -> Assets:
    """
    Read them out of the package, once.
    """
    paths, held = {}, {}
    folder = files("tundish.web") / "static"
    for name in NAMES:
        body = (folder / name).read_bytes()
        stem, _, kind = name.rpartition("/")[2].rpartition(".")
        public = f"{stem}.{Digest.of(body).hex[:DIGITS]}.{kind}"
        paths[name], held[public] = f"/static/{public}", Asset(MEDIA_TYPES[kind], body)
    return Assets(MappingProxyType(paths), MappingProxyType(held))
