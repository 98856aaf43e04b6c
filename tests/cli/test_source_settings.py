"""
`tundish source`: how a source is trusted and reached, and what is asked of it before it is saved.
"""

import base64
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from tests.cli.terminal import Said, Terminal, Upstream
from tests.support.hostile_server import HostileServer
from tests.support.keys import MADE_AT, key
from tundish.core.image import Json

SECRET = "tok-3n-of-the-lab"


def fields(said: Said) -> dict[str, Json]:
    found = said.answer
    found = found[0] if isinstance(found, list) else found
    assert isinstance(found, dict)
    inner = found.get("source")
    return inner if isinstance(inner, dict) else found


@pytest.fixture
def added(terminal: Terminal, lab: Upstream) -> Terminal:
    assert 0 == terminal("source", "add", "lab", lab.root, "--keyring", lab.keyring).code
    return terminal


def test_a_keyring_can_be_given_as_text(terminal: Terminal, lab: Upstream) -> None:
    """
    The base64 of a keyring on the command line is as good as a file.
    """
    data = base64.b64encode(lab.keyring.read_bytes()).decode()

    assert 0 == terminal("source", "add", "lab", lab.root, "--keyring-data", data).code


def test_a_keyring_can_be_given_as_a_file_of_text(terminal: Terminal, lab: Upstream) -> None:
    """
    `--keyring-data @FILE` reads the file.
    """
    assert 0 == terminal("source", "add", "lab", lab.root, "--keyring-data", f"@{lab.keyring}").code


def test_two_keyrings_are_one_too_many(terminal: Terminal, lab: Upstream) -> None:
    """
    A keyring comes from a file or as text, not both.
    """
    said = terminal(
        "source", "add", "lab", lab.root, "--keyring", lab.keyring, "--keyring-data", f"@{lab.keyring}"
    )

    assert (2, True) == (said.code, "not both" in said.err)


def test_every_setting_is_kept(added: Terminal, tmp_path: Path) -> None:
    """
    What is set is what is shown.
    """
    token = tmp_path / "token"
    token.write_text(SECRET + "\n")
    signer = key("upstream").fingerprint
    words = ("--proxy", "none", "--token-file", token, "--mirror", "http://a.lab/s", "--mirror", tmp_path)
    more = ("--bandwidth", "20M/s", "--window", "22:00-06:00", "--signer", signer, "--priority", "7")

    assert 0 == added("source", "set", "lab", *words, *more).code

    assert {
        "priority": 7,
        "proxy": "none",
        "token": True,
        "mirrors": ["http://a.lab/s/", f"{tmp_path}/"],
        "bandwidth": 20 * 1024 * 1024,
        "window": "22:00-06:00",
        "signers": [signer],
    }.items() <= fields(added("source", "show", "lab", "--json")).items()


def test_a_token_is_shown_nowhere(added: Terminal, tmp_path: Path) -> None:
    """
    Neither people nor programs get to see a token.
    """
    token = tmp_path / "token"
    token.write_text(SECRET)
    added("source", "set", "lab", "--token-file", token)

    places = (("list",), ("show", "lab"))
    told = [added("source", *place, *form) for place in places for form in ((), ("--json",))]

    assert not any(SECRET in said.out + said.err for said in told)


