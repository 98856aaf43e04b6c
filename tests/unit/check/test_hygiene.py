"""
What hygiene changes in a root, word by word, and what the root is afterwards.
"""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.images import File, Folder, Hardlink, Link, Tree, index_of
from tests.unit.check.asked import system
from tundish.anatomy.index import Index, Kind
from tundish.check.hygiene import WORDS, Act, repairs, words_of
from tundish.check.mended import mended
from tundish.check.rule import Status
from tundish.check.rulebook import rulebook
from tundish.check.run import findings_of
from tundish.core.errors import InputError


def clean(tree: Tree, *words: str) -> Index:
    root = index_of(tree)
    return mended(root, repairs(root, words))


def shape(root: Index) -> dict[str, str]:
    """
    Files with their content, links with their target, nothing of folders.
    """
    return {
        one.path: f"-> {one.target}" if one.kind is Kind.LINK else root.read(one.path).decode()
        for one in root
        if one.kind is not Kind.FOLDER
    }


CASES: list[tuple[str, Tree, dict[str, str]]] = [
    (
        "machine-id",
        {"etc/machine-id": "5d", "var/lib/dbus/machine-id": "5d"},
        {"etc/machine-id": "", "var/lib/dbus/machine-id": "-> /etc/machine-id"},
    ),
    ("machine-id", {"etc/machine-id": "uninitialized\n"}, {"etc/machine-id": "uninitialized\n"}),
    (
        "host-keys",
        {"etc/ssh/ssh_host_rsa_key": "k", "etc/ssh/ssh_host_rsa_key.pub": "p", "etc/ssh/sshd_config": "c"},
        {"etc/ssh/sshd_config": "c"},
    ),
    ("persistent-net", {"etc/udev/rules.d/70-persistent-net.rules": "x"}, {}),
    ("resolv-conf", {"etc/resolv.conf": "nameserver 10.0.0.1\n"}, {"etc/resolv.conf": ""}),
    ("resolv-conf", {"etc/hosts": "h"}, {"etc/hosts": "h", "etc/resolv.conf": ""}),
    (
        "resolv-conf",
        {"etc/resolv.conf": "nameserver 10.0.0.1\n", "usr/lib/systemd/systemd-resolved": "e"},
        {
            "etc/resolv.conf": "-> ../run/systemd/resolve/stub-resolv.conf",
            "usr/lib/systemd/systemd-resolved": "e",
        },
    ),
    ("fstab", {"etc/fstab": "# kept\n/dev/sda1 / ext4\n"}, {"etc/fstab": "# kept\n"}),
    (
        "cloud-init-state",
        {
            "var/lib/cloud/instance": Link("instances/i-1"),
            "var/lib/cloud/instances/i-1/boot": "b",
            "var/log/cloud-init.log": "l",
            "var/lib/cloud/scripts/mine": "s",
        },
        {"var/lib/cloud/scripts/mine": "s"},
    ),
    ("random-seed", {"var/lib/systemd/random-seed": "r"}, {}),
    ("histories", {"root/.bash_history": "h", "home/me/.bash_history": "h"}, {}),
    ("installer-leftovers", {"root/anaconda-ks.cfg": "k", "var/log/anaconda/a/b": "l"}, {}),
    (
        "logs",
        {"var/log/wtmp": "w", "var/log/apt/a.log": "a", "var/log/syslog.1": "s", "var/log/old": Link("/etc")},
        {"var/log/wtmp": "", "var/log/apt/a.log": "", "var/log/old": "-> /etc"},
    ),
    ("caches", {"var/cache/apt/pkgcache.bin": "p", "var/lib/apt/lists/x": "x", "tmp/t": "t"}, {}),
    ("runtime-folders", {"run/a/pid": "1", "tmp/x": "x", "etc/x": "x"}, {"etc/x": "x"}),
    ("packer-backup", {"packer_backup/etc/hosts": "h"}, {}),
    (
        "proxy-leftovers",
        {
            "usr/sbin/policy-rc.d": "exit 101",
            "etc/apt/apt.conf.d/90proxy": 'Acquire::http::Proxy "http://10.0.0.1";',
            "etc/apt/apt.conf": 'Acquire::http::Proxy "http://10.0.0.1";\nAPT::X "1";\n',
            "etc/environment": "PATH=/bin\nhttp_proxy=http://10.0.0.1\n",
        },
        {"etc/apt/apt.conf": 'APT::X "1";\n', "etc/environment": "PATH=/bin\n"},
    ),
    (
        "proxy-leftovers",
        {
            "etc/apt/apt.conf": 'Acquire::http { Proxy "http://10.0.0.1"; Retries "3";\n};\n',
            "etc/apt/sources.list": "deb cdrom:[x]/ a main\ndeb http://mirror.example/debian a main\n",
            "etc/apt/sources.list.d/x.list": "deb [trusted=yes] file:/packages ./\n",
            "etc/apt/sources.list.d/y.list": "deb mirror+file:/etc/apt/mirrors a main\n",
        },
        {
            "etc/apt/apt.conf": 'Acquire::http { Retries "3";\n};\n',
            "etc/apt/sources.list": "deb http://mirror.example/debian a main\n",
            "etc/apt/sources.list.d/x.list": "",
            "etc/apt/sources.list.d/y.list": "deb mirror+file:/etc/apt/mirrors a main\n",
        },
    ),
    (
        "proxy-leftovers",
        {"etc/apt/sources.list": "deb cdrom:[x]/ a main\n"},
        {"etc/apt/sources.list": "deb cdrom:[x]/ a main\n"},
    ),
    ("subscriptions", {"etc/pki/consumer/cert.pem": "c", "etc/yum.repos.d/redhat.repo": "r"}, {}),
    ("netplan-leftovers", {"etc/netplan/50.yaml": "network:\n  ethernets:\n    a: {}\n"}, {}),
    (
        "connection-profiles",
        {
            "etc/sysconfig/network-scripts/ifcfg-eth0": "e",
            "etc/sysconfig/network-scripts/ifcfg-lo": "l",
            "etc/NetworkManager/system-connections/a": "a",
        },
        {"etc/sysconfig/network-scripts/ifcfg-lo": "l"},
    ),
]


