"""
Answers for programs: `--json` gives one JSON document on standard output, and errors as one line.
"""

import json

import pytest

from tests.cli.terminal import Terminal, commands
from tundish.core.image import Json

IMAGE = "ubuntu/noble/amd64/ga-24.04"
QUESTIONS: dict[str, tuple[tuple[str, ...], set[str]]] = {  # command: its words, keys of its answer
    "audit list": ((), {"id", "at", "actor", "door", "deed", "subject", "after", "outcome"}),
    "channel list": ((), set()),
    "channel resign": (("--due",), set()),
    "channel tidy": ((), set()),
    "event list": ((), set()),
    "image delete": ((IMAGE,), {"image", "state", "bytes", "stays"}),
    "image hold": ((IMAGE,), {"image", "version", "on_hold"}),
    "image list": ((), {"image", "version", "state", "bytes", "source", "deployments"}),
    "image pin": ((IMAGE,), {"image", "version", "pinned"}),
    "image release": ((IMAGE,), {"image", "version", "on_hold"}),
    "image show": ((IMAGE,), {"image", "version", "state", "files"}),
    "image unpin": ((IMAGE,), {"image", "version", "pinned"}),
    "image uploads": (("--all",), set()),
    "bundle list": ((), set()),
    "job list": ((), {"id", "kind", "subject", "started_at", "ended_at", "outcome"}),
    "job log": (("1",), set()),
    "job show": (("1",), {"id", "outcome", "detail"}),
    "machine list": ((), set()),
    "notice list": ((), {"id", "kind", "subject", "severity", "text", "since", "dismissed_at", "shown"}),
    "publish": ((), {"channel", "folder", "images", "files", "bytes", "keyring", "changed"}),
    "select add": (("ubuntu/focal", "--force"), {"id", "os", "series", "keep"}),
    "select list": ((), {"id", "os", "series", "arches", "kernels", "labels", "source", "keep"}),
    "source browse": (("lab",), {"image", "product", "title", "hidden_by", "versions"}),
    "source check": (("lab",), {"signed_by", "good_until", "products", "images", "unread"}),
    "source disable": (("lab",), {"name", "enabled"}),
    "source enable": (("lab",), {"name", "enabled"}),
    "source list": ((), {"name", "url", "signed", "priority", "enabled", "good_until"}),
    "source set": (("lab", "--priority", "2"), {"name", "url", "priority", "mirrors", "window"}),
    "source show": (("lab",), {"source", "seen"}),
    "store gc": (("--dry-run",), {"dry_run", "versions", "blobs", "parts", "waiting", "foreign", "bytes"}),
    "store repair": ((), {"mended", "unmended", "versions"}),
    "store usage": ((), {"blobs", "bytes", "unfinished", "unreferenced", "free_bytes"}),
    "store verify": ((), {"blobs", "bytes", "damaged", "missing", "versions"}),
    "sync": ((), set()),
    "sync auto": ((), {"on", "every_seconds", "window"}),
    "sync status": ((), {"job", "running", "outcome", "total", "files"}),
    "sync stop": ((), {"job", "outcome"}),
    "token list": ((), set()),
    "user list": ((), set()),
}
ELSEWHERE = {  # and why
    "build": "takes minutes",
    "token create": "needs a user: tests/cli/test_people.py",
    "token revoke": "needs a user: tests/cli/test_people.py",
    **{
        f"user {verb}": "needs a user: tests/cli/test_people.py"
        for verb in ("create", "show", "grant", "ungrant", "disable", "enable", "password", "remove")
    },
    "bundle export": "needs a file to write: tests/cli/test_bundle.py",
    "bundle import": "needs a bundle: tests/cli/test_bundle.py",
    "bundle show": "needs a bundle: tests/cli/test_bundle.py",
    "channel diff": "needs two releases: tests/cli/test_channels.py",
    "channel promote": "needs a release: tests/cli/test_channels.py",
    "channel rollback": "needs two releases: tests/cli/test_channels.py",
    "channel show": "needs a release: tests/cli/test_channels.py",
    "check": "needs an image: tests/cli/test_check.py",
    "demo": "takes minutes",
    "image accept": "needs an upload: tests/cli/test_uploading.py",
    "image download": "needs an upload: tests/cli/test_uploading.py",
    "image upload": "needs a file: tests/cli/test_uploading.py",
    "image diff": "needs two images: tests/cli/test_comparing.py",
    "image hygiene": "needs an image: tests/cli/test_hygiene.py",
    "image inspect": "needs an image: tests/cli/test_inspecting.py",
    "image manifest": "needs an image: tests/cli/test_inspecting.py",
    "image restore": "needs a deleted image: tests/cli/afar/test_twins.py",
    "image rollback": "needs two versions: tests/cli/afar/test_twins.py",
    "push maas": "needs a region: tests/compat/test_push.py",
    "image sbom": "needs an image: tests/cli/test_inspecting.py",
    "doctor": "ends with what it found: below",
    "job retry": "needs a job that a door asked for: tests/cli/test_jobs.py",
    "job stop": "needs a job that waits: tests/cli/test_jobs.py",
    "machine show": "needs a machine that booted",
    "mirror": "needs no state, but words: tests/cli/test_mirror.py",
    "pack": "needs an image: tests/cli/test_pack.py",
    **{
        f"remote {verb}": "keeps to the own home: tests/cli/afar/test_remote.py"
        for verb in ("add", "list", "remove", "use")
    },
    "serve": "runs until it is stopped; the conformance tests read its answer",
    "source add": "needs another source: tests/cli/test_sources.py",
    "source restore-default": "needs a stream: tests/cli/test_source_settings.py",
    "source set-stream": "needs two streams: tests/cli/test_source_settings.py",
}


def keys(answer: Json) -> set[str]:
    """
    The keys of an answer, or of the first line of a list.
    """
    first = answer[0] if isinstance(answer, list) and answer else answer
    return set(first) if isinstance(first, dict) else set()


@pytest.mark.parametrize("command", sorted(QUESTIONS))
def test_an_answer_is_one_document(stocked: Terminal, command: str) -> None:
    """
    The answer parses, and holds the keys that programs rely on.
    """
    words, wanted = QUESTIONS[command]

    said = stocked(*command.split(), *words, "--json")

    assert (0, set()) == (said.code, wanted - keys(said.answer))


def test_what_works_here_is_answered_whatever_lacks(terminal: Terminal) -> None:
    """
    `doctor` answers in full also where it ends with an error, because something needed does not work.
    """
    said = terminal("doctor", "--json")

    assert set() == {"name", "works", "needed", "found", "mend"} - keys(said.answer)


def test_every_command_that_answers_in_json_is_asked() -> None:
    """
    The table above names every command that has --json.
    """
    having = {" ".join(words) for words, each in commands() if any(p.name == "as_json" for p in each.params)}

    assert having == set(QUESTIONS) | set(ELSEWHERE)


def test_an_error_is_one_line(terminal: Terminal) -> None:
    """
    An error says its class, its message and the exit code, on standard error alone.
    """
    said = terminal("source", "show", "lab", "--json")

    assert ("", {"error": "NotFound", "exit": 4}) == (
        said.out,
        {name: value for name, value in json.loads(said.err).items() if name != "message"},
    )


def test_wrong_words_are_one_line_too(terminal: Terminal) -> None:
    """
    A command that cannot be read is answered in JSON, if JSON was asked for.
    """
    said = terminal("source", "list", "--json", "--nonsense")

    assert (2, "InputError", 2) == (said.code, *(json.loads(said.err)[name] for name in ("error", "exit")))
