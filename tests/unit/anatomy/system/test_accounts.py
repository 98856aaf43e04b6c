import pytest

from tests.support.images import Tree, index_of
from tundish.anatomy.facts import Password, User
from tundish.anatomy.system import accounts, passwords

SHA512 = "$6$abcdefgh$uS.5JsQrOLNwiTC2mNX/qIgibADxM5IyZTFrHRPxM1kzQd05t0x1ssRH/OQt5KY3dY0KLrNHhcmF308P8EXOL0"
YESCRYPT = "$y$j9T$abcdefgh$xcJYbz7GqaC5PL88A1QinFN4sxTl4nuN8L.tQvrMgc2"
needs_library = pytest.mark.skipif(not passwords.computed("x", "$6$ab"), reason="libcrypt is not there")


def root(shadow: str, passwd: str = "root:x:0:0:root:/root:/bin/bash\n") -> Tree:
    return {"etc/passwd": passwd, "etc/shadow": shadow}


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("", Password.NONE),
        ("!", Password.LOCKED),
        ("*", Password.LOCKED),
        (f"!{SHA512}", Password.LOCKED),
        ("!!", Password.LOCKED),
        (SHA512, Password.SET),
        ("rEK1ecacw.7.c", Password.SET),
    ],
)
def test_shadow_tells_whether_there_is_a_password(word: str, state: Password) -> None:
    """
    An empty field asks for none, a mark locks, anything else is one.
    """
    assert [state] == [user.password for user in accounts.read(index_of(root(f"root:{word}:1::::::\n")))]


@needs_library
@pytest.mark.parametrize("hashed", [SHA512, YESCRYPT])
def test_a_password_that_templates_bake_in_is_known(hashed: str) -> None:
    """
    A hash of a well-known word gives the word away, whichever way it was made.
    """
    assert ["packer"] == [user.known for user in accounts.read(index_of(root(f"root:{hashed}:1::::::\n")))]


@needs_library
def test_the_name_of_the_account_is_guessed_too() -> None:
    """
    A password that equals the account's name is known.
    """
    hashed = passwords.computed("builder7", "$6$saltsalt$")

    assert "builder7" == passwords.Guesses().known("builder7", hashed)


@needs_library
@pytest.mark.parametrize(
    "setting",
    ["$6$rounds=999999$abcdefgh$", "$y$jFT$abcdefgh$", "$2b$14$abcdefghijklmnopqrstuu", "$7$CU..../....x$"],
)
def test_a_hash_that_asks_for_much_work_is_left_alone(setting: str) -> None:
    """
    A hash with more rounds than the default is never computed, so no image makes us wait.
    """
    guesses = passwords.Guesses()
    guesses.known("root", setting + "x" * 86)

    assert passwords.MAX_WORK == guesses._left


def test_guessing_ends_with_the_work_that_is_allowed() -> None:
    """
    However many accounts have a hash, the guesses of one image share one limit.
    """
    guesses = passwords.Guesses(work=40)
    found = [guesses.known("a", SHA512.replace("abcdefgh", f"salt{n}")) for n in range(30)]

    assert [""] * 30 == found


def test_accounts_are_told_with_their_keys() -> None:
    """
    Ids, home, shell and whether keys may log in come from passwd and the home folder.
    """
    tree = root("u:!:1::::::\n", "u:x:1000:1001:,,,:/home/u:/bin/sh\nbroken\n+::::::\nv:x:x:1::/:/bin/sh\n")
    index = index_of({**tree, "home/u/.ssh/authorized_keys": "ssh-ed25519 AAAA\n"})

    assert (User("u", 1000, 1001, "/home/u", "/bin/sh", Password.LOCKED, keys=True),) == accounts.read(index)
