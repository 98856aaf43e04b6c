"""
Settings, read once from flags and environment into one frozen value. A flag wins over its variable.

The table below is the only place that names them; help texts and the reference page come from it.
"""

import os
import pwd
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tundish.core.errors import InputError

MOST_PARALLEL = 64  # files side by side
MOST_RATE = 1_000_000  # requests per second
MAX_DIGITS = 12  # of a number; Python refuses to read very long ones


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
    "tls_certificate": Setting(
        "TUNDISH_TLS_CERTIFICATE", "", "File of the certificate for https at the control door, in PEM."
    ),
    "tls_key": Setting("TUNDISH_TLS_KEY", "", "File of its key, in PEM without a passphrase."),
    "tls_files": Setting("TUNDISH_TLS_FILES", "no", "Whether the file door speaks https, too: yes or no."),
    "trusted_proxies": Setting(
        "TUNDISH_TRUSTED_PROXIES", "", "Networks of the proxies that are believed, with commas between."
    ),
    "public_url": Setting(
        "TUNDISH_PUBLIC_URL",
        "",
        "URL under which clients reach the control door, if a proxy does not say it.",
    ),
    "metrics_open": Setting(
        "TUNDISH_METRICS_OPEN", "", "Networks that may read /metrics without a token, with commas between."
    ),
    "address_rate": Setting(
        "TUNDISH_ADDRESS_RATE",
        "400",
        "Requests per second of one address at the control door; 0: any number.",
    ),
    "token_rate": Setting(
        "TUNDISH_TOKEN_RATE", "200", "Requests per second of one token at the control door; 0: any number."
    ),
    "log_format": Setting("TUNDISH_LOG_FORMAT", "text", "What lines of the server's log are: text or json."),
    "parallel": Setting("TUNDISH_PARALLEL", "8", "Files fetched side by side."),
    "http_proxy": Setting("TUNDISH_HTTP_PROXY", "", "Proxy for fetching, as http://HOST:PORT."),
    "no_proxy": Setting(
        "TUNDISH_NO_PROXY", "", "Hosts and domains that are asked without the proxy, with commas between."
    ),
    "allowed_hosts": Setting(
        "TUNDISH_ALLOWED_HOSTS",
        "",
        "Hosts (*.lab) and networks (10.0.0.0/8) that sources chosen by who is no admin may be at, beside "
        "public addresses; with commas between.",
    ),
    "kernel_arguments": Setting(
        "TUNDISH_KERNEL_ARGUMENTS", "", "Words added to the kernel's command line of every boot."
    ),
    "token_file": Setting(
        "TUNDISH_TOKEN_FILE", "", "File with the token for the server that `--server` names."
    ),
    "epoch": Setting(
        "SOURCE_DATE_EPOCH",
        "",
        "Seconds since 1970 that all files of a build claim to be of; today, if unset.",
    ),
}


@dataclass(frozen=True, slots=True)
class Place:
    """
    Where a folder is by default: that of root, or `tundish` below an XDG folder.
    """

    root: str
    variable: str
    home: str  # where the XDG variable is not set


