"""
The facts of an image as people read them. What an image says of itself cannot move the cursor.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from tundish.cli.session import size_text

if TYPE_CHECKING:  # loaded by the commands that need it
    from tundish.app.inspecting import Inspected

SHOWN = 10  # of a list; --json has all


def text_of(found: "Inspected") -> str:
    """
    One line for each fact, a list below one another.
    """
    lines = list[str]()
    for head, values in _rows(found):
        for place, value in enumerate(values or ["-"]):
            lines.append(f"{head if not place else '':<12}{_shown(value)}".rstrip())
    return "\n".join(lines)


def _rows(found: "Inspected") -> Iterator[tuple[str, list[str]]]:
    facts, cloud = found.facts, found.facts.cloud_init
    yield "file", list(_file(found))
    yield "system", [facts.os.pretty or facts.os.name or facts.os.id or f"of the family {facts.family}"]
    yield "arch", [facts.arch or "not told"]
    yield "packages", list(_packages(found))
    yield "kernels", _cut([_kernel(one.version, one.initrd, one.modules) for one in facts.kernels])
    yield "firmware", [_firmware(found)]
    yield "disk", [f"at least {size_text(facts.minimum_disk)}"] if facts.minimum_disk else []
    yield "cloud-init", [_cloud_init(found)]
    yield "logs in as", [cloud.default_user] if cloud.default_user else []
    yield "passwords", _cut(_users(found, "set"))
    yield "no password", _cut(_users(found, "none"))
    yield "keys", _cut([one.name for one in facts.users if one.keys])
    yield "listens", _cut(list(facts.listening))
    yield "hooks", _hooks(found)
    yield "hostname", [facts.hostname] if facts.hostname else []
    yield "biggest", [f"{size_text(one.size):>10}  {one.path}" for one in found.biggest]


def _file(found: "Inspected") -> Iterator[str]:
    image = found.image
    wrapped = "" if image.wrapping.compression == "none" else f" in {image.wrapping.compression}"
    unpacked = f", unpacked {size_text(image.wrapping.expanded)}" if wrapped else ""
    yield f"{image.name}: {image.form}{wrapped}, {size_text(image.wrapping.size)}{unpacked}"
    if image.wrapping.fault:
        yield f"damaged: {image.wrapping.fault}"


def _packages(found: "Inspected") -> Iterator[str]:
    facts = found.facts
    if facts.packages:
        yield f"{len(facts.packages)} of {facts.package_system or 'more than one system'}"
    if facts.packages_fault:
        yield f"not readable: {facts.packages_fault}"


def _kernel(version: str, initrd: str, modules: str) -> str:
    lacking = [name for name, path in (("initrd", initrd), ("modules", modules)) if not path]
    return version + (f" without {' and '.join(lacking)}" if lacking else "")


def _firmware(found: "Inspected") -> str:
    firmware = found.facts.firmware
    names = (("BIOS", firmware.bios), ("UEFI", firmware.uefi), ("Secure Boot", firmware.secure_boot))
    return ", ".join(name for name, there in names if there) or "-"


def _cloud_init(found: "Inspected") -> str:
    cloud = found.facts.cloud_init
    if not cloud.version and not cloud.units:
        return "-"
    running = "enabled" if cloud.units else "not enabled"
    reaching = "knows MAAS" if cloud.maas and cloud.oauth else "cannot reach MAAS"
    return f"{cloud.version or 'of unknown version'}, " + (
        f"switched off by {cloud.disabled}" if cloud.disabled else f"{running}, {reaching}"
    )


def _users(found: "Inspected", state: str) -> list[str]:
    chosen = (user for user in found.facts.users if str(user.password) == state)
    return [f"{user.name}, which is well known" if user.known else user.name for user in chosen]


def _hooks(found: "Inspected") -> list[str]:
    hooks = found.facts.hooks
    own = [
        name for name, there in (("curtin-hooks", hooks.curtin_hooks), ("finalize", hooks.finalize)) if there
    ]
    return [", ".join(own)] if own else []


def _cut(values: list[str]) -> list[str]:
    more = len(values) - SHOWN
    return [*values[:SHOWN], f"and {more} more"] if more > 0 else values


def _shown(text: str) -> str:
    return click.unstyle("".join(char if char.isprintable() else "\ufffd" for char in text))
