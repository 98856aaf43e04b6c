"""
Verifying with gpgv and signing with gpg.

Neither ever sees a person's own GnuPG folder: each works in a folder of its own that is gone, with its
agent, when the work is done. What a killed process left of it goes when the next one signs.
"""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from tundish.core.errors import Conflict, InputError, ToolFailed
from tundish.core.payload import Inspection
from tundish.tools.gpg_home import private_home, sweep
from tundish.tools.run import Finished, find, run

_VERIFY_SECONDS = 60.0
_SIGN_SECONDS = 60.0
_MAX_SECRET = 1024 * 1024
_STATUS = b"[GNUPG:] "


class Gpgv:
    """
    A `Verifier`: gpgv with nothing but the keyring it is handed.
    """

    def inspect(self, document: bytes, keyring: bytes) -> Inspection:
        with private_home() as home:
            keys = home / "keyring.gpg"
            keys.write_bytes(keyring)
            done = run(
                ["gpgv", "--homedir", home, "--keyring", keys, "--output", "-", "-"],
                stdin=document,
                timeout=_VERIFY_SECONDS,
                status_flag="--status-fd",
                env={"GNUPGHOME": str(home), "LC_ALL": "C"},
                accept=(0, 1, 2),
            )
        return Inspection(done.stdout, tuple(status_lines(done.status)))


class GpgSigner:
    """
    A `Signer` with one secret key, without passphrase, in a file of its own. Not for several threads.

    `expires_days` gives every signature an end, after which all clients refuse the document; `at` signs
    as of another time than the machine's; `scratch` is where its short-lived folders are made.
    """

    def __init__(
        self,
        secret: Path,
        *,
        expires_days: int | None = None,
        at: datetime | None = None,
        scratch: Path | None = None,
    ) -> None:
        self._secret, self._expires_days, self._at, self._scratch = secret, expires_days, at, scratch
        self._home: Path | None = None
        self._public: tuple[str, bytes] | None = None

    @property
    def fingerprint(self) -> str:
        return self._identity()[0]

    def keyring(self) -> bytes:
        return self._identity()[1]

    def expiring(self, days: int) -> "GpgSigner":
        return GpgSigner(self._secret, expires_days=days or None, at=self._at, scratch=self._scratch)

    def clearsign(self, text: bytes) -> bytes:
        expiry = ["--default-sig-expire", f"{self._expires_days}d"] if self._expires_days else []
        with self.session() as home:
            return _gpg(
                home,
                ["--digest-algo", "SHA512", *expiry, "--local-user", self.fingerprint + "!"],
                ["--output", "-", "--clearsign", "-"],
                stdin=text,
                at=self._at,
            ).stdout

    @contextmanager
    def session(self) -> Iterator[Path]:
        """
        Take the key in once for all that is signed before the context is left.

        Raises:
            InputError: the file is missing, open to others, or holds no usable secret key.
        """
        if self._home is not None:
            yield self._home
            return
        find("gpg-agent")  # gpg would name the key as the culprit, not its missing agent
        secret = _read_secret(self._secret)
        sweep(self._scratch)
        with private_home(self._scratch) as home:
            _take_in(home, secret, self._secret)
            self._home = home
            try:
                yield home
            finally:
                self._home = None

    def _identity(self) -> tuple[str, bytes]:
        if self._public is None:
            with self.session() as home:
                fingerprint = _signing_key(home, self._secret)
                public = _gpg(home, ["--export-options", "export-minimal"], ["--export", fingerprint]).stdout
                self._public = fingerprint, public
        return self._public


