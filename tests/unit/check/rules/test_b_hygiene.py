"""
Group B, second half: what the build left behind.
"""

from dataclasses import replace

import pytest

from tests.support.images import Device, File, Folder, Link
from tests.support.parts import dpkg, script
from tests.support.systems import subject
from tests.unit.check.asked import ERROR, WARNING, Bad, Good, found, named, spoils, worst
from tundish.anatomy.facts import CloudInit, Password, User
from tundish.check.rule import Status, ask
from tundish.check.rulebook import rule
from tundish.check.subject import Filetype, Subject

_SUDOERS = "etc/sudoers.d/90-cloud-init-users"
_PROXY = "etc/apt/apt.conf.d/99local"


def _with(path: str, content: str | File | Link | Folder | Device = "x", name: str = "ubuntu") -> Subject:
    return subject(name, {path: content})


def _user(password: Password, known: str = "") -> Subject:
    made = subject("ubuntu")
    user = User("packer", 1000, 1000, "/home/packer", "/bin/bash", password, known)
    return replace(made, facts=replace(made.facts, users=(*made.facts.users, user)))


def _login(name: str, path: str, text: str) -> Subject:
    made = _with(path, text)
    return replace(made, facts=replace(made.facts, cloud_init=CloudInit(default_user=name)))


def _sudo(mode: int) -> Subject:
    return subject("ubuntu", {"usr/bin/sudo": File(b"\x7fELF", mode)})


