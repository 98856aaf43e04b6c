"""
Group F: whether the installer finds and can run the hooks of an image, and what their text lets expect.
"""

from dataclasses import replace

import pytest

from tests.support.disks import DATA, ESP, Part, disk, on_disk
from tests.support.images import File, Folder, Link, Node
from tests.unit.check.asked import (
    ERROR,
    HOOK,
    INFO,
    WARNING,
    Bad,
    Good,
    Make,
    found,
    named,
    spoils,
    system,
    worst,
)
from tundish.anatomy.facts import Facts, Family
from tundish.anatomy.image import Form
from tundish.check.subject import Subject, Target

_PY = "#!/usr/bin/env python3\n"
_CLEAN = "import os, shutil\nshutil.rmtree(os.environ['TARGET_MOUNT_POINT'] + '/curtin')\n"
_ROOT: dict[str, Node] = {"etc/os-release": "ID=ubuntu\n", HOOK: File(_PY.encode(), 0o755)}
_CLOUDBASE = "Program Files/Cloudbase Solutions/Cloudbase-Init/conf"
_WINDOWS: dict[str, Node] = {
    "Windows/System32/ntoskrnl.exe": "",
    HOOK: File(b"#!/bin/sh\n", 0o755),
    "curtin/finalize": File(_PY.encode(), 0o755),
    f"{_CLOUDBASE}/cloudbase-init.conf": "",
    f"{_CLOUDBASE}/cloudbase-init-unattend.conf": "",
}


def hooked(text: str | bytes, mode: int = 0o755, *, series: str = "noble", **others: Node) -> Subject:
    """
    Ubuntu with this hook; further files by their names below curtin/.
    """
    data = text.encode() if isinstance(text, str) else text
    files = {f"curtin/{name.replace('_', '-')}": node for name, node in others.items()}
    return system(changes={HOOK: File(data, mode), **files}, target=Target(ephemeral=series))


def disks(*trees: dict[str, Node] | None, form: Form = Form.EXT, family: Family = Family.DEBIAN) -> Subject:
    parts = (Part(form, tree=tree, why="damaged" if tree is None else "") for tree in trees)
    return on_disk(disk(*parts), facts=Facts(family, arch="amd64"))


def windows(*without: str, changes: dict[str, Node] | None = None) -> Subject:
    tree = {path: node for path, node in _WINDOWS.items() if path not in without}
    parts = (Part(Form.FAT, ESP, {}), Part(Form.NTFS, DATA, {**tree, **(changes or {})}))
    return on_disk(disk(*parts), facts=Facts(Family.WINDOWS, arch="amd64"))


def kernel(named_there: str | None) -> Subject:
    files = {} if named_there is None else {"curtin/CUSTOM_KERNEL": named_there}
    text = f"{_PY}name = open('/curtin/CUSTOM_KERNEL').read()\n{_CLEAN}"
    return system(changes={HOOK: File(text.encode(), 0o755), **files})


def _shouted(path: str) -> str:
    return path if path.startswith("curtin/") else path.upper()


def _bash(text: str) -> Make:
    return lambda: hooked(f"#!/bin/bash\n{text}\n")