def generate_key(path: Path, name: str, *, at: datetime | None = None, valid_days: int | None = None) -> str:
    """
    Write a new ed25519 key that can only sign, without passphrase, to a file for us alone. Its fingerprint.

    Raises:
        Conflict: the file exists; a key is never overwritten.
        InputError: the name is empty or cannot stand in a key.
        ToolFailed: gpg failed.
    """
    if not name.strip() or not name.isprintable() or len(name) > 200:
        raise InputError(
            f"{name!r} cannot be the name of a key; give one printable line of at most 200 signs"
        )
    if path.exists():
        raise Conflict(f"{path} exists and a key is never overwritten; move it away or choose another path")
    span = f"{valid_days}d" if valid_days else "never"
    sweep()
    with private_home() as home:
        _gpg(home, _NO_PASSPHRASE, ["--quick-generate-key", name, "ed25519", "sign", span], at=at)
        fingerprint = _signing_key(home, path)
        secret = _gpg(home, [*_NO_PASSPHRASE, "--armor"], ["--export-secret-keys", fingerprint]).stdout
    _write_new(path, secret)
    return fingerprint


_NO_PASSPHRASE = ("--pinentry-mode", "loopback", "--passphrase", "")


def _gpg(
    home: Path,
    options: Sequence[str],
    command: Sequence[str],
    *,
    stdin: bytes = b"",
    at: datetime | None = None,
    accept: Sequence[int] = (0,),
) -> Finished:
    clock = ["--faked-system-time", at.astimezone(UTC).strftime("%Y%m%dT%H%M%S")] if at else []
    return run(
        [
            "gpg",
            "--batch",
            "--no-tty",
            "--no-options",
            "--homedir",
            home,
            *_steady(options),
            *clock,
            *command,
        ],
        stdin=stdin,
        timeout=_SIGN_SECONDS,
        env={"GNUPGHOME": str(home), "LC_ALL": "C"},
        accept=accept,
    )


def _steady(options: Sequence[str]) -> list[str]:
    """
    A key with a passphrase must fail at once, not wait for somebody to type it.
    """
    return [*([] if "--pinentry-mode" in options else ["--pinentry-mode", "error"]), *options]


def _read_secret(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & 0o077:
                raise InputError(f"{path} can be read by others; run: chmod 600 {path}")
            data = file.read(_MAX_SECRET + 1)
    except OSError as error:
        raise InputError(f"the secret key {path} cannot be read: {error.strerror}") from error
    if not data or len(data) > _MAX_SECRET:
        raise InputError(f"{path} is not a secret key; export one with `gpg --export-secret-keys`")
    return data


def _take_in(home: Path, secret: bytes, path: Path) -> None:
    try:
        _gpg(home, ["--quiet"], ["--import"], stdin=secret)
    except ToolFailed as error:
        if error.code is None:
            raise
        raise InputError(
            f"{path} is not a secret key that gpg can use; see `gpg --show-keys {path}`"
        ) from error


def _signing_key(home: Path, path: Path) -> str:
    """
    The fingerprint of the one secret key that can sign: a subkey made for it, else the primary key.
    """
    listing = _gpg(home, ["--with-colons", "--fixed-list-mode"], ["--list-secret-keys"]).stdout
    rows = [line.split(":") for line in listing.decode("utf-8", "replace").splitlines()]
    if 1 != sum(row[0] == "sec" for row in rows):
        raise InputError(f"{path} must hold exactly one secret key; export one by its fingerprint")
    able: list[tuple[str, str]] = []
    for row, following in pairwise(rows):
        if row[0] in {"sec", "ssb"} and "s" in row[11] and following[0] == "fpr":
            able.append((row[0], following[9]))
    if not able:
        raise InputError(f"{path} holds no key that can sign")
    return next((name for kind, name in able if kind == "ssb"), able[0][1])


def _write_new(path: Path, data: bytes) -> None:
    """
    Put a file in place whole, for us alone, and only if nothing is there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(prefix=".key-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        raise Conflict(f"{path} exists and a key is never overwritten; choose another path") from None
    finally:
        Path(draft).unlink()


def status_lines(said: bytes) -> Iterator[str]:
    """
    What a verifier reported, line by line, without the mark that such lines begin with.
    """
    for line in said.splitlines():
        if line.startswith(_STATUS):
            yield line.removeprefix(_STATUS).decode("utf-8", "replace")
