"""
What people mean by `os/series/arch[/kernel][@version]`: one image version, or a message that helps.
"""

from collections.abc import Sequence
from math import inf
from typing import NamedTuple, NoReturn

from sqlalchemy import Connection, select

from tundish.catalog import tables
from tundish.catalog.nearest import nearest
from tundish.core.errors import InputError, InvalidName, NotFound
from tundish.core.holding import OWN, HoldingId
from tundish.core.lifecycle import State

LONGEST = 1500  # four words and a version, each at its longest
PLAIN = {"", "generic"}  # kernels that nobody needs to name

_image, _version = tables.images.c, tables.versions.c


class _Candidate(NamedTuple):
    number: int
    version: str
    state: str
    source: str
    kernel: str


def resolve(connection: Connection, ref: str) -> HoldingId:
    """
    The id of the holding that `ref` means: see `Images.find`.

    Raises:
        NotFound: none fits.
        InputError: not a reference, or several kernels fit.
    """
    name, _, version = ref.partition("@")
    parts = name.split("/")
    if len(ref) > LONGEST or len(parts) not in {3, 4} or not all(parts) or (not version and "@" in ref):
        raise InvalidName(
            "image reference", ref, "as in ubuntu/noble/amd64, with /kernel or @version at need"
        )
    held = _candidates(connection, parts)
    fitting = [one for one in held if one.version == version or (not version and one.state == State.COMPLETE)]
    if not fitting:
        _explain(connection, ref, held)
    kernels = {one.kernel for one in fitting}
    plain = (kernels & PLAIN) or kernels
    if len(plain - PLAIN) > 1:
        choice = " or ".join(f"{name}/{kernel}" for kernel in sorted(plain))
        raise InputError(f"{ref} is several images, one for each kernel; name one: {choice}")
    sources = tables.sources.c
    asked = select(sources.name, sources.priority)
    priorities = {OWN: inf} | {row.name: row.priority for row in connection.execute(asked)}
    best = max(
        sorted((one for one in fitting if one.kernel in plain), key=lambda one: one.source),
        key=lambda one: (one.version, one.state == State.COMPLETE, priorities.get(one.source, -inf)),
    )
    return HoldingId(best.number)


def _candidates(connection: Connection, parts: Sequence[str]) -> list[_Candidate]:
    os, series, arch, *kernel = parts
    asked = (
        select(_version.id, _version.name, _version.state, _image.source, _image.kernel)
        .select_from(tables.versions.join(tables.images))
        .where(_image.os == os, _image.series == series, _image.arch == arch)
    )
    if kernel:
        asked = asked.where(_image.kernel == kernel[0])
    return [_Candidate(*row) for row in connection.execute(asked)]


def _explain(connection: Connection, ref: str, held: Sequence[_Candidate]) -> NoReturn:
    """
    Say why nothing fits: no such version, none complete, or no such image.
    """
    name, _, version = ref.partition("@")
    if version and held:
        others = nearest(version, {one.version for one in held})
        raise NotFound(f"no version {version!r} of {name} is held; {others}")
    if held:
        newest = max(held, key=lambda one: one.version)
        raise NotFound(
            f"no version of {name} is complete: the newest, {newest.version}, is {newest.state}; run "
            "`tundish sync` and see `tundish image list`"
        )
    asked = select(_image.os, _image.series, _image.arch, _image.kernel).distinct()
    known = {"/".join(filter(None, row)) for row in connection.execute(asked)}
    raise NotFound(f"no image {name!r} is held; {nearest(name, known)}")