BAD = [
    Bad("F01", "no folder", lambda: disks({"etc/os-release": ""}), ERROR, "no filesystem of the disk"),
    Bad(
        "F01",
        "two, the last one being no system",
        lambda: disks(_ROOT, {"curtin": Folder()}),
        ERROR,
        "takes 2",
    ),
    Bad(
        "F01",
        "two, the last one being the system",
        lambda: disks({"curtin": Folder()}, _ROOT),
        WARNING,
        "takes 2",
    ),
    Bad("F02", "no execute bit", lambda: hooked(_PY, 0o644), ERROR, "no execute bit"),
    Bad(
        "F02",
        "a link to an absolute path",
        lambda: system(changes={HOOK: Link("/usr/lib/hook"), "usr/lib/hook": File(_PY.encode(), 0o755)}),
        ERROR,
        "is a link to /usr/lib/hook",
    ),
    Bad("F02", "a folder", lambda: system(changes={HOOK: Folder()}), ERROR, "no regular file"),
    Bad("F02", "Python 2", lambda: hooked("#!/usr/bin/python\n"), ERROR, "python, which"),
    Bad("F02", "Python 2 by env", lambda: hooked("#!/usr/bin/env python2.7\n"), ERROR, "python2.7, which"),
    Bad("F02", "an interpreter of the image", lambda: hooked("#!/opt/bin/ruby\n"), ERROR, "/opt/bin/ruby"),
    Bad("F02", "lines of Windows", lambda: hooked("#!/bin/bash\r\nexit 0\r\n"), ERROR, "CR LF"),
    Bad("F02", "no interpreter", lambda: hooked("print(1)\n"), ERROR, "#!"),
    Bad(
        "F02",
        "finalize that cannot be run",
        lambda: system("debian", {"curtin/finalize": File(_PY.encode(), 0o600)}),
        ERROR,
        "curtin/finalize has no execute bit",
    ),
    Bad("F02", "an empty script for Windows", lambda: windows(changes={HOOK: ""}), WARNING, "#!"),
    Bad("F03", "a Linux disk", lambda: disks({"curtin": Folder(), "etc/os-release": ""}), ERROR, "no curtin"),
    Bad("F04", "Windows", lambda: windows(HOOK), ERROR, "no curtin/curtin-hooks"),
    Bad("F05", "no finalize", lambda: windows("curtin/finalize"), ERROR, "no curtin/finalize"),
    Bad(
        "F05",
        "no configuration",
        lambda: windows(f"{_CLOUDBASE}/cloudbase-init-unattend.conf"),
        ERROR,
        "cloudbase-init-unattend.conf is missing",
    ),
    Bad(
        "F05",
        "no Cloudbase-Init",
        lambda: windows(f"{_CLOUDBASE}/cloudbase-init.conf", f"{_CLOUDBASE}/cloudbase-init-unattend.conf"),
        ERROR,
        "not installed",
    ),
    Bad("F06", "a syntax error", lambda: hooked(_PY + "def main(:\n"), ERROR, "line 2"),
    Bad("F06", "Python 2 inside", lambda: hooked(_PY + "print 'x'\n"), ERROR, "no Python that"),
    Bad(
        "F06",
        "syntax newer than the ephemeral system",
        lambda: hooked(_PY + "match 1:\n    case 1:\n        pass\n", series="focal"),
        ERROR,
        "focal",
    ),
    Bad("F06", "a NUL byte past the head", lambda: hooked(_PY + "(" * 5000), ERROR, "no Python that"),
    Bad(
        "F06",
        "a name that moved",
        lambda: hooked(_PY + "from curtin.util import RunInChroot\n"),
        WARNING,
        "RunInChroot of curtin.util",
    ),
    Bad(
        "F06",
        "a name that moved, by its module",
        lambda: hooked(
            _PY + "from curtin.commands import curthooks\ncurthooks.centos_apply_network_config({}, '/')\n"
        ),
        WARNING,
        "centos_apply_network_config",
    ),
    Bad(
        "F06",
        "a private name",
        lambda: hooked(_PY + "from curtin.commands.curthooks import _handle_x\n"),
        WARNING,
        "_handle_x",
    ),
    Bad(
        "F06",
        "names that are there",
        lambda: hooked(_PY + "from curtin import util\nutil.subp(['true'])\n"),
        INFO,
        "builds on 1 names",
    ),
    Bad("F07", "never removes /curtin", lambda: hooked(_PY + "print(1)\n"), WARNING, "never removes"),
    Bad(
        "F07",
        "exits before it",
        lambda: hooked(_PY + "import sys\ndef main():\n    pass\nmain()\nsys.exit(0)\n" + _CLEAN),
        WARNING,
        "ends before the line",
    ),
    Bad(
        "F07",
        "returns before it",
        lambda: hooked(
            _PY + "import shutil\ndef main():\n    return 0\n    shutil.rmtree('/curtin')\nmain()\n"
        ),
        WARNING,
        "ends before the line",
    ),
    Bad(
        "F07",
        "a function that nobody calls",
        lambda: hooked(_PY + "import shutil\ndef clean():\n    shutil.rmtree('/curtin')\n"),
        WARNING,
        "ends before the line",
    ),
    Bad(
        "F07",
        "a shell that exits before it",
        lambda: hooked("#!/bin/bash\nexit 0\nrm -rf $TARGET/curtin\n"),
        WARNING,
        "ends before the line",
    ),
    Bad("F07", "a kernel that is not named", lambda: kernel(None), WARNING, "missing or empty"),
    Bad("F07", "a kernel that is not installed", lambda: kernel("linux-lab\n"), WARNING, "linux-lab"),
    *(
        Bad("F08", text, _bash(text), WARNING, text)
        for text in (
            "apt-get -y install grub-pc",
            "chroot $T yum install -y dracut",
            "zypper --non-interactive in shim",
            "wget http://mirror.lab/x.rpm",
            "curl -fsSL https://mirror.lab/x",
        )
    ),
    Bad(
        "F08",
        "a list of words in Python",
        lambda: hooked(_PY + "subp(['apt-get', 'install', 'x'])\n"),
        WARNING,
        "apt-get",
    ),
    Bad(
        "F08",
        "what a hook calls",
        lambda: hooked(_PY, setup_bootloader=File(b"#!/bin/bash\ndnf -y install shim\n", 0o755)),
        WARNING,
        "curtin/setup-bootloader fetches",
    ),
    *(
        Bad("F09", text, _bash(text), WARNING, "line 2")
        for text in (
            "disk=$(echo $part | sed 's/[0-9]*$//')",
            "disk=$(echo $part | tr -d '[0-9]')",
            "disk=$(echo $part | tr -d '[:digit:]')",
            "disk=${part%%[0-9]*}",
            "disk=${part//[0-9]/}",
        )
    ),
    Bad(
        "F09",
        "digits stripped in Python",
        lambda: hooked(_PY + "disk = part.rstrip('0123456789')\n"),
        WARNING,
        "line 2",
    ),
    Bad(
        "F09",
        "digits replaced in Python",
        lambda: hooked(_PY + "disk = re.sub(r'\\d+$', '', part)\n"),
        WARNING,
        "line 2",
    ),
]
GOOD = [
    Good("F01", "one folder", lambda: disks({}, _ROOT)),
    Good("F02", "Python by env", lambda: hooked(_PY)),
    Good("F02", "bash", lambda: hooked("#!/bin/bash -e\n")),
    Good(
        "F02",
        "a link within the image",
        lambda: system(changes={HOOK: Link("hook"), "curtin/hook": File(_PY.encode(), 0o755)}),
    ),
    Good("F02", "a program", lambda: hooked(b"\x7fELF" + bytes(60))),
    Good(
        "F02",
        "without modes on FAT",
        lambda: disks(
            {"curtin/curtin-hooks": File(b"#!/bin/sh\n", 0o644)}, form=Form.FAT, family=Family.ESXI
        ),
    ),
    Good("F03", "a Linux disk with hooks", lambda: disks(_ROOT)),
    Good("F04", "Windows", windows),
    Good("F05", "Windows", windows),
    Good(
        "F05",
        "in other letters",
        lambda: windows(*_WINDOWS, changes={_shouted(path): node for path, node in _WINDOWS.items()}),
    ),
    Good("F06", "plain Python", lambda: hooked(_PY + _CLEAN)),
    Good("F06", "a shell", lambda: hooked("#!/bin/bash\nif then\n")),
    Good("F07", "Python at its end", lambda: hooked(_PY + _CLEAN)),
    Good(
        "F07",
        "a function that is called",
        lambda: hooked(
            _PY
            + "import shutil, sys\ndef cleanup():\n    shutil.rmtree('/curtin')\ndef main():\n    cleanup()\n"
            + "if __name__ == '__main__':\n    sys.exit(main())\n"
        ),
    ),
    Good(
        "F07", "a shell at its end", lambda: hooked('#!/bin/bash\nf() {\n  exit 1\n}\nrm -rf "$T/curtin"\n')
    ),
    Good("F07", "a kernel that is installed", lambda: kernel("linux-generic\n")),
    Good(
        "F08",
        "a path with apt in it",
        lambda: hooked("#!/bin/bash\nrm -f /etc/apt/sources.list.d/lab.list\n"),
    ),
    Good("F08", "a comment", lambda: hooked("#!/bin/bash\n# apt-get install shim\n")),
    Good("F08", "good hooks", lambda: system("debian")),
    Good("F09", "the system is asked", lambda: hooked("#!/bin/bash\nlsblk -no pkname $part\n")),
    Good("F09", "other digits", lambda: hooked("#!/bin/bash\ngrep -E '^[0-9]+' /etc/version\n")),
]