FOLDERS = {
    "state": Place("/var/lib/tundish", "XDG_STATE_HOME", "~/.local/state"),
    "cache": Place("/var/cache/tundish", "XDG_CACHE_HOME", "~/.cache"),
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
    no_proxy: tuple[str, ...]
    allowed_hosts: tuple[str, ...]
    kernel_arguments: str
    epoch: int | None  # None: the day of the build
    tls_certificate: Path | None
    tls_key: Path | None
    tls_files: bool
    trusted_proxies: tuple[str, ...]
    public_url: str
    metrics_open: tuple[str, ...]
    address_rate: int
    token_rate: int
    log_format: str
    token_file: Path | None  # for commands from afar


def load(
    environment: Mapping[str, str] | None = None,
    *,
    root: bool | None = None,
    **flags: str | Path | int | Sequence[str] | None,
) -> Settings:
    """
    Settings from flags (those that are not None), then the environment, then the defaults.

    `root` says whose defaults; None: those of whoever runs this process.

    Raises:
        InputError: a value is not of its kind; the message names flag or variable.
    """
    env = os.environ if environment is None else environment
    given = {name: _raw(name, flags.get(name), env) for name in TABLE}
    return Settings(
        state=_folder("state", given["state"] or _default("state", env, root=root)),
        cache=_folder("cache", given["cache"] or _default("cache", env, root=root)),
        host=given["host"],
        control_port=_number("control_port", given["control_port"], 0, 65535),
        file_port=_number("file_port", given["file_port"], 0, 65535),
        parallel=_number("parallel", given["parallel"], 1, MOST_PARALLEL),
        http_proxy=given["http_proxy"] or None,
        no_proxy=_words(given["no_proxy"]),
        allowed_hosts=_words(given["allowed_hosts"]),
        kernel_arguments=_arguments(given["kernel_arguments"]),
        epoch=_number("epoch", given["epoch"], 0, 2**32 - 1) if given["epoch"] else None,
        tls_certificate=_file("tls_certificate", given["tls_certificate"]),
        tls_key=_file("tls_key", given["tls_key"]),
        tls_files=_choice("tls_files", given["tls_files"], ("yes", "no")) == "yes",
        trusted_proxies=_words(given["trusted_proxies"]),
        public_url=given["public_url"],
        metrics_open=_words(given["metrics_open"]),
        address_rate=_number("address_rate", given["address_rate"], 0, MOST_RATE),
        token_rate=_number("token_rate", given["token_rate"], 0, MOST_RATE),
        log_format=_choice("log_format", given["log_format"], ("text", "json")),
        token_file=_folder("token_file", given["token_file"]) if given["token_file"] else None,
    )


def remotes_folder(environment: Mapping[str, str] | None = None) -> Path:
    """
    Where a person's servers are saved: below the XDG folder of configuration, for root, too.

    Raises:
        InputError: the person has no home.
    """
    env = os.environ if environment is None else environment
    base = env.get("XDG_CONFIG_HOME", "")
    text = f"{base if base.startswith('/') else '~/.config'}/tundish/remotes"
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise InputError("servers are saved in a home, and there is none; set XDG_CONFIG_HOME") from error


def person(environment: Mapping[str, str] | None = None) -> str:
    """
    The system user that this process runs as; behind sudo, also who called it.
    """
    env = os.environ if environment is None else environment
    try:
        name = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        name = f"uid {os.geteuid()}"
    caller = env.get("SUDO_USER", "")
    return f"{caller[:64]} as {name}" if caller and caller.isprintable() and caller != name else name


def _raw(name: str, flag: str | Path | int | Sequence[str] | None, env: Mapping[str, str]) -> str:
    if isinstance(flag, tuple | list):
        if flag:
            return ",".join(flag)
    elif flag is not None:
        return str(flag)
    return env.get(TABLE[name].variable) or TABLE[name].default


def _folder(name: str, text: str) -> Path:
    try:
        return Path(text).expanduser().absolute()
    except (RuntimeError, ValueError) as error:  # pathlib's words: a user without a home, signs of no path
        variable = TABLE[name].variable
        raise InputError(f"{variable}={text!r}: there is no such folder; give a full path") from error


def _file(name: str, text: str) -> Path | None:
    return _folder(name, text) if text else None


def _words(text: str) -> tuple[str, ...]:
    return tuple(filter(None, (word.strip() for word in text.split(","))))


def _choice(name: str, text: str, choices: tuple[str, ...]) -> str:
    if text in choices:
        return text
    raise InputError(f"{TABLE[name].variable}={text[:80]!r}: give {' or '.join(choices)}")


def _number(name: str, text: str, low: int, high: int) -> int:
    if text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS and low <= int(text) <= high:
        return int(text)
    raise InputError(f"{TABLE[name].variable}={text[:80]}: give a number from {low} to {high}")


def _arguments(text: str) -> str:
    if not text.isprintable():
        raise InputError(f"{TABLE['kernel_arguments'].variable}: control characters are not allowed")
    return text


def _default(name: str, env: Mapping[str, str], *, root: bool | None) -> str:
    """
    Where root keeps it, or the XDG folder (XDG Base Directory Specification 0.8: relative ones do not count).
    """
    place = FOLDERS[name]
    if os.geteuid() == 0 if root is None else root:
        return place.root
    base = env.get(place.variable, "")
    return f"{base if base.startswith('/') else place.home}/tundish"