BAD = [
    Bad("B08", "an id", lambda: _with("etc/machine-id", "0123456789abcdef" * 2), WARNING, "holds an id"),
    Bad("B08", "an id of dbus", lambda: _with("var/lib/dbus/machine-id"), WARNING, "var/lib/dbus"),
    Bad("B09", "a key", lambda: _with("etc/ssh/ssh_host_ed25519_key"), WARNING, "ssh_host_ed25519_key"),
    Bad(
        "B10",
        "a rule",
        lambda: _with("etc/udev/rules.d/70-persistent-net.rules", 'SUBSYSTEM=="net"\n'),
        WARNING,
        "70-persistent-net.rules",
    ),
    Bad("B11", "a server", lambda: _with("etc/resolv.conf", "nameserver 8.8.8.8\n"), WARNING, "8.8.8.8"),
    Bad("B11", "absent", lambda: subject("rocky", without=("etc/resolv.conf",)), WARNING, "is absent"),
    Bad("B12", "a UUID", lambda: _with("etc/fstab", "UUID=1-2 / ext4 defaults 0 1\n"), ERROR, "UUID=1-2 /"),
    Bad("B12", "a disk", lambda: _with("etc/fstab", "/dev/vda1 / ext4 defaults 0 1\n"), ERROR, "/dev/vda1"),
    Bad(
        "B12", "the ESP", lambda: _with("etc/fstab", "LABEL=UEFI /boot/efi vfat x 0 1\n"), ERROR, "LABEL=UEFI"
    ),
    Bad("B12", "swap", lambda: _with("etc/fstab", "/swapfile none swap sw 0 0\n"), ERROR, "/swapfile"),
    Bad("B12", "a label", lambda: _with("etc/fstab", "LABEL=root / ext4 x 0 1\n"), WARNING, "LABEL=root"),
    Bad("B13", "an instance", lambda: _with("var/lib/cloud/instances/i-1/x"), WARNING, "instances"),
    Bad("B13", "a link", lambda: _with("var/lib/cloud/instance", Link("instances/x")), WARNING, "instance"),
    Bad("B13", "a seed", lambda: _with("var/lib/cloud/seed/nocloud/meta-data"), WARNING, "seed"),
    Bad("B13", "a log", lambda: _with("var/log/cloud-init-output.log"), WARNING, "cloud-init-output"),
    Bad("B14", "a random seed", lambda: _with("var/lib/systemd/random-seed"), WARNING, "random seed"),
    Bad("B14", "a history", lambda: _with("root/.bash_history"), WARNING, "history"),
    Bad("B14", "a kickstart", lambda: _with("root/anaconda-ks.cfg"), WARNING, "anaconda-ks.cfg"),
    Bad("B14", "an installer's log", lambda: _with("var/log/installer/syslog"), WARNING, "var/log/installer"),
    Bad("B14", "a backup", lambda: _with("packer_backup/sshd_config"), WARNING, "packer_backup"),
    Bad("B14", "logins", lambda: _with("var/log/wtmp"), WARNING, "var/log/wtmp"),
    Bad("B14", "a key of root", lambda: _with("root/.ssh/authorized_keys"), WARNING, "lets somebody in"),
    Bad("B14", "a private key", lambda: _with("home/me/.ssh/id_ed25519"), WARNING, "a private key"),
    Bad(
        "B10",
        "a card by its address",
        lambda: _with("etc/systemd/network/10-lan.link", "[Match]\nMACAddress=52:54:00:12:34:56\n"),
        WARNING,
        "10-lan.link names network cards",
    ),
    Bad(
        "B17",
        "sudoers that anybody writes",
        lambda: subject("ubuntu", {"etc/sudoers": File(b"", 0o666)}),
        WARNING,
        "0666 0:0, so sudo refuses",
    ),
    Bad("B17", "no setuid", lambda: _sudo(0o755), WARNING, "usr/bin/sudo is 0755"),
    Bad("B14", "a name", lambda: _with("etc/hostname", "builder-7\n"), WARNING, "builder-7"),
    Bad("B15", "a password", lambda: _user(Password.SET), WARNING, "packer has a password"),
    Bad("B15", "a known one", lambda: _user(Password.SET, "packer"), WARNING, "bake in"),
    Bad("B15", "an empty one", lambda: _user(Password.NONE), WARNING, "empty"),
    Bad("B16", "root", lambda: _with("etc/ssh/sshd_config", "PermitRootLogin yes\n"), WARNING, "PermitRoot"),
    Bad(
        "B16",
        "passwords in a file of the folder",
        lambda: _with("etc/ssh/sshd_config.d/50-cloud-init.conf", "PasswordAuthentication yes\n"),
        WARNING,
        "50-cloud-init.conf",
    ),
    Bad(
        "B17",
        "an account of the build",
        lambda: _login("ubuntu", "etc/sudoers.d/packer", "packer ALL=(ALL) NOPASSWD:ALL\n"),
        WARNING,
        "packer",
    ),
    Bad(
        "B17",
        "a group",
        lambda: _login("ubuntu", "etc/sudoers", "%wheel ALL=(ALL) \\\n NOPASSWD: ALL\n"),
        WARNING,
        "%wheel",
    ),
    Bad("B18", "GRUB", lambda: subject("ubuntu", dpkg(["grub-pc"], held=["grub-pc"])), ERROR, "grub-pc is"),
    Bad("B18", "shim", lambda: subject("ubuntu", dpkg(["shim-signed"], held=["shim-signed"])), ERROR, "shim"),
    Bad(
        "B18",
        "a kernel",
        lambda: subject("ubuntu", dpkg(["linux-generic"], held=["linux-generic"])),
        WARNING,
        "linux-generic is held",
    ),
    Bad("B19", "a file called proxy", lambda: _with("etc/apt/apt.conf.d/90proxy"), WARNING, "90proxy"),
    Bad(
        "B19", "a proxy", lambda: _with(_PROXY, 'Acquire::http::Proxy "http://p:3128";\n'), WARNING, "99local"
    ),
    Bad(
        "B19",
        "a proxy in braces",
        lambda: _with(_PROXY, 'Acquire { http { Proxy "http://p:3128"; } }\n'),
        WARNING,
        "99local",
    ),
    Bad(
        "B19",
        "a proxy in the environment",
        lambda: _with("etc/environment", 'no_proxy="http://proxy:3128"\n'),
        WARNING,
        "etc/environment",
    ),
    Bad(
        "B19",
        "a mirror of the build",
        lambda: _with("etc/apt/sources.list", "deb http://user:secret@10.0.2.2/ubuntu noble main\n"),
        WARNING,
        "etc/apt/sources.list",
    ),
    Bad(
        "B19",
        "a wrapper",
        lambda: _with("usr/local/bin/netplan", script("")),
        WARNING,
        "usr/local/bin/netplan",
    ),
    Bad("B20", "a certificate", lambda: _with("etc/pki/consumer/key.pem", "k", "rocky"), WARNING, "key.pem"),
    Bad(
        "B20",
        "its repositories",
        lambda: _with("etc/yum.repos.d/redhat.repo", "[rhel]\nenabled=1\n", "rhel8"),
        WARNING,
        "redhat.repo",
    ),
    Bad(
        "B20",
        "its facts",
        lambda: _with("var/lib/rhsm/facts/facts.json", "{}", "rhel8"),
        WARNING,
        "facts.json",
    ),
    Bad("B21", "a policy", lambda: _with("usr/sbin/policy-rc.d", script("")), WARNING, "policy-rc.d"),
]
GOOD = [
    Good("B08", "empty", lambda: subject("ubuntu")),
    Good("B08", "uninitialized", lambda: _with("etc/machine-id", "uninitialized\n")),
    Good("B08", "absent", lambda: subject("ubuntu", without=("etc/machine-id",))),
    Good("B08", "a link of dbus", lambda: _with("var/lib/dbus/machine-id", Link("/etc/machine-id"))),
    Good("B09", "no keys", lambda: _with("etc/ssh/ssh_config", "")),
    Good("B10", "an empty rule", lambda: _with("etc/udev/rules.d/70-persistent-net.rules", "")),
    Good("B10", "comments", lambda: _with("etc/udev/rules.d/70-persistent-net.rules", "# none\n")),
    Good("B11", "a link into run", lambda: subject("ubuntu")),
    Good("B11", "empty", lambda: subject("rocky")),
    Good("B11", "the local stub", lambda: _with("etc/resolv.conf", "# stub\nnameserver 127.0.0.53\n")),
    Good("B12", "comments", lambda: subject("debian")),
    Good("B12", "absent", lambda: subject("debian", without=("etc/fstab",))),
    Good("B13", "folders of the package", lambda: _with("var/lib/cloud/instances", Folder())),
    Good("B14", "a public key", lambda: _with("root/.ssh/id_rsa.pub")),
    Good("B10", "a policy of names", lambda: _with("etc/systemd/network/9.link", "[Match]\nDriver=e1000\n")),
    Good("B17", "sudo as it should be", lambda: _sudo(0o4755)),
    Good("B14", "empty records", lambda: _with("var/log/wtmp", File(b"", 0o664))),
    Good("B14", "a usual name", lambda: _with("etc/hostname", "ubuntu\n")),
    Good("B14", "localhost", lambda: _with("etc/hostname", "localhost.localdomain\n")),
    Good("B15", "locked accounts", lambda: _user(Password.LOCKED)),
    Good("B16", "comments", lambda: subject("ubuntu")),
    Good(
        "B16",
        "a file of the folder that says no first",
        lambda: subject(
            "ubuntu",
            {
                "etc/ssh/sshd_config.d/60-cloudimg-settings.conf": "PasswordAuthentication no\n",
                "etc/ssh/sshd_config": "Include /etc/ssh/sshd_config.d/*.conf\nPasswordAuthentication yes\n",
            },
        ),
    ),
    Good(
        "B16",
        "one group only",
        lambda: _with("etc/ssh/sshd_config", "Match Group sftp\n  PasswordAuthentication yes\n"),
    ),
    Good("B16", "keys only", lambda: _with("etc/ssh/sshd_config", "PermitRootLogin prohibit-password\n")),
    Good("B17", "cloud-init's user", lambda: _login("ubuntu", _SUDOERS, "ubuntu ALL=(ALL) NOPASSWD:ALL\n")),
    Good("B17", "a file that sudo skips", lambda: _with("etc/sudoers.d/a.bak", "x ALL=(ALL) NOPASSWD:ALL\n")),
    Good("B18", "another package", lambda: subject("ubuntu", dpkg(["vim"], held=["vim"]))),
    Good("B19", "Ubuntu's archive", lambda: subject("ubuntu")),
    Good("B19", "no proxy", lambda: _with(_PROXY, 'Acquire::http::Proxy::mirror "DIRECT";\n')),
    Good("B19", "a comment", lambda: _with("etc/apt/sources.list", "# deb cdrom:[Debian]/ bookworm main\n")),
    Good("B20", "empty folders", lambda: _with("var/lib/rhsm/facts", Folder(), "rhel8")),
    Good("B20", "comments", lambda: _with("etc/yum.repos.d/redhat.repo", "# no repositories\n", "rhel8")),
    Good("B21", "none", lambda: subject("ubuntu")),
]