def test_settings_can_be_taken_away(added: Terminal, tmp_path: Path) -> None:
    """
    The word none leads back to how a source is at first.
    """
    before = fields(added("source", "show", "lab", "--json"))
    token = tmp_path / "token"
    token.write_text(SECRET)
    words = ("--token-file", token, "--mirror", tmp_path, "--bandwidth", "1M", "--window", "01:00-02:00")
    added("source", "set", "lab", *words)

    nothing = ("--token-file", "none", "--mirror", "none", "--bandwidth", "none", "--window", "none")
    assert 0 == added("source", "set", "lab", *nothing).code

    assert before == fields(added("source", "show", "lab", "--json"))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--proxy", "sometimes"), "settings, none, or http"),
        (("--proxy", "ftp://x"), "not an http or https address"),
        (("--mirror", "http://a.lab/streams/v1/index.sjson"), "the base of a mirror"),
        (("--mirror", "nowhere"), "neither a URL nor a folder"),
        (("--bandwidth", "fast"), "number of bytes"),
        (("--bandwidth", "1"), "at least"),
        (("--window", "night"), "HH:MM-HH:MM"),
        (("--signer", "ABCD"), "all 40 digits"),
        (("--token-file", "/nowhere"), "cannot read the token"),
        (("--unsigned", "--keyring-data", "x"), "not both"),
        (("--url", "http://lab/streams/v1/index.json"), "names an unsigned index"),
    ],
)
def test_a_setting_of_no_form_changes_nothing(added: Terminal, words: tuple[str, ...], told: str) -> None:
    """
    What makes no sense is refused with the reason, and the source stays as it was.
    """
    before = added("source", "show", "lab", "--json").out

    said = added("source", "set", "lab", *words)

    assert (2, True, before) == (said.code, told in said.err, added("source", "show", "lab", "--json").out)


@pytest.mark.parametrize("words", [("--keyring", "foreign.gpg"), ("--signer", "A" * 40), ("--url", "empty")])
def test_what_makes_a_source_unreadable_is_not_saved(
    added: Terminal, lab: Upstream, words: tuple[str, ...]
) -> None:
    """
    A foreign keyring, a signer who did not sign and an address without a stream are found out before.
    """
    (lab.root.parent / "empty").mkdir()
    before = added("source", "show", "lab", "--json").out
    placed = [str(lab.root.parent / word) if word in {"foreign.gpg", "empty"} else word for word in words]

    code = added("source", "set", "lab", *placed).code

    assert (True, before) == (code in {7, 8}, added("source", "show", "lab", "--json").out)


def test_the_right_signer_is_accepted(added: Terminal) -> None:
    """
    A source can be narrowed to the one key that signs it, however its fingerprint is written.
    """
    spaced = " ".join(key("upstream").fingerprint.lower())

    assert 0 == added("source", "set", "lab", "--signer", spaced).code


def test_a_source_becomes_unsigned_only_loudly(added: Terminal) -> None:
    """
    Who gives up signatures is warned, and the list shows it.
    """
    said = added("source", "set", "lab", "--unsigned")

    assert (0, True, True) == (
        said.code,
        "will be believed" in said.err,
        "UNSIGNED" in added("source", "list").out,
    )


def test_a_disabled_source_is_not_synced(stocked: Terminal) -> None:
    """
    Without any source in use there is nothing to sync; enabled again, there is.
    """
    codes = [
        stocked(*words.split()).code for words in ("source disable lab", "sync", "source enable lab", "sync")
    ]

    assert [0, 4, 0, 0] == codes


def test_a_saved_source_can_be_checked(added: Terminal) -> None:
    """
    A check says who signed, until when that is good, and what is offered.
    """
    said = added("source", "check", "lab", "--json")

    assert {"signed_by": key("upstream").fingerprint, "good_until": None, "products": 2}.items() <= fields(
        said
    ).items()


def test_a_check_saves_nothing(terminal: Terminal, lab: Upstream) -> None:
    """
    A place can be checked before there is any source.
    """
    said = terminal("source", "check", lab.root, "--keyring", lab.keyring)

    assert (0, True, "[]\n") == (
        said.code,
        "ubuntu/noble" in said.out,
        terminal("source", "list", "--json").out,
    )


def test_a_check_finds_a_foreign_signature(added: Terminal, lab: Upstream) -> None:
    """
    A check with another keyring says that it does not fit, and saves nothing.
    """
    assert 8 == added("source", "check", "lab", "--keyring", lab.foreign).code


def resigned(lab: Upstream, *, days: int) -> None:
    """
    Sign every document of the lab anew, so that its signatures end `days` after the key was made.
    """
    signer = key("upstream").signer(expires_days=days, at=MADE_AT)
    for path in sorted(lab.root.rglob("*.json")):
        text = path.read_bytes()
        if path.name == "index.json":
            text = text.replace(b'.json"', b'.sjson"')
        path.with_suffix(".sjson").write_bytes(signer.clearsign(text))


