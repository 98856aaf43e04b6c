"""
The recipe this machine suggests: its own release, from its own archive.

Reads /etc below a given root and nothing else; what it means is decided in `recipe` and `sources`.
"""

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

from tundish.build.recipe import Recipe, bootable_set
from tundish.build.sources import AptSource, of_distribution, parse_deb822, parse_one_line
from tundish.core.errors import InputError
from tundish.tools import mmdebstrap

MAX_CONFIG = 1024 * 1024


def suggested_recipe(*, epoch: int, root: Path = Path("/")) -> Recipe:
    """
    An image of what this machine runs, of the packages it needs to boot over the network.

    Raises:
        InputError: this machine is neither Debian nor Ubuntu, or has no apt source for its own release.
        ToolMissing: dpkg, which knows the architecture, is not installed.
    """
    release = _os_release(root)
    os, series, version = (release.get(key, "") for key in ("ID", "VERSION_CODENAME", "VERSION_ID"))
    if os not in {"debian", "ubuntu"} or not series or not version:
        raise InputError(
            f"cannot build from this machine: it runs {os or 'an unknown system'}, not Debian or Ubuntu"
        )
    arch = mmdebstrap.native_arch()
    sources = of_distribution(_apt_sources(root / "etc/apt"), series)
    return Recipe(
        os=os,
        series=series,
        version=version,
        title=release.get("VERSION", f"{version} ({series})"),
        arch=arch,
        packages=bootable_set(os, arch),
        epoch=epoch,
        sources=tuple(source.deb822() for source in sources),
    )


def _os_release(root: Path) -> Mapping[str, str]:
    text = _text(root / "etc/os-release") or _text(root / "usr/lib/os-release")
    try:
        pairs = (line.partition("=") for line in text.splitlines() if "=" in line)
        return {key.strip(): "".join(shlex.split(value)) for key, _, value in pairs}
    except ValueError as error:
        raise InputError(f"cannot read os-release: {error}") from error


def _apt_sources(folder: Path) -> Iterator[AptSource]:
    parts = sorted((folder / "sources.list.d").glob("*"))
    for path in (folder / "sources.list", *parts):
        if path.suffix == ".sources":
            yield from parse_deb822(_text(path))
        elif path.suffix == ".list":
            yield from parse_one_line(_text(path))


def _text(path: Path) -> str:
    """
    A small configuration file; nothing if it is not there.
    """
    try:
        with path.open("rb") as file:
            return file.read(MAX_CONFIG).decode("utf-8", "replace")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
