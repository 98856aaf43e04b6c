"""
Keyrings of sources in both forms that MAAS's clients send: the name of a file of the server, or the keys.
"""

from dataclasses import dataclass
from pathlib import Path

from tundish.compat.form import Faults, Form
from tundish.compat.shapes import SourceNote
from tundish.core.errors import InputError
from tundish.core.selection import Source

MOST_KEYRING = 1024 * 1024
FOLDERS = tuple(
    Path(folder)
    for folder in (
        "/usr/share/keyrings",
        "/snap/maas/current/usr/share/keyrings",
        "/etc/apt/keyrings",
        "/etc/tundish/keyrings",
    )
)
ONE_OF = "One of keyring_data or keyring_filename must be specified."
ONLY_ONE = "Only one of keyring_filename or keyring_data can be specified."


@dataclass(frozen=True, slots=True)
class Keys:
    """
    What a source is to be believed by. No keyring: the one it has, or with `unsigned` none.
    """

    filename: str = ""
    keyring: bytes | None = None
    unsigned: bool = False


def wanted_keys(form: Form, before: Source | None, note: SourceNote, url: str, faults: Faults) -> Keys:
    """
    What a form makes of the keys of a source; what is wrong is noted.
    """
    given = form.text("keyring_filename")
    filename = note.keyring_filename if given is None else given
    data = form.data("keyring_data") or None
    has_own = before is not None and before.is_signed and not note.keyring_filename
    skip = _skip(form, before, url, faults, is_given=bool(data or filename))
    if filename and data is not None:
        faults.add("__all__", ONLY_ONE)
    elif skip:
        return Keys(unsigned=True)
    elif not filename and data is None and not has_own:
        faults.add("__all__", ONE_OF)
    elif filename and not (before is not None and before.is_signed and filename == note.keyring_filename):
        with faults.of("keyring_filename"):
            return Keys(filename, _read(filename))
    return Keys(filename, data)


def _skip(form: Form, before: Source | None, url: str, faults: Faults, *, is_given: bool) -> bool:
    with faults.of("skip_keyring_verification"):
        said = form.flag("skip_keyring_verification")
        if said is not None:
            return said
    if before is None:
        return url.endswith(".json")
    return not before.is_signed and not is_given


def _read(filename: str) -> bytes:
    """
    The keys in a file of this machine, of the folders where keyrings are.

    Raises:
        InputError: it is elsewhere, or cannot be read.
    """
    try:
        real = Path(filename).resolve(strict=True)
        if not any(real.is_relative_to(folder.resolve()) for folder in FOLDERS):
            known = ", ".join(map(str, FOLDERS))
            raise InputError(f"{filename[:200]}: keyrings are read from {known} only; or send keyring_data")
        if real.stat().st_size > MOST_KEYRING:
            raise InputError(f"{filename[:200]}: more than {MOST_KEYRING} bytes; that is no keyring")
        return real.read_bytes()
    except (OSError, ValueError, RuntimeError) as error:  # no file, or a text that is no path
        reason = error.strerror if isinstance(error, OSError) else "that is no path"
        raise InputError(
            f"{filename[:200]}: {reason}; name a file of this server, or send keyring_data"
        ) from error