@pytest.mark.parametrize(("word", "tree", "left"), CASES, ids=[f"{i}-{c[0]}" for i, c in enumerate(CASES)])
def test_a_word_changes_what_it_names(word: str, tree: Tree, left: dict[str, str]) -> None:
    """
    What is of the build goes, and all else stays as it was.
    """
    assert left == shape(clean(tree, word))


@pytest.mark.parametrize(("word", "tree", "_left"), CASES, ids=[f"{i}-{c[0]}" for i, c in enumerate(CASES)])
def test_a_second_time_nothing_is_to_do(word: str, tree: Tree, _left: dict[str, str]) -> None:
    """
    What is mended needs no mending.
    """
    assert () == repairs(clean(tree, word), [word])


def test_the_root_folder_becomes_everyones_to_enter() -> None:
    """
    A root of 0700 becomes 0755 and root's.
    """
    entry = clean({"": Folder(0o700, 1000, 1000)}, "root-folder-mode").get("")

    assert (0o755, 0, 0) == (entry and (entry.mode, entry.uid, entry.gid))


@pytest.mark.parametrize("target", ["/usr", "../usr", "tmp"])
def test_no_folder_is_swept_through_a_link(target: str) -> None:
    """
    A link in place of a folder keeps what it leads to, and a circle ends.
    """
    tree: Tree = {"tmp": Link(target), "usr/bin/sh": "s"}

    assert () == repairs(index_of(tree), ["runtime-folders", "caches"])


def test_further_names_keep_their_content() -> None:
    """
    Where the first name of a file goes, the next one becomes the first, and the third is one of its.
    """
    tree: Tree = {
        "etc/machine-id": File(b"5d", mode=0o444),
        "srv/a": Hardlink("etc/machine-id"),
        "srv/b": Hardlink("etc/machine-id"),
    }
    root = clean(tree, "machine-id")

    assert [("etc/machine-id", "", b""), ("srv/a", "", b"5d"), ("srv/b", "srv/a", b"5d")] == [
        (one.path, one.first, root.read(one.path)) for one in root if one.kind is Kind.FILE
    ]


def test_an_emptied_file_keeps_mode_and_owner() -> None:
    """
    Mode, owner and attributes stay, but for signatures of the old content.
    """
    marks = (("security.ima", b"x"), ("user.a", b"y"))
    entry = clean({"var/log/wtmp": File(b"w", 0o664, 0, 43, xattrs=marks)}, "logs").get("var/log/wtmp")

    assert (0o664, 43, 0, (("user.a", b"y"),)) == (
        entry and (entry.mode, entry.gid, entry.size, entry.xattrs)
    )


def test_removal_holds_over_emptying() -> None:
    """
    A log that goes with the state of cloud-init is not kept as an empty file.
    """
    found = repairs(index_of({"var/log/cloud-init.log": "x"}), ["logs", "cloud-init-state"])

    assert [(Act.REMOVE, "cloud-init-state")] == [(one.act, one.word) for one in found]


def test_an_unknown_word_is_refused() -> None:
    """
    A word that no rule has is answered with those there are.
    """
    with pytest.raises(InputError, match="spoons is no word of hygiene; there are: machine-id"):
        repairs(index_of({}), ["spoons"])


def test_every_word_of_the_rules_is_known() -> None:
    """
    No rule promises a hygiene that there is not.
    """
    said = {word for rule in rulebook() for word in rule.repair.split()}

    assert set() == said - set(WORDS)


def test_what_the_rules_found_is_gone() -> None:
    """
    The findings of a spoiled system name words that make them vanish.
    """
    spoiled: Tree = {
        "etc/machine-id": "5d5d",
        "etc/ssh/ssh_host_rsa_key": "k",
        "etc/fstab": "/dev/sda1 / ext4 defaults 0 1\n",
        "run/x.pid": "1",
        "root/.bash_history": "h",
        "var/log/wtmp": "w",
        "usr/sbin/policy-rc.d": "exit 101",
        "etc/netplan/50.yaml": "network:\n  ethernets:\n    a: {}\n",
    }
    subject = system("ubuntu", spoiled)
    root = subject.root or index_of({})
    again = mended(root, repairs(root, words_of(findings_of(subject))))
    found = findings_of(replace(subject, image=replace(subject.image, root=again)))

    assert [] == [one.what for one in found if one.status is Status.FAIL and one.repair]


_NAMES = st.sampled_from(["tmp", "var", "log", "run", "etc", "home", "fstab", "machine-id", "apt.conf"])
_PATHS = st.lists(_NAMES, min_size=1, max_size=4).map("/".join)
_NODES = st.one_of(
    st.binary(max_size=20),
    st.builds(Link, st.one_of(_PATHS, st.just("/"), st.just("../.."))),
    st.just(Folder()),
)


@given(st.dictionaries(_PATHS, _NODES, max_size=8))
def test_any_tree_is_mended_to_its_end(tree: dict[str, bytes | Link | Folder]) -> None:
    """
    Whatever leads where, changes name what is there, and what stays can be read.
    """
    root = index_of(tree)
    changes = repairs(root, WORDS)
    after = mended(root, changes)
    paths = {one.path for one in changes if one.act is Act.REMOVE}

    assert set() == paths & {one.path for one in after}