@pytest.mark.parametrize("case", BAD, ids=named)
def test_what_the_build_left_is_found(case: Bad) -> None:
    """
    Each leftover is found by its rule, and weighed as it should be.
    """
    assert (case.severity, True) == found(case)


@pytest.mark.parametrize("case", GOOD, ids=named)
def test_a_clean_system_passes(case: Good) -> None:
    """
    What is as it should be is not complained of.
    """
    assert spoils(case) == ""


def test_a_disk_has_a_table_of_its_own() -> None:
    """
    The fstab of a disk image is not asked about, for nobody writes another.
    """
    disk = subject("debian", {"etc/fstab": "UUID=1 / ext4 x 0 1\n"}, filetype=Filetype.DDGZ)

    assert Status.SKIPPED is worst("B12", disk)[0]


def test_each_leftover_names_what_mends_it() -> None:
    """
    Where a rule finds several kinds of leftovers, each finding has the repair of its own.
    """
    left = {"root/.bash_history": "x", "packer_backup/x": "", "root/.ssh/authorized_keys": "k"}

    findings = ask(rule("B14"), subject("ubuntu", left))

    assert {"histories", "packer-backup", ""} == {one.repair for one in findings}


def test_a_login_in_an_address_is_not_shown() -> None:
    """
    The password of a mirror stays out of the finding.
    """
    mirror = _with("etc/apt/sources.list", "deb http://user:secret@10.0.2.2/ubuntu noble main\n")

    findings = list(ask(rule("B19"), mirror))

    assert "secret" not in repr(findings)
