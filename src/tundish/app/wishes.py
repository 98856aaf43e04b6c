"""
Uploads as they are asked for at a door, judged by what this state knows: names that streams have, and the
base that an image was said to have before.
"""

from typing import TypedDict, Unpack

from tundish.app import choosing
from tundish.app.opened import App
from tundish.core.holding import OWN
from tundish.core.upload import Asked
from tundish.intake import naming


class Words(TypedDict, total=False):
    arch: str
    title: str
    filetype: str
    base_image: str
    firmware: str
    default_user: str
    min_disk: int
    keep_old: bool


def wished(app: App, name: str, **words: Unpack[Words]) -> Asked:
    """
    An upload as it was asked for.

    Raises:
        InputError: see `intake.naming.asked`.
    """
    return naming.asked(name, taken=taken(app, name), default_base=_default_base(app, name), **words)


def taken(app: App, name: str) -> frozenset[str]:
    """
    The names that streams have, as far as an image of this name may meet them.
    """
    held = app.catalog.images.list(os=name.partition("/")[0] if "/" in name else "")
    return frozenset(f"{each.product.os}/{each.product.series}" for each in held if each.source != OWN)


def _default_base(app: App, name: str) -> str:
    os, series = naming.identity(name)
    for each in reversed(app.catalog.images.list(source=OWN, os=os)):
        base = each.product.extra.get("base_image")
        if (each.product.os, each.product.series) == (os, series) and isinstance(base, str) and base:
            return base
    return choosing.chosen_commissioning(app.catalog.choices) or naming.DEFAULT_BASE
