"""
Settings, read once from flags and environment into one frozen value. A flag wins over its variable.

The table below is the only place that names them; help texts and the reference page come from it.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tundish.core.errors import InputError


@dataclass(frozen=True, slots=True)
class Setting:
    """
    One row: the environment variable, the default as text, and a sentence of help.
    """

    variable: str
    default: str
    help: str


TABLE = {
    "state": Setting("TUNDISH_STATE", "", "Folder of catalog, blobs, channels and keys."),
    "cache": Setting("TUNDISH_CACHE", "", "Folder of what can be made or fetched again."),
    "host": Setting("TUNDISH_HOST", "127.0.0.1", "Address that both doors listen on."),
    "control_port": Setting("TUNDISH_CONTROL_PORT", "5240", "Port of the control door."),
    "file_port": Setting("TUNDISH_FILE_PORT", "5248", "Port of the file door: images, streams, boot."),
    "parallel": Setting("TUNDISH_PARALLEL", "8", "Files fetched side by side."),
    "http_proxy": Setting("TUNDISH_HTTP_PROXY", "", "Proxy for fetching, as http://HOST:PORT."),
    "kernel_arguments": Setting(
        "TUNDISH_KERNEL_ARGUMENTS", "", "Words added to the kernel's command line of every boot."
    ),
    "epoch": Setting(
        "SOURCE_DATE_EPOCH",
        "",
        "Seconds since 1970 that all files of a build claim to be of; today, if unset.",
    ),
}


@dataclass(frozen=True, slots=True)
class Settings:
    state: Path
    cache: Path
    host: str
    control_port: int
    file_port: int
    parallel: int
    http_proxy: str | None
    kernel_arguments: str
    epoch: int | None  # None: the day of the build


def load(environment: Mapping[str, str] | None = None, **flags: str | Path | int | None) -> Settings:
    """
    Settings from flags (those that are not None), then the environment, then the defaults.

    Raises:
        InputError: a value is not of its kind; the message names flag or variable.
    """
    env = os.environ if environment is None else environment
    given = {name: _raw(name, flags.get(name), env) for name in TABLE}
    return Settings(
        state=_folder(given["state"] or _default_state(env)),
        cache=_folder(given["cache"] or _default_cache(env)),
        host=given["host"],
        control_port=_number("control_port", given["control_port"], 0, 65535),
        file_port=_number("file_port", given["file_port"], 0, 65535),
        parallel=_number("parallel", given["parallel"], 1, 64),
        http_proxy=given["http_proxy"] or None,
        kernel_arguments=_arguments(given["kernel_arguments"]),
        epoch=_number("epoch", given["epoch"], 0, 2**32 - 1) if given["epoch"] else None,
    )


def _raw(name: str, flag: str | Path | int | None, env: Mapping[str, str]) -> str:
    if flag is not None:
        return str(flag)
    return env.get(TABLE[name].variable) or TABLE[name].default


def _folder(text: str) -> Path:
    return Path(text).expanduser().absolute()


def _number(name: str, text: str, low: int, high: int) -> int:
    if text.isascii() and text.isdigit() and low <= int(text) <= high:
        return int(text)
    raise InputError(f"{TABLE[name].variable}={text}: give a number from {low} to {high}")


def _arguments(text: str) -> str:
    if not text.isprintable():
        raise InputError(f"{TABLE['kernel_arguments'].variable}: control characters are not allowed")
    return text


def _default_state(env: Mapping[str, str]) -> str:
    """
    XDG's state folder (XDG Base Directory Specification 0.8); root keeps it where services do.
    """
    if os.geteuid() == 0:
        return "/var/lib/tundish"
    return f"{env.get('XDG_STATE_HOME') or '~/.local/state'}/tundish"


def _default_cache(env: Mapping[str, str]) -> str:
    if os.geteuid() == 0:
        return "/var/cache/tundish"
    return f"{env.get('XDG_CACHE_HOME') or '~/.cache'}/tundish"