@pytest.mark.parametrize("case", BAD, ids=named)
def test_a_spoiled_hook_is_found(case: Bad) -> None:
    """
    What is wrong is found, weighed as it deserves, and named.
    """
    assert (case.severity, True) == found(case)


@pytest.mark.parametrize("case", GOOD, ids=named)
def test_a_good_hook_passes(case: Good) -> None:
    """
    Nothing is said against what is good.
    """
    assert "" == spoils(case)


def test_an_unread_filesystem_may_hold_the_folder() -> None:
    """
    Where a filesystem could not be read, whether it has /curtin is unknown.
    """
    assert "unknown" == worst("F01", disks(None))[0]


def test_what_needs_a_newer_python_to_be_read_is_unknown() -> None:
    """
    An f-string that only the ephemeral system's Python understands is no syntax error.
    """
    asked = hooked(_PY + 'x = f"{d["a"]}"\n')

    assert worst("F06", asked)[0] in {"unknown", "pass"}


def test_a_very_long_hook_is_not_parsed() -> None:
    """
    Python beyond the bound is not parsed, and its rule stays undecided.
    """
    asked = hooked(_PY + "#" * 300_000)

    assert "unknown" == worst("F06", asked)[0]


def test_a_subject_without_a_root_has_no_hooks() -> None:
    """
    No rule about hooks is asked of an image in which nothing was found.
    """
    empty = system()
    asked = replace(empty, image=replace(empty.image, root=None))

    assert "skipped" == worst("F02", asked)[0]


@pytest.mark.parametrize("rule", ["E01", "F02", "F06", "F07", "F08", "F09"])
@pytest.mark.parametrize(
    "text",
    [
        "#!/bin/bash\n" + "install " * 100_000,
        "#!/bin/bash\n" + "rm curti " * 100_000,
        "#!/bin/bash\n" + "\n" * 900_000,
        _PY + "if 1:\n pass\n" + "elif 1:\n pass\n" * 15_000,
        _PY + "x = " + "-" * 200_000 + "1\n",
        _PY + "x = " + "[" * 90 + "1" + "]" * 90 + "\n" + "a" + ".b" * 100_000 + "\n",
        _PY + "\0",
    ],
    ids=["install", "rm", "lines", "elif", "minus", "deep", "nul"],
)
def test_a_hook_made_to_take_long_does_not(rule: str, text: str) -> None:
    """
    The text of a hook cannot keep a rule busy, nor end the program.
    """
    asked = system("rocky", {HOOK: File(text.encode(), 0o755)}, without=("usr/bin/cloud-init",))

    assert worst(rule, asked)[0] in {"pass", "fail", "unknown", "skipped"}
