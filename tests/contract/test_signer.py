"""
What gpg signs for us, and what it leaves behind: nothing.
"""

import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.keys import key
from tundish.core.errors import BadSignature, Conflict, InputError
from tundish.tools.gpg import GpgSigner, Gpgv, generate_key
from tundish.tools.run import run
from tundish.trust import keyring as keyrings
from tundish.trust.protocols import Signer
from tundish.trust.sign import signed

pytestmark = pytest.mark.skipif(
    shutil.which("gpgv") is None or shutil.which("gpg") is None, reason="gpg and gpgv are not installed"
)

NOW = datetime.now(UTC)
TEXT = b'{\n "a": 1\n}\n'


@pytest.fixture
def short() -> Iterator[Path]:
    """
    An empty folder whose path leaves room for the agent's socket.
    """
    with tempfile.TemporaryDirectory(prefix="sign-") as folder:
        yield Path(folder)


class Liar:
    """
    A signer that signs another text than it was given.
    """

    def __init__(self, signer: Signer, text: bytes) -> None:
        self._signer, self._text = signer, text

    @property
    def fingerprint(self) -> str:
        return self._signer.fingerprint

    def keyring(self) -> bytes:
        return self._signer.keyring()

    def session(self) -> AbstractContextManager[object]:
        return self._signer.session()

    def expiring(self, days: int) -> Signer:
        return Liar(self._signer.expiring(days), self._text)

    def clearsign(self, text: bytes) -> bytes:
        return self._signer.clearsign(self._text)


def test_what_is_signed_names_one_hash() -> None:
    """
    Some clients take a second Hash line for text.
    """
    document = signed(TEXT, signer=key().signer(), verifier=Gpgv(), now=NOW)

    assert 1 == document.count(b"Hash: SHA512\n")


def test_several_texts_can_be_signed_in_one_session() -> None:
    """
    The key is taken in once for all of them, and each is good.
    """
    signer = key().signer()
    with signer.session():
        documents = [signed(b"%d\n" % n, signer=signer, verifier=Gpgv(), now=NOW) for n in range(2)]

    assert [b"\n0\n", b"\n1\n"] == [each[each.index(b"\n\n") + 1 :][:3] for each in documents]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (b"x" * 19_001 + b"\n", "line 1 has 19001 bytes"),
        (b"a\nb \n", "line 2 ends with a blank"),
        (b"a\t\n", "line 1 ends with a blank"),
        (b"a\r\n", "line 1 has a carriage return"),
        (b"-a\n", "line 1 starts with '-'"),
        (b"a", "must end with exactly one line feed"),
        (b"a\n\n", "must end with exactly one line feed"),
        (b"", "must end with exactly one line feed"),
    ],
)
def test_a_text_that_signing_would_change_is_refused(text: bytes, fault: str) -> None:
    """
    What gpg would cut or drop in silence is an error before it is signed.
    """
    with pytest.raises(InputError, match=fault):
        signed(text, signer=key().signer(), verifier=Gpgv(), now=NOW)


def test_a_line_of_the_greatest_length_comes_back_whole() -> None:
    """
    19,000 bytes are below the length at which gpg cuts.
    """
    text = b"x" * 19_000 + b"\n"

    assert text in signed(text, signer=key().signer(), verifier=Gpgv(), now=NOW)


def test_a_signer_that_signs_something_else_is_found_out() -> None:
    """
    The result is compared with what was meant.
    """
    with pytest.raises(BadSignature, match="the signer changed the text"):
        signed(TEXT, signer=Liar(key().signer(), b"other\n"), verifier=Gpgv(), now=NOW)


def test_the_public_keyring_holds_the_key_that_signs() -> None:
    """
    What is handed to readers is the binary keyring of the signer, and no secret.
    """
    ring = keyrings.normalise(key().signer().keyring())

    assert (key().fingerprint,) == keyrings.fingerprints(ring)


def test_signing_leaves_no_folder_behind(tmp_path: Path) -> None:
    """
    The folder with the secret key is gone when the text is signed.
    """
    GpgSigner(key().secret, scratch=tmp_path).clearsign(TEXT)

    assert [] == list(tmp_path.iterdir())


def test_signing_leaves_no_agent_running() -> None:
    """
    The agent that held the secret key has ended; its socket refuses.
    """
    signer = key().signer()
    with signer.session() as home:
        signer.clearsign(TEXT)
        pid = _agent_of(home)

    assert _has_ended(pid)


KILLED = """
import sys
from pathlib import Path
from tundish.tools.gpg import GpgSigner
with GpgSigner(Path(sys.argv[1]), scratch=Path(sys.argv[2])).session() as home:
    print(home, flush=True)
    sys.stdin.read()
"""