def test_an_end_far_off_is_shown(terminal: Terminal, lab: Upstream) -> None:
    """
    The list shows until when a source's signature counts.
    """
    resigned(lab, days=30_000)
    terminal("source", "add", "lab", lab.root, "--keyring", lab.keyring)

    assert f"{MADE_AT + timedelta(days=30_000):%Y-%m-%d}" in terminal("source", "list").out


def test_a_source_without_an_end_says_so(added: Terminal) -> None:
    """
    A signature and a key for ever have no end.
    """
    assert "no end" in added("source", "list").out


def test_a_stream_can_be_switched(terminal: Terminal, lab: Upstream) -> None:
    """
    From stable to candidate only the address changes, and the other stream is verified before.
    """
    shutil.copytree(lab.root, lab.root.parent / "stable")
    shutil.move(lab.root, lab.root.parent / "candidate")
    terminal("source", "add", "lab", lab.root.parent / "stable", "--keyring", lab.keyring)

    said = terminal("source", "set-stream", "lab", "candidate", "--json")

    assert f"{lab.root.parent}/candidate" == fields(said)["url"]


def test_a_stream_that_is_not_there_is_not_switched_to(terminal: Terminal, lab: Upstream) -> None:
    """
    If the other stream cannot be read, the source stays with the one it has.
    """
    shutil.move(lab.root, lab.root.parent / "stable")
    terminal("source", "add", "lab", lab.root.parent / "stable", "--keyring", lab.keyring)

    code = terminal("source", "set-stream", "lab", "candidate").code

    assert (7, f"{lab.root.parent}/stable") == (
        code,
        fields(terminal("source", "show", "lab", "--json"))["url"],
    )


def test_an_address_without_a_stream_cannot_be_switched(added: Terminal) -> None:
    """
    Where the address does not say which stream it is, the new one has to be given.
    """
    said = added("source", "set-stream", "lab", "candidate")

    assert (2, True) == (said.code, "--url" in said.err)


def test_the_default_source_comes_with_a_selection(terminal: Terminal, lab: Upstream) -> None:
    """
    The public images, here from another place, come with an LTS that they offer, for amd64.
    """
    said = terminal("source", "restore-default", "--url", lab.root, "--keyring", lab.keyring, "--json")

    chosen = fields(terminal("select", "list", "--json"))
    assert ("maas", "ubuntu", fields(said)["selected"], ["amd64"]) == (
        fields(said)["name"],
        chosen["os"],
        chosen["series"],
        chosen["arches"],
    )


def test_the_default_source_can_be_restored(terminal: Terminal, lab: Upstream) -> None:
    """
    Whatever was changed, restoring brings back the default settings, and leaves the selections.
    """
    default = ("source", "restore-default", "--url", lab.root, "--keyring", lab.keyring, "--json")
    terminal(*default)
    terminal("source", "set", "maas", "--window", "22:00-06:00")

    said = terminal(*default)

    assert ("", None) == (fields(said)["window"], fields(said)["selected"])


def test_without_its_keyring_the_default_says_how_to_get_it(terminal: Terminal) -> None:
    """
    A keyring that is not there is named, and the source is not made.
    """
    said = terminal("source", "restore-default", "--keyring", "/nowhere/keyring.gpg")

    assert (2, True, "[]\n") == (
        said.code,
        "/nowhere/keyring.gpg" in said.err,
        terminal("source", "list", "--json").out,
    )


def test_an_empty_list_says_how_to_begin(terminal: Terminal) -> None:
    """
    Without any source the list names both ways to get one.
    """
    said = terminal("source", "list")

    assert (True, True) == ("source add" in said.err, "restore-default" in said.err)


# ---- browsing and selecting by what is known