def _killed_while_signing(scratch: Path) -> Path:
    """
    The folder of a process that died by `kill -9` while it had the secret key in use.
    """
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(key().secret), str(scratch)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        home = process.stdout.readline().strip()
        process.kill()
    return Path(home)


def test_what_a_killed_process_left_goes_when_the_next_one_signs(short: Path) -> None:
    """
    The folder with the secret key is gone, and the agent that held it has ended.
    """
    home = _killed_while_signing(short)
    left = (home / "private-keys-v1.d").exists()
    pid = _agent_of(home)
    GpgSigner(key().secret, scratch=short).clearsign(TEXT)

    assert (True, [], True) == (left, list(short.iterdir()), _has_ended(pid))


def test_what_a_living_process_uses_stays(short: Path) -> None:
    """
    A sweep by somebody who signs meanwhile does not touch it, nor what is not named like ours.
    """
    (short / "other").mkdir()
    with GpgSigner(key().secret, scratch=short).session() as home:
        GpgSigner(key().secret, scratch=short).clearsign(TEXT)

        assert {home, short / "other"} == set(short.iterdir())


def test_a_folder_that_others_may_read_is_none_of_ours(short: Path) -> None:
    """
    Nor is a link that leads elsewhere: neither is touched by a sweep.
    """
    (short / "tundish-gpg-open").mkdir(mode=0o755)
    (short / "tundish-gpg-link").symlink_to(short / "tundish-gpg-open")
    GpgSigner(key().secret, scratch=short).clearsign(TEXT)

    assert 2 == len(list(short.iterdir()))


def test_a_long_temporary_folder_does_not_break_the_agents_socket(tmp_path: Path) -> None:
    """
    A socket's path is limited, so a short folder is taken where the usual one is too deep.
    """
    deep = tmp_path / ("d" * 100)
    deep.mkdir()

    assert GpgSigner(key().secret, scratch=deep).clearsign(TEXT).startswith(b"-----BEGIN")


def test_a_secret_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    """
    The message says how to close the file.
    """
    path = tmp_path / "key"
    path.write_bytes(key().secret.read_bytes())
    path.chmod(0o644)

    with pytest.raises(InputError, match="chmod 600"):
        GpgSigner(path).clearsign(TEXT)


@pytest.mark.parametrize("content", [b"", b"not a key", b"\x99\x01"])
def test_a_file_that_is_no_secret_key_is_refused(tmp_path: Path, content: bytes) -> None:
    """
    Rubbish for a key is an input error that names the file.
    """
    path = tmp_path / "rubbish"
    path.touch(mode=0o600)
    path.write_bytes(content)

    with pytest.raises(InputError, match="rubbish"):
        GpgSigner(path).clearsign(TEXT)


def test_a_public_key_cannot_sign(tmp_path: Path) -> None:
    """
    A public keyring in place of the secret key is an input error.
    """
    path = tmp_path / "public"
    path.touch(mode=0o600)
    path.write_bytes(key().keyring)

    with pytest.raises(InputError, match="must hold exactly one secret key"):
        GpgSigner(path).clearsign(TEXT)


def test_a_missing_secret_key_is_refused(tmp_path: Path) -> None:
    """
    The message names the path.
    """
    with pytest.raises(InputError, match="absent cannot be read"):
        GpgSigner(tmp_path / "absent").clearsign(TEXT)


def test_a_new_key_is_for_us_alone(tmp_path: Path) -> None:
    """
    Nobody else can read the file, and nothing else is left beside it.
    """
    generate_key(tmp_path / "key", "acme images")

    assert [("key", 0o600)] == [(each.name, stat.S_IMODE(each.stat().st_mode)) for each in tmp_path.iterdir()]


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    """
    An existing file stays as it is.
    """
    path = tmp_path / "key"
    path.write_bytes(b"precious")

    with pytest.raises(Conflict, match="never overwritten"):
        generate_key(path, "acme images")

    assert b"precious" == path.read_bytes()


@pytest.mark.parametrize("name", ["", "  ", "two\nlines", "x" * 201])
def test_a_name_that_cannot_stand_in_a_key_is_refused(tmp_path: Path, name: str) -> None:
    """
    A hostile name is refused before anything is made.
    """
    with pytest.raises(InputError, match="cannot be the name of a key"):
        generate_key(tmp_path / "key", name)


def _agent_of(home: Path) -> int:
    said = run(
        ["gpg-connect-agent", "--homedir", home, "GETINFO pid", "/bye"],
        timeout=10,
        env={"GNUPGHOME": str(home)},
    )
    return int(said.stdout.split()[1])


def _has_ended(pid: int) -> bool:
    """
    Whether a process is gone, or ended and only waits for its parent to notice.
    """
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z" or not Path(f"/proc/{pid}").exists()