def test_browsing_needs_no_source(added: Terminal, lab: Upstream) -> None:
    """
    What a source offered when it was added is shown although it is gone.
    """
    shutil.rmtree(lab.root)

    said = added("source", "browse", "lab")

    assert (0, True) == (said.code, "ubuntu/noble/amd64" in said.out)


def test_a_refresh_needs_its_source(added: Terminal, lab: Upstream) -> None:
    """
    Asking a source that is gone fails, and what was known stays.
    """
    shutil.rmtree(lab.root)

    assert (7, 0) == (
        added("source", "browse", "lab", "--refresh").code,
        added("source", "browse", "lab").code,
    )


def test_browsing_asks_nobody(terminal: Terminal, lab: Upstream) -> None:
    """
    Only --refresh goes out, and then only asks whether something changed.
    """
    files = {p.relative_to(lab.root).as_posix(): p.read_bytes() for p in lab.root.rglob("*") if p.is_file()}
    with HostileServer(files) as server:
        terminal("source", "add", "lab", server.url, "--keyring", lab.keyring)
        server.requests.clear()
        terminal("source", "browse", "lab")
        offline = len(server.requests)
        terminal("source", "browse", "lab", "--refresh")

        assert (0, 2) == (offline, len(server.requests))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("ubunut/noble",), "OS 'ubunut' there; did you mean ubuntu?"),
        (("ubuntu/nobel",), "series 'nobel' there; did you mean noble?"),
        (("ubuntu/noble", "--arch", "amd46"), "architecture 'amd46' there; did you mean amd64?"),
        (("ubuntu/noble", "--kernel", "ga-22.04"), "kernel 'ga-22.04' there; did you mean ga-24.04?"),
        (("ubuntu/noble", "--label", "stabel"), "label 'stabel' there; did you mean stable?"),
    ],
)
def test_what_nobody_offers_is_not_selected(added: Terminal, words: tuple[str, ...], told: str) -> None:
    """
    An unknown word is named together with the nearest that is offered, and nothing is selected.
    """
    said = added("select", "add", *words)

    assert (2, True, "[]\n") == (said.code, told in said.err, added("select", "list", "--json").out)


def test_what_nobody_offers_yet_can_be_selected(added: Terminal) -> None:
    """
    With --force a series can be selected before it is offered.
    """
    assert 0 == added("select", "add", "ubuntu/zealous", "--force").code


def test_anything_can_be_selected_before_anything_is_known(terminal: Terminal) -> None:
    """
    Without a source that was read nobody can say that something is wrong.
    """
    assert 0 == terminal("select", "add", "ubuntu/noble").code


def test_what_is_offered_can_be_selected(added: Terminal) -> None:
    """
    Words that are offered, and the star, go together.
    """
    said = added("select", "add", "ubuntu/*", "--arch", "amd64", "--kernel", "ga-24.04", "--kernel", "*")

    assert 0 == said.code


# ---- several sources


def test_the_higher_source_hides_the_lower(stocked: Terminal, lab: Upstream) -> None:
    """
    Of an image that two sources gave, the list says which source hides which.
    """
    stocked("source", "add", "near", lab.root, "--keyring", lab.keyring, "--priority", "5")
    stocked("select", "add", "ubuntu/*", "--source", "near")
    stocked("select", "add", "ubuntu/*", "--source", "lab")
    stocked("sync")

    listed = stocked("image", "list", "--json").answer

    assert {("lab", "near"), ("near", None)} == {
        (each["source"], each["hidden_by"])
        for each in (listed if isinstance(listed, list) else [])
        if isinstance(each, dict)
    }


def test_browsing_says_what_is_hidden(stocked: Terminal, lab: Upstream) -> None:
    """
    What another source of higher priority offers too is marked, with its name.
    """
    stocked("source", "add", "near", lab.root, "--keyring", lab.keyring, "--priority", "5")

    browsed = [stocked("source", "browse", name, "--json").answer for name in ("lab", "near")]

    assert [{"near"}, {None}] == [
        {each["hidden_by"] for each in (lines if isinstance(lines, list) else []) if isinstance(each, dict)}
        for lines in browsed
    ]
